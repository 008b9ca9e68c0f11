# -*- coding: utf-8 -*-
"""What kubeadm asks for, by version, before and after a node has joined."""

from __future__ import absolute_import, division, print_function

import clocks
import pytest
import recorded

__metaclass__ = type

BINARIES = ("ebtables", "ethtool", "ip", "iptables", "mount", "nsenter", "socat", "tc", "touch")
JOINED = {"/etc/kubernetes/kubelet.conf": "kind: Config\n"}
FLANNEL = {"/etc/cni/net.d/10-flannel.conflist": '{"plugins": [{"type": "flannel"}, {"type": "portmap"}]}'}
# As Calico's own manifest writes it: a route for each pod, no bridge.
CALICO = {"/etc/cni/net.d/10-calico.conflist": '{"plugins": [{"type": "calico"}, {"type": "bandwidth"}, {"type": "portmap"}]}'}
# As on EKS and kOps: neither of the files that kubeadm leaves.
KUBECONFIG = "/var/lib/kubelet/kubeconfig"
MEMBER = {"/proc/900/cmdline": "/usr/bin/kubelet\0--config=/var/lib/kubelet/config.yaml\0--kubeconfig\0%s\0" % KUBECONFIG}
# kubeadm's drop-in names both before the host has joined.
BEFORE = {
    "/proc/900/cmdline": "/usr/bin/kubelet\0--bootstrap-kubeconfig=/etc/kubernetes/bootstrap-kubelet.conf\0--kubeconfig=/etc/kubernetes/kubelet.conf\0"
}
K3S = {"/etc/systemd/system/k3s.service": "[Service]\n"}
IPV6 = {"/proc/net/if_inet6": "20010db8000000000000000000000010 02 40 00 80     eth0\n"}


def files(conntrack=True, without=(), forward="1", bridge="1", forward6="0"):
    found = dict(("/usr/sbin/" + name, "") for name in BINARIES if name not in without)
    if conntrack:
        found["/usr/sbin/conntrack"] = ""
    found["/proc/sys/net/ipv4/ip_forward"] = forward + "\n"
    found["/proc/sys/net/ipv6/conf/default/forwarding"] = forward6 + "\n"
    if bridge is not None:
        for name in ("iptables", "ip6tables"):
            found["/proc/sys/net/bridge/bridge-nf-call-" + name] = bridge + "\n"
    return found


def judge(version=None, kubelet=True, more=None, denied=(), **what):
    host = clocks.host(kubelet=kubelet, files=dict(files(**what), **(more or {})), denied=denied, root=not denied)
    if version:
        # kubeadm 1.20.2 of the Kubernetes lab prints this.
        host._commands["kubeadm version -o short"] = version + "\n"
    return recorded.judge("node_prerequisites_missing", host)


TABLE = {
    "all there": ({"version": "v1.20.2"}, "ok", "Complete"),
    "all there, whatever the version": ({}, "ok", "Complete"),
    "no conntrack before 1.32": ({"version": "v1.31.9", "conntrack": False}, "faulty", "Missing"),
    "no conntrack before 1.18, which first asks for it": ({"version": "v1.17.17", "conntrack": False}, "ok", "Complete"),
    "no conntrack from 1.18 on": ({"version": "v1.18.0", "conntrack": False}, "faulty", "Missing"),
    "no conntrack from 1.32 on": ({"version": "v1.32.0", "conntrack": False}, "ok", "Complete"),
    "no conntrack on a node that has joined": ({"version": "v1.31.9", "conntrack": False, "more": JOINED}, "at_risk", "Missing"),
    "no conntrack, and nobody knows the version": ({"conntrack": False}, "unknown", "VersionUnknown"),
    "no conntrack, and a version that makes no sense": ({"conntrack": False, "version": "stable"}, "unknown", "VersionUnknown"),
    "no nsenter": ({"version": "v1.33.1", "without": ["nsenter"]}, "faulty", "Missing"),
    "no nsenter, whatever the version": ({"without": ["nsenter"], "conntrack": False}, "faulty", "Missing"),
    "no socat: a warning": ({"version": "v1.31.9", "without": ["socat", "ethtool"]}, "ok", "Complete"),
    "nothing is forwarded": ({"version": "v1.33.1", "forward": "0"}, "faulty", "Missing"),
    "nothing is forwarded on a node that has joined": ({"forward": "0", "more": JOINED}, "at_risk", "Missing"),
    "nothing is forwarded on a node that something else has joined": ({"forward": "0", "more": dict(MEMBER, **{KUBECONFIG: ""})}, "at_risk", "Missing"),
    "the same, seen without root": ({"forward": "0", "more": MEMBER, "denied": [KUBECONFIG]}, "at_risk", "Missing"),
    "nothing is forwarded, and the kubelet waits for its kubeconfig": ({"forward": "0", "more": BEFORE}, "faulty", "Missing"),
    "a kubeconfig in an image, and no kubelet runs": ({"kubelet": False, "version": "v1.31.1", "forward": "0", "more": {KUBECONFIG: ""}}, "faulty", "Missing"),
    "no br_netfilter before 1.30": ({"version": "v1.29.15", "bridge": None}, "faulty", "Missing"),
    "no br_netfilter from 1.30 on": ({"version": "v1.30.0", "bridge": None}, "ok", "Complete"),
    "no br_netfilter from 1.30 on, with flannel": ({"version": "v1.30.0", "bridge": None, "more": FLANNEL}, "faulty", "Missing"),
    "no br_netfilter from 1.30 on, with a network that has no bridge": ({"version": "v1.30.0", "bridge": None, "more": CALICO}, "ok", "Complete"),
    "bridges not filtered, joined, with flannel": ({"version": "v1.34.0", "bridge": "0", "more": dict(JOINED, **FLANNEL)}, "at_risk", "Missing"),
    "bridges not filtered before 1.30": ({"version": "v1.28.2", "bridge": "0"}, "faulty", "Missing"),
    "IPv6 alone: what counts is its own forwarding": ({"forward": "1", "more": IPV6}, "faulty", "Missing"),
    "IPv6 alone, forwarded": ({"forward": "0", "forward6": "1", "more": IPV6}, "ok", "Complete"),
    "k3s brings its own": ({"kubelet": False, "conntrack": False, "forward": "0", "more": K3S}, "not_applicable", "NoKubernetes"),
    "a blank host": ({"kubelet": False, "conntrack": False, "forward": "0"}, "not_applicable", "NoKubernetes"),
    "kubeadm before the kubelet": ({"kubelet": False, "version": "v1.31.1", "forward": "0"}, "faulty", "Missing"),
    "garbage": ({"forward": "x"}, "unknown", "Unreadable"),
}


@pytest.mark.parametrize("name", sorted(TABLE))
def test_verdict(name):
    arguments, status, reason = TABLE[name]
    answer = judge(**arguments)
    assert (answer.status, answer.reason) == (status, reason), answer.message


def test_what_is_a_warning_is_evidence():
    answer = judge(without=["socat", "ethtool"])
    assert answer.evidence["warnings"] == ["ethtool", "socat"]
    assert answer.message == "What kubeadm calls an error is all there, without ethtool, socat."
    assert judge().message == "What kubeadm calls an error is all there."


def test_the_message_names_all_that_is_missing():
    answer = judge(version="v1.29.0", conntrack=False, forward="0", bridge=None)
    assert answer.message == (
        "kubeadm would not let this host join: conntrack is not installed; net.ipv4.ip_forward is 0; "
        "net.bridge.bridge-nf-call-iptables is not there (br_netfilter is not loaded)."
    )
