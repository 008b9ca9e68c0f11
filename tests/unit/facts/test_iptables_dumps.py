# -*- coding: utf-8 -*-
from __future__ import absolute_import, division, print_function

import pytest
from ansible_collections.nodemend.kubernetes.plugins.module_utils import _rules
from ansible_collections.nodemend.kubernetes.plugins.module_utils._facts import iptables_dumps
from netfilter import NFT_BINARIES, node, rules
from recorded import TIMED_OUT, fact

__metaclass__ = type


def dump(text, backend="nft"):
    return fact("iptables_dumps", node(**{backend: text}))[backend]["ipv4"]


@pytest.mark.parametrize("backend", ["nft", "legacy"])
def test_kubernetes(backend):
    found = dump(rules("bookworm-%s-kube" % backend), backend)
    assert found["loaded"] and found["unavailable"] is None
    assert found["tables"]["nat"] == {"chains": {"KUBE": 6}, "rules": {"KUBE": 12}, "foreign": 0}
    assert found["tables"]["filter"] == {"chains": {"KUBE": 5}, "rules": {"KUBE": 10}, "foreign": 0}
    assert sorted(found["hints"]) == ["KUBE-IPTABLES-HINT", "KUBE-KUBELET-CANARY"]
    assert found["kube_services"] and not found["ipvs"]
    assert found["services"] == rules("bookworm-%s-kube" % backend).count("-A KUBE-SERVICES ") > 0
    assert found["forward"] == {"KUBE-SERVICES": 1}
    assert found["policy_accept"] is None


@pytest.mark.parametrize(
    "name, forward, target",
    [
        ("bullseye-nft-calico-3.15", {"cali-FORWARD": 0, "KUBE-SERVICES": 2}, "ACCEPT"),
        ("bookworm-nft-calico-3.15", {"cali-FORWARD": 0, "KUBE-SERVICES": 2}, "ACCEPT"),
        ("trixie-nft-calico-3.15", {"cali-FORWARD": 0, "KUBE-SERVICES": 2}, "ACCEPT"),
        ("bookworm-legacy-calico-3.15", {"cali-FORWARD": 0, "KUBE-SERVICES": 2}, "ACCEPT"),
        ("bookworm-nft-calico-3.15-append", {"cali-FORWARD": 2, "KUBE-SERVICES": 1}, "ACCEPT"),
        ("bookworm-nft-calico-3.15-return", {"cali-FORWARD": 0, "KUBE-SERVICES": 2}, "RETURN"),
        ("bookworm-nft-calico-3.23", {"cali-FORWARD": 0, "KUBE-SERVICES": 2}, None),
    ],
)
def test_calico(name, forward, target):
    found = dump(rules(name))
    assert found["forward"] == forward
    assert (found["policy_accept"] or {}).get("target") == target


def test_other_families_and_foreign_rules():
    found = dump(rules("bookworm-nft-cni-flannel"))
    assert found["tables"]["nat"]["rules"] == {"CNI": 2, "FLANNEL": 3}
    found = dump(rules("bookworm-nft-host-firewall"))
    assert found["tables"]["filter"] == {"chains": {}, "rules": {}, "foreign": 5}


@pytest.mark.parametrize(
    "rule, shown",
    [
        ("-A FORWARD -j REJECT --reject-with icmp-host-prohibited", True),
        ("-A FORWARD -m conntrack --ctstate INVALID -j DROP", True),
        ("-A INPUT -j REJECT --reject-with icmp-host-prohibited", False),
        ('-A FORWARD -m comment --comment "see -j DROP" -j ACCEPT', False),
        ('-A FORWARD -m comment --comment "cali:S93hcgKJrXEqnTfs" -j DROP', False),
    ],
)
def test_rules_that_end_a_packets_way_in_forward(rule, shown):
    head, found, tail = rules("bookworm-nft-calico-3.15").partition("*filter")
    body, commit, rest = tail.partition("COMMIT")
    assert found and commit
    assert dump(head + found + body + rule + "\n" + commit + rest)["forward_ends"] == ([rule] if shown else [])


OURS = "-A FORWARD -j KUBE-FORWARD\n"


@pytest.mark.parametrize(
    "policy, rules_, behind",
    [
        ("ACCEPT", OURS, None),
        ("DROP", OURS, "policy DROP"),
        ("DROP", "-A FORWARD -j DOCKER-USER\n", None),
        ("ACCEPT", "-A FORWARD -j DROP\n", None),
        ("DROP", OURS + "-A FORWARD -j DROP\n", "policy DROP"),
        ("ACCEPT", OURS + "-A FORWARD -o eth1 -j DROP\n-A FORWARD -j REJECT\n", "-A FORWARD -o eth1 -j DROP"),
        ("ACCEPT", "-A FORWARD -j DROP\n" + OURS, None),
        ("ACCEPT", OURS + "-A INPUT -j DROP\n", None),
        ("ACCEPT", OURS + '-A FORWARD -m comment --comment "cali:x" -j DROP\n', None),
    ],
)
def test_what_stops_packets_behind_the_rules_of_kubernetes_in_forward(policy, rules_, behind):
    text = "*mangle\n:FORWARD DROP [0:0]\nCOMMIT\n*filter\n:FORWARD %s [0:0]\n:OUTPUT DROP [0:0]\n:KUBE-FORWARD - [0:0]\n%sCOMMIT\n"
    assert dump(text % (policy, rules_))["forward_behind"] == behind


