# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""Fact: the arguments of this host's API server that choose admission plugins."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re

from .._source import reads
from .certificates import MANIFESTS, component_arguments
from .kubelet import parse_flags

DEPRECATED = "admission-control"
CURRENT = ("enable-admission-plugins", "disable-admission-plugins")
UNIT = "/etc/systemd/system/kube-apiserver.service"

_FILES = tuple(directory + "kube-apiserver.yaml" for directory in MANIFESTS) + (UNIT,)

SOURCES = tuple(
    [reads(path, "admission plugins, where the API server is down", root=True) for path in _FILES[:-1]]
    + [reads(UNIT, "admission plugins, where an API server without a container is down")]
    + [
        reads("/proc/self/ns/net", "the host's network namespace"),
        reads("/proc/[0-9]*/ns/net", "whether an API server in a container uses it; else it may be another cluster's", root=True),
    ]
)

# In a manifest an option and its value may be two items of the list.
_NEXT_ITEM = re.compile(r"[\"']?[ \t]*\n[ \t]*-[ \t]+[\"']?")


def collect(host, processes):
    """Return {option: [plugins]} of the three options that are set; None where this host has no API server of its own."""
    text = component_arguments(host, processes, "kube-apiserver")
    if text is None:
        # That passes over a manifest which it may not read; it is none that does not exist.
        text = next((text for text in (host.read(path) for path in _FILES) if text), None)
    if text is None:
        return None
    return parse(text)


def parse(text):
    """Return {option: [plugins]} of arguments, a manifest or a unit; what a comment says does not count."""
    lines = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))
    lines = _NEXT_ITEM.sub(" ", lines)
    values = dict((name, parse_flags(lines, name)) for name in (DEPRECATED,) + CURRENT)
    return dict((name, value.split(",")) for name, value in values.items() if value)
