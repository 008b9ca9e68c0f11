# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""Fact: the blocks from which Calico gives addresses, and the addresses that are used on another node than their block's."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import binascii
import socket

from .._kubectl import asks

PATH = "/apis/crd.projectcalico.org/v1/ipamblocks"

SOURCES = (asks(PATH + "*", "whose block each address is from, and which node and pod have it"),)

HOST = "host:"


def parse(item):
    """Return {block, owner, addresses, used, borrowed} of an IPAMBlock; None for one that is being deleted.

    owner     name of the node that has the block, or None
    borrowed  [{address, block, owner, user, namespace, pod, type, since}]: those that another node uses
    """
    spec = item.get("spec") or {}
    if spec.get("deleted"):
        return None
    affinity = spec.get("affinity") or ""
    owner = affinity[len(HOST) :] if affinity.startswith(HOST) else None
    allocations = spec.get("allocations") or []
    attributes = spec.get("attributes") or []
    borrowed = []
    for ordinal, index in enumerate(allocations):
        if index is None or not owner or index >= len(attributes):
            continue
        given = attributes[index].get("secondary") or {}
        user = given.get("node")
        if user and user != owner:
            borrowed.append(
                {
                    "address": nth(spec["cidr"], ordinal),
                    "block": spec["cidr"],
                    "owner": owner,
                    "user": user,
                    "namespace": given.get("namespace"),
                    "pod": given.get("pod"),
                    "type": given.get("type"),
                    "since": given.get("timestamp"),
                }
            )
    return {
        "block": spec.get("cidr"),
        "owner": owner,
        "addresses": len(allocations),
        "used": sum(1 for index in allocations if index is not None),
        "borrowed": borrowed,
    }


def nth(cidr, ordinal):
    """Return the address of a block that has this ordinal; raise ValueError where the block is none."""
    first = cidr.partition("/")[0]
    family = socket.AF_INET6 if ":" in first else socket.AF_INET
    try:
        packed = socket.inet_pton(family, first)
    except (socket.error, UnicodeError):
        raise ValueError("%s is no block of addresses" % cidr)
    value = int(binascii.hexlify(packed), 16) + ordinal
    return socket.inet_ntop(family, binascii.unhexlify(("%x" % value).rjust(2 * len(packed), "0")))


def collect(kubectl_client, calico_installation):
    """Return {blocks, addresses, used, borrowed}; None without Calico and where it keeps them elsewhere."""
    installation = calico_installation
    if not installation["present"] or installation["datastore"] != "kubernetes" or installation["api_group"] != "crd.projectcalico.org":
        return None
    blocks = [block for block in (parse(item) for item in kubectl_client.items(PATH)) if block]
    return {
        "blocks": len(blocks),
        "addresses": sum(block["addresses"] for block in blocks),
        "used": sum(block["used"] for block in blocks),
        "borrowed": [entry for block in blocks for entry in block["borrowed"]],
    }
