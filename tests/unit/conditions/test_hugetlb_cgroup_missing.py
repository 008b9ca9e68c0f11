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
JOURNAL = "journalctl --unit=kubelet.service --boot --lines=200 --no-pager --output=short"


def said(text, pid=3830):
    """As journalctl --output=short prints what a kubelet has said."""
    return "".join("Nov 29 23:32:13 node1 kubelet[%d]: %s\n" % (pid, line) for line in text.splitlines())


STORY = said(recording("kubelet-hugetlb.journal.txt"))
LATER = said("I1129 23:32:43.383713    4100 policy_none.go:42] [cpumanager] none policy: Start", 4100)
RUNNING = said("I1129 23:32:53.311881     900 server.go:333] Adding debug handlers to kubelet server.", 900)  # KUBELET's number
# mountinfo of the lab's nodes, and of one with cgroup v2 only; what decides of it.
V1 = "30 25 0:26 / /sys/fs/cgroup ro,nosuid,nodev,noexec - tmpfs tmpfs ro,mode=755\n38 30 0:34 / /sys/fs/cgroup/hugetlb rw - cgroup cgroup rw,hugetlb\n"
V2 = "30 25 0:26 / /sys/fs/cgroup rw,nosuid,nodev,noexec,relatime - cgroup2 cgroup2 rw\n"


def judge(journal=STORY, there=(), state="failed", age=None, mounts=V1, installed="kubelet.service", **more):
    files = {"/proc/self/mountinfo": mounts, SLICE + "/hugetlb.1GB.limit_in_bytes": "9223372036854771712\n"}
    files.update((path + "/hugetlb.1GB.limit_in_bytes", "9223372036854771712\n") for path in there)
    kubelet = dict(KUBELET)
    if age is not None:
        # Field 22 is when it was started, in hundredths of a second after the boot.
        name, rest = kubelet["/proc/900/stat"].split(") ")
        fields = rest.split()
        fields[19] = "100000"
        kubelet["/proc/900/stat"] = "%s) %s\n" % (name, " ".join(fields))
        files["/proc/uptime"] = "%d.00 5000.00\n" % (1000 + age)
    units = []
    if installed:
        files["/etc/systemd/system/" + installed] = ""
        units = [unit(installed, ActiveState=state)]
    host = runtime_hosts.host([kubelet] if age is not None else [], units, files=files, commands={} if journal is None else {JOURNAL: journal}, **more)
    return recorded.judge("hugetlb_cgroup_missing", host)


TABLE = {
    "the story: neither class has it": ({}, "faulty", "CgroupMissing"),
    "only one has not": ({"there": [BURSTABLE]}, "faulty", "CgroupMissing"),
    "systemd tries again and again": ({"state": "activating"}, "faulty", "CgroupMissing"),
    "the seconds in which it runs": ({"state": "active", "age": 3, "journal": STORY + RUNNING}, "faulty", "CgroupMissing"),
    "the seconds before a kubelet of Type=notify is ready": ({"state": "activating", "age": 3}, "faulty", "CgroupMissing"),
    "it runs since then": ({"state": "active", "age": 15, "journal": STORY + RUNNING}, "ok", "KubeletRuns"),
    "it was just started, after somebody has made them": ({"state": "active", "age": 3, "there": [BEST_EFFORT, BURSTABLE]}, "ok", "KubeletStarts"),
    "it was just started, after it has run": ({"state": "active", "age": 14, "journal": STORY + LATER + RUNNING}, "ok", "KubeletStarts"),
    "it has run since, and somebody stopped it": ({"state": "inactive", "journal": STORY + LATER}, "ok", "OtherCause"),
    "it has run since, and failed": ({"journal": STORY + LATER}, "ok", "OtherCause"),
    "somebody stopped it while it tried": ({"state": "inactive"}, "at_risk", "KubeletStopped"),
    "somebody stops it": ({"state": "deactivating"}, "at_risk", "KubeletStopped"),
    "the driver cgroupfs": ({"journal": STORY.replace("kubepods.slice/kubepods-besteffort.slice", "kubepods/besteffort")}, "faulty", "CgroupMissing"),
    "somebody has made them": ({"there": [BEST_EFFORT, BURSTABLE]}, "ok", "CgroupExists"),
    "down, for another reason": ({"journal": said("F1129 kubelet.go:1 failed to run Kubelet: running with swap on is not supported")}, "ok", "OtherCause"),
    "down, and its log is gone": ({"journal": "-- No entries --\n"}, "ok", "OtherCause"),
    "it missed them once, and runs": ({"state": "active", "age": 1000}, "ok", "KubeletRuns"),
    "cgroup v2": ({"mounts": V2}, "not_applicable", "CgroupV2"),
    "k3s, which is a kubelet itself": ({"installed": "k3s.service", "state": "active"}, "not_applicable", "NoKubelet"),
    "no kubelet at all": ({"installed": None}, "not_applicable", "NotANode"),
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
    for more in ({"mounts": V2}, {"state": "active", "age": 1000}):
        assert judge(journal=None, **more).status != "unknown"
