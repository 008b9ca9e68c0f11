"""The state of the host after the role, read without it."""

import json
import re

import pytest

FAMILIES = ("KUBE-", "cali-", "cali:")


@pytest.fixture
def el(host):
    return not host.file("/etc/debian_version").exists


def dump(host, backend):
    return host.check_output("iptables-%s-save" % backend)


def test_the_commands_speak_nft(host):
    for name in ("iptables", "ip6tables"):
        assert "(nf_tables)" in host.check_output("%s --version" % name)


def test_the_alternatives_are_on_nft(host, el):
    if el:
        pytest.skip("EL 8 has one iptables, that of nft, and no alternatives for it")
    for name in ("iptables", "ip6tables", "arptables", "ebtables"):
        assert host.file("/etc/alternatives/" + name).linked_to == "/usr/sbin/xtables-nft-multi"


def test_nothing_of_kubernetes_is_left_in_legacy(host, el):
    if el:
        pytest.skip("EL 8 has no legacy commands to ask")
    text = dump(host, "legacy")
    assert not any(line.startswith((":KUBE-", ":cali-", ":CNI-")) for line in text.splitlines())
    assert not re.search(r"-j (KUBE|cali|CNI)-\S*$", text, re.MULTILINE)
    assert "cali:" not in text


@pytest.mark.parametrize("backend", ["nft", "legacy"])
def test_the_rules_of_the_site_are_kept(host, el, backend):
    if el and backend == "legacy":
        pytest.skip("EL 8 has no legacy commands to ask")
    text = dump(host, backend)
    assert "-A INPUT -s 198.51.100.7/32 -j DROP" in text
    assert "-A FORWARD -j site-rules" in text
    assert '-A site-rules -m comment --comment "mine, see -j KUBE-SERVICES" -j RETURN' in text


def test_the_rules_of_kubernetes_are_whole_in_nft(host):
    text = dump(host, "nft")
    for line in ("-A INPUT -j KUBE-FIREWALL", "-A KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000"):
        assert line in text
    assert "cali:S93hcgKJrXEqnTfs" in text


def test_what_was_replaced_is_kept_for_root_only(host, el):
    if el:
        pytest.skip("EL 8 speaks nft only: the role had nothing to do")
    (folder,) = host.check_output("ls -d /var/lib/nodemend/*/iptables_backend").splitlines()
    assert host.file(folder).mode == 0o700
    kept = json.loads(host.file(folder + "/alternatives.json").content_string)
    assert {item["name"]: item["value"] for item in kept}["iptables"] == "/usr/sbin/iptables-legacy"
    assert "KUBE-FIREWALL" in host.file(folder + "/legacy-ipv4.rules").content_string
    for name in ("alternatives.json", "legacy-ipv4.rules"):
        assert host.file(folder + "/" + name).mode == 0o600


def test_the_writers_were_started_again(host, el):
    if el:
        pytest.skip("EL 8 speaks nft only: the role had nothing to do")
    before = host.file("/run/nodemend-lab-pids").content_string.split()
    now = host.check_output("pidof kubelet kube-proxy calico-node").split()
    assert len(before) == len(now) == 3 and not set(before) & set(now)
