# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""Fact: the IP addresses of this host."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import binascii
import re
import socket

from .._source import reads

FIB_TRIE = "/proc/net/fib_trie"
IF_INET6 = "/proc/net/if_inet6"

SOURCES = (
    reads(FIB_TRIE, "the host's own IPv4 addresses"),
    reads(IF_INET6, "the host's own IPv6 addresses"),
)

_LOCAL = re.compile(r"\|-- ([\d.]+)\n(?:\s+/\d+ .*\n)*?\s+/32 host LOCAL")
_NOT_OUTSIDE = ("127.", "169.254.")
_GLOBAL_SCOPE = "00"


def parse_ipv4(text):
    """Return the addresses that the kernel takes for its own in a fib_trie, loopback and link-local ones left out."""
    return sorted(set(address for address in _LOCAL.findall(text) if not address.startswith(_NOT_OUTSIDE)))


def parse_ipv6(text):
    """Return the global addresses in an if_inet6: 32 hexadecimal digits, index, prefix, scope, flags, device."""
    found = set()
    for line in text.splitlines():
        words = line.split()
        if len(words) > 3 and words[3] == _GLOBAL_SCOPE:
            try:
                found.add(socket.inet_ntop(socket.AF_INET6, binascii.unhexlify(words[0].encode("ascii"))))
            except (TypeError, UnicodeError, ValueError):  # Python 2.7 raises TypeError
                raise ValueError("%s is no IPv6 address" % words[0])
    return sorted(found)


def collect(host):
    """Return a list of texts, IPv4 before IPv6; with kube-proxy in the mode ipvs those of the Services are among them."""
    return parse_ipv4(host.read(FIB_TRIE) or "") + parse_ipv6(host.read(IF_INET6) or "")
