# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""The certificate with which the API server talks to itself expires: it was made at its start and only a restart renews it."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from .. import _version
from .._condition import Condition, at_risk, faulty, not_applicable, ok, unknown
from .._expiry import DAY, HOUR, judge, limit, span

# Its life from the start of the process: notBefore is an hour earlier (kubernetes/kubernetes#130047).
SHORT, LONG = 365 * DAY - HOUR, 1096 * DAY - HOUR
LONG_SINCE = (1, 33)


def evaluate(apiserver_loopback, certificate_expiry_days, now, clock=None):
    loopback = apiserver_loopback
    if loopback is None:
        return not_applicable("NoApiServer", "No API server runs on this host.")
    if loopback["certificate"]:
        certificate = dict(loopback["certificate"], path=loopback["address"], use="loopback", rotates=False)
        verdict = judge([certificate], [], certificate_expiry_days, now, clock)
        verdict.evidence["apiserver_loopback"] = loopback
        return verdict
    # No clock is needed: the kernel counts how long the process has run.
    evidence = {"apiserver_loopback": loopback, "certificate_expiry_days": certificate_expiry_days}
    age, version = loopback["age"], loopback["version"]
    if age is None:
        return unknown("Unreadable", "Neither the certificate nor the age of the API server can be told: %s" % loopback["unavailable"], **evidence)
    told = "The API server%s has run for %s (%s)" % (" " + version if version else "", span(age), loopback["unavailable"])
    life = SHORT if version is None or _version.older(_version.parse(version), LONG_SINCE) else LONG
    lives = "its loopback certificate lives %s%s" % (span(life), "" if version else ", %s from Kubernetes 1.33 on" % span(LONG))
    # Where no version is known only the longer life proves anything.
    if age >= (life if version else LONG):
        return faulty("Expired", "%s; %s." % (told, lives), **evidence)
    if life - age < limit({"not_before": -HOUR, "not_after": life, "rotates": False}, certificate_expiry_days):
        return at_risk("ExpiringByAge", "%s; %s." % (told, lives), **evidence)
    return ok("ValidByAge", "%s; %s." % (told, lives), **evidence)


CONDITION = Condition(
    id="apiserver_loopback_certificate_expiring",
    evaluate=evaluate,
    role="nodemend.kubernetes.control_plane_certificates",
    remedy_scope="node",
    remediate_on="at_risk",
    disruption="drain",
)
