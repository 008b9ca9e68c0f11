# -*- coding: utf-8 -*-
"""Kubelets that are down for want of a cgroup, or for something else."""

from __future__ import absolute_import, division, print_function

import pytest
import recorded
import runtime_hosts
from recorded import TIMED_OUT, recording
from runtime_hosts import KUBELET, unit

__metaclass__ = type

ROOT = "/sys/fs/cgroup/hugetlb"
SLICE = ROOT + "/kubepods.slice"
BEST_EFFORT, BURSTABLE = (SLICE + "/kubepods-%s.slice" % name for name in ("besteffort", "burstable"))
JOURNAL = "journalctl --unit=kubelet.service --lines=200 --no-pager --output=cat"
STORY = recording("kubelet-hugetlb.journal.txt")
# mountinfo of the lab's nodes, and of one with cgroup v2 only; what decides of it.
V1 = "30 25 0:26 / /sys/fs/cgroup ro,nosuid,nodev,noexec - tmpfs tmpfs ro,mode=755\n38 30 0:34 / /sys/fs/cgroup/hugetlb rw - cgroup cgroup rw,hugetlb\n"
V2 = "30 25 0:26 / /sys/fs/cgroup rw,nosuid,nodev,noexec,relatime - cgroup2 cgroup2 rw\n"


def judge(journal=STORY, there=(), state="failed", running=False, mounts=V1, installed=True, **more):
    files = {"/proc/self/mountinfo": mounts, SLICE + "/hugetlb.1GB.limit_in_bytes": "9223372036854771712\n"}
    files.update((path + "/hugetlb.1GB.limit_in_bytes", "9223372036854771712\n") for path in there)
    units = []
    if installed:
        files["/etc/systemd/system/kubelet.service"] = ""
        units = [unit("kubelet.service", ActiveState=state)]
    host = runtime_hosts.host([KUBELET] if running else [], units, files=files, commands={} if journal is None else {JOURNAL: journal}, **more)
    return recorded.judge("hugetlb_cgroup_missing", host)


TABLE = {
    "the story: neither class has it": ({}, "faulty", "CgroupMissing"),
    "only one has not": ({"there": [BURSTABLE]}, "faulty", "CgroupMissing"),
    "systemd tries again and again": ({"state": "activating"}, "faulty", "CgroupMissing"),
    "the moment in which it runs": ({"state": "activating", "running": True}, "faulty", "CgroupMissing"),
    "the driver cgroupfs": ({"journal": STORY.replace("kubepods.slice/kubepods-besteffort.slice", "kubepods/besteffort")}, "faulty", "CgroupMissing"),
    "somebody has made them": ({"there": [BEST_EFFORT, BURSTABLE]}, "ok", "CgroupExists"),
    "down, for another reason": ({"journal": "F1129 kubelet.go:1 failed to run Kubelet: running with swap on is not supported\n"}, "ok", "OtherCause"),
    "down, and its log is gone": ({"journal": "-- No entries --\n"}, "ok", "OtherCause"),
    "it missed them once, and runs": ({"state": "active", "running": True}, "ok", "KubeletRuns"),
    "cgroup v2": ({"mounts": V2}, "not_applicable", "CgroupV2"),
    "no kubelet at all": ({"installed": False}, "not_applicable", "NotANode"),
    "without root": ({"root": False}, "unknown", "NeedsRoot"),
    "no journal": ({"journal": None}, "unknown", "CommandMissing"),
    "a journal that hangs": ({"journal": TIMED_OUT}, "unknown", "TimedOut"),
    "cgroups elsewhere": ({"mounts": "30 25 0:26 / /cgroup rw - cgroup cgroup rw\n"}, "unknown", "Unreadable"),
}


@pytest.mark.parametrize("name", sorted(TABLE))
def test_verdict(name):
    more, status, reason = TABLE[name]
    answer = judge(**more)
    assert (answer.status, answer.reason) == (status, reason), answer.message


def test_the_message_names_what_is_missing():
    assert judge().message == "The kubelet does not start: %s, %s does not exist." % (BEST_EFFORT, BURSTABLE)
    assert judge(there=[BURSTABLE]).evidence["kubelet_cgroups"]["missing"] == [BEST_EFFORT]


def test_the_journal_is_left_alone_where_it_decides_nothing():
    for more in ({"mounts": V2}, {"state": "active", "running": True}):
        assert judge(journal=None, **more).status != "unknown"
