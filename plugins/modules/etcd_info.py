#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: etcd_info
short_description: Report the etcd member of a host and how each member of its cluster is
version_added: 0.1.0
description:
  - Asks etcd with C(etcdctl), from the host or from etcd's own image, as the client that the API server, kubeadm or the operator is on this host.
  - Returns paths of certificates and keys, never their content.
  - Judges no condition; the role P(nodemend.kubernetes.maintenance#role) decides by it whether the host may be stopped.
extends_documentation_fragment:
  - nodemend.kubernetes.info
seealso:
  - module: nodemend.kubernetes.node_condition_info
    description: Every node condition in one call, and the return value RV(nodemend.kubernetes.node_condition_info#module:conditions) explained.
"""

EXAMPLES = r"""
- name: Read etcd's members
  nodemend.kubernetes.etcd_info:
  register: found

- name: Show those that do not answer
  ansible.builtin.debug:
    msg: "{{ found.etcd.etcd.members | default([], true) | rejectattr('healthy') | map(attribute='name') | list }}"
"""

RETURN = r"""
etcd:
  description: The facts. One that could not be read is null, and RV(unavailable) says why.
  returned: success
  type: dict
  contains:
    etcd:
      description: The etcd member of this host.
      type: dict
      contains:
        present:
          description: Whether a member of etcd belongs to this host, running or not.
          type: bool
          sample: true
        distribution:
          description: V(k3s) or V(rke2) where the member is theirs, else null.
          type: str
          sample: rke2
        etcdctl:
          description: Path of etcdctl, null where there is none.
          type: str
          sample: /usr/bin/etcdctl
        endpoint:
          description: URL of this host's member.
          type: str
          sample: https://127.0.0.1:2379
        credentials:
          description: Arguments for etcdctl with the paths of CA, certificate and key.
          type: list
          elements: str
          sample: [--cacert=/etc/kubernetes/pki/etcd/ca.crt]
        own:
          description: Id of this host's member.
          type: str
          sample: ddd67b312462fd7b
        members:
          description: Every member of the cluster; null where they could not be had.
          type: list
          elements: dict
          contains:
            id:
              description: The member's id.
              type: str
              sample: ddd67b312462fd7b
            name:
              description: The member's name, empty for one that has not started yet.
              type: str
              sample: control1
            client_urls:
              description: Where it can be asked.
              type: list
              elements: str
              sample: ["https://10.0.0.1:2379"]
            learner:
              description: Whether it does not vote yet.
              type: bool
              sample: false
            healthy:
              description: Whether it answered a read that needs the quorum.
              type: bool
              sample: true
        problem:
          description: Why RV(etcd.etcd.members) is null.
          type: str
          sample: etcdctl is neither on this host nor in etcd's image
conditions:
  description: Empty, as the module judges no condition.
  returned: success
  type: list
  elements: dict
  sample: []
faulty:
  description: Empty, as the module judges no condition.
  returned: success
  type: list
  elements: str
  sample: []
at_risk:
  description: Empty, as the module judges no condition.
  returned: success
  type: list
  elements: str
  sample: []
unknown:
  description: Empty, as the module judges no condition.
  returned: success
  type: list
  elements: str
  sample: []
unavailable:
  description: The facts that could not be read, each with a reason (V(NeedsRoot), V(CommandMissing), V(Unreadable), V(TimedOut)) and a message.
  returned: success
  type: dict
  sample: {}
"""

from ansible_collections.nodemend.kubernetes.plugins.module_utils._subject_module import run_subject


def main():
    run_subject("etcd", ("etcd",), ())


if __name__ == "__main__":
    main()
