# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""The table of tracked connections is full: the kernel drops the first packet of new ones."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from .._condition import Condition, at_risk, faulty, not_applicable, ok

# node-problem-detector alarms at the same share (node_facts 7.7).
NEAR = 0.9


def evaluate(conntrack, kernel_ownership, kernel_log=None):
    if conntrack is None:
        return not_applicable("NotTracked", "nf_conntrack is not loaded: connections are not tracked.")
    complaint = kernel_log["conntrack"] if kernel_log and kernel_ownership["own"] else None
    evidence = {"conntrack": conntrack, "kernel_log": complaint}
    if conntrack["max"] == 0:
        # nf_conntrack_core.c compares the count with a limit that is not 0 only, so an older complaint is settled.
        return ok("NoLimit", "%d connections are tracked, without a limit." % conntrack["count"], **evidence)
    told = "%d of %d connections are tracked" % (conntrack["count"], conntrack["max"])
    if conntrack["count"] >= conntrack["max"]:
        return faulty("TableFull", told + ": new ones are dropped.", **evidence)
    if complaint and complaint["count"] and not _settled(complaint, conntrack):
        return faulty(
            "PacketsDropped",
            "%s now, but the kernel has dropped packets for want of room since the boot (%s)." % (told, complaint["last"]),
            **evidence
        )
    if conntrack["count"] >= NEAR * conntrack["max"]:
        return at_risk("NearLimit", "%s, %d %% or more." % (told, 100 * NEAR), **evidence)
    return ok("RoomLeft", told + ".", **evidence)


def _settled(complaint, conntrack):
    """Return whether the limit was raised after the kernel's last complaint."""
    return complaint["uptime"] is not None and conntrack["raised"] is not None and conntrack["raised"] > complaint["uptime"]


CONDITION = Condition(
    id="conntrack_table_full",
    evaluate=evaluate,
    role="nodemend.kubernetes.kernel_sysctls",
    remedy_scope="node",
    remediate_on="faulty",
    disruption="none",
)
