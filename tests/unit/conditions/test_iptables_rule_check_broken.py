# -*- coding: utf-8 -*-
"""Commands that answer rightly, wrongly, or may not be asked."""

from __future__ import absolute_import, division, print_function

import netfilter
import pytest
from netfilter import LEGACY_BINARIES, NFT_BINARIES, node
from recorded import TIMED_OUT, judge

__metaclass__ = type

RIGHT = "0 present 0\n0 absent 1\n"
PROBE = "unshare -n -- /bin/sh -c * %s"
HOST = PROBE % "/usr/sbin/iptables"
AUX = "/var/lib/rancher/k3s/data/current/bin/aux/"
K3S = AUX + "iptables"


WRONG = "1 present 1\n1 absent 1\n"
CONFIGURATION = "/etc/rancher/k3s/config.yaml"


def k3s(prefer=None, host=RIGHT, bundled=RIGHT, chosen=True, config="prefer-bundled-bin: true\n", agent=False, probes=True, flags=()):
    """A host on which k3s runs, with an iptables of its own beside the host's."""
    files, commands = netfilter.k3s(flags)
    files.update({AUX + "xtables-nft-multi": "", AUX + "iptables-detect.sh": ""})
    links = dict(NFT_BINARIES, **{K3S: "xtables-nft-multi" if chosen else "iptables-detect.sh"})
    if prefer:
        files[CONFIGURATION] = config
    if agent:
        files.update(
            {
                "/proc/801/stat": "801 (flanneld) S 1 801 801 0 -1 4194560",
                "/proc/801/cmdline": "/usr/local/bin/flanneld\0",
                "/proc/801/cgroup": "0::/system.slice/flanneld.service\n",
                "/proc/801/status": "NSpid:\t801\n",
            }
        )
        for kind in ("net", "mnt"):
            links.update(dict(("/proc/%s/ns/%s" % (who, kind), "%s:[1]" % kind) for who in ("self", "800", "801")))
    commands.update({HOST: host, PROBE % (K3S if chosen else AUX + "xtables-nft-multi iptables"): bundled})
    return dict(nft="", files=files, links=links, commands=commands, kubelet=False, probes=probes)


def probed(answer=RIGHT, bundled=None, **more):
    commands = {HOST: answer}
    files, links = {}, dict(NFT_BINARIES)
    if bundled:
        commands[PROBE % K3S] = bundled
        files[AUX + "xtables-nft-multi"] = ""
        links[K3S] = "xtables-nft-multi"
    return dict(nft="", commands=commands, files=files, links=links, probes=True, **more)


def both(answer6, **more):
    """ip6tables beside iptables, which answers rightly."""
    links = dict(NFT_BINARIES, **{"/usr/sbin/ip6tables": "xtables-nft-multi"})
    return dict(nft="", links=links, commands={HOST: RIGHT, PROBE % "/usr/sbin/ip6tables": answer6}, probes=True, **more)


NFT_1 = dict(nft="", probes=False)
TABLE = {
    "right answers": (probed(), "ok", "RightAnswers"),
    "a rule that is there is denied": (probed("0 present 0\n0 absent 1\n0 present 1\n0 absent 1\n"), "faulty", "WrongAnswer"),
    "a rule that is not there is affirmed": (probed("3 present 0\n3 absent 0\n"), "faulty", "WrongAnswer"),
    "k3s' own is wrong, and no k3s runs": (probed(bundled=WRONG), "ok", "RightAnswers"),
    "k3s' own is wrong, and k3s calls the host's": (k3s(bundled=WRONG), "ok", "RightAnswers"),
    "k3s' own is wrong, and k3s prefers it": (k3s(prefer=True, bundled=WRONG), "faulty", "WrongAnswer"),
    "the host's is wrong, and k3s calls it": (k3s(host=WRONG), "faulty", "WrongAnswer"),
    "the host's is wrong, and k3s prefers its own": (k3s(prefer=True, host=WRONG), "ok", "RightAnswers"),
    "the host's is wrong, and k3s prefers its own by a flag": (k3s(flags=["--prefer-bundled-bin"], host=WRONG), "ok", "RightAnswers"),
    "k3s' own is wrong, and k3s prefers it by a flag": (k3s(flags=["--prefer-bundled-bin"], bundled=WRONG), "faulty", "WrongAnswer"),
    "the host's is wrong, and k3s was told to call it": (k3s(prefer=True, config="prefer-bundled-bin: false\n", host=WRONG), "faulty", "WrongAnswer"),
    "the host's is wrong, and k3s was told, but not restarted": (k3s(prefer=True, host=WRONG, chosen=False), "faulty", "WrongAnswer"),
    "the host's is wrong, k3s prefers its own, and a service of the host calls it": (k3s(prefer=True, host=WRONG, agent=True), "faulty", "WrongAnswer"),
    "the host's cannot be tried, and k3s prefers its own": (k3s(prefer=True, host=TIMED_OUT), "ok", "RightAnswers"),
    "k3s' own cannot be tried, and k3s calls the host's": (k3s(bundled=TIMED_OUT), "ok", "RightAnswers"),
    "k3s prefers its own, whose version nobody asks for": (k3s(prefer=True, probes=False), "unknown", "ProbeNotAllowed"),
    "ip6tables is wrong": (both(WRONG), "faulty", "WrongAnswer"),
    "ip6tables cannot add a rule": (both(""), "unknown", "Unreadable"),
    # ipv6.disable=1: "can't initialize ip6tables table `filter': Address family not supported by protocol"
    "a kernel without IPv6": (both("", ipv6=False), "ok", "RightAnswers"),
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


def test_a_wrong_command_that_is_not_called_is_told():
    more = k3s(prefer=True, host=WRONG)
    del more["probes"]
    answer = judge("iptables_rule_check_broken", node(**more), probes=True)
    assert answer.message == "Every answer of -C was right: %s. Wrong, but not known to be called: /usr/sbin/iptables." % K3S
    assert [item["called"] for item in answer.evidence["iptables_check"]] == [False, True]
