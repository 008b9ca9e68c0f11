# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""Nothing keeps the clock right: tokens and certificates are refused as expired, or as not valid yet."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from .._condition import Condition, at_risk, ok
from .._expiry import TOLERANCE, clock_off, span
from .._facts.clock import FRESH


def evaluate(clock):
    told = clock_off(clock)
    if told and clock["synchronized"]:
        return at_risk("ClockOff", "%s, more than the %d s that Kubernetes tolerates." % (told, TOLERANCE), clock=clock)
    if told:
        return at_risk("NotSynchronized", told + ".", clock=clock)
    if clock["age"] is not None and clock["age"] > FRESH:
        # No clock drifts that far in so short a time that an expiry could not be judged: clock_off() leaves it out.
        told = "%s runs, but has had no answer from a server for %s (%s)." % (clock["service"], span(clock["age"]), clock["source"])
        return at_risk("NotSynchronized", told, clock=clock)
    if not clock["synchronized"]:
        return at_risk(
            "NoTimeService",
            "The clock is not synchronized (%s), and no time service runs on this host." % clock["source"],
            clock=clock
        )
    return ok("Synchronized", "The clock is synchronized (%s)." % clock["source"], clock=clock)


CONDITION = Condition(id="clock_unsynchronized", evaluate=evaluate)
