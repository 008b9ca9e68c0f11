# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""Which node of a cluster a host is, proved: what follows may move its pods or reboot it. Pure: scans in, a name or a reason out."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import ipaddress


class NotProved(ValueError):
    """The host cannot be shown to be a node of this cluster; the text says what is missing."""


def proved_node(node, cluster):
    """Return the name of the host's node in the cluster, or raise NotProved.

    node     "node" of node_condition_info on the host
    cluster  "cluster" of cluster_condition_info

    The name is the kubelet's own; the cluster must be the one whose CA the host trusts, know that name, and give this node,
    and no other, an address that the host has.
    """
    name = node.get("name")
    if not name:
        raise NotProved("Neither the kubelet's client certificate nor its arguments tell the name of this host's node.")
    if not node.get("cluster") or not cluster.get("id"):
        raise NotProved("The cluster of %s cannot be told: no CA certificate %s." % (name, "on the host" if cluster.get("id") else "in the kubeconfig"))
    if node["cluster"] != cluster["id"]:
        raise NotProved("%s belongs to the cluster %s, and this is the cluster %s." % (name, node["cluster"], cluster["id"]))
    if cluster.get("nodes") is None:
        raise NotProved("The nodes of the cluster %s could not be read." % cluster["id"])
    member = next((item for item in cluster["nodes"] if item["name"] == name), None)
    if member is None:
        raise NotProved("The cluster %s has no node %s." % (cluster["id"], name))
    own = _addresses(node.get("addresses"))
    if not own & _addresses(member["addresses"]):
        raise NotProved(
            "The node %s has the InternalIP %s, which this host does not have." % (name, ", ".join(member["addresses"]) or "of nobody")
        )
    others = sorted(item["name"] for item in cluster["nodes"] if item is not member and own & _addresses(item["addresses"]))
    if others:
        raise NotProved("An address of this host is the InternalIP of %s too; delete the node that no longer exists." % ", ".join([name] + others))
    return name


def _addresses(texts):
    """IPv6 addresses are written in more than one way."""
    return {ipaddress.ip_address(str(text)) for text in texts or ()}
