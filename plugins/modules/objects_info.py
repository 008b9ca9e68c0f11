#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: objects_info
short_description: Read objects of a cluster through kubectl
version_added: 0.1.0
description:
  - Reads objects of a cluster on a host that has kubectl and a kubeconfig. It needs no Python library on that host.
  - A kind that the cluster does not have is an empty list. Secrets are never read.
options:
  resources:
    description: What to read; the key is the name under which RV(objects) has it.
    type: dict
    required: true
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
seealso:
  - module: nodemend.kubernetes.server_side_apply
author:
  - The nodemend authors (@nodemend)
"""

EXAMPLES = r"""
- name: Read Calico's agents and pools
  nodemend.kubernetes.objects_info:
    kubeconfig: /etc/kubernetes/admin.conf
    resources:
      agents: {resource: pods, namespace: kube-system, selector: k8s-app=calico-node}
      pools: {resource: ippools.crd.projectcalico.org}
      settings: {resource: configmaps, namespace: kube-system, name: calico-config}
  register: found

- name: Show the nodes of the agents
  ansible.builtin.debug:
    msg: "{{ found.objects.agents | map(attribute='spec.nodeName') }}"
"""

RETURN = r"""
objects:
  description: For each key of O(resources) the list of objects, without their managed fields.
  returned: success
  type: dict
  sample: {pools: []}
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.nodemend.kubernetes.plugins.module_utils._kubectl_module import ARGUMENTS, Kubectl, KubectlFailed

KEYS = ("resource", "namespace", "name", "selector")


def arguments_of(query):
    """Return kubectl's arguments for one entry of resources."""
    arguments = ["get", query["resource"]]
    if query.get("name"):
        arguments += [query["name"], "--ignore-not-found"]
    if query.get("selector"):
        arguments.append("--selector=" + query["selector"])
    arguments.append("--namespace=" + query["namespace"] if query.get("namespace") else "--all-namespaces")
    if query.get("name") and not query.get("namespace"):
        arguments.pop()  # a cluster's own object; a name and all namespaces exclude each other
    return arguments


def read(kubectl, query):
    try:
        found = kubectl.objects(arguments_of(query))
    except KubectlFailed as exc:
        if "the server doesn't have a resource type" in str(exc):
            return []
        raise
    for item in found:
        item["metadata"].pop("managedFields", None)
    return found


def main():
    module = AnsibleModule(dict(ARGUMENTS, resources={"type": "dict", "required": True}), supports_check_mode=True)
    kubectl = Kubectl(module)
    objects = {}
    for label, query in sorted(module.params["resources"].items()):
        if not isinstance(query, dict) or "resource" not in query or set(query) - set(KEYS):
            module.fail_json(msg="resources: %s must have the key resource, and may have %s." % (label, ", ".join(KEYS[1:])))
        if query["resource"].split(".")[0].lower() in ("secret", "secrets"):
            module.fail_json(msg="resources: %s: Secrets are not read." % label)
        try:
            objects[label] = read(kubectl, query)
        except KubectlFailed as exc:
            module.fail_json(msg="%s could not be read: %s" % (label, exc))
    module.exit_json(changed=False, objects=objects)


if __name__ == "__main__":
    main()
