# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""Fact: the few lines of the running kernel's log that conditions ask for, counted, with the last of each."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re

from .._source import runs

# Texts of the kernel's own source: mm/slub.c, slab_out_of_memory(); net/netfilter/nf_conntrack_core.c, which EL 7
# writes as "nf_conntrack: table full", newer kernels as "nf_conntrack: nf_conntrack: table full".
TEXTS = {
    "slub": "SLUB: Unable to allocate memory on node",
    "conntrack": "nf_conntrack: table full, dropping packet",
}

SOURCES = (runs("dmesg", "whether the kernel has said one of two sentences since the boot: " + "; ".join(sorted(TEXTS.values())), root=True),)

_TIME = re.compile(r"^\[ *(\d+)\.\d+\]")


def collect(host):
    """Return {slub, conntrack}: {count, last, uptime} each.

    count   lines still in the kernel's buffer since the boot
    uptime  whole seconds after the boot of the last; None where the kernel writes no times
    """
    found = dict((name, {"count": 0, "last": None, "uptime": None}) for name in TEXTS)

    def consume(line):
        for name, text in TEXTS.items():
            if text in line:
                match = _TIME.match(line)
                found[name]["count"] += 1
                found[name].update(last=line.strip()[:200], uptime=int(match.group(1)) if match else None)

    host.each_line(["dmesg"], consume)
    return found
