# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""Fact: the arguments of this host's API server that choose admission plugins."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from .._source import reads
from .certificates import MANIFESTS, component_arguments
from .kubelet import parse_flags

DEPRECATED = "admission-control"
CURRENT = ("enable-admission-plugins", "disable-admission-plugins")
UNIT = "/etc/systemd/system/kube-apiserver.service"

SOURCES = tuple(
    [reads(directory + "kube-apiserver.yaml", "admission plugins, where the API server is down", root=True) for directory in MANIFESTS]
    + [reads(UNIT, "admission plugins, where an API server without a container is down")]
)


def collect(host, processes):
    """Return {option: [plugins]} of the three options that are set; None where this host has no API server of its own."""
    text = component_arguments(host, processes, "kube-apiserver")
    if text is None:
        text = host.read(UNIT)
    if text is None:
        return None
    return parse(text)


def parse(text):
    """Return {option: [plugins]} of arguments, a manifest or a unit; what a comment says does not count."""
    lines = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))
    values = dict((name, parse_flags(lines, name)) for name in (DEPRECATED,) + CURRENT)
    return dict((name, value.split(",")) for name, value in values.items() if value)
