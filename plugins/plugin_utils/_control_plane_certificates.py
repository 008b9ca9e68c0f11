# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""What the role control_plane_certificates would renew and restart on a host, and why it may not. Pure: what was read in, a plan out."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import collections
import os

MANIFESTS = "/etc/kubernetes/manifests/"
PKI = "/etc/kubernetes/pki/"
# kubespray keeps kubeadm's there and links pki to it.
SSL = "/etc/kubernetes/ssl/"
# In the order in which they may be restarted: each one needs those before it.
COMPONENTS = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler")

# A certificate of kubeadm's: the name it has there, its file, the key of the authority that signs it, and what reads it when it starts.
Certificate = collections.namedtuple("Certificate", "name path key component")
CERTIFICATES = tuple(
    Certificate(*row)
    for row in (
        ("apiserver", PKI + "apiserver.crt", PKI + "ca.key", "kube-apiserver"),
        ("apiserver-kubelet-client", PKI + "apiserver-kubelet-client.crt", PKI + "ca.key", "kube-apiserver"),
        ("apiserver-etcd-client", PKI + "apiserver-etcd-client.crt", PKI + "etcd/ca.key", "kube-apiserver"),
        ("front-proxy-client", PKI + "front-proxy-client.crt", PKI + "front-proxy-ca.key", "kube-apiserver"),
        ("etcd-server", PKI + "etcd/server.crt", PKI + "etcd/ca.key", "etcd"),
        ("etcd-peer", PKI + "etcd/peer.crt", PKI + "etcd/ca.key", "etcd"),
        # The probe of etcd's pod reads it each time.
        ("etcd-healthcheck-client", PKI + "etcd/healthcheck-client.crt", PKI + "etcd/ca.key", None),
        ("controller-manager.conf", "/etc/kubernetes/controller-manager.conf", PKI + "ca.key", "kube-controller-manager"),
        ("scheduler.conf", "/etc/kubernetes/scheduler.conf", PKI + "ca.key", "kube-scheduler"),
        ("admin.conf", "/etc/kubernetes/admin.conf", PKI + "ca.key", None),
        ("super-admin.conf", "/etc/kubernetes/super-admin.conf", PKI + "ca.key", None),
    )
)
NAMES = tuple(certificate.name for certificate in CERTIFICATES)
# They renew at the start of the service what ends within 90 or 120 days, by release. RKE2's API server is a static pod, which a start of the service
# leaves alone unless its arguments or files have changed (rke2 pkg/staticpod/staticpod.go).
SERVERS = {"k3s": "k3s.service", "rke2": "rke2-server.service"}


def plan(found, files, renew, state):
    """Return {needed, refused, renew, restart, steps}.

    found    result of control_plane_info
    files    {path: time of its last change} below /etc/kubernetes, and of a program kubeadm
    renew    whether certificates are renewed: True, False, or a list of kubeadm's names
    state    present, or rolled_back: nothing is renewed, only what is older than its files is restarted
    refused  sentences; empty where it may be done
    renew    [{name, path, not_after}]: certificates that are due
    restart  [{name, process, pid, unit}] in order; unit is None for a static pod, pid for one that is down
    steps    sentences for people, in order
    """
    facts = found["control_plane"]
    verdicts = dict((verdict["condition"], verdict) for verdict in found["conditions"])
    wanted = [certificate for certificate in CERTIFICATES if renew is True or certificate.name in (renew or ())]
    refused = [
        verdicts[name]["message"]
        for name, asked in (
            ("apiserver_loopback_certificate_expiring", state == "present"),
            ("kubernetes_certificate_expiring", wanted and state == "present"),
        )
        if asked and verdicts[name]["status"] == "unknown"
    ]
    lacking = [name for name in ("control_plane_processes", "certificates", "node", "kubelet") if facts[name] is None]
    if lacking:
        refused += [found["unavailable"][name]["message"] for name in lacking if name in found["unavailable"]] or ["The host could not be read."]
    if refused:
        return {"needed": True, "refused": refused, "renew": [], "restart": [], "steps": []}
    due = _due(verdicts["kubernetes_certificate_expiring"], files) if state == "present" and wanted else {}
    loopback = state == "present" and verdicts["apiserver_loopback_certificate_expiring"]["status"] in ("faulty", "at_risk")
    server = SERVERS.get(facts["node"]["distribution"])
    if facts["node"]["distribution"] == "rke2" and loopback and not due:
        process = _process(facts, "kube-apiserver")
        down = [] if facts["kubelet"]["running"] else ["The kubelet does not run, and nothing else would start kube-apiserver again."]
        return _described([], [_part("kube-apiserver", process, None)] if process else [], down)
    if server:
        process = _process(facts, "k3s") or _process(facts, "kube-apiserver")
        restart = [_part(server, process, server)] if process and (loopback or due) else []
        return _described([], restart, [])
    chosen = [certificate for certificate in wanted if certificate.path in due]
    refused += _strange(due, renew, wanted)
    refused += _cannot_sign(chosen, files, _due(verdicts["certificate_authority_expiring"], files))
    stale = set(certificate.component for certificate in chosen)
    stale.update(certificate.component for certificate in wanted if _older(facts, certificate, files))
    if loopback:
        stale.add("kube-apiserver")
    restart = []
    for name in COMPONENTS:
        if name in stale:
            process = _process(facts, name)
            unit = process["unit"] if process else None
            if unit is None and MANIFESTS + name + ".yaml" not in files:
                refused.append("%s runs neither as a static pod of %s nor as a systemd unit: restart it as it was started." % (name, MANIFESTS))
            elif unit is None and not facts["kubelet"]["running"]:
                refused.append("The kubelet does not run, and nothing else would start %s again." % name)
            restart.append(_part(name, process, unit))
    ends = dict((item["path"], item["not_after"]) for item in facts["certificates"]["certificates"])
    return _described([{"name": item.name, "path": due[item.path], "not_after": ends.get(due[item.path])} for item in chosen], restart, refused)


