# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""Text with numbers in it, ordered the way rpm, and with it GRUB's blscfg, orders versions."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re

_SEGMENT = re.compile(r"~|\^|[0-9]+|[a-zA-Z]+")

# From the least to the greatest of what may follow at one place (rpmvercmp): a tilde sorts before the end of the text,
# the end before a caret, then letters, then numbers.
_TILDE, _END, _CARET, _LETTERS, _DIGITS = range(5)


def sort_key(text):
    """Return a key that sorts texts as rpmvercmp does: 10 above 9, 1.0 above 1.0~rc1, numbers above letters."""
    key = []
    for segment in _SEGMENT.findall(text):
        if segment == "~":
            key.append((_TILDE, 0, ""))
        elif segment == "^":
            key.append((_CARET, 0, ""))
        elif segment.isdigit():
            key.append((_DIGITS, int(segment), ""))
        else:
            key.append((_LETTERS, 0, segment))
    return key + [(_END, 0, "")]
