# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""What is known of Calico's releases: data, each row with its source, and the few look-ups in it.

Versions and kernels are tuples of numbers (_version.parse). "since" is the first release that a row is about, "until"
the first that it is no longer about, None for "still". "documents": docs.tigera.io, the requirements page of that release;
"tags": read in every tag of github.com/projectcalico/calico; #N: an issue or pull request there. Roles' rules: _calico_rbac.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import collections
import re

from ._version import older

# Kubernetes minors that a release was tested with, and the oldest kernel its documents name. Their words are "other versions
# are likely to work": a reason to warn, never a fault.
Release = collections.namedtuple("Release", "minor kubernetes_first kubernetes_last kernel ebpf_kernel source")
RELEASES = (
    Release((3, 13), (1, 15), (1, 17), (3, 10), None, "documents"),
    Release((3, 14), (1, 16), (1, 18), (3, 10), None, "documents"),
    Release((3, 15), (1, 16), (1, 18), (3, 10), None, "documents"),
    Release((3, 16), (1, 16), (1, 19), (3, 10), (5, 3), "documents"),
    Release((3, 17), (1, 17), (1, 19), (3, 10), (5, 3), "documents"),
    Release((3, 18), (1, 18), (1, 20), (3, 10), (5, 3), "documents"),
    Release((3, 19), (1, 19), (1, 21), (3, 10), (5, 3), "documents"),
    Release((3, 20), (1, 19), (1, 21), (3, 10), (5, 3), "documents"),
    Release((3, 21), (1, 20), (1, 22), (3, 10), (5, 3), "documents"),
    Release((3, 22), (1, 21), (1, 23), (3, 10), (5, 3), "documents"),
    Release((3, 23), (1, 21), (1, 23), (3, 10), (5, 3), "documents"),
    Release((3, 24), (1, 22), (1, 24), (3, 10), (5, 3), "documents"),
    Release((3, 25), (1, 23), (1, 28), (3, 10), (5, 3), "documents"),
    Release((3, 26), (1, 24), (1, 28), (3, 10), (5, 3), "documents"),
    Release((3, 27), (1, 27), (1, 29), (3, 10), (5, 3), "documents"),
    Release((3, 28), (1, 27), (1, 30), (3, 10), (5, 3), "documents"),
    Release((3, 29), (1, 29), (1, 32), (5, 10), (5, 3), "documents"),
    Release((3, 30), (1, 31), (1, 35), (5, 10), (5, 3), "documents"),
    Release((3, 31), (1, 32), (1, 35), (5, 10), (5, 10), "documents"),
    Release((3, 32), (1, 34), (1, 36), (5, 10), (5, 10), "documents"),
    Release((3, 33), (1, 35), (1, 37), (5, 10), (5, 10), "kupre v0.5.0 notes (Kubernetes); the kernels are 3.32's"),
)

# Kernels of vendors that the same pages accept below the floor: pattern of the release, oldest that is accepted.
Exemption = collections.namedtuple("Exemption", "dataplane since until kernel pattern source")
EXEMPTIONS = (
    Exemption("iptables", (3, 29), None, (4, 18, 0), r"\.el8", 'documents of 3.29 and later: "RHEL 8 or later"'),
    Exemption("iptables", (3, 29), None, (5, 4, 0), r"^5\.4\.0-\d+-[a-z]", 'documents of 3.29 and later: "Ubuntu 20.04 or later"'),
    Exemption("iptables", (3, 29), None, (4, 19, 0), r"^4\.19\.0-\d+-[a-z]", 'documents of 3.29 and later: "Debian 10 or later"'),
    Exemption("bpf", (3, 16), (3, 31), (4, 18, 0, 193), r"\.el8", "documents: RHEL 8.2 with 4.18.0-193"),
    Exemption("bpf", (3, 31), None, (4, 18, 0, 305), r"\.el8", "documents of 3.31 and later: RHEL 8.4 with 4.18.0-305"),
)
NFTABLES_KERNEL = (5, 13)  # documents: the nftables dataplane, from 3.29 on

