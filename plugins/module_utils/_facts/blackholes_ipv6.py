# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""Fact: IPv6 prefixes that this host drops by a route of its own, as Calico has for each of its blocks, and the routes inside them."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import itertools
import re

from .._routes import inside
from .._source import reads

IPV6_ROUTE = "/proc/net/ipv6_route"

SOURCES = (reads(IPV6_ROUTE, "IPv6 prefixes that are dropped (blackhole routes), and more specific routes inside them"),)

# Blocks of Calico are no larger. Inside of larger prefixes there may be any number of routes.
SHORTEST = 116
# The kernel's flags. The first is the same for blackhole, unreachable, prohibit and throw: a look-up fails for each, unless there are policies.
REJECT = 0x0200
CACHE = 0x01000000
# The tables that every packet is looked up in, unless there are policies: main and local.
COMMON = 2

# Destination, source, next hop, metric, two counters, flags, device.
_ROUTE = re.compile(r"^([\da-f]{32}) ([\da-f]{2}) [\da-f]{32} ([\da-f]{2}) [\da-f]{32} [\da-f]{8} [\da-f]{8} [\da-f]{8} ([\da-f]{8}) +\S*$")


def parse(text):
    """Return {prefixes: [{prefix, routes}], policies} of an ipv6_route.

    prefixes  those of SHORTEST or longer that are dropped; routes are the longer ones inside that are not
    policies  whether there are other tables, or routes for some sources only, so that a packet may be looked up elsewhere
    """
    routes = [_route(line) for line in text.splitlines()]
    drops = {}
    for net, source, flags in routes:
        # Of routes for the same prefix the first has the lowest metric. Older kernels list what they have looked up, too.
        if net[2] >= SHORTEST and not source and not flags & CACHE:
            drops.setdefault(net, bool(flags & REJECT))
    # The file names no table; each ends with what is for all destinations, be it only the entry that rejects them. Main and local begin
    # with something else: with routes of links and with ::1.
    tables = sum(1 for ends, unused in itertools.groupby(routes, lambda route: route[0][2] == 0) if ends)
    return {
        "prefixes": inside([net for net in drops if drops[net]], [net for net in drops if not drops[net]]),
        "policies": tables > COMMON or any(source for unused, source, flags in routes),
    }


def _route(line):
    """Return (network, length of its source, flags) of a line."""
    match = _ROUTE.match(line)
    if not match:
        raise ValueError("a line is no route")
    address, length, source, flags = match.groups()
    return (6, int(address, 16), int(length, 16)), int(source, 16), int(flags, 16)


def collect(host):
    """Return what parse() says of this host's tables."""
    return parse(host.read(IPV6_ROUTE) or "")
