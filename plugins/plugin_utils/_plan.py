# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""Which remedy may run where, in which order. Pure: scans and permissions in, plan out.

The remedies stand in _remedies.py, what speaks against one in _refusals.py, the lines for people in _plan_lines.py.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import collections

from ._clusters import scans_of as cluster_scans
from ._findings import findings, not_scanned, remediable
from ._membership import cluster_of, has_pods, lack, node_of
from ._refusals import of_cluster, of_host
from ._remedies import CLUSTER, DISRUPTIONS, HOST, MAINTENANCE, REMEDIES, moves_pods, name_of, of_place, option_of

# max_disruption   the most that a remedy may do to a host
# conditions       ids the operator named, or None for all; a remedy "on request" needs its condition named
# drained          the operator's word that the hosts hold no pods, so that nobody has to drain them
# cluster_changes  whether a remedy may change a whole cluster
# limited          whether --limit may hide hosts from the play
Wishes = collections.namedtuple("Wishes", "max_disruption conditions drained cluster_changes limited")

# Variables of the operator's, which each host may have of its own, that decide over a plan.
VARIABLES = (
    "calico_manifest",
    "iptables_duplicates_persisted",
    "kernel_calico_ok",
    "kernel_minimum_version",
    "kernel_reboot_by",
    "kernel_reboot_ok",
    "kernel_target_release",
    "nodemend_cluster_host",
    "nodemend_control_plane_group",
)


def wishes(max_disruption="none", conditions=None, drained=False, cluster_changes=False, limited=False):
    """Return Wishes; raise ValueError for a disruption that is none."""
    if max_disruption not in DISRUPTIONS:
        raise ValueError("nodemend_max_disruption: %r is not valid; valid are %s." % (max_disruption, ", ".join(DISRUPTIONS)))
    return Wishes(max_disruption, conditions, drained, cluster_changes, limited)


def plan(scans, wished, clusters=(), variables=None):
    """Return the plan: a list of entries in the order they would run.

    scans      {host: node scan}
    clusters   those of _clusters.clusters()
    variables  {host: {name: value}} of VARIABLES, and manifest_version, the Calico that calico_manifest brings, where that is known

    An entry: {host, cluster, kubeconfig, place, remedy, role, conditions, node_conditions, nodes, options, disruption, moves_pods, allowed, reason}.
    host is where the role runs; of remedies of a cluster, cluster is its name, kubeconfig the one that it was asked with, and
    node_conditions were found on the hosts nodes. options are variables of the role that must be true for it to do anything.
    """
    variables = variables or {}
    entries = []
    for remedy in of_place(CLUSTER):
        for cluster in clusters:
            entry = _cluster_entry(remedy, cluster, scans, wished)
            if entry:
                against = of_cluster(entry, cluster, clusters, scans, wished, variables.get(entry["host"], {}))
                entries.append(_judged(entry, against))
    upgrades = [entry for entry in entries if entry["remedy"] == "calico" and entry["allowed"]]
    upgraded = dict((entry["cluster"], variables.get(entry["host"], {}).get("manifest_version")) for entry in upgrades)
    for entry in _host_entries(scans, wished, variables):
        node = node_of(scans[entry["host"]])
        against = of_host(entry, node, cluster_of(node, clusters), wished, variables.get(entry["host"], {}), upgraded)
        entries.append(_judged(entry, against))
    return entries


def maintenances(entries, scans, drained):
    """Return {host: {remedies, drain, gate}}: what the maintenance of each host does, for remedies that are allowed.

    drain  whether its pods are moved away and back again
    gate   whether the control plane and etcd must be able to do without it
    """
    found = {}
    for entry in entries:
        if entry["place"] == MAINTENANCE and entry["allowed"]:
            node = node_of(scans[entry["host"]])
            shared = found.setdefault(entry["host"], {"remedies": [], "drain": False, "gate": False})
            shared["remedies"].append(entry["remedy"])
            # Those who have drained a host by hand may have a control plane that nobody here can ask.
            ours = entry["moves_pods"] and not drained
            shared["drain"] |= bool(ours and has_pods(node))
            shared["gate"] |= bool(ours and _serves(node))
    return found


