# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""What the role calico_ipam sees of a cluster, and what it decides. The client that asks is the caller's (_kubectl_module)."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import json

from . import _ipam_room
from ._facts import borrowed_addresses, calico_installation, cluster_nodes, ipam_blocks
from ._facts.evicted_pods import REPLACING
from ._owners import controller

GROUP = "/apis/crd.projectcalico.org/v1/"
CONFIG = GROUP + "ipamconfigs/default"
INFORMATION = GROUP + "clusterinformations/default"
BY_HAND = "calicoctl ipam show --show-borrowed; calicoctl ipam configure --strictaffinity=true; then evict the pods that borrow"

# Where the API has the controllers of REPLACING.
PATHS = {
    "DaemonSet": "/apis/apps/v1/namespaces/%s/daemonsets/%s",
    "ReplicaSet": "/apis/apps/v1/namespaces/%s/replicasets/%s",
    "ReplicationController": "/api/v1/namespaces/%s/replicationcontrollers/%s",
    "StatefulSet": "/apis/apps/v1/namespaces/%s/statefulsets/%s",
}


def refusal(installation):
    """Return why the addresses of this cluster cannot be looked after through kubectl, with what to run instead, or None."""
    if not installation["present"]:
        return "No Calico is installed in this cluster."
    if installation["datastore"] != "kubernetes":
        return "Calico keeps its blocks in etcd, where kubectl cannot see them. Run instead: %s." % BY_HAND
    if installation["api_group"] != "crd.projectcalico.org":
        return "Calico keeps its blocks in the API group %s, for which this was not tested. Run instead: %s." % (installation["api_group"], BY_HAND)
    return None


def read(client):
    """Return all that room() needs, and the installation; where refusal() refuses, only that."""
    installation = calico_installation.collect(client)
    if refusal(installation):
        return {"installation": installation}
    return {
        "installation": installation,
        "information": (client.get(INFORMATION) or {}).get("spec") or {},
        "config": (client.get(CONFIG) or {}).get("spec"),
        "pools": list(client.items(GROUP + "ippools")),
        "blocks": list(client.items(GROUP + "ipamblocks")),
        "affinities": list(client.items(GROUP + "blockaffinities")),
        "reservations": list(client.items(GROUP + "ipreservations")),
        "nodes": list(client.items("/api/v1/nodes")),
        "namespaces": list(client.items("/api/v1/namespaces")),
    }


def locked(information):
    """Return whether the datastore is locked (the spec of ClusterInformation): then no pod gets an address."""
    return information.get("datastoreReady") is False


def no_room(seen):
    """Return (groups of _ipam_room.room(), sentences): which nodes would be left without addresses by strict affinity, and why."""
    try:
        groups = _ipam_room.room(seen)
    except ValueError as exc:
        return [], ["Whether every node has room cannot be worked out: %s." % exc]
    if not groups:
        return [], ["There is no enabled pool from which nodes would get addresses."]
    return groups, [_ipam_room.told(group) for group in groups if group["lacking"]]


def strict(config):
    return bool((config or {}).get("strictAffinity"))


def document(wanted, config):
    """Return the IPAMConfig with which strict affinity is as wanted; Calico demands both fields, the others stay as they are."""
    spec = {"strictAffinity": wanted, "autoAllocateBlocks": (config or {}).get("autoAllocateBlocks", True)}
    return {"apiVersion": "crd.projectcalico.org/v1", "kind": "IPAMConfig", "metadata": {"name": "default"}, "spec": spec}


def former(kept, config):
    """Return {documents, absent, refused} by which strict affinity is again as the file of the role's has it.

    kept    entries of the backup: [{identity, object: None where there was none}]
    config  the spec that is there now, None where there is none
    """
    nothing = {"documents": [], "absent": [], "refused": ""}
    entry = next((item for item in kept if item["identity"][0] == "IPAMConfig"), None)
    if entry is None or not strict(config):
        return nothing
    before = (entry["object"] or {}).get("spec")
    if strict(before):
        return nothing
    ours = document(True, None)
    if before is None and config == ours["spec"]:
        return dict(nothing, absent=[ours])
    if config.get("maxBlocksPerHost"):
        told = "maxBlocksPerHost is %d now, which Calico allows only with strict affinity: set it to 0 first." % config["maxBlocksPerHost"]
        return dict(nothing, refused=told)
    if not config.get("autoAllocateBlocks", True):
        return dict(nothing, refused="autoAllocateBlocks is false now, which Calico allows only with strict affinity: set it to true first.")
    return dict(nothing, documents=[document(False, config)])


