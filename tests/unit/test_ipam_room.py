# -*- coding: utf-8 -*-
"""Whether every node has room without borrowing: tables, and random clusters against Calico's own way of giving addresses, one after the other."""

from __future__ import absolute_import, division, print_function

import itertools
import json
import random

import pytest
from ansible_collections.nodemend.kubernetes.plugins.module_utils import _ipam_room
from ipam import attribute, block

__metaclass__ = type

FULL = dict((number, attribute("x")) for number in range(64))


def pool(cidr="192.168.0.0/24", name=None, **spec):
    return {"metadata": {"name": name or "pool-" + cidr.split("/")[0]}, "spec": dict(spec, cidr=cidr)}


def node(name, **labels):
    return {"metadata": {"name": name, "labels": labels}}


def affinity(owner, cidr, **spec):
    return {"spec": dict({"node": owner, "cidr": cidr, "state": "confirmed", "deleted": "false"}, **spec)}


def seen(**given):
    found = {"config": None, "pools": [pool()], "blocks": [], "affinities": [], "reservations": [], "nodes": [node("a"), node("b")], "namespaces": []}
    return dict(found, **given)


def lacking(**given):
    return [[item["node"] for item in group["lacking"]] for group in _ipam_room.room(seen(**given))]


def full(owner, cidr):
    return block(owner, FULL, cidr=cidr)


A, B, C, D = ["192.168.0.%d/26" % (64 * number) for number in range(4)]


@pytest.mark.parametrize(
    "given, expected",
    [
        pytest.param({}, [], id="a block for each"),
        pytest.param({"blocks": [full("a", A), full("a", B), full("b", C), full("x", D)]}, ["a", "b"], id="the pool is exhausted"),
        pytest.param({"blocks": [full("a", A), full("b", B), full("b", C)]}, ["b"], id="one block is left, for two"),
        pytest.param({"blocks": [full("a", A), full("b", B)]}, [], id="two are left"),
        pytest.param({"blocks": [block("a", {}, cidr=A), full("b", B), full("b", C)]}, [], id="one has room, for the other a block is left"),
        pytest.param({"blocks": [full("a", A), full("b", B), full("b", C), block(None, {}, cidr=D)]}, ["a", "b"], id="a block of nobody is not claimed"),
        pytest.param({"blocks": [block("a", {}, cidr=A), full("b", B), full("b", C), block("x", {}, cidr=D)]}, ["b"], id="nor another's empty one"),
        pytest.param({"blocks": [full("a", A), full("b", B), block("b", {}, cidr=C, deleted=True)]}, [], id="one that is being deleted counts as free"),
        pytest.param({"affinities": [affinity("x", A), affinity("x", B), affinity("x", C), affinity("a", D)]}, ["a", "b"], id="affinities without blocks"),
        pytest.param({"affinities": [affinity("x", cidr, deleted="true") for cidr in (A, B, C, D)]}, [], id="affinities that are being deleted"),
        pytest.param({"pools": [pool(disabled=True), pool("10.0.0.0/26")]}, ["b"], id="a disabled pool"),
        pytest.param({"pools": [pool(assignmentMode="Manual"), pool("10.0.0.0/26")]}, ["b"], id="a pool that has to be asked for"),
        pytest.param({"pools": [pool(allowedUses=["Tunnel"]), pool("10.0.0.0/26")]}, ["b"], id="a pool for tunnels"),
        pytest.param({"pools": [pool(namespaceSelector="has(x)"), pool("10.0.0.0/26")]}, ["b"], id="a pool for some namespaces"),
        pytest.param({"pools": [pool("10.0.0.0/26", namespaceSelector="all()")]}, ["b"], id="a pool for all namespaces"),
        pytest.param({"pools": [pool("10.0.0.0/26", blockSize=27)]}, [], id="smaller blocks"),
        pytest.param({"pools": [pool("10.0.0.0/27", blockSize=32)], "nodes": [node("n%02d" % number) for number in range(33)]}, ["n32"], id="blocks of one"),
        pytest.param({"pools": [pool("192.168.0.0/26")], "blocks": [full("a", A)]}, ["a", "b"], id="a pool of one block"),
        pytest.param({"reservations": [{"spec": {"reservedCIDRs": ["192.168.0.0/25", "192.168.0.128/26"]}}]}, ["b"], id="reserved blocks"),
        pytest.param({"reservations": [{"spec": {"reservedCIDRs": ["192.168.0.0/25"]}}], "blocks": [full("x", B)]}, [], id="a block that is reserved too"),
        pytest.param({"reservations": [{"spec": {"reservedCIDRs": ["192.168.0.7/32"]}}]}, [], id="a reserved address"),
        pytest.param({"reservations": [{"spec": {"reservedCIDRs": ["0.0.0.0/0"]}}]}, ["a", "b"], id="everything is reserved"),
        pytest.param(
            {"pools": [pool("192.168.0.0/26")], "blocks": [block("a", FULL, cidr=A, allocations=[None] + [0] * 63)], "nodes": [node("a")]}, [], id="one is left"
        ),
        pytest.param(
            {
                "pools": [pool("192.168.0.0/26")],
                "blocks": [block("a", FULL, cidr=A, allocations=[None] + [0] * 63)],
                "nodes": [node("a")],
                "reservations": [{"spec": {"reservedCIDRs": ["192.168.0.0/32"]}}],
            },
            ["a"],
            id="one is left, and reserved",
        ),
        pytest.param({"config": {"maxBlocksPerHost": 1}, "blocks": [full("a", A)]}, ["a"], id="no more blocks for a node"),
        pytest.param({"config": {"maxBlocksPerHost": 2}, "blocks": [full("a", A)]}, [], id="one more for a node"),
        pytest.param({"config": {"maxBlocksPerHost": 2}, "affinities": [affinity("a", B)], "blocks": [full("a", A)]}, ["a"], id="an affinity is one"),
        pytest.param({"config": {"maxBlocksPerHost": 0}, "blocks": [full("a", A)]}, [], id="as many as there are by default"),
        pytest.param(
            {"pools": [pool("10.0.0.0/16")], "blocks": [full("a", "10.0.0.%d/26" % (64 * n)) for n in range(4)] * 5}, [], id="the same blocks again"
        ),
        pytest.param(
            {"pools": [pool("10.0.0.0/16")], "blocks": [full("a", "10.0.%d.0/26" % n) for n in range(20)]}, ["a"], id="twenty unless it says otherwise"
        ),
        pytest.param({"config": {"autoAllocateBlocks": False, "strictAffinity": True}, "blocks": [block("a", {}, cidr=A)]}, ["b"], id="no new blocks at all"),
    ],
)
def test_who_lacks_an_address(given, expected):
    assert lacking(**given) == [expected]


