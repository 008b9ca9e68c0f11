#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: daemonset_rollout
short_description: Have one node run the newest revision of a DaemonSet
version_added: 0.1.0
description:
  - Deletes the pod of a DaemonSet on one node unless it is of the newest revision, and waits until the pod there is of that revision and Ready.
  - The DaemonSet should have the update strategy C(OnDelete), so that no other node changes meanwhile.
options:
  name:
    description: Name of the DaemonSet.
    type: str
    required: true
  namespace:
    description: Namespace of the DaemonSet.
    type: str
    required: true
  node:
    description: Name of the node.
    type: str
    required: true
  wait:
    description: Seconds that the new pod may take to be Ready.
    type: int
    default: 300
extends_documentation_fragment:
  - nodemend.kubernetes.kubectl
attributes:
  check_mode:
    description: Can run in C(check_mode) and return changed status prediction without modifying the host.
    support: full
  diff_mode:
    description: Returns details on what has changed (or possibly needs changing in C(check_mode)), when in diff mode.
    support: none
seealso:
  - module: nodemend.kubernetes.server_side_apply
author:
  - The nodemend authors (@nodemend)
"""

EXAMPLES = r"""
- name: Renew the agent of one node
  nodemend.kubernetes.daemonset_rollout:
    kubeconfig: /etc/kubernetes/admin.conf
    namespace: kube-system
    name: calico-node
    node: worker1
"""

RETURN = r"""
pod:
  description: Name of the pod on the node; null where none was seen.
  returned: always
  type: str
  sample: calico-node-x7k2p
old:
  description: Whether a pod of an older revision was on the node.
  returned: success
  type: bool
  sample: true
images:
  description: The images of its containers.
  returned: success
  type: list
  elements: str
  sample: ["docker.io/calico/node:v3.22.5"]
"""

import time

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.nodemend.kubernetes.plugins.module_utils._kubectl_module import ARGUMENTS, Kubectl, KubectlFailed
from ansible_collections.nodemend.kubernetes.plugins.module_utils._owners import belongs

HASH = "controller-revision-hash"
INTERVAL = 2


class NotReady(Exception):
    """What is still missing, as a sentence."""


def newest_revision(daemonset, revisions):
    """Return the hash of the newest revision, or None while the controller has not seen the specification."""
    if daemonset.get("status", {}).get("observedGeneration", 0) < daemonset["metadata"]["generation"]:
        return None
    own = [item for item in revisions if belongs(item, daemonset)]
    if not own:
        return None
    return max(own, key=lambda item: item["revision"])["metadata"]["labels"][HASH]


def lack(pod, revision):
    """Return what keeps a pod from being Ready in this revision, as a sentence, or None."""
    if pod["metadata"].get("deletionTimestamp") or pod["metadata"]["labels"].get(HASH) != revision:
        return "the pod %s of the old revision is still there" % pod["metadata"]["name"]
    status = pod.get("status", {})
    for container in status.get("initContainerStatuses", []) + status.get("containerStatuses", []):
        waiting = container.get("state", {}).get("waiting") or {}
        if waiting.get("reason") not in (None, "PodInitializing", "ContainerCreating"):
            return "%s of %s: %s %s" % (container["name"], pod["metadata"]["name"], waiting["reason"], waiting.get("message", ""))
    conditions = dict((item["type"], item) for item in status.get("conditions", []))
    if conditions.get("Ready", {}).get("status") != "True":
        return "the pod %s is %s and not Ready" % (pod["metadata"]["name"], status.get("phase", "unknown"))
    return None


def network_down(node):
    """Return why a node says that its network is down (calico-node sets it when it ends, and back when it runs), or None."""
    for condition in node.get("status", {}).get("conditions", []):
        if condition["type"] == "NetworkUnavailable" and condition["status"] == "True":
            return "the node says NetworkUnavailable: %s" % condition.get("reason")
    return None


class Rollout(object):
    def __init__(self, module):
        self._module = module
        self._kubectl = Kubectl(module)
        self._until = time.time() + module.params["wait"]
        self.pod = None

    def _get(self, *arguments):
        return self._kubectl.objects(("get",) + arguments)

    def revision(self):
        while True:
            params = self._module.params
            daemonset = self._get("daemonset", params["name"], "--namespace=" + params["namespace"])[0]
            revision = newest_revision(daemonset, self._get("controllerrevisions", "--namespace=" + params["namespace"]))
            if revision:
                return daemonset, revision
            self._wait("the DaemonSet's controller has not seen its specification")

    def pods(self, daemonset):
        found = self._get("pods", "--namespace=" + self._module.params["namespace"], "--field-selector=spec.nodeName=" + self._module.params["node"])
        return [pod for pod in found if belongs(pod, daemonset)]

    def run(self):
        """Return whether the pod had to be deleted."""
        daemonset, revision = self.revision()
        old = [pod for pod in self.pods(daemonset) if pod["metadata"]["labels"].get(HASH) != revision]
        if old and not self._module.check_mode:
            # It ends as its own grace period says; the kubelet tells when it has.
            names = [pod["metadata"]["name"] for pod in old]
            self._kubectl.run(["delete", "pod", "--ignore-not-found", "--wait=false", "--namespace=" + self._module.params["namespace"]] + names)
        if not self._module.check_mode:
            self._ready(daemonset, revision)
        return bool(old)

    def _ready(self, daemonset, revision):
        while True:
            pods = self.pods(daemonset)
            missing = "no pod of the new revision is there"
            for pod in pods:
                self.pod = pod
                missing = lack(pod, revision)
                if missing:
                    break
            missing = missing or network_down(self._get("node", self._module.params["node"])[0])
            if not missing:
                return
            self._wait(missing)

    def _wait(self, missing):
        if time.time() > self._until:
            raise NotReady("After %d s %s." % (self._module.params["wait"], missing.strip().rstrip(".")))
        time.sleep(INTERVAL)


def main():
    module = AnsibleModule(
        dict(
            ARGUMENTS,
            name={"type": "str", "required": True},
            namespace={"type": "str", "required": True},
            node={"type": "str", "required": True},
            wait={"type": "int", "default": 300},
        ),
        supports_check_mode=True,
    )
    rollout = Rollout(module)
    try:
        changed = rollout.run()
    except (KubectlFailed, NotReady) as exc:
        module.fail_json(msg=str(exc), pod=rollout.pod and rollout.pod["metadata"]["name"])
    containers = rollout.pod["spec"]["containers"] if rollout.pod else []
    module.exit_json(
        changed=changed,
        old=changed,
        pod=rollout.pod and rollout.pod["metadata"]["name"],
        images=[item["image"] for item in containers],
    )


if __name__ == "__main__":
    main()
