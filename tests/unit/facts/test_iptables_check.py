# -*- coding: utf-8 -*-
from __future__ import absolute_import, division, print_function

import pytest
from ansible_collections.nodemend.kubernetes.plugins.module_utils._facts import iptables_check
from netfilter import node
from recorded import fact

__metaclass__ = type


def test_nothing_is_tried_without_probes():
    host = node(nft="")
    (answer,) = fact("iptables_check", host)
    assert answer["path"] == "/usr/sbin/iptables" and answer["tried"] is None and answer["error"] is None
    assert not [what for kind, what in host.touched if kind == "command"]


def test_what_k3s_and_rke2_bring_along():
    paths = [
        "/var/lib/rancher/k3s/data/current/bin/aux/ip6tables",
        "/var/lib/rancher/rke2/data/v1.30.1-rke2r1-0123456789ab/bin/iptables",
    ]
    found = fact("iptables_check", node(nft="", files=dict((path, "") for path in paths)))
    assert sorted(item["path"] for item in found if item["bundled"]) == paths


def test_every_round_asks_both_ways():
    text = iptables_check.script("iptables")
    assert text.count(" -C ") == 2 * len(iptables_check.RULES["iptables"])
    assert "for round in 0 1 2 3 4; do" in text


def test_answers():
    answers = "0 present 0\n0 absent 1\n1 present 1\n1 absent 1\n2 present 2\n2 absent 2\n"
    rules = iptables_check.RULES["ip6tables"]
    assert iptables_check.parse_answers(answers, "ip6tables") == {"tried": 2, "missed": [rules[1][1]], "imagined": []}


@pytest.mark.parametrize("text", ["nonsense", "0 perhaps 1", "99 present 0", "x present 0"])
def test_garbage(text):
    with pytest.raises(ValueError):
        iptables_check.parse_answers(text, "iptables")
