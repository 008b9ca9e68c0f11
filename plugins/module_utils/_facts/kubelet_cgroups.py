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
from .kubelet import is_kubelet
from .processes import age

ROOT = "/sys/fs/cgroup"
UNIT = "kubelet.service"
# A cgroup lives until the next boot, and so does a complaint about it. The form "short" tells the process of each line.
JOURNAL = ("journalctl", "--unit=" + UNIT, "--boot", "--lines=200", "--no-pager", "--output=short")
# Seconds after which a kubelet that still runs has made its cgroups. It comes to them some seconds after its start, and
# before that answers on its port for health as well.
SETTLED = 15

SOURCES = (
    reads("/proc/self/mountinfo", "the version of cgroups"),
    reads(ROOT + "/hugetlb*", "whether the cgroup that the kubelet misses is there"),
    reads("/proc/[0-9]*/stat", "when the kubelet was started"),
    reads("/proc/uptime", "the same"),
    runs(" ".join(JOURNAL), "why the kubelet ended; only on cgroup v1 where it is down or was started less than %d s ago" % SETTLED, root=True),
)

# Only paths that the kubelet makes itself, for its classes of pods: with the drivers systemd and cgroupfs (node_facts 7.1).
_COMPLAINT = re.compile(
    r"Failed to start ContainerManager .*: open (%s/hugetlb((?:/[\w.@:-]*[\w@:-])*?)/(?:%s|%s|%s))/hugetlb\.\w+\.limit_in_bytes: no such file"
    % (ROOT, r"kubepods(?:\.slice)?", r"kubepods/(?:besteffort|burstable)", r"kubepods\.slice/kubepods-(?:besteffort|burstable)\.slice")
)
# "Nov 29 23:32:13 node1 kubelet[3830]: the message"
_LINE = re.compile(r"^\w{3} [ \d]\d \d\d:\d\d:\d\d \S+ ([^\[\s]+)\[(\d+)\]: (.*)")
_CLASS = re.compile(r"besteffort|burstable")


def parse(text, running=None):
    """Return (message, cgroup) where the last start that ended complained of a cgroup for huge pages that does not exist, else (None, None).

    running is the number of the process that runs, which has not ended.
    """
    found, by = (None, None), None
    for line in text.splitlines():
        match = _LINE.match(line)
        if not match:
            continue
        process = (match.group(1), int(match.group(2)))
        complaint = _COMPLAINT.search(match.group(3))
        if complaint:
            found, by = (match.group(3).strip()[:600], complaint.group(1)), process
        elif by and process[0] == by[0] and process[1] not in (by[1], running):
            found, by = (None, None), None  # a later start has not
    return found


def wanted(cgroup):
    """Return the cgroups of both classes of pods, whose start was cut short together, or the one that both are in."""
    if not _CLASS.search(cgroup):
        return [cgroup]
    return [_CLASS.sub(name, cgroup) for name in ("besteffort", "burstable")]


def collect(host, processes, systemd_units):
    """Return {version, unit, state, age, complaint, missing}.

    version    1 or 2, of cgroups
    unit       whether systemd knows kubelet.service
    state      its ActiveState: "failed", or "activating" while systemd waits to start it once more; "inactive" where somebody stopped it
    age        seconds that the kubelet has run; None where none does
    complaint  of the last start that ended, about a cgroup for huge pages; None where the kubelet has run long enough, and on cgroup v2
    missing    paths of the cgroups that are not there
    """
    kind = host.mounted(ROOT)
    if kind not in ("tmpfs", "cgroup2"):
        raise Unavailable("Unreadable", "%s is %s: not where cgroups are mounted." % (ROOT, kind))
    unit = systemd_units.get(UNIT)
    pid = next((item["pid"] for item in processes if is_kubelet(item)), None)
    seconds = None if pid is None else age(host, pid)
    found = {
        "version": 2 if kind == "cgroup2" else 1,
        "unit": unit is not None,
        "state": unit["ActiveState"] if unit else None,
        "age": None if seconds is None else int(seconds),
        "complaint": None,
        "missing": [],
    }
    if found["version"] == 1 and unit is not None and not settled(found):
        if not host.is_root():
            raise Unavailable("NeedsRoot", "%s: only root may read all of it" % " ".join(JOURNAL))
        found["complaint"], cgroup = parse(host.output(JOURNAL), pid)
        if cgroup is not None:
            found["missing"] = [path for path in wanted(cgroup) if not host.exists(path)]
    return found


def settled(found):
    """Return whether the kubelet has run for so long that it has its cgroups."""
    return found["age"] is not None and found["age"] >= SETTLED
