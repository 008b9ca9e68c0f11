# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""Fact: the pods that kubelets have evicted and that are still kept, counted by what matters for their removal."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import calendar
import itertools
import time

from .._kubectl import asks

SOURCES = (asks("/api/v1/pods*", "failed pods: why each has failed, when, where, and who owns it"),)

PATH = "/api/v1/pods"
# An API server cannot choose by the reason.
FAILED = "status.phase=Failed"
# More failed pods than these are not looked at: a cluster may keep 12500, some kilobytes each.
LOOKED_AT = 5000
# These controllers have put another pod in the place of an evicted one.
REPLACING = ("DaemonSet", "ReplicaSet", "ReplicationController", "StatefulSet")
# In place of a kind: a pod without a controller, which nobody makes again.
BARE = "bare"
SHOWN = 5


def parse(item):
    """Return {namespace, name, uid, node, owner, changed, message} of an evicted Pod, or None for another, or one that is being deleted.

    owner    kind of its controller, or BARE
    changed  seconds since the epoch
    """
    metadata, status = item.get("metadata") or {}, item.get("status") or {}
    if status.get("phase") != "Failed" or status.get("reason") != "Evicted" or metadata.get("deletionTimestamp"):
        return None
    owners = [owner.get("kind") for owner in metadata.get("ownerReferences") or [] if owner.get("controller")]
    return {
        "namespace": metadata.get("namespace"),
        "name": metadata.get("name"),
        "uid": metadata.get("uid"),
        "node": (item.get("spec") or {}).get("nodeName"),
        "owner": owners[0] if owners else BARE,
        "changed": last_change(metadata, status),
        "message": (status.get("message") or "").strip(),
    }


def last_change(metadata, status):
    """Return the latest time that a pod tells: only kubelets from 1.26 on say when they have evicted it.

    Whoever changes a pod leaves the time of it in managedFields; what changed an evicted pod last was mostly its eviction.
    """
    times = [metadata.get("creationTimestamp"), status.get("startTime")]
    times += [entry.get("time") for entry in metadata.get("managedFields") or []]
    times += [condition.get("lastTransitionTime") for condition in status.get("conditions") or []]
    # All have the same form, so that the latest is the largest text.
    return calendar.timegm(time.strptime(max(filter(None, times)), "%Y-%m-%dT%H:%M:%SZ"))


def collect(kubectl_client):
    """Return {count, replaced, others, namespaces, nodes, newest, complete}.

    replaced    those of REPLACING
    others, namespaces, nodes  {name: count}: owners of the rest; the SHOWN with the most
    newest      what parse() says of the one that was changed last, or None
    complete    False where there are more failed pods than were looked at
    """
    failed = kubectl_client.items(PATH, fieldSelector=FAILED)
    looked, pods = 0, []
    for item in itertools.islice(failed, LOOKED_AT):
        looked += 1
        pods.append(parse(item))
    pods = [pod for pod in pods if pod]
    others = [pod["owner"] for pod in pods if pod["owner"] not in REPLACING]
    return {
        "count": len(pods),
        "replaced": len(pods) - len(others),
        "others": dict(most(others)[:SHOWN]),
        "namespaces": dict(most(pod["namespace"] for pod in pods)[:SHOWN]),
        "nodes": dict(most(pod["node"] for pod in pods)[:SHOWN]),
        "newest": max(pods, key=lambda pod: pod["changed"]) if pods else None,
        "complete": looked < LOOKED_AT,
    }


def most(names):
    """Return [(name, how often)], the most frequent first; alike ones by name."""
    counts = {}
    for name in names:
        counts[name] = counts.get(name, 0) + 1
    return sorted(counts.items(), key=lambda entry: (-entry[1], str(entry[0])))
