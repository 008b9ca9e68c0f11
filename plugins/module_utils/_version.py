# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""Versions as vendors write them, compared by their numbers."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re

_LEADING = re.compile(r"^\s*v?(\d+(?:\.\d+)*)")


def parse(text):
    """Return the leading numbers of a version: "4.18.0-553.el8_10.x86_64" is (4, 18, 0), "v3.20.6" (3, 20, 6).

    None where the text does not begin with a number.
    """
    match = _LEADING.match(text or "")
    return tuple(int(part) for part in match.group(1).split(".")) if match else None


def older(version, other):
    """Return whether one tuple of numbers is below another; 4.8 and 4.8.0 are the same."""
    length = max(len(version), len(other))
    return _padded(version, length) < _padded(other, length)


def _padded(version, length):
    return tuple(version) + (0,) * (length - len(version))
