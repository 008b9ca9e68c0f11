# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""What speaks against a remedy of a plan, as sentences with what the operator can do. Pure."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from ..module_utils import _version
from ..module_utils._facts.kernel_release import DEFAULT_FLOOR, below, parse, parse_floor
from ._calico_fit import suited, unfit
from ._hosts import fold
from ._membership import has_pods, lack, unscanned
from ._node_proof import proved_node
from ._remedies import DISRUPTIONS, HOST, truth


def of_cluster(entry, cluster, clusters, scans, wished, variables):
    """Return what speaks against a remedy that changes a whole cluster, one of clusters; empty where it may run."""
    against = _too_disruptive(entry, wished)
    if not wished.cluster_changes:
        against.append("changes the whole cluster: needs -e nodemend_cluster_changes=true")
    if wished.limited:
        against.append("changes the whole cluster, of which --limit shows a part: name its hosts with -e nodemend_hosts=GROUP instead")
    if lack(cluster):
        return against + [lack(cluster)]
    if not wished.limited:
        missing = unscanned(cluster, scans)
        if missing:
            against.append("nodes of the cluster were not scanned: %s" % fold(missing))
    others = [other["name"] for other in clusters if other["host"] == entry["host"] and other is not cluster]
    if others:
        told = "%s asks for %s too, and a remedy runs once on a host: give the hosts of one cluster alone, -e nodemend_hosts=GROUP"
        against.append(told % (entry["host"], " and ".join(others)))
    if entry["remedy"] == "calico" and not variables.get("calico_manifest"):
        against.append("needs -e calico_manifest=FILE, the manifest of the version to go to; %s" % _suited(cluster["scan"]["cluster"]))
    return against


def of_host(entry, node, cluster, wished, variables, upgraded):
    """Return what speaks against a remedy on this host; empty where it may run.

    cluster   the one of _clusters.clusters() that the host belongs to, or None
    upgraded  {name: version, None where it is not known} of the clusters whose Calico this plan upgrades first
    """
    against = _too_disruptive(entry, wished)
    against += ["needs -e %s=true" % option for option in entry["options"] if not truth(variables.get(option))]
    if entry["moves_pods"] and not wished.drained:
        against += _not_drained(entry, node, cluster) if has_pods(node) else _not_spared(entry, node, cluster, variables)
    if entry["remedy"] == "kernel":
        against += _kernel_stays(entry, node, variables)
    if entry["remedy"] == "kernel" and entry["place"] != HOST and node.get("kubernetes") and not truth(variables.get("kernel_calico_ok")):
        against += _no_calico_for(node, cluster, variables.get("kernel_target_release"), upgraded)
    return against


def _suited(seen):
    kernels = [node["kernel"] for node in seen["nodes"] if node.get("kernel")]
    return suited(seen.get("version"), kernels, (seen.get("calico") or {}).get("dataplane") or "iptables")


def _too_disruptive(entry, wished):
    if DISRUPTIONS.index(entry["disruption"]) <= DISRUPTIONS.index(wished.max_disruption):
        return []
    return ["needs -e nodemend_max_disruption=%s" % entry["disruption"]]


def _not_drained(entry, node, cluster):
    """Pods are moved only by the cluster that they run in, from a node that is proved to be this host."""
    by_hand = "or drain it yourself, then run with -e nodemend_drained=true --limit %s" % entry["host"]
    if cluster is None or lack(cluster):
        return ["its pods must move first, and %s; %s" % (lack(cluster) if cluster else "its cluster is not known", by_hand)]
    try:
        proved_node(node, cluster["scan"]["cluster"])
    except ValueError as exc:
        return ["its pods must move first, and which node it is could not be proved: %s; %s" % (str(exc).rstrip("."), by_hand)]
    return []


def _not_spared(entry, node, cluster, variables):
    """A host that is no node has no pods to move, but its API server or member of etcd stops with it."""
    if not node.get("control_plane") and not node.get("etcd"):
        return []
    if cluster is None and (variables.get("nodemend_cluster_host") or variables.get("nodemend_control_plane_group")):
        return []
    why = "its cluster is not known" if cluster is None else lack(cluster)
    if why is None:
        return []
    told = (
        "an API server or a member of etcd stops with it, and %s; name a host that may ask the API server, -e nodemend_cluster_host=HOST, "
        "or see that the others do without it, then run with -e nodemend_drained=true --limit %s"
    )
    return [told % (why, entry["host"])]


def _kernel_stays(entry, node, variables):
    """What is asked for and what the variables name may not go together."""
    running, target = node.get("kernel"), variables.get("kernel_target_release")
    if entry["place"] == HOST:
        if not target or target == running:
            return []
        return ["makes %s, which is running, the default, and kernel_target_release names %s: run again without it" % (running, target)]
    if target and target == running:
        return ["kernel_target_release names %s, which is running, so the role would leave it: name another, or a floor" % running]
    if target or set(entry["conditions"]) - set(["kernel_not_default"]) != set(["kernel_memory_leak"]):
        return []
    floor = str(variables.get("kernel_minimum_version") or DEFAULT_FLOOR)
    if running is None or below(parse(running), parse_floor(floor)):
        return []
    told = "%s is not below %s, so the role would leave it: name a newer one, -e kernel_minimum_version=RELEASE (docs/conditions/kernel_memory_leak.md)"
    return [told % (running, floor)]


def _no_calico_for(node, cluster, target, upgraded):
    """A kernel that Calico does not support comes after Calico's upgrade: the story of case 001."""
    if cluster is None or lack(cluster):
        return []
    first, coming = "upgrade Calico first (nodemend_cluster_changes, calico_manifest), then the kernel", None
    if cluster["name"] in upgraded:
        first, coming = "take the manifest of another Calico", upgraded[cluster["name"]]
        if coming is None:
            return ["which Calico calico_manifest brings is not known before it is there: run again then; kernel_calico_ok=true overrides"]
    why = unfit(cluster["scan"]["cluster"], node.get("name"), _version.parse(target), node.get("proxy_mode"), coming)
    return ["%s: %s; kernel_calico_ok=true overrides" % (why, first)] if why else []
