# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""Fact: the installed kernels that satisfy the floor, newest first."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from .kernel_release import DEFAULT_FLOOR, below, parse, parse_floor

# Judges other facts and touches nothing of its own.
SOURCES = ()


def collect(installed_kernels, minimum_kernel_version):
    """Return their releases; a kernel of which only the modules are left is none."""
    floor = parse_floor(minimum_kernel_version or DEFAULT_FLOOR)
    return [kernel["release"] for kernel in installed_kernels if kernel["image"] and satisfies(kernel["release"], floor)]


def satisfies(release, floor):
    """Return whether a release is at least the parsed floor; a name that is no release satisfies nothing."""
    try:
        return not below(parse(release), floor)
    except ValueError:
        return False
