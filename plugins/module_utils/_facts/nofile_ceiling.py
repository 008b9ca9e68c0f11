# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""Fact: how many open files a service of this host can be given at the most."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re

from .._source import reads

SOURCES = (
    reads("/proc/sys/fs/nr_open", "the kernel's ceiling of every RLIMIT_NOFILE"),
    reads("/proc/1/limits", "the hard limit that PID 1 itself has"),
    reads("/proc/1/status", "whether PID 1 holds CAP_SYS_RESOURCE and so may go above its own hard limit"),
    reads("/proc/1/uid_map", "whether that capability counts (it does in the initial user namespace only)"),
)

_LINE = re.compile(r"^Max open files\s+(\S+)\s+(\S+)\s+files", re.MULTILINE)
_CAPABILITIES = re.compile(r"^CapEff:\s*([0-9a-fA-F]+)", re.MULTILINE)
CAP_SYS_RESOURCE = 24  # include/uapi/linux/capability.h
_ALL_IDS = 4294967295


def parse_limits(text):
    """Return (soft, hard) open files from /proc/PID/limits."""
    match = _LINE.search(text)
    if not match:
        raise ValueError("no line 'Max open files' in %r" % text[:80])
    return _number(match.group(1)), _number(match.group(2))


def _number(text):
    # Never seen for open files, which nr_open bounds, but other rows print it.
    return 2**64 - 1 if text == "unlimited" else int(text)


def parse_may_raise(status, uid_map):
    """Return whether the process of these /proc files may raise a hard limit.

    An LXC or rootless container shows the capability but only in a user namespace of its own, where setrlimit ignores it.
    """
    match = _CAPABILITIES.search(status)
    if not match:
        raise ValueError("no CapEff in /proc/1/status")
    initial = uid_map is None or uid_map.split() == ["0", "0", str(_ALL_IDS)]
    return bool(int(match.group(1), 16) >> CAP_SYS_RESOURCE & 1) and initial


def collect(host):
    """Return {nr_open, manager_hard, may_raise, ceiling}: numbers of files; ceiling is the most a unit can get."""
    nr_open = int((host.read("/proc/sys/fs/nr_open") or "").strip() or 1048576)  # the kernel's default
    limits = host.read("/proc/1/limits")
    if limits is None:
        raise ValueError("/proc/1/limits does not exist")
    hard = parse_limits(limits)[1]
    may_raise = parse_may_raise(host.read("/proc/1/status") or "", host.read("/proc/1/uid_map"))
    return {
        "nr_open": nr_open,
        "manager_hard": hard,
        "may_raise": may_raise,
        "ceiling": nr_open if may_raise else min(nr_open, hard),
    }
