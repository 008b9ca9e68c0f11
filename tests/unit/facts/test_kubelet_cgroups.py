# -*- coding: utf-8 -*-
"""Which line of the kubelet is the complaint, and which paths it may name."""

from __future__ import absolute_import, division, print_function

import pytest
from ansible_collections.nodemend.kubernetes.plugins.module_utils._facts.kubelet_cgroups import parse, wanted
from recorded import recording

__metaclass__ = type

ROOT = "/sys/fs/cgroup/hugetlb"
STORY = recording("kubelet-hugetlb.journal.txt")
BEST_EFFORT = ROOT + "/kubepods.slice/kubepods-besteffort.slice"


def journal(text, pid=3830, name="kubelet"):
    """As journalctl --output=short prints what a program has said."""
    return "".join("Nov 29 23:32:13 node1 %s[%d]: %s\n" % (name, pid, line) for line in text.splitlines())


STARTED = journal("Started kubelet: The Kubernetes Node Agent.", 1, "systemd")
GOOD = "I1129 23:32:43.383713    4100 policy_none.go:42] [cpumanager] none policy: Start"


def test_the_story():
    line, cgroup = parse(journal(STORY))
    assert line.startswith("F1129 23:32:13.384272    3830 kubelet.go:1384] Failed to start ContainerManager")
    assert cgroup == BEST_EFFORT


@pytest.mark.parametrize(
    "path, taken",
    [
        ("/kubepods/besteffort", True),
        ("/kubepods/burstable", True),
        ("/kubepods", True),
        ("/kubepods.slice", True),
        ("/pods.slice/kubepods/besteffort", True),  # --cgroup-root
        ("/kubepods.slice/../../../../etc/kubepods", False),
        ("/kubepods.slice/kubepods-besteffort.slice/../../..", False),
        ("/..", False),
        ("/system.slice", False),
        ("/a b/kubepods", False),
    ],
)
def test_only_the_kubelets_own_paths_are_taken(path, taken):
    assert parse(journal(STORY.replace("/kubepods.slice/kubepods-besteffort.slice", path)))[1] == (ROOT + path if taken else None)


@pytest.mark.parametrize(
    "line",
    [
        # kubernetes#77169: arm64
        "failed to write 0 to hugetlb.64kB.limit_in_bytes: open %s/kubepods/hugetlb.64kB.limit_in_bytes: permission denied" % ROOT,
        "Failed to start ContainerManager failed to initialize top level QOS containers: open /sys/fs/cgroup/memory/kubepods/x: no such file or directory",
        "",
        "garbage",
    ],
)
def test_other_complaints(line):
    assert parse(journal(line)) == (None, None)
    assert parse(line) == (None, None)


def test_only_the_last_start_that_ended_counts():
    story = journal(STORY)
    assert parse(story + STARTED)[1] == BEST_EFFORT
    assert parse(story + STARTED + journal(GOOD, 4100)) == (None, None)
    assert parse(story + STARTED + journal(GOOD, 4100), running=4100)[1] == BEST_EFFORT
    assert parse(story + STARTED + journal(GOOD, 4100) + STARTED + journal(GOOD, 4200), running=4200) == (None, None)
    assert parse(story + journal("swap is off", 4099, "swapoff"))[1] == BEST_EFFORT  # ExecStartPre
    assert parse(journal(GOOD, 3829) + STARTED + story)[1] == BEST_EFFORT


def test_both_classes_are_wanted():
    assert wanted(BEST_EFFORT) == [BEST_EFFORT, BEST_EFFORT.replace("besteffort", "burstable")]
    assert wanted(ROOT + "/kubepods") == [ROOT + "/kubepods"]
