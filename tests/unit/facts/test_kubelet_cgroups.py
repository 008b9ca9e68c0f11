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


def test_the_story():
    line, cgroup = parse(STORY)
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
    assert parse(STORY.replace("/kubepods.slice/kubepods-besteffort.slice", path))[1] == (ROOT + path if taken else None)


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
    assert parse(line) == (None, None)


def test_both_classes_are_wanted():
    assert wanted(BEST_EFFORT) == [BEST_EFFORT, BEST_EFFORT.replace("besteffort", "burstable")]
    assert wanted(ROOT + "/kubepods") == [ROOT + "/kubepods"]
