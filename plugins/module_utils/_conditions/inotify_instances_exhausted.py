# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""A user has as many inotify instances as it may: "too many open files" from what has hardly any open."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from .._condition import Condition, at_risk, faulty, ok, unknown

NEAR = 0.9  # VERDICTS


def evaluate(inotify_instances, kernel_ownership):
    limit = inotify_instances["limit"]
    evidence = {
        "inotify_instances": dict(inotify_instances, users=inotify_instances["users"][:5]),
        "container": kernel_ownership["kind"] == "container",
    }
    if not inotify_instances["users"]:
        return _room("No user has an inotify instance; each may have %d." % limit, inotify_instances["hidden"], evidence)
    fullest = inotify_instances["users"][0]
    told = "User %d has %d of %d inotify instances, most of them %s (PID %d)." % (
        fullest["uid"],
        fullest["count"],
        limit,
        fullest["most"][0]["name"],
        fullest["most"][0]["pid"],
    )
    if fullest["count"] >= limit:
        return faulty("Exhausted", told, **evidence)
    if fullest["count"] >= NEAR * limit:
        return at_risk("NearLimit", told, **evidence)
    return _room(told, inotify_instances["hidden"], evidence)


def _room(told, hidden, evidence):
    if hidden:
        return unknown("ProcessesHidden", "%s But not even root may look into %d processes." % (told, hidden), **evidence)
    if evidence["container"]:
        # Nodes in containers of one machine (kind) share root's limit. No verdict of its own: a raised limit could never be proved here.
        told += " What the same user has outside this container counts as well, and cannot be seen here."
    return ok("RoomLeft", told, **evidence)


CONDITION = Condition(
    id="inotify_instances_exhausted",
    evaluate=evaluate,
    role="nodemend.kubernetes.kernel_sysctls",
    remedy_scope="node",
    remediate_on="faulty",
    disruption="none",
)
