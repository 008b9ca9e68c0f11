# -*- coding: utf-8 -*-
"""The API server's certificate for itself, shown by the server or judged by its age."""

from __future__ import absolute_import, division, print_function

import clocks
import loopbacks
import pytest
import recorded
from recorded import NOW, TIMED_OUT

__metaclass__ = type

ID = "apiserver_loopback_certificate_expiring"
TABLE = {
    # shown
    "expired": ({"shows": "loopback-expired"}, "faulty", "Expired"),
    "10 days left": ({"shows": "loopback-near"}, "at_risk", "Expiring"),
    "8 months left": ({"shows": "loopback-valid"}, "ok", "Valid"),
    "shown, whatever the age says": ({"shows": "loopback-valid", "days": 900}, "ok", "Valid"),
    "without root": ({"shows": "loopback-near", "denied": ["/etc/kubernetes/*"], "root": False}, "at_risk", "Expiring"),
    # by age
    "a year, 1.20": ({"days": 365}, "faulty", "Expired"),
    "340 days, 1.32": ({"days": 340, "version": "1.32.9"}, "at_risk", "ExpiringByAge"),
    "330 days, 1.32": ({"days": 330, "version": "1.32.9"}, "ok", "ValidByAge"),
    "900 days, 1.33": ({"days": 900, "version": "1.33.0"}, "ok", "ValidByAge"),
    "1070 days, 1.33": ({"days": 1070, "version": "1.33.0"}, "at_risk", "ExpiringByAge"),
    "1096 days, 1.35": ({"days": 1096, "version": "1.35.1"}, "faulty", "Expired"),
    "a year, of unknown version": ({"days": 400, "version": None}, "at_risk", "ExpiringByAge"),
    "three years, of unknown version": ({"days": 1096, "version": None}, "faulty", "Expired"),
    "a proxy answers": ({"shows": "apiserver-expired", "days": 340}, "at_risk", "ExpiringByAge"),
    "nobody answers in time": ({"shows": TIMED_OUT, "days": 340}, "at_risk", "ExpiringByAge"),
    "by age the clock does not matter": ({"days": 365, "make": clocks.off}, "faulty", "Expired"),
    # nothing to judge
    "the clock is off": ({"shows": "loopback-expired", "make": clocks.off}, "unknown", "ClockUnsynchronized"),
    "a worker": ({"days": None}, "not_applicable", "NoApiServer"),
    "kind on this host": ({"nested": 2, "shows": "loopback-expired"}, "not_applicable", "NoApiServer"),
    "no node": ({"days": None, "kubelet": False, "make": clocks.host}, "not_applicable", "NotANode"),
    "garbage": ({"files": {"/proc/uptime": "garbage"}}, "unknown", "Unreadable"),
    "neither": ({"files": {"/proc/uptime": ""}}, "unknown", "Unreadable"),
}


@pytest.mark.parametrize("name", sorted(TABLE))
def test_verdict(name):
    more, status, reason = TABLE[name]
    answer = recorded.judge(ID, loopbacks.host(**more))
    assert (answer.status, answer.reason) == (status, reason), answer.message


def test_messages_have_the_numbers():
    assert recorded.judge(ID, loopbacks.host(shows="loopback-near")).message == (
        "127.0.0.1:6443 (apiserver-loopback-client@1764504000) expires in 9 d, on 2026-11-30 11:00 UTC."
    )
    assert recorded.judge(ID, loopbacks.host(days=340)).message == (
        "The API server 1.20.2 has run for 340 d (127.0.0.1:6443: Connection refused); its loopback certificate lives 364 d."
    )


@pytest.mark.parametrize("left, status", [(55, "at_risk"), (75, "ok")])
def test_however_many_days_are_asked_for_a_fifth_of_its_life_is_enough(monkeypatch, left, status):
    """A tenth is for what rotates, which this certificate does not."""
    by_age = recorded.judge(ID, loopbacks.host(days=365 - left), certificate_expiry_days=200)
    # loopback-near lives a year, of which ten days are left.
    monkeypatch.setattr(recorded, "NOW", NOW - (left - 10) * loopbacks.DAY)
    shown = recorded.judge(ID, loopbacks.host(shows="loopback-near"), certificate_expiry_days=200)
    assert (shown.status, by_age.status) == (status, status)
