#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: calico_ipam_info
short_description: Read how Calico gives addresses, and whether every node has room
version_added: 0.1.0
description:
  - Reads Calico's blocks, pools and settings of addresses through kubectl, on a host that has kubectl and a kubeconfig.
  - Works out for each IP version whether every node would still get addresses for new pods if none could be borrowed any more (strict affinity).
  - For Calico with the Kubernetes datastore and the API group C(crd.projectcalico.org) only.
options: {}
extends_documentation_fragment:
  - nodemend.kubernetes.kubectl
attributes:
  check_mode:
    description: Can run in C(check_mode) and return changed status prediction without modifying the host.
    support: full
  diff_mode:
    description: Returns details on what has changed (or possibly needs changing in C(check_mode)), when in diff mode.
    support: none
notes:
  - Changes nothing.
  - Pools that pods ask for by an annotation of their own are not looked at; those that their namespaces ask for are.
seealso:
  - module: nodemend.kubernetes.calico_borrowed_pods
  - module: nodemend.kubernetes.calico_leaks
author:
  - The nodemend authors (@nodemend)
"""

EXAMPLES = r"""
- name: Read how Calico gives addresses
  nodemend.kubernetes.calico_ipam_info:
    kubeconfig: /etc/kubernetes/admin.conf
  register: found

- name: Show which nodes have no address of their own left
  ansible.builtin.debug:
    msg: "{{ found.room | map(attribute='lacking') | flatten }}"
"""

RETURN = r"""
refused:
  description: Why nothing of this can be read through kubectl, with what to run instead; empty where it can.
  returned: success
  type: str
  sample: ""
config:
  description: The specification of IPAMConfig C(default), null where there is none.
  returned: success
  type: dict
  sample: {strictAffinity: false, autoAllocateBlocks: true}
strict_affinity:
  description: Whether strict affinity is on.
  returned: success
  type: bool
  sample: false
strict_affinity_document:
  description: The IPAMConfig that has it on.
  returned: success
  type: dict
  sample: {apiVersion: crd.projectcalico.org/v1, kind: IPAMConfig, metadata: {name: default}, spec: {strictAffinity: true, autoAllocateBlocks: true}}
room:
  description:
    - For each IP version its pools (RV(ignore:pools)), how many blocks they have (RV(ignore:blocks)) and nobody has (RV(ignore:free_blocks)), how many
      nodes share them (RV(ignore:nodes)), and those with no address of their own left (RV(ignore:lacking)).
    - Pools that namespaces ask for (RV(ignore:asked_by)) have an entry of their own.
  returned: success
  type: list
  elements: dict
  sample:
    - {version: 4, asked_by: [], pools: [192.168.0.0/16], blocks: 1024, free_blocks: 1019, nodes: 5, lacking: []}
no_room:
  description: Sentences with the numbers, why strict affinity would leave nodes without addresses for new pods; empty where it would not.
  returned: success
  type: list
  elements: str
  sample: []
borrowed:
  description: How many addresses are used on other nodes than those of their blocks.
  returned: success
  type: int
  sample: 2
owners:
  description: The nodes of the blocks that RV(borrowed) are from.
  returned: success
  type: list
  elements: str
  sample: [worker1]
datastore_locked:
  description: Whether the datastore is locked, so that no pod gets an address.
  returned: success
  type: bool
  sample: false
kube_controllers:
  description: How many calico-kube-controllers there should be and are; null without its Deployment. It frees leaked addresses.
  returned: success
  type: dict
  sample: {replicas: 1, ready: 1}
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.nodemend.kubernetes.plugins.module_utils import _calico_ipam
from ansible_collections.nodemend.kubernetes.plugins.module_utils._kubectl_module import ARGUMENTS, Kubectl, KubectlFailed

NOTHING = {
    "config": None,
    "strict_affinity": False,
    "strict_affinity_document": _calico_ipam.document(True, None),
    "room": [],
    "no_room": [],
    "borrowed": 0,
    "owners": [],
    "datastore_locked": False,
    "kube_controllers": None,
}


def result(seen):
    """Return what is told of _calico_ipam.read()'s answer."""
    refused = _calico_ipam.refusal(seen["installation"])
    if not refused and not seen["blocks"]:
        refused = "Calico has no blocks of addresses: another plugin gives pods theirs."
    if refused:
        return dict(NOTHING, refused=refused)
    groups, lacks = _calico_ipam.no_room(seen)
    borrowed = _calico_ipam.borrowed(seen)
    controllers = seen["installation"]["kube_controllers"]
    return {
        "refused": "",
        "config": seen["config"],
        "strict_affinity": _calico_ipam.strict(seen["config"]),
        "strict_affinity_document": _calico_ipam.document(True, seen["config"]),
        "room": groups,
        "no_room": lacks,
        "borrowed": len(borrowed),
        "owners": sorted(set(entry["owner"] for entry in borrowed)),
        "datastore_locked": _calico_ipam.locked(seen["information"]),
        "kube_controllers": controllers and {"replicas": controllers["replicas"], "ready": controllers["ready"]},
    }


def main():
    module = AnsibleModule(dict(ARGUMENTS), supports_check_mode=True)
    try:
        found = result(_calico_ipam.read(Kubectl(module)))
    except KubectlFailed as exc:
        module.fail_json(msg=str(exc))
    module.exit_json(changed=False, **found)


if __name__ == "__main__":
    main()
