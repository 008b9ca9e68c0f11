# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""Prefixes as the kernel compares them. Python 2.7 has no ipaddress."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import binascii
import json
import socket

LENGTHS = {4: 32, 6: 128}


def version(address):
    """Return 4 or 6."""
    return 6 if ":" in address else 4


def network(cidr):
    """Return (version, first address as a number, length) of a prefix or an address; raise ValueError for what is none."""
    address, unused, length = cidr.partition("/")
    family = version(address)
    try:
        packed = socket.inet_pton(socket.AF_INET6 if family == 6 else socket.AF_INET, address)
        size = int(length) if length else LENGTHS[family]
    except (socket.error, UnicodeError, ValueError):
        raise ValueError("%s is no prefix" % json.dumps(cidr))
    if not 0 <= size <= LENGTHS[family]:
        raise ValueError("%s is no prefix" % json.dumps(cidr))
    return family, int(binascii.hexlify(packed), 16), size


def holds(outer, inner):
    """Return whether a network (of network()) holds another one, whole."""
    bits = LENGTHS[outer[0]] - outer[2]
    return outer[0] == inner[0] and outer[2] <= inner[2] and outer[1] >> bits == inner[1] >> bits


def text(net):
    """Return "192.168.100.0/26" of a network."""
    family, first, length = net
    packed = binascii.unhexlify(("%x" % first).rjust(LENGTHS[family] // 4, "0"))
    return "%s/%d" % (socket.inet_ntop(socket.AF_INET6 if family == 6 else socket.AF_INET, packed), length)


def inside(drops, others):
    """Return [{prefix, routes}] of sets of networks: each that is dropped, with the longer ones of the others that it holds."""
    return [
        {"prefix": text(outer), "routes": [text(net) for net in sorted(others) if net[2] > outer[2] and holds(outer, net)]}
        for outer in sorted(drops)
    ]


def dropped(address, prefixes):
    """Return the prefix by which a host drops an address, or None: of all routes that cover it, the longest counts.

    prefixes  [{prefix, routes}] of the fact blackholes or blackholes_ipv6
    """
    value = network(address)
    found = []
    for item in prefixes:
        found += [(network(words)[2], words == item["prefix"], words) for words in [item["prefix"]] + item["routes"] if holds(network(words), value)]
    if not found:
        return None
    length, drops, words = max(found)
    return words if drops else None
