#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: pod_network_probe
short_description: Prove that pods of two nodes reach each other
version_added: 0.1.0
description:
  - Runs a pod on each of two nodes, has each ask the other over HTTP, and deletes both.
options:
  image:
    description: An image with C(sh), C(httpd) and C(wget), such as busybox, which the nodes have or can pull.
    type: str
    required: true
  nodes:
    description: Names of the two nodes.
    type: list
    elements: str
    required: true
  namespace:
    description: Namespace of the pods.
    type: str
    default: kube-system
  wait:
    description: Seconds until both must have answered.
    type: int
    default: 60
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
  - In check mode nothing is tried.
author:
  - The nodemend authors (@nodemend)
"""

EXAMPLES = r"""
- name: Try the network between two nodes
  nodemend.kubernetes.pod_network_probe:
    kubeconfig: /etc/kubernetes/admin.conf
    image: busybox:1.35
    nodes: [worker1, worker2]
"""

RETURN = r"""
addresses:
  description: The addresses that the pods had, by node.
  returned: success
  type: dict
  sample: {worker1: 10.244.1.7, worker2: 10.244.2.4}
"""

import time

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.nodemend.kubernetes.plugins.module_utils._kubectl_module import ARGUMENTS, Kubectl, KubectlFailed

NAME = "nodemend-network-probe"
LABEL = "app.kubernetes.io/name"
PORT = 8080
SERVE = "mkdir -p /tmp/nodemend && echo nodemend >/tmp/nodemend/index.html && exec httpd -f -p %d -h /tmp/nodemend" % PORT
INTERVAL = 1


def pod(number, node, image, namespace):
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "%s-%d" % (NAME, number), "namespace": namespace, "labels": {LABEL: NAME}},
        "spec": {
            "nodeName": node,
            "restartPolicy": "Never",
            "automountServiceAccountToken": False,
            "terminationGracePeriodSeconds": 0,
            "tolerations": [{"operator": "Exists"}],
            "containers": [{"name": "probe", "image": image, "imagePullPolicy": "IfNotPresent", "command": ["sh", "-c", SERVE]}],
        },
    }


class Probe(object):
    def __init__(self, module):
        self._params = module.params
        self._kubectl = Kubectl(module)
        self._where = "--namespace=" + module.params["namespace"]
        self._selector = "--selector=%s=%s" % (LABEL, NAME)
        self._until = time.time() + module.params["wait"]

    def run(self):
        """Return (addresses by node, what failed or None)."""
        pods = [pod(number, node, self._params["image"], self._params["namespace"]) for number, node in enumerate(self._params["nodes"])]
        try:
            self._kubectl.run(["delete", "pods", self._where, self._selector, "--ignore-not-found"])  # of a run that was killed
            self._kubectl.run(["create", "--filename=-"], pods)
            addresses, lacking = self._addresses()
            while lacking is None:
                lacking = self._unanswered(addresses)
                if lacking is None:
                    return addresses, None
                if time.time() < self._until:
                    lacking = None
                    time.sleep(INTERVAL)
            return addresses, lacking
        finally:
            self._kubectl.run(["delete", "pods", self._where, self._selector, "--ignore-not-found", "--wait=false"])

    def _addresses(self):
        while True:
            found = self._kubectl.objects(["get", "pods", self._where, self._selector])
            addresses = dict(
                (item["spec"]["nodeName"], item["status"]["podIP"])
                for item in found
                if item["status"].get("phase") == "Running" and item["status"].get("podIP")
            )
            if len(addresses) == len(self._params["nodes"]):
                return addresses, None
            if time.time() > self._until:
                silent = ", ".join(sorted(set(self._params["nodes"]) - set(addresses)))
                return addresses, "the pod of %s does not run after %d s" % (silent, self._params["wait"])
            time.sleep(INTERVAL)

    def _unanswered(self, addresses):
        first, second = self._params["nodes"]
        for number, source, target in ((0, first, second), (1, second, first)):
            host = addresses[target]
            url = "http://%s:%d/" % ("[%s]" % host if ":" in host else host, PORT)
            command = ["exec", self._where, "%s-%d" % (NAME, number), "--", "timeout", "5", "wget", "-q", "-O", "-", url]
            try:
                if self._kubectl.run(command).strip() == "nodemend":
                    continue
                said = "something else answers there"
            except KubectlFailed as exc:  # the network, a server that does not listen, or an image without wget: what was said tells which
                said = "; ".join(line.strip() for line in str(exc).splitlines())
            return "a pod of %s has no answer from a pod of %s at %s (%s)" % (source, target, host, said)
        return None


def main():
    module = AnsibleModule(
        dict(
            ARGUMENTS,
            image={"type": "str", "required": True},
            nodes={"type": "list", "elements": "str", "required": True},
            namespace={"type": "str", "default": "kube-system"},
            wait={"type": "int", "default": 60},
        ),
        supports_check_mode=True,
    )
    if len(set(module.params["nodes"])) != 2:
        module.fail_json(msg="nodes: two different nodes are needed.")
    if module.check_mode:
        module.exit_json(changed=False, addresses={})
    try:
        addresses, lacking = Probe(module).run()
    except KubectlFailed as exc:
        module.fail_json(msg=str(exc))
    if lacking:
        module.fail_json(msg="The network of pods fails: %s." % lacking)
    module.exit_json(changed=False, addresses=addresses)


if __name__ == "__main__":
    main()
