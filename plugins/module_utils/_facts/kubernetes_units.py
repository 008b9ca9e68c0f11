# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""Fact: the systemd units of Kubernetes that run: those that write netfilter rules and choose their backend when they start."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from .systemd_units import KUBERNETES_UNITS

SOURCES = ()


def collect(systemd_units):
    """Return the names of the active units, sorted."""
    return sorted(
        name for name in KUBERNETES_UNITS if systemd_units.get(name, {}).get("ActiveState") in ("active", "activating", "reloading")
    )
