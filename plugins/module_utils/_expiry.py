# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""What the conditions about an expiry share: when little is left, how it is told, and when the clock forbids a verdict."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import datetime

from ._condition import at_risk, faulty, ok, unknown

HOUR = 3600
DAY = 86400
# Kubernetes accepts a token that lies about the time by so many seconds (go-jose, jwt.DefaultLeeway).
TOLERANCE = 60


def date(seconds):
    """Return "2026-11-20 12:00 UTC"; no more than year 9999 (RFC 5280, 4.1.2.5: never expires)."""
    moment = datetime.datetime(1970, 1, 1) + datetime.timedelta(seconds=min(seconds, 253402300799))
    return moment.strftime("%Y-%m-%d %H:%M UTC")


def span(seconds):
    """Return "12 d", or "5.0 h" below two days."""
    return "%.1f h" % (seconds / HOUR) if seconds < 2 * DAY else "%d d" % (seconds // DAY)


def clock_off(clock):
    """Return the sentence that says the clock is known to be off, or None.

    A host where nothing is meant to keep the clock (a container, a guest of a hypervisor that does) may well be right.
    """
    if clock and clock["offset"] is not None and abs(clock["offset"]) > TOLERANCE:
        direction = "ahead of" if clock["offset"] > 0 else "behind"
        return "The clock is %d s %s NTP time (%s)" % (abs(clock["offset"]), direction, clock["source"])
    if clock and clock["service"] and not clock["synchronized"]:
        return "%s runs, but the clock is not synchronized (%s)" % (clock["service"], clock["source"])
    return None


def unsynchronized(clock, **evidence):
    """Return the unknown verdict where the clock is known to be off, else None."""
    told = clock_off(clock)
    if told is None:
        return None
    return unknown("ClockUnsynchronized", "%s: nothing can be said about an expiry." % told, clock=clock, **evidence)


def judge(certificates, unreadable, certificate_expiry_days, now, clock):
    """Return the verdict on certificates: faulty Expired, at_risk Expiring, ok Valid; what could not be read is unknown.

    certificates  [{path, use, subject, not_before, not_after, rotates}], one at the least unless something is unreadable
    unreadable    [{path, reason, message}]
    """
    evidence = {"certificates": certificates, "unreadable": unreadable, "certificate_expiry_days": certificate_expiry_days}
    verdict = unsynchronized(clock, **evidence)
    if verdict:
        return verdict
    expired = [item for item in certificates if item["not_after"] <= now]
    near = [item for item in certificates if now < item["not_after"] < now + limit(item, certificate_expiry_days)]
    # The verdict names the worst only; a remedy renews all of them.
    evidence["due"] = sorted(item["path"] for item in expired + near)
    if expired:
        told = ["%s expired %s ago, on %s" % (_called(item), span(now - item["not_after"]), date(item["not_after"])) for item in expired]
        return faulty("Expired", "; ".join(told) + ".", **evidence)
    if near:
        told = ["%s expires in %s, on %s" % (_called(item), span(item["not_after"] - now), date(item["not_after"])) for item in near]
        return at_risk("Expiring", "; ".join(told) + ".", **evidence)
    if unreadable:
        return unknown(unreadable[0]["reason"], "; ".join(item["message"] for item in unreadable), **evidence)
    first = min(certificates, key=lambda item: item["not_after"])
    return ok("Valid", "The first to expire is %s, in %s, on %s." % (_called(first), span(first["not_after"] - now), date(first["not_after"])), **evidence)


def of_kind(certificates, kind):
    """Return (certificates, unreadable) of one kind out of the fact; a folder that cannot be read may hold any kind."""
    return (
        [item for item in certificates["certificates"] if item["kind"] == kind],
        [item for item in certificates["unreadable"] if item["kind"] in (kind, None)],
    )


def limit(certificate, certificate_expiry_days):
    """Return the seconds below which little is left: so many days, but no more than a fifth of the whole life.

    A tenth where the kubelet rotates it: it does so when 10 to 30 % are left (k8s.io/client-go/util/certificate).
    """
    life = certificate["not_after"] - certificate["not_before"]
    return min(certificate_expiry_days * DAY, (0.1 if certificate["rotates"] else 0.2) * life)


def _called(certificate):
    return "%s (%s)" % (certificate["path"], certificate["subject"] or certificate["use"])
