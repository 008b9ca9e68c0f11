# -*- coding: utf-8 -*-
"""The reverse path filter, for the two network agents that ever minded it."""

from __future__ import absolute_import, division, print_function

import clocks
import pytest
import recorded
from runtime_hosts import process

__metaclass__ = type

CONF = "/proc/sys/net/ipv4/conf/"
ROUTES = """Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
eth0\t00000000\t0100000A\t0003\t0\t0\t100\t00000000\t0\t0\t0
eth0\t0000000A\t00000000\t0001\t0\t0\t100\t00FFFFFF\t0\t0\t0
"""
AGENT = process(700, "aws-k8s-agent")
OLD_AWS = {"/proc/700/environ": "PATH=/app\0AWS_VPC_K8S_CNI_CONFIGURE_RPFILTER=false\0SECRET=s3cret\0"}
CALICO = {"/etc/cni/net.d/10-calico.conflist": '{"name": "k8s-pod-network", "plugins": [{"type": "calico"}]}', "/opt/cni/bin/calico": ""}


def judge(everywhere, primary="0", processes=(), files=None, version=None, **more):
    every = {CONF + "all/rp_filter": everywhere + "\n", CONF + "eth0/rp_filter": primary + "\n", "/proc/net/route": ROUTES}
    every.update(files or {})
    if version:
        every.update(CALICO)
    host = clocks.host(list(processes), files=every, **more)
    if version:
        host._commands["/opt/cni/bin/calico -v"] = version + "\n"
    return recorded.judge("rp_filter_strict", host)


AWS = {"processes": [AGENT], "files": OLD_AWS}
TABLE = {
    "AWS, strict on the primary interface": (("0", "1"), AWS, "faulty", "StrictForAws"),
    "AWS, strict everywhere": (("1", "0"), AWS, "faulty", "StrictForAws"),
    "AWS, strict everywhere but loose on the primary: the larger counts": (("1", "2"), AWS, "ok", "NotStrict"),
    "AWS, no filter": (("0", "0"), AWS, "ok", "NotStrict"),
    "an AWS CNI that does not know the setting": (
        ("1", "1"), {"processes": [AGENT], "files": {"/proc/700/environ": "PATH=/app\0"}}, "at_risk", "StrictForAws"),
    "Calico 3.11, loose (systemd from 240 on)": (("2",), {"version": "v3.11.3"}, "faulty", "LooseForCalico"),
    "Calico 3.11, strict": (("1",), {"version": "v3.11.3"}, "ok", "Accepted"),
    "Calico 3.11, off": (("0",), {"version": "v3.11.3"}, "ok", "Accepted"),
    "Calico 3.12 filters by itself": (("2",), {"version": "v3.12.0"}, "not_applicable", "NotUsed"),
    "a new Calico, strict": (("1", "1"), {"version": "v3.28.5"}, "not_applicable", "NotUsed"),
    "a Calico of unknown version, strict": (("1",), {"version": "master"}, "ok", "Accepted"),
    "a Calico of unknown version, loose": (("2",), {"version": "master"}, "unknown", "VersionUnknown"),
    "another CNI": (("1", "1"), {}, "not_applicable", "NoSuchCni"),
    "no node": (("1", "1"), {"kubelet": False}, "not_applicable", "NotANode"),
    "without root": (("1", "1"), dict(AWS, denied=["/proc/700/environ"], root=False), "unknown", "NeedsRoot"),
    "garbage": (("x",), {}, "unknown", "Unreadable"),
}


@pytest.mark.parametrize("name", sorted(TABLE))
def test_verdict(name):
    arguments, more, status, reason = TABLE[name]
    answer = judge(*arguments, **more)
    assert (answer.status, answer.reason) == (status, reason), answer.message
    assert "s3cret" not in repr(answer)


def test_felix_was_told_not_to_mind():
    felix = process(800, "calico-node", words=("calico-node", "-felix"))
    felix["/proc/800/environ"] = "FELIX_IGNORELOOSERPF=true\0"
    assert judge("2", version="v3.11.3", processes=[felix]).reason == "Accepted"


def test_the_message_names_the_interface():
    assert "of eth0 is 1 (strict)" in judge("0", "1", **AWS).message
