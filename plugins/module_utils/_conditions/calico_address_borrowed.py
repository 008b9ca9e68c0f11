# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""An address of one node's block is used on another, and the first has no route to it: its pods cannot reach that address."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from .._condition import Condition, at_risk, faulty, not_applicable, ok, unknown
from .._plural import counted

SHOWN = 5
KEPT = 20


def evaluate(calico_installation, ipam_blocks, borrowed_addresses):
    installation = calico_installation
    if not installation["present"]:
        return not_applicable("NoCalico", "No Calico is installed in this cluster.")
    if ipam_blocks is None:
        return unknown("OtherDatastore", "Calico's blocks are not among the objects of crd.projectcalico.org, where they can be read.")
    if not ipam_blocks["blocks"]:
        return not_applicable("NoBlocks", "Calico has no blocks of addresses: another plugin gives pods theirs.")
    numbers = dict((name, ipam_blocks[name]) for name in ("blocks", "addresses", "used"))
    # Those that say most come first.
    ordered = sorted(borrowed_addresses, key=lambda entry: entry["by"] is None)
    evidence = {"ipam": numbers, "borrowed_count": len(ordered), "borrowed": ordered[:KEPT]}
    room = "%d of %s in %s %s in use" % (
        numbers["used"],
        counted(numbers["addresses"], "address"),
        counted(numbers["blocks"], "block"),
        "is" if numbers["used"] == 1 else "are",
    )
    if not ordered:
        return ok("NothingBorrowed", "Every address is used on the node of its block; %s." % room, **evidence)
    lost = [entry for entry in ordered if entry["look_up"] == "dropped"]
    if lost:
        message = "The nodes of their blocks drop what is sent to %s: %s. Pods there cannot reach them; %s." % (
            "an address" if len(lost) == 1 else counted(len(lost), "address"),
            "; ".join(told(entry) for entry in lost[:SHOWN]) + (" ..." if len(lost) > SHOWN else ""),
            room,
        )
        return faulty("Dropped", message, **evidence)
    borrowed = "Used on other nodes than those of their blocks: %s" % counted(len(ordered), "address")
    unseen = [entry for entry in ordered if entry["look_up"] in ("unseen", "young")]
    if unseen:
        message = "%s; the routes of the nodes of their blocks are not known for %d of them, on %s; %s."
        owners = sorted(set(entry["owner"] for entry in unseen))
        verdict = at_risk("NotLookedUp", message % (borrowed, len(unseen), listed(owners), room), **evidence)
        return verdict._replace(disruption="none")  # only pods that are known not to be reached are evicted
    return ok("Routed", "%s; the nodes of their blocks have routes to all that are in use; %s." % (borrowed, room), **evidence)


def told(entry):
    """Return "192.168.100.5 (pod shop/web on worker2) by 192.168.100.0/26 on worker1"."""
    holder = "pod %(namespace)s/%(pod)s" % entry if entry["pod"] else entry["type"]
    return "%s (%s on %s) by %s on %s" % (entry["address"], holder, entry["user"], entry["by"], entry["owner"])


def listed(names):
    return ", ".join(names[:SHOWN]) + (" ..." if len(names) > SHOWN else "")


CONDITION = Condition(
    id="calico_address_borrowed",
    evaluate=evaluate,
    scope="cluster",
    role="nodemend.kubernetes.calico_ipam",
    remedy_scope="cluster",
    remediate_on="request",
    disruption="drain",
)
