# -*- coding: utf-8 -*-
"""Calico's blocks of addresses, and those that are used on another node."""

from __future__ import absolute_import, division, print_function

import pytest
from ansible_collections.nodemend.kubernetes.plugins.module_utils._facts import ipam_blocks
from ansible_collections.nodemend.kubernetes.plugins.module_utils._host import Unavailable
from clusters import DAEMONSETS, FORBIDDEN, NOT_FOUND, answers, set_env
from ipam import BLOCKS, OLD, attribute, block, ipam, tunnel
from recorded import fact

__metaclass__ = type


def test_used_on_its_own_node_or_borrowed():
    one = block(used={0: tunnel("worker1"), 5: attribute("worker2"), 6: attribute("worker1", pod="own")})
    found = fact("ipam_blocks", ipam(one, block("worker2", cidr="192.168.100.64/26")))
    assert (found["blocks"], found["addresses"], found["used"]) == (2, 128, 3)
    assert found["borrowed"] == [
        {
            "address": "192.168.100.5",
            "block": "192.168.100.0/26",
            "owner": "worker1",
            "user": "worker2",
            "namespace": "shop",
            "pod": "web",
            "type": None,
            "since": OLD,
        }
    ]


@pytest.mark.parametrize(
    "item",
    [
        pytest.param(block(None, {5: attribute("worker2")}), id="of no node"),
        pytest.param(block(used={5: attribute("worker2")}, affinity="virtual:load-balancer"), id="of something else"),
        pytest.param(block(used={5: attribute(None)}), id="used by no node (a reserved address)"),
        pytest.param(block(used={5: {"handle_id": None, "secondary": None}}), id="attributes without words"),
        pytest.param(block(used={5: attribute("worker2")}, deleted=True), id="being deleted"),
        pytest.param(block(used={5: attribute("worker2")}, attributes=[]), id="without attributes"),
    ],
)
def test_not_borrowed(item):
    assert fact("ipam_blocks", ipam(item))["borrowed"] == []


def test_the_end_of_a_tunnel_can_be_borrowed():
    (entry,) = fact("ipam_blocks", ipam(block(used={1: tunnel("worker2")})))["borrowed"]
    assert (entry["address"], entry["type"], entry["pod"], entry["since"]) == ("192.168.100.1", "vxlanTunnelAddress", None, None)


@pytest.mark.parametrize(
    "cidr, ordinal, address",
    [("192.168.100.64/26", 63, "192.168.100.127"), ("10.0.255.0/24", 255, "10.0.255.255"), ("fd00:10::/122", 10, "fd00:10::a"), ("10.0.0.7/32", 0, "10.0.0.7")],
)
def test_addresses_are_counted_from_the_first(cidr, ordinal, address):
    assert ipam_blocks.nth(cidr, ordinal) == address


def test_where_there_are_none_to_read():
    assert fact("ipam_blocks", ipam(answers={DAEMONSETS: {"items": []}})) is None
    found = answers()
    set_env(found, ETCD_ENDPOINTS="https://10.0.0.1:2379", DATASTORE_TYPE="etcdv3")
    assert fact("ipam_blocks", ipam(answers=found)) is None
    assert fact("ipam_blocks", ipam(answers={BLOCKS: NOT_FOUND})) == {"blocks": 0, "addresses": 0, "used": 0, "borrowed": []}


@pytest.mark.parametrize("answer, reason", [(FORBIDDEN, "Forbidden"), ({"items": [block(used={1: attribute("b")}, cidr="x/26")]}, "Unreadable")])
def test_unreadable(answer, reason):
    with pytest.raises(Unavailable) as caught:
        fact("ipam_blocks", ipam(answers={BLOCKS: answer}))
    assert caught.value.reason == reason
