# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""The way back from an upgrade of Calico, out of what its run has kept, and why it may not be gone. Pure."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import json

from . import _calico_cluster as cluster
from . import _calico_manifest as manifest
from . import _calico_rollout as rollout


def rollback(kept, found, backup, host, written=None):
    """Return {refused, rollout, steady, absent, words, absent_words, daemonset, nodes, backup, host} of the objects that a run has kept.

    kept     text of its file on the host: [{identity: [kind, namespace, name], apiVersion, object or null where there was none}]
    written  plan()'s "written" where the run came to its end, else None; roles of old versions kept none
    CustomResourceDefinitions stay: with them all their objects would be gone, or cut short.
    """
    entries = [entry for entry in json.loads(kept) if entry["identity"][0] != "CustomResourceDefinition"]
    refused = []
    # Only a run that went on with another's work, on another host, has kept a DaemonSet with a note: what it found was half done.
    half = next((entry["object"] for entry in entries if entry["identity"][0] == "DaemonSet" and entry["object"] and rollout.begun(entry["object"])), None)
    noted = next((note for note in (rollout.begun(item) for item in cluster.daemonsets_of(found)) if note), {})
    if half is None:
        refused = _begun_since(noted, host)
        if not noted:
            refused = _upgraded_since(entries, found, written, backup) or _signed_since(entries, found, backup, host)
    else:
        begun = rollout.begun(half)
        there_now = [item for item in found["objects"]["daemonsets"] if manifest.same(item, half) and not rollout.begun(item)]
        if not any(rollout.pods_digest(item) == begun.get("before") for item in there_now):
            there = begun.get("host") or "another host"
            message = "This upgrade was begun on %s, which keeps what was there before (%s). %s" % (there, begun["backup"], rollout.way_back(there, host))
            refused = [{"gate": "begun_elsewhere", "message": message, "override": None}]
        # It is back, with all that is applied before the nodes. What comes after them is kept here alone.
        entries = [entry for entry in entries if rollout.is_last(entry["identity"][0], entry["identity"][2])]
    steady = [entry["object"] for entry in entries if entry["object"]]
    absent = [
        {"apiVersion": entry["apiVersion"], "kind": kind, "metadata": dict({"name": name}, **({"namespace": namespace} if namespace else {}))}
        for entry in entries
        for kind, namespace, name in [entry["identity"]]
        if not entry["object"]
    ]
    result = {"refused": refused, "rollout": [], "nodes": [], "daemonset": None, "backup": backup, "host": host, "steady": steady, "absent": absent}
    result["words"] = [" ".join(part for part in manifest.key(item) if part) for item in steady]
    result["absent_words"] = [" ".join(part for part in manifest.key(item) if part) for item in absent]
    agent = next((item for item in steady if item["kind"] == "DaemonSet"), None)
    if agent is not None:
        result["rollout"] = rollout.documents(steady, agent, found["objects"], rollout.note(backup, host, agent, agent))
        result["daemonset"] = {"namespace": agent["metadata"]["namespace"], "name": agent["metadata"]["name"]}
        result["nodes"] = cluster.order(cluster.nodes_of(found), agent, found["objects"])
    return result


def _begun_since(noted, host):
    """Another host's work is under way: its note on the DaemonSet would be lost, and what that host keeps is newer."""
    there = noted.get("host") or host
    if rollout.same_host(there, host):
        return []
    message = "An upgrade that was begun on %s has not come to its end; that host keeps what was there before (%s). %s" % (
        there,
        noted["backup"],
        rollout.way_back(there, host),
    )
    return [{"gate": "begun_elsewhere", "message": message, "override": None}]


def _upgraded_since(entries, found, written, backup):
    """What this host keeps is no longer what was there before the last upgrade, where the cluster has neither what its own run left nor what it found."""
    before = _agents(entries)
    written = (written or "").strip()
    others = [image for image in map(cluster.image_of, cluster.daemonsets_of(found)) if image not in [written] + [cluster.image_of(item) for item in before]]
    if not written or not others:
        return []
    message = (
        "The upgrade of this host has left %s, and the cluster has %s: another came after it. Put that back first, where it ran. To put back all the same"
        " what was there before the one of this host, remove %s/upgraded here." % (written, ", ".join(others), backup.rpartition("/")[0])
    )
    return [{"gate": "upgraded_since", "message": message, "override": None}]


def _signed_since(entries, found, backup, host):
    """The same, where that upgrade was to the same version, as with other settings: it has signed the DaemonSet. Nothing else here puts agents back."""
    before = _agents(entries)
    known = [rollout.upgrade(item) for item in before]
    for item in cluster.daemonsets_of(found) if before else []:
        last = rollout.upgrade(item)
        if last is None or last in known or last["backup"] == backup and rollout.same_host(last["host"], host):
            continue
        message = (
            "Another upgrade has ended after the one of this host (%s): that of %s on %s. Put that back first, there. To put back all the same what was there"
            " before the one of this host: kubectl -n %s annotate daemonset/%s %s-"
            % (backup, last["backup"], last["host"], item["metadata"]["namespace"], item["metadata"]["name"], rollout.UPGRADE)
        )
        return [{"gate": "upgraded_since", "message": message, "override": None}]
    return []


def _agents(entries):
    return [entry["object"] for entry in entries if entry["identity"][0] == "DaemonSet" and entry["object"]]
