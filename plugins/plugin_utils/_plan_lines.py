# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""A plan and its outcome as lines for people. Pure."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import collections

from ._findings import not_scanned_lines
from ._hosts import fold
from ._plan import maintenances
from ._remedies import CLUSTER, MAINTENANCE


def plan_lines(entries, scans, max_disruption, unread=(), drained=False):
    """Return the plan as lines for people; unread as _plan.unread() has it, drained as in _plan.Wishes."""
    allowed = [entry for entry in entries if entry["allowed"]]
    said = "%d of %d remedies may run" % (len(allowed), len(entries)) if entries else "nothing to remediate"
    lines = ["Plan (nodemend_max_disruption=%s): %s." % (max_disruption, said)]
    moved = set(host for host, shared in maintenances(entries, scans, drained).items() if shared["drain"])
    for title, group in (("Will run, in this order", allowed), ("Refused", [e for e in entries if not e["allowed"]])):
        if group:
            lines += ["", title]
            lines += _listed([entry for entry in group if entry["place"] != MAINTENANCE])
            shared = [entry for entry in group if entry["place"] == MAINTENANCE]
            lines += _listed(_by_remedy([entry for entry in shared if not _moves(entry, moved)]))
            lines += _shared([entry for entry in shared if _moves(entry, moved)])
    if unread:
        lines += ["", "Could not be read, so nothing is planned for it"] + _unread_lines(unread)
    missing = not_scanned_lines(scans)
    if missing:
        lines += ["", "Left alone, not scanned"] + missing
    return lines


def _unread_lines(unread):
    """Where root was not had, the same hosts lack a dozen conditions: one line for them, with the message of the first."""
    groups = collections.OrderedDict()
    for finding in unread:
        groups.setdefault((finding["reason"], tuple(finding["hosts"])), []).append(finding)
    lines = []
    for (reason, hosts), found in groups.items():
        lines.append("  %s (%s) on %s" % (", ".join(finding["condition"] for finding in found), reason, fold(hosts)))
        lines.append("    %s%s" % (found[0]["message"], "" if len(hosts) == 1 else " (%s)" % hosts[0]))
    return lines


def _shared(entries):
    """What shares a maintenance, remedy by remedy, so that hosts with the same fate are one line."""
    lines = ["  " + line for line in _listed(_by_remedy(entries))]
    return ["  One maintenance for each of these hosts, in which its pods move once:"] + lines if lines else []


def _moves(entry, moved):
    return entry["allowed"] and entry["host"] in moved


def _listed(entries):
    lines = []
    for entry, hosts in _grouped(entries):
        lines.append("  %s (%s) for %s on %s" % (entry["remedy"], entry["disruption"], ", ".join(entry["conditions"]), _where(entry, hosts)))
        if entry["reason"]:
            lines.append("    %s" % _without_host(entry))
    return lines


def _where(entry, hosts):
    if entry["place"] == CLUSTER:
        return "the %s" % entry["cluster"]
    return fold(hosts)


def _without_host(entry):
    """The host's own name is no part of a reason, so that hosts with the same fate are one line; that there is a limit is."""
    return entry["reason"].replace("--limit %s" % entry["host"], "--limit HOST")


def _grouped(entries):
    """Return [(first entry, hosts)] of neighbours that differ in their host only."""
    groups = []
    for entry in entries:
        key = (entry["remedy"], entry["disruption"], _without_host(entry), entry["conditions"], entry["cluster"])
        if groups and groups[-1][0] == key:
            groups[-1][2].append(entry["host"])
        else:
            groups.append((key, entry, [entry["host"]]))
    return [(entry, hosts) for unused, entry, hosts in groups]


def outcome_lines(entries, failures, proved, reboots, waiting=None, cordoned=None, check_mode=False, unread=(), kured=()):
    """Return what remediate did, for people.

    failures    {host: what failed}
    proved      {host: [remedies that came to their end]}
    reboots     hosts where a new kernel waits for a reboot, which nobody has allowed
    waiting     {host: [remedies that have done what they may before a reboot]}
    cordoned    {host: {node, command}} of failed hosts whose nodes are left cordoned
    check_mode  whether the remedies only said what they would do
    unread      as _plan.unread() has it
    kured       hosts that kured is going to reboot
    """
    ran = [entry for entry in entries if entry["allowed"]]
    good = [entry for entry in ran if all(entry["remedy"] in proved.get(host, ()) for host in [entry["host"]] + entry["nodes"])]
    begun = [entry for entry in ran if entry["remedy"] in (waiting or {}).get(entry["host"], ())]
    left = [entry for entry in ran if entry not in good + begun and not set([entry["host"]] + entry["nodes"]) & set(failures)]
    if not entries:
        lines = ["Nothing to remediate among what could be read." if unread else "Nothing to remediate."]
    elif not ran:
        lines = ["Nothing was done: all %d remedies of the plan were refused." % len(entries)]
    elif check_mode:
        lines = ["Check mode, nothing was changed: %d of %d remedies would run." % (len(good), len(ran))]
    else:
        lines = ["Remediated and proved: %d of %d." % (len(good), len(ran))]
    lines += _done(good)
    if begun:
        lines += ["Prepared, and mended only by a reboot:"] + _done(begun)
    for host in sorted(failures):
        lines.append("FAILED on %s: %s" % (host, failures[host]))
        lines += _go_on((cordoned or {}).get(host))
    if left:
        lines += ["Not begun, as something had failed before:"] + _done(left)
    if reboots:
        lines.append("A reboot is still required on %s. With -e kernel_reboot_ok=true this playbook does it, with a way back." % fold(reboots))
    if kured:
        lines.append("kured has been asked to reboot %s. Run this playbook with -e nodemend_conditions=kernel_not_default then:" % fold(kured))
        lines.append("it proves the new kernel and makes it the default.")
    return lines


def _go_on(left):
    """A node must not stay out of service in silence."""
    if not left:
        return []
    return [
        "  Its node %s IS STILL CORDONED: nothing new is scheduled there. Once the host is well, give it back:" % left["node"],
        "    %s" % left["command"],
    ]


def _done(entries):
    return [
        "  %s for %s on %s" % (entry["remedy"], ", ".join(entry["conditions"]), _where(entry, hosts))
        for entry, hosts in _grouped(_by_remedy(entries))
    ]


def _by_remedy(entries):
    remedies = [entry["remedy"] for entry in entries]
    return sorted(entries, key=lambda entry: remedies.index(entry["remedy"]))
