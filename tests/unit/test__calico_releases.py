# -*- coding: utf-8 -*-
from __future__ import absolute_import, division, print_function

import pytest
from ansible_collections.nodemend.kubernetes.plugins.module_utils import _calico_releases as releases
from ansible_collections.nodemend.kubernetes.plugins.module_utils._version import parse

__metaclass__ = type


def test_every_row_has_a_source_and_every_minor_is_there_once():
    tables = (releases.RELEASES, releases.EXEMPTIONS, releases.CUTOFFS, releases.AVOID, releases.CHANGES)
    tables += (releases.OFFLOAD_OFF, releases.BUNDLED_IPSET)
    assert all(row.source for table in tables for row in table)
    assert [row.minor for row in releases.RELEASES] == [(3, minor) for minor in range(13, 34)]


@pytest.mark.parametrize(
    "calico, kubernetes, tested",
    [
        ("v3.15.5", "v1.20.2", False),
        ("v3.20.0", "v1.21.14+k3s1", True),
        ("v3.20.6", "v1.23.1", False),
        ("v3.28.5", "v1.30.1", True),
        ("v3.33.1", "v1.37.0", True),
        ("v3.12.0", "v1.17.0", None),
        ("v3.34.0", "v1.37.0", None),
    ],
)
def test_tested_kubernetes(calico, kubernetes, tested):
    assert releases.kubernetes_tested(parse(calico), parse(kubernetes)) is tested


@pytest.mark.parametrize(
    "calico, kubernetes, install, words",
    [
        ("v3.14.1", "v1.21.14", "manifest", []),
        ("v3.14.1", "v1.22.0", "manifest", ["CRDs"]),
        ("v3.22.5", "v1.20.2", "manifest", []),
        ("v3.22.5", "v1.24.17", "manifest", []),
        ("v3.22.5", "v1.25.0", "manifest", ["policy/v1beta1"]),
        ("v3.23.0", "v1.20.2", "manifest", ["policy/v1"]),
        ("v3.32.1", "v1.20.2", "manifest", ["policy/v1"]),
        ("v3.32.1", "v1.34.0", "manifest", []),
        ("v3.28.4", "v1.24.0", "operator", ["PodSecurityPolicies"]),
        ("v3.28.3", "v1.24.0", "operator", []),
    ],
)
def test_api_cut_offs(calico, kubernetes, install, words):
    rows = releases.cutoffs(parse(calico), parse(kubernetes), install)
    assert len(rows) == len(words)
    for row, word in zip(rows, words):
        assert word in row.what


@pytest.mark.parametrize(
    "calico, dataplane, floor",
    [("v3.28.5", "iptables", (3, 10)), ("v3.29.0", "iptables", (5, 10)), ("v3.30.0", "bpf", (5, 3)), ("v3.31.0", "bpf", (5, 10))]
    + [("v3.15.5", "bpf", None), ("v3.29.0", "nftables", (5, 13)), ("v3.40.0", "iptables", None)],
)
def test_kernel_floors(calico, dataplane, floor):
    assert releases.kernel_floor(parse(calico), dataplane) == floor


@pytest.mark.parametrize(
    "calico, kernel, dataplane, exempt",
    [
        ("v3.32.1", "4.18.0-553.el8_10.x86_64", "iptables", True),
        ("v3.32.1", "4.18.0-553-generic", "iptables", False),
        ("v3.29.0", "5.4.0-216-generic", "iptables", True),
        ("v3.33.0", "5.4.0-1133-aws", "iptables", True),
        ("v3.29.0", "5.4.0-216-generic", "nftables", False),
        ("v3.29.0", "5.4.250-1.el7.elrepo.x86_64", "iptables", False),
        ("v3.29.0", "5.3.0-76-generic", "iptables", False),
        ("v3.32.1", "4.19.0-27-amd64", "iptables", True),
        ("v3.32.1", "4.19.0-27-cloud-amd64", "iptables", True),
        ("v3.32.1", "4.19.90-2107.6.0.oe1.x86_64", "iptables", False),
        ("v3.31.0", "5.4.0-216-generic", "bpf", False),
        ("v3.32.1", "3.10.0-1160.el7.x86_64", "iptables", False),
        ("v3.20.6", "4.18.0-193.el8.x86_64", "bpf", True),
        ("v3.20.6", "4.18.0-147.el8.x86_64", "bpf", False),
        ("v3.31.0", "4.18.0-193.el8.x86_64", "bpf", False),
        ("v3.31.0", "4.18.0-305.el8.x86_64", "bpf", True),
    ],
)
def test_vendor_kernels(calico, kernel, dataplane, exempt):
    assert bool(releases.kernel_exemption(parse(calico), kernel, dataplane)) is exempt


