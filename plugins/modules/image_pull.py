#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: image_pull
short_description: Have images on nodes of a cluster
version_added: 0.1.0
description:
  - Has each node's own kubelet pull the images that the node does not list, through a pod that runs nothing of them, and deletes that pod again.
  - A node lists at most 50 images, so one that is not listed may be there all the same; then the kubelet finds it without a registry.
options:
  images:
    description: The images, as a pod would name them.
    type: list
    elements: str
    required: true
  nodes:
    description: Names of the nodes.
    type: list
    elements: str
    required: true
  namespace:
    description: Namespace of the pods.
    type: str
    default: kube-system
  pull_secrets:
    description:
      - Names of Secrets in O(namespace) that the registry asks for.
      - Without any, those of O(service_account) are used.
    type: list
    elements: str
    default: []
  service_account:
    description:
      - Account in O(namespace) under which the pods run; it must be there. Its token is not mounted.
      - Without it the pods run under the account V(default).
    type: str
  wait:
    description: Seconds that all nodes together may take.
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
author:
  - The nodemend authors (@nodemend)
"""

EXAMPLES = r"""
- name: Have the images of the next version on every node
  nodemend.kubernetes.image_pull:
    kubeconfig: /etc/kubernetes/admin.conf
    images: ["registry.example/calico/node:v3.28.5", "registry.example/calico/cni:v3.28.5"]
    nodes: [worker1, worker2]
    service_account: calico-node
"""

RETURN = r"""
unlisted:
  description: The images that a node did not list, by node.
  returned: success
  type: dict
  sample: {worker1: ["registry.example/calico/node:v3.28.5"]}
failed_images:
  description: What each kubelet says of an image that it could not pull, by node.
  returned: failure
  type: dict
  sample: {worker2: ["registry.example/calico/node:v3.28.5: ErrImagePull"]}
"""

import time

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.nodemend.kubernetes.plugins.module_utils._image import canonical
from ansible_collections.nodemend.kubernetes.plugins.module_utils._kubectl_module import ARGUMENTS, Kubectl, KubectlFailed

PREFIX = "nodemend-image-pull-"
LABEL = "app.kubernetes.io/name"
NAME = "nodemend-image-pull"
INTERVAL = 2
FAILURES = ("ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull", "RegistryUnavailable", "ImageInspectError")
PENDING = ("ContainerCreating", "PodInitializing")
# What a kubelet makes of a container that it has not begun when it ends a pod (TerminatePod in its status_manager.go).
NOT_BEGUN = "ContainerStatusUnknown"


def unlisted(node, images):
    """Return those of the images that a node does not list."""
    names = set(canonical(name) for image in node.get("status", {}).get("images") or [] for name in image.get("names") or [])
    return [image for image in images if canonical(image) not in names]


def pod(node, images, namespace, secrets, account=None):
    """Return a pod that makes a node's kubelet pull images, and then fails to run a command that no image has."""
    wanted = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": (PREFIX + node)[:253], "namespace": namespace, "labels": {LABEL: NAME}},
        "spec": {
            "nodeName": node,
            "hostNetwork": True,  # asks nothing of the pods' network
            "restartPolicy": "Never",
            "automountServiceAccountToken": False,
            "terminationGracePeriodSeconds": 0,
            "tolerations": [{"operator": "Exists"}],
            "imagePullSecrets": [{"name": name} for name in secrets],
            "containers": [
                {
                    "name": "image-%d" % number,
                    "image": image,
                    "imagePullPolicy": "IfNotPresent",
                    "command": ["/nodemend/pulls/only"],
                }
                for number, image in enumerate(images)
            ],
        },
    }
    if account:
        # The API server gives a pod that names no Secrets those of its account (ServiceAccount admission).
        wanted["spec"]["serviceAccountName"] = account
    return wanted


def outcome(item):
    """Return (images still to come, sentences about those that failed) of such a pod."""
    status = item.get("status", {})
    statuses = dict((one["name"], one) for one in status.get("containerStatuses") or [])
    coming, failed = [], []
    for container in item["spec"]["containers"]:
        state = statuses.get(container["name"], {}).get("state") or {}
        waiting = state.get("waiting") or {}
        if waiting.get("reason") in FAILURES:
            failed.append("%s: %s" % (container["image"], (waiting.get("message") or waiting["reason"])[:300]))
        elif not state or waiting.get("reason") in PENDING or (state.get("terminated") or {}).get("reason") == NOT_BEGUN:
            coming.append(container["image"])
    if coming and status.get("phase") == "Failed":
        # The kubelet has rejected the pod (OutOfpods) or ended it (Evicted), and does nothing for it any more.
        why = ", ".join(part for part in (status.get("reason"), status.get("message")) if part) or "the pod has failed"
        return [], failed + ["%s: %s" % (", ".join(coming), why[:300])]
    return coming, failed


def pull(module, kubectl, wanted):
    """Return ({node: sentences about failed images}, {node: images still to come})."""
    params = module.params
    where = "--namespace=" + params["namespace"]
    selector = "--selector=%s=%s" % (LABEL, NAME)
    until = time.time() + params["wait"]
    try:
        kubectl.run(["delete", "pods", where, selector, "--ignore-not-found"])  # of a run that was killed
        kind = params["namespace"], params["pull_secrets"], params["service_account"]
        kubectl.run(["create", "--filename=-"], [pod(node, wanted[node], *kind) for node in sorted(wanted)])
        while True:
            failed, coming = {}, dict(wanted)
            for item in kubectl.objects(["get", "pods", where, selector]):
                node = item["spec"]["nodeName"]
                coming[node], failed[node] = outcome(item)
            failed = dict((node, failed[node]) for node in failed if failed[node])
            coming = dict((node, coming[node]) for node in coming if coming[node])
            if not coming or time.time() > until:
                return failed, coming
            time.sleep(INTERVAL)
    finally:
        kubectl.run(["delete", "pods", where, selector, "--ignore-not-found", "--wait=false"])


def main():
    module = AnsibleModule(
        dict(
            ARGUMENTS,
            images={"type": "list", "elements": "str", "required": True},
            nodes={"type": "list", "elements": "str", "required": True},
            namespace={"type": "str", "default": "kube-system"},
            pull_secrets={"type": "list", "elements": "str", "default": [], "no_log": False},
            service_account={"type": "str"},
            wait={"type": "int", "default": 300},
        ),
        supports_check_mode=True,
    )
    kubectl = Kubectl(module)
    try:
        found = dict((node["metadata"]["name"], node) for node in kubectl.objects(["get", "nodes"]))
        wanted = dict((node, unlisted(found.get(node, {}), module.params["images"])) for node in module.params["nodes"])
        wanted = dict((node, wanted[node]) for node in wanted if wanted[node])
        failed, coming = {}, {}
        if wanted and not module.check_mode:
            failed, coming = pull(module, kubectl, wanted)
    except KubectlFailed as exc:
        module.fail_json(msg=str(exc))
    for node in coming:
        failed.setdefault(node, []).extend("%s: not there after %d s" % (image, module.params["wait"]) for image in coming[node])
    if failed:
        sentences = ["%s: %s" % (node, "; ".join(failed[node])) for node in sorted(failed)]
        module.fail_json(msg="Images could not be pulled. %s" % " ".join(sentences), failed_images=failed)
    module.exit_json(changed=bool(wanted), unlisted=wanted)


if __name__ == "__main__":
    main()
