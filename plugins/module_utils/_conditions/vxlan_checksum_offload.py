# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""A NIC takes over the checksum of packets inside a VXLAN or Geneve tunnel, and is known to get it wrong on some hypervisors."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from .. import _calico_releases, _version
from .._condition import Condition, at_risk, not_applicable, ok

CALICO_DEVICES = ("vxlan.calico", "vxlan-v6.calico")
OVERRIDE = "ChecksumOffloadBroken"


def evaluate(tunnel_offload, node, kernel_release, calico=None):
    evidence = {"tunnel_offload": tunnel_offload}
    if not node["present"]:
        return not_applicable("NotANode", "This host runs neither Kubernetes nor a container runtime.", **evidence)
    if not tunnel_offload["tunnels"]:
        return not_applicable("NoTunnel", "There is no VXLAN or Geneve device.", **evidence)
    tunnels = [tunnel for tunnel in tunnel_offload["tunnels"] if tunnel["over"]]
    if not tunnels:
        told = _names(tunnel_offload["tunnels"])
        return not_applicable("OtherDriver", "No NIC below %s has a driver that is known for it." % told, **evidence)
    nics = [nic for nic in tunnel_offload["nics"] if any(nic["name"] in tunnel["over"] for tunnel in tunnels)]
    if not any(nic["on"] for nic in nics):
        return ok("NicOff", "%s takes no checksum of a tunnel over." % _names(nics), **evidence)
    offloading = [tunnel for tunnel in tunnels if tunnel["on"]]
    if not offloading:
        return ok("TunnelOff", "%s leaves no checksum to the NIC." % _names(tunnels), **evidence)
    evidence["calico_version"] = calico["version"] if calico else None
    risky = [nic for nic in nics if nic["on"]]
    leaves = "%s leaves its checksums to %s (%s)" % (_names(offloading), _names(risky), risky[0]["driver"])
    # Felix looks every ten seconds: a device that was made just now is off at the next scan.
    if all(tunnel["name"] in CALICO_DEVICES for tunnel in offloading) and _turned_off(calico, kernel_release):
        return at_risk("CalicoLeftItOn", leaves + ", though Felix of this Calico should have turned that off.", **evidence)
    return at_risk(
        "OffloadOn",
        leaves + ": some hypervisors send such packets wrong, and only ping gets through between nodes. "
        "Whether this one does, only a connection to another node shows.",
        **evidence
    )


def _names(devices):
    return ", ".join(device["name"] for device in devices)


def _turned_off(calico, kernel_release):
    """Return whether Felix should turn the offload off: as it was told, else as its release does by default."""
    if not calico or not calico["present"]:
        return False
    for setting in (calico["felix"] or {}).get("FELIX_FEATUREDETECTOVERRIDE", "").split(","):
        name, unused, value = setting.partition("=")
        if name.strip().lower() == OVERRIDE.lower():
            return value.strip().lower() == "true"
    version = _version.parse(calico["version"])
    if version is None or calico["edition"] == "enterprise":
        return False
    return _calico_releases.offload_off(version, tuple(kernel_release["version"]))


CONDITION = Condition(
    id="vxlan_checksum_offload",
    evaluate=evaluate,
    role="nodemend.kubernetes.vxlan_offload",
    remedy_scope="node",
    remediate_on="request",
    disruption="none",
    node_only=False,  # so that the role sees the NICs of a blank host
)
