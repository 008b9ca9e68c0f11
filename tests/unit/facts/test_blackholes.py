# -*- coding: utf-8 -*-
"""What a host drops by its own routes, and what `ip route get` says of the same table."""

from __future__ import absolute_import, division, print_function

import pytest
from ansible_collections.nodemend.kubernetes.plugins.module_utils._facts import blackholes
from ansible_collections.nodemend.kubernetes.plugins.module_utils._facts.addresses import FIB_TRIE
from ansible_collections.nodemend.kubernetes.plugins.module_utils._host import Unavailable
from ansible_collections.nodemend.kubernetes.plugins.module_utils._routes import dropped, inside, network
from namespaces import looked_up, namespace
from recorded import RecordedHost, fact, recording

__metaclass__ = type

TRIE = recording("blackholes.fib_trie")
# As Calico has them on the node of two blocks: its own pods by their devices, a borrowed address by another node, one that lacks its route.
TABLE = """
ip link add eth0 type veth peer name cali1
ip link set eth0 up
ip link set cali1 up
ip address add 10.0.0.11/24 dev eth0
ip route add blackhole 192.168.100.0/26 proto 12
ip route add blackhole 192.168.100.64/26 proto 12
ip route add 192.168.100.5/32 dev cali1 scope link
ip route add 192.168.100.9/32 via 10.0.0.12 dev eth0 proto 12
ip route add 192.168.100.80/30 via 10.0.0.12 dev eth0 proto 12
ip route add prohibit 192.168.100.81/32
ip route add 192.168.200.0/26 via 10.0.0.12 dev eth0 proto 12
ip route add unreachable 10.50.0.0/16
"""
ADDRESSES = [
    "192.168.100.0", "192.168.100.5", "192.168.100.6", "192.168.100.9", "192.168.100.63", "192.168.100.64",
    "192.168.100.79", "192.168.100.80", "192.168.100.81", "192.168.100.82", "192.168.100.84", "192.168.200.1", "10.0.0.12",
]  # fmt: skip


def test_the_prefixes_that_are_dropped_and_the_routes_inside():
    assert fact("blackholes", RecordedHost({FIB_TRIE: TRIE})) == {
        "prefixes": [
            {"prefix": "192.168.100.0/26", "routes": ["192.168.100.5/32", "192.168.100.9/32"]},
            {"prefix": "192.168.100.64/26", "routes": ["192.168.100.80/30"]},
            {"prefix": "192.168.100.81/32", "routes": []},
        ],
        "policies": False,
    }


def test_a_real_table_is_read_as_the_kernel_looks_it_up():
    printed = namespace(TABLE + looked_up(ADDRESSES) + "cat " + FIB_TRIE)
    said = dict(line.split() for line in printed.splitlines()[: len(ADDRESSES)])
    prefixes = blackholes.parse(printed[printed.index("Main:") :])["prefixes"]
    assert dict((address, "2" if dropped(address, prefixes) else "routed") for address in ADDRESSES) == said
    assert set(said.values()) == set(["2", "routed"])


def test_tables_of_policies_are_told():
    printed = namespace(TABLE + "ip rule add from 10.9.9.9 table 200\nip route add default via 10.0.0.12 dev eth0 table 200\ncat " + FIB_TRIE)
    found = blackholes.parse(printed)
    assert found["policies"] is True
    assert [item["prefix"] for item in found["prefixes"]] == ["192.168.100.0/26", "192.168.100.64/26", "192.168.100.81/32"]


def test_a_blackhole_in_a_table_of_a_policy_is_none():
    assert blackholes.parse(TRIE.replace("Main:", "Id 200:").split("Local:")[0]) == {"prefixes": [], "policies": True}


def test_no_route_is_dropped():
    nothing = {"prefixes": [], "policies": False}
    assert fact("blackholes", RecordedHost({FIB_TRIE: recording("addresses.fib_trie")})) == nothing
    assert fact("blackholes", RecordedHost()) == nothing
    assert blackholes.parse("Id 200:\n" + recording("addresses.fib_trie")) == dict(nothing, policies=True)


def test_garbage():
    with pytest.raises(Unavailable) as caught:
        fact("blackholes", RecordedHost({FIB_TRIE: "Main:\n  |-- 1.2.3.4.5\n     /32 link BLACKHOLE\n"}))
    assert caught.value.reason == "Unreadable"


@pytest.mark.parametrize("prefix", ["192.168.100.0/26", "fd00:10:244::40/122"])
def test_a_route_for_all_of_a_prefix_is_not_inside_it(prefix):
    assert inside({network(prefix)}, {network(prefix)}) == [{"prefix": prefix, "routes": []}]
