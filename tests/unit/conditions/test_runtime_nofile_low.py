# -*- coding: utf-8 -*-
"""Too few files for the container runtime, and what only looks like it."""

from __future__ import absolute_import, division, print_function

import pytest
import recorded
import runtime_hosts
from recorded import TIMED_OUT
from runtime_hosts import CONTAINER, KUBELET, containerd, pause, process, shim, text, unit, v2

__metaclass__ = type

LOW = "runtime_nofile_low"
DOCKERD = process(700, "dockerd", cgroup="/system.slice/docker.service", soft=1048576, hard=1048576)
KUBELET_UNIT = "/usr/lib/systemd/system/kubelet.service"
ENABLED = {KUBELET_UNIT: "", "/etc/systemd/system/multi-user.target.wants/kubelet.service": ""}
ISULAD_KUBELET = process(900, "kubelet", words=("kubelet", "--container-runtime-endpoint=unix:///var/run/isulad.sock"))


def unit_1024(name="containerd.service", hard="524288", **more):
    return unit(name, LimitNOFILESoft="1024", LimitNOFILE=hard, **more)


def verdict(*processes, **more):
    options = more.pop("options", {})
    return recorded.judge(LOW, runtime_hosts.host(processes, **more), **options)


def embedded(daemon, soft, hard):
    cgroup = "/system.slice/%s.service" % daemon
    parent = {"k3s": "k3s-server", "k3s-agent": "k3s-agent"}.get(daemon, "rke2")
    return [process(600, parent, cgroup=cgroup), process(811, "containerd", parent=600, cgroup=cgroup, soft=soft, hard=hard)]


