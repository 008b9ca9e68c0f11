# -*- coding: utf-8 -*-
"""The host's own addresses."""

from __future__ import absolute_import, division, print_function

import pytest
from ansible_collections.nodemend.kubernetes.plugins.module_utils._facts import addresses
from ansible_collections.nodemend.kubernetes.plugins.module_utils._host import Unavailable
from recorded import RecordedHost, fact, recording

__metaclass__ = type

IF_INET6 = recording("addresses.if_inet6")


def test_the_host_s_own_and_neither_loopback_nor_link_local_nor_the_routes_of_pods():
    host = RecordedHost({addresses.FIB_TRIE: recording("addresses.fib_trie"), addresses.IF_INET6: IF_INET6})
    assert fact("addresses", host) == ["10.213.0.12", "fd00::2"]


def test_an_address_that_is_also_the_base_of_a_route():
    """What a fib_trie shows of 10.0.0.0/31 on a device: the network and the host's own address are one leaf."""
    leaf = "           |-- 10.0.0.0\n              /31 link UNICAST\n              /32 host LOCAL\n"
    assert addresses.parse_ipv4(leaf + "           |-- 10.0.0.8\n              /32 link BROADCAST\n") == ["10.0.0.0"]


def test_a_kernel_without_ipv6_or_without_any_network():
    assert fact("addresses", RecordedHost({addresses.FIB_TRIE: recording("addresses.fib_trie")})) == ["10.213.0.12"]
    assert fact("addresses", RecordedHost()) == []


def test_link_local_ipv4_is_left_out():
    text = recording("addresses.fib_trie").replace("10.213.0.12", "169.254.25.10")
    assert addresses.parse_ipv4(text) == []


def test_garbage():
    with pytest.raises(Unavailable) as caught:
        fact("addresses", RecordedHost({addresses.IF_INET6: "nonsense 01 80 00 80 eth0\n"}))
    assert caught.value.reason == "Unreadable"
