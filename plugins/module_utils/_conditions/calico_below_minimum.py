# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""A Calico older than the operator wants: each release has faults that only a newer one is rid of."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from .. import _version
from .._condition import Condition, faulty, not_applicable, ok, unknown


def evaluate(calico_installation, minimum_calico_version):
    if not calico_installation["present"]:
        return not_applicable("NoCalico", "No Calico is installed in this cluster.")
    nodes = calico_installation["nodes"]
    minimum = _version.parse(minimum_calico_version)
    evidence = {"minimum": minimum_calico_version, "nodes": nodes, "method": calico_installation["method"]}
    if not nodes:
        return unknown("NoPods", "No calico-node runs on any node, so that no version can be told.", **evidence)
    enterprise = [item for item in nodes if item["edition"] == "enterprise"]
    if enterprise:
        return unknown("Enterprise", "Calico Enterprise counts versions of its own: %s." % enterprise[0]["image"], **evidence)
    known = [item for item in nodes if item["version"]]
    old = [item for item in known if _version.older(_version.parse(item["version"]), minimum)]
    if old:
        return faulty("BelowMinimum", "Calico is older than %s: %s." % (minimum_calico_version, by_version(nodes)), **evidence)
    if len(known) < len(nodes):
        lost = next(item for item in nodes if not item["version"])
        message = "The image %s on %s has no version in its tag." % (lost["image"], lost["node"])
        return unknown("VersionUnknown", message, **evidence)
    return ok("NotBelow", "Calico is not older than %s: %s." % (minimum_calico_version, by_version(nodes)), **evidence)


def by_version(nodes):
    """Return "3.15.5 on worker1, worker2; 3.22.5 on 40 nodes"."""
    places = {}
    for item in nodes:
        places.setdefault(item["version"], []).append(item["node"])
    told = []
    for version in sorted(places, key=lambda text: _version.parse(text) or ()):
        names = places[version]
        told.append("%s on %s" % (version or "unknown", ", ".join(names) if len(names) <= 3 else "%d nodes" % len(names)))
    return "; ".join(told)


CONDITION = Condition(
    id="calico_below_minimum",
    evaluate=evaluate,
    scope="cluster",
    role="nodemend.kubernetes.calico",
    remedy_scope="cluster",
    remediate_on="faulty",
    disruption="restart",
)
