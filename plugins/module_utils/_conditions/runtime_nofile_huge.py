# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""Containers are handed a soft limit of about a billion files: programs that loop over descriptors hang or eat memory."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from .._condition import Condition, at_risk, not_applicable, ok
from .._facts.runtimes import used_by_kubelet
from .runtime_nofile_low import disruption_of

# Four times the 1048576 that ten years of practice have proved harmless (node_facts 1.6).
HUGE = 4194304


def evaluate(runtimes, kubelet, systemd_units, nofile_ceiling):
    used = used_by_kubelet(runtimes, kubelet)
    if not used:
        return not_applicable("NoRuntime", "No container runtime that is known here is running.")
    handed = [_handed(runtime, nofile_ceiling["nr_open"]) for runtime in used if not _starts_no_shim(runtime, used)]
    known = [item for item in handed if item["soft"] is not None]
    if not known:
        return ok("NotSeen", "No container runs, and no unit sets a limit that it would be handed.", handed=handed)
    most = max(known, key=lambda item: item["soft"])
    told = "%s hands containers a soft limit of %d open files (%s)." % (most["runtime"], most["soft"], most["seen"])
    if most["soft"] > HUGE:
        verdict = at_risk("SoftLimitHuge", told, handed=handed, huge=HUGE)
        return verdict._replace(disruption=disruption_of(used))
    return ok("LimitModerate", told, handed=handed, huge=HUGE)


def _starts_no_shim(runtime, used):
    """A dockerd beside a containerd with a unit of its own has that one start the shims: its own unit's line reaches nobody."""
    if runtime["name"] != "docker" or runtime["handed"]:
        return False
    return any(other["name"] == "containerd" and other["unit"] != runtime["unit"] for other in used)


def _handed(runtime, nr_open):
    """What a container gets: seen on one where there is one, else what the unit says (the daemon's own limit never counts).

    A base_runtime_spec of containerd is for containers and not for their sandboxes: then all containers have less than those.
    The unit's line is a wish: nobody gets more than the hard limit that the daemon itself runs with.
    """
    if runtime["handed"]:
        shown = min([runtime["handed"], runtime["in_containers"] or runtime["handed"]], key=lambda item: item["soft"])
        return {"runtime": runtime["name"], "soft": shown["soft"], "seen": "process %d, %s" % (shown["pid"], shown["name"])}
    soft = runtime["configured"]["soft"]
    if soft is not None:
        soft = min(nr_open if soft == "infinity" else soft, runtime["hard"])
    return {
        "runtime": runtime["name"],
        "soft": soft,
        "seen": "LimitNOFILE of %s" % runtime["unit"],
    }


CONDITION = Condition(
    id="runtime_nofile_huge",
    evaluate=evaluate,
    role="nodemend.kubernetes.runtime_limits",
    remedy_scope="node",
    remediate_on="request",
    disruption="restart",
)
