# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""Fact: the distribution of the host, from os-release(5)."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re

from .._host import Unavailable
from .._source import reads

# os-release(5): the first file that exists is the whole truth, they are never merged.
PATHS = ("/etc/os-release", "/usr/lib/os-release")

SOURCES = tuple(reads(path, "id, version and family of the distribution") for path in PATHS)

# By ID, then by ID_LIKE from left to right (os-release(5): the closest relative comes first). Ubuntu and Debian,
# Amazon and openEuler have kernels and boot loaders of their own kind, so each is a family for us.
FAMILIES = {
    "debian": "debian",
    "raspbian": "debian",
    "ubuntu": "ubuntu",
    "rhel": "redhat",
    "centos": "redhat",
    "rocky": "redhat",
    "almalinux": "redhat",
    "ol": "redhat",
    "amzn": "amazon",
    "openeuler": "openeuler",
    "bclinux": "openeuler",
    "fedora": "fedora",
    "sles": "suse",
    "suse": "suse",
    "opensuse": "suse",
    "opensuse-leap": "suse",
    "sl-micro": "suse",
    "sle-micro": "suse",
}

_LINE = re.compile(r"^\s*([A-Z][A-Z0-9_]*)=(.*?)\s*$")
_ESCAPED = re.compile(r"\\([\"'$`\\])")


def parse(text):
    """Return {id, id_like, version_id, codename, major, name, variant_id, family}.

    id_like   list of ids, closest first
    major     the first number of version_id, None for a rolling distribution
    family    one of FAMILIES' values, or None for one that is not known
    """
    values = {}
    for line in text.splitlines():
        match = _LINE.match(line)
        if match:
            values[match.group(1)] = _unquoted(match.group(2))
    identity = values.get("ID", "linux").lower()  # openEuler writes ID="openEuler"
    like = values.get("ID_LIKE", "").lower().split()
    version = values.get("VERSION_ID") or None
    major = re.match(r"\d+", version or "")
    return {
        "id": identity,
        "id_like": like,
        "version_id": version,
        "codename": values.get("VERSION_CODENAME") or None,
        "major": int(major.group(0)) if major else None,
        "name": values.get("PRETTY_NAME") or values.get("NAME") or identity,
        "variant_id": values.get("VARIANT_ID") or None,
        "family": next((FAMILIES[name] for name in [identity] + like if name in FAMILIES), None),
    }


def _unquoted(value):
    if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'":
        return _ESCAPED.sub(r"\1", value[1:-1])
    return value


def collect(host):
    """Return parse() of the first os-release file."""
    for path in PATHS:
        text = host.read(path)
        if text is not None:
            return parse(text)
    raise Unavailable("Unreadable", "There is neither %s nor %s." % PATHS)
