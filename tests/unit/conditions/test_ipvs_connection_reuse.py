# -*- coding: utf-8 -*-
"""IPVS and ports that are used again: the kernels in between, and those on both sides."""

from __future__ import absolute_import, division, print_function

import clocks
import netfilter
import pytest
import recorded
from runtime_hosts import process

__metaclass__ = type

IPVS = process(950, "kube-proxy", words=("kube-proxy", "--proxy-mode=ipvs"))
IPTABLES = process(950, "kube-proxy", words=("kube-proxy", "--proxy-mode=iptables"))
STRANGE = process(950, "kube-proxy", words=("kube-proxy", "--proxy-mode=strange"))
MODE = "/proc/sys/net/ipv4/vs/conn_reuse_mode"


def judge(proxy, release, files=None, **more):
    files = dict({"/proc/sys/kernel/osrelease": release + "\n"}, **(files or {}))
    return recorded.judge("ipvs_connection_reuse", clocks.host([proxy] if proxy else [], files=files, **more))


TABLE = {
    # case 001: the message of kube-proxy on EL 7 does no harm
    "EL 7": (IPVS, "3.10.0-1160.el7.x86_64", None, "ok", "HarmlessMessage"),
    # kube-proxy from 1.19 on leaves it at 1 there: a second (DaoCloud, "Known Network Component Issues and Kernel Compatibility": CentOS 7.6 to 7.9)
    "EL 7, whose kernel has the sysctl by a backport": (IPVS, "3.10.0-1160.el7.x86_64", "1", "at_risk", "ReuseNotHandled"),
    "the same, set by a kube-proxy up to 1.17": (IPVS, "3.10.0-957.27.2.el7.x86_64", "0", "at_risk", "ReuseNotHandled"),
    "the last before the sysctl": (IPVS, "4.0.9-300.fc22.x86_64", None, "ok", "HarmlessMessage"),
    "the first with it": (IPVS, "4.1.12-124.el7uek.x86_64", "0", "at_risk", "ReuseNotHandled"),
    "EL 8": (IPVS, "4.18.0-553.el8_10.x86_64", "0", "at_risk", "ReuseNotHandled"),
    "Ubuntu 20.04": (IPVS, "5.4.0-187-generic", "1", "at_risk", "ReuseNotHandled"),
    "the last before the fix, ip_vs not loaded": (IPVS, "5.8.18-300.fc33.x86_64", None, "at_risk", "ReuseNotHandled"),
    "fixed": (IPVS, "5.9.16-200.fc33.x86_64", "1", "ok", "KernelHandlesReuse"),
    "Debian 12": (IPVS, "6.1.0-50-amd64", "1", "ok", "KernelHandlesReuse"),
    "fixed, ip_vs not loaded": (IPVS, "6.1.0-50-amd64", None, "ok", "KernelHandlesReuse"),
    # kube-proxy 1.20.2 sets 0 on any kernel from 4.1 on
    "fixed, and turned off": (IPVS, "5.14.0-427.el9.x86_64", "0", "at_risk", "ReuseTurnedOff"),
    "the first that is fixed, and turned off": (IPVS, "5.9.0", "0", "at_risk", "ReuseTurnedOff"),
    "a sick kernel, but no IPVS": (IPTABLES, "4.18.0-553.el8_10.x86_64", "0", "not_applicable", "NotIpvs"),
    "no kube-proxy": (None, "4.18.0-553.el8_10.x86_64", None, "not_applicable", "NoKubeProxy"),
    "garbage for a mode": (STRANGE, "4.18.0-553.el8_10.x86_64", None, "unknown", "ModeUnknown"),
    "garbage for a release": (IPVS, "garbage", None, "unknown", "Unreadable"),
    "garbage for a number": (IPVS, "4.18.0-553.el8_10.x86_64", "many", "unknown", "Unreadable"),
}


@pytest.mark.parametrize("name", sorted(TABLE))
def test_verdict(name):
    proxy, release, mode, status, reason = TABLE[name]
    answer = judge(proxy, release, {} if mode is None else {MODE: mode + "\n"})
    assert (answer.status, answer.reason) == (status, reason), answer.message


@pytest.mark.parametrize(
    "mode, told",
    [
        ("1", "The kernel 6.1.0-50-amd64 handles reused ports itself."),
        ("0", "The kernel 6.1.0-50-amd64 could handle reused ports itself, but net.ipv4.vs.conn_reuse_mode is 0, which turns that off: a client that uses a"
              " port again is sent to the pod that it had before, by some kernels even where that is gone. kube-proxy sets 0 before 1.20.15, 1.21.9 and"
              " 1.22, and newer ones leave it as they find it; 1 is the kernel's default."),
        (None, "The kernel 6.1.0-50-amd64 handles reused ports itself."),
    ],
)
def test_the_message_of_a_fixed_kernel_is_true(mode, told):
    assert judge(IPVS, "6.1.0-50-amd64", {} if mode is None else {MODE: mode + "\n"}).message == told


def test_no_node():
    host = clocks.host(kubelet=False, files={"/proc/sys/kernel/osrelease": "5.4.0-187-generic\n"})
    assert recorded.judge("ipvs_connection_reuse", host).reason == "NotANode"


def test_the_message_of_a_backport_is_true():
    assert judge(IPVS, "3.10.0-1160.el7.x86_64", {MODE: "1\n"}).message == (
        "kube-proxy runs in the mode ipvs on the kernel 3.10.0-1160.el7.x86_64 (below 4.1, but with the setting, which its vendor has brought to it), where"
        " net.ipv4.vs.conn_reuse_mode is 1: with 1 such a connection is delayed by a second."
    )


@pytest.mark.parametrize("mode, effect", [("0", "with 0 a client"), ("1", "with 1 such a connection"), (None, "with 0 a client")])
def test_the_message_names_the_effect_of_the_setting(mode, effect):
    message = judge(IPVS, "5.4.0-187-generic", {} if mode is None else {MODE: mode + "\n"}).message
    assert effect in message and "5.4.0-187-generic" in message
    assert ("is %s:" % (mode or "not readable")) in message


def test_the_mode_of_k3s_in_its_unit():
    files, commands = netfilter.k3s(["--kube-proxy-arg=proxy-mode=ipvs"])
    host = netfilter.node(files=dict(files, **{"/proc/sys/kernel/osrelease": "4.18.0-553.el8_10.x86_64\n"}), commands=commands, kubelet=False)
    assert recorded.judge("ipvs_connection_reuse", host).reason == "ReuseNotHandled"


def test_a_kube_proxy_that_fell_back_does_not_use_ipvs():
    files = netfilter.process(900, "kube-proxy", ["kube-proxy", "--proxy-mode=ipvs"])
    files["/proc/sys/kernel/osrelease"] = "4.19.1-1.el7.elrepo.x86_64\n"
    assert recorded.judge("ipvs_connection_reuse", netfilter.node(nft="", files=files)).reason == "ReuseNotHandled"
    answer = recorded.judge("ipvs_connection_reuse", netfilter.node(nft=netfilter.rules("bookworm-nft-kube"), files=files))
    assert (answer.status, answer.reason) == ("not_applicable", "NotIpvs")
