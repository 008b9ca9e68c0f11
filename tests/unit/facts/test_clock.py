# -*- coding: utf-8 -*-
from __future__ import absolute_import, division, print_function

import clocks
import pytest
from ansible_collections.nodemend.kubernetes.plugins.module_utils._facts.clock import parse_timedatectl, parse_tracking
from ansible_collections.nodemend.kubernetes.plugins.module_utils._host import Unavailable
from clocks import CHRONYD, EL7, NTPD, RIGHT, TIMEDATECTL, TIMESYNCD
from recorded import TIMED_OUT, fact

__metaclass__ = type

YES, NO = TIMEDATECTL % ("yes", "active"), TIMEDATECTL % ("no", "active")


@pytest.mark.parametrize(
    "text, answer",
    [
        (RIGHT, (True, 0.000004709, 1795175891)),
        (clocks.SLOW, (True, -31536000.1173, 1795175891)),
        (clocks.LONG_AGO, (True, 0.000004709, 1794139091)),
        # chrony of 2012 (a published output): Ref time (UTC)  : Fri Feb  3 15:00:29 2012
        ("Ref time (UTC)  : Fri Feb  3 15:00:29 2012\nLeap status     : Normal\n", (True, None, 1328281229)),
        (clocks.NOT_SYNCHRONISED, (False, None, None)),
        ("Leap status     : Insert second\n", (True, None, None)),
    ],
)
def test_tracking(text, answer):
    assert parse_tracking(text) == answer


@pytest.mark.parametrize("text, answer", [(YES, True), (NO, False), (EL7 % "yes", True), (EL7 % "no", False)])
def test_timedatectl(text, answer):
    assert parse_timedatectl(text) is answer


@pytest.mark.parametrize("parse", [parse_tracking, parse_timedatectl])
@pytest.mark.parametrize("text", ["", "506 Cannot talk to daemon", "Failed to connect to bus: Host is down"])
def test_garbage(parse, text):
    with pytest.raises(ValueError):
        parse(text)


@pytest.mark.parametrize(
    "more, service, synchronized, source",
    [
        ({"processes": [CHRONYD], "tracking": RIGHT}, "chronyd", True, "chronyc -n tracking"),
        ({"processes": [CHRONYD], "tracking": (1, "506 Cannot talk to daemon\n", ""), "timedatectl": YES}, "chronyd", True, "timedatectl"),
        ({"processes": [CHRONYD], "timedatectl": YES}, "chronyd", True, "timedatectl"),
        # A file is enough; nothing is run.
        ({"processes": [TIMESYNCD], "age": 600}, "systemd-timesyn", True, clocks.TOUCHED),
        ({"processes": [TIMESYNCD], "age": 40000, "timedatectl": NO}, "systemd-timesyn", False, "timedatectl"),
        ({"processes": [TIMESYNCD], "age": -40000, "timedatectl": NO}, "systemd-timesyn", False, "timedatectl"),
        ({"processes": [TIMESYNCD], "timedatectl": NO}, "systemd-timesyn", False, "timedatectl"),
        # Left by a timesyncd that no longer runs.
        ({"processes": [NTPD], "age": 600, "timedatectl": EL7 % "no"}, "ntpd", False, "timedatectl"),
        ({"timedatectl": TIMEDATECTL % ("no", "inactive")}, None, False, "timedatectl"),
    ],
)
def test_sources(more, service, synchronized, source):
    found = fact("clock", clocks.host(**more))
    assert (found["service"], found["synchronized"], found["source"]) == (service, synchronized, source)


@pytest.mark.parametrize(
    "more, reason",
    [
        ({}, "CommandMissing"),
        ({"timedatectl": TIMED_OUT}, "TimedOut"),
        ({"timedatectl": "garbage"}, "Unreadable"),
        ({"timedatectl": (1, "", "Failed to query server: Connection timed out")}, "Unreadable"),
        ({"processes": [CHRONYD], "tracking": TIMED_OUT, "timedatectl": YES}, "TimedOut"),
    ],
)
def test_unavailable(more, reason):
    with pytest.raises(Unavailable) as caught:
        fact("clock", clocks.host(**more))
    assert caught.value.reason == reason
