# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""The remedies that remediate.yml knows: a row here and a play or a task there; a test holds both, and the conditions' roles, equal."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import collections

DISRUPTIONS = ("none", "restart", "drain", "reboot")

# Where a remedy runs, in this order: in a play of its own, once for a cluster; in a play of its own, on each host; in the
# one maintenance of a host that all share for which its pods may have to move.
CLUSTER, HOST, MAINTENANCE = "cluster", "host", "maintenance"

Remedy = collections.namedtuple("Remedy", "name role places")

# In the order they run: causes before effects, the least disruption first, the kernel last.
REMEDIES = (
    Remedy("calico_rbac", "calico", (CLUSTER,)),
    Remedy("calico", "calico", (CLUSTER,)),
    Remedy("evicted_pods", "evicted_pods", (CLUSTER,)),
    Remedy("calico_ipam", "calico_ipam", (CLUSTER,)),
    Remedy("node_prerequisites", "node_prerequisites", (HOST,)),
    Remedy("kernel_sysctls", "kernel_sysctls", (HOST,)),
    Remedy("vxlan_offload", "vxlan_offload", (HOST,)),
    Remedy("iptables_duplicates", "iptables_duplicates", (HOST,)),
    Remedy("binfmt", "binfmt", (HOST,)),
    Remedy("kubelet_cgroups", "kubelet_cgroups", (HOST,)),
    Remedy("runtime_limits", "runtime_limits", (HOST, MAINTENANCE)),
    Remedy("cni_token", "cni_token", (HOST,)),
    Remedy("iptables_backend", "iptables_backend", (MAINTENANCE,)),
    Remedy("control_plane_certificates", "control_plane_certificates", (MAINTENANCE,)),
    Remedy("kernel", "kernel", (HOST, MAINTENANCE)),
)
# Conditions for which a role does only a part of its work, under a name of its own.
PARTS = {"calico_rbac_incomplete": "calico_rbac"}
# Verdicts, by condition and reason, that a role mends only where the operator has set a variable of its own to true.
OPTIONAL = {("iptables_rules_duplicated", "CopiesSaved"): "iptables_duplicates_persisted"}


def of_place(place):
    """Return the remedies that may run in a place, in their order."""
    return [remedy for remedy in REMEDIES if place in remedy.places]


def name_of(condition, role):
    """Return the name of the remedy that a verdict's condition and role (an FQCN) ask for."""
    return PARTS.get(condition, role.rpartition(".")[2])


def option_of(verdict):
    """Return the variable without which the role leaves a verdict as it is, or None."""
    return OPTIONAL.get((verdict["condition"], verdict["reason"]))


def moves_pods(disruption, variables):
    """Return whether the pods of a host must move for a remedy; without the leave to boot it a kernel is only installed, and kured drains by itself."""
    boots = truth(variables.get("kernel_reboot_ok")) and variables.get("kernel_reboot_by") != "kured"
    return disruption == "drain" or disruption == "reboot" and boots


def truth(value):
    """Return the truth of a variable that may have come as text (-e name=true)."""
    return str(value).strip().lower() in ("true", "yes", "on", "1", "y", "t")