# APIs that a release's own manifest uses: Kubernetes outside of first..before cannot take it.
Cutoff = collections.namedtuple("Cutoff", "install since until kubernetes_first kubernetes_before what source")
CUTOFFS = (
    Cutoff("manifest", None, (3, 15), None, (1, 22), "its CRDs are apiextensions.k8s.io/v1beta1", "tags"),
    Cutoff("manifest", (3, 15), (3, 23), (1, 16), (1, 25), "its PodDisruptionBudget is policy/v1beta1, its CRDs are v1", "tags"),
    Cutoff("manifest", (3, 23), None, (1, 21), None, "its PodDisruptionBudget is policy/v1", "tags"),
    Cutoff("operator", (3, 28, 4), None, (1, 25), None, "its operator has no PodSecurityPolicies", "release notes of 3.28.4"),
)

# Releases not to go to. Kernels: only on these (first..before); None for any.
Avoid = collections.namedtuple("Avoid", "since until kernel_first kernel_before dataplane why source")
# From 3.28.0 on the programs of the connect-time load balancer of three types are in one map (cali_ctlb_progs), which kernels refuse
# since "bpf: Enforce expected_attach_type for tailcall compatibility" (CVE-2025-40123). The first kernels that were seen to: 6.17.5 and
# 6.12.53, of the long-term series as it is numbered by kernel.org and Amazon Linux 2023. Others have it too, by numbers that nobody has reported.
_CTLB = "this kernel refuses its eBPF programs (calico_sendmsg_v46)"
_CTLB_KERNELS = (((6, 12, 53), (6, 13), "#11302, #11379; PR 11399"), ((6, 17, 5), None, "#11302; PR 11399"))
_CTLB_RELEASES = (((3, 28), (3, 29, 7)), ((3, 30), (3, 30, 5)), ((3, 31), (3, 31, 3)))  # PRs 11405, 11406, 11407; tags
AVOID = (
    Avoid((3, 27, 0), (3, 27, 4), (4,), (5, 5), "iptables", "fails to wipe the XDP state again and again", "#8856, #4984"),
    Avoid((3, 28, 0), (3, 28, 1), (4,), (5, 5), "iptables", "fails to wipe the XDP state again and again", "#8856, #4984"),
    Avoid((3, 21, 3), (3, 21, 4), None, None, None, "its binaries report a wrong version", "release notes of 3.21.3"),
) + tuple(
    Avoid(since, until, first, before, "bpf", _CTLB, source) for since, until in _CTLB_RELEASES for first, before, source in _CTLB_KERNELS
)

# What an upgrade that comes to or passes "since" changes for those who changed nothing.
Change = collections.namedtuple("Change", "id since what source")
CHANGES = (
    Change("host_endpoints_drop", (3, 14), 'host endpoints of all interfaces ("*") drop by default; allow first', "documents: upgrade"),
    Change("forward_appended", (3, 16), "Calico accepts at the end of FORWARD, after a host's own DROP or REJECT", "felix PR 2424"),
    Change("backend_auto", (3, 17), "iptablesBackend is Auto instead of Legacy", "tags"),
    Change("flexvol_removed", (3, 23), "the manifest has no flexvol-driver any more", "tags"),
    Change("cni_account", (3, 26), "the CNI plugin has the account calico-cni-plugin of its own", "tags, #7584"),
    Change("resource_uids", (3, 28), "the UIDs of projectcalico.org/v3 objects change", "documents: upgrade"),
    Change("quay", (3, 31), "the images come from quay.io", "tags"),
    Change("admin_policies", (3, 32), "AdminNetworkPolicies are not enforced any more; nftablesMode is Auto", "documents: upgrade"),
    Change("single_image", (3, 33), "thirteen images are replaced by calico/calico", "documents: upgrade notes"),
)

# Where Felix turns the checksum offload of its VXLAN device off by default: below this kernel; None on every kernel.
Offload = collections.namedtuple("Offload", "since until kernel_before source")
OFFLOAD_OFF = (
    Offload((3, 19, 2), (3, 24, 6), (5, 7), "felix #2811, #2815; tags"),
    Offload((3, 24, 6), (3, 25), None, "#6842; tags"),
    Offload((3, 25), (3, 28), None, "#6842; tags"),
    Offload((3, 28), (3, 28, 1), (5, 7, 1), "#8746; tags"),
    Offload((3, 28, 1), (3, 28, 2), None, "#9037; tags"),
    Offload((3, 28, 2), None, (5, 7, 1), "tags"),
)