def test_nodes_share_only_the_pools_that_select_them():
    nodes = [node("a", zone="east"), node("b", zone="west"), node("c", zone="west"), node("d")]
    east, west = pool("10.0.0.0/24", nodeSelector="zone == 'east'"), pool("10.1.0.0/26", nodeSelector="zone == 'west'")
    assert lacking(nodes=nodes, pools=[east, west]) == [["c"]]
    (group,) = _ipam_room.room(seen(nodes=nodes, pools=[east, west]))
    assert (group["nodes"], group["free_blocks"], group["blocks"]) == (3, 5, 5)  # d has no pool, and cannot borrow either


def test_a_node_with_a_choice_leaves_the_block_that_another_needs():
    nodes = [node("a", both="yes"), node("b"), node("c", both="yes")]
    common, special = pool("10.0.0.0/26", name="a"), pool("10.1.0.0/25", name="b", nodeSelector="has(both)")
    assert lacking(nodes=nodes, pools=[common, special]) == [[]]
    assert lacking(nodes=nodes + [node("d", both="yes")], pools=[common, special]) == [["d"]]


def test_a_block_of_a_pool_that_no_longer_selects_its_node_is_no_room():
    pools = [pool("192.168.0.0/26", nodeSelector="has(x)"), pool("10.0.0.0/26")]
    assert lacking(nodes=[node("a"), node("b")], pools=pools, blocks=[block("a", {}, cidr=A)]) == [["b"]]


def test_versions_have_room_of_their_own():
    pools = [pool(), pool("fd00::/121", name="six")]
    assert lacking(pools=pools) == [[], []]
    found = _ipam_room.room(seen(pools=pools, blocks=[block("a", FULL, cidr="fd00::/122"), block("b", FULL, cidr="fd00::40/122")]))
    assert [(group["version"], len(group["lacking"])) for group in found] == [(4, 0), (6, 2)]
    told = "IPv6: 2 nodes share fd00::/121, with 0 of 2 blocks free, and 2 nodes have no address of their own left: a ("
    assert _ipam_room.told(found[1]).startswith(told)


