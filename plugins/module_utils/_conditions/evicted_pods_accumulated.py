# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""Evicted pods are kept until thousands have failed: they fill lists and etcd, and tell that some node lacked something."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from .._condition import Condition, at_risk, ok, unknown

HOUR = 3600
SHOWN = 200


def evaluate(evicted_pods, maximum_evicted_pods, now):
    pods = evicted_pods
    evidence = {"evicted_pods": pods, "maximum": maximum_evicted_pods}
    if pods["count"] <= maximum_evicted_pods:
        if pods["complete"]:
            return ok("FewEnough", "%d evicted pods are kept, of at most %d." % (pods["count"], maximum_evicted_pods), **evidence)
        message = "More pods have failed than are looked at; %d of those that were looked at were evicted." % pods["count"]
        return unknown("TooManyFailed", message, **evidence)
    told = "%s%d evicted pods are kept (at most %d): %s; from the nodes %s. The newest changed %.1f h ago: %s" % (
        "" if pods["complete"] else "At least ",
        pods["count"],
        maximum_evicted_pods,
        counted(pods["namespaces"], "in "),
        counted(pods["nodes"]),
        max(0, now - pods["newest"]["changed"]) / HOUR,
        pods["newest"]["message"][:SHOWN] or "no message",
    )
    if pods["replaced"] > maximum_evicted_pods:
        return at_risk("Accumulated", told, **evidence)
    message = "%s Controllers have replaced only %d of them; the others (%s) are left alone unless they are asked for."
    return at_risk("NotReplaced", message % (told, pods["replaced"], counted(pods["others"])), **evidence)


def counted(numbers, word=""):
    """Return "in shop 300, in web 12", the most first."""
    ordered = sorted(numbers.items(), key=lambda entry: (-entry[1], str(entry[0])))
    return ", ".join("%s%s %d" % (word, name, number) for name, number in ordered)


CONDITION = Condition(
    id="evicted_pods_accumulated",
    evaluate=evaluate,
    scope="cluster",
    role="nodemend.kubernetes.evicted_pods",
    remedy_scope="cluster",
    remediate_on="request",
    disruption="none",
)
