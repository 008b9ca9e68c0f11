# -*- coding: utf-8 -*-
from __future__ import absolute_import, division, print_function

import pytest
from ansible_collections.nodemend.kubernetes.plugins.module_utils._facts.rp_filter import parse_routes
from recorded import RecordedHost, fact

__metaclass__ = type

HEAD = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n"
LINE = "%s\t00000000\t0100000A\t0003\t0\t0\t%d\t00000000\t0\t0\t0\n"


@pytest.mark.parametrize(
    "text, interface",
    [
        (HEAD, None),
        (HEAD + LINE % ("ens5", 1024), "ens5"),
        (HEAD + LINE % ("ens6", 200) + LINE % ("ens5", 100), "ens5"),
        (HEAD + "ens5\t0000000A\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n", None),
        ("garbage", None),
    ],
)
def test_default_route(text, interface):
    assert parse_routes(text) == interface


def test_no_default_route():
    host = RecordedHost({"/proc/sys/net/ipv4/conf/all/rp_filter": "2\n"})
    assert fact("rp_filter", host) == {"all": 2, "primary": None, "effective": 2, "aws": None}
