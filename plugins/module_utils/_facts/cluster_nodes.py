# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""Fact: the nodes of the cluster, as the API server knows them."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from .._kubectl import asks

SOURCES = (asks("/api/v1/nodes*", "names, addresses, readiness, labels of the control plane and versions of the nodes"),)

# The second is that of Kubernetes before 1.24.
CONTROL_PLANE_LABELS = ("node-role.kubernetes.io/control-plane", "node-role.kubernetes.io/master")


def parse(item):
    """Return {name, addresses, ready, unschedulable, control_plane, kubelet_version, kernel, os_image, runtime} of a Node.

    addresses  those of the type InternalIP
    ready      False also where the kubelet has stopped to report (Unknown)
    """
    metadata, status = item["metadata"], item.get("status") or {}
    info = status.get("nodeInfo") or {}
    ready = [condition.get("status") for condition in status.get("conditions") or [] if condition.get("type") == "Ready"]
    return {
        "name": metadata["name"],
        "addresses": [address["address"] for address in status.get("addresses") or [] if address.get("type") == "InternalIP"],
        "ready": ready == ["True"],
        "unschedulable": bool((item.get("spec") or {}).get("unschedulable")),
        "control_plane": any(label in (metadata.get("labels") or {}) for label in CONTROL_PLANE_LABELS),
        "kubelet_version": info.get("kubeletVersion"),
        "kernel": info.get("kernelVersion"),
        "os_image": info.get("osImage"),
        "runtime": info.get("containerRuntimeVersion"),
    }


def collect(kubectl_client):
    """Return a list of what parse() keeps of each node, by name."""
    return sorted((parse(item) for item in kubectl_client.items("/api/v1/nodes")), key=lambda node: node["name"])