@pytest.mark.parametrize(
    "calico, kernel, count",
    [("v3.27.3", "5.4.0", 1), ("v3.27.3", "5.15.0", 0), ("v3.27.4", "5.4.0", 0), ("v3.28.0", "4.18.0", 1), ("v3.28.0", "3.10.0", 0)]
    + [("v3.21.3", None, 1), ("v3.27.3", None, 0), ("v3.22.5", "5.4.0", 0)],
)
def test_versions_to_avoid(calico, kernel, count):
    assert len(releases.avoid(parse(calico), kernel and parse(kernel))) == count


@pytest.mark.parametrize(
    "calico, fails",
    [("v3.27.5", False), ("v3.28.0", True), ("v3.28.5", True), ("v3.29.6", True), ("v3.29.7", False), ("v3.30.4", True), ("v3.30.5", False)]
    + [("v3.31.0", True), ("v3.31.2", True), ("v3.31.3", False), ("v3.32.0", False)],
)
@pytest.mark.parametrize(
    "kernel, refuses",
    [("6.17.1", False), ("6.17.5-200.fc42.x86_64", True), ("6.18.0", True), ("6.12.46-66.121.amzn2023.x86_64", False)]
    + [("6.12.53-69.119.amzn2023.x86_64", True), ("6.13.1", False), ("6.6.100", False)],
)
def test_ebpf_programs_that_newer_kernels_refuse(calico, fails, kernel, refuses):
    rows = releases.avoid(parse(calico), parse(kernel), "bpf")
    assert bool(rows) is (fails and refuses)
    assert not releases.avoid(parse(calico), parse(kernel))


def test_what_an_upgrade_changes():
    assert [row.id for row in releases.changes(parse("v3.15.5"), parse("v3.22.5"))] == ["forward_appended", "backend_auto"]
    assert releases.changes(parse("v3.22.5"), parse("v3.22.6")) == []
    assert [row.id for row in releases.changes(parse("v3.32.1"), parse("v3.33.0"))] == ["single_image"]


@pytest.mark.parametrize(
    "calico, kernel, off",
    [("v3.19.1", "4.18.0", False), ("v3.20.6", "5.4.0", True), ("v3.20.6", "5.7.0", False), ("v3.24.6", "6.1.0", True)]
    + [("v3.27.5", "6.1.0", True), ("v3.28.0", "6.1.0", False), ("v3.28.0", "5.7.0", True), ("v3.28.1", "6.1.0", True)]
    + [("v3.28.2", "6.1.0", False), ("v3.32.1", "5.4.0", True)],
)
def test_checksum_offload(calico, kernel, off):
    assert releases.offload_off(parse(calico), parse(kernel)) is off


@pytest.mark.parametrize(
    "calico, architecture, ipset",
    [("v3.20.6", "amd64", (7, 1)), ("v3.22.0", "amd64", (7, 1)), ("v3.22.1", "amd64", (7, 11)), ("v3.31.7", "amd64", (7, 11))]
    + [("v3.22.3", "arm64", (7, 1)), ("v3.22.4", "arm64", (7, 11)), ("v3.23.1", "arm64", (7, 1)), ("v3.23.2", "arm64", (7, 11))]
    + [("v3.32.0", "amd64", None), ("v3.20.6", "s390x", None)],
)
def test_bundled_ipset(calico, architecture, ipset):
    assert releases.bundled_ipset(parse(calico), architecture) == ipset


def test_no_release_is_kept_from_what_it_was_tested_with():
    """So whoever names the tested ones need not ask for the cut-offs as well."""
    for row in releases.RELEASES:
        for minor in range(row.kubernetes_first[1], row.kubernetes_last[1] + 1):
            assert not releases.cutoffs(row.minor, (1, minor))
