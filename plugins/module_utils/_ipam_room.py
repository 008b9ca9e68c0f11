# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""Whether every node has room for one more address of its own: the arithmetic of Calico's blocks. Pure.

As Calico gives addresses (libcalico-go, lib/ipam/ipam.go, autoAssign and findOrClaimBlock): from a block of the node's own, of any pool that
selects the node, that has an address left; else from a block that nobody has, if the node may have one more; else, without strict affinity,
from another node's block. Newer releases take empty blocks from other nodes before that; nobody should rely on it.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import json

from ._calico_selector import matches
from ._plural import counted
from ._routes import LENGTHS, holds, network

HOST = "host:"
# What Calico takes where IPAMConfig says 0 or nothing.
BLOCKS_PER_HOST = 20
BLOCK_SIZES = {4: 26, 6: 122}
REQUESTS = {4: "cni.projectcalico.org/ipv4pools", 6: "cni.projectcalico.org/ipv6pools"}


class Pool(object):
    """One IPPool: what of it matters here."""

    def __init__(self, item):
        spec = item.get("spec") or {}
        self.name = item["metadata"]["name"]
        self.cidr = spec.get("cidr") or ""
        self.network = network(self.cidr)
        self.version = self.network[0]
        self.block_size = spec.get("blockSize") or BLOCK_SIZES[self.version]
        self.enabled = not spec.get("disabled")
        self.selector = spec.get("nodeSelector") or ""
        # Used without being asked for, by pods of every namespace.
        self.common = (
            (spec.get("assignmentMode") or "Automatic") == "Automatic"
            and "Workload" in (spec.get("allowedUses") or ["Workload"])
            and (spec.get("namespaceSelector") or "").strip() in ("", "all()")
        )
        if self.block_size < self.network[2] or self.block_size > LENGTHS[self.version]:
            raise ValueError("pool %s: %s has no blocks of /%s" % (self.name, self.cidr, self.block_size))

    def selects(self, labels):
        try:
            return matches(self.selector, labels)
        except ValueError as exc:
            raise ValueError("pool %s: %s" % (self.name, exc))

    def blocks(self):
        return 1 << (self.block_size - self.network[2])

    def free(self, taken):
        """Return how many blocks nobody has; taken are networks of blocks, affinities and reservations."""
        width = LENGTHS[self.version] - self.block_size
        ranges = []
        for other in taken:
            if holds(other, self.network):
                return 0
            if holds(self.network, other):
                first = (other[1] - self.network[1]) >> width
                ranges.append((first, first + max(1, 1 << max(0, self.block_size - other[2]))))
        used, end = 0, 0
        for first, after in sorted(ranges):
            used += max(0, after - max(first, end))
            end = max(end, after)
        return self.blocks() - used


def room(seen):
    """Return [{version, asked_by, pools, blocks, free_blocks, nodes, lacking}] for what _calico_ipam.read() has seen; raise ValueError where
    something cannot be worked out.

    asked_by  namespaces that ask for pools by their annotation; empty for all other pods
    nodes     how many nodes take addresses from these pools
    lacking   [{node, why}] of those without an address of their own left
    """
    pools = [Pool(item) for item in seen["pools"]]
    groups = [(version, (), [pool for pool in pools if pool.version == version and pool.enabled and pool.common]) for version in (4, 6)]
    groups += sorted(_requests(seen["namespaces"], pools), key=lambda group: (group[0], group[1]))
    return [_group(seen, version, asked_by, chosen) for version, asked_by, chosen in groups if chosen]


def _requests(namespaces, pools):
    """Yield (version, namespaces, pools) for each set of pools that namespaces ask for; then node selectors do not count."""
    sets = {}
    for item in namespaces:
        annotations = item["metadata"].get("annotations") or {}
        for version, annotation in REQUESTS.items():
            if annotations.get(annotation):
                wanted = tuple(sorted(_names(annotations[annotation], item["metadata"]["name"])))
                sets.setdefault((version, wanted), []).append(item["metadata"]["name"])
    for (version, wanted), names in sets.items():
        chosen = [pool for pool in pools if pool.version == version and pool.enabled and (pool.name in wanted or pool.cidr in wanted)]
        if chosen:
            yield version, tuple(sorted(names)), chosen


