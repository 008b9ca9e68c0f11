# -*- coding: utf-8 -*-
from __future__ import absolute_import, division, print_function

import pytest
from ansible_collections.nodemend.kubernetes.plugins.module_utils._facts import evicted_pods
from api_servers import cluster, said
from pods import FAILED, evicted, failed, listed
from recorded import judge

__metaclass__ = type

CASES = [
    pytest.param([], {}, "ok", "FewEnough", id="none"),
    pytest.param([evicted()] * 100, {}, "ok", "FewEnough", id="as many as may be"),
    pytest.param([evicted()] * 101, {}, "at_risk", "Accumulated", id="more"),
    pytest.param([evicted()] * 101 + [evicted("Job")] * 50, {}, "at_risk", "Accumulated", id="some of Jobs among them"),
    pytest.param([evicted("Job")] * 101, {}, "at_risk", "NotReplaced", id="all of Jobs"),
    pytest.param([evicted(None)] * 60 + [evicted()] * 60, {}, "at_risk", "NotReplaced", id="half of them without a controller"),
    pytest.param([failed(reason="NodeAffinity")] * 400, {}, "ok", "FewEnough", id="failed for other reasons"),
    pytest.param([evicted()], {"maximum_evicted_pods": 0}, "at_risk", "Accumulated", id="none may be"),
    pytest.param([evicted()] * 200, {"maximum_evicted_pods": 500}, "ok", "FewEnough", id="many may be"),
]


@pytest.mark.parametrize("items, options, status, reason", CASES)
def test_verdict(items, options, status, reason):
    verdict = judge("evicted_pods_accumulated", cluster({FAILED: listed(*items)}), **options)
    assert (verdict.status, verdict.reason) == (status, reason), verdict.message


def test_the_message_says_where_and_since_when():
    items = [evicted()] * 2 + [evicted("Job", namespace="ci", node="worker2", creationTimestamp="2026-11-20T11:30:00Z")]
    verdict = judge("evicted_pods_accumulated", cluster({FAILED: listed(*items)}), maximum_evicted_pods=1)
    assert verdict.message == (
        "3 evicted pods are kept (at most 1): in shop 2, in ci 1; from the nodes worker1 2, worker2 1."
        " The newest changed 0.5 h ago: The node was low on resource: memory."
    )
    verdict = judge("evicted_pods_accumulated", cluster({FAILED: listed(*items[1:])}), maximum_evicted_pods=1)
    assert verdict.message.endswith(" Controllers have replaced only 1 of them; the others (Job 1) are left alone unless they are asked for.")


@pytest.mark.parametrize(
    "more, said",
    [
        ({"message": "", "creationTimestamp": "2026-11-20T12:30:00Z"}, "0.0 h ago: no message"),  # of a clock half an hour ahead
        ({"message": "x" * 201}, "2.0 h ago: " + "x" * 200),
    ],
)
def test_what_the_newest_does_not_tell_and_what_would_be_too_much(more, said):
    verdict = judge("evicted_pods_accumulated", cluster({FAILED: listed(evicted(**more))}), maximum_evicted_pods=0)
    assert verdict.message.endswith(" The newest changed " + said)


@pytest.mark.parametrize("item, status, reason", [(evicted(), "at_risk", "Accumulated"), (failed(), "unknown", "TooManyFailed")])
def test_more_failed_pods_than_are_looked_at(monkeypatch, item, status, reason):
    monkeypatch.setattr(evicted_pods, "LOOKED_AT", 3)
    verdict = judge("evicted_pods_accumulated", cluster({FAILED: listed(*[item] * 4)}), maximum_evicted_pods=1)
    assert (verdict.status, verdict.reason) == (status, reason)
    assert verdict.message.startswith("At least 3 " if status == "at_risk" else "More pods have failed ")


@pytest.mark.parametrize("answer, reason", [(said("forbidden"), "Forbidden"), (said("refused"), "ApiUnreachable")])
def test_unknown(answer, reason):
    assert judge("evicted_pods_accumulated", cluster({FAILED: answer})).reason == reason
