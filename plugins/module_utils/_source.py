# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""What a fact may touch, declared beside its collector: docs/commands.md is made from it and tests hold collectors to it."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import collections

# kind     "file", "command" or "connection"
# pattern  fnmatch pattern of the path, of the command's words joined by blanks, or ADDRESS:PORT or the path of a Unix socket
# purpose  what is learnt from it, half a sentence
# root     whether only root may
Source = collections.namedtuple("Source", "kind pattern purpose root")


def reads(pattern, purpose, root=False):
    """Declare files or directories that a collector may look at."""
    return Source("file", pattern, purpose, root)


def runs(pattern, purpose, root=False):
    """Declare a command that a collector may run."""
    return Source("command", pattern, purpose, root)


def connects(pattern, purpose, root=False):
    """Declare a server of this host that a collector may ask."""
    return Source("connection", pattern, purpose, root)
