# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""Fact: what besides Kubernetes writes rules through the host's iptables commands, or will at the next boot."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import json
import re

from .._source import reads
from .persisted_rules import FILES, active, starts

FIREWALLD = "/etc/firewalld/firewalld.conf"
DAEMON = "/etc/docker/daemon.json"
UFW = "/etc/ufw/ufw.conf"
# What the unit loads when it starts: Debian's file, EL's file.
NFTABLES = ("/etc/nftables.conf", "/etc/sysconfig/nftables.conf")

SOURCES = tuple(
    [
        reads(FIREWALLD, "whether firewalld writes through iptables (FirewallBackend)"),
        reads(DAEMON, "whether dockerd writes rules, and with what (iptables, firewall-backend)"),
        reads(UFW, "whether ufw is enabled", root=True),
    ]
    + [reads(path, "whether a ruleset is kept for the next boot") for path, unused, unused in FILES]
    + [reads(path, "whether nftables.service empties all rules (flush ruleset)") for path in NFTABLES]
)

_BACKEND = re.compile(r"^FirewallBackend\s*=\s*(\w+)", re.MULTILINE)
_FLUSH = re.compile(r"^\s*flush\s+ruleset\b(?!\s+(?:inet|arp|bridge|netdev)\b)", re.MULTILINE)
_ENABLED = re.compile(r"^ENABLED\s*=\s*[\"']?yes", re.MULTILINE | re.IGNORECASE)


def parse_firewalld(text):
    """Return firewalld's backend; before 0.6 (EL 7) the file does not name one and it is iptables."""
    match = _BACKEND.search(text or "")
    return match.group(1) if match else "iptables"


def parse_docker(text):
    """Return whether dockerd writes through iptables; from 29 on it can be told to use nf_tables itself."""
    settings = json.loads(text) if text else {}
    if not isinstance(settings, dict):
        raise ValueError("daemon.json is no JSON object")
    return settings.get("iptables") is not False and settings.get("firewall-backend") != "nftables"


def collect(host, processes, iptables_binaries, systemd_units=None):
    """Return [{who, why, backend, flushes}].

    backend  that of the host's command, None where it cannot be known; nftables.service: nft
    flushes  whether it removes the rules of all others in its backend when it starts

    Units of which systemd could not tell are judged by their files alone.
    """
    command = iptables_binaries["iptables"]
    backend = command["backend"] if command else None
    units = systemd_units or {}
    found = []
    if any(item["name"] in ("dockerd", "dockerd-current") and not item["nested"] for item in processes):
        if parse_docker(host.read(DAEMON)):
            found.append(("docker", "dockerd runs and writes through iptables"))
    if active(units, "firewalld.service") and parse_firewalld(host.read(FIREWALLD)) == "iptables":
        found.append(("firewalld", "the unit is active, with FirewallBackend=iptables"))
    if active(units, "fail2ban.service"):
        found.append(("fail2ban", "the unit is active"))
    if _ENABLED.search(host.read(UFW) or ""):
        found.append(("ufw", "ENABLED=yes in %s" % UFW))
    for path, unused, unit in FILES:
        if starts(units, unit) and host.exists(path):
            found.append((unit, "it restores %s at boot" % path))
    writers = [{"who": who, "why": why, "backend": backend, "flushes": False} for who, why in found]
    if starts(units, "nftables.service"):
        flushing = next((path for path in NFTABLES if _FLUSH.search(host.read(path) or "")), None)
        why = "%s has flush ruleset" % flushing if flushing else "the unit is enabled"
        writers.append({"who": "nftables.service", "why": why, "backend": "nft", "flushes": flushing is not None})
    return writers
