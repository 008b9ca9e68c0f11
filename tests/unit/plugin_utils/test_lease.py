# -*- coding: utf-8 -*-
from __future__ import absolute_import, division, print_function

import pytest
from ansible_collections.nodemend.kubernetes.plugins.plugin_utils._lease import claim, format_time, give_back, parse_time

__metaclass__ = type

NOW = 1795176000  # 2026-11-20 12:00 UTC
ME, OTHER = "laptop/anna/20261120T120000Z", "bastion/ben/20261120T110000Z"


def lease(holder=OTHER, age=60, duration=3600, **changed):
    spec = {
        "holderIdentity": holder,
        "leaseDurationSeconds": duration,
        "acquireTime": format_time(NOW - 7200),
        "renewTime": format_time(NOW - age),
        "leaseTransitions": 4,
    }
    spec.update(changed)
    return {"metadata": {"name": "nodemend-maintenance", "resourceVersion": "77"}, "spec": spec}


def test_times():
    assert format_time(NOW) == "2026-11-20T12:00:00.000000Z"
    assert parse_time("2026-11-20T12:00:00.123456Z") == parse_time("2026-11-20T12:00:00Z") == NOW
    assert parse_time(None) == parse_time("") == 0


def test_nobody_has_had_it_yet():
    answer = claim({}, ME, NOW, 3600)
    assert (answer["verb"], answer["refused"], answer["message"]) == ("create", "", "")
    # Without a resourceVersion: create fails where somebody else has created it meanwhile.
    assert answer["manifest"]["metadata"] == {"name": "nodemend-maintenance", "namespace": "kube-system"}
    assert answer["manifest"]["spec"] == {
        "holderIdentity": ME,
        "leaseDurationSeconds": 3600,
        "acquireTime": format_time(NOW),
        "renewTime": format_time(NOW),
        "leaseTransitions": 1,
    }
    assert give_back(lease(holder=ME, leaseTransitions=None), ME, NOW)["manifest"]["spec"]["leaseTransitions"] == 0


@pytest.mark.parametrize("age", [0, 3600, -30])  # the holder's clock may be ahead
def test_a_live_one_is_respected(age):
    answer = claim(lease(age=age), ME, NOW, 10)
    assert answer["verb"] == "" and answer["manifest"] == {}
    assert answer["refused"].startswith(OTHER + " holds the maintenance lock") and "after 3600 s" in answer["refused"]
    assert "renewed %d s ago" % max(age, 0) in answer["refused"]


def test_a_stale_one_is_taken_over_with_a_word():
    answer = claim(lease(age=3601), ME, NOW, 1800)
    assert (answer["verb"], answer["refused"]) == ("replace", "") and OTHER in answer["message"] and "3601 s ago" in answer["message"]
    assert answer["manifest"]["metadata"]["resourceVersion"] == "77"
    assert answer["manifest"]["spec"]["acquireTime"] == format_time(NOW) and answer["manifest"]["spec"]["leaseTransitions"] == 5


@pytest.mark.parametrize("changed, lasts", [({"renewTime": None, "acquireTime": format_time(NOW - 9)}, 3600), ({"leaseDurationSeconds": None}, 1800)])
def test_one_that_lacks_a_time_is_judged_by_the_others(changed, lasts):
    assert "after %d s" % lasts in claim(lease(**changed), ME, NOW, 1800)["refused"]


@pytest.mark.parametrize("changed", [{"renewTime": None, "acquireTime": None}, {"holderIdentity": None}, {"holderIdentity": ""}])
def test_one_without_a_time_or_a_holder_is_free(changed):
    assert claim(lease(**changed), ME, NOW, 3600)["verb"] == "replace"


def test_ones_own_is_renewed():
    answer = claim(lease(holder=ME), ME, NOW, 3600)
    assert (answer["verb"], answer["message"]) == ("replace", "")
    spec = answer["manifest"]["spec"]
    assert (spec["acquireTime"], spec["renewTime"], spec["leaseTransitions"]) == (format_time(NOW - 7200), format_time(NOW), 4)


def test_ones_own_is_given_back():
    answer = give_back(lease(holder=ME), ME, NOW)
    assert answer["verb"] == "replace"
    assert answer["manifest"]["spec"] == {"leaseDurationSeconds": 1, "renewTime": format_time(NOW), "leaseTransitions": 4}
    assert answer["manifest"]["metadata"]["resourceVersion"] == "77"
    assert claim(dict(answer["manifest"], metadata={"resourceVersion": "78"}), OTHER, NOW, 3600)["verb"] == "replace"


@pytest.mark.parametrize("found", [{}, lease(), lease(holder=None)])
def test_what_is_not_ones_own_is_left_alone(found):
    assert give_back(found, ME, NOW)["verb"] == ""
