# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""The kernel leaks what it accounts to containers' cgroups, until none can be made any more: EL 7 before 7.8."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from .._condition import Condition, at_risk, faulty, not_applicable, ok, unknown
from .._facts.kernel_release import below, parse_floor
from .kernel_below_minimum import foreign

# Red Hat bug 1507149 was closed by this build, as its comments say (node_facts 4.6).
FIXED = "3.10.0-1075"
# From here on the kernel accounts every cgroup unasked (b313aeee2509), and memory.kmem.slabinfo is empty for another reason: no process
# was ever in the pod's own cgroup (bc2791f857e1), or, from 5.9 on, always (4330a26bc452).
# Below it cgroup.memory=nokmem is a word that the kernel ignores, unless its vendor has brought it there as Red Hat has to later builds of 3.10: upstream it is
# new in 4.5, for cgroup v2 alone (04823c833b3e). So there the pods' files decide (sealos issue 722: full in spite of it). From 4.6 on they do not:
# up to 4.10 they have a heading where nothing is accounted as well (mm/slab_common.c, memcg_slab_show()).
UNASKED = "4.6"
# Until then a new slab was charged to the pod's cgroup once it had been taken, and given back with this sentence where the pod was at its limit
# (mm/slub.c, alloc_slab_page()); the next line of the log names the pod behind the cache. From then on single objects are charged before.
OBJECTS = "5.9"
IGNORED = " It was booted with cgroup.memory=nokmem, which it ignores."


def evaluate(kernel_release, kernel_ownership, kernel_memory, kernel_log=None):
    if not kernel_ownership["own"]:
        return foreign(kernel_release, kernel_ownership)
    if not kernel_memory["controller"]:
        return not_applicable("NoMemoryController", "cgroup v1's memory controller is not in use.")
    release = kernel_release["release"]
    unasked = kernel_memory["accounting"] is False and below(kernel_release, parse_floor(UNASKED))
    evidence = {"kernel_release": kernel_release, "kernel_memory": kernel_memory, "kernel_log": kernel_log}
    ignored = kernel_memory["nokmem"] and kernel_memory["accounting"] and below(kernel_release, parse_floor(UNASKED))
    if kernel_memory["nokmem"] and not ignored:
        return ok("AccountingOff", "The kernel was booted with cgroup.memory=nokmem and accounts no memory of its own.", **evidence)
    if kernel_log is not None and kernel_log["slub"]["count"] and not unasked:
        return faulty(
            "AllocationsFail",
            "The kernel %s has said %d times since the boot that it cannot allocate its own memory: %s"
            % (release, kernel_log["slub"]["count"], kernel_log["slub"]["last"])
            + _or_a_pod(kernel_release)
            + ("." + IGNORED if ignored else ""),
            **evidence
        )
    if unasked:
        return ok("AccountingOff", "Neither kubelet nor runtime asks the kernel to account its memory to pods.", **evidence)
    if kernel_release["vendor"] == "redhat" and below(kernel_release, parse_floor(FIXED)):
        return at_risk(
            "LeakyKernel",
            "The kernel %s is older than %s and leaks the memory that it accounts to pods; %s."
            % (release, FIXED, "it does account it" if kernel_memory["accounting"] else "whether it accounts any could not be seen")
            + (IGNORED if ignored else ""),
            **evidence
        )
    if kernel_log is None:
        return unknown("LogUnreadable", "The kernel's log (dmesg) could not be read; most likely only root may.", **evidence)
    return ok("NoSymptom", "The kernel %s has not said since the boot that it cannot allocate its own memory." % release, **evidence)


def _or_a_pod(kernel_release):
    if below(kernel_release, parse_floor(UNASKED)) or not below(kernel_release, parse_floor(OBJECTS)):
        return ""
    return ". Such a kernel says so of a pod at its own memory limit as well: see whether the line after it in dmesg names the same pod behind the cache."


CONDITION = Condition(
    id="kernel_memory_leak",
    evaluate=evaluate,
    role="nodemend.kubernetes.kernel",
    remedy_scope="node",
    remediate_on="request",
    disruption="reboot",
)
