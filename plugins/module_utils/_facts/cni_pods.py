# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""Fact: the pods that CNI plugins have written iptables rules for, and whether they still run."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re

from .processes import SHIMS

SOURCES = ()

_CONTAINER = re.compile(r"[0-9a-f]{64}")


def collect(processes, iptables_dumps):
    """Return [{id, running}] of all pods in the dumps, sorted by id.

    id       the id of the pod's sandbox, or its address where the rule has no other mark
    running  None where it cannot be told: an address, or a sandbox of CRI-O's, which may live without any process
    """
    pods = set(pod for versions in iptables_dumps.values() for dump in versions.values() for pod in dump["pods"] or [])
    alive = _sandboxes(processes)
    without_process = any(process["name"] == "crio" for process in processes)
    return [{"id": pod, "running": _runs(pod, alive, without_process)} for pod in sorted(pods)]


def _sandboxes(processes):
    """Return the container ids that a shim is told to keep, or that a watched process lives in."""
    found = set()
    for process in processes:
        texts = [process["cgroup"] or ""] + (process["arguments"] or [] if process["name"] in SHIMS else [])
        for text in texts:
            found.update(_CONTAINER.findall(text))
    return found


def _runs(pod, alive, without_process):
    identity = _CONTAINER.search(pod)
    if identity is None:
        return None
    if identity.group(0) in alive:
        return True
    return None if without_process else False