TABLE = {
    # proved
    "case 000: a Go before 1.19 under 1024:524288": (
        [KUBELET, containerd(1024, 524288)], {"units": [unit_1024()]}, "faulty", "SoftLimitLow"),
    "systemd before 240: 1024:4096, raised itself as far as it could": (
        [KUBELET, containerd(4096, 4096)], {"units": [unit_1024(hard="4096")]}, "faulty", "SoftLimitLow"),
    "no kubelet: each runtime found": (
        [containerd(1048576, 1048576), process(700, "dockerd", cgroup="/system.slice/docker.service", soft=1024, hard=4096)],
        {"units": [unit("containerd.service"), unit_1024("docker.service")]}, "faulty", "SoftLimitLow"),
    "k3s": (embedded("k3s", 1024, 4096), {"units": [unit_1024("k3s.service")]}, "faulty", "SoftLimitLow"),
    "rke2 agent, cgroup v2": (embedded("rke2-agent", 1024, 4096), {"units": [unit_1024("rke2-agent.service")]}, "faulty", "SoftLimitLow"),
    "cri-o": (
        [process(900, "kubelet", words=("kubelet", "--container-runtime-endpoint=unix:///var/run/crio/crio.sock")),
         process(811, "crio", cgroup="/system.slice/crio.service", soft=1024, hard=4096, form=v2)],
        {"units": [unit_1024("crio.service")]}, "faulty", "SoftLimitLow"),
    "dockershim: containerd starts the shims of dockerd": (
        [process(900, "kubelet", words=("kubelet",)), DOCKERD, containerd(1024, 4096)],
        {"units": [unit("docker.service"), unit_1024()]}, "faulty", "SoftLimitLow"),
    "docker of CentOS 7, whose systemd tells no soft limit": (
        [process(16789, "dockerd-current", cgroup="/system.slice/docker.service", soft=1024, hard=4096)],
        {"show": text("centos7-docker.systemctl-show.txt")}, "faulty", "SoftLimitLow"),
    "a systemctl that hangs: the daemon's own limit needs no systemd": (
        [KUBELET, containerd(1024, 524288)], {"show": TIMED_OUT}, "faulty", "SoftLimitLow"),
    "without root": (
        [KUBELET, containerd(1024, 524288)], {"units": [unit_1024()], "root": False, "denied": ("/proc/811/fd", "/proc/811/exe")}, "faulty", "SoftLimitLow"),
    "outside systemd": ([containerd(1024, 524288)], {"files": {"/proc/811/cgroup": v2("/user.slice")}}, "faulty", "SoftLimitLow"),
    "one less than the minimum": ([KUBELET, containerd(65535, 65535)], {"units": [unit("containerd.service")]}, "faulty", "SoftLimitLow"),
    "the minimum": ([KUBELET, containerd(65536, 65536)], {"units": [unit("containerd.service")]}, "ok", "LimitSufficient"),
    # will fail, or cannot be mended here
    "the host cannot give more (a container)": (
        [KUBELET, containerd(20000, 20000)], {"units": [unit("containerd.service")], "pid1_hard": 20000, "capable": False}, "at_risk", "CeilingLow"),
    "fs.nr_open is low": (
        [KUBELET, containerd(1024, 4096)], {"units": [unit_1024()], "nr_open": 32768}, "at_risk", "CeilingLow"),
    "more than 80 % in use": (
        [KUBELET, containerd(100, 100, fds=81)], {"units": [unit("containerd.service")], "options": {"minimum_nofile": 50}}, "at_risk", "NearLimit"),
    # healthy
    "80 % in use": (
        [KUBELET, containerd(100, 100, fds=80)], {"units": [unit("containerd.service")], "options": {"minimum_nofile": 50}}, "ok", "LimitSufficient"),
    "the unit says 1024, the daemon raised itself": (
        [KUBELET, containerd(524288, 524288)], {"units": [unit_1024()]}, "ok", "SelfRaised"),
    "later Go leaves one missing": ([KUBELET, containerd(524287, 524288)], {"units": [unit_1024()]}, "ok", "SelfRaised"),
    "the one that is missing is no fault of a policy": (
        [KUBELET, containerd(65535, 65536)], {"units": [unit_1024(hard="65536")]}, "ok", "SelfRaised"),
    "no line in a new unit (containerd 2): systemd's default": (
        [KUBELET, containerd(524287, 524288)], {"units": [unit_1024()]}, "ok", "SelfRaised"),
    "the unit was lowered after the daemon was started": (
        [KUBELET, containerd(1048576, 1048576)], {"units": [unit_1024(hard="4096")]}, "ok", "LimitSufficient"),
    "plenty": ([KUBELET, containerd()], {"units": [unit("containerd.service")]}, "ok", "LimitSufficient"),
    "infinity": (
        [KUBELET, containerd(1073741816, 1073741816)],
        {"units": [unit("containerd.service", LimitNOFILE="infinity", LimitNOFILESoft="infinity")]}, "ok", "LimitSufficient"),
    "a low runtime that the kubelet does not use": (
        [KUBELET, containerd(), process(700, "dockerd", cgroup="/system.slice/docker.service", soft=1024, hard=4096)],
        {"units": [unit("containerd.service"), unit_1024("docker.service")]}, "ok", "LimitSufficient"),
    "a low runtime in a container (kind)": (
        [KUBELET, containerd(), process(5001, "containerd", cgroup="/docker/%s/system.slice/containerd.service" % CONTAINER, nested=1, soft=1024, hard=4096)],
        {"units": [unit("containerd.service")]}, "ok", "LimitSufficient"),
    "containers have 1024": (
        [KUBELET, containerd(), shim(), pause(soft=1024)], {"units": [unit("containerd.service")]}, "ok", "LimitSufficient"),
    # nothing to judge
    "the runtime is down": ([], {"files": ENABLED, "units": [unit("containerd.service", ActiveState="failed")]}, "unknown", "RuntimeDown"),
    "the kubelet's runtime is down, another one runs": ([KUBELET, DOCKERD], {"units": [unit("docker.service")]}, "unknown", "RuntimeDown"),
    # openEuler's, by which KubeKey installs it (kubekey, DefaultIsulaEndpoint)
    "iSulad is not known": ([ISULAD_KUBELET, process(811, "isulad", cgroup="/system.slice/isulad.service")], {}, "unknown", "RuntimeUnsupported"),
    "nor is a containerd beside it the kubelet's": (
        [ISULAD_KUBELET, containerd(1024, 524288)], {"units": [unit_1024()]}, "unknown", "RuntimeUnsupported"),
    "installed, never started": ([], {"files": {"/usr/lib/systemd/system/containerd.service": ""}}, "not_applicable", "NoRuntime"),
    "no node": ([process(700, "sshd")], {}, "not_applicable", "NotANode"),
    "kind on a workstation": (
        [process(5001, "containerd", nested=1, soft=1024, hard=4096), process(5002, "kubelet", nested=1)], {}, "not_applicable", "NotANode"),
    "garbage": ([containerd()], {"files": {"/proc/811/limits": "garbage"}}, "unknown", "Unreadable"),
    "processes are hidden": ([containerd()], {"denied": ("/proc/1/*",), "root": False}, "unknown", "NeedsRoot"),
}


@pytest.mark.parametrize("name", sorted(TABLE))
def test_verdict(name):
    processes, more, status, reason = TABLE[name]
    answer = verdict(*processes, **more)
    assert (answer.status, answer.reason) == (status, reason), answer.message


