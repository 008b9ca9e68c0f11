#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: evicted_pods
short_description: Delete pods that kubelets have evicted
version_added: 0.1.0
description:
  - Deletes pods whose phase is V(Failed) and whose reason is V(Evicted), by owner and age, through kubectl on a host that has it and a kubeconfig.
  - Pods that have failed for another reason are never deleted, nor are those that have completed or run.
  - Each pod is deleted by its name and its UID, so that another pod that has got the same name meanwhile stays.
options:
  owners:
    description:
      - Kinds of controllers whose pods are deleted. These have already put another pod in the place of an evicted one.
      - V(Job) deletes pods of Jobs too, with what they tell of the Job's failure. V(bare) deletes pods without a controller, which nobody makes again.
    type: list
    elements: str
    default: [DaemonSet, ReplicaSet, ReplicationController, StatefulSet]
  minimum_age:
    description: Minutes for which a pod must not have changed. Its eviction is mostly its last change.
    type: int
    default: 60
  maximum:
    description: The most pods that are deleted in one run.
    type: int
    default: 1000
  backup:
    description: A file on the host for the objects as they were. It is made with mode 0600, its folder with 0700; what it holds already stays.
    type: path
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
  - What had the nodes evict pods goes on by itself, so that look at their pressure first.
seealso:
  - module: nodemend.kubernetes.cluster_condition_info
author:
  - The nodemend authors (@nodemend)
"""

EXAMPLES = r"""
- name: Delete what was evicted more than a day ago
  nodemend.kubernetes.evicted_pods:
    kubeconfig: /etc/kubernetes/admin.conf
    minimum_age: 1440
"""

RETURN = r"""
pods:
  description: The pods that were deleted, or would be.
  returned: success
  type: list
  elements: str
  sample: [shop/web-5d4f8c7b9-x2x4z]
left:
  description: How many evicted pods were left alone because they are too young (RV(ignore:young)) or their owner is not in O(owners) (RV(ignore:owner)).
  returned: success
  type: dict
  sample: {young: 3, owner: 1}
more:
  description: Whether O(maximum) was reached, so that not all pods were looked at.
  returned: success
  type: bool
  sample: false
"""

import json
import time

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.nodemend.kubernetes.plugins.module_utils._facts import evicted_pods
from ansible_collections.nodemend.kubernetes.plugins.module_utils._kubectl_module import ARGUMENTS, Kubectl, KubectlFailed, keep, kept

# It is gone, or another has its name.
GONE = ("Error from server (NotFound)", "Error from server (Conflict)")


def why_left(pod, owners, changed_before):
    """Return why an evicted pod (of the fact's parse()) is left alone, or None."""
    if pod["owner"] not in owners:
        return "owner"
    return "young" if pod["changed"] > changed_before else None


class Deletion(object):
    def __init__(self, module):
        self._module = module
        self._kubectl = Kubectl(module)
        self.names = []
        self.left = {"owner": 0, "young": 0}
        self.more = False

    def run(self):
        found = self._choose()
        if not self._module.check_mode:
            self._keep(found)
            found = [item for item in found if self._delete(item["metadata"])]
        self.names = ["%(namespace)s/%(name)s" % item["metadata"] for item in found]

    def _choose(self):
        """Return the Pods to delete, in the API server's order; look no further than to the most that may be."""
        params = self._module.params
        changed_before = time.time() - 60 * params["minimum_age"]
        found = []
        for item in self._kubectl.items(evicted_pods.PATH, fieldSelector=evicted_pods.FAILED):
            pod = evicted_pods.parse(item)
            why = why_left(pod, params["owners"], changed_before) if pod else None
            if why:
                self.left[why] += 1
            elif pod and len(found) == params["maximum"]:
                self.more = True
                break
            elif pod:
                item["metadata"].pop("managedFields", None)
                found.append(dict(item, apiVersion="v1", kind="Pod"))
        return found

    def _keep(self, found):
        path = self._module.params["backup"]
        if path and found:
            keep(path, kept(path) + found)

    def _delete(self, metadata):
        """Return whether the pod was deleted, and not gone already."""
        path = "/api/v1/namespaces/%(namespace)s/pods/%(name)s" % metadata
        options = {"apiVersion": "v1", "kind": "DeleteOptions", "preconditions": {"uid": metadata["uid"]}}
        try:
            self._kubectl.run(["delete", "--raw", path, "--filename=-"], data=json.dumps(options))
        except KubectlFailed as exc:
            if str(exc).startswith(GONE):
                return False
            raise
        return True


def main():
    module = AnsibleModule(
        dict(
            ARGUMENTS,
            owners={"type": "list", "elements": "str", "default": list(evicted_pods.REPLACING)},
            minimum_age={"type": "int", "default": 60},
            maximum={"type": "int", "default": 1000},
            backup={"type": "path"},
        ),
        supports_check_mode=True,
    )
    deletion = Deletion(module)
    try:
        deletion.run()
    except KubectlFailed as exc:
        module.fail_json(msg=str(exc))
    module.exit_json(changed=bool(deletion.names), pods=deletion.names, left=deletion.left, more=deletion.more)


if __name__ == "__main__":
    main()