def unread(scans, conditions, clusters=()):
    """Return [{condition, reason, message, hosts}] of what a role could mend in this run and nobody could read: nothing is planned for it."""
    judged = dict(scans, **cluster_scans(clusters))
    return [
        dict((key, finding[key]) for key in ("condition", "reason", "message", "hosts"))
        for finding in findings(judged)
        if finding["status"] == "unknown" and finding["role"] and _asked_for(finding, conditions)
    ]


def _cluster_entry(remedy, cluster, scans, wished):
    own = [] if lack(cluster) else _wanted(cluster["scan"], remedy, wished.conditions)
    on_nodes, nodes = [], []
    for host in _workers_first(scans):
        found = _wanted(scans[host], remedy, wished.conditions)
        if found and node_of(scans[host]).get("cluster") == cluster["id"]:
            on_nodes += found
            nodes.append(host)
    if not own and not on_nodes:
        return None
    entry = _entry(remedy, cluster["host"] or nodes[0], CLUSTER, own + on_nodes)
    kubeconfig = cluster["scan"]["cluster"]["kubeconfig"] if cluster["scan"] else None
    return dict(entry, cluster=cluster["name"], kubeconfig=kubeconfig, node_conditions=_names(on_nodes), nodes=nodes, moves_pods=False)


def _host_entries(scans, wished, variables):
    """Remedy by remedy where they run alone, then host by host where they share a maintenance."""
    alone, shared = [], []
    hosts = _workers_first(scans)
    for remedy in REMEDIES:
        for host in hosts:
            found = _wanted(scans[host], remedy, wished.conditions) if remedy.places != (CLUSTER,) else []
            if not found:
                continue
            place = HOST if _worst(found) in ("none", "restart") else MAINTENANCE
            entry = _entry(remedy, host, place, found)
            entry["moves_pods"] = moves_pods(entry["disruption"], variables.get(host, {}))
            (alone if place == HOST else shared).append(entry)
    return alone + sorted(shared, key=lambda entry: hosts.index(entry["host"]))


def _wanted(scan, remedy, conditions):
    """Return the verdicts of a scan that ask for this remedy."""
    return [
        verdict
        for verdict in scan["conditions"]
        if remediable(verdict)
        and name_of(verdict["condition"], verdict["role"]) == remedy.name
        and (verdict["remedy_scope"] == "cluster") == (CLUSTER in remedy.places)
        and _asked_for(verdict, conditions)
    ]


def _asked_for(verdict, conditions):
    """Whether the conditions that were named, None for all, let this run mend a verdict; a remedy on request wants its own named."""
    if conditions is None:
        return verdict["remediate_on"] != "request"
    return verdict["condition"] in conditions


def _entry(remedy, host, place, verdicts):
    return {
        "host": host,
        "cluster": None,
        "kubeconfig": None,
        "place": place,
        "remedy": remedy.name,
        "role": remedy.role,
        "conditions": _names(verdicts),
        "node_conditions": [],
        "nodes": [],
        "options": sorted(set(option_of(verdict) for verdict in verdicts) - {None}),
        "disruption": _worst(verdicts),
    }


def _names(verdicts):
    names = [verdict["condition"] for verdict in verdicts]
    return sorted(set(names), key=names.index)


def _worst(verdicts):
    return max((verdict["disruption"] or "none" for verdict in verdicts), key=DISRUPTIONS.index)


def _judged(entry, against):
    return dict(entry, allowed=not against, reason="; ".join(against))


def _workers_first(scans):
    """Host names, the control plane and etcd last: what goes wrong should go wrong on a worker."""
    done = [host for host, scan in scans.items() if not not_scanned(scan)]
    return sorted(done, key=lambda host: _serves(node_of(scans[host])))


def _serves(node):
    """Whether the whole cluster needs what runs on this host."""
    return bool(node.get("control_plane") or node.get("etcd"))
