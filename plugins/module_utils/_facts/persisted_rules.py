# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""Fact: the files from which a service restores netfilter rules at boot, with the copies that they hold."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from .. import _rules
from .._host import Unavailable
from .._source import reads
from .iptables_dumps import Dump

# iptables-persistent (Debian, Ubuntu), then EL's iptables-services, each with the unit that feeds it to the plain iptables-restore at boot.
FILES = (
    ("/etc/iptables/rules.v4", "ipv4", "netfilter-persistent.service"),
    ("/etc/iptables/rules.v6", "ipv6", "netfilter-persistent.service"),
    ("/etc/sysconfig/iptables", "ipv4", "iptables.service"),
    ("/etc/sysconfig/ip6tables", "ipv6", "ip6tables.service"),
)
# nft's own format, which is not parsed: Debian and EL, each with the link that has it loaded at boot.
NFT_FILES = (
    ("/etc/nftables.conf", "/etc/systemd/system/sysinit.target.wants/nftables.service"),
    ("/etc/sysconfig/nftables.conf", "/etc/systemd/system/multi-user.target.wants/nftables.service"),
)

SOURCES = tuple(
    [reads(path, "the rules that are restored at boot, and their copies", root=True) for path, unused, unused in FILES]
    + [reads(path, "whether it exists; it is not parsed") for path, unused in NFT_FILES]
    + [reads(link, "whether nftables.service loads such a file at boot") for unused, link in NFT_FILES]
)


def collect(host, systemd_units=None):
    """Return {files, not_parsed}.

    files       {path: {version, restored, total, surplus, copies, unavailable}} of those that exist; as in iptables_dumps, unavailable where not
                read; restored: whether the unit that does so at boot is there and enabled, or active; None where systemd cannot tell
    not_parsed  files of nft's own that are loaded at boot
    """
    files = {}
    for path, version, unit in FILES:
        found = _file(host, path)
        if found is not None:
            files[path] = dict(found, version=version, restored=starts(systemd_units, unit) if systemd_units else None)
    return {"files": files, "not_parsed": [path for path, link in NFT_FILES if _loaded(host, path, link)]}


def starts(units, name):
    """Return whether a unit will start at the next boot, or has: whoever disables it without stopping it may mean either."""
    unit = units.get(name, {})
    return unit.get("UnitFileState") == "enabled" or active(units, name)


def active(units, name):
    """Return whether a unit runs, or is about to."""
    return units.get(name, {}).get("ActiveState") in ("active", "activating", "reloading")


def _file(host, path):
    dump = Dump()
    try:
        if not host.each_line_of(path, lambda line: dump.feed(_rules.without_counters(line))):
            return None
    except Unavailable as exc:
        return _counted(unavailable={"reason": exc.reason, "message": exc.message})
    except ValueError as exc:  # somebody's own work, with -I, -N or a shell's variables
        return _counted(unavailable={"reason": "Unreadable", "message": "%s: %s" % (path, exc)})
    return _counted(dump.summary["total"], dump.summary["surplus"], dump.copies())


def _counted(total=0, surplus=0, copies=(), unavailable=None):
    return {"total": total, "surplus": surplus, "copies": list(copies), "unavailable": unavailable}


def _loaded(host, path, link):
    try:
        return host.readlink(link) is not None and host.exists(path)
    except Unavailable:
        return False  # it is told where it is seen, and proves nothing
