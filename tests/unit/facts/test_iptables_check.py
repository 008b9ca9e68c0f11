# -*- coding: utf-8 -*-
from __future__ import absolute_import, division, print_function

import pytest
from ansible_collections.nodemend.kubernetes.plugins.module_utils._facts import iptables_check
from netfilter import NFT_BINARIES, node
from recorded import fact

__metaclass__ = type


def test_nothing_is_tried_without_probes():
    host = node(nft="")
    (answer,) = fact("iptables_check", host)
    assert answer["path"] == "/usr/sbin/iptables" and answer["tried"] is None and answer["error"] is None
    assert not [what for kind, what in host.touched if kind == "command"]


AUX = "/var/lib/rancher/k3s/data/current/bin/aux/"
PROBE = "unshare -n -- /bin/sh -c * "
RIGHT = "0 present 0\n0 absent 1\n"


def test_what_k3s_and_rke2_bring_along():
    rke2 = "/var/lib/rancher/rke2/data/v1.30.1-rke2r1-0123456789ab/bin/"
    files = {AUX + "xtables-nft-multi": "", rke2 + "xtables-legacy-multi": ""}
    links = dict(NFT_BINARIES, **{AUX + "ip6tables": "xtables-nft-multi", rke2 + "iptables": "xtables-legacy-multi"})
    found = fact("iptables_check", node(nft="", files=files, links=links))
    assert sorted(item["path"] for item in found if item["bundled"]) == [AUX + "ip6tables", rke2 + "iptables"]


def undecided(*choices):
    """A host on which nothing has called k3s' commands yet: they lead to the script that chooses for good when it is run."""
    files = dict((AUX + name, "") for name in ("iptables-detect.sh",) + choices)
    links = dict(NFT_BINARIES, **dict((AUX + name, "iptables-detect.sh") for name in iptables_check.NAMES))
    commands = {PROBE + "/usr/sbin/iptables": RIGHT}
    commands.update((PROBE + "%s%s %s" % (AUX, choice, name), RIGHT) for choice in choices for name in iptables_check.NAMES)
    return node(nft="", files=files, links=links, commands=commands)


def test_the_script_that_chooses_for_k3s_is_never_run():
    host = undecided(*iptables_check.CHOICES)
    found = fact("iptables_check", host, probes=True)
    assert sorted(" ".join(item["command"]) for item in found if item["bundled"]) == [
        AUX + "xtables-legacy-multi ip6tables",
        AUX + "xtables-legacy-multi iptables",
        AUX + "xtables-nft-multi ip6tables",
        AUX + "xtables-nft-multi iptables",
    ]
    assert [item["error"] for item in found] == [None] * 5
    ran = [what.rsplit("true\n ", 1)[1] for kind, what in host.touched if kind == "command"]
    assert not [command for command in ran if command.startswith((AUX + "ip", AUX + "iptables-detect"))]


def test_a_script_with_nothing_to_choose_from_is_not_run_either():
    host = undecided()
    found = [item for item in fact("iptables_check", host, probes=True) if item["bundled"]]
    assert [item["error"]["reason"] for item in found] == ["Unreadable"] * 2
    assert not [what for kind, what in host.touched if kind == "command" and AUX in what]


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
