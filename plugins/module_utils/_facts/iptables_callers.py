# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""Fact: what on this host is known to call an iptables command, and which backend that command speaks."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

# Networks whose rules are counted, but never prove a fault; so what they call does not either.
OTHERS = ("weaver", "aws-k8s-agent", "cilium-agent")

SOURCES = ()


def collect(iptables_binaries, cni_plugins, kube_proxy, host_network_agents=None, calico=None):
    """Return [{who, why, backend}]: backend nft or legacy; what cannot be known is left out.

    Without root the agents are not known and left out; the callers of the host's own command are known all the same.
    """
    callers = []
    agents = [agent for agent in host_network_agents or [] if agent["name"] not in OTHERS]
    command = iptables_binaries["iptables"]
    if command is not None and command["backend"] is not None:
        # k3s puts its own commands at the end of PATH, so the host's win unless prefer-bundled-bin says otherwise. Its containerd and
        # the plugins inherit that PATH (k3s, cmd/k3s/main.go); a runtime of the host has its own.
        calls_host = not kube_proxy["k3s"] or kube_proxy["bundled"] is False  # None where its configuration could not be read
        for plugin in cni_plugins["plugins"] if calls_host or kube_proxy["foreign_runtime"] else []:
            if calls_iptables(plugin):
                why = "%s in %s calls %s" % (plugin["type"], cni_plugins["path"], command["path"])
                callers.append({"who": "CNI plugin " + plugin["type"], "why": why, "backend": command["backend"]})
        if kube_proxy["embedded"] and calls_host:
            why = "k3s without prefer-bundled-bin calls %s" % command["path"]
            callers.append({"who": "k3s", "why": why, "backend": command["backend"]})
        for agent in agents:
            if not agent["image"] and not agent["decides"]:
                why = "%s (PID %d) calls %s" % (agent["name"], agent["pid"], command["path"])
                callers.append({"who": agent["name"], "why": why, "backend": command["backend"]})
    for agent in agents:
        if agent["backend"] is not None:
            why = "%s (PID %d) calls the %s of its image" % (agent["name"], agent["pid"], agent["path"])
            callers.append({"who": agent["name"], "why": why, "backend": agent["backend"]})
    setting = ((calico or {}).get("felix") or {}).get("FELIX_IPTABLESBACKEND", "").lower()
    if setting in ("nft", "legacy"):
        callers.append({"who": "calico-node", "why": "FELIX_IPTABLESBACKEND=%s" % setting, "backend": setting})
    return callers


def calls_iptables(plugin):
    """Return whether a CNI plugin is known to call the host's iptables: portmap always does unless told nftables."""
    if plugin["backend"] == "nftables":
        return False
    return plugin["type"] == "portmap" or plugin["type"] in ("bridge", "ptp") and plugin["masquerades"]
