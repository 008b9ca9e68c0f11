# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""Fact: the installed kernels that satisfy the floor, newest first."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re

from .._source import runs
from .kernel_release import DEFAULT_FLOOR, below, parse, parse_floor, patch_level, undecided

QUERY = ["dpkg-query", "--show", "--showformat=${Package} ${Version}\\n", "linux-image-*"]

SOURCES = (runs("dpkg-query --show *linux-image-*", "the patch levels of Debian's kernels, where the floor names one that their releases lack"),)


def collect(host, installed_kernels, kernel_release, minimum_kernel_version):
    """Return their releases; a kernel of which only the modules are left is none."""
    floor = parse_floor(minimum_kernel_version or DEFAULT_FLOOR)
    releases = [release for release in (parsed(kernel["release"]) for kernel in installed_kernels if kernel["image"]) if release]
    if any(undecided(release, floor) for release in releases):
        versions = parse_packages(host.run(QUERY).out) if host.which("dpkg-query") else {}
        releases = [dict(release, patch_level=patch_level(release, versions.get(release["release"], ""))) for release in releases]
    releases = [kernel_release if release["release"] == kernel_release["release"] else release for release in releases]
    return [release["release"] for release in releases if not below(release, floor)]


def parsed(text):
    """Return parse() of a release, None for a name that is no release."""
    try:
        return parse(text)
    except ValueError:
        return None


def parse_packages(text):
    """Return {release: upstream version} of what dpkg-query prints, 6.1.170 of "linux-image-6.1.0-50-amd64 6.1.170-1"."""
    versions = {}
    for line in text.splitlines():
        package, unused, version = line.partition(" ")
        match = re.match(r"(?:\d+:)?(\d+(?:\.\d+)+)-\d", version)
        if match:
            versions[re.sub(r"^linux-image-|-unsigned$", "", package)] = match.group(1)
    return versions
