# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""Fact: the etcd member of this host, and how each member of its cluster is."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import json
import re

from .._host import Unavailable
from .._source import reads, runs
from .kubelet import flag
from .node_identity import etcd_process, rancher_etcd
from .processes import serves_host

RANCHER = "/var/lib/rancher/%s/server/"
KUBEADM = "/etc/kubernetes/pki/etcd/"
LOCAL = "https://127.0.0.1:2379"
# What kubespray and KubeKey give etcd and its clients in its environment; nothing else of it is looked at.
SETTINGS = ("ETCDCTL_CACERT", "ETCDCTL_CERT", "ETCDCTL_KEY", "ETCD_LISTEN_CLIENT_URLS", "ETCD_TRUSTED_CA_FILE", "ETCD_CERT_FILE", "ETCD_KEY_FILE")

SOURCES = tuple(
    [
        reads(KUBEADM + "healthcheck-client.crt", "whether it exists: the certificate that kubeadm's own checks use"),
        reads("/proc/self/ns/net", "the host's network namespace"),
        reads("/proc/[0-9]*/ns/net", "whether an API server or etcd in a container uses it; else it may be another's", root=True),
        reads("/proc/[0-9]*/environ", "etcd's settings of addresses and certificate files; no other name is kept", root=True),
        reads("/proc/[0-9]*/root/usr/local/bin/etcdctl", "whether etcd's image has it, where the host has none", root=True),
        runs("env ETCDCTL_API=3 * member list *", "the members of etcd, as its client", root=True),
        runs("env ETCDCTL_API=3 * endpoint health", "whether each member answers a read that needs the quorum", root=True),
    ]
)

_HEALTHY = re.compile(r"^(\S+) is healthy\b", re.MULTILINE)


def parse_members(text):
    """Return (id of the member that answered, [{id, name, client_urls, learner}]) of `etcdctl member list`."""
    answer = json.loads(text)
    members = [
        {
            "id": "%x" % member["ID"],
            "name": member.get("name") or "",
            "client_urls": member.get("clientURLs") or [],
            "learner": bool(member.get("isLearner")),
        }
        for member in answer["members"]
    ]
    return "%x" % answer["header"]["member_id"], members


def collect(host, processes, node, node_identity):
    """Return {present, distribution, etcdctl, endpoint, credentials, own, members, problem}.

    present       a member of the cluster's etcd belongs to this host, running or not
    distribution  "k3s" or "rke2" where it is theirs, else None
    etcdctl       path of the program, None where there is none
    endpoint      URL of this host's member
    credentials   etcdctl's arguments with the paths of CA, certificate and key
    own           id of this host's member
    members       [{id, name, client_urls, learner, healthy}], None where they could not be had
    problem       why not, else None
    """
    process = etcd_process(host, processes)
    rancher = rancher_etcd(host, node)
    found = {
        "present": node_identity["etcd"],
        "distribution": rancher,
        "etcdctl": None,
        "endpoint": None,
        "credentials": [],
        "own": None,
        "members": None,
        "problem": None,
    }
    if not found["present"]:
        return found
    found["etcdctl"] = _etcdctl(host, process)
    found["endpoint"], found["credentials"] = _client(host, processes, process, rancher)
    if found["etcdctl"] is None:
        return dict(found, problem="etcdctl is neither on this host nor in etcd's image")
    try:
        return dict(found, **_ask(host, [found["etcdctl"]] + found["credentials"], found["endpoint"]))
    except Unavailable as exc:
        return dict(found, problem=exc.message)
    except (KeyError, TypeError, ValueError):
        return dict(found, problem="etcdctl member list printed something else than its JSON")


def _ask(host, etcdctl, endpoint):
    # The command's own limit comes first, so that etcdctl says what is wrong.
    words = ["env", "ETCDCTL_API=3"] + etcdctl + ["--command-timeout=%ds" % max(1, host.timeout // 2)]
    own, members = parse_members(host.output(words + ["--endpoints=" + endpoint, "member", "list", "--write-out=json"]))
    urls = [member["client_urls"][0] for member in members if member["client_urls"]]
    # It fails when one member is ill; the answers of the others stand in the same text (on stderr from 3.4 on).
    health = host.run(words + ["--endpoints=" + ",".join(urls), "endpoint", "health"])
    healthy = set(_HEALTHY.findall(health.out + "\n" + health.err))
    for member in members:
        member["healthy"] = bool(member["client_urls"]) and member["client_urls"][0] in healthy
    return {"own": own, "members": members}


def _etcdctl(host, process):
    own = host.which("etcdctl")
    if own or not process:
        return own
    # A Go program without libraries: it runs from the container's files as it would from the host's.
    path = "/proc/%d/root/usr/local/bin/etcdctl" % process["pid"]
    return path if host.exists(path) else None


def _client(host, processes, process, rancher):
    """Return (endpoint, arguments with the paths of what a client of etcd shows), by the first place that names them."""
    if rancher:
        base = RANCHER % rancher + "tls/etcd/"
        return LOCAL, _credentials(base + "server-ca.crt", base + "client.crt", base + "client.key")
    given = (process or {}).get("arguments") or []
    settings = _settings(host, process)
    urls = (flag(given, "listen-client-urls") or settings.get("ETCD_LISTEN_CLIENT_URLS") or LOCAL).split(",")
    endpoint = next((url for url in urls if "//127.0.0.1:" in url), urls[0])
    if "ETCDCTL_CERT" in settings:
        return endpoint, _credentials(settings.get("ETCDCTL_CACERT"), settings["ETCDCTL_CERT"], settings.get("ETCDCTL_KEY"))
    server = next((item for item in processes if item["name"] == "kube-apiserver" and serves_host(host, item)), {}).get("arguments") or []
    if flag(server, "etcd-certfile"):
        return endpoint, _credentials(flag(server, "etcd-cafile"), flag(server, "etcd-certfile"), flag(server, "etcd-keyfile"))
    if host.exists(KUBEADM + "healthcheck-client.crt"):
        return endpoint, _credentials(KUBEADM + "ca.crt", KUBEADM + "healthcheck-client.crt", KUBEADM + "healthcheck-client.key")
    return endpoint, _credentials(
        flag(given, "trusted-ca-file") or settings.get("ETCD_TRUSTED_CA_FILE"),
        flag(given, "cert-file") or settings.get("ETCD_CERT_FILE"),
        flag(given, "key-file") or settings.get("ETCD_KEY_FILE"),
    )


def _credentials(authority, certificate, key):
    pairs = (("cacert", authority), ("cert", certificate), ("key", key))
    return ["--%s=%s" % pair for pair in pairs if pair[1]]


def _settings(host, process):
    if not process:
        return {}
    try:
        text = host.read("/proc/%d/environ" % process["pid"]) or ""
    except Unavailable:
        return {}  # without root
    pairs = [entry.partition("=") for entry in text.split("\0")]
    return dict((name, value) for name, unused, value in pairs if name in SETTINGS)