def test_a_pool_of_ipv6_has_more_blocks_than_anybody_counts():
    (group,) = _ipam_room.room(seen(pools=[pool("fd00::/48")], blocks=[full("a", "fd00::/122")]))
    assert group["free_blocks"] == 2 ** 74 - 1 and group["lacking"] == []


def test_pools_that_namespaces_ask_for_need_room_on_every_node():
    nodes = [node("a"), node("b")]
    asks = {"metadata": {"name": "shop", "annotations": {"cni.projectcalico.org/ipv4pools": json.dumps(["small"])}}}
    pools = [pool(), pool("10.0.0.0/26", name="small", nodeSelector="!all()")]
    found = _ipam_room.room(seen(nodes=nodes, pools=pools, namespaces=[asks, {"metadata": {"name": "other"}}]))
    assert [(group["asked_by"], [item["node"] for item in group["lacking"]]) for group in found] == [([], []), (["shop"], ["b"])]
    assert _ipam_room.told(found[1]).startswith(
        "IPv4 for pods of shop: 2 nodes share 10.0.0.0/26, with 1 of 1 block free, and 1 node has no address of its own left: b ("
    )


def test_one_node_alone_shares_with_nobody():
    (group,) = _ipam_room.room(seen(pools=[pool("192.168.0.0/25")], nodes=[node("a")], config={"maxBlocksPerHost": 1}, blocks=[full("a", A)]))
    assert _ipam_room.told(group) == (
        "IPv4: 1 node takes addresses of 192.168.0.0/25, with 1 of 2 blocks free, and 1 node has no address of its own left:"
        " a (its 1 block is full, and it may have no more than 1)."
    )


@pytest.mark.parametrize(
    "given, word",
    [
        ({"pools": [pool(nodeSelector="zone ~ 'a'")]}, "pool-192.168.0.0: \"zone ~ 'a'\" is no selector"),
        ({"pools": [pool("nonsense")]}, '"nonsense" is no prefix'),
        ({"pools": [pool("10.0.0.0/26", blockSize=24)]}, "has no blocks of /24"),
        ({"blocks": [block("a", {}, cidr="10.0.0.0/33")]}, '"10.0.0.0/33" is no prefix'),
        ({"namespaces": [{"metadata": {"name": "shop", "annotations": {"cni.projectcalico.org/ipv6pools": "six"}}}]}, "namespace shop"),
    ],
)
def test_what_cannot_be_worked_out_is_an_error(given, word):
    with pytest.raises(ValueError) as caught:
        _ipam_room.room(seen(**given))
    assert word in str(caught.value)


def given_addresses(nodes, pools, free, order):
    """Whether each node, one after the other in this order, gets a block, taking from the first pool that has one."""
    free = dict(free)
    for name in order:
        choice = next((label for label in nodes[name] if free[label]), None)
        if choice is None:
            return False
        free[choice] -= 1
    return True


def test_there_is_room_exactly_where_some_order_of_nodes_and_pools_finds_it():
    source = random.Random(1)
    answers = set()
    for unused in range(300):
        labels = "pqr"[: source.randint(1, 3)]
        nodes = dict(("n%d" % number, sorted(source.sample(labels, source.randint(1, len(labels))))) for number in range(source.randint(1, 4)))
        free = dict((label, source.randint(0, 2)) for label in labels)
        pools = [pool("10.%d.0.0/25" % number, name=label, nodeSelector="has(%s)" % label) for number, label in enumerate(labels)]
        blocks = [full("x", "10.%d.0.%d/26" % (number, 64 * n)) for number, label in enumerate(labels) for n in range(2 - free[label])]
        objects = [node(name, **dict.fromkeys(own, "yes")) for name, own in sorted(nodes.items())]
        expected = any(
            given_addresses(dict((name, list(own)) for name, own in zip(sorted(nodes), choices)), pools, free, sorted(nodes))
            for choices in itertools.product(*[itertools.permutations(own) for unused, own in sorted(nodes.items())])
        )
        (found,) = lacking(nodes=objects, pools=pools, blocks=blocks)
        assert (not found) == expected, (nodes, free)
        answers.add(expected)
    assert answers == {True, False}
