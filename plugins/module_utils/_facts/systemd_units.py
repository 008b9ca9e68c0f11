# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""Fact: what systemd knows of the units that run, or are bound to, Kubernetes and its runtimes."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from .._source import reads, runs

# Only these are asked for: newer properties may be missing on old systemd (LimitNOFILESoft on 219), which is a None.
PROPERTIES = (
    "Id",
    "LoadState",
    "ActiveState",
    "UnitFileState",
    "MainPID",
    "LimitNOFILE",
    "LimitNOFILESoft",
    "KillMode",
    "Delegate",
    "FragmentPath",
    "DropInPaths",
    "NeedDaemonReload",
    "BoundBy",
    "RequiredBy",
    "ConsistsOf",
    "ControlGroup",
)

RUNTIME_UNITS = ("containerd.service", "docker.service", "cri-docker.service", "crio.service")
KUBERNETES_UNITS = (
    "kubelet.service",
    "k3s.service",
    "k3s-agent.service",
    "rke2-server.service",
    "rke2-agent.service",
    "kube-proxy.service",
)
# Who else writes netfilter rules on a node.
FIREWALL_UNITS = (
    "ufw.service",
    "fail2ban.service",
    "firewalld.service",
    "nftables.service",
    "netfilter-persistent.service",
    "iptables.service",
    "ip6tables.service",
)

SOURCES = (
    reads("/run/systemd/system", "whether systemd runs this host (sd_booted)"),
    runs(
        "systemctl show --property=* -- *.service*",
        "state, limits, KillMode, drop-ins and bound units of all units in one call (a second for units bound to these)",
    ),
)

_LISTS = ("DropInPaths", "BoundBy", "RequiredBy", "ConsistsOf")
_INFINITY = ("infinity", "18446744073709551615")  # EL 7's systemd 219 prints the number


def parse(text):
    """Return {unit: {property: value}} from blocks of Key=value lines with blank lines between them.

    Limits are numbers, "infinity" or None; lists are lists; flags are booleans; units that are not loaded are left out.
    """
    units = {}
    for block in text.split("\n\n"):
        values = dict(line.partition("=")[::2] for line in block.splitlines() if "=" in line)
        if not values.get("Id"):
            continue
        if values.get("LoadState") in (None, "not-found", "masked"):
            continue
        unit = {}
        for name in PROPERTIES:
            value = values.get(name)
            if name in _LISTS:
                unit[name] = (value or "").split()
            elif name in ("LimitNOFILE", "LimitNOFILESoft"):
                unit[name] = _limit(value)
            elif name == "MainPID":
                unit[name] = int(value or 0)
            elif name in ("Delegate", "NeedDaemonReload"):
                unit[name] = value == "yes"
            else:
                unit[name] = value
        units[values["Id"]] = unit
    return units


def _limit(value):
    if not value:
        return None
    return "infinity" if value in _INFINITY else int(value)


def cgroup_of_unit(cgroup):
    """Return the part of a cgroup path that ends with its unit (/a/k3s.service/x is /a/k3s.service), or None."""
    parts = (cgroup or "").split("/")
    while parts and not parts[-1].endswith(".service"):
        parts.pop()
    return "/".join(parts) or None


def unit_of(cgroup):
    """Return the unit a cgroup path belongs to (/system.slice/k3s.service/... is k3s.service), or None."""
    path = cgroup_of_unit(cgroup)
    return path.rpartition("/")[2] if path else None


def collect(host, processes):
    """Return {unit: {property: value}}; empty where systemd does not run the host."""
    if not host.exists("/run/systemd/system"):
        return {}
    names = list(RUNTIME_UNITS + KUBERNETES_UNITS + FIREWALL_UNITS)
    for process in processes:
        unit = unit_of(process["cgroup"])
        if process["watched"] and not process["nested"] and unit and unit not in names:
            names.append(unit)
    argv = ["systemctl", "show", "--property=" + ",".join(PROPERTIES), "--"]
    units = parse(host.output(argv + names))
    bound = sorted(set(bound_services(units)) - set(names))
    if bound:  # whether they run decides what a restart would take along
        units.update(parse(host.output(argv + bound)))
    return units


def bound_services(units):
    """Return the services that stop or restart with one of the runtimes' units."""
    found = []
    for name in RUNTIME_UNITS + KUBERNETES_UNITS:
        unit = units.get(name)
        if unit:
            found.extend(other for other in bound_to(unit) if other.endswith(".service"))
    return found


def bound_to(unit):
    """Return the units that stop or restart with this one (inverse of BindsTo, Requires and PartOf)."""
    return sorted(set(unit["BoundBy"] + unit["RequiredBy"] + unit["ConsistsOf"]))
