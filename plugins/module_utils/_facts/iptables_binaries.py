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
# In Fedora's packages (--slave, now --follower, in iptables.spec) ip6tables follows its choice.
LEADER = "iptables"
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
    """Return {status, choices, followers} of an alternative from dpkg's or chkconfig's own file.

    Line 1 the status, line 2 the link, then pairs of lines (name, link) for the followers up to an empty line; after it for each
    choice its path, its priority and one line for each follower, empty where it has none (readConfig in chkconfig's alternatives.c).
    followers is {name: [path or None]} in the order of the choices.
    """
    lines = text.split("\n")
    if len(lines) < 3 or lines[0] not in ("auto", "manual") or "" not in lines[2:]:
        raise ValueError("not an alternatives file: %r" % text[:80])
    blank = lines.index("", 2)
    names = lines[2:blank:2]
    rest = lines[blank + 1 :]
    choices, followers = [], dict((name, []) for name in names)
    while rest and rest[0]:
        choices.append(rest[0])
        for name, path in zip(names, rest[2 : 2 + len(names)]):
            followers[name].append(path or None)
        rest = rest[2 + len(names) :]
    return {"status": lines[0], "choices": choices, "followers": followers}


def collect(host, netfilter_backends=None):
    """Return {name: {path, resolved, backend, version, alternative}} for iptables, ip6tables, arptables and ebtables.

    A name that is not installed is None. backend is nft, legacy or None (a wrapper that decides when it runs, as k3s brings
    along). version is asked of iptables only. alternative is {value, status, choices, leader} or None.

    leader  the name whose choice this one follows, None where it is chosen by itself. In Fedora's ip6tables follows iptables, in
            Debian's it does not. Its choices are those of the leader, in the same order, None where one of them brings nothing.
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
    own = _administration(host, name)
    if own is not None:
        return {"value": value, "status": own["status"], "choices": own["choices"], "leader": None}
    leader = _administration(host, LEADER) if name != LEADER else None
    if leader is not None and name in leader["followers"]:
        return {"value": value, "status": leader["status"], "choices": leader["followers"][name], "leader": LEADER}
    return {"value": value, "status": None, "choices": [], "leader": None}


def _administration(host, name):
    for directory in ADMINISTRATION:
        text = host.read(directory + name)
        if text:
            return parse_administration(text)
    return None
