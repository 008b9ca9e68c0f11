# -*- coding: utf-8 -*-
"""What a host drops by its own IPv6 routes, and what `ip route get` says of the same table."""

from __future__ import absolute_import, division, print_function

import pytest
from ansible_collections.nodemend.kubernetes.plugins.module_utils._facts import blackholes_ipv6
from ansible_collections.nodemend.kubernetes.plugins.module_utils._facts.blackholes_ipv6 import IPV6_ROUTE
from ansible_collections.nodemend.kubernetes.plugins.module_utils._host import Unavailable
from ansible_collections.nodemend.kubernetes.plugins.module_utils._routes import dropped
from namespaces import looked_up, namespace
from recorded import RecordedHost, fact, recording

__metaclass__ = type

ROUTES = recording("blackholes.ipv6_route")
NOTHING = {"prefixes": [], "policies": False}
# As Calico has them on the node of a block: its own pod by its device, a borrowed address by another node, others that lack their route. The rest is
# what no Calico makes: the other ways to reject, a part of one, one route beside another for the same prefix, and prefixes that are no blocks.
TABLE = """
ip link set lo up
ip link add eth0 type veth peer name cali1
ip link set eth0 up
ip link set cali1 up
ip -6 address add fd00:1::11/64 dev eth0 nodad
ip -6 route add blackhole fd00:10:244::40/122 proto 12
ip -6 route add fd00:10:244::45/128 dev cali1
ip -6 route add fd00:10:244::49/128 via fd00:1::12 dev eth0 proto 12
ip -6 route add unreachable fd00:10:244::80/122
ip -6 route add fd00:10:244::90/124 via fd00:1::12 dev eth0 proto 12
ip -6 route add prohibit fd00:10:244::91/128
ip -6 route add throw fd00:10:244::c0/122
ip -6 route add fd00:10:244::100/122 via fd00:1::12 dev eth0 metric 512
ip -6 route add blackhole fd00:10:244::100/122
ip -6 route add fd00:10:244::140/122 via fd00:1::12 dev eth0 metric 2048
ip -6 route add blackhole fd00:10:244::140/122
ip -6 route add fd00:10:244::180/122 via fd00:1::12 dev eth0 proto 12
ip -6 route add unreachable fd00:20::/64
"""
DEFAULT = "ip -6 route add default via fd00:1::1 dev eth0\n"
ADDRESSES = ["fd00:10:244::" + end for end in "40 45 46 49 7f 80 8f 90 91 92 a0 bf c0 100 13f 140 17f 180 1c0".split()] + ["fd00:1::12"]
PREFIXES = [
    {"prefix": "fd00:10:244::40/122", "routes": ["fd00:10:244::45/128", "fd00:10:244::49/128"]},
    {"prefix": "fd00:10:244::80/122", "routes": ["fd00:10:244::90/124"]},
    {"prefix": "fd00:10:244::91/128", "routes": []},
    {"prefix": "fd00:10:244::c0/122", "routes": []},
    {"prefix": "fd00:10:244::140/122", "routes": []},
]


def test_the_prefixes_that_are_dropped_and_the_routes_inside():
    assert fact("blackholes_ipv6", RecordedHost({IPV6_ROUTE: ROUTES})) == {"prefixes": PREFIXES, "policies": False}


def test_a_real_table_is_read_as_the_kernel_looks_it_up():
    printed = namespace(TABLE + DEFAULT + looked_up(ADDRESSES) + "cat " + IPV6_ROUTE).splitlines()
    said = dict(line.split() for line in printed[: len(ADDRESSES)])
    found = blackholes_ipv6.parse("\n".join(printed[len(ADDRESSES) :]))
    assert found == {"prefixes": PREFIXES, "policies": False}
    assert dict((address, "2" if dropped(address, found["prefixes"]) else "routed") for address in ADDRESSES) == said
    assert set(said.values()) == set(["2", "routed"])


@pytest.mark.parametrize("default", ["", DEFAULT])
@pytest.mark.parametrize(
    "script, policies",
    [
        pytest.param("", False, id="none"),
        pytest.param("ip -6 route add default via fd00:1::2 dev eth0 metric 2048", False, id="a further default route"),
        pytest.param("ip -6 route add default dev eth0 metric 9\nip -6 route del default dev eth0 metric 9", False, id="a default route that was there"),
        pytest.param("ip -6 route add fd00:5::/64 dev eth0 table 200", True, id="a table"),
        pytest.param("ip -6 route add default via fd00:1::2 dev eth0 table 200", True, id="a table with a default route only"),
        pytest.param("ip -6 route add blackhole fd00:10:244::200/122 table 1000", True, id="a table of a high number"),
        pytest.param("ip -6 route add default via fd00:1::2 dev eth0 table 510", True, id="a table that the kernel keeps beside main"),
        pytest.param("ip -6 route add fd00:5::/64 dev eth0 table 511", True, id="a table that it keeps beside local"),
        pytest.param("ip -6 route add default from fd00:7::/64 dev eth0", True, id="a route for one source"),
        pytest.param("ip -6 route add fd00:10:244::46/128 from fd00:7::/64 dev eth0", True, id="a route for one source inside a block"),
    ],
)
def test_tables_of_policies_are_told(default, script, policies):
    found = blackholes_ipv6.parse(namespace("%s%s%s\ncat %s" % (TABLE, default, script, IPV6_ROUTE)))
    assert found["policies"] is policies
    assert [item for item in found["prefixes"] if item["prefix"] != "fd00:10:244::200/122"] == PREFIXES


def test_what_an_older_kernel_has_looked_up_is_no_route():
    """A copy of the route that it found, from before there was a block. The line is put together, not recorded."""
    copy = "fd000010024400000000000000000041 80 %s 00 %s 00000000 00000001 00000000 01000003     eth0\n" % ("0" * 32, "0" * 32)
    assert blackholes_ipv6.parse(copy + ROUTES) == {"prefixes": PREFIXES, "policies": False}


def test_no_route_is_dropped():
    nothing = [line for line in ROUTES.splitlines() if not line.startswith("fd0000100244")]
    assert fact("blackholes_ipv6", RecordedHost({IPV6_ROUTE: "\n".join(nothing)})) == NOTHING
    assert fact("blackholes_ipv6", RecordedHost()) == NOTHING


def test_garbage():
    with pytest.raises(Unavailable) as caught:
        fact("blackholes_ipv6", RecordedHost({IPV6_ROUTE: ROUTES + "fd00 40\n"}))
    assert caught.value.reason == "Unreadable"