REAL = [
    # suite, kind, what 65536 says, what 10000 says (the ceiling of these nodes was 20000)
    ("bullseye", "low", "CeilingLow", "SoftLimitLow"),
    ("bullseye", "raised", "CeilingLow", "SoftLimitLow"),
    ("bullseye", "vendor", "CeilingLow", "LimitSufficient"),
    ("bookworm", "low", "CeilingLow", "SoftLimitLow"),
    ("bookworm", "raised", "CeilingLow", "SelfRaised"),
    ("bookworm", "vendor", "CeilingLow", "LimitSufficient"),
    ("trixie", "low", "CeilingLow", "SoftLimitLow"),
    ("trixie", "raised", "CeilingLow", "SelfRaised"),
    ("trixie", "vendor", "CeilingLow", "LimitSufficient"),
]


@pytest.mark.parametrize("minimum", [65536, 10000])
@pytest.mark.parametrize("suite, kind, by_default, by_10000", REAL)
def test_debian_as_it_was_recorded(suite, kind, by_default, by_10000, minimum):
    files = dict(("/proc/1/" + name, text("pid1-in-docker." + name)) for name in ("limits", "status", "cgroup", "uid_map"))
    files["/proc/811/stat"] = text(suite + "-containerd.stat").replace(text(suite + "-containerd.stat").split(" ")[0], "811", 1)
    for name in ("status", "cgroup"):
        files["/proc/811/" + name] = text("%s-containerd.%s" % (suite, name))
    files["/proc/811/limits"] = text("%s-%s.limits" % (suite, kind))
    files["/proc/811/cmdline"] = "/usr/bin/containerd\0"
    answer = verdict(files=files, show=text("%s-%s.systemctl-show.txt" % (suite, kind)), options={"minimum_nofile": minimum})
    assert answer.reason == (by_default if minimum == 65536 else by_10000), answer.message


def test_the_message_has_the_numbers():
    answer = verdict(KUBELET, containerd(1024, 524288), units=[unit_1024()])
    assert answer.message == "containerd.service (PID 811) may open 1024 files, fewer than 65536."
    assert answer.evidence["minimum_nofile"] == 65536
    assert answer.evidence["runtimes"][0]["soft"] == 1024


def test_the_ceiling_is_named():
    answer = verdict(KUBELET, containerd(20000, 20000), units=[unit("containerd.service")], pid1_hard=20000, capable=False)
    assert "this host allows no more than 20000 (fs.nr_open 1048576, hard limit of PID 1 20000)" in answer.message


def test_near_the_limit_names_both_numbers():
    answer = verdict(KUBELET, containerd(100, 100, fds=90), units=[unit("containerd.service")], options={"minimum_nofile": 50})
    assert answer.message == "containerd.service (PID 811) has 90 of 100 files open."


@pytest.mark.parametrize(
    "processes, more, disruption",
    [
        ([containerd(1024, 4096), shim()], {"units": [unit_1024()]}, "restart"),
        ([containerd(1024, 4096), shim()], {"units": [unit_1024(KillMode="control-group")]}, "drain"),
        ([containerd(1024, 4096)], {"units": [unit_1024(KillMode="control-group")]}, "restart"),
        ([containerd(1024, 4096)], {"show": TIMED_OUT}, "drain"),
        (embedded("k3s", 1024, 4096), {"units": [unit_1024("k3s.service")]}, "drain"),
        (embedded("k3s-agent", 1024, 4096), {"units": [unit_1024("k3s-agent.service")]}, "restart"),
        (embedded("rke2-server", 1024, 4096), {"units": [unit_1024("rke2-server.service")]}, "drain"),
        ([process(700, "dockerd", cgroup="/system.slice/docker.service", soft=1024, hard=4096)], {"units": [unit_1024("docker.service")]}, "drain"),
        ([process(700, "dockerd", cgroup="/system.slice/docker.service", soft=1024, hard=4096)],
         {"units": [unit_1024("docker.service")], "files": {"/etc/docker/daemon.json": '{"live-restore": true}'}}, "drain"),  # nobody can tell
        ([process(700, "dockerd", cgroup="/system.slice/docker.service", soft=1024, hard=4096, words=("dockerd", "--live-restore"))],
         {"units": [unit_1024("docker.service")]}, "restart"),
    ],
)
def test_disruption_is_decided_for_this_host(processes, more, disruption):
    answer = verdict(*processes, **more)
    assert (answer.status, answer.disruption) == ("faulty", disruption)
