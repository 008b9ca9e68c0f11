# -*- coding: utf-8 -*-
"""A clock that nothing keeps right, and clocks that only look so."""

from __future__ import absolute_import, division, print_function

import clocks
import pytest
import recorded
from clocks import CHRONYD, EL7, NTPD, RIGHT, TIMEDATECTL, TIMESYNCD, TRACKING
from recorded import TIMED_OUT

__metaclass__ = type

TABLE = {
    # will fail
    "chronyd knows that the clock is a year behind": ({"processes": [CHRONYD], "tracking": clocks.SLOW}, "at_risk", "ClockOff"),
    "61 s ahead": ({"processes": [CHRONYD], "tracking": TRACKING % ("61.000000000 seconds fast", "Normal")}, "at_risk", "ClockOff"),
    "chronyd reaches no server": ({"processes": [CHRONYD], "tracking": clocks.NOT_SYNCHRONISED}, "at_risk", "NotSynchronized"),
    "chronyd has reached no server for 12 days": ({"processes": [CHRONYD], "tracking": clocks.LONG_AGO}, "at_risk", "NotSynchronized"),
    "the kernel does not know better than chronyd": (
        {"processes": [CHRONYD], "tracking": clocks.LONG_AGO, "timedatectl": EL7 % "yes"}, "at_risk", "NotSynchronized"),
    "chronyd has reached no server for long, and is far off": (
        {"processes": [CHRONYD], "tracking": clocks.LONG_AGO.replace("0.000004709", "61.000000000")}, "at_risk", "ClockOff"),
    "timesyncd reaches no server": (
        {"processes": [TIMESYNCD], "timedatectl": TIMEDATECTL % ("no", "active")}, "at_risk", "NotSynchronized"),
    "timesyncd has reached none for long": (
        {"processes": [TIMESYNCD], "age": 86400, "timedatectl": TIMEDATECTL % ("no", "active")}, "at_risk", "NotSynchronized"),
    "ntpd on CentOS 7": ({"processes": [NTPD], "timedatectl": EL7 % "no"}, "at_risk", "NotSynchronized"),
    "nothing keeps the clock": ({"timedatectl": TIMEDATECTL % ("no", "inactive")}, "at_risk", "NoTimeService"),
    "a file left by a timesyncd that is gone": (
        {"age": 600, "timedatectl": TIMEDATECTL % ("no", "inactive")}, "at_risk", "NoTimeService"),
    # healthy
    "chronyd": ({"processes": [CHRONYD], "tracking": RIGHT}, "ok", "Synchronized"),
    "chronyd, its last answer is 8 hours old": (
        {"processes": [CHRONYD], "tracking": RIGHT.replace("11:58:11", "03:58:11")}, "ok", "Synchronized"),
    "chronyd, a reference time that is not known": ({"processes": [CHRONYD], "tracking": RIGHT.replace("Fri Nov 20", "Fre Nov 20")}, "ok", "Synchronized"),
    "59 s behind": ({"processes": [CHRONYD], "tracking": TRACKING % ("59.000000000 seconds slow", "Normal")}, "ok", "Synchronized"),
    "without rtcsync the kernel does not know": (
        {"processes": [CHRONYD], "tracking": RIGHT, "timedatectl": EL7 % "no"}, "ok", "Synchronized"),
    "a leap second is coming": ({"processes": [CHRONYD], "tracking": RIGHT.replace("Normal", "Insert second")}, "ok", "Synchronized"),
    "timesyncd": ({"processes": [TIMESYNCD], "age": 600}, "ok", "Synchronized"),
    "timesyncd, a long interval": ({"processes": [TIMESYNCD], "age": 40000, "timedatectl": TIMEDATECTL % ("yes", "active")}, "ok", "Synchronized"),
    "a container: the machine's kernel is kept by the machine": ({"timedatectl": TIMEDATECTL % ("yes", "n/a")}, "ok", "Synchronized"),
    # nothing to judge
    "no node": ({"kubelet": False}, "not_applicable", "NotANode"),
    "no command": ({}, "unknown", "CommandMissing"),
    "a D-Bus that hangs": ({"timedatectl": TIMED_OUT}, "unknown", "TimedOut"),
    "garbage": ({"processes": [CHRONYD], "tracking": "garbage"}, "unknown", "Unreadable"),
    "without root": ({"processes": [TIMESYNCD], "age": 600, "root": False}, "ok", "Synchronized"),
}


@pytest.mark.parametrize("name", sorted(TABLE))
def test_verdict(name):
    more, status, reason = TABLE[name]
    answer = recorded.judge("clock_unsynchronized", clocks.host(**more))
    assert (answer.status, answer.reason) == (status, reason), answer.message


def test_the_message_tells_how_long():
    answer = recorded.judge("clock_unsynchronized", clocks.host([CHRONYD], tracking=clocks.LONG_AGO))
    assert answer.message == "chronyd runs, but has had no answer from a server for 12 d (chronyc -n tracking)."


def test_the_message_has_the_numbers():
    answer = recorded.judge("clock_unsynchronized", clocks.off())
    assert answer.message == "The clock is 31536000 s behind NTP time (chronyc -n tracking), more than the 60 s that Kubernetes tolerates."
