# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""Whether an old iptables-nft-save has printed all of a table's rules, told by what nft says that they consist of. Pure.

From 1.8.8 on iptables writes more and more matches as expressions of nft itself (mark, tcp, udp). An older one prints such a rule without them and succeeds
(kubernetes#112477): "-m mark --mark 0x8000/0x8000 -j DROP" becomes "-j DROP". From 1.8.9 on iptables-nft-save fails where it cannot read an expression.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import collections
import re

from . import _rules

FAMILIES = {"ipv4": "ip", "ipv6": "ip6"}
# The first iptables-nft-save that does not stay silent about what it cannot read.
COMPLETE = (1, 8, 9)

_VERSION = re.compile(r" v(\d+)\.(\d+)(?:\.(\d+))?")
# Of the network header, in bytes: {family: {offset: (option, width)}}. A shorter load is one of a prefix such as /16.
_HEADER = {"ip": {9: ("-p", 1), 12: ("-s", 4), 16: ("-d", 4)}, "ip6": {6: ("-p", 1), 8: ("-s", 16), 24: ("-d", 16)}}
_META = {"iifname": "-i", "oifname": "-o", "l4proto": "-p"}
_PAYLOAD = re.compile(r"\[ payload load (\d+)b @ network header \+ (\d+) => reg 1 \]$")
_LOAD = re.compile(r"\[ meta load (iifname|oifname|l4proto) => reg 1 \]$")
_MATCH = re.compile(r"\[ match name \S+ rev \d+ \]$|\[ limit rate \d+/(?:second|minute|hour|day) burst \d+ type packets flags 0x0 \]$")
_MASK = re.compile(r"\[ bitwise reg 1 = \( reg 1 & [0-9a-fx ]+ \) \^ [0x ]+ \]$")
# What says nothing of its own, or always shows in the text.
_PLAIN = re.compile(
    r"\[ cmp n?eq reg 1 [0-9a-fx ]+ \]$|\[ counter pkts \d+ bytes \d+ \]$|\[ target name \S+ rev \d+ \]$"
    r"|\[ immediate reg 0 (?:accept|drop|return|(?:jump|goto) -> \S+) \]$"
)


def is_complete(text):
    """Return whether iptables-nft-save of that --version fails where it cannot read an expression."""
    match = _VERSION.search(text)
    return bool(match) and tuple(int(number or 0) for number in match.groups()) >= COMPLETE


class Rules(object):
    """What the rules of one table consist of, from the lines of nft --debug=netlink list table, which old ones print of all tables."""

    def __init__(self, version, table):
        self._family = FAMILIES[version]
        self._place = (self._family, table)
        self._chain = None  # of the rule whose expressions come; None in another table and in the listing behind the rules
        self._masks = False  # whether an address was loaded in the line before
        self.parts = collections.Counter()
        self.unknown = None  # the first expression that an old iptables may not print, and its chain

    def feed(self, line):
        line = line.strip()
        masks, self._masks = self._masks, False
        if line[:1] != "[":
            words = line.split()
            ours = tuple(words[:2]) == self._place and len(words) in (4, 5) and all(word.isdigit() for word in words[3:])
            self._chain = words[2] if ours else None
            self.parts["rules"] += ours
        elif self._chain is not None and self.unknown is None and not self._known(line, masks):
            self.unknown = (self._chain, line)

    def _known(self, line, masks):
        payload, load = _PAYLOAD.match(line), _LOAD.match(line)
        if payload:
            option, width = _HEADER[self._family].get(int(payload.group(2)), (None, 0))
            read = int(payload.group(1))
            if not 0 < read <= width:
                return False
            self.parts[option] += 1
            self.parts["masks"] += read < width
            self._masks = read == width > 1
        elif load:
            self.parts[_META[load.group(1)]] += 1
        elif _MATCH.match(line):
            self.parts["-m"] += 1
        elif _MASK.match(line):
            self.parts["masks"] += 1
            return masks
        else:
            return bool(_PLAIN.match(line))
        return True

    def differs(self, lines):
        """Return whether these lines "-A CHAIN ..." of the table, (line, number of them), say anything else."""
        told = collections.Counter()
        for line, number in lines:
            for part, times in parts_of(line).items():
                told[part] += times * number
        return any(told[part] != self.parts[part] for part in set(told) | set(self.parts))


def parts_of(line):
    """Return what a rule compares, {option: number}, as Rules counts it: addresses (and their masks), protocols, interfaces and matches."""
    parts = collections.Counter(rules=1)
    words = _rules.words(line)
    for index, word in enumerate(words[:-1]):
        if word in ("-s", "-d", "-p", "-i", "-o", "-m") and words[index - 1] != "--comment":
            parts[word] += 1
            if word in ("-s", "-d") and not words[index + 1].endswith("/128" if ":" in words[index + 1] else "/32"):
                parts["masks"] += 1
    return parts
