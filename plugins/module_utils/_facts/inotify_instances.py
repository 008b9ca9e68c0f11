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

# Since Linux 4.11, which counts them for each user namespace; before, for each user wherever it is.
BY_NAMESPACE = "/proc/sys/user/max_inotify_instances"

SOURCES = (
    reads(LIMIT, "how many instances one user may have"),
    reads(BY_NAMESPACE, "whether it exists: the kernel counts the instances of a user namespace for who made it"),
    reads("/proc/[0-9]*/fd", "the descriptors of each process", root=True),
    reads("/proc/[0-9]*/fd/[0-9]*", "which of them are inotify instances", root=True),
    reads("/proc/[0-9]*/status", "whose process it is"),
    reads("/proc/self/ns/user", "the host's user namespace"),
    reads("/proc/[0-9]*/ns/user", "whether a process with instances is in another one: there they count for who made it", root=True),
)

_UID = re.compile(r"^Uid:\s+(\d+)", re.MULTILINE)


def collect(host, processes):
    """Return {limit, users, hidden}.

    users   [{uid, count, most}], the fullest first; most is [{pid, name, count}] of the three processes with the most. In a user namespace of
            their own (a pod's with hostUsers: false) they count for the user who made it, and no limit holds for a user of it
            (kernel/ucount.c, inc_ucount(); kernel/user_namespace.c, create_user_ns())
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
    parents = dict((process["pid"], process["parent"]) for process in processes) if host.exists(BY_NAMESPACE) else {}
    users = {}
    for process in processes:
        pid, parent = process["pid"], process["parent"]
        count = len(own.get(pid, ()))
        if names.get(parent) == process["name"]:
            # A worker that was forked has its parent's instances, which count once.
            count = len(own.get(pid, set()) - own.get(parent, set()))
        if count:
            match = _UID.search(host.read("/proc/%d/status" % _charged(host, pid, parents)) or "")
            if match:
                users.setdefault(int(match.group(1)), []).append({"pid": pid, "name": process["name"], "count": count})
    found = []
    for uid, holders in users.items():
        holders.sort(key=lambda item: (-item["count"], item["pid"]))
        found.append({"uid": uid, "count": sum(item["count"] for item in holders), "most": holders[:3]})
    return {"limit": int(limit), "users": sorted(found, key=lambda user: (-user["count"], user["uid"])), "hidden": hidden}


def _charged(host, pid, parents):
    """Return the process whose user a process' instances count for: the nearest one above it in our own user namespace, the shim of a pod's.

    The runtime makes the namespace as the user that its shim runs as.
    """
    own = _user_namespace(host, "self")
    above = pid
    for unused in parents:  # no more steps than processes: a number that is used again while they are listed may lead back
        if above not in parents:
            break
        if _user_namespace(host, above) in (None, own):
            return above
        above = parents[above]
    return pid


def _user_namespace(host, pid):
    try:
        return host.readlink("/proc/%s/ns/user" % pid)
    except Unavailable:
        return None


def _instances(host, pid):
    directory = "/proc/%d/fd" % pid
    return set(
        number for number in host.listdir(directory) or [] if host.readlink(directory + "/" + number) == "anon_inode:inotify"
    )
