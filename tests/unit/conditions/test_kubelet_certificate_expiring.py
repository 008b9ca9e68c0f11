# -*- coding: utf-8 -*-
"""Certificates of the kubelet that expire, and what only looks like it."""

from __future__ import absolute_import, division, print_function

import clocks
import pki
import pytest
import recorded
from pki import embedded, kubelet, pem
from runtime_hosts import process

__metaclass__ = type

ID = "kubelet_certificate_expiring"
BOOTSTRAPS = pki.ROTATES + u"serverTLSBootstrap: true\n"
SERVER = "/var/lib/kubelet/pki/kubelet-server-current.pem"
# With names, dates and order as client-go's GenerateSelfSignedCertKey (util/cert/cert.go) makes them: its CA follows, whose key is kept nowhere.
OWN = "kubelet-own-expired"
TABLE = {
    # proved
    "the client certificate": (kubelet("kubelet-client-expired"), {}, "faulty", "Expired"),
    "the serving certificate, which nobody renews and the cluster's CA has signed": (kubelet(serving="kubelet-serving-expired"), {}, "faulty", "Expired"),
    "the client certificate, beside the kubelet's own for serving": (kubelet("kubelet-client-expired", serving=OWN), {}, "faulty", "Expired"),
    "embedded by kubeadm before 1.17, beside one that rotates": (
        kubelet(kubeconfig=embedded("kubelet-client-expired")), {}, "faulty", "Expired"),
    "k3s": (
        {"/var/lib/rancher/k3s/agent/client-kubelet.crt": pem("kubelet-client-expired")},
        {"processes": [process(600, "k3s-agent")], "kubelet": False}, "faulty", "Expired"),
    # will fail
    "every node of kubeadm that is a year old: the kubelet's own certificate, which no API server of kubeadm verifies": (
        kubelet(serving=OWN), {}, "at_risk", "SelfSignedExpired"),
    "11 days left of the client certificate, the kubelet's own has expired": (kubelet("kubelet-client-near", serving=OWN), {}, "at_risk", "Expiring"),
    "11 days left": (kubelet("kubelet-client-near"), {}, "at_risk", "Expiring"),
    "24 h, 1 h left: the rotation does not work": (kubelet("kubelet-client-stuck"), {}, "at_risk", "Expiring"),
    "24 h, 4 h left, and nothing rotates it": (kubelet("kubelet-client-day", configuration=u"{}"), {}, "at_risk", "Expiring"),
    # healthy
    "24 h, 4 h left, rotating": (kubelet("kubelet-client-day"), {}, "ok", "Valid"),
    "a year": (kubelet(), {}, "ok", "Valid"),
    "an old one that rotation left behind": (
        kubelet(**{"/var/lib/kubelet/pki/kubelet-client-2025-11-01-12-00-00.pem": pem("kubelet-client-expired")}), {}, "ok", "Valid"),
    "kubelet.crt, while the kubelet serves with one of the cluster's": (
        kubelet(serving="kubelet-serving-expired", configuration=BOOTSTRAPS, **{SERVER: pem("apiserver-valid")}), {}, "ok", "Valid"),
    # nothing to judge
    "files of a kubelet that is no more": (
        dict(kubelet("kubelet-client-expired"), **{"/usr/lib/systemd/system/containerd.service": ""}), {"kubelet": False}, "not_applicable", "NoKubelet"),
    "no node": ({}, {"kubelet": False}, "not_applicable", "NotANode"),
    "garbage": (kubelet(**{pki.CURRENT: u"garbage"}), {}, "unknown", "Unreadable"),
    "without root": (kubelet(), {"denied": ["/etc/kubernetes/kubelet.conf", "/var/lib/kubelet/pki/*"], "root": False}, "unknown", "NeedsRoot"),
}


@pytest.mark.parametrize("name", sorted(TABLE))
def test_verdict(name):
    files, more, status, reason = TABLE[name]
    answer = recorded.judge(ID, clocks.kept(files=files, **more))
    assert (answer.status, answer.reason) == (status, reason), answer.message
    assert "PRIVATE" not in repr(answer) and "czNjcmV0" not in repr(answer)


def test_a_clock_that_is_off_forbids_a_verdict():
    answer = recorded.judge(ID, clocks.off(files=kubelet("kubelet-client-expired")))
    assert (answer.status, answer.reason) == ("unknown", "ClockUnsynchronized")


def test_nothing_is_left_out_where_the_kubelet_s_own_has_expired():
    answer = recorded.judge(ID, clocks.kept(files=kubelet("kubelet-client-near", serving=OWN)))
    assert answer.evidence["due"] == [pki.CURRENT, pki.SERVING]
    assert pki.SERVING not in answer.message
    answer = recorded.judge(ID, clocks.kept(files=kubelet(serving=OWN)))
    assert answer.message.startswith(pki.SERVING + " (worker-1@1762002000) expired") and pki.CURRENT not in answer.message
    assert [item["path"] for item in answer.evidence["certificates"]] == [pki.CURRENT, pki.SERVING]
