# -*- coding: utf-8 -*-
"""A soft limit for containers that programs cannot cope with, and what only looks like it."""

from __future__ import absolute_import, division, print_function

import pytest
import recorded
import runtime_hosts
from recorded import TIMED_OUT
from runtime_hosts import KUBELET, containerd, pause, process, shim, text, unit

__metaclass__ = type

HUGE = 1073741816
INFINITY = unit("containerd.service", LimitNOFILE="infinity", LimitNOFILESoft="infinity")
DOCKER_INFINITY = unit("docker.service", LimitNOFILE="infinity", LimitNOFILESoft="infinity")


CRIO_INFINITY = unit("crio.service", LimitNOFILE="infinity", LimitNOFILESoft="infinity")
CRIO = process(811, "crio", cgroup="/system.slice/crio.service", soft=HUGE, hard=HUGE)
DOCKERD = process(700, "dockerd", cgroup="/system.slice/docker.service", soft=HUGE, hard=HUGE)
CRI_DOCKERD = process(900, "kubelet", cgroup="/system.slice/kubelet.service", words=(
    "/usr/bin/kubelet", "--container-runtime-endpoint=unix:///run/cri-dockerd.sock",
))


def conmon(pid=4100, cgroup="/system.slice/crio-conmon-%s.scope" % ("a" * 64), **more):
    return process(pid, "conmon", cgroup=cgroup, **more)


def verdict(*processes, **more):
    more.setdefault("nr_open", HUGE)
    return recorded.judge("runtime_nofile_huge", runtime_hosts.host(processes, **more))


