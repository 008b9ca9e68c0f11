# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""A binary or a setting of the kernel is missing that kubeadm asks for before a node joins, or that its pod network needs."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from .. import _version
from .._condition import Condition, at_risk, faulty, not_applicable, ok, unknown
from .._facts.prerequisites import MANDATORY, USEFUL

# kubeadm asks for these from the first version on and before the second (kubernetes/kubernetes pull requests 85857, 126952 and 123464).
CONNTRACK = ((1, 18), (1, 32))
BRIDGE = ((1, 0), (1, 30))
# They put pods on a Linux bridge, whose packets pass no iptables by themselves.
BRIDGE_CNIS = ("bridge", "flannel", "weave-net")


def evaluate(prerequisites, cni_plugins=None):
    bridge = next((plugin["type"] for plugin in (cni_plugins or {}).get("plugins", []) if plugin["type"] in BRIDGE_CNIS), None)
    useful = [name for name in USEFUL if prerequisites["binaries"][name] is None]
    evidence = {"prerequisites": prerequisites, "bridge_cni": bridge, "warnings": useful}
    if not prerequisites["kubernetes"]:
        return not_applicable("NoKubernetes", "Neither a kubelet nor kubeadm is here, or k3s or RKE2, which bring what they need.", **evidence)
    missing, doubtful = _missing(prerequisites, bridge)
    if missing:
        told = "%s." % "; ".join(missing)
        if prerequisites["joined"]:
            return at_risk("Missing", "The node has joined, but kubeadm or its pod network asks for more: " + told, **evidence)
        return faulty("Missing", "kubeadm would not let this host join: " + told, **evidence)
    if doubtful:
        return unknown(
            "VersionUnknown", "It depends on the version of Kubernetes, which neither kubeadm nor kubelet told: %s." % "; ".join(doubtful), **evidence
        )
    return ok("Complete", "What kubeadm calls an error is all there%s." % (", without %s" % ", ".join(useful) if useful else ""), **evidence)


def _missing(prerequisites, bridge):
    """Return (what is missing, what is missing for some versions where the version is not known), as sentences."""
    sysctls = prerequisites["sysctls"]
    version = _version.parse(prerequisites["version"])
    missing, doubtful = [], []
    for name in MANDATORY:
        if prerequisites["binaries"][name] is None:
            _add(missing, doubtful, version, CONNTRACK if name == "conntrack" else None, "%s is not installed" % name)
    forwarding, filtered = "net.ipv4.ip_forward", "net.bridge.bridge-nf-call-iptables"
    if prerequisites["ip"] == 6:
        forwarding, filtered = "net.ipv6.conf.default.forwarding", "net.bridge.bridge-nf-call-ip6tables"
    if sysctls[forwarding] != 1:
        missing.append(_told(sysctls, forwarding))
    if sysctls[filtered] != 1:
        # A bridge needs it whatever the version.
        _add(missing, doubtful, version, None if bridge else BRIDGE, _told(sysctls, filtered))
    return missing, doubtful


def _add(missing, doubtful, version, asking, told):
    """Add a sentence where it counts; asking: the first version of kubeadm that asks and the first that no longer does, None for all."""
    if asking is None or version is not None and not _version.older(version, asking[0]) and _version.older(version, asking[1]):
        missing.append(told)
    elif version is None:
        doubtful.append(told)


def _told(sysctls, name):
    if sysctls[name] is None:
        return "%s is not there%s" % (name, " (br_netfilter is not loaded)" if name.startswith("net.bridge.") else "")
    return "%s is %d" % (name, sysctls[name])


CONDITION = Condition(
    id="node_prerequisites_missing",
    evaluate=evaluate,
    role="nodemend.kubernetes.node_prerequisites",
    remedy_scope="node",
    remediate_on="faulty",
    disruption="none",
    node_only=False,  # so that the role sees what a blank host lacks
)
