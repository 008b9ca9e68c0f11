# -*- coding: utf-8 -*-
"""What the role calico_ipam decides: whom it refuses, which pods it evicts, how it puts strict affinity back."""

from __future__ import absolute_import, division, print_function

import copy
import json

import pytest
from ansible_collections.nodemend.kubernetes.plugins.module_utils import _calico_ipam
from ipam import CLUSTER, attribute, block, nodes, routes, tunnel
from pods import failed

__metaclass__ = type

NOW = 1795600000  # five minutes after the youngest address below
INSTALLATION = {"present": True, "datastore": "kubernetes", "api_group": "crd.projectcalico.org"}


def config(**spec):
    return dict({"strictAffinity": False, "autoAllocateBlocks": True}, **spec)


@pytest.mark.parametrize(
    "changes, words",
    [
        ({}, None),
        ({"present": False}, "No Calico"),
        ({"datastore": "etcd"}, "calicoctl ipam configure --strictaffinity=true"),
        ({"api_group": "projectcalico.org"}, "calicoctl ipam configure --strictaffinity=true"),
    ],
)
def test_what_is_refused(changes, words):
    told = _calico_ipam.refusal(dict(INSTALLATION, **changes))
    assert told is None if words is None else words in told


@pytest.mark.parametrize("information, expected", [({}, False), ({"datastoreReady": True}, False), ({"datastoreReady": False}, True)])
def test_when_the_datastore_is_locked(information, expected):
    assert _calico_ipam.locked(information) is expected


def test_the_setting_keeps_what_is_not_ours():
    assert _calico_ipam.document(True, None)["spec"] == {"strictAffinity": True, "autoAllocateBlocks": True}
    # Calico demands the field, and a value of the operator's is his.
    assert _calico_ipam.document(True, config(autoAllocateBlocks=False, maxBlocksPerHost=4))["spec"] == {"strictAffinity": True, "autoAllocateBlocks": False}


def test_nodes_that_have_room_are_in_no_sentence():
    pool = {"metadata": {"name": "pool"}, "spec": {"cidr": "192.168.0.0/24"}}
    seen = {"config": None, "pools": [pool], "blocks": [], "affinities": [], "reservations": [], "namespaces": []}
    groups, sentences = _calico_ipam.no_room(dict(seen, nodes=[{"metadata": {"name": "a", "labels": {}}}]))
    assert len(groups) == 1 and sentences == []


def kept(spec):
    whole = spec and {"apiVersion": "crd.projectcalico.org/v1", "kind": "IPAMConfig", "metadata": {"name": "default"}, "spec": spec}
    return [{"identity": ["IPAMConfig", "", "default"], "apiVersion": "crd.projectcalico.org/v1", "object": whole}]


@pytest.mark.parametrize(
    "before, now, documents, absent, refused",
    [
        pytest.param(config(), config(strictAffinity=True), 1, 0, "", id="as it was"),
        pytest.param(None, config(strictAffinity=True), 0, 1, "", id="there was none"),
        pytest.param(None, config(strictAffinity=True, ipCooldownSeconds=5), 1, 0, "", id="there was none, and somebody has set more since"),
        pytest.param(None, config(strictAffinity=True, maxBlocksPerHost=5), 0, 0, "maxBlocksPerHost is 5", id="what needs it has come"),
        pytest.param(config(), config(strictAffinity=True, autoAllocateBlocks=False), 0, 0, "autoAllocateBlocks", id="what may not be false with it has"),
        pytest.param(config(), {"strictAffinity": True}, 1, 0, "", id="what is true where it does not stand"),
        pytest.param(config(), config(), 0, 0, "", id="somebody has put it back"),
        pytest.param(config(), None, 0, 0, "", id="somebody has deleted it"),
        pytest.param(config(strictAffinity=True), config(strictAffinity=True), 0, 0, "", id="it was on before"),
    ],
)
def test_the_way_back(before, now, documents, absent, refused):
    plan = _calico_ipam.former(kept(before), now)
    assert (len(plan["documents"]), len(plan["absent"])) == (documents, absent)
    assert (refused in plan["refused"]) and bool(plan["refused"]) == bool(refused)
    assert all(item["spec"]["strictAffinity"] is False for item in plan["documents"])