def _names(text, namespace):
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, list) or not all(hasattr(name, "upper") for name in found):
        raise ValueError("namespace %s: the pools that it asks for cannot be read" % namespace)
    return found


def _group(seen, version, asked_by, pools):
    config = seen["config"] or {}
    most = config.get("maxBlocksPerHost") or BLOCKS_PER_HOST
    claims = config.get("autoAllocateBlocks", True)
    reserved = [network(cidr) for item in seen["reservations"] for cidr in (item.get("spec") or {}).get("reservedCIDRs") or []]
    blocks = [(network(item["spec"]["cidr"]), item["spec"]) for item in seen["blocks"] if not item["spec"].get("deleted")]
    affinities = [(network(item["spec"]["cidr"]), item["spec"].get("node")) for item in seen["affinities"] if not _deleted(item)]
    taken = [block[0] for block in blocks] + [affinity[0] for affinity in affinities] + reserved
    capacity = dict((pool.name, pool.free(taken)) for pool in pools)
    lacking, wanting, nodes = [], [], 0
    for node in seen["nodes"]:
        name = node["metadata"]["name"]
        own = [pool for pool in pools if asked_by or pool.selects(node["metadata"].get("labels") or {})]
        if not own:
            continue
        nodes += 1
        mine = [(net, spec) for net, spec in blocks if spec.get("affinity") == HOST + name and _inside(net, own)]
        owned = set(net for net, unused in mine) | set(net for net, owner in affinities if owner == name and _inside(net, own))
        if any(free_addresses(spec, net, reserved) for net, spec in mine):
            continue
        if not claims:
            lacking.append({"node": name, "why": "its blocks are full, and IPAMConfig forbids new ones (autoAllocateBlocks)"})
        elif len(owned) >= most:
            lacking.append({"node": name, "why": "its %s, and it may have no more than %d" % (counted(len(owned), "block", "is full", "are full"), most)})
        else:
            wanting.append((name, [pool.name for pool in own]))
    for name in _unmatched(wanting, dict(capacity)):
        lacking.append({"node": name, "why": "its blocks are full or it has none, and no block is left for it"})
    return {
        "version": version,
        "asked_by": list(asked_by),
        "pools": [pool.cidr for pool in pools],
        "blocks": sum(pool.blocks() for pool in pools),
        "free_blocks": sum(capacity.values()),
        "nodes": nodes,
        "lacking": sorted(lacking, key=lambda item: item["node"]),
    }


def _deleted(item):
    """Text in this kind, by its CRD."""
    return str(item["spec"].get("deleted")).lower() == "true"


def _inside(net, pools):
    return any(holds(pool.network, net) for pool in pools)


def free_addresses(spec, net, reserved):
    """Return how many addresses of a block nobody has, that are not reserved."""
    free = [ordinal for ordinal, index in enumerate(spec.get("allocations") or []) if index is None]
    near = [other for other in reserved if holds(other, net) or holds(net, other)]
    return sum(1 for ordinal in free if not any(holds(other, (net[0], net[1] + ordinal, LENGTHS[net[0]])) for other in near))


def _unmatched(wanting, capacity):
    """Return the nodes for which no block is left when each of the others gets one: [(node, names of pools)], {pool: free blocks}."""
    given = dict((name, []) for name in capacity)

    def place(node, pools, tried):
        for name in pools:
            if name in tried:
                continue
            tried.add(name)
            if len(given[name]) < capacity[name]:
                given[name].append((node, pools))
                return True
            for position, (other, others) in enumerate(given[name]):
                if place(other, others, tried):
                    given[name][position] = (node, pools)
                    return True
        return False

    return [node for node, pools in wanting if not place(node, pools, set())]


def told(group):
    """Return a sentence with the numbers of a group of room() that lacks something."""
    few = "; ".join("%(node)s (%(why)s)" % item for item in group["lacking"][:5]) + (" ..." if len(group["lacking"]) > 5 else "")
    return "IPv%d%s: %s %s, with %d of %s free, and %s: %s." % (
        group["version"],
        " for pods of " + ", ".join(group["asked_by"]) if group["asked_by"] else "",
        counted(group["nodes"], "node", "takes addresses of", "share"),
        ", ".join(group["pools"]),
        group["free_blocks"],
        counted(group["blocks"], "block"),
        counted(len(group["lacking"]), "node", "has no address of its own left", "have no address of their own left"),
        few,
    )
