# -*- coding: utf-8 -*-
"""Tokens of CNI plugins that expire, and what only looks like it. No token's text is in any answer."""

from __future__ import absolute_import, division, print_function

import json
import re

import clocks
import pytest
import recorded
import tokens
from recorded import facts_of
from tokens import DAY, HOUR, MULTUS, PATH, kubeconfig, token

__metaclass__ = type

YEAR = 365 * DAY
GARBAGE = {"garbage": "s3cret", "three parts of garbage": "s3cret.s3cret.s3cret"}


def both(calico, multus):
    return {"/etc/cni/net.d/00-multus.conf": tokens.MULTUS_CONF, PATH: kubeconfig(calico), MULTUS: kubeconfig(multus, 'token: "%s"')}


TABLE = {
    # proved
    "case: a pod's token of a year, a year later": (tokens.files(token(YEAR + DAY, YEAR)), "faulty", "Expired"),
    "expired this second": (tokens.files(token(YEAR, YEAR)), "faulty", "Expired"),
    "an hourly token (extension off) that nobody renews": (tokens.files(token(2 * HOUR, 3607)), "faulty", "Expired"),
    "a token of 24 h that the refresher has let expire": (tokens.files(token(30 * HOUR, DAY, pod=None)), "faulty", "Expired"),
    "Multus' token, Calico's is fresh": (both(token(HOUR, DAY), token(YEAR + 1, YEAR)), "faulty", "Expired"),
    "a token of two weeks": (tokens.files(token(15 * DAY, 14 * DAY)), "faulty", "Expired"),
    # will fail
    "the refresher is stuck: 14 of 24 h": (tokens.files(token(14 * HOUR, DAY, pod=None)), "at_risk", "RefresherStuck"),
    "stuck, 48 h": (tokens.files(token(27 * HOUR, 48 * HOUR, pod=None)), "at_risk", "RefresherStuck"),
    # The kubelet renews a pod's token when 80 % of its life have passed, or 24 h (requiresRefresh in its pkg/kubelet/token/token_manager.go).
    "a pod's of 48 h, which the kubelet has renewed after 24": (tokens.files(token(27 * HOUR, 48 * HOUR)), "at_risk", "RefresherStuck"),
    "a pod's hourly one (extension off), 55 minutes old": (tokens.files(token(3300, 3607)), "at_risk", "RefresherStuck"),
    "a year, 29 days left": (tokens.files(token(YEAR - 29 * DAY, YEAR)), "at_risk", "Expiring"),
    "Multus' token of a year, 10 days left": (both(token(HOUR, DAY), token(YEAR - 10 * DAY, YEAR)), "at_risk", "Expiring"),
    # healthy
    "renewed 13 h ago of 24": (tokens.files(token(13 * HOUR, DAY, pod=None)), "ok", "Valid"),
    "a pod's hourly one (RKE2's CIS profile), 40 minutes old: the kubelet has no other yet": (tokens.files(token(2400, 3607)), "ok", "Valid"),
    "a pod's hourly one, of which what copies it is to hear": (tokens.files(token(3000, 3607)), "ok", "Valid"),
    "a pod's of a day, 18 h old": (tokens.files(token(18 * HOUR, DAY)), "ok", "Valid"),
    "fresh": (tokens.files(token(60, DAY, pod=None)), "ok", "Valid"),
    "a year, 30 days left": (tokens.files(token(YEAR - 30 * DAY, YEAR)), "ok", "Valid"),
    "two weeks, a day left: nobody has said who renews it": (tokens.files(token(13 * DAY, 14 * DAY)), "ok", "Valid"),
    "a Secret's token, without end": (tokens.files(token(**{"kubernetes.io": None})), "ok", "NeverExpires"),
    "an end without a beginning": (tokens.files(token(exp=recorded.NOW + HOUR)), "ok", "Valid"),
    # nothing to judge
    "an expired file that nothing uses": (
        {PATH: kubeconfig(token(2 * YEAR, YEAR)), "/etc/cni/net.d/10-flannel.conflist": tokens.FLANNEL}, "not_applicable", "NoToken"),
    "a plugin without a kubeconfig": ({"/etc/cni/net.d/10-flannel.conflist": tokens.FLANNEL}, "not_applicable", "NoToken"),
    "no configuration": ({}, "not_applicable", "NoToken"),
    "garbage": (tokens.files("s3cret"), "unknown", "Unreadable"),
    "garbage beside an expired one": (both("s3cret", token(YEAR + 1, YEAR)), "faulty", "Expired"),
    "a configuration that is none": ({"/etc/cni/net.d/10-calico.conflist": "{s3cret"}, "unknown", "Unreadable"),
}


