# -*- coding: utf-8 -*-
"""Pods that kubelets have evicted, and those that only look like it."""

from __future__ import absolute_import, division, print_function

import json

import pytest
from ansible_collections.nodemend.kubernetes.plugins.module_utils._facts import evicted_pods
from ansible_collections.nodemend.kubernetes.plugins.module_utils._host import Unavailable
from api_servers import cluster, said
from pods import FAILED, evicted, failed, listed, recorded_pods
from recorded import fact

__metaclass__ = type


def counts(*items):
    return fact("evicted_pods", cluster({FAILED: listed(*items)}))


def test_the_lab():
    found = fact("evicted_pods", cluster({FAILED: json.dumps({"items": recorded_pods(), "metadata": {}})}))
    assert (found["count"], found["replaced"], found["others"]) == (5, 3, {"Job": 1, "bare": 1})
    assert found["namespaces"] == {"lab-evicted": 5}
    assert found["complete"] is True
    assert found["newest"]["name"] == "alone"
    assert found["newest"]["changed"] == 1795213406  # when its kubelet has evicted it, 17 s after it was made
    assert found["newest"]["message"] == "Pod ephemeral local storage usage exceeds the total limit of containers 1Mi."


@pytest.mark.parametrize(
    "item",
    [
        pytest.param(failed(reason="NodeAffinity", message="Predicate NodeAffinity failed"), id="placed on a node that does not suit"),
        pytest.param(failed(reason="OutOfcpu"), id="no CPU left"),
        pytest.param(failed(reason="NodeShutdown"), id="the node was shut down"),
        pytest.param(failed(reason="Terminated"), id="the node was shut down, newer"),
        pytest.param(failed(), id="an exit code"),
        pytest.param(failed(name="Evicted", message="Evicted by hand"), id="a name and a message with the word"),
        pytest.param(evicted(phase="Running"), id="not failed"),
        pytest.param(evicted(deletionTimestamp="2026-11-20T11:00:00Z"), id="being deleted"),
    ],
)
def test_only_looks_like_it(item):
    assert evicted_pods.parse(item) is None
    assert counts(item)["count"] == 0


def test_its_owner_is_its_controller():
    assert evicted_pods.parse(evicted("Job"))["owner"] == "Job"
    assert evicted_pods.parse(evicted(None))["owner"] == "bare"
    shared = evicted(None)
    shared["metadata"]["ownerReferences"] = [{"kind": "ConfigMap"}, {"kind": "StatefulSet", "controller": True}]
    assert evicted_pods.parse(shared)["owner"] == "StatefulSet"


@pytest.mark.parametrize(
    "part, more, changed",
    [
        ("metadata", {}, 1795168800),
        ("metadata", {"managedFields": [{"time": "2026-11-20T10:30:00Z"}, {"time": "2026-11-20T11:00:00Z"}, {}]}, 1795172400),
        ("status", {"conditions": [{"type": "DisruptionTarget", "lastTransitionTime": "2026-11-20T11:00:00Z"}]}, 1795172400),
        ("status", {"startTime": "2026-11-20T10:00:01Z"}, 1795168801),
    ],
)
def test_its_last_change(part, more, changed):
    item = evicted()
    item[part].update(more)
    assert evicted_pods.parse(item)["changed"] == changed


def test_the_places_with_the_most_come_first_and_few_are_told():
    items = [evicted(namespace="n%d" % (number % 7), node="w%d" % min(number, 2)) for number in range(20)]
    found = counts(*items)
    assert found["count"] == 20
    assert found["nodes"] == {"w2": 18, "w0": 1, "w1": 1}
    assert found["namespaces"] == {"n0": 3, "n1": 3, "n2": 3, "n3": 3, "n4": 3}


def test_page_by_page_and_no_further_than_it_must(monkeypatch):
    monkeypatch.setattr(evicted_pods, "LOOKED_AT", 3)
    pages = {FAILED: listed(evicted(), failed(), more="x"), FAILED.replace("?", "?continue=x&"): listed(evicted(), evicted())}
    found = fact("evicted_pods", cluster(pages))
    assert (found["count"], found["complete"]) == (2, False)


def test_all_of_them():
    pages = {FAILED: listed(evicted(), more="x"), FAILED.replace("?", "?continue=x&"): listed(evicted(), evicted())}
    found = fact("evicted_pods", cluster(pages))
    assert (found["count"], found["complete"]) == (3, True)


@pytest.mark.parametrize(
    "answer, reason",
    [
        (said("forbidden"), "Forbidden"),
        (said("refused"), "ApiUnreachable"),
        ('{"items": [{"status": {"phase": "Failed", "reason": "Evicted"}}]}', "Unreadable"),
    ],
)
def test_unreadable(answer, reason):
    with pytest.raises(Unavailable) as caught:
        fact("evicted_pods", cluster({FAILED: answer}))
    assert caught.value.reason == reason
