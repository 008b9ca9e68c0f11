# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""Fact: the certificate with which the API server of this host talks to itself, or how long the process has run."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re

from .. import _certificate, _version
from .._host import Unavailable
from .._source import connects, reads
from .certificates import MANIFESTS
from .kubelet import flag
from .processes import age, serves_host

# The name that the API server asks itself for (k8s.io/apiserver, LoopbackClientServerNameOverride).
NAME = "apiserver-loopback-client"
EVERYWHERE = ("0.0.0.0", "::", "[::]", "")
# k3s' API server listens behind the listener at 6443, which is not to be asked: it would put the name into its certificate, and this into
# a Secret of the cluster (rancher/dynamiclistener, listener.go), unless tls-san-security is on, as it is by default in newer k3s only.
K3S = ("127.0.0.1", 6444)
# Where k3s' own scheduler asks the API server: it listens on the loopback address of the Services' family, one port above the listener's
# (k3s pkg/daemons/control/deps, genClientCerts; pkg/daemons/config, Loopback). The file names keys and holds none.
K3S_KUBECONFIG = "/var/lib/rancher/k3s/server/cred/scheduler.kubeconfig"

SOURCES = (
    connects("*:*", "the dates of the API server's loopback certificate: a TLS handshake with the API server of this very host, nothing is sent"),
    reads("/proc/[0-9]*/stat", "when the API server was started"),
    reads("/proc/uptime", "the same"),
    reads("/proc/self/ns/net", "the host's network namespace"),
    reads("/proc/[0-9]*/ns/net", "whether an API server in a container uses it; else it may be another cluster's", root=True),
    reads(MANIFESTS[0] + "kube-apiserver.yaml", "the API server's version, from its image", root=True),
    reads(MANIFESTS[1] + "kube-apiserver.yaml", "the same", root=True),
    reads(K3S_KUBECONFIG, "where the API server of k3s listens", root=True),
)

_SERVER = re.compile(r"^\s*server:\s*[\"']?https://(?:(127\.0\.0\.1)|\[(::1)\]):(\d+)", re.MULTILINE)
_IMAGE = re.compile(r"^\s*(?:- )?image:\s*[\"']?\S+:v?(\d+\.\d+\.\d+)", re.MULTILINE)


def parse_version(manifest):
    """Return the version in the tag of the manifest's first image ("1.20.2"), or None."""
    match = _IMAGE.search(manifest or "")
    return match.group(1) if match and _version.parse(match.group(1)) else None


def parse_endpoint(kubeconfig):
    """Return (address, port) of the server on this host that a kubeconfig names, or None."""
    match = _SERVER.search(kubeconfig or "")
    return (match.group(1) or match.group(2), int(match.group(3))) if match else None


def collect(host, processes):
    """Return None where no API server runs, else {pid, age, version, certificate, address, unavailable}.

    age          seconds since the process was started, None where it cannot be told
    version      of the API server, None where no manifest tells
    certificate  {subject, issuer, not_before, not_after} of the loopback certificate, None where another one answered or none
    unavailable  why there is no certificate
    """
    process = next(
        (
            item
            for item in processes
            # A k3s that is an agent has no API server.
            if item["name"] in ("kube-apiserver", "k3s-server") and serves_host(host, item)
        ),
        None,
    )
    if process is None:
        return None
    found = {"pid": process["pid"], "age": age(host, process["pid"]), "version": None, "certificate": None, "address": None, "unavailable": None}
    if process["name"] == "kube-apiserver":
        found["version"] = _manifest_version(host)
        address = flag(process["arguments"] or [], "bind-address") or ""
        address = "127.0.0.1" if address in EVERYWHERE else address
        port = int(flag(process["arguments"] or [], "secure-port") or "6443")
    else:
        address, port = _k3s_endpoint(host)
    place = ("[%s]:%d" if ":" in address else "%s:%d") % (address, port)
    try:
        certificate = _certificate.read(host.peer_certificate(address, port, NAME))
    except (Unavailable, ValueError) as exc:
        return dict(found, unavailable=str(exc))
    if not (certificate["subject"] or "").startswith(NAME):
        return dict(found, unavailable="%s: answered with the certificate of %s" % (place, certificate["subject"]))
    del certificate["authority"]
    return dict(found, certificate=certificate, address=place)


def _k3s_endpoint(host):
    try:
        return parse_endpoint(host.read(K3S_KUBECONFIG)) or K3S
    except Unavailable:
        return K3S


def _manifest_version(host):
    for directory in MANIFESTS:
        try:
            version = parse_version(host.read(directory + "kube-apiserver.yaml"))
        except Unavailable:
            version = None
        if version:
            return version
    return None