@pytest.mark.parametrize(
    "line, family",
    [
        ("-A FORWARD -j KUBE-FORWARD", "KUBE"),
        ("-A ufw-user-input -g cali-FORWARD", "cali"),
        ('-A FORWARD -m comment --comment "cali:S93hcgKJrXEqnTfs" -j ACCEPT', "cali"),
        ("-A FORWARD -m comment --comment cali:S93hcgKJrXEqnTfs -j ACCEPT", "cali"),
        ('-A FORWARD -s 10.244.0.0/16 -m comment --comment "flanneld forward" -j ACCEPT', "FLANNEL"),
        ("-A WEAVE-NPC -j ACCEPT", "WEAVE"),
        # Look-alikes: a name that only contains a prefix, a comment that only speaks of a chain.
        ("-A FORWARD -j MY-KUBE-CHAIN", None),
        ('-A INPUT -m comment --comment "see -j KUBE-SERVICES" -j ACCEPT', None),
        ('-A INPUT -m comment --comment "quoted \\" -j KUBE-SERVICES" -j DROP', None),
        ('-A INPUT -m comment --comment "not cali:x, but mine" -j ACCEPT', None),
        ("-A INPUT -i cali+ -j ACCEPT", None),
        ("-A INPUT", None),
    ],
)
def test_owner(line, family):
    assert _rules.family_of_rule(line) == family


def test_ipvs_mode():
    # kube-proxy in ipvs mode (node_facts 2.6) matches ipsets in nat KUBE-SERVICES.
    line = '-A KUBE-SERVICES -m comment --comment "Kubernetes service cluster ip" -m set --match-set KUBE-CLUSTER-IP dst,dst -j KUBE-MARK-MASQ'
    assert dump("*nat\n:KUBE-SERVICES - [0:0]\n%s\nCOMMIT\n" % line)["ipvs"]


def test_an_empty_chain_is_no_service():
    found = dump("*mangle\n:KUBE-KUBELET-CANARY - [0:0]\nCOMMIT\n*nat\n:KUBE-SERVICES - [0:0]\n-A OUTPUT -j KUBE-SERVICES\nCOMMIT\n")
    assert found["services"] == 0


def test_incompatible_tables():
    # The first text is iptables-nft-save's of a table that nft itself has written, the second a table where iptables' own rules are listed. What a
    # newer iptables has written may be printed in part and without a word (kubernetes#112477): see test_nft_rules.py.
    assert dump("# Table `nat' is incompatible, use 'nft' tool.\n")["incompatible"] == ["nat"]
    found = dump(rules("trixie-nft-base-chain"))
    assert found["incompatible"] == [] and found["tables"]["filter"]["foreign"] == 1


def test_nothing_is_asked_of_a_backend_that_is_not_loaded():
    host = node(nft=None, legacy=None)
    fact("iptables_dumps", host)
    assert not [what for kind, what in host.touched if kind == "command"]


def test_only_loaded_backends_are_asked():
    host = node(legacy="")
    fact("iptables_dumps", host)
    assert [what for kind, what in host.touched if kind == "command"] == ["iptables-legacy-save"]


@pytest.mark.parametrize(
    "answer, reason",
    [
        (TIMED_OUT, "TimedOut"),
        ("missing", "CommandMissing"),
        ("garbage\n", "Unreadable"),
        ("-A INPUT -j ACCEPT\n", "Unreadable"),
        (":INPUT ACCEPT [0:0]\n", "Unreadable"),
        ((4, "", "iptables-nft-save v1.8.9 (nf_tables): Could not fetch rule set generation id: Invalid argument\n"), "Unreadable"),
    ],
)
def test_unavailable_half(answer, reason):
    found = fact("iptables_dumps", node(nft=rules("bookworm-nft-kube"), commands={"ip6tables-nft-save": answer}))
    assert found["nft"]["ipv6"]["unavailable"]["reason"] == reason
    assert found["nft"]["ipv6"]["tables"] == {}
    assert found["nft"]["ipv4"]["unavailable"] is None


def test_plain_command_where_it_speaks_the_backend():
    # EL 7 has iptables-save and no iptables-legacy-save.
    links = {"/usr/sbin/iptables": "xtables-multi"}
    host = node(
        legacy="missing",
        links=links,
        files={"/usr/sbin/xtables-multi": ""},
        commands={"iptables-save": rules("bookworm-legacy-kube"), "iptables --version": "iptables v1.4.21\n"},
    )
    assert fact("iptables_dumps", host)["legacy"]["ipv4"]["hints"]


def test_plain_command_that_speaks_the_other_backend():
    # EL 8: a container has made legacy tables, the host can only list nf_tables.
    host = node(nft="", legacy="missing", links=NFT_BINARIES, commands={"iptables-save": ""})
    assert fact("iptables_dumps", host)["legacy"]["ipv4"]["unavailable"]["reason"] == "CommandMissing"


