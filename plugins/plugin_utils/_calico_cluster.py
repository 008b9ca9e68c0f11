# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""The Calico of a cluster, as its objects tell it; found: as in _calico_plan.plan(). Pure."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from ..module_utils._facts import calico, calico_installation, cluster_nodes
from . import _calico_gates as gates
from ._labels import matches

# Of the DaemonSets of its agents, and of its other Deployment than Typha.
NAMES = ("calico-node", "canal")
CONTROLLERS = "calico-kube-controllers"


def daemonsets_of(found):
    """Return the DaemonSets of Calico's agents, an operator's among them."""
    objects = found["objects"]
    every = calico_installation.with_operators(objects["daemonsets"], objects.get("operators_daemonsets", []))
    return [item for item in every if any(name in item["metadata"]["name"] for name in NAMES)]


def installed(found, accepted):
    """Return (the one DaemonSet of Calico's agent, reasons for refusal); None with the reason where there is not one."""
    daemonsets = daemonsets_of(found)
    if len(daemonsets) != 1:
        names = ", ".join(sorted(item["metadata"]["name"] for item in daemonsets)) or "none"
        message = "One DaemonSet of Calico (label k8s-app calico-node or canal) is expected in the cluster; found: %s." % names
        return None, [{"gate": "not_installed", "message": message, "override": None}]
    return daemonsets[0], gates.installation(daemonsets[0], found["objects"], found.get("kubekey", False), accepted)


def running(daemonset, found):
    """Return (versions that run, oldest first, reasons for refusal); the pods count, not what the DaemonSet wants."""
    versions = set()
    for item in [daemonset] + found["objects"]["pods"]:
        edition, version = gates.version_of(item)
        if edition == "enterprise":
            return [], [{"gate": "enterprise", "message": "This is Calico Enterprise, whose versions are others.", "override": None}]
        if version is None:
            message = "The version of %s cannot be told from its image." % item["metadata"]["name"]
            return [], [{"gate": "version_unknown", "message": message, "override": None}]
        versions.add(version)
    return sorted(versions), []


def nodes_of(found, daemonset=None):
    """Return the nodes as cluster_nodes has them, of a DaemonSet those that have a pod of it or that it would give one.

    That is no Windows node and no virtual kubelet.
    """
    has = set(pod["spec"].get("nodeName") for pod in found["objects"]["pods"])
    pod = daemonset["spec"]["template"]["spec"] if daemonset else {}
    return [
        cluster_nodes.parse(node)
        for node in found["objects"]["nodes"]
        if node["metadata"]["name"] in has or _wanted_on(pod, node["metadata"].get("labels") or {})
    ]


def _wanted_on(pod, labels):
    """Return whether a node of these labels may have the pod, by its nodeSelector and required affinity; what is not understood may."""
    if any(labels.get(name) != value for name, value in (pod.get("nodeSelector") or {}).items()):
        return False
    affinity = (pod.get("affinity") or {}).get("nodeAffinity") or {}
    terms = (affinity.get("requiredDuringSchedulingIgnoredDuringExecution") or {}).get("nodeSelectorTerms") or [{}]
    return any(all(matches(item, labels) for item in term.get("matchExpressions") or []) for term in terms)


def image_of(daemonset):
    """Return the image that a DaemonSet runs as calico-node."""
    return calico_installation.parse_daemonset(daemonset)["image"]


def configmaps(objects):
    """Return the ConfigMaps of Calico and of canal."""
    return objects["configmaps"] + objects.get("canalconfigs", [])


def order(nodes, daemonset, objects):
    """Return the names of nodes that have a pod of the DaemonSet: the control plane last."""
    has = set(pod["spec"].get("nodeName") for pod in objects["pods"])
    chosen = [node for node in nodes if node["name"] in has and node["ready"]]
    return [node["name"] for node in sorted(chosen, key=lambda node: (node["control_plane"], node["name"]))]


def dataplane(daemonset, objects):
    """Return iptables, bpf or nftables."""
    settings = gates.environment(daemonset)
    felix = next((item["spec"] for item in objects.get("felixconfigurations", []) if item["metadata"]["name"] == "default"), {})
    told = calico.dataplane(dict((name, value or "") for name, value in settings.items()))
    if told or "FELIX_BPFENABLED" in settings:
        return told or "iptables"
    if felix.get("bpfEnabled"):
        return "bpf"
    return "nftables" if felix.get("nftablesMode") == "Enabled" else "iptables"
