# -*- coding: utf-8 -*-
"""Kernels that leak what they account, those that only could, and those that do not account."""

from __future__ import absolute_import, division, print_function

import pytest
import recorded
import runtime_hosts
from recorded import TIMED_OUT
from runtime_hosts import KUBELET

__metaclass__ = type

EL7_LEAKS = "3.10.0-957.27.2.el7.x86_64"
EL7_FIXED = "3.10.0-1160.119.1.el7.x86_64"
EL8 = "4.18.0-372.32.1.el8_6.x86_64"
V1 = "31 25 0:27 / /sys/fs/cgroup/memory rw,nosuid,nodev,noexec,relatime shared:12 - cgroup cgroup rw,memory\n"
V2 = "31 25 0:27 / /sys/fs/cgroup rw,nosuid,nodev,noexec,relatime shared:4 - cgroup2 cgroup2 rw\n"
POD = "/sys/fs/cgroup/memory/kubepods/burstable/pod6c84d3f0/memory.kmem.slabinfo"
CONTAINER = POD.replace("pod6c84d3f0/", "pod6c84d3f0/%s/" % ("0123456789abcdef" * 4))
SYSTEMD_POD = "/sys/fs/cgroup/memory/kubepods.slice/kubepods-pod6c84d3f0.slice/memory.kmem.slabinfo"
# The first lines of the file, by mm/slab_common.c.
SLABINFO = "slabinfo - version: 2.1\n# name            <active_objs> <num_objs> <objsize>\nkmalloc-64 64 64 64 64 1\n"
SLUB = "[ 4271.213104] SLUB: Unable to allocate memory on node -1 (gfp=0xd0)\n[ 4271.213110]   cache: kmalloc-64(1:pod)\n"
QUIET = "[    0.000000] Linux version 3.10.0\n"
OWN = {"/proc/self/ns/pid": "pid:[4026531836]"}


def judge(release=EL7_LEAKS, mounts=V1, slab=None, cmdline="ro quiet", log=QUIET, pod=POD, files=None, node=True, **more):
    every = {"/proc/sys/kernel/osrelease": release + "\n", "/proc/self/mountinfo": mounts, "/proc/cmdline": cmdline + "\n"}
    if slab is not None:
        every[pod] = slab
    every.update(files or {})
    commands = {} if log is None else {"dmesg": log}
    host = runtime_hosts.host([KUBELET] if node else [], files=every, commands=commands, links=OWN, **more)
    return recorded.judge("kernel_memory_leak", host)