def test_nothing_of_ours_is_kept():
    assert _calico_ipam.former([], config(strictAffinity=True)) == {"documents": [], "absent": [], "refused": ""}


def seen(*blocks):
    return {"blocks": list(blocks), "nodes": nodes(control1="10.0.0.1", worker1="10.0.0.11", worker2="10.0.0.12")["items"]}


@pytest.mark.parametrize(
    "used, known, expected",
    [
        pytest.param(attribute("worker2"), [routes()], [("192.168.100.0/26", False)], id="dropped"),
        pytest.param(tunnel("worker2"), [routes()], [("192.168.100.0/26", False)], id="the end of a tunnel"),
        pytest.param(attribute("worker2", timestamp="2026-11-25 09:41:40 +0000 UTC"), [routes()], [("192.168.100.0/26", True)], id="just given"),
        pytest.param(attribute("worker2"), [routes("192.168.100.5/32")], [], id="routed"),
        pytest.param(attribute("worker2"), [], [], id="not known"),
        pytest.param(attribute("worker2"), [routes(cluster="another")], [], id="a node of another cluster"),
        pytest.param(attribute("worker1"), [routes()], [], id="its own"),
    ],
)
def test_which_addresses_are_dropped(used, known, expected):
    found = _calico_ipam.dropped(seen(block(used={5: used})), known, CLUSTER, NOW)
    assert [(entry["by"], entry["young"]) for entry in found] == expected


def test_what_was_asked_again_counts_in_the_place_of_what_was_known():
    known = [{"host": "a", "name": "node-a"}, {"host": "b", "name": "node-b"}, {"host": "c", "name": "node-c"}, {"name": "node-d"}]
    asked = [{"item": "a", "node": {"name": "node-a", "addresses": []}}, {"item": "b", "unreachable": True}, {"item": "e", "node": {"name": "node-e"}}]
    found = _calico_ipam.fresh(known, asked)
    assert found == [{"host": "c", "name": "node-c"}, {"name": "node-d"}, {"name": "node-a", "addresses": []}, {"name": "node-e"}]
    assert _calico_ipam.fresh(known, []) == known


def owner(kind="ReplicaSet", uid="1", **metadata):
    return {"kind": kind, "metadata": dict({"name": "x", "uid": uid}, **metadata)}


def pod(kind="ReplicaSet", uid="1", node="worker2", volumes=(), **metadata):
    item = failed(None, phase="Running", node=node, **metadata)
    if kind:
        item["metadata"]["ownerReferences"] = [{"kind": "Other", "name": "y"}, {"kind": kind, "name": "x", "uid": uid, "controller": True}]
    item["spec"]["volumes"] = list(volumes)
    return item


