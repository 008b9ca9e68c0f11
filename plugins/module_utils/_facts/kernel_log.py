# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""Fact: the few lines of the running kernel's log that conditions ask for, counted, with the last of each."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re

from .._source import runs

# What all kernels have of a sentence. mm/slub.c, slab_out_of_memory(), goes on with "node -1", newer ones (seen in 6.12) with "CPU 3 (of node 0)";
# net/netfilter/nf_conntrack_core.c with ", dropping packet", newer ones (6.18) with " in netns 4026532573, dropping packet" where it is not
# the host's. EL 7 writes the latter's prefix once, newer kernels twice.
TEXTS = {
    "slub": "SLUB: Unable to allocate memory on ",
    "conntrack": "nf_conntrack: table full",
}

SOURCES = (
    runs("dmesg", "whether the kernel has said one of these since the boot: " + "; ".join(sorted(text.strip() for text in TEXTS.values())), root=True),
)

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
