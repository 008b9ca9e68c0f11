# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""How a number of things is told, so that one is not "1 nodes have"."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type


def counted(number, noun, one="", more=""):
    """Return "1 block" or "3 blocks"; with what one and more of them do "1 node has room" or "3 nodes have room"."""
    plural = noun + ("es" if noun.endswith("s") else "s")
    words = (noun, one) if number == 1 else (plural, more)
    return " ".join([str(number)] + [word for word in words if word])
