# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""No thread can be made any more: fork and pthread_create fail on the whole host or in all pods."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from .._condition import Condition, at_risk, faulty, ok

# VERDICTS; the kubelet's own eviction (PIDPressure) is off by default.
NEAR, FULL = 0.8, 0.95


def evaluate(threads):
    worst = max(threads, key=lambda limit: limit["used"] / max(1, limit["most"]))
    share = worst["used"] / max(1, worst["most"])
    told = "%d threads of %d that %s allows (%d %%)." % (worst["used"], worst["most"], worst["limit"], 100 * share)
    evidence = {"threads": threads, "limit": worst["limit"]}
    if share >= FULL:
        return faulty("Exhausted", told, **evidence)
    if share >= NEAR:
        return at_risk("NearLimit", told, **evidence)
    return ok("RoomLeft", told, **evidence)


CONDITION = Condition(
    id="pid_exhaustion",
    evaluate=evaluate,
    role="nodemend.kubernetes.kernel_sysctls",
    remedy_scope="node",
    remediate_on="faulty",
    disruption="none",
)
