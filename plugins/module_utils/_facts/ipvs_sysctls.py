# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""Fact: how IPVS treats connections whose port is used again, and those to servers that are gone."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from .._source import reads

DIRECTORY = "/proc/sys/net/ipv4/vs/"
NAMES = ("conn_reuse_mode", "expire_nodest_conn")

SOURCES = (reads(DIRECTORY + "*", "conn_reuse_mode and expire_nodest_conn, which exist once ip_vs is loaded"),)


def collect(host):
    """Return {conn_reuse_mode, expire_nodest_conn}: numbers, None where the kernel has none or IPVS is not loaded."""
    values = {}
    for name in NAMES:
        text = host.read(DIRECTORY + name)
        values[name] = int(text) if text else None
    return values
