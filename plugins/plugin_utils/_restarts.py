# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""What to say of units that were restarted within a bound and did not get ready. Pure."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

# Whoever sees first that the time is over says so: Ansible here (async_result), or its watcher on the host (async_wrapper.py) by these words.
TIMEOUT = "Timeout exceeded"


def told(standing, seconds, variable):
    """Return a sentence or two for each unit.

    standing  [{name, status, item}]: systemd_service's results for the units, each with the result of the restart that failed
    seconds   how long it was waited, by the variable of that name
    """
    return " ".join(_told(unit, seconds, variable) for unit in standing)


def _told(unit, seconds, variable):
    restart, status = unit["item"], unit.get("status") or {}
    if "async_result" in restart or restart.get("msg") == TIMEOUT:
        why = "%s has not started within %s s (%s)." % (unit["name"], seconds, variable)
    else:
        why = (restart.get("msg") or "%s was not restarted." % unit["name"]).strip()
    return "%s It is %s (%s)." % (why, status.get("ActiveState") or "in an unknown state", status.get("SubState") or "")
