# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""Fact: the drivers that this host needs to come back after a reboot, and which installed kernels have them."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from .._source import reads
from .netfilter_backends import normalised, parse_modules

SOURCES = (
    reads("/proc/self/mountinfo", "device and file system of /"),
    reads("/proc/net/route", "the interface of the default route"),
    reads("/proc/net/ipv6_route", "the same, where there is no IPv4"),
    reads("/sys/dev/block/*", "the root disk's device"),
    reads("/sys/class/net/*", "the uplink's device and what lies below a bond, bridge or VLAN"),
    reads("/sys/class/block/*", "the disks below a device mapper or RAID device"),
    reads("/sys/devices/*", "the drivers of the root disk and of the uplink, up to the bus"),
    reads("/lib/modules/*/modules.dep", "the modules of each installed kernel"),
    reads("/lib/modules/*/modules.builtin", "what each installed kernel has built in"),
)

# Drivers that call themselves otherwise than their module.
_ALIASES = {"sd": "sd_mod", "sr": "sr_mod"}
_VIRTUAL_LINKS = {"bond": "bonding", "vlan": "8021q", "bridge": "bridge", "team": "team"}
# Whichever of these a kernel has, it can hold tables of the legacy iptables (IP_NF_IPTABLES_LEGACY).
_LEGACY = ("iptable_nat", "iptable_filter")


def parse_root(text):
    """Return {device, source, type} of the mount at /, or None."""
    found = None
    for line in text.splitlines():
        place, unused, rest = line.partition(" - ")
        words, kind = place.split(), rest.split()
        if len(words) > 4 and words[4] == "/" and len(kind) > 1:
            found = {"device": words[2], "type": kind[0], "source": kind[1]}
    return found


def parse_uplink(route, ipv6_route):
    """Return the interface of the default route with the least metric, IPv4 first, or None."""
    best = None
    for line in route.splitlines()[1:]:
        words = line.split()
        if len(words) > 7 and words[1] == "00000000" and words[7] == "00000000":
            if best is None or int(words[6]) < best[0]:
                best = (int(words[6]), words[0])
    if best is None:
        for line in ipv6_route.splitlines():
            words = line.split()
            if len(words) > 9 and words[1] == "00" and not words[0].strip("0") and words[9] != "lo":
                if best is None or int(words[5], 16) < best[0]:
                    best = (int(words[5], 16), words[9])
    return best[1] if best else None


def collect(host, installed_kernels, kernel_release):
    """Return {needed, kernels}.

    needed   [{purpose, device, module}]: purpose "root" or "uplink", module as modprobe names it
    kernels  {release: {missing: [module], legacy_iptables: bool}} of every kernel whose modules are installed
    """
    modules = {}
    for kernel in installed_kernels:
        names = _modules(host, kernel["release"])
        if names:
            modules[kernel["release"]] = names
    needed = _unique(_needed(host))
    own = modules.get(kernel_release["release"])
    if own:
        # What the running kernel uses without having it as a module is part of its core (pcieport, the SCSI layer):
        # no file of another kernel could tell whether that has it too.
        needed = [item for item in needed if item["module"] in own]
    return {
        "needed": needed,
        "kernels": dict(
            (
                release,
                {
                    "missing": sorted(set(item["module"] for item in needed) - names),
                    "legacy_iptables": any(name in names for name in _LEGACY),
                },
            )
            for release, names in modules.items()
        ),
    }


def _modules(host, release):
    """Return the names of a kernel's modules and built-ins; empty where its module tree is not there."""
    folder = "/lib/modules/" + release
    listed = host.read(folder + "/modules.dep")
    if listed is None:
        return set()
    return parse_modules(listed) | parse_modules(host.read(folder + "/modules.builtin") or "")


def _needed(host):
    needed = []
    root = parse_root(host.read("/proc/self/mountinfo") or "")
    if root:
        needed.extend(_item("root", found) for found in _of_disk(host, _disk(host, root)))
        if root["source"].startswith("/dev/"):
            needed.append(_item("root", ("/", normalised(root["type"]))))
    uplink = parse_uplink(host.read("/proc/net/route") or "", host.read("/proc/net/ipv6_route") or "")
    if uplink:
        needed.extend(_item("uplink", found) for found in _of_interface(host, uplink, 0))
    return needed


def _item(purpose, found):
    device, module = found
    return {"purpose": purpose, "device": device, "module": module}


def _disk(host, root):
    """Return the device's directory below /sys/devices, or None."""
    path = "/sys/dev/block/" + root["device"]
    if not host.exists(path):  # btrfs and overlays have a device number of their own
        path = "/sys/class/block/" + root["source"].rpartition("/")[2]
    return host.resolve(path) if host.exists(path) else None


def _of_disk(host, path):
    """Return [(device, module)] of a disk and of the disks that it is made of."""
    if path is None:
        return []
    name = path.rpartition("/")[2]
    found = [(name, module) for module in _drivers(host, path)]
    if name.startswith("dm-"):
        found.append((name, "dm_mod"))
    for slave in host.listdir(path + "/slaves") or []:
        found.extend(_of_disk(host, host.resolve("/sys/class/block/" + slave)))
    return found


def _of_interface(host, name, depth):
    """Return [(device, module)] of an interface and of those below a bond, bridge or VLAN."""
    path = host.resolve("/sys/class/net/" + name)
    found = [(name, module) for module in _drivers(host, path)]
    for line in (host.read(path + "/uevent") or "").splitlines():
        if line.startswith("DEVTYPE=") and line[8:] in _VIRTUAL_LINKS:
            found.append((name, _VIRTUAL_LINKS[line[8:]]))
    for entry in host.listdir(path) or []:
        if entry.startswith("lower_") and depth < 4:  # a VLAN on a bond in a bridge
            found.extend(_of_interface(host, entry[len("lower_") :], depth + 1))
    return found


def _drivers(host, path):
    """Return the modules of the drivers from a device up to its bus."""
    found = []
    while path.startswith("/sys/devices/"):
        driver = host.readlink(path + "/driver")
        if driver:
            module = host.readlink(path + "/driver/module")
            name = (module or driver).rpartition("/")[2]
            found.append(normalised(_ALIASES.get(name, name)))
        path = path.rpartition("/")[0]
    return found


def _unique(items):
    found = []
    for item in items:
        if item not in found:
            found.append(item)
    return found
