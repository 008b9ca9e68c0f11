# -*- coding: utf-8 -*-
"""Certificates of the control plane that expire, and what only looks like it."""

from __future__ import absolute_import, division, print_function

import clocks
import pki
import pytest
import recorded
from pki import PROCESSES, control_plane, embedded, pem

__metaclass__ = type

ID = "kubernetes_certificate_expiring"
TABLE = {
    # proved
    "the API server's": ((PROCESSES, control_plane(apiserver=pem("apiserver-expired"))), {}, "faulty", "Expired"),
    "etcd's own": ((PROCESSES, control_plane(etcd_peer=pem("apiserver-expired"))), {}, "faulty", "Expired"),
    "inside admin.conf": ((PROCESSES, control_plane(admin=embedded("admin-expired"))), {}, "faulty", "Expired"),
    "one expired, one near": (
        (PROCESSES, control_plane(apiserver=pem("apiserver-near"), etcd_server=pem("apiserver-expired"))), {}, "faulty", "Expired"),
    "one expired, one cannot be read": (
        (PROCESSES, control_plane(apiserver=pem("apiserver-expired"))), {"denied": ["/etc/kubernetes/admin.conf"], "root": False}, "faulty", "Expired"),
    # will fail
    "20 days left": ((PROCESSES, control_plane(front_proxy_client=pem("apiserver-near"))), {}, "at_risk", "Expiring"),
    # healthy
    "9 months left": ((PROCESSES, control_plane()), {}, "ok", "Valid"),
    "a life of 3 days, 2 left": ((PROCESSES, control_plane(apiserver=pem("short-valid"))), {}, "ok", "Valid"),
    "the first of a chain counts": ((PROCESSES, control_plane(apiserver=pem("apiserver-valid") + pem("authority-expired"))), {}, "ok", "Valid"),
    "an authority is another condition": ((PROCESSES, control_plane(ca=pem("authority-expired"))), {}, "ok", "Valid"),
    # nothing to judge
    "expired files that nothing uses": (([], control_plane(apiserver=pem("apiserver-expired"))), {}, "not_applicable", "NoControlPlane"),
    "a worker": (([], pki.kubelet()), {}, "not_applicable", "NoControlPlane"),
    "no node": (([], {}), {"kubelet": False}, "not_applicable", "NotANode"),
    "garbage": ((PROCESSES, control_plane(apiserver=u"garbage")), {}, "unknown", "Unreadable"),
    "without root": ((PROCESSES, control_plane()), {"denied": ["/etc/kubernetes/*.conf"], "root": False}, "unknown", "NeedsRoot"),
}


@pytest.mark.parametrize("name", sorted(TABLE))
def test_verdict(name):
    (processes, files), more, status, reason = TABLE[name]
    answer = recorded.judge(ID, clocks.kept(processes, files, **more))
    assert (answer.status, answer.reason) == (status, reason), answer.message
    assert "PRIVATE" not in repr(answer) and "czNjcmV0" not in repr(answer)


@pytest.mark.parametrize("name", ["apiserver-expired", "apiserver-valid"])
def test_a_clock_that_is_off_forbids_a_verdict(name):
    answer = recorded.judge(ID, clocks.off(PROCESSES, control_plane(apiserver=pem(name))))
    assert (answer.status, answer.reason) == ("unknown", "ClockUnsynchronized")


def test_a_clock_of_which_nothing_is_known_does_not():
    answer = recorded.judge(ID, clocks.host(PROCESSES, control_plane(apiserver=pem("apiserver-expired"))))
    assert answer.status == "faulty"


def test_the_option():
    host = clocks.kept(PROCESSES, control_plane(apiserver=pem("apiserver-near")))
    assert recorded.judge(ID, host, certificate_expiry_days=20).status == "ok"


def test_the_message_has_the_numbers():
    answer = recorded.judge(ID, clocks.kept(PROCESSES, control_plane(apiserver=pem("apiserver-expired"), etcd_server=pem("apiserver-near"))))
    assert answer.message == "/etc/kubernetes/pki/apiserver.crt (kube-apiserver) expired 19 d ago, on 2026-11-01 12:00 UTC."


def test_the_evidence_names_every_certificate_that_is_due_and_no_other():
    files = control_plane(apiserver=pem("apiserver-expired"), etcd_server=pem("apiserver-near"))
    due = recorded.judge(ID, clocks.kept(PROCESSES, files)).evidence["due"]
    assert due == ["/etc/kubernetes/pki/apiserver.crt", "/etc/kubernetes/pki/etcd/server.crt"]
