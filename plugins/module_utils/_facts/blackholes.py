# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""Fact: IPv4 prefixes that this host drops by a route of its own, as Calico has for each of its blocks, and the routes inside them."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re

from .._routes import inside, network
from .._source import reads
from .addresses import FIB_TRIE

SOURCES = (reads(FIB_TRIE, "prefixes that are dropped (blackhole routes), and more specific routes inside them"),)

# As `ip route` knows them, in capitals: a look-up fails for each.
DROPPING = ("BLACKHOLE", "UNREACHABLE", "PROHIBIT")
# Blocks of Calico are no larger. Inside of larger prefixes there may be any number of routes.
SHORTEST = 20
# The tables that every packet is looked up in, unless there are policies; those need tables of their own.
COMMON = ("Main", "Local")

_TABLE = re.compile(r"^(\w[\w ]*):$", re.MULTILINE)
_LEAF = re.compile(r"^ *\|-- ([\d.]+)$")
_ROUTE = re.compile(r"^ */(\d+) \w+ (\w+)")


def parse(trie):
    """Return {prefixes: [{prefix, routes}], policies} of a fib_trie.

    prefixes  those of SHORTEST or longer that are dropped; routes are the longer ones inside that are not
    policies  whether there are other tables, so that a packet may be looked up elsewhere
    """
    dropped, others = set(), set()
    table = address = None
    # Most hosts drop nothing, and some have very many routes.
    for line in trie.splitlines() if any(word in trie for word in DROPPING) else ():
        match = _TABLE.match(line)
        if match:
            table = match.group(1)
            continue
        match = _LEAF.match(line)
        if match:
            address = match.group(1)
            continue
        match = _ROUTE.match(line)
        if match and address and int(match.group(1)) >= SHORTEST and table in COMMON:
            (dropped if match.group(2) in DROPPING else others).add(network("%s/%s" % (address, match.group(1))))
    return {"prefixes": inside(dropped, others), "policies": any(name not in COMMON for name in _TABLE.findall(trie))}


def collect(host):
    """Return what parse() says of this host's tables."""
    return parse(host.read(FIB_TRIE) or "")