TABLE = {
    "Alma 9 and infinity (containerd PR 8924)": (
        [KUBELET, containerd(HUGE, HUGE), shim(), pause(soft=HUGE)], {"units": [INFINITY]}, "at_risk", "SoftLimitHuge"),
    "the same, no container yet": ([KUBELET, containerd(HUGE, HUGE)], {"units": [INFINITY]}, "at_risk", "SoftLimitHuge"),
    "docker without a kubelet": (
        [process(700, "dockerd", cgroup="/system.slice/docker.service", soft=HUGE, hard=HUGE)], {"units": [DOCKER_INFINITY]}, "at_risk", "SoftLimitHuge"),
    # A base_runtime_spec with RLIMIT_NOFILE, as kubespray sets one: containerd gives it to containers, not to sandboxes (pkg/cri/server/
    # sandbox_run_linux.go calls runtimeSpec(id, ""), container_create.go with the file).
    "a base_runtime_spec keeps the containers below their sandboxes": (
        [KUBELET, containerd(HUGE, HUGE), shim(), pause(soft=HUGE), process(2110, "coredns", parent=2100, soft=65535, hard=65535, nested=1)],
        {"units": [INFINITY]}, "ok", "LimitModerate"),
    "one container has lowered its own": (
        [KUBELET, containerd(HUGE, HUGE), shim(), pause(soft=HUGE), process(2110, "mysqld", parent=2100, soft=65535, hard=65535, nested=1),
         process(2120, "java", parent=2100, soft=HUGE, hard=HUGE, nested=1)], {"units": [INFINITY]}, "at_risk", "SoftLimitHuge"),
    "a container has raised its own": (
        [KUBELET, containerd(), shim(), pause(soft=1024), process(2110, "java", parent=2100, soft=HUGE, hard=HUGE, nested=1)],
        {"units": [unit("containerd.service")]}, "ok", "LimitModerate"),
    "one more than 4194304": (
        [KUBELET, containerd(HUGE, HUGE), shim(), pause(soft=4194305)], {"units": [INFINITY]}, "at_risk", "SoftLimitHuge"),
    "4194304": ([KUBELET, containerd(HUGE, HUGE), shim(), pause(soft=4194304)], {"units": [INFINITY]}, "ok", "LimitModerate"),
    "Alma 8 and infinity: fs.nr_open is 1048576": (
        [KUBELET, containerd()], {"units": [INFINITY], "nr_open": 1048576}, "ok", "LimitModerate"),
    "the daemon raised itself, containers have 1024": (
        [KUBELET, containerd(HUGE - 1, HUGE), shim(), pause(soft=1024)],
        {"units": [unit("containerd.service", LimitNOFILESoft="1024", LimitNOFILE="infinity")]}, "ok", "LimitModerate"),
    "the daemon raised itself, no container yet": (
        [KUBELET, containerd(HUGE - 1, HUGE)],
        {"units": [unit("containerd.service", LimitNOFILESoft="1024", LimitNOFILE="infinity")]}, "ok", "LimitModerate"),
    "the daemon has less than the unit wishes": ([KUBELET, containerd(20000, 20000)], {"units": [INFINITY]}, "ok", "LimitModerate"),
    "a Go that does not put the old limit back (1.19.0 to 1.19.8)": (
        [KUBELET, containerd(HUGE, HUGE), shim(), pause(soft=HUGE)],
        {"units": [unit("containerd.service", LimitNOFILESoft="1024", LimitNOFILE="infinity")]}, "at_risk", "SoftLimitHuge"),
    # crio starts conmon itself; the scope that it is moved to sets no limit (cri-o pull request 8962: containers inherit the daemon's).
    "cri-o and infinity, no container yet": ([CRIO], {"units": [CRIO_INFINITY]}, "at_risk", "SoftLimitHuge"),
    "cri-o raised itself, no container yet": (
        [CRIO], {"units": [unit("crio.service", LimitNOFILESoft="1024", LimitNOFILE="infinity")]}, "ok", "LimitModerate"),
    "cri-o with default_ulimits": ([CRIO, conmon(), pause(pid=4101, parent=4100, soft=1024)], {"units": [CRIO_INFINITY]}, "ok", "LimitModerate"),
    "cri-o with huge pods": ([CRIO, conmon(), pause(pid=4101, parent=4100, soft=HUGE)], {"units": [CRIO_INFINITY]}, "at_risk", "SoftLimitHuge"),
    "cri-o beside Podman": (
        [CRIO, conmon(cgroup="/machine.slice/libpod-conmon-%s.scope" % ("b" * 64)), pause(pid=4101, parent=4100, soft=HUGE)],
        {"units": [unit("crio.service")]}, "ok", "LimitModerate"),
    # Docker 23 and 24 under cri-dockerd: containerd.service starts the shims.
    "the unit of a dockerd that starts no shim": (
        [CRI_DOCKERD, containerd(), DOCKERD], {"units": [unit("containerd.service"), DOCKER_INFINITY]}, "ok", "LimitModerate"),
    "the same, with containers": (
        [CRI_DOCKERD, containerd(), DOCKERD, shim(), pause()], {"units": [unit("containerd.service"), DOCKER_INFINITY]}, "ok", "LimitModerate"),
    "a dockerd that runs its own containerd": (
        [CRI_DOCKERD, DOCKERD, process(701, "containerd", parent=700, cgroup="/system.slice/docker.service", soft=HUGE, hard=HUGE)],
        {"units": [DOCKER_INFINITY]}, "at_risk", "SoftLimitHuge"),
    "systemd 219 tells no soft limit": (
        [process(16789, "dockerd", cgroup="/system.slice/docker.service", soft=1048576)],
        {"show": text("centos7-docker.systemctl-show.txt")}, "ok", "NotSeen"),
    "a runtime that the kubelet does not use": (
        [KUBELET, containerd(), process(700, "dockerd", cgroup="/system.slice/docker.service", soft=HUGE, hard=HUGE)],
        {"units": [unit("containerd.service"), DOCKER_INFINITY]}, "ok", "LimitModerate"),
    "a runtime in a container": (
        [KUBELET, containerd(), process(5001, "containerd", nested=1, soft=HUGE, hard=HUGE)], {"units": [unit("containerd.service")]}, "ok", "LimitModerate"),
    "the runtime is one that is not known (iSulad)": (
        [process(900, "kubelet", words=("kubelet", "--container-runtime-endpoint=unix:///var/run/isulad.sock")), containerd()],
        {"units": [unit("containerd.service", LimitNOFILE="infinity", LimitNOFILESoft="infinity")], "nr_open": 1073741816}, "not_applicable", "NoRuntime"),
    "no runtime runs": ([KUBELET], {}, "not_applicable", "NoRuntime"),
    "no node": ([], {}, "not_applicable", "NotANode"),
    "a systemctl that hangs": ([KUBELET, containerd(HUGE, HUGE)], {"show": TIMED_OUT}, "unknown", "TimedOut"),
    "no systemctl": ([KUBELET, containerd(HUGE, HUGE)], {"show": (1, "", "Failed to connect to bus\n")}, "unknown", "Unreadable"),
    "garbage": ([containerd()], {"show": unit("containerd.service", LimitNOFILESoft="many")}, "unknown", "Unreadable"),
    "processes are hidden": ([containerd()], {"denied": ("/proc/1/*",), "root": False}, "unknown", "NeedsRoot"),
}


