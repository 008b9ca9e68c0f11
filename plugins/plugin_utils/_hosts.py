# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""Host names, folded so that 300 of them fit a line."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import collections
import re

# More names or ranges than this in one line help nobody; the report has them all.
MAXIMUM_NAMES = 12

# By which number names may differ: the last one (10.0.0.9, node-9), or the last before the domain (node9.dc1.example.org).
_NUMBERS = (re.compile(r"^(.*?)(\d+)(\D*)$", re.DOTALL), re.compile(r"^([^.]*?)(\d+)([^.\d]*\..*)$", re.DOTALL))


def fold(names, maximum=MAXIMUM_NAMES):
    """Return names as one text: three and more that differ in one number as node[03,06-09].example.org.

    What goes beyond the maximum of names and ranges is counted, not listed.
    """
    shown = []
    left = 0
    for prefix, numbers, suffix in min((_groups(names, number) for number in _NUMBERS), key=len):
        room = max(0, maximum - len(shown))
        if len(numbers) < 3:
            parts = [prefix + number + suffix for number in numbers]
            shown += parts[:room]
            left += len(parts[room:])
            continue
        ranges = _ranges(numbers)
        kept = ranges[:room]
        left += sum(len(run) for run in ranges[room:])
        if kept:
            shown.append("%s[%s]%s" % (prefix, ",".join(_told(run) for run in kept), suffix))
    if left:
        shown.append("and %d more" % left)
    return ", ".join(shown)


def _groups(names, number):
    """Return [(prefix, [digits], suffix)] of names that differ in this number only; digits are "" where there is none."""
    groups = collections.OrderedDict()
    for name in sorted(set(names), key=_natural):
        match = number.match(name)
        prefix, digits, suffix = match.groups() if match else (name, "", "")
        groups.setdefault((prefix, suffix), []).append(digits)
    return [(prefix, numbers, suffix) for (prefix, suffix), numbers in groups.items()]


def _natural(name):
    return [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", name)]


def _ranges(numbers):
    """Cut digits into runs of consecutive numbers; 09 and 10 belong together, 9 and 09 do not."""
    runs = []
    for digits in numbers:
        if runs and digits == "%0*d" % (len(runs[-1][0]), int(runs[-1][-1]) + 1):
            runs[-1].append(digits)
        else:
            runs.append([digits])
    return runs


def _told(run):
    return run[0] if len(run) == 1 else "%s-%s" % (run[0], run[-1])
