#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: calico_borrowed_pods
short_description: Recreate pods whose addresses are dropped by the nodes of their blocks
version_added: 0.1.0
description:
  - Finds the pods whose address is from another node's block and is dropped by that node, as C(calico_address_borrowed) does, and evicts them one
    after the other, each by its UID and through the API server's eviction, which heeds PodDisruptionBudgets.
  - After each it waits until the pod that its controller has made in its place runs and has an address that is not dropped.
  - Only pods of a C(DaemonSet), C(ReplicaSet), C(ReplicationController) or C(StatefulSet) that is still there are evicted, and only while their node
    has an address of its own left. The others are named in RV(left).
options:
  node_routes:
    description:
      - What is known of the nodes' routes, for each node a C(name), its C(cluster), C(addresses), C(blackholes) and C(blackholes_ipv6), as in
        RV(nodemend.kubernetes.node_condition_info#module:node) of its own scan. Pods of nodes' blocks that are not named here are left alone.
    type: list
    elements: dict
    required: true
  cluster:
    description:
      - Which cluster this is, the C(id) in RV(nodemend.kubernetes.cluster_condition_info#module:cluster). Routes of other clusters' nodes do not count.
    type: str
    required: true
  evict:
    description: Evict them. Otherwise they are only named.
    type: bool
    default: true
  delete_emptydir_data:
    description: Evict also pods with an emptyDir, whose content is lost.
    type: bool
    default: false
  wait:
    description: Seconds that each eviction and the new pod may take.
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
notes:
  - An address that was given less than ten minutes ago is left alone, as its route may have come since the routes were read.
seealso:
  - module: nodemend.kubernetes.calico_ipam_info
author:
  - The nodemend authors (@nodemend)
"""

EXAMPLES = r"""
- name: Say which pods nobody reaches from some node
  nodemend.kubernetes.calico_borrowed_pods:
    kubeconfig: /etc/kubernetes/admin.conf
    cluster: "{{ cluster_scan.cluster.id }}"
    node_routes: "{{ groups['workers'] | map('extract', hostvars, ['scan', 'node']) | list }}"
    evict: false
"""

RETURN = r"""
pods:
  description: The pods that were evicted, or would be.
  returned: success
  type: list
  elements: str
  sample: [shop/web-5d4f8c7b9-x2x4z]
replaced:
  description: For each pod that was evicted the one in its place and its address.
  returned: success
  type: list
  elements: dict
  sample: [{pod: shop/web-5d4f8c7b9-x2x4z, by: shop/web-5d4f8c7b9-7k2ms, node: worker2, address: 192.168.101.7}]
left:
  description: The other holders of such addresses, and why each was left alone.
  returned: success
  type: list
  elements: dict
  sample: [{holder: shop/alone, address: 192.168.100.9, why: "it has no controller, so nobody would make another"}]
"""

import json
import time

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.nodemend.kubernetes.plugins.module_utils import _calico_ipam
from ansible_collections.nodemend.kubernetes.plugins.module_utils._kubectl_module import ARGUMENTS, Kubectl, KubectlFailed
from ansible_collections.nodemend.kubernetes.plugins.module_utils._owners import controller
from ansible_collections.nodemend.kubernetes.plugins.module_utils._routes import version

INTERVAL = 2
POD = "/api/v1/namespaces/%(namespace)s/pods/%(name)s"
GONE = ("Error from server (NotFound)", "Error from server (Conflict)")
PROTECTED = "Error from server (TooManyRequests)"


class Stopped(Exception):
    """Why no further pod is evicted, as a sentence."""


class Recreation(object):
    def __init__(self, module):
        self._params = module.params
        self._act = module.params["evict"] and not module.check_mode
        self._kubectl = Kubectl(module)
        self._version = None
        self.pods, self.replaced, self.left = [], [], []

    def run(self):
        seen = self._read()
        for entry in _calico_ipam.dropped(seen, self._params["node_routes"], self._params["cluster"], time.time()):
            pod, why = self._choose(entry, seen)
            if why:
                holder = _calico_ipam.named(pod) if pod else "%s of %s" % (entry["type"] or "an address", entry["user"])
                self.left.append({"holder": holder, "address": entry["address"], "why": why})
            elif pod and _calico_ipam.named(pod) not in self.pods:  # its IPv4 and its IPv6 address may both be dropped
                self.pods.append(_calico_ipam.named(pod))
                if self._act:
                    self._recreate(pod, entry)
                    seen = self._read()  # the new pod has taken from the room that there was

    def _read(self):
        seen = _calico_ipam.read(self._kubectl)
        refused = _calico_ipam.refusal(seen["installation"])
        if refused:
            raise Stopped(refused)
        if self._act and _calico_ipam.locked(seen["information"]):
            raise Stopped("The datastore of Calico is locked (ClusterInformation, datastoreReady): a new pod would get no address.")
        return seen

    def _choose(self, entry, seen):
        """Return (pod, why it is left alone); no pod and no why where nobody has the address any more."""
        if not entry["pod"]:
            if not entry["type"]:
                return None, None
            return None, "it is the end of a tunnel of the node: restart calico-node there once its node has room"
        pod = self._kubectl.get(POD % {"namespace": entry["namespace"], "name": entry["pod"]})
        if pod is None or entry["address"] not in _calico_ipam.addresses(pod):
            return None, None
        if entry["young"]:
            return pod, "its address was given only just now: scan again in ten minutes"
        groups, unused = _calico_ipam.no_room(seen)
        if not groups:
            return pod, "whether its node has an address of its own left is not known"
        # Another group's pools may be those that this pod's namespace asks for: no node may lack anything in any of them.
        versions = set(version(address) for address in _calico_ipam.addresses(pod))
        lacking = set(item["node"] for group in groups for item in group["lacking"] if group["version"] in versions)
        path = _calico_ipam.owner_path(pod)
        owner = self._kubectl.get(path) if path else None
        return pod, _calico_ipam.why_left(pod, owner, lacking, self._params["delete_emptydir_data"])

    def _recreate(self, pod, entry):
        until = time.time() + self._params["wait"]
        before = set(item["metadata"]["uid"] for item in self._siblings(pod))
        self._evict(pod, until)
        while True:
            new = _calico_ipam.replacement(pod, before, self._siblings(pod))
            own = _calico_ipam.addresses(new, ("Running",)) if new else []
            if own:
                break
            if time.time() > until:
                raise Stopped(
                    "%s was evicted, and after %d s %s. Look: kubectl --namespace=%s get events."
                    % (
                        _calico_ipam.named(pod),
                        self._params["wait"],
                        "%s does not run yet" % _calico_ipam.named(new) if new else "its controller has made no other",
                        pod["metadata"]["namespace"],
                    )
                )
            time.sleep(INTERVAL)
        self._insist(pod, new, own)
        told = {"pod": _calico_ipam.named(pod), "by": _calico_ipam.named(new), "node": new["spec"]["nodeName"], "address": own[0]}
        self.replaced.append(told)

    def _siblings(self, pod):
        found = self._kubectl.items("/api/v1/namespaces/%s/pods" % pod["metadata"]["namespace"])
        uid = controller(pod)["uid"]
        return [item for item in found if (controller(item) or {}).get("uid") == uid]

    def _evict(self, pod, until):
        """Ask for the eviction until no PodDisruptionBudget forbids it any more."""
        metadata = dict((key, pod["metadata"][key]) for key in ("namespace", "name"))
        options = {"preconditions": {"uid": pod["metadata"]["uid"]}}
        wanted = {"apiVersion": self._eviction(), "kind": "Eviction", "metadata": metadata, "deleteOptions": options}
        while True:
            try:
                self._kubectl.run(["create", "--raw", POD % metadata + "/eviction", "--filename=-"], data=json.dumps(wanted))
                return
            except KubectlFailed as exc:
                if str(exc).startswith(GONE):
                    return  # somebody else was faster; what has come in its place is waited for all the same
                if not str(exc).startswith(PROTECTED):
                    raise
                if time.time() > until:
                    raise Stopped("%s was not evicted within %d s: %s" % (_calico_ipam.named(pod), self._params["wait"], exc))
            time.sleep(INTERVAL)

    def _eviction(self):
        """Return the version of the eviction that this API server knows: v1beta1 before 1.22."""
        if self._version is None:
            resources = (self._kubectl.get("/api/v1") or {}).get("resources") or []
            found = next((item for item in resources if item["name"] == "pods/eviction" and item["kind"] == "Eviction"), None)
            if found is None:
                raise Stopped("This API server knows no eviction of pods.")
            self._version = "%s/%s" % (found["group"], found["version"])
        return self._version

    def _insist(self, pod, new, own):
        seen = self._read()
        bad = _calico_ipam.dropped(seen, self._params["node_routes"], self._params["cluster"], time.time())
        again = next((entry for entry in bad if entry["address"] in own), None)
        if again:
            raise Stopped(
                "%s was evicted, and %s has borrowed again: %s of %s, which %s drops, unless a route has come meanwhile. No other pod was evicted."
                % (_calico_ipam.named(pod), _calico_ipam.named(new), again["address"], again["by"], again["owner"])
            )


def main():
    module = AnsibleModule(
        dict(
            ARGUMENTS,
            node_routes={"type": "list", "elements": "dict", "required": True},
            cluster={"type": "str", "required": True},
            evict={"type": "bool", "default": True},
            delete_emptydir_data={"type": "bool", "default": False},
            wait={"type": "int", "default": 300},
        ),
        supports_check_mode=True,
    )
    recreation = Recreation(module)
    done = {}
    try:
        recreation.run()
    except (KubectlFailed, Stopped) as exc:
        done["msg"] = str(exc)
    done.update(pods=recreation.pods, replaced=recreation.replaced, left=recreation.left)
    done["changed"] = bool(recreation.pods) and module.params["evict"]
    if "msg" in done:
        module.fail_json(**done)
    module.exit_json(**done)


if __name__ == "__main__":
    main()
