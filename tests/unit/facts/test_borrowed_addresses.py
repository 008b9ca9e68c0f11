# -*- coding: utf-8 -*-
"""Borrowed addresses joined with the routes of their blocks' nodes."""

from __future__ import absolute_import, division, print_function

import pytest
from ansible_collections.nodemend.kubernetes.plugins.module_utils._facts import borrowed_addresses
from clusters import DAEMONSETS, NOT_FOUND
from ipam import attribute, block, dropping, ipam, pod, routes, tunnel
from recorded import fact

__metaclass__ = type

BORROWED = block(used={5: attribute("worker2")})
BLOCK6 = "fd00:10:244::40/122"
POD = "/api/v1/namespaces/shop/pods/web"


def look_ups(item, node_routes, **answers):
    found = fact("borrowed_addresses", ipam(item, answers=answers), node_routes=node_routes)
    return [(entry["look_up"], entry["by"]) for entry in found]


@pytest.mark.parametrize(
    "node_routes, look_up",
    [
        pytest.param([routes()], ("dropped", "192.168.100.0/26"), id="no route but the blackhole"),
        pytest.param([routes("192.168.100.6/32")], ("dropped", "192.168.100.0/26"), id="a route to another"),
        pytest.param([routes("192.168.100.5/32")], ("routed", None), id="a route to it"),
        pytest.param([routes("192.168.100.4/30")], ("routed", None), id="a route to some that it is among"),
        pytest.param([routes(blackholes={"prefixes": [], "policies": False})], ("routed", None), id="no blackhole"),
        pytest.param([], ("unseen", None), id="the node was not scanned"),
        pytest.param([routes(blackholes=None)], ("unseen", None), id="its routes could not be read"),
        pytest.param([routes(blackholes={"prefixes": routes()["blackholes"]["prefixes"], "policies": True})], ("unseen", None), id="policies"),
        pytest.param([routes(cluster="another")], ("unseen", None), id="a node of another cluster"),
        pytest.param([routes(cluster=None)], ("unseen", None), id="a node of who knows which cluster"),
        pytest.param([routes(addresses=["10.9.9.9"])], ("unseen", None), id="another host of its name"),
    ],
)
def test_by_the_routes_of_its_blocks_node(node_routes, look_up):
    assert look_ups(BORROWED, node_routes, **pod("192.168.100.5")) == [look_up]


@pytest.mark.parametrize(
    "answer, look_up",
    [
        (pod("192.168.100.5"), "dropped"),
        ({POD: NOT_FOUND}, "leaked"),
        (pod("192.168.100.7"), "leaked"),
        (pod("192.168.100.5", phase="Succeeded"), "leaked"),
        (pod("192.168.100.5", phase="Failed"), "leaked"),
    ],
)
def test_an_address_that_nobody_has_is_leaked(answer, look_up):
    assert look_ups(BORROWED, [routes()], **answer) == [(look_up, "192.168.100.0/26")]


@pytest.mark.parametrize(
    "since, look_up",
    [("2026-11-20 11:55:00.1 +0000 UTC", "young"), ("2026-11-20 11:49:59 +0000 UTC", "dropped"), (None, "dropped"), ("garbage", "dropped")],
)
def test_one_that_was_given_only_just_now_may_have_got_its_route_meanwhile(since, look_up):
    item = block(used={5: attribute("worker2", timestamp=since)})
    assert look_ups(item, [routes()], **pod("192.168.100.5"))[0][0] == look_up


def test_the_end_of_a_tunnel_is_in_use_while_its_node_is_there():
    assert look_ups(block(used={5: tunnel("worker2")}), [routes()])[0][0] == "dropped"
    assert look_ups(block(used={5: tunnel("gone")}), [routes()])[0][0] == "leaked"


def test_the_block_of_a_node_that_is_gone_hurts_nobody():
    assert look_ups(block("gone", {5: attribute("worker2")}), [routes()]) == [("ownerless", None)]


@pytest.mark.parametrize(
    "node_routes, look_up",
    [
        pytest.param(routes(blackholes_ipv6=dropping(BLOCK6)), ("dropped", BLOCK6), id="no route but the blackhole"),
        pytest.param(routes(blackholes_ipv6=dropping(BLOCK6, "fd00:10:244::45/128")), ("routed", None), id="a route to it"),
        pytest.param(routes(blackholes_ipv6=dropping(BLOCK6, "fd00:10:244::44/126")), ("routed", None), id="a route to some that it is among"),
        pytest.param(routes(blackholes_ipv6=dropping(BLOCK6, "fd00:10:244::46/128")), ("dropped", BLOCK6), id="a route to another"),
        pytest.param(routes(blackholes_ipv6=dropping("fd00:10:244::80/122")), ("routed", None), id="another block"),
        pytest.param(routes(), ("routed", None), id="no blackhole"),
        pytest.param(routes(blackholes_ipv6=None), ("unseen", None), id="its routes could not be read"),
        pytest.param(routes(blackholes_ipv6=dict(dropping(BLOCK6), policies=True)), ("unseen", None), id="policies"),
        pytest.param(
            routes(blackholes=dict(dropping("192.168.100.0/26"), policies=True), blackholes_ipv6=dropping(BLOCK6)),
            ("dropped", BLOCK6),
            id="policies of IPv4",
        ),
        pytest.param(routes(blackholes=None, blackholes_ipv6=dropping(BLOCK6)), ("dropped", BLOCK6), id="no answer about IPv4"),
    ],
)
def test_ipv6_by_the_ipv6_routes(node_routes, look_up):
    item = block(used={5: attribute("worker2")}, cidr=BLOCK6)
    assert look_ups(item, [node_routes], **pod("fd00:10:244::45")) == [look_up]


def test_ipv4_without_the_routes_of_ipv6():
    node = routes()
    del node["blackholes_ipv6"]
    assert look_ups(BORROWED, [node], **pod("192.168.100.5")) == [("dropped", "192.168.100.0/26")]


def test_few_pods_are_asked_for(monkeypatch):
    monkeypatch.setattr(borrowed_addresses, "ASKED", 1)
    item = block(used={5: attribute("worker2"), 6: attribute("worker2", pod="other")})
    assert look_ups(item, [routes()], **pod("192.168.100.5")) == [("dropped", "192.168.100.0/26"), ("unseen", None)]


def test_without_calico():
    assert fact("borrowed_addresses", ipam(answers={DAEMONSETS: {"items": []}})) is None
