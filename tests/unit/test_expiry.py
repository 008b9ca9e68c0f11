# -*- coding: utf-8 -*-
from __future__ import absolute_import, division, print_function

import pytest
from ansible_collections.nodemend.kubernetes.plugins.module_utils._expiry import DAY, clock_off, date, judge, limit, of_kind, span

__metaclass__ = type

NOW = 1795176000  # 2026-11-20 12:00 UTC
RIGHT = {"offset": 0.2, "service": "chronyd", "synchronized": True, "source": "chronyc"}


@pytest.mark.parametrize(
    "seconds, told", [(0, "1970-01-01 00:00 UTC"), (NOW, "2026-11-20 12:00 UTC"), (253402300799, "9999-12-31 23:59 UTC"), (10**12, "9999-12-31 23:59 UTC")]
)
def test_dates(seconds, told):
    assert date(seconds) == told


@pytest.mark.parametrize("seconds, told", [(3600, "1.0 h"), (5400, "1.5 h"), (172799, "48.0 h"), (172800, "2 d"), (259199, "2 d"), (259200, "3 d")])
def test_spans(seconds, told):
    assert span(seconds) == told


@pytest.mark.parametrize(
    "changed, told",
    [
        ({}, None),
        ({"offset": 60}, None),
        ({"offset": 61}, "The clock is 61 s ahead of NTP time (chronyc)"),
        ({"offset": -61}, "The clock is 61 s behind NTP time (chronyc)"),
        ({"offset": None}, None),
        ({"offset": None, "synchronized": False}, "chronyd runs, but the clock is not synchronized (chronyc)"),
        ({"offset": None, "synchronized": False, "service": None}, None),
    ],
)
def test_when_the_clock_is_known_to_be_off(changed, told):
    assert clock_off(dict(RIGHT, **changed)) == told
    assert clock_off(None) is None


def certificate(days, age=0, rotates=False):
    """One that ends so many days from now and began so many before."""
    return {
        "path": "/pki/x.crt", "use": "x", "subject": None, "not_before": NOW - age * DAY, "not_after": NOW + days * DAY, "rotates": rotates, "kind": "leaf",
    }  # fmt: skip


@pytest.mark.parametrize("days, age, rotates, left", [(300, 65, False, 30), (50, 50, False, 20), (50, 50, True, 10), (365, 0, True, 30)])
def test_when_little_is_left(days, age, rotates, left):
    assert limit(certificate(days, age, rotates), 30) == pytest.approx(left * DAY)


@pytest.mark.parametrize(
    "days, reason, words",
    [
        (0, "Expired", "/pki/x.crt (x) expired 0.0 h ago, on 2026-11-20 12:00 UTC."),
        (29, "Expiring", "/pki/x.crt (x) expires in 29 d, on 2026-12-19 12:00 UTC."),
        (30, "Valid", "The first to expire is /pki/x.crt (x), in 30 d, on 2026-12-20 12:00 UTC."),
    ],
)
def test_the_bounds_of_a_verdict(days, reason, words):
    verdict = judge([certificate(days, 300), certificate(200, 300)], [], 30, NOW, RIGHT)
    assert (verdict.reason, verdict.message) == (reason, words)
    assert verdict.evidence["due"] == ([] if reason == "Valid" else ["/pki/x.crt"])


def test_what_cannot_be_read_may_be_of_any_kind():
    lacks = [{"path": "/a", "kind": None}, {"path": "/b", "kind": "leaf"}, {"path": "/c", "kind": "authority"}]
    found = {"certificates": [certificate(9), dict(certificate(9), kind="authority")], "unreadable": lacks}
    assert of_kind(found, "leaf") == ([certificate(9)], lacks[:2])
