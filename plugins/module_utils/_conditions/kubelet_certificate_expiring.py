# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""The kubelet's certificate expires: the node turns NotReady and cannot come back by itself."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re

from .._condition import Condition, at_risk, not_applicable
from .._expiry import judge, of_kind
from .._facts.certificates import KUBELET

# client-go's GenerateSelfSignedCertKey (util/cert/cert.go): an authority for this one certificate, whose key is kept nowhere.
_OWN_AUTHORITY = re.compile(r".-ca@\d+$")


def evaluate(certificates, certificate_expiry_days, now, clock=None):
    found, unreadable = of_kind(certificates, "kubelet")
    if not found and not unreadable:
        return not_applicable("NoKubelet", "No certificate of a kubelet is in use on this host.")
    verdict = judge(found, unreadable, certificate_expiry_days, now, clock)
    others = [item for item in found if not self_signed(item)]
    if verdict.status != "faulty" or any(item["not_after"] <= now for item in others):
        return verdict
    rest = judge(others, unreadable, certificate_expiry_days, now, clock) if others or unreadable else None
    if rest and rest.status == "at_risk":
        return at_risk(rest.reason, rest.message, **verdict.evidence)
    message = "%s The kubelet has made it itself and never renews it: nobody has ever been able to verify it, so that only who asks for its dates refuses it."
    return at_risk("SelfSignedExpired", message % verdict.message, **verdict.evidence)


def self_signed(certificate):
    """Return whether the kubelet has made a certificate for itself, as it does where neither a file nor the cluster gives it one for serving."""
    return certificate["path"] == KUBELET + "kubelet.crt" and bool(_OWN_AUTHORITY.search(certificate["issuer"] or ""))


CONDITION = Condition(id="kubelet_certificate_expiring", evaluate=evaluate)
