# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""Fact: VXLAN and Geneve devices, the NICs below them that are known for wrong offloads, and what both leave to the hardware."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re

from .._source import reads, runs

DIRECTORY = "/sys/class/net"
TYPES = ("vxlan", "geneve")
# Drivers that hand the inner checksum of a tunnel's packet to hardware that may not compute it (node_facts 6.2).
DRIVERS = ("vmxnet3",)
# What makes a tunnel's device leave the checksum to the NIC, and what makes the NIC take it.
TUNNEL = ("tx-checksum-ip-generic",)
NIC = ("tx-udp_tnl-segmentation", "tx-udp_tnl-csum-segmentation")

SOURCES = (
    reads(DIRECTORY, "the network devices"),
    reads(DIRECTORY + "/*/uevent", "whether a device is VXLAN or Geneve"),
    reads(DIRECTORY + "/*", "the devices below a VXLAN or Geneve device"),
    reads(DIRECTORY + "/*/device/driver", "the driver of a NIC"),
    runs("ethtool -k *", "the offloads of a VXLAN or Geneve device and of the NIC below it; only on a node, and where that is %s" % ", ".join(DRIVERS)),
)

_FEATURE = re.compile(r"^\s*([a-z0-9_-]+): (on|off)\b")


def parse(text):
    """Return {feature: bool} of what ethtool -k prints; what is marked [fixed] or [requested on] counts as it is."""
    found = dict((match.group(1), match.group(2) == "on") for match in map(_FEATURE.match, text.splitlines()) if match)
    if not found:
        raise ValueError("not what ethtool -k prints: %r" % text[:80])
    return found


def collect(host, node):
    """Return {tunnels: [{name, type, over, on}], nics: [{name, driver, on}]}.

    nics  those of DRIVERS
    over  names of those that carry the tunnel; of all where the kernel does not tell which
    on    those of TUNNEL or NIC that are on; None where nobody looked, as no such NIC carries a tunnel, or this is no node
    """
    tunnels, nics = [], []
    for name in host.listdir(DIRECTORY) or []:
        kind = _type(host.read("%s/%s/uevent" % (DIRECTORY, name)) or "")
        driver = (host.readlink("%s/%s/device/driver" % (DIRECTORY, name)) or "").rpartition("/")[2]
        if kind in TYPES:
            tunnels.append({"name": name, "type": kind, "over": [], "on": None})
        elif driver in DRIVERS:
            nics.append({"name": name, "driver": driver, "on": None})
    for tunnel in tunnels:
        below = _below(host, tunnel["name"])
        tunnel["over"] = [nic["name"] for nic in nics if not below or nic["name"] in below]
    if not node["present"]:
        return {"tunnels": tunnels, "nics": nics}
    carriers = set(name for tunnel in tunnels for name in tunnel["over"])
    for device in [tunnel for tunnel in tunnels if tunnel["over"]]:
        device["on"] = _on(host, device["name"], TUNNEL)
    for device in [nic for nic in nics if nic["name"] in carriers]:
        device["on"] = _on(host, device["name"], NIC)
    return {"tunnels": tunnels, "nics": nics}


def _on(host, name, features):
    seen = parse(host.output(["ethtool", "-k", name]))
    return [feature for feature in features if seen.get(feature)]


def _type(uevent):
    return next((line[8:] for line in uevent.splitlines() if line.startswith("DEVTYPE=")), None)


def _below(host, name):
    """Return what lies below a device, through bonds, bridges and VLANs.

    Nothing where it is bound to no device, and on kernels that do not tell (EL 7).
    """
    seen, todo = set(), [name]
    while todo:
        for entry in host.listdir("%s/%s" % (DIRECTORY, todo.pop())) or []:
            if entry.startswith("lower_") and entry[6:] not in seen:
                seen.add(entry[6:])
                todo.append(entry[6:])
    return seen