# The ipset inside calico/node, for amd64 and arm64; other architectures and vendors' rebuilt images have their own.
Bundled = collections.namedtuple("Bundled", "architecture since until ipset source")
BUNDLED_IPSET = (
    Bundled("amd64", None, (3, 22, 1), (7, 1), "node/Dockerfile of the tags, #5011"),
    Bundled("amd64", (3, 22, 1), (3, 32), (7, 11), "#5485; tags"),
    Bundled("arm64", None, (3, 22, 4), (7, 1), "tags"),
    Bundled("arm64", (3, 22, 4), (3, 23), (7, 11), "tags"),
    Bundled("arm64", (3, 23), (3, 23, 2), (7, 1), "tags"),
    Bundled("arm64", (3, 23, 2), (3, 32), (7, 11), "tags"),
)
# Felix before this lists every set of the host, also those of others.
LISTS_FOREIGN_UNTIL = (3, 27, 1)  # also in no later 3.26: #8372, #8387
# Since these kernels sets have revisions that ipset 7.1 / 7.11 do not know. Vendors backport: a hint only.
IPSET_KERNEL = {(7, 1): (5, 11), (7, 11): (6, 2)}  # commit ccf0a4b7fc68; e93745249505
# kube-proxy in IPVS mode writes such sets since its image has a newer ipset: Kubernetes minor by the ipset that it exceeds.
IPSET_PROXY = {(7, 1): (1, 23), (7, 11): (1, 29)}  # kubespray PR 8397; #8372


def within(version, since, until):
    """Return whether since <= version < until; None is no bound."""
    return (since is None or not older(version, since)) and (until is None or older(version, until))


def release(version):
    """Return the Release of a version's minor, or None where nothing is known of it."""
    return next((row for row in RELEASES if row.minor == tuple(version[:2])), None)


def kubernetes_tested(calico, kubernetes):
    """Return whether this Calico was tested with this Kubernetes; None where nothing is known of this Calico."""
    row = release(calico)
    if row is None:
        return None
    return row.kubernetes_first <= tuple(kubernetes[:2]) <= row.kubernetes_last


def cutoffs(calico, kubernetes, install="manifest"):
    """Return the Cutoffs that keep this Calico's manifest (or operator) from this Kubernetes."""
    return [
        row
        for row in CUTOFFS
        if row.install == install and within(calico, row.since, row.until)
        if not within(kubernetes[:2], row.kubernetes_first, row.kubernetes_before)
    ]


def kernel_floor(calico, dataplane="iptables"):
    """Return the oldest kernel that this Calico's documents name for a dataplane (iptables, nftables, bpf), or None."""
    row = release(calico)
    if row is None:
        return None
    if dataplane == "nftables":
        return NFTABLES_KERNEL
    return row.ebpf_kernel if dataplane == "bpf" else row.kernel


def kernel_exemption(calico, kernel, dataplane="iptables"):
    """Return the Exemption of a vendor's kernel release ("4.18.0-553.el8_10.x86_64"), or None."""
    numbers = tuple(int(part) for part in re.findall(r"\d+", kernel)[:4])
    for row in EXEMPTIONS:
        if row.dataplane == dataplane and within(calico, row.since, row.until):
            if re.search(row.pattern, kernel) and not older(numbers, row.kernel):
                return row
    return None


def avoid(calico, kernel=None, dataplane="iptables"):
    """Return the Avoids of this Calico on this kernel (numbers); without a kernel only those that hold on any."""
    return [
        row
        for row in AVOID
        if within(calico, row.since, row.until) and row.dataplane in (None, dataplane)
        if row.kernel_first is None or kernel is not None and within(kernel, row.kernel_first, row.kernel_before)
    ]


def changes(current, target):
    """Return the Changes that an upgrade from one version to another brings."""
    return [row for row in CHANGES if older(current, row.since) and not older(target, row.since)]


def offload_off(calico, kernel):
    """Return whether this Calico turns VXLAN's checksum offload off by default on this kernel (numbers)."""
    return any(
        within(calico, row.since, row.until) and (row.kernel_before is None or older(kernel, row.kernel_before))
        for row in OFFLOAD_OFF
    )


def bundled_ipset(calico, architecture):
    """Return the version of the ipset inside calico/node, or None where nothing is known of it."""
    for row in BUNDLED_IPSET:
        if row.architecture == architecture and within(calico, row.since, row.until):
            return row.ipset
    return None
