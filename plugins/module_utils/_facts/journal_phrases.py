# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""Fact: which known words of errors stand in the journals of the kubelet, the container runtime, kube-proxy and the API server.

Read only where the option "symptoms" asks for it. A line may hold a token or an address with a password, so nothing of it
is kept but the words that were looked for, its unit and its time.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import json
import time

from .._host import Unavailable
from .._source import runs

# Words in lower case, as their writers do not agree on the first letter; the condition they point to; where they are from.
# A line counts for the first that it holds, so the words that say more come first. docs/symptoms.md has the same table.
PHRASES = (
    ("failed to create fsnotify watcher: too many open files", "inotify_instances_exhausted", "node_facts 1.5"),
    ("inotify_init: too many open files", "inotify_instances_exhausted", "node_facts 1.8"),
    ("socket(2) failed, got error: too many open files", "container_nofile_low", "node_facts 1.5; Envoy"),
    ("too many open files", "runtime_nofile_low", "cases/000; node_facts 1.5"),
    ("fork: resource temporarily unavailable", "pid_exhaustion", "node_facts 4.7"),
    ("pthread_create failed", "pid_exhaustion", "node_facts 4.7"),
    ("failed to create new os thread", "pid_exhaustion", "node_facts 4.7; Go's runtime"),
    ("connection is unauthorized: unauthorized", "cni_token_expiring", "cases/000; cluster_facts 6"),
    ("error getting pod: unauthorized", "cni_token_expiring", "cluster_facts 6; Multus"),
    ("kernel and userspace incompatible", "calico_ipset_incompatible", "cases/001; cluster_facts 4"),
    ('cannot list resource "caliconodestatuses"', "calico_rbac_incomplete", "cases/001; cluster_facts 5.3"),
    ("rtnetlink answers: invalid argument", "calico_address_borrowed", "cluster_facts 9; iproute2, of a blackhole route"),
    ("kernel's rpf check is set to 'loose'", "rp_filter_strict", "node_facts 7.2; Felix"),
    ("can't set sysctl net/ipv4/vs/conn_reuse_mode", "ipvs_connection_reuse", "cases/001; cluster_facts 12.3"),
    ("failed to write 4611686018427387904 to hugetlb.", "hugetlb_cgroup_missing", "cases/003; node_facts 7.1"),
    ("exec format error", "binfmt_fix_binary_missing", "the C library's words for ENOEXEC, as runtimes repeat them"),
    ("bind: address already in use", "port_conflict", "cases/000; Go's net"),
    ("flags are mutually exclusive", "admission_flags_conflict", "cluster_facts 12.1"),
    ("part of the existing bootstrap client certificate", "kubelet_certificate_expiring", "the kubelet's bootstrap.go"),
    ("x509: certificate has expired or is not yet valid", "kubernetes_certificate_expiring", "cluster_facts 7; Go's crypto/x509"),
)
UNITS = (
    "kubelet.service",
    "containerd.service",
    "docker.service",
    "cri-docker.service",
    "crio.service",
    "cri-o.service",
    "kube-proxy.service",
    "kube-apiserver.service",  # of control planes without static pods, as kubeasz makes them
    "k3s.service",
    "k3s-agent.service",
    "rke2-server.service",
    "rke2-agent.service",
)

HOURS = 24
MAXIMUM_LINES = 10000
MAXIMUM_CHARACTERS = 16 * 1024 * 1024  # of what journalctl prints: some 1,000 for each line, most of them about its origin

# The newest first, so that they are not what is left out. EL 7's journalctl (systemd 219) has neither --grep nor --output-fields.
JOURNAL = (
    ("journalctl",)
    + tuple("--unit=" + unit for unit in UNITS)
    + ("--since=-%dh" % HOURS, "--lines=%d" % MAXIMUM_LINES, "--reverse", "--no-pager", "--output=json")
)

SOURCES = (
    runs(
        " ".join(JOURNAL),
        "known words of errors; only with the option symptoms; no other text of a line is kept",
        root=True,
    ),
)


class _Enough(Exception):
    """So much has been printed that the rest is not read."""


def parse_entry(line):
    """Return (unit, message in lower case, seconds since the epoch) of a line of journalctl's, or None.

    None for what a unit itself has not said (systemd's words about it) and for messages that journalctl leaves out
    for their length, 4096 bytes. One with bytes that are no UTF-8, or with colours, is a list of numbers.
    """
    try:
        entry = json.loads(line)
        unit, message, when = entry["_SYSTEMD_UNIT"], entry["MESSAGE"], int(entry["__REALTIME_TIMESTAMP"]) // 1000000
        if isinstance(message, list):
            message = bytearray(message).decode("utf-8", "replace")
        return (unit, message.lower(), when) if unit in UNITS else None
    except (AttributeError, KeyError, TypeError, ValueError):
        return None  # "-- No entries --", fields that are missing or there twice


def phrase_in(message):
    """Return the first of PHRASES that a message in lower case holds, or None."""
    for entry in PHRASES:
        if entry[0] in message:
            return entry
    return None


def collect(host):
    """Return {found, lines, complete}.

    found     [{phrase, condition, unit, count, first, last}] in the order of PHRASES; first and last in UTC
    lines     how many were read
    complete  whether those are all of the last HOURS; else they are the newest
    """
    if not host.is_root():
        raise Unavailable("NeedsRoot", "journalctl: only root may read all of the journal")
    read = {"lines": 0, "characters": 0}
    found = {}

    def consume(line):
        read["lines"] += 1
        read["characters"] += len(line)
        entry = parse_entry(line)
        known = phrase_in(entry[1]) if entry else None
        if known:
            row = found.setdefault((PHRASES.index(known), entry[0]), {"count": 0, "first": entry[2], "last": entry[2]})
            row.update(count=row["count"] + 1, first=min(row["first"], entry[2]), last=max(row["last"], entry[2]))
        if read["characters"] > MAXIMUM_CHARACTERS:
            raise _Enough()

    try:
        host.each_line(JOURNAL, consume)
        complete = read["lines"] < MAXIMUM_LINES
    except _Enough:
        complete = False
    return {"found": [_row(key, found[key]) for key in sorted(found)], "lines": read["lines"], "complete": complete}


def _row(key, row):
    phrase, condition, unused = PHRASES[key[0]]
    return dict(row, phrase=phrase, condition=condition, unit=key[1], first=_utc(row["first"]), last=_utc(row["last"]))


def _utc(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))
