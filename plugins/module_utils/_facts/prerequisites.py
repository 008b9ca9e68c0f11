# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""Fact: what kubeadm's checks before a join look at: binaries, kernel settings and modules."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re

from .._host import Unavailable
from .._source import reads, runs
from .kubelet import flag, is_kubelet

# cmd/kubeadm/app/preflight/checks_linux.go, addExecChecks: the first are errors, the others warnings.
MANDATORY = ("conntrack", "ip", "iptables", "mount", "nsenter")
USEFUL = ("ebtables", "ethtool", "socat", "tc", "touch")
SYSCTLS = (
    "net.ipv4.ip_forward",
    "net.ipv6.conf.default.forwarding",
    "net.bridge.bridge-nf-call-iptables",
    "net.bridge.bridge-nf-call-ip6tables",
)
# What only a node that kubeadm has joined has. EKS, kOps and others give the kubelet a kubeconfig elsewhere, which an image
# may hold before it has joined, so that counts only where a kubelet runs with it.
JOINED = ("/etc/kubernetes/kubelet.conf", "/var/lib/kubelet/pki/kubelet-client-current.pem")

SOURCES = tuple(
    [reads("/*bin/*", "whether a binary exists that kubeadm or a pod network calls; k3s' and RKE2's own folders too")]
    + [reads("/proc/sys/" + name.replace(".", "/"), "whether pods' packets are forwarded and filtered") for name in SYSCTLS]
    + [reads("/proc/filesystems", "whether the kernel has overlayfs"), reads("/sys/module/overlay", "the same")]
    + [reads("/proc/sys/net/bridge", "whether br_netfilter is in the kernel")]
    + [reads(path, "whether it exists: a sign that the node has joined", root=path.startswith("/var/lib/kubelet/")) for path in JOINED]
    + [
        reads("/*kube*", "whether the file exists that the --kubeconfig of the kubelet that runs names: the same", root=True),
        runs("kubeadm version -o short", "the version of Kubernetes; only where what is missing matters to some versions alone"),
        runs("kubelet --version", "the same, without kubeadm"),
    ]
)

_VERSION = re.compile(r"\bv(\d+\.\d+\.\d+)")


def collect(host, node, addresses, processes, os_release=None):
    """Return {kubernetes, joined, version, ip, family, binaries, sysctls, modules}.

    kubernetes  whether a kubelet of its own (kubeadm, kubespray ...) or kubeadm is here; k3s and RKE2 bring what they need
    joined      whether the host is a member of a cluster
    version     "1.29.3", None where nobody told it or it does not matter
    ip          4, or 6 on a host that has IPv6 addresses only
    family      {name, major} of the distribution, for the names of packages
    binaries    {name: path or None}
    sysctls     {name: number, None where the kernel does not have it}
    modules     {name: whether the kernel has what it brings, loaded or built in}
    """
    binaries = dict((name, host.which(name)) for name in MANDATORY + USEFUL)
    sysctls = dict((name, _number(host, name)) for name in SYSCTLS)
    kubernetes = node["distribution"] not in ("k3s", "rke2") and (node["kubernetes"] or host.which("kubeadm") is not None)
    asked = kubernetes and (binaries["conntrack"] is None or _unfiltered(sysctls))
    return {
        "kubernetes": kubernetes,
        "joined": any(_exists(host, path) for path in JOINED) or _member(host, processes),
        "version": _version(host) if asked else None,
        "ip": 6 if addresses and not any("." in address for address in addresses) else 4,
        "family": {"name": os_release["family"], "major": os_release["major"]} if os_release else None,
        "binaries": binaries,
        "sysctls": sysctls,
        "modules": {
            "overlay": "overlay" in (host.read("/proc/filesystems") or "").split() or host.exists("/sys/module/overlay"),
            "br_netfilter": host.exists("/proc/sys/net/bridge"),
        },
    }


def _unfiltered(sysctls):
    return any(value != 1 for name, value in sysctls.items() if name.startswith("net.bridge."))


def _number(host, name):
    text = host.read("/proc/sys/" + name.replace(".", "/"))
    return None if text is None else int(text)


def _exists(host, path):
    try:
        return host.exists(path)
    except Unavailable:  # only root may look below /var/lib/kubelet
        return False


def _member(host, processes):
    """Return whether a kubelet runs with a kubeconfig: before kubeadm has joined the host it starts again and again without one."""
    for path in [flag(item["arguments"] or [], "kubeconfig") for item in processes if is_kubelet(item)]:
        try:
            if path and path.startswith("/") and host.exists(path):
                return True
        except Unavailable:
            return True  # it is not for everybody to look at, and the kubelet runs
    return False


def _version(host):
    for argv in (["kubeadm", "version", "-o", "short"], ["kubelet", "--version"]):
        if host.which(argv[0]):
            try:
                match = _VERSION.search(host.run(argv).out)
            except Unavailable:
                continue  # TimedOut, say: the other may answer
            if match:
                return match.group(1)
    return None