@pytest.mark.parametrize("name", sorted(TABLE))
def test_verdict(name):
    files, status, reason = TABLE[name]
    answer = recorded.judge("cni_token_expiring", clocks.kept(files=files))
    assert (answer.status, answer.reason) == (status, reason), answer.message


@pytest.mark.parametrize(
    "host, status, reason",
    [
        (lambda: clocks.off(files=tokens.files(token(YEAR + DAY, YEAR))), "unknown", "ClockUnsynchronized"),
        (lambda: clocks.off(files=tokens.files(token(HOUR, DAY))), "unknown", "ClockUnsynchronized"),
        (lambda: clocks.off(files=tokens.files(token(**{"kubernetes.io": None}))), "ok", "NeverExpires"),
        # Nothing is known of the clock, or nothing keeps it: that is not known to be off.
        (lambda: clocks.host(files=tokens.files(token(YEAR + DAY, YEAR))), "faulty", "Expired"),
        (lambda: clocks.host(files=tokens.files(token(YEAR + DAY, YEAR)), timedatectl=clocks.TIMEDATECTL % ("no", "n/a")), "faulty", "Expired"),
        (lambda: clocks.kept(files=tokens.files(token(HOUR, DAY)), denied=[PATH], root=False), "unknown", "NeedsRoot"),
        (lambda: clocks.host(files=tokens.files(token(YEAR + DAY, YEAR)), kubelet=False), "not_applicable", "NotANode"),
    ],
)
def test_clock_and_root(host, status, reason):
    answer = recorded.judge("cni_token_expiring", host())
    assert (answer.status, answer.reason) == (status, reason), answer.message


def test_the_option():
    files = tokens.files(token(YEAR - 59 * DAY, YEAR))
    assert recorded.judge("cni_token_expiring", clocks.kept(files=files)).status == "ok"
    assert recorded.judge("cni_token_expiring", clocks.kept(files=files), certificate_expiry_days=60).status == "at_risk"


def test_the_message_has_the_numbers():
    answer = recorded.judge("cni_token_expiring", clocks.kept(files=tokens.files(token(14 * HOUR, DAY, pod=None))))
    assert answer.message == "The token in %s lives 24.0 h and was not renewed for 14.0 h; it expires in 10.0 h." % PATH


SECRETS = sorted(
    set(text for files, unused, unused2 in TABLE.values() for path in files for text in re.findall(r"(?m)^ +token: \"?([^\s\"]+)", files[path]))
)


@pytest.mark.parametrize("name", sorted(TABLE))
def test_no_piece_of_a_token_is_in_an_answer_a_fact_or_an_error(name):
    host = clocks.kept(files=TABLE[name][0])
    try:
        facts = facts_of(host)
        report = recorded._engine.scan(facts, recorded._catalogue.CONDITIONS)
        said = json.dumps(report) + repr(facts._values) + repr([exc.message for exc in facts.unavailable.values()]) + repr(facts.bugs)
    finally:
        host.close()
    assert len(SECRETS) > 15
    for secret in SECRETS + ["s3cret"]:
        for piece in secret.split("."):
            assert not piece or piece not in said


def test_the_evidence_names_every_token_that_is_due_and_no_other():
    two = [both(token(YEAR + 1, YEAR), token(22 * HOUR, DAY)), both(token(HOUR, DAY), token(YEAR - 10 * DAY, YEAR)), both(token(HOUR, DAY), token(HOUR, DAY))]
    due = [recorded.judge("cni_token_expiring", clocks.kept(files=files)).evidence["due"] for files in two]
    assert due == [sorted([PATH, MULTUS]), [MULTUS], []]
