# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""Fact: how full the table of tracked connections is."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from .._source import reads

DIRECTORY = "/proc/sys/net/netfilter/"
# What the role kernel_sysctls writes, with this limit alone; a complaint of the kernel from before it was written is settled.
DROP_IN = "/etc/sysctl.d/99-zz-nodemend-conntrack.conf"

SOURCES = (
    reads(DIRECTORY + "nf_conntrack_count", "tracked connections; absent where nf_conntrack is not loaded"),
    reads(DIRECTORY + "nf_conntrack_max", "the most there may be"),
    reads("/proc/uptime", "when the host has booted"),
    reads(DROP_IN, "when the role kernel_sysctls has raised the limit last"),
)


def collect(host, now):
    """Return {count, max, raised}, or None where connections are not tracked.

    raised  seconds after the boot when the role kernel_sysctls has raised the limit last; None where it has not
    """
    count, most = host.read(DIRECTORY + "nf_conntrack_count"), host.read(DIRECTORY + "nf_conntrack_max")
    if count is None or most is None:
        return None
    return {"count": int(count), "max": int(most), "raised": _raised(host, now)}


def _raised(host, now):
    modified, uptime = host.modified(DROP_IN), host.read("/proc/uptime")
    if modified is None or uptime is None:
        return None
    return modified - (now - float(uptime.split()[0]))
