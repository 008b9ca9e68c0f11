# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""The container runtime may open too few files: "too many open files" at a shim's start, pods that never start."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from .._condition import Condition, at_risk, faulty, not_applicable, ok, unknown
from .._facts.runtimes import raised_to_hard, used_by_kubelet, uses_unknown

# Share of the descriptors in use from which the next burst of pods can exhaust them (VERDICTS: NearLimit).
NEAR_LIMIT = 0.8


def evaluate(runtimes, kubelet, nofile_ceiling, minimum_nofile):
    used = used_by_kubelet(runtimes, kubelet)
    if not used and uses_unknown(kubelet):
        return unknown("RuntimeUnsupported", "The kubelet uses %s, a runtime that is not known here." % kubelet["endpoint"], kubelet=kubelet)
    if not used and (kubelet["enabled"] or kubelet["running"]):
        return unknown("RuntimeDown", "A kubelet is enabled, but its container runtime is not running.", kubelet=kubelet)
    if not used:
        return not_applicable("NoRuntime", "No container runtime is running.")
    evidence = {
        "runtimes": used,
        "nofile_ceiling": nofile_ceiling,
        "minimum_nofile": minimum_nofile,
    }
    low = [runtime for runtime in used if _effective(runtime) < minimum_nofile]
    if low:
        told = "; ".join("%s may open %d files" % (_called(runtime), runtime["soft"]) for runtime in low)
        if minimum_nofile > nofile_ceiling["ceiling"]:
            return at_risk(
                "CeilingLow",
                "%s, fewer than %d, and this host allows no more than %d (fs.nr_open %d, hard limit of PID 1 %d)."
                % (
                    told,
                    minimum_nofile,
                    nofile_ceiling["ceiling"],
                    nofile_ceiling["nr_open"],
                    nofile_ceiling["manager_hard"],
                ),
                **evidence
            )
        verdict = faulty("SoftLimitLow", "%s, fewer than %d." % (told, minimum_nofile), **evidence)
        return verdict._replace(disruption=disruption_of(low))
    for runtime in used:
        if runtime["in_use"] is not None and runtime["in_use"] > NEAR_LIMIT * runtime["soft"]:
            return at_risk(
                "NearLimit",
                "%s has %d of %d files open." % (_called(runtime), runtime["in_use"], runtime["soft"]),
                **evidence
            )
    least = min(runtime["soft"] for runtime in used)
    raised = [runtime for runtime in used if _raised_itself(runtime, minimum_nofile)]
    if raised:
        return ok(
            "SelfRaised",
            "%s: its unit allows %d files, but it raised itself to %d."
            % (_called(raised[0]), raised[0]["configured"]["soft"], raised[0]["soft"]),
            **evidence
        )
    return ok("LimitSufficient", "The container runtime may open %d files." % least, **evidence)


def _effective(runtime):
    """The soft limit; the one file that Go leaves below the hard limit makes no fault of a policy."""
    return runtime["hard"] if raised_to_hard(runtime["soft"], runtime["hard"]) else runtime["soft"]


def _raised_itself(runtime, minimum_nofile):
    """A process may raise itself up to its hard limit; above the unit's it was started before the unit was changed."""
    soft, hard = runtime["configured"]["soft"], runtime["configured"]["hard"]
    if soft in (None, "infinity") or soft >= minimum_nofile:
        return False
    return hard in (None, "infinity") or runtime["soft"] <= hard


def _called(runtime):
    return "%s (PID %d)" % (runtime["unit"] or runtime["name"], runtime["pid"])


def disruption_of(runtimes):
    """drain where a restart would take pods or the control plane along, or where nobody can tell."""
    safe = all(
        runtime["restart"]["kills_pods"] is False and not runtime["restart"]["stops_control_plane"] for runtime in runtimes
    )
    return "restart" if safe else "drain"


CONDITION = Condition(
    id="runtime_nofile_low",
    evaluate=evaluate,
    role="nodemend.kubernetes.runtime_limits",
    remedy_scope="node",
    remediate_on="faulty",
    disruption="restart",
)
