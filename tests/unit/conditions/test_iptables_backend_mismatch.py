# -*- coding: utf-8 -*-
from __future__ import absolute_import, division, print_function

import pytest
from netfilter import K3S, LEGACY_BINARIES, NFT_BINARIES, k3s, node, process, rules
from recorded import NOW, TIMED_OUT, judge

__metaclass__ = type

NFT = rules("bookworm-nft-kube")
LEGACY = rules("bookworm-legacy-kube")
HINTLESS = "".join(line + "\n" for line in NFT.splitlines() if not line.startswith((":KUBE-IPTABLES-HINT", ":KUBE-KUBELET-CANARY")))
HINT_ONLY = "*mangle\n:KUBE-KUBELET-CANARY - [0:0]\nCOMMIT\n"
CALICO_ONLY = "*filter\n:cali-FORWARD - [0:0]\n-A FORWARD -m comment --comment \"cali:wUHhoiAYhphO9Mso\" -j cali-FORWARD\nCOMMIT\n"
PORTMAP = {"/etc/cni/net.d/10-x.conflist": '{"plugins": [{"type": "portmap"}]}'}
K3S_BUNDLED = dict(K3S, **dict(PORTMAP, **{"/etc/rancher/k3s/config.yaml": "prefer-bundled-bin: true\n"}))
# What kube-vip's egress writes by iptables-legacy, its name in its code, on a host of nft too (kube-vip issue 1255).
KUBE_VIP = """*mangle
:PREROUTING ACCEPT [0:0]
:KUBE-VIP-EGRESS - [0:0]
-A PREROUTING -m comment --comment "a3ViZS12aXAK=kube-vip" -j KUBE-VIP-EGRESS
-A KUBE-VIP-EGRESS -d 10.96.0.0/12 -m comment --comment "a3ViZS12aXAK=kube-vip" -j RETURN
-A KUBE-VIP-EGRESS -s 172.17.88.190/32 -m comment --comment "a3ViZS12aXAK=kube-vip" -j MARK --set-xmark 0x40/0x40
COMMIT
"""


def flagged(*flags, **more):
    """k3s with these flags in its unit, and portmap."""
    files, commands = k3s(flags)
    return dict(files=dict(files, **dict(PORTMAP, **more.pop("files", {}))), commands=commands, **more)


FLANNEL = dict(process(950, "flanneld", ["/opt/bin/flanneld"]), **{"/proc/950/root/sbin/xtables-legacy-multi": ""})
FLANNEL_LINKS = dict(
    NFT_BINARIES,
    **{
        "/proc/950/root/sbin/iptables": "xtables-legacy-multi",
        "/proc/950/ns/net": "net:[4026531840]",
        "/proc/self/ns/net": "net:[4026531840]",
        "/proc/950/ns/mnt": "mnt:[4026532100]",
        "/proc/self/ns/mnt": "mnt:[4026531841]",
    }
)
CILIUM = {"/proc/970/stat": "970 (cilium-agent) S 1 1 1 0 -1 4194560", "/proc/970/status": "NSpid:\t970\t1\n"}
PROXY_IPTABLES = process(900, "kube-proxy", ["kube-proxy"])
PROXY_NFTABLES = process(900, "kube-proxy", ["kube-proxy", "--proxy-mode=nftables"])
CALICO_BPF = dict(process(960, "calico-node", ["calico-node", "-felix"]), **{"/proc/960/environ": "FELIX_BPFENABLED=true\0"})
DENIED = (1, "", "iptables-nft-save v1.8.9 (nf_tables): Could not fetch rule set generation id: Permission denied (you must be root)\n")

