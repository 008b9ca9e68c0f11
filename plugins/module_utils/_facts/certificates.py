# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""Fact: subject, issuer and dates of the certificates that this host's control plane and kubelet use; never a key."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import base64
import re

from .. import _certificate
from .._host import Unavailable
from .._source import reads
from .kubelet import CONFIGURATION, flag, parse_flags, setting
from .node_identity import ADMIN_KUBECONFIGS, AUTHORITIES, KUBELET_KUBECONFIG
from .processes import serves_host

# Processes of the control plane, as /proc cuts their names, and the static pod that starts each.
COMPONENTS = {
    "kube-apiserver": "kube-apiserver",
    "kube-controller": "kube-controller-manager",
    "kube-scheduler": "kube-scheduler",
    "etcd": "etcd",
}
MANIFESTS = ("/etc/kubernetes/manifests/", "/var/lib/rancher/rke2/agent/pod-manifests/")
# Arguments that name a component's own certificates, the authorities it trusts or signs with, and kubeconfigs.
LEAVES = ("tls-cert-file", "kubelet-client-certificate", "etcd-certfile", "proxy-client-cert-file", "cert-file", "peer-cert-file")
ROOTS = ("client-ca-file", "requestheader-client-ca-file", "etcd-cafile", "root-ca-file", "cluster-signing-cert-file")
ROOTS += ("trusted-ca-file", "peer-trusted-ca-file")
# kubeadm's own, which no argument names.
KUBEADM = {
    "kube-apiserver": ("/etc/kubernetes/super-admin.conf",) + ADMIN_KUBECONFIGS,
    "etcd": ("/etc/kubernetes/pki/etcd/healthcheck-client.crt",),
}
# etcd of kubespray and KubeKey has its settings from its environment (/etc/etcd.env).
ETCD_ENVIRONMENT = {
    "ETCD_CERT_FILE": "cert-file",
    "ETCD_PEER_CERT_FILE": "peer-cert-file",
    "ETCD_TRUSTED_CA_FILE": "trusted-ca-file",
    "ETCD_PEER_TRUSTED_CA_FILE": "peer-trusted-ca-file",
}
KUBELET = "/var/lib/kubelet/pki/"
RANCHER = "/var/lib/rancher/%s/"
# The old name stays behind after an upgrade, and nothing renews it (k3s issues 1621 and 8762 list the one and the other).
OLD_CLOUD_CONTROLLER, NEW_CLOUD_CONTROLLER = "client-cloud-controller.crt", "client-%s-cloud-controller.crt"

SOURCES = (
    reads("*.crt", "dates of a certificate that an argument or kubeconfig names; only CERTIFICATE blocks are decoded", root=True),
    reads("*.pem", "the same; the kubelet's file holds its key as well, which is not looked at", root=True),
    reads("/etc/kubernetes/*", "the certificate inside a kubeconfig; arguments in the manifests of static pods", root=True),
    reads("*kubeconfig*", "the certificate inside the kubelet's, controller manager's or scheduler's kubeconfig", root=True),
    reads("/etc/rancher/*.yaml", "the certificate inside the admin kubeconfig", root=True),
    reads(MANIFESTS[1] + "*.yaml", "arguments in the manifests of static pods", root=True),
    reads(RANCHER % "*" + "server/tls", "the names of the control plane's certificates", root=True),
    reads(RANCHER % "*" + "server/tls/etcd", "the names of etcd's certificates", root=True),
    reads("/proc/self/ns/net", "the host's network namespace"),
    reads("/proc/[0-9]*/ns/net", "whether a component in a container uses it; else it may be another cluster's", root=True),
    reads("/proc/[0-9]*/environ", "etcd's ETCD_*_FILE settings of certificates; no other name is kept", root=True),
    reads("*kubelet*", "the kubelet's configuration: certificates and their rotation"),
)

