# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""Which lines of dnf's and yum's configuration leave packages out. Pure."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import fnmatch
import re


def left_out(lines, packages):
    """Return the lines that leave one of the packages out, whole or in some versions.

    lines  FILE:LINE:exclude=PATTERN[ ,]PATTERN... as grep -Hn prints them (dnf.conf(5), yum.conf(5): exclude, excludepkgs)
    """
    return [line for line in lines if any(_matches(pattern, name) for pattern in _patterns(line) for name in packages)]


def _patterns(line):
    return line.partition("=")[2].replace(",", " ").split()


def _matches(pattern, name):
    """A pattern is for a name (kernel*) or a whole package (kernel-4.18*, kernel.x86_64)."""
    return fnmatch.fnmatchcase(name, pattern) or re.match(re.escape(name) + r"[-.](?:[0-9*x]|\[0-9)", pattern) is not None
