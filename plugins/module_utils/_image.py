# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""The name of an image as runtimes and nodes tell it."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type


def canonical(image):
    """Return an image's name with all that Docker's short form leaves out: "docker.io/library/busybox:latest" of "busybox".

    The rules are those of github.com/distribution/reference (normalize.go).
    """
    registry, slash, path = image.partition("/")
    if not slash or ("." not in registry and ":" not in registry and registry != "localhost"):
        registry, path = "docker.io", image
    if registry == "index.docker.io":
        registry = "docker.io"
    if registry == "docker.io" and "/" not in path:
        path = "library/" + path
    tagged = ":" in path  # or named by a digest, which has a colon too
    return "%s/%s" % (registry, path if tagged else path + ":latest")
