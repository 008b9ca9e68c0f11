# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""Fact: which Kubernetes node this host is, of which cluster, and whether it belongs to the control plane or to etcd."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import base64
import hashlib
import os
import re

from .. import _certificate
from .._host import Unavailable
from .._source import reads
from .kubelet import flag, is_kubelet
from .processes import CONTROL_PLANE, serves_host

ADMIN_KUBECONFIGS = ("/etc/kubernetes/admin.conf", "/etc/rancher/k3s/k3s.yaml", "/etc/rancher/rke2/rke2.yaml")
CLIENT_CERTIFICATES = (
    "/var/lib/kubelet/pki/kubelet-client-current.pem",
    "/var/lib/rancher/k3s/agent/client-kubelet.crt",
    "/var/lib/rancher/rke2/agent/client-kubelet.crt",
)
AUTHORITIES = (
    "/etc/kubernetes/pki/ca.crt",
    "/etc/kubernetes/ssl/ca.crt",
    "/etc/kubernetes/ssl/ca.pem",  # kubeasz
    "/var/lib/rancher/k3s/agent/server-ca.crt",
    "/var/lib/rancher/rke2/agent/server-ca.crt",
)
KUBELET_KUBECONFIG = "/etc/kubernetes/kubelet.conf"
MANIFEST = "/etc/kubernetes/manifests/kube-apiserver.yaml"
ETCD_MANIFESTS = ("/etc/kubernetes/manifests/etcd.yaml", "/var/lib/rancher/rke2/agent/pod-manifests/etcd.yaml")
RANCHER_ETCD = "/var/lib/rancher/%s/server/db/etcd"

SOURCES = tuple(
    [reads(path, "the node's name, from the subject of the kubelet's client certificate", root=True) for path in CLIENT_CERTIFICATES]
    + [reads(path, "the cluster's identity: a hash of its CA certificate") for path in AUTHORITIES]
    + [
        reads(KUBELET_KUBECONFIG, "the CA certificate that the kubelet trusts, where it lies at none of these places", root=True),
        reads("*.conf", "the same, where the kubelet's --kubeconfig names another file", root=True),
        reads("*kubeconfig*", "the same", root=True),
        reads("*.crt", "the same, where the kubeconfig names the CA's file"),
        reads("*.pem", "the same; the node's name, where the kubelet's --cert-dir names another folder", root=True),
        reads(MANIFEST, "whether it exists: an API server is meant to run here", root=True),
        reads("/proc/self/ns/net", "the host's network namespace"),
        reads("/proc/[0-9]*/ns/net", "whether an API server or etcd in a container uses it; else it may be another cluster's", root=True),
    ]
    + [reads(path, "whether it exists: a member of etcd is meant to run here", root=True) for path in ETCD_MANIFESTS]
    + [reads(RANCHER_ETCD % "*", "whether it exists: the etcd within k3s or RKE2", root=True)]
    + [reads(path, "whether it exists: a sign of a control-plane host") for path in ADMIN_KUBECONFIGS]
)

_KUBECONFIG = re.compile(r"/.*(?:\.conf|kubeconfig[^/]*)$")
_NODE_USER = "system:node:"
_AUTHORITY_DATA = re.compile(r"^\s*certificate-authority-data:\s*([A-Za-z0-9+/=]+)\s*$", re.MULTILINE)
_AUTHORITY_FILE = re.compile(r"^\s*certificate-authority:\s*[\"']?([^\s\"']+)", re.MULTILINE)


def collect(host, processes, node, kubelet=None):
    """Return {name, name_source, control_plane, etcd, standalone, cluster, admin_kubeconfig}.

    name         the Kubernetes node's name where the kubelet's certificate or arguments prove it, else None
    etcd         whether a member of the cluster's etcd runs here or is meant to
    standalone   whether the kubelet runs without an API server, as kubeadm has it run etcd alone
    cluster      first 16 hexadecimal digits of the SHA-256 of the cluster's CA certificate, else None
    """
    arguments = next((process["arguments"] for process in processes if is_kubelet(process)), None) or []
    name, source = _name(host, kubelet, arguments)
    admin = next((path for path in ADMIN_KUBECONFIGS if _exists(host, path)), None)
    serves = any(process["name"] in CONTROL_PLANE and serves_host(host, process) for process in processes)
    return {
        "name": name,
        "name_source": source,
        "control_plane": admin is not None or serves or _exists(host, MANIFEST),
        "etcd": bool(
            etcd_process(host, processes) or rancher_etcd(host, node) or any(_exists(host, path) for path in ETCD_MANIFESTS)
        ),
        "standalone": bool(kubelet and kubelet["standalone"]),
        "cluster": _cluster(host, arguments),
        "admin_kubeconfig": admin,
    }


def etcd_process(host, processes):
    """Return the process of this host's member of the cluster's etcd, or None."""
    return next((process for process in processes if process["name"] == "etcd" and serves_host(host, process)), None)


def rancher_etcd(host, node):
    """Return "k3s" or "rke2" where their own etcd has its data here, else None."""
    return next((name for name in ("k3s", "rke2") if name == node["distribution"] and _exists(host, RANCHER_ETCD % name)), None)


def _name(host, kubelet, arguments):
    folder = flag(arguments, "cert-dir")
    for path in CLIENT_CERTIFICATES + ((folder + "/kubelet-client-current.pem",) if folder else ()):
        text = _readable(host, path)
        # The file may hold the private key as well; only the certificate's own block is decoded.
        subject = _certificate.common_name(text) if text else None
        if subject and subject.startswith(_NODE_USER):
            return subject[len(_NODE_USER) :], path
    if kubelet and kubelet["hostname_override"]:
        return kubelet["hostname_override"], "--hostname-override"
    return None, None


def _cluster(host, arguments):
    for path in AUTHORITIES:
        text = _readable(host, path)
        if text:
            return fingerprint(text)
    # kubeasz, kOps and who installs by hand have places of their own, which the kubelet knows.
    kubeconfig = flag(arguments, "kubeconfig") or KUBELET_KUBECONFIG
    text = (_readable(host, kubeconfig) if _KUBECONFIG.match(kubeconfig) else None) or ""
    named = _AUTHORITY_FILE.search(text)
    if named and named.group(1).endswith((".crt", ".pem")):
        return fingerprint(_readable(host, os.path.join(os.path.dirname(kubeconfig), named.group(1))) or "")
    match = _AUTHORITY_DATA.search(text)
    if not match:
        return None
    try:
        return fingerprint(base64.b64decode(match.group(1)).decode("ascii", "replace"))
    except (TypeError, ValueError):  # Python 2.7 raises TypeError
        return None


def fingerprint(text):
    """Return the short SHA-256 of the first certificate in PEM text, or None where there is none."""
    der = _certificate.first(text)
    return hashlib.sha256(der).hexdigest()[:16] if der else None


def _exists(host, path):
    try:
        return host.exists(path)
    except Unavailable:
        return False


def _readable(host, path):
    try:
        return host.read(path)
    except Unavailable:
        return None
