# -*- coding: utf-8 -*-
from __future__ import absolute_import, division, print_function

import json

import pytest
from netfilter import CONTAINER, LEGACY_BINARIES, node, process, rules
from recorded import TIMED_OUT, judge

__metaclass__ = type

CALICO = process(960, "calico-node", ["calico-node", "-felix"])
CONFIG = "/run/containerd/io.containerd.runtime.v2.task/k8s.io/%s/config.json" % CONTAINER
OLD = rules("bookworm-nft-calico-3.15")
CALICO_ALONE = "*filter\n" + "".join(
    line + "\n" for line in OLD.splitlines() if line.startswith((":cali-", "-A cali-", "-A FORWARD -m comment --comment \"cali"))
) + "COMMIT\n"
# Of kube-proxy in the mode ipvs, which leaves KUBE-SERVICES of the table filter as it was.
IPVS = "*nat\n:KUBE-SERVICES - [0:0]\n-A KUBE-SERVICES -m set --match-set KUBE-CLUSTER-IP dst,dst -j ACCEPT\nCOMMIT\n"
REORDERED = OLD.replace('-A FORWARD -m conntrack --ctstate NEW -m comment --comment "kubernetes service portals" -j KUBE-SERVICES\n', "")


def calico(image="docker.io/calico/node:v3.15.1", environment=""):
    return dict(CALICO, **{CONFIG: json.dumps({"annotations": {"io.kubernetes.cri.image-name": image}}), "/proc/960/environ": environment})


def proxy(mode):
    return dict(calico(), **process(900, "kube-proxy", ["kube-proxy", "--proxy-mode=" + mode], container="f" * 64))