def _described(renew, restart, refused):
    steps = ["renew %s (%s)" % (item["name"], item["path"]) for item in renew]
    steps += ["restart %s" % item["name"] if item["pid"] else "wait until the kubelet has started %s" % item["name"] for item in restart]
    return {"needed": bool(renew or restart or refused), "refused": refused, "renew": renew, "restart": restart, "steps": steps}


def _due(verdict, files):
    """Return {the path that kubeadm has for a file: the path that was read}."""
    return dict((_linked(path, files), path) for path in verdict["evidence"].get("due", []))


def _linked(path, files):
    """Return kubeadm's path of a file that lies in ssl, where pki shows the same file."""
    other = PKI + path[len(SSL) :] if path.startswith(SSL) else path
    return other if other in files and files[other] == files.get(path) else path


def _process(facts, name):
    return next((item for item in facts["control_plane_processes"] if item["name"] == name), None)


def _part(name, process, unit):
    return {"name": name, "process": process["name"] if process else name, "pid": process["pid"] if process else None, "unit": unit}


def _older(facts, certificate, files):
    """Return whether the file was written after its component has started, which then may still use the old one."""
    process = _process(facts, certificate.component)
    return bool(process) and files.get(certificate.path, 0) > process["started"] + 1


def _strange(due, renew, wanted):
    """kubeadm renews its own only; those named by the operator are, unless they lie elsewhere."""
    known = [certificate.path for certificate in CERTIFICATES]
    strange = sorted(due[path] for path in due if path not in known)
    if renew is not True:
        names = [os.path.basename(certificate.path) for certificate in wanted]
        strange = [path for path in strange if os.path.basename(path) in names]
        return ["%s: named in control_plane_certificates_renew, and not where kubeadm would renew it: renew it as it was made." % path for path in strange]
    if not strange:
        return []
    return [
        "%s: not where kubeadm keeps its certificates, so whoever made them (kubespray's or KubeKey's playbooks, a person) renews them. "
        "To renew kubeadm's alone, name them in control_plane_certificates_renew." % ", ".join(strange)
    ]


def _cannot_sign(chosen, files, dying):
    refused = []
    if chosen and not any(path.endswith("/kubeadm") for path in files):
        refused.append("There is no kubeadm on this host, which has made these certificates or looks as if it had.")
    for key in sorted(set(certificate.key for certificate in chosen)):
        names = ", ".join(certificate.name for certificate in chosen if certificate.key == key)
        if key not in files:
            refused.append("%s is not on this host (an external CA): who holds it renews %s." % (key, names))
        elif key[: -len("key")] + "crt" in dying:
            refused.append("%scrt itself is near its end: first renew that, as %s would end with it." % (key[: -len("key")], names))
    return refused
