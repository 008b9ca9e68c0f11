# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""Which lines of a file that iptables-save has written are superfluous copies of rules. Pure."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import array

from . import _duplicates, _rules


class SavedRules(object):
    """The rules of such a file and where they stand in it. Whatever iptables-save does not write is refused with a ValueError."""

    def __init__(self):
        self.texts = _duplicates.Texts()
        self._dump = _duplicates.Dump(self.texts)
        self._table = None
        self._places = {}  # {(table, chain): the numbers of its lines}
        self._lines = 0

    def feed(self, line):
        rule = _rules.without_counters(line)
        if rule[:1] == "*":
            self._table = rule[1:].strip()
            if self._table in self._dump.tables:  # iptables-restore empties it before it takes the second
                raise ValueError("the table %s stands in it twice" % self._table)
        elif rule.startswith("-F "):
            raise ValueError("not a line of iptables-save: %r" % rule[:80])
        self._dump.feed(rule)
        if rule.startswith("-A "):
            place = (self._table, rule[3:].split(" ", 1)[0])
            self._places.setdefault(place, array.array("I")).append(self._lines)
        self._lines += 1

    def superfluous(self):
        """Return (changes, left) as _duplicates.plan() does, and a flag for each line: 1 where it can go."""
        changes, left = _duplicates.plan(self.texts, self._dump.end())
        flags = bytearray(self._lines)
        for table, chains in changes.items():
            for chain, change in chains.items():
                for line in _gone(change, self._places[table, chain]):
                    flags[line] = 1
        return changes, left, flags


def _gone(change, lines):
    """Return the lines of a chain that are not among what is left of it: of equal ones the first stays."""
    kept = 0
    for number, line in zip(change.before, lines):
        if kept < len(change.after) and change.after[kept] == number:
            kept += 1
        else:
            yield line
