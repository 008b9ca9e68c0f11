# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""What --limit leaves of a pattern of hosts, as one pattern. Pure."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from ansible.inventory.manager import split_host_pattern


def both(hosts, limit):
    """Return the pattern of the hosts that both patterns match, or None where no pattern says that.

    hosts  as a play's hosts: a text or a list, "all" where nobody gives any
    limit  the text of --limit
    """
    # A list of its own hosts in a file, or hosts that only a play can tell.
    if any(part.startswith("@") or "{" in part for part in _split(hosts) + _split(limit)):
        return None
    # Wherever they stand, Ansible joins what is plain, then narrows that by each &, then takes each ! away. So these of both may follow each
    # other, and one plain pattern becomes an & of the other side's; but two unions have no intersection: a,b,&c,&d is within c and d.
    narrowing = _narrowing(hosts) + _narrowing(limit)
    few, many = sorted((_plain(limit), _plain(hosts)), key=len)
    if set(few) == set(many):
        few = []
    if len(few) > 1:
        return None
    return ",".join((many + ["&" + part for part in few] + narrowing) or ["all"])


def _split(pattern):
    return [str(part) for part in split_host_pattern(pattern)]


def _narrowing(pattern):
    return [part for part in _split(pattern) if part[0] in "&!"]


def _plain(pattern):
    """Return what a pattern joins; nothing where that is every host."""
    plain = [part for part in _split(pattern) if part[0] not in "&!"]
    return [] if set(plain) & {"all", "*"} else plain
