# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""Programs in containers may open fewer files than the operator wants them to; there is no right number without a policy."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from .._condition import Condition, faulty, not_applicable, ok
from .._facts.runtimes import used_by_kubelet
from .runtime_nofile_low import disruption_of


def evaluate(container_limits, runtimes, kubelet, container_minimum_nofile=None):
    if container_minimum_nofile is None:
        return not_applicable("NoPolicy", "No container_minimum_nofile is given.")
    if not container_limits["count"]:
        return not_applicable("NoContainers", "No process runs in a container.")
    evidence = {"container_limits": container_limits, "container_minimum_nofile": container_minimum_nofile}
    least = container_limits["least"][0]
    if least["soft"] >= container_minimum_nofile:
        return ok(
            "LimitsSufficient",
            "Each of %d processes in containers may open %d files or more." % (container_limits["count"], least["soft"]),
            **evidence
        )
    told = "Of %d processes in containers, %s (PID %d) may open %d files, fewer than %d." % (
        container_limits["count"],
        least["name"],
        least["pid"],
        least["soft"],
        container_minimum_nofile,
    )
    return faulty("SoftLimitLow", told, **evidence)._replace(disruption=disruption_of(used_by_kubelet(runtimes, kubelet)))


CONDITION = Condition(
    id="container_nofile_low",
    evaluate=evaluate,
    role="nodemend.kubernetes.runtime_limits",
    remedy_scope="node",
    remediate_on="request",
    disruption="restart",
)
