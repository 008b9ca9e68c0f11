# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""Fact: where kernels are installed to, and whether packages may do that at all on this host."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from .._source import reads

SOURCES = (
    reads("/boot", "free space for a kernel and its initramfs"),
    reads("/run/ostree-booted", "whether the system is an ostree deployment"),
    reads("/usr/sbin/transactional-update", "whether updates go into a new snapshot (MicroOS, SLE Micro)"),
    reads("/proc/self/mountinfo", "whether / or /usr is mounted read-only"),
)


def parse_read_only(text):
    """Return the directories, of / and /usr, that mountinfo shows mounted read-only."""
    state = {}
    for line in text.splitlines():
        words = line.split()
        if len(words) > 5 and words[4] in ("/", "/usr"):
            state[words[4]] = "ro" in words[5].split(",")  # a later mount covers an earlier one
    return sorted(path for path, read_only in state.items() if read_only)


def collect(host):
    """Return {free_bytes, managed_by, read_only}.

    free_bytes  that may be written to /boot; None where there is no /boot
    managed_by  "ostree", "transactional-update" or None: who replaces the kernel in place of the package manager
    read_only   directories of / and /usr that packages cannot write to
    """
    managed_by = None
    read_only = parse_read_only(host.read("/proc/self/mountinfo") or "")
    if host.exists("/run/ostree-booted"):
        managed_by = "ostree"
    elif host.exists("/usr/sbin/transactional-update") and "/" in read_only:
        # The tool alone is no proof: it can be installed on a system that is written to directly.
        managed_by = "transactional-update"
    return {"free_bytes": host.free_bytes("/boot"), "managed_by": managed_by, "read_only": read_only}
