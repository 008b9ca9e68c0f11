# -*- coding: utf-8 -*-
from __future__ import absolute_import, division, print_function

import pytest
from netfilter import CONTAINER, node, process
from recorded import fact

__metaclass__ = type

OTHER = "fedcba9876543210" * 4
PORTMAP = (
    '*nat\n:CNI-HOSTPORT-DNAT - [0:0]\n:CNI-DN-%(chain)s - [0:0]\n-A CNI-HOSTPORT-DNAT -p tcp -m comment --comment "dnat name: \\"cbr0\\" id: \\"%(id)s\\"" '
    "-m multiport --dports 8080 -j CNI-DN-%(chain)s\n-A CNI-DN-%(chain)s -p tcp -m tcp --dport 8080 -j DNAT --to-destination 10.244.0.9:80\nCOMMIT\n"
)
# A shim names the sandbox in its arguments, pause lives in its cgroup.
SHIM = {
    "/proc/980/stat": "980 (containerd-shim) S 1 1 1 0 -1 4194560",
    "/proc/980/cmdline": "\0".join(["/usr/bin/containerd-shim-runc-v2", "-namespace", "k8s.io", "-id", CONTAINER, ""]),
    "/proc/980/cgroup": "0::/system.slice/containerd.service\n",
    "/proc/980/status": "NSpid:\t980\n",
}
CRIO = {"/proc/990/stat": "990 (crio) S 1 1 1 0 -1 4194560", "/proc/990/status": "NSpid:\t990\n"}
FIREWALL = "*filter\n:CNI-FORWARD - [0:0]\n-A CNI-FORWARD -s 10.88.0.3/32 -j ACCEPT\nCOMMIT\n"


def portmap(identity, chain="x"):
    return PORTMAP % {"id": identity, "chain": chain}


@pytest.mark.parametrize(
    "files, running",
    [
        (process(970, "pause", ["/pause"]), True),
        (SHIM, True),
        ({}, False),
        (process(970, "pause", ["/pause"], OTHER), False),
        (CRIO, None),
        (dict(CRIO, **process(970, "pause", ["/pause"])), True),
    ],
)
def test_whether_a_pod_runs(files, running):
    assert fact("cni_pods", node(legacy=portmap(CONTAINER), files=files)) == [{"id": CONTAINER, "running": running}]


def test_each_pod_once():
    host = node(legacy=portmap(CONTAINER), nft=portmap(CONTAINER) + portmap(OTHER) + FIREWALL, files=SHIM)
    assert [(pod["id"], pod["running"]) for pod in fact("cni_pods", host)] == [(CONTAINER, True), ("10.88.0.3/32", None), (OTHER, False)]


def test_without_rules():
    assert fact("cni_pods", node(files=SHIM)) == []
