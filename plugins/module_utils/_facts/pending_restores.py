# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""Fact: netfilter rules that a role has removed and nobody has confirmed yet, which this host is about to put back by itself."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from .._source import reads

# What the roles keep on a host, a folder for each run. In these below it those that change rules arm a timer (_armed_restore).
KEPT = "/var/lib/nodemend"
FOLDERS = ("iptables_backend", "iptables_duplicates/legacy", "iptables_duplicates/nft")
# Whoever makes this link first has decided what becomes of the change.
DECIDED = "decided"
# When the timer is due, in seconds since the epoch, and the boot in which it was armed, which it does not outlive.
DUE = "due"
BOOT = "boot_id"
THIS_BOOT = "/proc/sys/kernel/random/boot_id"
# The first systemd of EL 7 may be a minute late. A timer that has not decided by then never will.
LATE = 120

SOURCES = (
    reads(KEPT, "whether a role has kept something here", root=True),
    reads(KEPT + "/*/iptables_*", "whether rules that were removed come back by themselves, and when", root=True),
    reads(THIS_BOOT, "whether that was in this boot"),
)


def collect(host, now):
    """Return [{role, directory, seconds}], what comes back first before others; seconds: until then, 0 where it may be at any moment."""
    found = []
    for run in host.listdir(KEPT) or []:
        for folder in FOLDERS:
            directory = "%s/%s/%s" % (KEPT, run, folder)
            seconds = _seconds(host, directory, now)
            if seconds is not None:
                found.append({"role": folder.partition("/")[0], "directory": directory, "seconds": seconds})
    return sorted(found, key=lambda item: (item["seconds"], item["directory"]))


def _seconds(host, directory, now):
    """Return the seconds until the timer of a folder is due, or None where none will come."""
    due = (host.read(directory + "/" + DUE) or "").strip()
    if not due.isdigit() or host.readlink(directory + "/" + DECIDED) is not None:
        return None
    if host.read(directory + "/" + BOOT) != host.read(THIS_BOOT):
        return None
    seconds = int(due) - int(now)
    return None if seconds < -LATE else max(0, seconds)


def told(restores, role):
    """Return a sentence about the first restore after a run of this role, None where there is none, or it could not be read."""
    for item in restores or []:
        if item["role"] == role:
            begun = "The role %s has removed rules and not confirmed it: a run was broken off, or is at work." % role
            return "%s Unless it does, this host puts them back in %d s (%s)." % (begun, item["seconds"], item["directory"])
    return None