CASES = [
    # By rule, whatever the version says.
    (dict(nft=OLD, files=calico()), "faulty", "AcceptBeforeReject"),
    (dict(nft=rules("bullseye-nft-calico-3.15"), files=calico()), "faulty", "AcceptBeforeReject"),
    (dict(nft=rules("trixie-nft-calico-3.15"), files=calico()), "faulty", "AcceptBeforeReject"),
    (dict(legacy=rules("bookworm-legacy-calico-3.15"), files=calico(), links=LEGACY_BINARIES), "faulty", "AcceptBeforeReject"),
    (dict(nft6=OLD, files=calico()), "faulty", "AcceptBeforeReject"),
    (dict(nft=OLD, files=calico("calico/node:latest")), "faulty", "AcceptBeforeReject"),
    (dict(nft=OLD, files=calico("quay.io/tigera/cnx-node:v3.19.1")), "faulty", "AcceptBeforeReject"),
    (dict(nft=OLD, files=proxy("iptables")), "faulty", "AcceptBeforeReject"),
    # Told to use ipvs, and fallen back: a module is missing (kubernetes issue 70304).
    (dict(nft=OLD, files=proxy("ipvs")), "faulty", "AcceptBeforeReject"),
    # The accept bit moves with IptablesMarkMask, the hash with everything.
    (dict(nft=OLD.replace("0x10000/0x10000", "0x1/0x1").replace("MH9kMp5aNICL-Olv", "other"), files=calico()), "faulty", "AcceptBeforeReject"),
    (dict(nft=OLD, commands={"ip6tables-nft-save": TIMED_OUT}, files=calico()), "faulty", "AcceptBeforeReject"),
    # What only looks like it.
    (dict(nft=rules("bookworm-nft-calico-3.23"), files=calico("calico/node:v3.23.2")), "ok", "AcceptedLast"),
    (dict(nft=rules("bookworm-nft-calico-3.15-return"), files=calico()), "ok", "Mitigated"),
    (dict(nft=rules("bookworm-nft-calico-3.15-append"), files=calico()), "ok", "Mitigated"),
    (dict(nft=REORDERED, files=calico()), "ok", "Mitigated"),
    (dict(nft=rules("bookworm-nft-kube"), legacy=CALICO_ALONE, files=calico()), "ok", "StaleBackend"),
    (dict(nft=rules("bookworm-nft-calico-3.23"), legacy=CALICO_ALONE, files=calico()), "ok", "StaleBackend"),
    (dict(nft=rules("bookworm-nft-kube"), files=calico()), "ok", "NoCalicoRules"),
    # Rules that could not be read leave the version.
    (dict(nft=TIMED_OUT, files=calico()), "at_risk", "VersionOnly"),
    (dict(nft="missing", files=calico("calico/node:v3.15.5-amd64")), "at_risk", "VersionOnly"),
    (dict(nft=TIMED_OUT, files=calico("calico/node:v3.16.0")), "ok", "VersionFixed"),
    (dict(nft=TIMED_OUT, files=calico("calico/node:latest")), "unknown", "TimedOut"),
    (dict(nft=TIMED_OUT, files=calico("quay.io/tigera/cnx-node:v3.1.1")), "unknown", "TimedOut"),
    # One table is left out of the dump, which succeeds: text of iptables-nft-save 1.8.9 where nft itself has written a rule.
    (dict(nft="# Table `filter' is incompatible, use 'nft' tool.\n", files=calico()), "at_risk", "VersionOnly"),
    (dict(nft="# Table `filter' is incompatible, use 'nft' tool.\n", files=calico("calico/node:latest")), "unknown", "Unreadable"),
    (dict(nft=rules("bookworm-nft-kube") + "# Table `raw' is incompatible, use 'nft' tool.\n", files=calico()), "ok", "NoCalicoRules"),
    (dict(nft="missing", files=calico("quay.io/calico/node@sha256:abc")), "unknown", "CommandMissing"),
    (
        dict(nft=(4, "", "Permission denied (you must be root)\n"), files=calico(), denied=["/run/containerd/*", "/proc/960/environ"], root=False),
        "unknown",
        "NeedsRoot",
    ),
    # The question does not arise.
    (dict(nft=OLD + IPVS, files=proxy("ipvs")), "not_applicable", "ProxyMode"),
    # One of the dumps is missing, so that it cannot be told whether ipvs runs.
    (dict(nft=OLD, files=proxy("ipvs"), commands={"ip6tables-nft-save": TIMED_OUT}), "not_applicable", "ProxyMode"),
    (dict(nft=OLD, files=proxy("nftables")), "not_applicable", "ProxyMode"),
    (dict(nft=OLD, files=calico(environment="FELIX_BPFENABLED=true\0")), "not_applicable", "OtherDataplane"),
    (dict(nft=OLD, files=calico(environment="FELIX_NFTABLESMODE=Enabled\0")), "not_applicable", "OtherDataplane"),
    (dict(nft=rules("bookworm-nft-kube")), "not_applicable", "NoCalico"),
    (dict(kubelet=False), "not_applicable", "NotANode"),
]


@pytest.mark.parametrize("host, status, reason", CASES)
def test_verdict(host, status, reason):
    verdict = judge("calico_reject_bypassed", node(**host))
    assert (verdict.status, verdict.reason) == (status, reason), verdict.message


@pytest.mark.parametrize(
    "name, how",
    [
        ("return", "it returns instead of accepting"),
        ("append", "FORWARD does not reach KUBE-SERVICES after it"),
    ],
)
def test_the_message_says_what_mitigates_it(name, how):
    verdict = judge("calico_reject_bypassed", node(nft=rules("bookworm-nft-calico-3.15-" + name), files=calico()))
    assert verdict.message == "Calico's accept stands in cali-FORWARD, but %s." % how


def test_both_kinds_of_proof_are_reported():
    verdict = judge("calico_reject_bypassed", node(nft=OLD, files=calico("calico/node:v3.20.0")))
    assert verdict.evidence["by_rule"]["bypassed"] == ["nft ipv4"]
    assert verdict.evidence["by_version"] is False
