# -*- coding: utf-8 -*-
"""Failed pods as an API server lists them (recordings/kubectl/failed-pods.out), and what tests change in them."""

from __future__ import absolute_import, division, print_function

import copy
import json

from recorded import recording

__metaclass__ = type

FAILED = "/api/v1/pods?fieldSelector=status.phase%3DFailed&limit=500"


def recorded_pods():
    return json.loads(recording("kubectl/failed-pods.out"))["items"]


def failed(owner="ReplicaSet", namespace="shop", name="web", node="worker1", phase="Failed", reason=None, message="", **metadata):
    """The recorded pod that was evicted, with these properties and only its dates of 10:00."""
    item = copy.deepcopy(next(pod for pod in recorded_pods() if pod["status"].get("reason") == "Evicted"))
    item["metadata"].update(namespace=namespace, name=name, creationTimestamp="2026-11-20T10:00:00Z", managedFields=[], ownerReferences=[])
    if owner:
        item["metadata"]["ownerReferences"] = [{"kind": owner, "name": "x", "controller": True}]
    item["metadata"].update(metadata)
    item["spec"]["nodeName"] = node
    item["status"].update(phase=phase, reason=reason, message=message, startTime="2026-11-20T10:00:00Z")
    return item


def evicted(owner="ReplicaSet", **more):
    return failed(owner, **dict({"reason": "Evicted", "message": "The node was low on resource: memory. "}, **more))


def listed(*items, **more):
    """The text of an answer; more: the token of the next page."""
    return json.dumps({"kind": "PodList", "metadata": {"continue": more.get("more", "")}, "items": items})