TABLE = {
    # proved
    "EL 7 with the symptom": ({"slab": SLABINFO, "log": SLUB}, "faulty", "AllocationsFail"),
    "a newer kernel with the symptom (kubernetes issue 138388)": ({"release": EL8, "slab": SLABINFO, "log": SLUB}, "faulty", "AllocationsFail"),
    # Debian 11: from 5.9 on the file is always empty (mm/memcontrol.c, mem_cgroup_slab_show())
    "the symptom, and a file that means nothing": ({"release": "5.10.0-30-amd64", "slab": "", "log": SLUB}, "faulty", "AllocationsFail"),
    # from 4.11 on it is empty, too, where the pod's own cgroup never held a process (mm/slab_common.c, memcg_slab_show())
    "the symptom, and a file of EL 8 that may mean nothing": ({"release": EL8, "slab": "", "log": SLUB}, "faulty", "AllocationsFail"),
    "the symptom, and no pod runs any more": ({"log": SLUB}, "faulty", "AllocationsFail"),
    # runc turns it on for each container, a kubelet that was built without leaves the pod's own off (kubeasz issue 815)
    "EL 7, a kubelet that does not ask for it and a runc that does": (
        {"slab": "", "files": {CONTAINER: SLABINFO}, "log": SLUB}, "faulty", "AllocationsFail"),
    # by its version
    "EL 7, the same without the symptom": ({"slab": "", "files": {CONTAINER: SLABINFO}}, "at_risk", "LeakyKernel"),
    "EL 7 accounts": ({"slab": SLABINFO}, "at_risk", "LeakyKernel"),
    "EL 7 accounts, cgroups by systemd": ({"slab": SLABINFO, "pod": SYSTEMD_POD}, "at_risk", "LeakyKernel"),
    "EL 7 without a pod": ({}, "at_risk", "LeakyKernel"),
    "EL 7, the log is for root": ({"slab": SLABINFO, "log": (1, "", "dmesg: read kernel buffer failed: Operation not permitted\n")}, "at_risk", "LeakyKernel"),
    # healthy
    "EL 7 from 7.8 on": ({"release": EL7_FIXED, "slab": SLABINFO}, "ok", "NoSymptom"),
    "the build that fixed it": ({"release": "3.10.0-1075.el7.x86_64", "slab": SLABINFO}, "ok", "NoSymptom"),
    "EL 7, a runtime that does not ask for it": ({"slab": ""}, "ok", "AccountingOff"),
    "EL 7, neither kubelet nor runc asks for it": ({"slab": "", "files": {CONTAINER: ""}, "log": SLUB}, "ok", "AccountingOff"),
    "nokmem on a kernel that accounts all the same (sealos issue 722), with the symptom": (
        {"cmdline": "ro cgroup.memory=nokmem quiet", "slab": SLABINFO, "log": SLUB}, "faulty", "AllocationsFail"),
    "nokmem on a kernel that accounts all the same": ({"cmdline": "ro cgroup.memory=nokmem quiet", "slab": SLABINFO}, "at_risk", "LeakyKernel"),
    "nokmem on EL 7 that knows it": ({"cmdline": "ro cgroup.memory=nokmem quiet", "slab": "", "log": SLUB}, "ok", "AccountingOff"),
    # From 4.6 on the kernel knows it. Up to 4.10 the file has its heading all the same (mm/slab_common.c, memcg_slab_show()).
    "nokmem from 4.6 on": (
        {"release": "4.9.0-19-amd64", "cmdline": "ro cgroup.memory=nokmem quiet", "slab": SLABINFO[:80], "log": SLUB}, "ok", "AccountingOff"),
    "EL 7 with nokmem": ({"cmdline": "ro cgroup.memory=nokmem quiet", "log": SLUB}, "ok", "AccountingOff"),
    "nokmem in a list": ({"cmdline": "cgroup.memory=nosocket,nokmem"}, "ok", "AccountingOff"),
    "the sentence, where nothing is accounted": ({"slab": "", "log": SLUB}, "ok", "AccountingOff"),
    "nosocket alone turns nothing off": ({"cmdline": "cgroup.memory=nosocket", "slab": SLABINFO}, "at_risk", "LeakyKernel"),
    "the last kernel that accounts only what it is asked for": ({"release": "4.5.7-202.fc23.x86_64", "slab": "", "log": SLUB}, "ok", "AccountingOff"),
    "a newer kernel, and a file that means nothing": ({"release": "5.10.0-30-amd64", "slab": ""}, "ok", "NoSymptom"),
    "ELRepo's kernel on EL 7": ({"release": "5.4.278-1.el7.elrepo.x86_64", "slab": SLABINFO}, "ok", "NoSymptom"),
    # no question
    "cgroup v2": ({"release": "6.1.0-50-amd64", "mounts": V2, "log": SLUB}, "not_applicable", "NoMemoryController"),
    "a container": ({"files": {"/run/systemd/container": "docker\n"}}, "not_applicable", "NotThisHostsKernel"),
    "no node": ({"node": False}, "not_applicable", "NotANode"),
    # not to be told
    "a newer kernel, the log is for root": (
        {"release": EL8, "log": (1, "", "dmesg: read kernel buffer failed: Operation not permitted\n")}, "unknown", "LogUnreadable"),
    "no dmesg": ({"release": EL8, "log": None}, "unknown", "LogUnreadable"),
    "a dmesg that hangs": ({"release": EL8, "log": TIMED_OUT}, "unknown", "LogUnreadable"),
    "without root": ({"slab": SLABINFO, "denied": ["*/memory.kmem.slabinfo"], "root": False}, "unknown", "NeedsRoot"),
    "garbage": ({"release": "garbage"}, "unknown", "Unreadable"),
}


@pytest.mark.parametrize(
    "release, said",
    [(EL7_LEAKS, False), ("4.5.7-202.fc23.x86_64", False), (EL8, True), ("5.4.278-1.el7.elrepo.x86_64", True), ("5.10.0-30-amd64", False)],
)
def test_a_pod_at_its_own_limit_is_named_where_it_has_the_kernel_say_so(release, said):
    assert ("a pod at its own memory limit" in judge(release=release, slab=SLABINFO, log=SLUB).message) is said


@pytest.mark.parametrize("name", sorted(TABLE))
def test_verdict(name):
    more, status, reason = TABLE[name]
    answer = judge(**more)
    assert (answer.status, answer.reason) == (status, reason), answer.message


def test_that_nokmem_was_ignored_is_said():
    told = "It was booted with cgroup.memory=nokmem, which it ignores."
    for log in (SLUB, QUIET):
        assert judge(cmdline="ro cgroup.memory=nokmem", slab=SLABINFO, log=log).message.endswith(". " + told)
        assert told not in judge(slab=SLABINFO, log=log).message


def test_the_message_has_the_count_and_the_last_line():
    message = judge(slab=SLABINFO, log=SLUB + SLUB).message
    assert "2 times" in message and "SLUB: Unable to allocate memory on node -1 (gfp=0xd0)" in message and EL7_LEAKS in message
