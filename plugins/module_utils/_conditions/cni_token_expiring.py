# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""The token of a CNI plugin has expired or is about to: no pod of this node can be started or deleted any more."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from .._condition import Condition, at_risk, faulty, not_applicable, ok, unknown
from .._expiry import DAY, HOUR, date, span, unsynchronized

# Calico renews its 24 h token after a quarter to half of its life (cluster_facts 6.2), so above this share the refresher is stuck.
STUCK = 0.55
# A pod's own token is renewed by the kubelet, at 80 % of its life or after 24 h (token_manager.go, requiresRefresh), and only then copied to the host.
STUCK_OF_POD = 0.9
OLDEST_OF_POD = 25 * HOUR
SHORT = 48 * HOUR
LONG = 30 * DAY


def evaluate(cni_tokens, certificate_expiry_days, now, clock=None):
    if not cni_tokens:
        return not_applicable("NoToken", "No network configuration in use names a kubeconfig with a token.")
    evidence = {"cni_tokens": cni_tokens, "certificate_expiry_days": certificate_expiry_days}
    if any(token["exp"] is not None for token in cni_tokens):
        verdict = unsynchronized(clock, **evidence)
        if verdict:
            return verdict
    expired = [token for token in cni_tokens if token["exp"] is not None and token["exp"] <= now]
    stuck = [token for token in cni_tokens if _lives(token, 0, SHORT) and now - token["iat"] > _renewed_by(token)]
    near = [token for token in cni_tokens if _lives(token, LONG + 1) and token["exp"] - now < certificate_expiry_days * DAY]
    # The verdict names the worst only; the remedy renews all of them.
    evidence["due"] = sorted(set(token["path"] for token in expired + stuck + near))
    if expired:
        told = ["The token in %s expired %s ago, on %s" % (token["path"], span(now - token["exp"]), date(token["exp"])) for token in expired]
        return faulty("Expired", "; ".join(told) + ".", **evidence)
    if stuck:
        told = [
            "The token in %s lives %s and was not renewed for %s; it expires in %s"
            % (token["path"], span(token["life"]), span(now - token["iat"]), span(token["exp"] - now))
            for token in stuck
        ]
        return at_risk("RefresherStuck", "; ".join(told) + ".", **evidence)
    if near:
        told = ["The token in %s expires in %s, on %s" % (token["path"], span(token["exp"] - now), date(token["exp"])) for token in near]
        return at_risk("Expiring", "; ".join(told) + ".", **evidence)
    garbage = [token["path"] for token in cni_tokens if not token["readable"]]
    if garbage:
        return unknown("Unreadable", "%s: its token is no JWT with dates." % ", ".join(garbage), **evidence)
    dated = [token for token in cni_tokens if token["exp"] is not None]
    if not dated:
        return ok("NeverExpires", "The token in %s has no end." % cni_tokens[0]["path"], **evidence)
    first = min(dated, key=lambda token: token["exp"])
    return ok("Valid", "The token in %s expires in %s, on %s." % (first["path"], span(first["exp"] - now), date(first["exp"])), **evidence)


def _renewed_by(token):
    """Return the age in seconds by which what renews a short token has done so, if it does at all."""
    return min(STUCK_OF_POD * token["life"], OLDEST_OF_POD) if token["pod"] else STUCK * token["life"]


def _lives(token, least, most=None):
    return token["life"] is not None and token["life"] >= least and (most is None or token["life"] <= most)


CONDITION = Condition(
    id="cni_token_expiring",
    evaluate=evaluate,
    role="nodemend.kubernetes.cni_token",
    remedy_scope="node",
    remediate_on="at_risk",
    disruption="restart",
)