RULE = '-A FORWARD -s 10.42.0.0/16 -m comment --comment "flanneld forward" -j ACCEPT\n'
DOCKER = "-A FORWARD -j DOCKER-USER\n"


def test_copies_by_table_chain_and_owner():
    found = dump("*filter\n" + RULE * 3 + DOCKER * 2 + "-A INPUT -j LOG\n" * 9 + "COMMIT\n*mangle\n" + RULE + "COMMIT\n")
    assert (found["total"], found["surplus"]) == (15, 3)
    assert found["copies"] == [
        {"table": "filter", "chain": "FORWARD", "owner": "FLANNEL", "rules": 2},
        {"table": "filter", "chain": "FORWARD", "owner": "docker", "rules": 1},
    ]


def test_no_more_is_remembered_than_is_allowed(monkeypatch):
    monkeypatch.setattr(iptables_dumps, "REMEMBERED", 1)
    monkeypatch.setattr(iptables_dumps, "PLACES", 0)
    found = dump("*filter\n" + (RULE + DOCKER) * 3 + "COMMIT\n")
    assert (found["total"], found["surplus"], found["copies"]) == (6, 2, [])


@pytest.mark.parametrize(
    "line, pod",
    [
        ('-A CNI-HOSTPORT-DNAT -p tcp -m comment --comment "dnat name: \\"cbr0\\" id: \\"5f3e\\"" -m multiport --dports 8080 -j CNI-DN-x', "5f3e"),
        ('-A POSTROUTING -s 10.22.0.3/32 -m comment --comment "name: \\"mynet\\" id: \\"5f3e\\"" -j CNI-c1', "5f3e"),
        ("-A CNI-FORWARD -d 10.88.0.3/32 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT", "10.88.0.3/32"),
        ("-A CNI-FORWARD -s 10.88.0.3/32 -j ACCEPT", "10.88.0.3/32"),
        ('-A CNI-FORWARD -m comment --comment "CNI firewall plugin admin overrides" -j CNI-ADMIN', None),
        ("-A CNI-DN-x -p tcp -m tcp --dport 8080 -j DNAT --to-destination 10.244.0.9:80", None),
        # A rule of somebody else's with the same comment.
        ('-A PREROUTING -m comment --comment "dnat name: \\"cbr0\\" id: \\"5f3e\\"" -j mine', None),
    ],
)
def test_pods_of_cni_plugins(line, pod):
    assert dump("*nat\n%s\n%s\nCOMMIT\n" % (line, line))["pods"] == ([pod] if pod else [])


def test_too_many_pods(monkeypatch):
    monkeypatch.setattr(iptables_dumps, "PODS", 2)
    text = "*filter\n%sCOMMIT\n"
    rule = "-A CNI-FORWARD -s 10.88.0.%d/32 -j ACCEPT\n"
    assert dump(text % "".join(rule % number for number in (1, 2, 2)))["pods"] == ["10.88.0.1/32", "10.88.0.2/32"]
    assert dump(text % "".join(rule % number for number in (1, 2, 3)))["pods"] is None


# As iptables-save prints what CRI-O has written for a sandbox (internal/hostport/hostport_iptables.go).
HOST_PORT = (
    '-A KUBE-HOSTPORTS -p tcp -m comment --comment "ingress_default hostport 443" -m tcp --dport 443 -j %(chain)s\n'
    '-A %(chain)s -p tcp -m comment --comment "ingress_default hostport 443" -m tcp -j DNAT --to-destination 10.85.0.4:443\n'
)


def test_host_ports_of_sandboxes():
    one, two, empty = ({"chain": "KUBE-HP-" + name * 16} for name in "BAC")
    text = "*nat\n:KUBE-HOSTPORTS - [0:0]\n:%s - [0:0]\n%sCOMMIT\n" % (empty["chain"], HOST_PORT % one + HOST_PORT % two)
    found = dump(text)
    assert found["host_ports"] == [two["chain"], one["chain"]]
    assert found["tables"]["nat"]["rules"] == {"KUBE": 4} and found["pods"] == []


def test_the_administrators_own_rules():
    own = "-A CNI-ADMIN -s 203.0.113.0/24 -j DROP"
    others = '-A CNI-FORWARD -m comment --comment "CNI firewall plugin admin overrides" -j CNI-ADMIN\n-A CNI-ADMINS -j ACCEPT\n-A FORWARD -j CNI-ADMIN\n'
    assert dump("*filter\n:CNI-ADMIN - [0:0]\n%s%s\n%s\nCOMMIT\n" % (others, own, own))["admin"] == [own]


def test_too_many_host_ports_and_rules_of_the_administrator(monkeypatch):
    monkeypatch.setattr(iptables_dumps, "PODS", 1)
    lines = ["-A KUBE-HP-%d -j ACCEPT\n", "-A CNI-ADMIN -s 10.0.0.%d/32 -j DROP\n"]
    found = dump("*filter\n%sCOMMIT\n" % "".join(line % number for line in lines for number in (1, 2)))
    assert (found["host_ports"], found["admin"]) == (None, None)