CASES = [
    # Proved.
    (dict(nft=NFT, legacy=LEGACY), "faulty", "SplitFamily"),
    (dict(nft=NFT, legacy="*nat\n-A POSTROUTING -j KUBE-POSTROUTING\nCOMMIT\n"), "faulty", "SplitFamily"),
    (dict(nft=rules("bookworm-nft-cni-flannel"), legacy=rules("bookworm-legacy-cni-flannel")), "faulty", "SplitFamily"),
    (dict(nft6=NFT, legacy6=LEGACY), "faulty", "SplitFamily"),
    (dict(nft=NFT, legacy=CALICO_ONLY), "faulty", "SplitFilter"),
    (dict(legacy=LEGACY, nft=CALICO_ONLY), "faulty", "SplitFilter"),
    (dict(nft=NFT, links=LEGACY_BINARIES, files=PORTMAP), "faulty", "WrongBinary"),
    (dict(legacy=LEGACY, files=PORTMAP), "faulty", "WrongBinary"),
    (dict(zip(("files", "commands"), k3s()), legacy=LEGACY), "faulty", "WrongBinary"),
    (flagged("--prefer-bundled-bin", "--docker", legacy=LEGACY), "faulty", "WrongBinary"),
    (dict(nft=NFT, files=FLANNEL, links=FLANNEL_LINKS), "faulty", "WrongBinary"),
    # One half that cannot be listed takes nothing from what the other one proves.
    (dict(nft=NFT, legacy=LEGACY, commands={"ip6tables-nft-save": TIMED_OUT}), "faulty", "SplitFamily"),
    # Not proved.
    (dict(legacy=LEGACY, files=K3S), "at_risk", "BinaryDiffers"),  # what started it is not seen: it may prefer its own iptables
    (dict(legacy=LEGACY, files=K3S_BUNDLED), "at_risk", "BinaryDiffers"),
    (flagged("--prefer-bundled-bin", legacy=LEGACY), "at_risk", "BinaryDiffers"),
    (dict(nft=NFT, legacy=HINT_ONLY), "at_risk", "HintsInBoth"),
    (dict(nft=NFT, legacy=rules("bookworm-legacy-cni-flannel")), "at_risk", "FamiliesApart"),
    (dict(nft=NFT, legacy6=LEGACY), "at_risk", "HintsInBoth"),
    (dict(nft=HINTLESS, legacy6=HINTLESS), "at_risk", "FamiliesApart"),
    (dict(nft=NFT + "*nat\n-A WEAVE -j X\nCOMMIT\n", legacy="*nat\n-A WEAVE -j X\nCOMMIT\n"), "at_risk", "OtherFamilySplit"),
    (dict(nft=NFT, legacy=KUBE_VIP), "at_risk", "FamiliesApart"),
    (dict(nft=NFT + KUBE_VIP, legacy=KUBE_VIP), "at_risk", "OtherFamilySplit"),
    (dict(nft=NFT, links=LEGACY_BINARIES), "at_risk", "BinaryDiffers"),
    (dict(nft=HINTLESS, links=LEGACY_BINARIES), "at_risk", "BinaryDiffers"),
    # A broken network configuration names no caller; the rest is judged all the same.
    (dict(nft=NFT, links=LEGACY_BINARIES, files={"/etc/cni/net.d/10-x.conflist": "{"}), "at_risk", "BinaryDiffers"),
    # Sound, and what only looks like the fault.
    (dict(nft=NFT), "ok", "OneBackend"),
    (dict(nft=rules("trixie-nft-calico-3.15"), files=PORTMAP), "ok", "OneBackend"),
    (dict(legacy=LEGACY, links=LEGACY_BINARIES, files=PORTMAP), "ok", "OneBackend"),
    (dict(nft=NFT, legacy=rules("bookworm-legacy-empty")), "ok", "OneBackend"),
    (dict(nft=NFT, legacy=rules("bookworm-legacy-host-firewall")), "ok", "OneBackend"),
    (dict(legacy=LEGACY, nft=rules("bookworm-nft-host-firewall"), links=LEGACY_BINARIES), "ok", "OneBackend"),
    (dict(nft=NFT, legacy=LEGACY.replace("KUBE-", "MINE-").replace("kubernetes", "mine")), "ok", "OneBackend"),
    (dict(nft=NFT, links={}), "ok", "OneBackend"),
    (dict(nft=NFT + "# Table `filter' contains incompatible base-chains, use 'nft' tool to list them.\n"), "ok", "OneBackend"),
    (dict(nft=NFT + KUBE_VIP), "ok", "OneBackend"),
    # Without a hint only the rules of Kubernetes tell what Kubernetes uses, and the network has a binary of its own.
    (dict(nft=CALICO_ONLY, links=LEGACY_BINARIES), "ok", "OneBackend"),
    (dict(nft=rules("bookworm-nft-host-firewall")), "ok", "NoRules"),
    (dict(), "ok", "NoRules"),
    # The question does not arise.
    (dict(kubelet=False), "not_applicable", "NotANode"),
    (dict(kubelet=False, legacy=rules("bookworm-legacy-host-firewall"), nft=rules("bookworm-nft-host-firewall")), "not_applicable", "NotANode"),
    (dict(kubelet=False, nft=DENIED, root=False), "not_applicable", "NotANode"),
    (flagged("--disable-kube-proxy", legacy=LEGACY, files=CILIUM), "not_applicable", "OtherDataplane"),
    (dict(kubelet=False, files={"/lib/systemd/system/containerd.service": ""}), "not_applicable", "NoKubernetesRules"),
    (dict(nft=NFT, files=CILIUM), "not_applicable", "OtherDataplane"),
    (dict(nft=NFT, files=CALICO_BPF), "not_applicable", "OtherDataplane"),
    (dict(nft=NFT, legacy=LEGACY, files=dict(CALICO_BPF, **PROXY_NFTABLES)), "not_applicable", "OtherDataplane"),
    # ... but the rules of a kube-proxy in iptables mode are judged, whatever the network is.
    (dict(nft=NFT, legacy=LEGACY, files=dict(CALICO_BPF, **PROXY_IPTABLES)), "faulty", "SplitFamily"),
    # ... and with kube-proxy in nftables mode a network of iptables rules is.
    (dict(nft=CALICO_ONLY, legacy=CALICO_ONLY, files=PROXY_NFTABLES), "faulty", "SplitFamily"),
    # Rules without a node are left over from one.
    (dict(kubelet=False, nft=NFT, legacy=LEGACY), "faulty", "SplitFamily"),
    # Could not be read.
    (dict(nft=NFT, legacy="missing"), "unknown", "CommandMissing"),
    (dict(nft=NFT, commands={"iptables-nft-save": TIMED_OUT}), "unknown", "TimedOut"),
    (dict(nft="garbage"), "unknown", "Unreadable"),
    (dict(nft="# Table `nat' is incompatible, use 'nft' tool.\n"), "unknown", "Unreadable"),
    (dict(nft=DENIED, legacy="", denied=["/proc/net/*"], root=False), "unknown", "NeedsRoot"),
    # A container on a kernel whose modules it does not see.
    (dict(files={"/proc/sys/kernel/osrelease": "6.8.0-51-generic\n"}), "unknown", "Unreadable"),
]


