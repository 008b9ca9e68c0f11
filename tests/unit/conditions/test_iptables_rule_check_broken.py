# -*- coding: utf-8 -*-
"""Commands that answer rightly, wrongly, or may not be asked."""

from __future__ import absolute_import, division, print_function

import pytest
from netfilter import LEGACY_BINARIES, NFT_BINARIES, node
from recorded import TIMED_OUT, judge

__metaclass__ = type

RIGHT = "0 present 0\n0 absent 1\n"
PROBE = "unshare -n -- /bin/sh -c * %s"
HOST = PROBE % "/usr/sbin/iptables"
AUX = "/var/lib/rancher/k3s/data/current/bin/aux/"
K3S = AUX + "iptables"


def probed(answer=RIGHT, bundled=None, **more):
    commands = {HOST: answer}
    files, links = {}, dict(NFT_BINARIES)
    if bundled:
        commands[PROBE % K3S] = bundled
        files[AUX + "xtables-nft-multi"] = ""
        links[K3S] = "xtables-nft-multi"
    return dict(nft="", commands=commands, files=files, links=links, probes=True, **more)


NFT_1 = dict(nft="", probes=False)
TABLE = {
    "right answers": (probed(), "ok", "RightAnswers"),
    "a rule that is there is denied": (probed("0 present 0\n0 absent 1\n0 present 1\n0 absent 1\n"), "faulty", "WrongAnswer"),
    "a rule that is not there is affirmed": (probed("3 present 0\n3 absent 0\n"), "faulty", "WrongAnswer"),
    "k3s' own is wrong": (probed(bundled="1 present 1\n1 absent 1\n"), "faulty", "WrongAnswer"),
    "it could not tell": (probed("0 present 4\n0 absent 4\n"), "unknown", "Unreadable"),
    "no rule could be added": (probed(""), "unknown", "Unreadable"),
    "no namespace": (probed((1, "", "unshare: unshare failed: Operation not permitted\n")), "unknown", "Unreadable"),
    "it does not end": (probed(TIMED_OUT), "unknown", "TimedOut"),
    "garbage": (probed("who knows\n"), "unknown", "Unreadable"),
    "garbage of three words": (probed("what a mess\n"), "unknown", "Unreadable"),
    "without root": (probed(root=False), "unknown", "NeedsRoot"),
    "1.8.4": (dict(NFT_1, version="1.8.4"), "unknown", "ProbeNotAllowed"),
    "1.8.9": (dict(NFT_1, version="1.8.9"), "unknown", "ProbeNotAllowed"),
    "1.8.10": (dict(NFT_1, version="1.8.10"), "unknown", "ProbeNotAllowed"),
    "1.8.8": (dict(NFT_1, version="1.8.8"), "ok", "VersionNotSuspect"),
    "1.8.5": (dict(NFT_1, version="1.8.5"), "ok", "VersionNotSuspect"),
    "legacy 1.8.4": (dict(legacy="", links=LEGACY_BINARIES, version="1.8.4", probes=False), "ok", "VersionNotSuspect"),
    "a version that may not be asked": (dict(probes=False), "unknown", "ProbeNotAllowed"),
    "only k3s' own": (dict(links={}, files={K3S: ""}, nft="", probes=False), "unknown", "ProbeNotAllowed"),
    "no command": (dict(links={}, commands={"iptables --version": "missing"}, probes=True), "not_applicable", "NoCommand"),
    "no node": (probed(kubelet=False), "not_applicable", "NotANode"),
}


@pytest.mark.parametrize("name", sorted(TABLE))
def test_verdict(name):
    more = dict(TABLE[name][0])
    probes = more.pop("probes")
    answer = judge("iptables_rule_check_broken", node(**more), probes=probes)
    assert (answer.status, answer.reason) == TABLE[name][1:], answer.message


def test_the_command_and_the_rule_are_named():
    answer = judge(
        "iptables_rule_check_broken", node(**{key: value for key, value in probed("3 present 0\n3 absent 0\n").items() if key != "probes"}), probes=True
    )
    assert answer.message == "/usr/sbin/iptables affirms a rule that is not there (-i eth1 -j ACCEPT)."
