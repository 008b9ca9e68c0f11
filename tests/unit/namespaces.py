# -*- coding: utf-8 -*-
"""What this machine's kernel says in a network namespace of its own."""

from __future__ import absolute_import, division, print_function

import os
import subprocess

import pytest

__metaclass__ = type


def namespace(script):
    """Return what a script prints in a network namespace of its own; skips where that is not possible."""
    if os.geteuid() != 0:
        pytest.skip("a network namespace needs root")
    try:
        output = subprocess.check_output(["unshare", "--net", "sh", "-ec", script], stderr=subprocess.STDOUT)
    except (OSError, subprocess.CalledProcessError) as exc:
        pytest.skip("no network namespace: %s" % (getattr(exc, "output", None) or exc))
    return output.decode("utf-8")


def looked_up(addresses):
    """Return the lines of a script that prints for each address whether the kernel has a route ("ADDRESS routed") or none ("ADDRESS 2")."""
    lines = ["ip route get %s >/dev/null 2>&1 && echo %s routed || echo %s $?" % (address, address, address) for address in addresses]
    return "\n".join(lines) + "\n"
