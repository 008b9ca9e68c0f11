# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""Which scanned hosts are nodes of which cluster, and what a plan needs to know of a cluster. Pure: scans in, facts out."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from ._findings import not_scanned
from ._node_proof import proved_node


def node_of(scan):
    """Return what a scan says of the host as a node; empty where the host was not scanned."""
    return {} if not_scanned(scan) else scan.get("node") or {}


def has_pods(node):
    """Return whether the host's kubelet may run pods of a cluster. One that kubeadm has set up for etcd alone has no API server and runs static pods
    only (kubernetes.io, "Set up a High Availability etcd Cluster with kubeadm", step 1)."""
    return bool(node.get("kubernetes")) and not (node.get("etcd") and node.get("standalone"))


def cluster_of(node, clusters):
    """Return the one of _clusters.clusters() that a node belongs to, or None where that is not known."""
    return next((cluster for cluster in clusters if cluster["id"] and cluster["id"] == node.get("cluster")), None)


def lack(cluster):
    """Return why nothing is known of a cluster's nodes, or None."""
    if cluster["scan"] is None:
        return cluster["reason"]
    if cluster["scan"]["cluster"]["nodes"] is None:
        told = (cluster["scan"].get("unavailable") or {}).get("cluster_nodes") or {}
        return "its API server did not answer: %s" % told.get("message", "no message")
    return None


def unscanned(cluster, scans):
    """Return the names of the cluster's nodes that no scanned host is proved to be."""
    seen = set()
    for scan in scans.values():
        try:
            seen.add(proved_node(node_of(scan), cluster["scan"]["cluster"]))
        except ValueError:
            continue
    return [node["name"] for node in cluster["scan"]["cluster"]["nodes"] if node["name"] not in seen]