def test_the_message_names_the_container_that_has_the_most():
    processes = TABLE["a base_runtime_spec keeps the containers below their sandboxes"][0] + [
        process(2130, "etcd", parent=2100, soft=1024, hard=65535, nested=1)
    ]
    assert verdict(*processes, units=[INFINITY]).message == "containerd hands containers a soft limit of 65535 open files (process 2110, coredns)."


@pytest.mark.parametrize("name", sorted(TABLE))
def test_verdict(name):
    processes, more, status, reason = TABLE[name]
    answer = verdict(*processes, **more)
    assert (answer.status, answer.reason) == (status, reason), answer.message


def test_the_message_says_what_was_seen():
    answer = verdict(KUBELET, containerd(HUGE, HUGE), shim(), pause(soft=HUGE), units=[INFINITY])
    assert answer.message == "containerd hands containers a soft limit of 1073741816 open files (process 2103, pause)."
    assert answer.evidence["huge"] == 4194304


def test_without_a_container_the_unit_is_named():
    answer = verdict(KUBELET, containerd(HUGE, HUGE), units=[INFINITY])
    assert answer.message == "containerd hands containers a soft limit of 1073741816 open files (LimitNOFILE of containerd.service)."


def test_the_largest_counts():
    crio = process(700, "crio", cgroup="/system.slice/crio.service")
    conmons = [conmon(), pause(pid=4101, parent=4100, soft=HUGE)]
    answer = verdict(containerd(), crio, *conmons, units=[unit("containerd.service"), unit("crio.service")])
    assert answer.message.startswith("cri-o hands")
    assert [item["soft"] for item in answer.evidence["handed"]] == [HUGE, 1048576]


def test_on_cri_o_the_unit_is_named_and_a_restart_helps():
    answer = verdict(CRIO, units=[CRIO_INFINITY])
    assert answer.message == "cri-o hands containers a soft limit of 1073741816 open files (LimitNOFILE of crio.service)."
    assert answer.disruption == "restart"


@pytest.mark.parametrize("kill_mode, restart_is", [("process", "restart"), ("control-group", "drain")])
def test_a_restart_that_takes_pods_along_is_a_drain(kill_mode, restart_is):
    infinity = unit("containerd.service", LimitNOFILE="infinity", LimitNOFILESoft="infinity", KillMode=kill_mode)
    assert verdict(KUBELET, containerd(HUGE, HUGE), shim(), pause(soft=HUGE), units=[infinity]).disruption == restart_is


def test_a_restart_that_stops_a_server_of_k3s_is_a_drain():
    cgroup = "/system.slice/k3s.service"
    k3s = [process(600, "k3s-server", cgroup=cgroup), process(811, "containerd", parent=600, cgroup=cgroup, soft=HUGE, hard=HUGE)]
    answer = verdict(*k3s, units=[unit("k3s.service", LimitNOFILE="infinity", LimitNOFILESoft="infinity")])
    assert (answer.reason, answer.disruption) == ("SoftLimitHuge", "drain")


def test_it_is_remediated_on_request_only():
    from ansible_collections.nodemend.kubernetes.plugins.module_utils._conditions.runtime_nofile_huge import CONDITION

    assert CONDITION.remediate_on == "request"
