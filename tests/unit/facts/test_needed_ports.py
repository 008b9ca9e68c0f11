# -*- coding: utf-8 -*-
from __future__ import absolute_import, division, print_function

import pytest
from ansible_collections.nodemend.kubernetes.plugins.module_utils._facts.needed_ports import digits, overlap, parse

__metaclass__ = type

# Linux 6.18: systemd-resolved's port, an accepted connection and a wildcard.
TCP = """  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 3500007F:0035 00000000:0000 0A 00000000:00000000 00:00000000 00000000   101        0 16093 1 0000000000000000 100 0 0 10 5
   1: 0100007F:0016 0100007F:C350 01 00000000:00000000 00:00000000 00000000     0        0 16100 1 0000000000000000 100 0 0 10 0
   2: 00000000:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 16094 1 0000000000000000 100 0 0 10 0
"""


def test_listening_sockets():
    assert parse(TCP) == [("3500007F", 53, "16093"), ("00000000", 22, "16094")]
    assert parse("") == parse("garbage\nmore garbage\n") == []


@pytest.mark.parametrize(
    "address, text", [("127.0.0.1", "0100007F"), ("10.0.0.10", "0A00000A"), ("0.0.0.0", None), (None, None), ("::", None), ("fe80::1", None)]
)
def test_digits(address, text):
    assert digits(address) == text


@pytest.mark.parametrize(
    "address, wanted, both",
    [("00000000", "0100007F", True), ("0100007F", "0100007F", True), ("0A00000A", "0100007F", False), ("0A00000A", None, True), ("0" * 32, "0100007F", True)],
)
def test_overlap(address, wanted, both):
    assert overlap(address, wanted) == both
