# -*- coding: utf-8 -*-
from __future__ import absolute_import, division, print_function

import pytest
import recorded
import runtime_hosts

__metaclass__ = type

FORWARD = {"/proc/sys/net/ipv4/ip_forward": "1\n"}


@pytest.mark.parametrize(
    "commands, version",
    [
        ({"kubeadm version -o short": "v1.20.2\n", "kubelet --version": "Kubernetes v1.19.0\n"}, "1.20.2"),
        ({"kubelet --version": "Kubernetes v1.20.2\n"}, "1.20.2"),
        ({"kubeadm version -o short": recorded.TIMED_OUT, "kubelet --version": "Kubernetes v1.20.2\n"}, "1.20.2"),
        ({"kubeadm version -o short": "v1.34.0-rc.1\n"}, "1.34.0"),
        ({"kubeadm version -o short": (1, "", "error")}, None),
        ({}, None),
    ],
)
def test_version(commands, version):
    assert recorded.fact("prerequisites", runtime_hosts.host([runtime_hosts.KUBELET], files=FORWARD, commands=commands))["version"] == version


def test_the_version_is_asked_for_only_where_it_matters():
    files = dict(FORWARD, **{"/usr/sbin/conntrack": ""})
    for name in ("iptables", "ip6tables"):
        files["/proc/sys/net/bridge/bridge-nf-call-" + name] = "1\n"
    host = runtime_hosts.host([runtime_hosts.KUBELET], files=files, commands={"kubeadm version -o short": "v1.20.2\n"})
    assert recorded.fact("prerequisites", host)["version"] is None
    assert not [what for kind, what in host.touched if kind == "command"]


def test_a_kernel_with_all_of_it_built_in():
    files = dict(FORWARD, **{"/proc/filesystems": "nodev\tsysfs\nnodev\toverlay\n\text4\n", "/proc/sys/net/bridge/bridge-nf-call-iptables": "1\n"})
    found = recorded.fact("prerequisites", runtime_hosts.host([runtime_hosts.KUBELET], files=files))
    assert found["modules"] == {"overlay": True, "br_netfilter": True}
    assert recorded.fact("prerequisites", runtime_hosts.host([runtime_hosts.KUBELET], files=FORWARD))["modules"] == {"overlay": False, "br_netfilter": False}
