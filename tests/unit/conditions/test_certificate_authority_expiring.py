# -*- coding: utf-8 -*-
"""Authorities that expire, and what only looks like it."""

from __future__ import absolute_import, division, print_function

import clocks
import pytest
import recorded
from pki import PROCESSES, control_plane, pem

__metaclass__ = type

ID = "certificate_authority_expiring"
WORKER = {"/etc/kubernetes/pki/ca.crt": pem("authority-10y")}
TABLE = {
    # proved
    "the front proxy's": ((PROCESSES, control_plane(front_proxy_ca=pem("authority-expired"))), {}, "faulty", "Expired"),
    "as a worker sees it": (([], {"/etc/kubernetes/pki/ca.crt": pem("authority-expired")}), {}, "faulty", "Expired"),
    "kubespray": (([], {"/etc/kubernetes/ssl/ca.crt": pem("authority-expired")}), {}, "faulty", "Expired"),
    # will fail
    "etcd's, 15 days left of 10 years": ((PROCESSES, control_plane(etcd_ca=pem("authority-near"))), {}, "at_risk", "Expiring"),
    # healthy
    "8 of 10 years left": ((PROCESSES, control_plane()), {}, "ok", "Valid"),
    "35 years": (([], {"/etc/kubernetes/pki/ca.crt": pem("authority-2061")}), {}, "ok", "Valid"),
    "a leaf that has expired is another condition": ((PROCESSES, control_plane(apiserver=pem("apiserver-expired"))), {}, "ok", "Valid"),
    "an old authority that nothing uses": (([], dict(WORKER, **{"/etc/kubernetes/pki/old-ca.crt": pem("authority-expired")})), {}, "ok", "Valid"),
    # nothing to judge
    "a kubelet that has not joined": (([], {}), {}, "not_applicable", "NoAuthority"),
    "no node": (([], {}), {"kubelet": False}, "not_applicable", "NotANode"),
    "garbage": (([], {"/etc/kubernetes/pki/ca.crt": u"garbage"}), {}, "unknown", "Unreadable"),
    "without root": (([], WORKER), {"denied": ["/etc/kubernetes/pki/*"], "root": False}, "unknown", "NeedsRoot"),
    "without root, as kubeadm leaves its files": ((PROCESSES, control_plane()), {"denied": ["/etc/kubernetes/*.conf"], "root": False}, "ok", "Valid"),
}


@pytest.mark.parametrize("name", sorted(TABLE))
def test_verdict(name):
    (processes, files), more, status, reason = TABLE[name]
    answer = recorded.judge(ID, clocks.kept(processes, files, **more))
    assert (answer.status, answer.reason) == (status, reason), answer.message


def test_kubespray_calls_one_folder_by_two_names():
    files = {"/etc/kubernetes/ssl/ca.crt": pem("authority-near")}
    answer = recorded.judge(ID, clocks.kept(files=files, links={"/etc/kubernetes/pki": "/etc/kubernetes/ssl"}))
    assert len(answer.evidence["certificates"]) == 1


def test_a_clock_that_is_off_forbids_a_verdict():
    answer = recorded.judge(ID, clocks.off([], {"/etc/kubernetes/pki/ca.crt": pem("authority-expired")}))
    assert (answer.status, answer.reason) == ("unknown", "ClockUnsynchronized")


@pytest.mark.parametrize(
    "bundle, status",
    [
        (("authority-old", "authority-10y"), "ok"),  # one subject: the new one has taken over
        (("authority-10y", "authority-old"), "ok"),
        (("authority-10y", "authority-expired"), "faulty"),  # another subject is another authority
    ],
)
def test_a_bundle(bundle, status):
    answer = recorded.judge(ID, clocks.kept([], {"/etc/kubernetes/pki/ca.crt": "".join(pem(name) for name in bundle)}))
    assert answer.status == status