@pytest.mark.parametrize(
    "item, controller, options, word",
    [
        pytest.param(pod(), owner(), {}, None, id="of a ReplicaSet"),
        pytest.param(pod("StatefulSet"), owner("StatefulSet"), {}, None, id="of a StatefulSet"),
        pytest.param(pod("DaemonSet"), owner("DaemonSet"), {}, None, id="of a DaemonSet"),
        pytest.param(pod(None), None, {}, "no controller", id="bare"),
        pytest.param(pod("Job"), owner("Job"), {}, "a Job", id="of a Job"),
        pytest.param(pod("Node", annotations={"kubernetes.io/config.mirror": "x"}), None, {}, "static", id="static"),
        pytest.param(pod("VirtualMachineInstance"), owner("VirtualMachineInstance"), {}, "a VirtualMachineInstance", id="of something unknown"),
        pytest.param(pod(), None, {}, "is gone", id="its controller is gone"),
        pytest.param(pod(), owner(uid="2"), {}, "is gone", id="another has its controller's name"),
        pytest.param(pod(), owner(deletionTimestamp="x"), {}, "is gone", id="its controller is being deleted"),
        pytest.param(pod(deletionTimestamp="x"), owner(), {}, "being deleted", id="it is going already"),
        pytest.param(pod(volumes=[{"name": "a", "emptyDir": {}}]), owner(), {}, "emptyDir", id="data that would be lost"),
        pytest.param(pod(volumes=[{"name": "a", "emptyDir": {}}]), owner(), {"emptydir_ok": True}, None, id="data that may be lost"),
        pytest.param(pod(volumes=[{"name": "a", "configMap": {}}]), owner(), {}, None, id="a volume that stays"),
        pytest.param(pod(), owner(), {"lacking": ["worker2"]}, "worker2 has no address", id="its node has no room"),
        pytest.param(pod(), owner(), {"lacking": ["worker1"]}, None, id="another node has no room"),
    ],
)
def test_which_pods_are_evicted(item, controller, options, word):
    told = _calico_ipam.why_left(item, controller, options.get("lacking", []), options.get("emptydir_ok", False))
    assert told is None if word is None else word in told


@pytest.mark.parametrize(
    "item, path",
    [
        (pod(), "/apis/apps/v1/namespaces/shop/replicasets/x"),
        (pod("ReplicationController"), "/api/v1/namespaces/shop/replicationcontrollers/x"),
        (pod("Job"), None),
        (pod(None), None),
    ],
)
def test_where_its_controller_is(item, path):
    assert _calico_ipam.owner_path(item) == path


def test_which_pod_has_come_in_its_place():
    old = pod(uid="1")
    old["metadata"]["uid"] = "old"

    def other(name, controller="1", **metadata):
        item = pod(uid=controller, name=name, creationTimestamp="2026-11-20T10:00:0%dZ" % len(name), **metadata)
        item["metadata"]["uid"] = name
        return item

    others = [old, other("a"), other("bb", "2"), other("ccc"), other("dddd"), other("eeeee", deletionTimestamp="x"), pod(None)]
    assert _calico_ipam.replacement(old, {"old", "a"}, others)["metadata"]["uid"] == "dddd"
    assert _calico_ipam.replacement(old, {"old", "a", "ccc", "dddd"}, others) is None


def test_the_addresses_of_a_pod():
    item = copy.deepcopy(pod())
    item["status"].update(phase="Running", podIP="10.0.0.1", podIPs=[{"ip": "10.0.0.1"}, {"ip": "fd00::1"}])
    assert set(_calico_ipam.addresses(item)) == {"10.0.0.1", "fd00::1"}
    item["status"]["phase"] = "Pending"
    assert _calico_ipam.addresses(item) and not _calico_ipam.addresses(item, ("Running",))
    item["status"]["phase"] = "Unknown"  # its node is lost, and what it borrowed is not given back
    assert _calico_ipam.addresses(item)
    item["status"]["phase"] = "Failed"
    assert _calico_ipam.addresses(item) == []


def test_leaks_are_counted_as_calicoctl_counts_them():
    """The report's fields are those of CheckReport and Allocation in calicoctl/commands/ipam/check.go; what counts, of mergeReports in release.go."""
    allocations = {
        "10.0.0.1": [{"ip": "10.0.0.1", "inUse": True, "owners": ["x"]}],
        "10.0.0.2": [{"ip": "10.0.0.2", "inUse": False, "owners": None}],
        "10.0.0.3": [{"ip": "10.0.0.3", "inUse": False, "coolingDown": True, "owners": None}],
        "10.0.0.4": None,
    }
    assert _calico_ipam.leaks(json.dumps({"allocations": allocations, "leakedHandles": [{"id": "a"}]})) == 2
    assert _calico_ipam.leaks(json.dumps({"version": "v3.26.4", "allocations": None})) == 0
