# -*- coding: utf-8 -*-
from __future__ import absolute_import, division, print_function

import pytest
from ansible_collections.nodemend.kubernetes.plugins.module_utils._version import parse
from ansible_collections.nodemend.kubernetes.plugins.plugin_utils._calico_fit import suited, unfit

__metaclass__ = type

IPSET = "has ipset"


@pytest.mark.parametrize(
    "kubernetes, kernels, words",
    [
        ("v1.20.2", ["3.10.0-1160.el7.x86_64"], "name 3.18, 3.19, 3.20, 3.21 for Kubernetes v1.20.2"),
        ("v1.28.3", ["3.10.0-1160.el7.x86_64", "5.14.0"], "name 3.25, 3.26, 3.27, 3.28 for Kubernetes v1.28.3 and kernels 3.10.0-1160.el7.x86_64, 5.14.0"),
        ("v1.31.0", ["4.18.0-553.el8_10.x86_64"], "name 3.29, 3.30 for"),
        ("v1.31.0", ["5.4.0-216-generic", "4.19.0-27-amd64"], "name 3.29, 3.30 for"),
        ("v1.31.0", ["4.19.0"], "no release of Calico is documented for Kubernetes v1.31.0 and kernels 4.19.0"),
        ("v1.31.0", ["5.14.0", "a kernel of our own"], "name 3.29, 3.30 for"),
        ("v1.12.0", ["4.19.0"], "no release"),
        (None, ["4.19.0"], "could not be read"),
    ],
)
def test_which_calico_suits(kubernetes, kernels, words):
    assert words in suited(kubernetes, kernels)


@pytest.mark.parametrize(
    "dataplane, kernel, words",
    [
        ("iptables", "4.18.0-553.el8_10.x86_64", "name 3.29, 3.30 for"),
        ("bpf", "5.4.0", "name 3.29, 3.30 for"),
        ("bpf", "4.18.0-193.el8.x86_64", "name 3.29, 3.30 for"),
        ("bpf", "4.18.0-147.el8.x86_64", "no release"),
        ("nftables", "5.14.0", "name 3.29, 3.30 for"),
        ("nftables", "5.10.0", "no release"),
    ],
)
def test_which_calico_suits_a_dataplane(dataplane, kernel, words):
    assert words in suited("v1.31.0", [kernel], dataplane)


@pytest.mark.parametrize(
    "calico, kernel, kubernetes, proxy, words",
    [
        # Case 001.
        ("3.20.0", "5.18.1-1.el7.elrepo.x86_64", "v1.23.1", "ipvs", IPSET),
        ("3.20.0", "5.10.84", "v1.23.1", "ipvs", None),
        ("3.20.0", "5.18.1", "v1.22.0", "ipvs", None),
        ("3.20.0", "5.18.1", "v1.23.1", "iptables", None),
        ("3.20.0", "5.18.1", "v1.23.1", None, "where it runs in IPVS mode"),
        ("3.20.0", "5.18.1", "v1.23.1", "ipvs", "Calico 3.20.0 has ipset 7.1, which cannot list the sets that kube-proxy in IPVS mode makes on kernels from "),
        ("3.20.0", "5.18.1", None, "ipvs", IPSET),
        ("3.20.0", None, "v1.23.1", "ipvs", "kernel_target_release"),
        ("3.28.0", None, "v1.29.0", "iptables", None),
        ("3.22.1", "5.18.1", "v1.23.1", "ipvs", None),
        ("3.26.4", "6.5.0", "v1.29.0", "ipvs", IPSET),
        ("3.27.1", "6.5.0", "v1.29.0", "ipvs", None),
        ("3.28.0", "5.4.0", "v1.29.0", "iptables", "XDP"),
        ("3.28.1", "5.4.0", "v1.29.0", "iptables", None),
        # To be avoided on any kernel, which is nothing against this one.
        ("3.21.3", "5.18.1", "v1.22.0", "iptables", None),
        (None, "5.18.1", "v1.23.1", "ipvs", None),
    ],
)
def test_which_calico_can_live_with_a_kernel_to_come(calico, kernel, kubernetes, proxy, words):
    node = {"node": "w", "edition": "oss", "version": calico}
    seen = {"version": kubernetes, "calico": {"dataplane": "iptables", "nodes": [node]}}
    said = unfit(seen, "w", parse(kernel), proxy)
    assert said is None if words is None else words in said
    assert kernel is None or "kernel_target_release" not in (said or "")


@pytest.mark.parametrize(
    "calico",
    [
        None,
        {"present": False},
        {"dataplane": "bpf", "nodes": [{"node": "w", "edition": "oss", "version": "3.20.0"}]},
        {"dataplane": "iptables", "nodes": [{"node": "w", "edition": "enterprise", "version": "3.20.0"}]},
        {"dataplane": "iptables", "nodes": [{"node": "another", "edition": "oss", "version": "3.20.0"}]},
    ],
)
def test_of_which_calico_nothing_is_said(calico):
    assert unfit({"version": "v1.23.1", "calico": calico}, "w", parse("5.18.1"), "ipvs") is None
