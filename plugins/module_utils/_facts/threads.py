# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""Fact: how many threads there are, and each limit on them."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re

from .._host import Unavailable
from .._source import reads

KERNEL = ("pid_max", "threads-max")
# cgroup v1 and v2; the kubelet's cgroup with the drivers cgroupfs and systemd, and what systemd's services share.
HIERARCHIES = ("/sys/fs/cgroup/pids", "/sys/fs/cgroup")
GROUPS = ("kubepods", "kubepods.slice", "system.slice")

SOURCES = tuple(
    [reads("/proc/loadavg", "the number of threads")]
    + [reads("/proc/sys/kernel/" + name, "limit of the kernel") for name in KERNEL]
    + [reads("%s/%s/pids.*" % (base, group), "limit of a cgroup, and what it holds") for base in HIERARCHIES for group in GROUPS]
)

_LOADAVG = re.compile(r"^\S+ \S+ \S+ \d+/(\d+) \d+\s*$")


def parse_loadavg(text):
    """Return the number of threads: the second number of the fourth field."""
    match = _LOADAVG.match(text)
    if not match:
        raise ValueError("not /proc/loadavg: %r" % text[:80])
    return int(match.group(1))


def collect(host):
    """Return [{limit, used, most}], one of each limit: "kernel.pid_max", "kernel.threads-max", or the path of a cgroup's pids.max."""
    text = host.read("/proc/loadavg")
    if text is None:
        raise Unavailable("Unreadable", "/proc/loadavg does not exist.")
    threads = parse_loadavg(text)
    limits = []
    for name in KERNEL:
        most = host.read("/proc/sys/kernel/" + name)
        if most is not None:
            limits.append({"limit": "kernel." + name, "used": threads, "most": int(most)})
    for base in HIERARCHIES:
        for group in GROUPS:
            path = "%s/%s/pids." % (base, group)
            most = (host.read(path + "max") or "max").strip()
            used = host.read(path + "current")
            if most != "max" and used is not None:
                limits.append({"limit": path + "max", "used": int(used), "most": int(most)})
    if not limits:
        raise Unavailable("Unreadable", "/proc/sys/kernel has no limit of threads.")
    return limits
