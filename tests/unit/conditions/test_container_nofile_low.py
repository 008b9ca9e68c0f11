# -*- coding: utf-8 -*-
"""Limits of processes in containers against a policy; without one there is no question."""

from __future__ import absolute_import, division, print_function

import pytest
import recorded
import runtime_hosts
from recorded import TIMED_OUT
from runtime_hosts import KUBELET, containerd, pause, process, shim, unit

__metaclass__ = type

UNIT = unit("containerd.service")
ENVOY = process(2110, "envoy", parent=2100, soft=1024, nested=1)
SHELL = process(2110, "sh", parent=2100, soft=70000, nested=1)
DEEP = process(2111, "worker", parent=2110, soft=512, nested=1)
HOSTS_OWN = process(500, "sshd", soft=1024)


def verdict(*processes, **more):
    policy = more.pop("policy", 65536)
    more.setdefault("units", [UNIT])
    options = {} if policy is None else {"container_minimum_nofile": policy}
    return recorded.judge("container_nofile_low", runtime_hosts.host(processes, **more), **options)


TABLE = {
    # Docker 29, containerd.io 2.1.5 (moby issue 51485)
    "1024 in a container": ([KUBELET, containerd(), shim(), pause(), ENVOY], {}, "faulty", "SoftLimitLow"),
    "a child of a container's process": ([KUBELET, containerd(), shim(), pause(), SHELL, DEEP], {}, "faulty", "SoftLimitLow"),
    "every one is above it": ([KUBELET, containerd(), shim(), pause(soft=65536)], {}, "ok", "LimitsSufficient"),
    # The base_runtime_spec of containerd that raises the containers' limit does not reach their sandboxes.
    "a sandbox opens no files": ([KUBELET, containerd(), shim(), pause(soft=1024), SHELL], {}, "ok", "LimitsSufficient"),
    "a sandbox alone tells what containers will be handed": ([KUBELET, containerd(), shim(), pause(soft=1024)], {}, "faulty", "SoftLimitLow"),
    "a sandbox that its pod shares the processes with": (
        [KUBELET, containerd(), shim(), pause(), process(2112, "worker", parent=2103, soft=512, nested=1)], {}, "faulty", "SoftLimitLow"),
    "a process of the host does not count": ([KUBELET, containerd(), shim(), pause(soft=65536), HOSTS_OWN], {}, "ok", "LimitsSufficient"),
    "the shim itself does not count": ([KUBELET, containerd(), shim(soft=1024), pause(soft=65536)], {}, "ok", "LimitsSufficient"),
    "no policy": ([KUBELET, containerd(), shim(), pause(), ENVOY], {"policy": None}, "not_applicable", "NoPolicy"),
    "no container": ([KUBELET, containerd()], {}, "not_applicable", "NoContainers"),
    "no node": ([], {}, "not_applicable", "NotANode"),
    "a systemctl that hangs": ([KUBELET, containerd(), shim(), pause(soft=1024)], {"show": TIMED_OUT}, "faulty", "SoftLimitLow"),
    "processes are hidden": ([KUBELET, containerd()], {"denied": ("/proc/1/*",), "root": False}, "unknown", "NeedsRoot"),
}


@pytest.mark.parametrize("name", sorted(TABLE))
def test_verdict(name):
    processes, more, status, reason = TABLE[name]
    answer = verdict(*processes, **more)
    assert (answer.status, answer.reason) == (status, reason), answer.message


def test_the_lowest_is_named():
    answer = verdict(KUBELET, containerd(), shim(), pause(soft=1048576), ENVOY, DEEP)
    assert answer.message == "Of 2 processes in containers, worker (PID 2111) may open 512 files, fewer than 65536."
    assert [item["soft"] for item in answer.evidence["container_limits"]["least"]] == [512, 1024]


def test_a_restart_that_takes_pods_along_is_a_drain():
    killing = unit("containerd.service", KillMode="control-group")
    assert verdict(KUBELET, containerd(), shim(), pause(), ENVOY, units=[killing]).disruption == "drain"
    assert verdict(KUBELET, containerd(), shim(), pause(), ENVOY, units=[unit("containerd.service", KillMode="process")]).disruption == "restart"


def test_on_cri_o_a_restart_helps_too():
    # crio starts conmon itself and only then has systemd move it to a scope, which sets no limit (internal/oci/runtime_oci.go).
    crio = process(811, "crio", cgroup="/system.slice/crio.service")
    conmon = process(4100, "conmon", cgroup="/system.slice/crio-conmon-%s.scope" % ("a" * 64))
    answer = verdict(crio, conmon, pause(pid=4101, parent=4100, soft=1024), units=[unit("crio.service")])
    assert (answer.reason, answer.disruption) == ("SoftLimitLow", "restart")
    assert answer.message.endswith("may open 1024 files, fewer than 65536.")
