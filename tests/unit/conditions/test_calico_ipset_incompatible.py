# -*- coding: utf-8 -*-
from __future__ import absolute_import, division, print_function

import pytest
from felix_logs import CONFIG, FOREIGN, LIST, OWN, QUIET, calico, cri, docker
from netfilter import node
from recorded import judge

__metaclass__ = type

IPSET = "nsenter -t 960 -m -- ipset list"
INCOMPATIBLE = (1, "", "ipset v7.1: Kernel and userspace incompatible: settype hash:ip with revision 5 not supported by userspace.\n")
PROBE = {"probes": True}

CASES = [
    # The log proves it, whatever the versions say.
    (dict(log=cri(LIST)), {}, "faulty", "FelixFails"),
    (dict(log=docker(LIST)), {}, "faulty", "FelixFails"),
    (dict(image="calico/node:v3.26.4", log=cri(FOREIGN)), {}, "faulty", "FelixFails"),
    (dict(image="calico/node:v3.30.3", log=cri(OWN)), {}, "faulty", "FelixFails"),
    (dict(image="rancher/hardened-calico:v3.30.3-build20250711", log=cri(OWN)), {}, "faulty", "FelixFails"),
    (dict(image="calico/node:latest", log=cri(LIST)), {}, "faulty", "FelixFails"),
    (dict(commands={IPSET + " -t": INCOMPATIBLE}), PROBE, "faulty", "CannotList"),
    (dict(image="calico/node:v3.30.3", commands={IPSET + " -n": "cali40h\n", IPSET + " -t cali40h": INCOMPATIBLE}), PROBE, "faulty", "CannotList"),
    # What ipset says now counts more than what Felix has said.
    (dict(log=cri(LIST), commands={IPSET + " -t": ""}), PROBE, "ok", "CanList"),
    (dict(kernel="6.1.0-50-amd64", mode="ipvs", commands={IPSET + " -t": ""}), PROBE, "ok", "CanList"),
    (dict(log=cri(LIST), commands={IPSET + " -t": "missing"}), PROBE, "faulty", "FelixFails"),
    # The matrix alone.
    (dict(kernel="6.1.0-50-amd64", mode="ipvs"), {}, "at_risk", "VersionsDisagree"),
    (dict(kernel="6.1.0-50-amd64", mode="ipvs", log=cri(LIST, age=5000)), {}, "at_risk", "VersionsDisagree"),
    (dict(image="calico/node:v3.23.1", kernel="5.15.0-91.aarch64", mode="ipvs"), {}, "at_risk", "VersionsDisagree"),
    (dict(image="calico/node:v3.26.4", kernel="6.8.0-31-generic", mode="ipvs"), {}, "at_risk", "VersionsDisagree"),
    (dict(image="calico/node:v3.27.0", kernel="6.8.0-31-generic", mode="ipvs"), {}, "at_risk", "VersionsDisagree"),
    # The image cannot be told, its CNI plugin tells the version.
    (
        dict(kernel="6.1.0-50-amd64", mode="ipvs", files={CONFIG: "{}", "/opt/cni/bin/calico": ""}, commands={"/opt/cni/bin/calico -v": "v3.20.0\n"}),
        {},
        "at_risk",
        "VersionsDisagree",
    ),
    (dict(log=cri(LIST, age=5000)), {}, "at_risk", "FelixFailed"),
    (dict(log=LIST), {}, "at_risk", "FelixFailed"),
    # What only looks like it.
    (dict(log=cri(QUIET)), {}, "ok", "NoError"),
    (dict(kernel="6.1.0-50-amd64"), {}, "ok", "NoError"),
    (dict(kernel="5.10.0-30-amd64", mode="ipvs"), {}, "ok", "NoError"),
    (dict(image="calico/node:v3.22.1", kernel="5.15.0-91-generic", mode="ipvs"), {}, "ok", "NoError"),
    (dict(image="calico/node:v3.23.1", kernel="5.15.0-91-generic", mode="ipvs"), {}, "ok", "NoError"),
    (dict(image="calico/node:v3.26.4", kernel="6.1.0-50-amd64", mode="ipvs"), {}, "ok", "NoError"),
    (dict(image="calico/node:v3.27.1", kernel="6.8.0-31-generic", mode="ipvs"), {}, "ok", "NoError"),
    (dict(image="calico/node:v3.33.1", kernel="6.8.0-31-generic", mode="ipvs"), {}, "ok", "NoError"),
    (dict(image="rancher/hardened-calico:v3.20.1-build20220105", kernel="6.8.0-31-generic", mode="ipvs"), {}, "ok", "NoError"),
    # Of RKE2 v1.18.10, as those name it who mirror its images: its tag is Calico's own, only its name says that it was built anew.
    (dict(image="docker.io/rancher/hardened-calico:v3.13.3", kernel="6.8.0-31-generic", mode="ipvs"), {}, "ok", "NoError"),
    (dict(image="calico/node:v3.20.0", kernel="6.8.0-31.ppc64le", mode="ipvs"), {}, "ok", "NoError"),
    (dict(image="quay.io/tigera/cnx-node:v3.19.1", kernel="6.8.0-31-generic", mode="ipvs"), {}, "ok", "NoError"),
    (dict(image="calico/node:latest", kernel="6.8.0-31-generic", mode="ipvs"), {}, "ok", "NoError"),
    (dict(image="quay.io/calico/node@sha256:abc", kernel="6.8.0-31-generic", mode="ipvs"), {}, "ok", "NoError"),
    # Without root the matrix still speaks.
    (dict(denied=["/var/log/pods/*"], log="", root=False), {}, "unknown", "NeedsRoot"),
    (dict(kernel="6.1.0-50-amd64", mode="ipvs", denied=["/var/log/pods/*"], log="", root=False), {}, "at_risk", "VersionsDisagree"),
    (dict(files={"/proc/960/environ": "FELIX_BPFENABLED=true\0"}, log=cri(LIST)), {}, "not_applicable", "OtherDataplane"),
    (dict(files={"/proc/960/environ": "FELIX_NFTABLESMODE=Enabled\0"}, log=cri(LIST)), {}, "not_applicable", "OtherDataplane"),
]


@pytest.mark.parametrize("host, options, status, reason", CASES)
def test_verdict(host, options, status, reason):
    verdict = judge("calico_ipset_incompatible", calico(**host), **options)
    assert (verdict.status, verdict.reason) == (status, reason), verdict.message


def test_no_calico():
    assert judge("calico_ipset_incompatible", node()).reason == "NoCalico"


def test_the_message_names_revision_and_set_type():
    message = judge("calico_ipset_incompatible", calico(log=cri(LIST))).message
    assert message == "Felix cannot list a set, last 60 s ago: ipset 7.1 does not know revision 5 of hash:ip."