_KUBECONFIG = re.compile(r"\.conf$|\.ya?ml$|kubeconfig[^/]*$")
_DATA = re.compile(r"^\s*client-certificate-data:\s*[\"']?([A-Za-z0-9+/=]+)", re.MULTILINE)
_FILE = re.compile(r"^\s*client-certificate:\s*[\"']?([^\s\"']+)", re.MULTILINE)


def parse_kubeconfig(text):
    """Return (PEM text of the embedded client certificates, path of one in a file); the key beside it is not looked at."""
    embedded = []
    for data in _DATA.findall(text):
        try:
            embedded.append(base64.b64decode(data).decode("ascii", "replace"))
        except (TypeError, ValueError):  # Python 2.7 raises TypeError
            embedded.append("-----")
    named = _FILE.search(text)
    return "\n".join(embedded), named.group(1) if named else None


def parse_environment(text):
    """Return etcd's settings of certificates as it would take them for arguments."""
    pairs = [entry.partition("=") for entry in text.split("\0")]
    return " ".join("--%s=%s" % (ETCD_ENVIRONMENT[name], value) for name, unused, value in pairs if name in ETCD_ENVIRONMENT)


def collect(host, processes, node, kubelet):
    """Return {certificates, unreadable}.

    certificates  [{path, kind, use, subject, issuer, not_before, not_after, rotates}]
                  kind: control_plane, kubelet or authority; use: what names it; rotates: the kubelet renews it itself
    unreadable    [{path, kind, reason, message}] of files that exist
    """
    found = _Collector(host)
    for name in sorted(COMPONENTS):
        arguments = component_arguments(host, processes, name)
        if arguments is not None:
            for option in LEAVES:
                found.add(parse_flags(arguments, option), "control_plane", "%s --%s" % (COMPONENTS[name], option))
            for option in ROOTS:
                found.add(parse_flags(arguments, option), "authority", "%s --%s" % (COMPONENTS[name], option))
            found.add(parse_flags(arguments, "kubeconfig"), "control_plane", COMPONENTS[name] + " --kubeconfig")
            for path in KUBEADM.get(name, ()):
                found.add(path, "control_plane", "administration")
    if node["distribution"] in ("k3s", "rke2"):
        _rancher(found, node["distribution"])
    if kubelet["running"] or kubelet["enabled"] or node["distribution"] in ("k3s", "rke2"):
        _kubelet(host, processes, found)
        for path in AUTHORITIES:
            found.add(path, "authority", "cluster")
    return {"certificates": found.certificates, "unreadable": found.unreadable}


def component_arguments(host, processes, name):
    """Return the arguments of a component as one text; those of its manifest where it is down, None where it is not here."""
    process = next((item for item in processes if item["name"] == name and serves_host(host, item)), None)
    if process is None:
        # An expired certificate is a reason for it to be down.
        for directory in MANIFESTS:
            try:
                text = host.read("%s%s.yaml" % (directory, COMPONENTS[name]))
            except Unavailable:
                text = None
            if text:
                return text
        return None
    text = " ".join(process["arguments"] or [])
    if name == "etcd" and parse_flags(text, "cert-file") is None:
        try:
            text += " " + parse_environment(host.read("/proc/%d/environ" % process["pid"]) or "")
        except Unavailable:
            pass  # without root
    return text


def _rancher(found, distribution):
    """k3s and RKE2 keep everything of a server in one folder; what may sign is an authority, by the certificate's own word."""
    base = RANCHER % distribution
    for directory in (base + "server/tls", base + "server/tls/etcd"):
        names = found.names(directory)
        for name in names:
            if name.endswith(".crt") and not (name == OLD_CLOUD_CONTROLLER and NEW_CLOUD_CONTROLLER % distribution in names):
                found.add(directory + "/" + name, None, "server")
    found.add(base + "agent/client-kubelet.crt", "kubelet", "client")
    found.add(base + "agent/serving-kubelet.crt", "kubelet", "serving")
    found.add(base + "agent/client-ca.crt", "authority", "kubelet")


