# -*- coding: utf-8 -*-
"""The nodes as the API server knows them."""

from __future__ import absolute_import, division, print_function

import json

import pytest
from ansible_collections.nodemend.kubernetes.plugins.module_utils._facts import cluster_nodes
from ansible_collections.nodemend.kubernetes.plugins.module_utils._host import Unavailable
from api_servers import cluster, said
from recorded import fact, recording

__metaclass__ = type

NODES = "/api/v1/nodes?limit=500"
RECORDED = json.loads(recording("kubectl/nodes.out"))["items"]


def changed(**status):
    """The recorded worker1 with another status."""
    (item,) = [item for item in RECORDED if item["metadata"]["name"] == "worker1"]
    return dict(item, status=dict(item["status"], **status))


def test_the_lab():
    nodes = fact("cluster_nodes", cluster())
    assert [(node["name"], node["control_plane"], node["ready"]) for node in nodes] == [
        ("control1", True, True),
        ("worker1", False, True),
        ("worker2", False, True),
    ]
    assert nodes[1] == {
        "name": "worker1",
        "addresses": ["10.213.0.12"],
        "ready": True,
        "unschedulable": False,
        "control_plane": False,
        "kubelet_version": "v1.20.2",
        "kernel": RECORDED[1]["status"]["nodeInfo"]["kernelVersion"],
        "os_image": "Debian GNU/Linux 12 (bookworm)",
        "runtime": "containerd://1.6.20",
    }


@pytest.mark.parametrize("status, ready", [("True", True), ("False", False), ("Unknown", False)])
def test_ready_is_what_the_kubelet_reports(status, ready):
    conditions = [{"type": "MemoryPressure", "status": "True"}, {"type": "Ready", "status": status}]
    assert cluster_nodes.parse(changed(conditions=conditions))["ready"] is ready


def test_a_node_that_has_only_just_registered():
    node = cluster_nodes.parse({"metadata": {"name": "new"}})
    assert (node["ready"], node["addresses"], node["kubelet_version"]) == (False, [], None)


def test_only_internal_addresses_both_of_a_dual_stack():
    addresses = [
        {"type": "InternalIP", "address": "10.0.0.1"},
        {"type": "ExternalIP", "address": "203.0.113.1"},
        {"type": "InternalIP", "address": "fd00::1"},
        {"type": "Hostname", "address": "worker1"},
    ]
    assert cluster_nodes.parse(changed(addresses=addresses))["addresses"] == ["10.0.0.1", "fd00::1"]


def test_cordoned():
    assert cluster_nodes.parse(dict(changed(), spec={"unschedulable": True}))["unschedulable"] is True


@pytest.mark.parametrize("answer, reason", [(said("forbidden"), "Forbidden"), (said("refused"), "ApiUnreachable"), ('{"items": 1}', "Unreadable")])
def test_unreadable(answer, reason):
    with pytest.raises(Unavailable) as caught:
        fact("cluster_nodes", cluster({NODES: answer}))
    assert caught.value.reason == reason
