# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""Fact: inotify instances in use by each user, against the limit of one user."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re

from .._host import Unavailable
from .._source import reads

LIMIT = "/proc/sys/fs/inotify/max_user_instances"

SOURCES = (
    reads(LIMIT, "how many instances one user may have"),
    reads("/proc/[0-9]*/fd", "the descriptors of each process", root=True),
    reads("/proc/[0-9]*/fd/[0-9]*", "which of them are inotify instances", root=True),
    reads("/proc/[0-9]*/status", "whose process it is"),
)

_UID = re.compile(r"^Uid:\s+(\d+)", re.MULTILINE)


def collect(host, processes):
    """Return {limit, users, hidden}.

    users   [{uid, count, most}], the fullest first; most is [{pid, name, count}] of the three processes with the most
    hidden  how many processes not even root may look into: what is counted is then the least that there is

    A process that has ended meanwhile is left out.
    """
    limit = host.read(LIMIT)
    if limit is None:
        raise Unavailable("Unreadable", "%s does not exist." % LIMIT)
    own = {}
    hidden = 0
    for process in processes:
        try:
            numbers = _instances(host, process["pid"])
        except Unavailable as exc:
            if exc.reason == "NeedsRoot":
                raise
            hidden += 1
            continue
        if numbers:
            own[process["pid"]] = numbers
    names = dict((process["pid"], process["name"]) for process in processes)
    users = {}
    for process in processes:
        pid, parent = process["pid"], process["parent"]
        count = len(own.get(pid, ()))
        if names.get(parent) == process["name"]:
            # A worker that was forked has its parent's instances, which count once.
            count = len(own.get(pid, set()) - own.get(parent, set()))
        if count:
            match = _UID.search(host.read("/proc/%d/status" % pid) or "")
            if match:
                users.setdefault(int(match.group(1)), []).append({"pid": pid, "name": process["name"], "count": count})
    found = []
    for uid, holders in users.items():
        holders.sort(key=lambda item: (-item["count"], item["pid"]))
        found.append({"uid": uid, "count": sum(item["count"] for item in holders), "most": holders[:3]})
    return {"limit": int(limit), "users": sorted(found, key=lambda user: (-user["count"], user["uid"])), "hidden": hidden}


def _instances(host, pid):
    directory = "/proc/%d/fd" % pid
    return set(
        number for number in host.listdir(directory) or [] if host.readlink(directory + "/" + number) == "anon_inode:inotify"
    )
