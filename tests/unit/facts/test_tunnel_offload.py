# -*- coding: utf-8 -*-
"""Which devices are asked, and what ethtool answers of them."""

from __future__ import absolute_import, division, print_function

import pytest
from ansible_collections.nodemend.kubernetes.plugins.module_utils._facts.tunnel_offload import NIC, TUNNEL, parse
from recorded import RecordedHost, fact, recording

__metaclass__ = type


def test_what_ethtool_prints():
    tunnel, nic = parse(recording("offload/vxlan.txt")), parse(recording("offload/nic.txt"))
    assert [tunnel[name] for name in TUNNEL] == [True] and [tunnel[name] for name in NIC] == [False, False]
    assert [nic[name] for name in NIC] == [True, True]


@pytest.mark.parametrize("mark", ["off [fixed]", "off [requested on]", "off"])
def test_what_is_marked_counts_as_it_is(mark):
    assert parse("Features for e:\ntx-udp_tnl-segmentation: %s\n" % mark) == {"tx-udp_tnl-segmentation": False}


def test_what_no_ethtool_prints():
    with pytest.raises(ValueError):
        parse("Cannot get device feature names: No such device\n")


def test_nobody_is_asked_without_both_kinds():
    host = RecordedHost({"/sys/class/net/eth0/uevent": "INTERFACE=eth0\n"}, {"/sys/class/net/eth0/device/driver": "../drivers/vmxnet3"})
    assert fact("tunnel_offload", host) == {"tunnels": [], "nics": [{"name": "eth0", "driver": "vmxnet3", "on": None}]}
    assert [kind for kind, unused in host.touched if kind == "command"] == []
