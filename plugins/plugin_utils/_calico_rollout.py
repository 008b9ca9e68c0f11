# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""The time in which nodes run two versions of Calico: what is applied for it, and what a run notes for the next. Pure."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import copy
import hashlib
import json

from . import _calico_cluster as cluster
from . import _calico_manifest as manifest
from . import _calico_roles as roles

# On the DaemonSet while its nodes are renewed one by one: what a run that was killed must know to go on.
ROLLOUT = "nodemend.kubernetes/calico-rollout"
# On it from the end of an upgrade on: which one has left it so. A roll-back from elsewhere would put older objects back than were there before.
UPGRADE = "nodemend.kubernetes/calico-upgrade"


def documents(steady, agent, objects, noted):
    """Return the documents for the time in which both versions run: nothing moves by itself, and no permission is taken away.

    steady  documents of the end, agent the DaemonSet among them
    noted   what note() returns
    """
    known = dict((role["metadata"]["name"], role) for role in objects["clusterroles"])
    found = []
    for document in steady:
        if is_last(document["kind"], document["metadata"]["name"]):
            continue
        document = copy.deepcopy(document)
        if manifest.same(document, agent):
            document["spec"]["updateStrategy"] = {"type": "OnDelete"}
            document["metadata"].setdefault("annotations", {})[ROLLOUT] = json.dumps(noted, sort_keys=True)
        elif document["kind"] == "ClusterRole":
            document = roles.completed(known, document["metadata"]["name"], document.get("rules") or [], document)
        found.append(document)
    return found


def signed(documents, agent, text):
    """Return the documents with a text on the DaemonSet that says which upgrade has left it so; as they are where there is none."""
    if text is None:
        return documents
    documents = copy.deepcopy(documents)
    for document in documents:
        if manifest.same(document, agent):
            document["metadata"].setdefault("annotations", {})[UPGRADE] = text
    return documents


def signature(noted, host):
    """Return the text for signed() of the upgrade that this host ends, by what its beginning has noted."""
    return json.dumps({"backup": noted["backup"], "host": noted.get("host") or host}, sort_keys=True)


def signature_of(daemonset):
    """Return the text that signed() has left on a DaemonSet, or None."""
    return (daemonset["metadata"].get("annotations") or {}).get(UPGRADE)


def upgrade(daemonset):
    """Return {backup, host} of the upgrade that has left a DaemonSet so, or None."""
    text = signature_of(daemonset)
    return json.loads(text) if text else None


def is_last(kind, name):
    """Return whether an object is applied after all nodes have been renewed."""
    return (kind, name) == ("Deployment", cluster.CONTROLLERS)


def note(backup, host, before, after):
    """Return what the next run must know: where the DaemonSet is kept as it was before, and what it is to be in the end."""
    return {"backup": backup, "host": host, "before": pods_digest(before), "updateStrategy": after["spec"].get("updateStrategy", {})}


def pods_digest(daemonset):
    """Return what tells the pods of one DaemonSet, as the API server has it, from those of another."""
    return hashlib.sha256(json.dumps(daemonset["spec"]["template"]["spec"], sort_keys=True).encode("utf-8")).hexdigest()[:16]


def begun(daemonset):
    """Return what a run that did not end has noted on the DaemonSet, or None."""
    noted = (daemonset["metadata"].get("annotations") or {}).get(ROLLOUT)
    return json.loads(noted) if noted else None


def same_host(there, here):
    """Return whether a note's host is this one: "localhost (its own name)", which older notes call "localhost"."""
    return there in (here, here.partition(" (")[0])


def way_back(there, here):
    """Return a sentence: how to go back where an upgrade was begun there."""
    return "To go back, run the role with calico_state=rolled_back there first, then on %s." % here