def dropped(seen, node_routes, cluster, now):
    """Return the borrowed addresses that their blocks' nodes drop, whoever has them: entries of the fact ipam_blocks with "by" and "young".

    node_routes  as for cluster_condition_info
    cluster      its id
    """
    nodes = [cluster_nodes.parse(item) for item in seen["nodes"]]
    names = [node["name"] for node in nodes]
    routes = borrowed_addresses.routes_of(node_routes, nodes, cluster)
    found = []
    for entry in borrowed(seen):
        look_up, by = borrowed_addresses.looked_up(entry, routes, names)
        if look_up == "dropped":
            found.append(dict(entry, by=by, young=borrowed_addresses.young(entry, now)))
    return found


def fresh(known, asked):
    """Return the routes of nodes for which those that were asked again count in the place of what was known; nothing of one that did not answer.

    known  as node_routes of cluster_condition_info, with the "host" of each that has one
    asked  results of node_condition_info over hosts, in a loop
    """
    again = set(item["item"] for item in asked)
    return [node for node in known if node.get("host") not in again] + [item["node"] for item in asked if item.get("node")]


def borrowed(seen):
    blocks = [block for block in (ipam_blocks.parse(item) for item in seen["blocks"]) if block]
    return [entry for block in blocks for entry in block["borrowed"]]


def why_left(pod, owner, lacking, emptydir_ok=False):
    """Return why a pod is not evicted, or None.

    owner    the object of its controller, None where it is not there
    lacking  names of nodes without an address of their own left
    """
    metadata, spec = pod["metadata"], pod["spec"]
    reference = controller(pod)
    if metadata.get("deletionTimestamp"):
        return "it is being deleted"
    if "kubernetes.io/config.mirror" in (metadata.get("annotations") or {}):
        return "it is a static pod: its manifest lies on its node"
    if reference is None:
        return "it has no controller, so nobody would make another"
    if reference["kind"] not in REPLACING:
        return "its controller is a %s, which may take an eviction for a failure" % reference["kind"]
    if owner is None or owner["metadata"]["uid"] != reference["uid"] or owner["metadata"].get("deletionTimestamp"):
        return "its controller %s is gone" % reference["name"]
    if any("emptyDir" in volume for volume in spec.get("volumes") or []) and not emptydir_ok:
        return "it has an emptyDir, which would be lost (calico_ipam_delete_emptydir_data)"
    if spec.get("nodeName") in lacking:
        return "its node %s has no address of its own left" % spec["nodeName"]
    return None


def owner_path(pod):
    """Return the path of a pod's controller in the API, or None."""
    reference = controller(pod)
    if reference is None or reference["kind"] not in PATHS:
        return None
    return PATHS[reference["kind"]] % (pod["metadata"]["namespace"], reference["name"])


def replacement(pod, before, pods):
    """Return the pod that has come in the place of an evicted one, or None: of the same controller, and not there before.

    before  UIDs of the controller's pods at the time of the eviction
    """
    uid = controller(pod)["uid"]
    new = [item for item in pods if (controller(item) or {}).get("uid") == uid and item["metadata"]["uid"] not in before]
    new = [item for item in new if not item["metadata"].get("deletionTimestamp")]
    return max(new, key=lambda item: item["metadata"]["creationTimestamp"]) if new else None


def addresses(pod, phases=("Pending", "Running", "Unknown")):
    """Return the addresses of a pod in one of these phases; one that has ended has none any more."""
    status = pod.get("status") or {}
    if status.get("phase") not in phases:
        return []
    found = [status.get("podIP")] + [item.get("ip") for item in status.get("podIPs") or []]
    return [address for address in found if address]


def named(pod):
    return "%(namespace)s/%(name)s" % pod["metadata"]


def leaks(report):
    """Return how many addresses and handles a report of `calicoctl ipam check` (its text) calls leaked, as `ipam release` counts them."""
    found = json.loads(report)
    given = [item for items in (found.get("allocations") or {}).values() for item in items or []]
    unused = [item for item in given if not item.get("inUse") and not item.get("coolingDown")]
    return len(unused) + len(found.get("leakedHandles") or [])
