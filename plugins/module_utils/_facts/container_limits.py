# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""Fact: the soft limits of open files of the processes in containers; read only where a policy asks for it."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from .._source import reads
from .nofile_ceiling import parse_limits
from .processes import SHIMS

# How many of the lowest are named.
NAMED = 10

SOURCES = (reads("/proc/[0-9]*/limits", "the soft limit of open files of each process in a container"),)


def descendants(processes, roots):
    """Return the processes below those with these numbers, whatever their depth."""
    children = {}
    for process in processes:
        children.setdefault(process["parent"], []).append(process)
    found, todo = [], list(roots)
    while todo:
        # Each is looked at once: a number that is used again while they are listed may be its own ancestor's.
        for process in children.pop(todo.pop(), ()):
            found.append(process)
            todo.append(process["pid"])
    return found


def collect(host, processes, container_minimum_nofile=None):
    """Return {count, least}, or None without a policy.

    count  processes in containers; pause processes count where there is no other: they open no files, and a base_runtime_spec of
           containerd, which sets the limit of containers, does not reach them
    least  [{pid, name, soft}] of the lowest ten, the lowest first
    """
    if container_minimum_nofile is None:
        return None
    shims = [process["pid"] for process in processes if process["name"] in SHIMS and not process["nested"]]
    limits = []
    for process in descendants(processes, shims):
        text = None if process["name"] in SHIMS else host.read("/proc/%d/limits" % process["pid"])
        if text:
            limits.append({"pid": process["pid"], "name": process["name"], "soft": parse_limits(text)[0]})
    limits = [item for item in limits if item["name"] != "pause"] or limits
    limits.sort(key=lambda item: (item["soft"], item["pid"]))
    return {"count": len(limits), "least": limits[:NAMED]}
