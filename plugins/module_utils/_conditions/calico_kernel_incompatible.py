# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""Nodes whose kernel is not one that their Calico's documents speak of, or that this Calico is known to fail on."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from .. import _calico_releases, _version
from .._condition import Condition, at_risk, not_applicable, ok, unknown


def evaluate(calico_installation, cluster_nodes):
    if not calico_installation["present"]:
        return not_applicable("NoCalico", "No Calico is installed in this cluster.")
    dataplane = calico_installation["dataplane"]
    kernels = dict((node["name"], node["kernel"]) for node in cluster_nodes)
    found = [look(item, kernels.get(item["node"]), dataplane) for item in calico_installation["nodes"]]
    evidence = {"dataplane": dataplane, "nodes": found}
    for reason in ("KnownFault", "BelowDocumentedFloor"):
        hit = [item for item in found if item["reason"] == reason]
        if hit:
            return at_risk(reason, "%s Nodes: %s." % (hit[0]["message"], _names(hit)), **evidence)
    lost = [item for item in found if item["reason"] is None]
    if lost or not found:
        return unknown("VersionUnknown", "Calico's version or the kernel is not known on: %s." % (_names(lost) or "any node"), **evidence)
    exempt = [item for item in found if item["reason"] == "VendorKernel"]
    if exempt:
        return ok("VendorKernel", "%s Nodes: %s." % (exempt[0]["message"], _names(exempt)), **evidence)
    return ok("Documented", "Every kernel is one that Calico's documents speak of.", **evidence)


def _names(items):
    return ", ".join(item["node"] for item in items[:3]) + (" and %d more" % (len(items) - 3) if len(items) > 3 else "")


def look(item, kernel, dataplane):
    """Return {node, version, kernel, floor, reason, message} of one node; reason is None where it cannot be told."""
    result = {"node": item["node"], "version": item["version"], "kernel": kernel, "floor": None, "reason": None, "message": None}
    version, numbers = _version.parse(item["version"]), _version.parse(kernel)
    if version is None or numbers is None or item["edition"] == "enterprise" or _calico_releases.release(version) is None:
        return result
    bad = _calico_releases.avoid(version, numbers, dataplane)
    bad = [row for row in bad if row.kernel_first is not None]
    floor = _calico_releases.kernel_floor(version, dataplane)
    told = "Calico %s (%s) on kernel %s" % (item["version"], dataplane, kernel)
    result["floor"] = ".".join(str(part) for part in floor) if floor else None
    if bad:
        result.update(reason="KnownFault", message="%s %s." % (told, bad[0].why))
    elif floor is None or not _version.older(numbers, floor):
        result["reason"] = "Documented"
    elif _calico_releases.kernel_exemption(version, kernel, dataplane):
        result.update(reason="VendorKernel", message="%s: below %s, and the vendor's kernel is documented." % (told, result["floor"]))
    else:
        result.update(reason="BelowDocumentedFloor", message="%s: the documents ask for %s." % (told, result["floor"]))
    return result


CONDITION = Condition(
    id="calico_kernel_incompatible",
    evaluate=evaluate,
    scope="cluster",
)
