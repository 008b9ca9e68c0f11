# -*- coding: utf-8 -*-
"""Whether an old iptables-nft-save has printed all that nft shows."""

from __future__ import absolute_import, division, print_function

import pytest
from ansible_collections.nodemend.kubernetes.plugins.module_utils import _nft_rules

__metaclass__ = type

# What iptables 1.8.7 wrote, as nft 0.9.8 and 1.0.6 show it (--debug=netlink), and as iptables-nft-save 1.8.7 prints it.
OLD = """ip filter KUBE-FIREWALL 4 3
  [ match name comment rev 0 ]
  [ match name mark rev 1 ]
  [ counter pkts 0 bytes 0 ]
  [ immediate reg 0 drop ]

ip filter FORWARD 6
  [ meta load iifname => reg 1 ]
  [ cmp eq reg 1 0x00696e63 ]
  [ meta load oifname => reg 1 ]
  [ cmp neq reg 1 0x30687465 0x00000000 ]
  [ meta load l4proto => reg 1 ]
  [ cmp eq reg 1 0x00000006 ]
  [ payload load 2b @ network header + 12 => reg 1 ]
  [ cmp eq reg 1 0x00002a0a ]
  [ payload load 4b @ network header + 16 => reg 1 ]
  [ bitwise reg 1 = ( reg 1 & 0x00feffff ) ^ 0x00000000 ]
  [ cmp neq reg 1 0x0002010a ]
  [ match name tcp rev 0 ]
  [ counter pkts 0 bytes 0 ]
  [ immediate reg 0 accept ]

ip filter FORWARD 8 7
  [ payload load 4b @ network header + 12 => reg 1 ]
  [ cmp eq reg 1 0x0102010a ]
  [ limit rate 5/minute burst 5 type packets flags 0x0 ]
  [ counter pkts 0 bytes 0 ]
  [ immediate reg 0 goto -> KUBE-FIREWALL ]

ip6 filter FORWARD 2
  [ payload load 8b @ network header + 8 => reg 1 ]
  [ cmp eq reg 1 0x000000fd 0x00000000 ]
  [ counter pkts 0 bytes 0 ]
  [ target name REJECT rev 0 ]

ip nat PREROUTING 2
  [ meta load mark => reg 1 ]

table ip filter {
\tchain FORWARD {
\t\tmeta mark & 0x00008000 == 0x00008000 counter packets 0 bytes 0 drop
\t}
}
"""
TEXT = [
    ('-A KUBE-FIREWALL -m comment --comment "-s x" -m mark --mark 0x8000/0x8000 -j DROP', 1),
    ("-A FORWARD -s 10.42.0.0/16 ! -d 10.1.2.0/23 -i cni+ ! -o eth0 -p tcp -m tcp --dport 53 -j ACCEPT", 1),
    ("-A FORWARD -s 10.1.2.1/32 -m limit --limit 5/min -g KUBE-FIREWALL", 1),
]


def looked(text, version="ipv4", table="filter"):
    rules = _nft_rules.Rules(version, table)
    for line in text.split("\n"):
        rules.feed(line)
    return rules


def test_what_was_printed_in_full():
    rules = looked(OLD)
    assert rules.unknown is None and not rules.differs(TEXT)
    assert not looked(OLD, "ipv6").differs([("-A FORWARD -s fd00::/64 -j REJECT --reject-with icmp6-port-unreachable", 1)])
    assert looked(OLD, table="nat").unknown == ("PREROUTING", "[ meta load mark => reg 1 ]")
    assert not looked("", table="raw").differs([])


@pytest.mark.parametrize(
    "old, new",
    [
        # As 1.8.9 wrote the same rules: iptables-nft-save 1.8.7 printed the first without its mark, the second without its port.
        ("[ match name mark rev 1 ]", "[ meta load mark => reg 1 ]"),
        ("[ match name tcp rev 0 ]", "[ payload load 2b @ transport header + 2 => reg 1 ]"),
        ("[ match name tcp rev 0 ]", "[ payload load 1b @ network header + 1 => reg 1 ]"),
        ("[ match name tcp rev 0 ]", "[ payload load 2b @ network header + 9 => reg 1 ]"),
        ("[ match name tcp rev 0 ]", "[ bitwise reg 1 = ( reg 1 & 0x00feffff ) ^ 0x00000000 ]"),
        ("[ match name tcp rev 0 ]", "[ lookup reg 1 set x ]"),
        ("[ immediate reg 0 accept ]", "[ immediate reg 1 0x00000001 ]"),
        ("[ limit rate 5/minute burst 5 type packets flags 0x0 ]", "[ limit rate 5/minute burst 5 type packets flags 0x1 ]"),
    ],
)
def test_what_an_old_one_may_not_print(old, new):
    assert OLD.count(old) == 1 and looked(OLD.replace(old, new)).unknown[1] == new


@pytest.mark.parametrize(
    "old, new",
    [
        # Before 1.8.7 (EL: 1.8.4-16) iptables takes the two bytes of 10.42.0.0/16 for a whole address.
        ("-s 10.42.0.0/16", "-s 10.42.0.0/32"),
        ("! -d 10.1.2.0/23 ", ""),
        ("-p tcp ", ""),
        ("-i cni+ ", ""),
        ("-m mark --mark 0x8000/0x8000 ", ""),
        ("-m limit --limit 5/min ", ""),
    ],
)
def test_a_text_that_says_less_or_something_else(old, new):
    text = [(line.replace(old, new), number) for line, number in TEXT]
    assert text != TEXT and looked(OLD).differs(text)


@pytest.mark.parametrize("text", [TEXT[1:], TEXT + TEXT[:1], TEXT[:2] + [(TEXT[2][0], 2)]])
def test_another_number_of_rules(text):
    assert looked(OLD).differs(text)


@pytest.mark.parametrize(
    "text, complete",
    [
        ("iptables-nft-save v1.8.7 (nf_tables)", False),
        ("iptables-nft-save v1.8.8 (nf_tables)", False),
        ("iptables-nft-save v1.8.9 (nf_tables)", True),
        ("ip6tables-save v1.8.10 (nf_tables)", True),
        ("iptables-save v1.9", True),
        ("iptables-save v1.8 (nf_tables)", False),
        ("garbage", False),
        ("", False),
    ],
)
def test_versions(text, complete):
    assert _nft_rules.is_complete(text) == complete
