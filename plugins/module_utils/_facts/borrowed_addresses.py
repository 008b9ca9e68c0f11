# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""Fact: for each address that is used on another node than its block's, whether the block's node drops it, by that node's own routes."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import calendar
import re
import time

from .._kubectl import asks
from .._routes import dropped, version

SOURCES = (asks("/api/v1/namespaces/*/pods/*", "whether the pod still has an address that its block's node drops"),)

# So many pods are asked for; one that lacks a route is rarely alone.
ASKED = 20
# A route comes seconds after its address. What is younger was perhaps not there when the routes were read.
SETTLED = 600

# The facts of a node about its routes, by IP version.
BLACKHOLES = {4: "blackholes", 6: "blackholes_ipv6"}

_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d")


def collect(kubectl_client, ipam_blocks, cluster_nodes, cluster_identity, now, node_routes=None):
    """Return the entries of ipam_blocks with "look_up" and "by"; None where there are no blocks to look at.

    look_up  "routed"; "dropped", and a pod or node has the address; "leaked": dropped, and nobody has it; "young": dropped, but given only just
             now; "unseen": the routes of the block's node are not known; "ownerless": that node is gone
    by       the prefix that drops it, or None

    node_routes  [{name, cluster, addresses, blackholes, blackholes_ipv6}] of the scans of nodes
    """
    if ipam_blocks is None:
        return None
    routes = routes_of(node_routes or [], cluster_nodes, cluster_identity["id"])
    names = [node["name"] for node in cluster_nodes]
    asked, found = 0, []
    for entry in ipam_blocks["borrowed"]:
        look_up, by = looked_up(entry, routes, names)
        if look_up == "dropped" and young(entry, now):
            look_up = "young"
        elif look_up == "dropped":
            asked += 1
            if asked > ASKED:
                look_up, by = "unseen", None
            elif not in_use(kubectl_client, entry, names):
                look_up = "leaked"
        found.append(dict(entry, look_up=look_up, by=by))
    return found


def routes_of(node_routes, nodes, cluster):
    """Return {(name, IP version): prefixes} of the hosts that are proved to be nodes of this cluster and whose every packet takes the common tables."""
    addresses = dict((node["name"], node["addresses"]) for node in nodes)
    found = {}
    for host in node_routes:
        own = set(host.get("addresses") or []) & set(addresses.get(host.get("name"), []))
        if not own or not cluster or host.get("cluster") != cluster:
            continue
        for number, fact in BLACKHOLES.items():
            if host.get(fact) and not host[fact]["policies"]:
                found[host["name"], number] = host[fact]["prefixes"]
    return found


def looked_up(entry, routes, names):
    """Return (look_up, by) of an entry, whoever has its address."""
    if entry["owner"] not in names:
        return "ownerless", None
    key = entry["owner"], version(entry["address"])
    if key not in routes:
        return "unseen", None
    by = dropped(entry["address"], routes[key])
    return ("dropped" if by else "routed"), by


def young(entry, now):
    """Return whether an address was given only just now; releases before 3.16 do not tell."""
    match = _TIME.match(entry["since"] or "")
    if not match:
        return False
    given = calendar.timegm(time.strptime(match.group(0).replace("T", " "), "%Y-%m-%d %H:%M:%S"))
    return now - given < SETTLED


def in_use(kubectl_client, entry, names):
    """Return whether a pod or, with the end of a tunnel, a node has the address."""
    if not entry["pod"]:
        return bool(entry["type"]) and entry["user"] in names
    pod = kubectl_client.get("/api/v1/namespaces/%s/pods/%s" % (entry["namespace"], entry["pod"])) or {}
    status = pod.get("status") or {}
    own = [status.get("podIP")] + [item.get("ip") for item in status.get("podIPs") or []]
    return status.get("phase") not in ("Succeeded", "Failed") and entry["address"] in own