def _kubelet(host, processes, found):
    process = next((item for item in processes if item["name"] == "kubelet" and not item["nested"]), None)
    arguments = process["arguments"] if process else []
    configuration = flag(arguments, "config") or CONFIGURATION
    try:
        text = host.read(configuration) or ""
    except Unavailable:
        text = ""
    rotates = _switch(arguments, "rotate-certificates", setting(text, "rotateCertificates"))
    bootstraps = _switch(arguments, "rotate-server-certificates", setting(text, "serverTLSBootstrap"))
    # Nodes of kubeadm before 1.17 have the first certificate embedded, and need it at each start of the kubelet.
    if not found.add(flag(arguments, "kubeconfig") or KUBELET_KUBECONFIG, "kubelet", "client", rotates):
        found.add(KUBELET + "kubelet-client-current.pem", "kubelet", "client", rotates)
    # kubelet.crt stays behind where the kubelet asks the cluster for a serving certificate: nothing uses it then.
    own = KUBELET + ("kubelet-server-current.pem" if bootstraps else "kubelet.crt")
    found.add(flag(arguments, "tls-cert-file") or setting(text, "tlsCertFile") or own, "kubelet", "serving", bootstraps)
    found.add(flag(arguments, "client-ca-file") or setting(text, "clientCAFile", indented="[ \t]*"), "authority", "kubelet")


def _switch(arguments, name, configured):
    """Return whether a boolean is set: --name, --name=true, or the configuration where no argument says."""
    if "--" + name in arguments:
        return True
    return next((word.endswith("=true") for word in arguments if word.startswith("--%s=" % name)), configured == "true")


class _Collector(object):
    """Reads each file once, whatever names it."""

    def __init__(self, host):
        self._host = host
        self._seen = set()
        self.certificates = []
        self.unreadable = []

    def names(self, directory):
        try:
            return self._host.listdir(directory) or []
        except Unavailable as exc:
            self._lack(directory, None, exc)
            return []

    def add(self, path, kind, use, rotates=False):
        """Add what a file holds: of a chain the first, of a kubeconfig its user's, of authorities each.

        Return whether it was a kubeconfig that names a file.
        """
        if not path or not path.startswith("/") or not (path.endswith((".crt", ".pem")) or _KUBECONFIG.search(path)):
            return False
        try:
            real = self._host.resolve(path)
            if real in self._seen:
                return False
            self._seen.add(real)
            text = self._host.read(path)
        except Unavailable as exc:
            self._lack(path, kind, exc)
            return False
        if text is not None and _KUBECONFIG.search(path):
            text, named = parse_kubeconfig(text)
            if named and not text:
                self.add(named if named.startswith("/") else path.rpartition("/")[0] + "/" + named, kind, use, rotates)
                return True
            rotates = False  # what is embedded is never renewed
            text = text or None
        if text is not None:
            self._keep(path, kind, use, rotates, text)
        return False

    def _keep(self, path, kind, use, rotates, text):
        try:
            found = [_certificate.read(der) for der in _certificate.every(text)]
        except ValueError:
            found = []
        if not found:
            self._lack(path, kind, Unavailable("Unreadable", "%s: no certificate that can be read" % path))
        if kind is None and found:
            kind = "authority" if found[0]["authority"] else "control_plane"
        if kind == "authority":
            # While an authority is renewed its file holds the old one as well.
            newest = {}
            for item in found:
                if item["subject"] not in newest or newest[item["subject"]]["not_after"] < item["not_after"]:
                    newest[item["subject"]] = item
            found = [newest[subject] for subject in sorted(newest, key=str)]
        for item in found if kind == "authority" else found[:1]:
            entry = dict(item, path=path, kind=kind, use=use, rotates=rotates)
            del entry["authority"]
            self.certificates.append(entry)

    def _lack(self, path, kind, exc):
        self.unreadable.append({"path": path, "kind": kind, "reason": exc.reason, "message": exc.message})