@pytest.mark.parametrize("host, status, reason", CASES)
def test_verdict(host, status, reason):
    verdict = judge("iptables_backend_mismatch", node(**host))
    assert (verdict.status, verdict.reason) == (status, reason), verdict.message


def test_message_and_evidence():
    verdict = judge("iptables_backend_mismatch", node(nft=NFT, legacy=LEGACY))
    assert verdict.message == "KUBE has ipv4 rules in both backends: 22 in nft and 22 in legacy."
    assert verdict.evidence["rules"] == {"KUBE": {"nft ipv4": 22, "legacy ipv4": 22}}
    assert verdict.evidence["hints"] == ["nft", "legacy"]


def test_the_backend_is_named_where_there_is_one():
    for rules_of in ("nft", "legacy"):
        verdict = judge("iptables_backend_mismatch", node(links={}, **{rules_of: CALICO_ONLY}))
        assert verdict.message == "All 1 rules of Kubernetes and its network are in %s." % rules_of


def pending(role, seconds=40):
    kept = "/var/lib/nodemend/20261120T115930Z/" + role
    return {kept + "/due": u"%d\n" % (NOW + seconds), kept + "/boot_id": u"one\n", "/proc/sys/kernel/random/boot_id": u"one\n"}


def test_rules_that_are_about_to_come_back_leave_nothing_proved():
    verdict = judge("iptables_backend_mismatch", node(nft=NFT, files=pending("iptables_backend")))
    assert (verdict.status, verdict.reason) == ("unknown", "RestorePending")
    assert "puts them back in 40 s (/var/lib/nodemend/20261120T115930Z/iptables_backend)" in verdict.message
    assert verdict.evidence["pending_restores"][0]["seconds"] == 40 and verdict.evidence["rules"]
    # Also where something else is at risk, and not where a fault is proved without them.
    assert judge("iptables_backend_mismatch", node(nft=NFT, legacy=HINT_ONLY, files=pending("iptables_backend"))).reason == "RestorePending"
    assert judge("iptables_backend_mismatch", node(nft=NFT, legacy=LEGACY, files=pending("iptables_backend"))).reason == "SplitFamily"
    # Copies of rules are in the backend that Kubernetes uses already.
    assert judge("iptables_backend_mismatch", node(nft=NFT, files=pending("iptables_duplicates/nft"))).reason == "OneBackend"
    assert judge("iptables_backend_mismatch", node(nft=NFT, files=pending("iptables_backend"), denied=["/var/lib/nodemend"])).reason == "OneBackend"
