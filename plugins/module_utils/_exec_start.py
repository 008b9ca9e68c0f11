# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""The command that a systemd unit starts, out of its file and drop-ins. It may hold secrets: keep of it what is needed and no more."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import shlex


def command(texts):
    """Return the words of the last ExecStart=, [] without one: an empty one takes back those before it (systemd.service(5)).

    texts  of the unit's file, then of its drop-ins in their order
    """
    value = ""
    for text in texts:
        for line in _joined(text):
            key, unused, rest = line.partition("=")
            if key.strip() == "ExecStart":
                value = rest
    return _split(value)


def _joined(text):
    """Return the lines with continued ones joined; a comment between them is none of them (systemd.syntax(7))."""
    lines, begun = [], ""
    for line in text.splitlines():
        line = line.strip()
        if line.startswith(("#", ";")):
            continue
        if line.endswith("\\"):
            begun += line[:-1] + " "
        else:
            lines.append(begun + line)
            begun = ""
    return lines + [begun]


def _split(value):
    try:
        if str is bytes:  # Python 2.7's shlex takes no text beyond ASCII
            return [word.decode("utf-8", "replace") for word in shlex.split(value.encode("utf-8"))]
        return shlex.split(value)
    except ValueError:  # a quote that nobody closed: systemd would not start it either
        return []
