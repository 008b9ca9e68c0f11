# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""Fact: the iptables commands of the host, the backend each speaks, and who chose it (alternatives)."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re

from .._host import Unavailable
from .._source import reads, runs

NAMES = ("iptables", "ip6tables", "arptables", "ebtables")
# What the names finally lead to. Before 1.8 there was one binary and it spoke legacy.
BACKENDS = {
    "xtables-nft-multi": "nft",
    "xtables-legacy-multi": "legacy",
    "xtables-multi": "legacy",
    "ebtables-legacy": "legacy",
    "arptables-legacy": "legacy",
}
# Debian's dpkg, then EL's chkconfig: one file for each name, the first line says auto or manual.
ADMINISTRATION = ("/var/lib/dpkg/alternatives/", "/var/lib/alternatives/")

SOURCES = (
    reads("*bin/iptables", "which backend the command speaks, from the links it resolves to"),
    reads("*bin/ip6tables", "which backend the command speaks"),
    reads("*bin/arptables", "which backend the command speaks"),
    reads("*bin/ebtables", "which backend the command speaks"),
    reads("*/bin/aux/ip*tables", "the commands that k3s brings along"),
    reads("/etc/alternatives/*tables", "what an alternative points to"),
    reads("/var/lib/dpkg/alternatives/*tables", "whether an alternative was chosen by hand, and its choices (Debian)"),
    reads("/var/lib/alternatives/*tables", "whether an alternative was chosen by hand, and its choices (EL)"),
    runs("iptables --version", "the version of iptables; not asked for where that could load a kernel module"),
)

# "iptables v1.8.9 (nf_tables)", "iptables v1.4.21", "ebtables 1.8.9 (nf_tables)" (node_facts 2.1)
_VERSION = re.compile(r"^(?:ip6?|arp|eb)tables v?(\d+\.\d+(?:\.\d+)?)(?: \((legacy|nf_tables)\))?")


def parse_version(text):
    """Return (version, backend) of what iptables --version prints; before 1.8 it names no backend and is legacy."""
    match = _VERSION.match(text)
    if not match:
        raise ValueError("not an iptables version: %r" % text[:80])
    return match.group(1), "nft" if match.group(2) == "nf_tables" else "legacy"


def parse_administration(text):
    """Return {status, choices} of an alternative from dpkg's or chkconfig's own file.

    Line 1 the status, line 2 the link, then pairs of lines for the slaves up to an empty line; after it for each choice its
    path, its priority and one line for each slave.
    """
    lines = text.split("\n")
    if len(lines) < 3 or lines[0] not in ("auto", "manual") or "" not in lines[2:]:
        raise ValueError("not an alternatives file: %r" % text[:80])
    blank = lines.index("", 2)
    step = 2 + (blank - 2) // 2
    rest = lines[blank + 1 :]
    choices = []
    while rest and rest[0]:
        choices.append(rest[0])
        rest = rest[step:]
    return {"status": lines[0], "choices": choices}


def collect(host, netfilter_backends=None):
    """Return {name: {path, resolved, backend, version, alternative}} for iptables, ip6tables, arptables and ebtables.

    A name that is not installed is None. backend is nft, legacy or None (a wrapper that decides when it runs, as k3s brings
    along). version is asked of iptables only. alternative is {value, status, choices} or None.
    """
    found = {}
    for name in NAMES:
        path = host.which(name)
        if path is None:
            found[name] = None
            continue
        resolved = host.resolve(path)
        found[name] = {
            "path": path,
            "resolved": resolved,
            "backend": BACKENDS.get(resolved.rsplit("/", 1)[-1]),
            "version": None,
            "alternative": _alternative(host, name),
        }
    nft_loaded = bool(netfilter_backends and netfilter_backends["nft"])
    _ask_version(host, found["iptables"], nft_loaded)
    return found


def _ask_version(host, iptables, nft_loaded):
    """Ask only a known binary: a wrapper would dump rulesets, and iptables-nft opens a netlink socket before it reads its
    arguments, which has the kernel load nfnetlink."""
    if iptables is None or iptables["backend"] is None or (iptables["backend"] == "nft" and not nft_loaded):
        return
    try:
        iptables["version"], unused = parse_version(host.output(["iptables", "--version"]))
    except (Unavailable, ValueError):
        pass  # it explains a verdict, it never decides one


def _alternative(host, name):
    value = host.readlink("/etc/alternatives/" + name)
    if value is None:
        return None
    for directory in ADMINISTRATION:
        text = host.read(directory + name)
        if text:
            return dict(parse_administration(text), value=value)
    return {"value": value, "status": None, "choices": []}
