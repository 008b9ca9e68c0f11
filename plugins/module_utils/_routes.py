# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""IPv4 prefixes as the kernel compares them. Python 2.7 has no ipaddress."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import socket
import struct


def number(address):
    """Return an IPv4 address as a number; raise ValueError for what is none, IPv6 included."""
    try:
        return struct.unpack("!I", socket.inet_aton(address))[0] if address.count(".") == 3 else _refuse(address)
    except (socket.error, UnicodeError):
        return _refuse(address)


def _refuse(address):
    raise ValueError("%s is no IPv4 address" % address)


def text(value):
    """Return the address of a number."""
    return socket.inet_ntoa(struct.pack("!I", value))


def prefix(words):
    """Return (first address, length) of "192.168.100.0/26"; raise ValueError for what is none."""
    address, unused, length = words.partition("/")
    if not length.isdigit() or int(length) > 32:
        raise ValueError("%s is no IPv4 prefix" % words)
    return number(address), int(length)


def covers(outer, address):
    """Return whether a prefix (of prefix()) holds an address (of number())."""
    first, length = outer
    return (first ^ address) >> (32 - length) == 0


def dropped(address, prefixes):
    """Return the prefix by which a host drops an address, or None: of all routes that cover it, the longest counts.

    prefixes  [{prefix, routes}] of the fact blackholes
    """
    value = number(address)
    found = []
    for item in prefixes:
        found += [(prefix(words)[1], words == item["prefix"], words) for words in [item["prefix"]] + item["routes"] if covers(prefix(words), value)]
    if not found:
        return None
    length, drops, words = max(found)
    return words if drops else None
