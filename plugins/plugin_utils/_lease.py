# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""The lock that keeps two operators of one cluster apart: a Lease. Pure: the Lease as it is in, what to send to the API out."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import datetime

NAMESPACE = "kube-system"
NAME = "nodemend-maintenance"


def claim(lease, holder, now, duration):
    """Say how to take or renew the lock.

    lease     the object as the API returned it, or an empty dict where there is none
    holder    who wants it
    now       seconds since the epoch, by the clock of the host that kubectl runs on
    duration  seconds after which a lock that nobody has renewed is stale

    Returns {refused, verb, manifest, message}: refused is a sentence or empty; verb "create" or "replace". The manifest carries
    the resourceVersion that was seen, so that of two who try at once the API server lets one win.
    """
    spec = lease.get("spec") or {}
    current = spec.get("holderIdentity") or ""
    message = ""
    if current and current != holder:
        age = now - parse_time(spec.get("renewTime") or spec.get("acquireTime"))
        lasts = spec.get("leaseDurationSeconds") or duration
        if age <= lasts:
            refused = "%s holds the maintenance lock of this cluster; it was renewed %d s ago and counts as stale after %d s." % (current, max(0, age), lasts)
            return {"refused": refused, "verb": "", "manifest": {}, "message": ""}
        message = "The maintenance lock of %s is stale (renewed %d s ago, good for %d s) and is taken over." % (current, age, lasts)
    acquired = spec.get("acquireTime") if current == holder else None
    transitions = (spec.get("leaseTransitions") or 0) + (0 if current == holder else 1)
    body = {
        "holderIdentity": holder,
        "leaseDurationSeconds": duration,
        "acquireTime": acquired or format_time(now),
        "renewTime": format_time(now),
        "leaseTransitions": transitions,
    }
    return {"refused": "", "verb": "replace" if lease else "create", "manifest": _manifest(lease, body), "message": message}


def give_back(lease, holder, now):
    """Say how to give the lock back; nothing to do (an empty verb) where it is not, or no longer, the holder's."""
    spec = lease.get("spec") or {}
    if spec.get("holderIdentity") != holder:
        return {"refused": "", "verb": "", "manifest": {}, "message": ""}
    # Without a holder, as client-go's own leader election releases: an API server refuses an empty name.
    body = {
        "leaseDurationSeconds": 1,
        "renewTime": format_time(now),
        "leaseTransitions": spec.get("leaseTransitions") or 0,
    }
    return {"refused": "", "verb": "replace", "manifest": _manifest(lease, body), "message": ""}


def _manifest(lease, spec):
    metadata = {"name": NAME, "namespace": NAMESPACE}
    if lease:
        metadata["resourceVersion"] = lease["metadata"]["resourceVersion"]
    return {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": metadata, "spec": spec}


def parse_time(text):
    """Return the seconds since the epoch of a MicroTime (2026-11-20T18:00:00.000000Z); 0 where there is none, which is stale."""
    if not text:
        return 0
    moment = datetime.datetime.strptime(text.split(".")[0].rstrip("Z"), "%Y-%m-%dT%H:%M:%S")
    return int((moment - datetime.datetime(1970, 1, 1)).total_seconds())


def format_time(seconds):
    moment = datetime.datetime(1970, 1, 1) + datetime.timedelta(seconds=seconds)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.000000Z")
