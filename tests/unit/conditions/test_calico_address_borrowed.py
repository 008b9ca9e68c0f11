# -*- coding: utf-8 -*-
from __future__ import absolute_import, division, print_function

import pytest
from clusters import DAEMONSETS, FORBIDDEN, NODES, NOT_FOUND, REFUSED, answers, set_env
from ipam import BLOCKS, attribute, block, dropping, ipam, pod, routes
from recorded import judge

__metaclass__ = type

BORROWED = block(used={5: attribute("worker2"), 6: attribute("worker1", pod="own")})
POD = pod("192.168.100.5")
IPV6 = block(used={5: attribute("worker2"), 6: attribute("worker1", pod="own")}, cidr="fd00:10:244::40/122")
DROPPED6 = routes(blackholes_ipv6=dropping("fd00:10:244::40/122", "fd00:10:244::46/128"))
ROUTED6 = routes(blackholes_ipv6=dropping("fd00:10:244::40/122", "fd00:10:244::45/128"))
ETCD = answers()
set_env(ETCD, ETCD_ENDPOINTS="https://10.0.0.1:2379", DATASTORE_TYPE="etcdv3")

CASES = [
    pytest.param([BORROWED], [routes()], POD, "faulty", "Dropped", id="the story: a blackhole and no more specific route"),
    pytest.param([BORROWED], [routes("192.168.100.5/32")], {}, "ok", "Routed", id="borrowed as it is meant to be"),
    pytest.param([BORROWED], [routes()], {"/api/v1/namespaces/shop/pods/web": NOT_FOUND}, "ok", "Routed", id="leaked: nobody has it"),
    pytest.param([BORROWED], [], {}, "at_risk", "NotLookedUp", id="the block's node was not scanned"),
    pytest.param([block(used={6: attribute("worker1")})], [routes()], {}, "ok", "NothingBorrowed", id="each on its own node"),
    pytest.param([IPV6], [DROPPED6], pod("fd00:10:244::45"), "faulty", "Dropped", id="the same with IPv6"),
    pytest.param([IPV6], [ROUTED6], pod("fd00:10:244::45"), "ok", "Routed", id="IPv6, borrowed as it is meant to be"),
    pytest.param([IPV6], [routes(blackholes_ipv6=None)], {}, "at_risk", "NotLookedUp", id="IPv6, and its routes are not known"),
    pytest.param([BORROWED, IPV6], [DROPPED6], pod("fd00:10:244::45"), "faulty", "Dropped", id="both, and only the IPv6 address is in use"),
    pytest.param([], [], {}, "not_applicable", "NoBlocks", id="another plugin gives addresses"),
    pytest.param([], [], {DAEMONSETS: {"items": []}}, "not_applicable", "NoCalico", id="no Calico"),
    pytest.param([], [], ETCD, "unknown", "OtherDatastore", id="etcd"),
    pytest.param([], [], {BLOCKS: FORBIDDEN}, "unknown", "Forbidden", id="blocks may not be read"),
    pytest.param([BORROWED], [routes()], {NODES: FORBIDDEN}, "unknown", "Forbidden", id="nodes may not be read"),
    pytest.param([], [], {DAEMONSETS: REFUSED}, "unknown", "ApiUnreachable", id="no API server"),
]


@pytest.mark.parametrize("blocks, node_routes, more, status, reason", CASES)
def test_verdict(blocks, node_routes, more, status, reason):
    verdict = judge("calico_address_borrowed", ipam(*blocks, answers=more), node_routes=node_routes)
    assert (verdict.status, verdict.reason) == (status, reason), verdict.message


def test_the_message_names_the_address_who_has_it_and_who_drops_it():
    verdict = judge("calico_address_borrowed", ipam(BORROWED, answers=POD), node_routes=[routes()])
    assert verdict.message == (
        "The nodes of their blocks drop what is sent to an address: 192.168.100.5 (pod shop/web on worker2) by 192.168.100.0/26 on worker1."
        " Pods there cannot reach them; 2 of 64 addresses in 1 block are in use."
    )
    assert verdict.evidence["borrowed"][0]["look_up"] == "dropped"
    verdict = judge("calico_address_borrowed", ipam(IPV6, answers=pod("fd00:10:244::45")), node_routes=[DROPPED6])
    assert "fd00:10:244::45 (pod shop/web on worker2) by fd00:10:244::40/122 on worker1." in verdict.message


def test_one_that_is_dropped_says_more_than_one_that_is_not_known():
    other = block("worker2", {1: attribute("worker1", pod="other")}, cidr="192.168.100.64/26")
    verdict = judge("calico_address_borrowed", ipam(other, BORROWED, answers=POD), node_routes=[routes()])
    assert verdict.reason == "Dropped"
    assert [entry["look_up"] for entry in verdict.evidence["borrowed"]] == ["dropped", "unseen"]
    verdict = judge("calico_address_borrowed", ipam(other, BORROWED, answers=POD), node_routes=[routes("192.168.100.5/32")])
    assert verdict.message == (
        "Used on other nodes than those of their blocks: 2 addresses; the routes of the nodes of their blocks are not known for 1 of them, on worker2;"
        " 3 of 128 addresses in 2 blocks are in use."
    )


def test_one_address_is_not_many():
    one = block(used={5: attribute("worker2")})
    verdict = judge("calico_address_borrowed", ipam(one), node_routes=[routes("192.168.100.5/32")])
    assert verdict.message == (
        "Used on other nodes than those of their blocks: 1 address; the nodes of their blocks have routes to all that are in use;"
        " 1 of 64 addresses in 1 block is in use."
    )


def test_pods_move_only_where_one_is_known_not_to_be_reached():
    assert judge("calico_address_borrowed", ipam(BORROWED), node_routes=[]).disruption == "none"
    assert judge("calico_address_borrowed", ipam(BORROWED, answers=POD), node_routes=[routes()]).disruption is None
