# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""Fact: what a kubelet that is down says of its cgroups for huge pages, and whether they are there (cgroup v1)."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re

from .._host import Unavailable
from .._source import reads, runs

ROOT = "/sys/fs/cgroup"
UNIT = "kubelet.service"
JOURNAL = ("journalctl", "--unit=" + UNIT, "--lines=200", "--no-pager", "--output=cat")

SOURCES = (
    reads(ROOT + "/hugetlb*", "whether the cgroup that the kubelet misses is there"),
    runs(" ".join(JOURNAL), "why the kubelet ended; only where it is down on cgroup v1", root=True),
)

# Only paths that the kubelet makes itself, for its classes of pods: with the drivers systemd and cgroupfs (node_facts 7.1).
_COMPLAINT = re.compile(
    r"Failed to start ContainerManager .*: open (%s/hugetlb((?:/[\w.@:-]*[\w@:-])*?)/(?:%s|%s|%s))/hugetlb\.\w+\.limit_in_bytes: no such file"
    % (ROOT, r"kubepods(?:\.slice)?", r"kubepods/(?:besteffort|burstable)", r"kubepods\.slice/kubepods-(?:besteffort|burstable)\.slice")
)
_CLASS = re.compile(r"besteffort|burstable")


def parse(text):
    """Return (line, cgroup) of the last complaint about a cgroup for huge pages that does not exist, or (None, None)."""
    found = (None, None)
    for line in text.splitlines():
        match = _COMPLAINT.search(line)
        if match:
            found = (line.strip()[:600], match.group(1))
    return found


def wanted(cgroup):
    """Return the cgroups of both classes of pods, whose start was cut short together, or the one that both are in."""
    if not _CLASS.search(cgroup):
        return [cgroup]
    return [_CLASS.sub(name, cgroup) for name in ("besteffort", "burstable")]


def collect(host, kubelet, systemd_units):
    """Return {version, unit, down, complaint, missing}.

    version    1 or 2, of cgroups
    unit       whether systemd knows kubelet.service
    down       the kubelet does not run, or systemd is about to start it once more
    complaint  its line about a cgroup for huge pages, of the last 200; None where it runs, and on cgroup v2
    missing    paths of the cgroups that are not there
    """
    kind = host.mounted(ROOT)
    if kind not in ("tmpfs", "cgroup2"):
        raise Unavailable("Unreadable", "%s is %s: not where cgroups are mounted." % (ROOT, kind))
    unit = systemd_units.get(UNIT)
    found = {"version": 2 if kind == "cgroup2" else 1, "unit": unit is not None, "complaint": None, "missing": []}
    found["down"] = unit is not None and (not kubelet["running"] or unit["ActiveState"] != "active")
    if found["version"] == 1 and found["down"]:
        if not host.is_root():
            raise Unavailable("NeedsRoot", "%s: only root may read all of it" % " ".join(JOURNAL))
        found["complaint"], cgroup = parse(host.output(JOURNAL))
        if cgroup is not None:
            found["missing"] = [path for path in wanted(cgroup) if not host.exists(path)]
    return found
