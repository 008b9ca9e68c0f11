# -*- coding: utf-8 -*-
"""Which copies of rules can go: told on tables, and by walking random packets through random tables before and after."""

from __future__ import absolute_import, division, print_function

import random

import pytest
from ansible_collections.nodemend.kubernetes.plugins.module_utils import _duplicates
from recorded import recording

__metaclass__ = type

FLANNEL = '-A FORWARD -s 10.42.0.0/16 -m comment --comment "flanneld forward" -j ACCEPT'
ROUTER = '-A KUBE-ROUTER-INPUT -d 10.43.0.0/16 -m comment --comment "allow traffic to primary cluster IP range" -j RETURN'
FIREWALL = '-A KUBE-FIREWALL -m comment --comment "kubernetes firewall" -m mark --mark 0x8000/0x8000 -j DROP'
MASQ = "-A KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000"
INVERT = "-A KUBE-POSTROUTING -j MARK --set-xmark 0x4000/0x0"
LOG = "-A KUBE-ROUTER-INPUT -j LOG --log-prefix lab"
LOTS = "-A KUBE-ROUTER-INPUT -m statistic --mode random --probability 0.50000000000 -j RETURN"
CHAINS = ("FORWARD", "KUBE-ROUTER-INPUT", "KUBE-FIREWALL", "KUBE-MARK-MASQ", "KUBE-POSTROUTING", "KUBE-X", "mine")


def dumped(texts, lines, table="filter"):
    dump = _duplicates.Dump(texts)
    for line in ["# Generated", "*" + table] + [":%s - [0:0]" % chain for chain in CHAINS] + list(lines) + ["COMMIT"]:
        dump.feed(line)
    return dump.end()


def planned(*lines):
    """The rules of all chains after the change, and {why: number} of the copies that stay."""
    texts = _duplicates.Texts()
    tables = dumped(texts, lines)
    changes, left = _duplicates.plan(texts, tables)
    after = []
    for chain, numbers in tables["filter"].items():
        change = changes.get("filter", {}).get(chain)
        after += [texts.lines[number] for number in (change.after if change else numbers)]
    return after, dict((place.why, place.rules) for place in left)


@pytest.mark.parametrize("rule", [FLANNEL, ROUTER, FIREWALL, MASQ, "-A FORWARD -j KUBE-FIREWALL", "-A DOCKER-USER -j RETURN", "-A FORWARD -g KUBE-X"])
def test_a_copy_goes_and_the_first_stays(rule):
    before = ["-A KUBE-FIREWALL -j RETURN", rule, "-A KUBE-X -j ACCEPT", rule, rule]
    assert planned(*before) == (planned(*before[:3])[0], {})


# Every option that is known, with the values that iptables-save prints for it (iptables-extensions(8)).
@pytest.mark.parametrize(
    "words",
    [
        "-s 10.0.0.0/8 -d 10.0.0.1/32 -i eth0 -o cali+ -p udp -f -j RETURN",
        "-m addrtype --src-type LOCAL --dst-type LOCAL --limit-iface-in -j RETURN",
        "-m addrtype --limit-iface-out --dst-type LOCAL -j RETURN",
        "-m connmark --mark 0x1/0x1 -m mark ! --mark 0x4000/0x4000 -j RETURN",
        "-m conntrack --ctstate NEW --ctproto 6 --ctorigsrc 10.0.0.0/8 --ctorigdst 10.0.0.1/32 --ctorigdstport 8 --ctreplsrc 10.0.0.2/32 --ctdir REPLY -j DROP",
        "-p icmp -m icmp --icmp-type 8 -j ACCEPT",
        "-p ipv6-icmp -m icmp6 --icmpv6-type 128 -j ACCEPT",
        "-m iprange --src-range 10.0.0.1-10.0.0.9 --dst-range 10.0.1.1-10.0.1.9 -j ACCEPT",
        "-p tcp -m multiport --ports 1,2 -m multiport --sports 3,4 -m multiport --dports 5:6 -j ACCEPT",
        "-m physdev --physdev-in eth0 --physdev-out eth1 --physdev-is-in --physdev-is-out --physdev-is-bridged -j ACCEPT",
        "-p sctp -m sctp --sport 1 --dport 2 -j ACCEPT",
        "-m set --match-set cali40s:x src -m state --state RELATED -j ACCEPT",
        "-p tcp -m tcp --sport 1 --dport 2 --tcp-flags SYN,ACK SYN --tcp-option 5 -j REJECT --reject-with tcp-reset",
        "-p udp -m udp --sport 1 --dport 2 -j DNAT --to-destination 10.0.0.1:80 --random --persistent",
        "-j SNAT --to-source 10.0.0.1 --random --random-fully --persistent",
        "-p tcp -j MASQUERADE --to-ports 1-2 --random --random-fully",
        "-p tcp -j REDIRECT --to-ports 80 --random",
    ],
)
def test_all_that_is_known_is_understood(words):
    rule = "-A KUBE-X " + words
    assert planned(rule, "-A KUBE-X -s 10.9.9.9/32 -j RETURN", rule) == ([rule, "-A KUBE-X -s 10.9.9.9/32 -j RETURN"], {})


def test_the_order_of_all_others_stays():
    others = ["-A FORWARD -s 198.51.100.7/32 -j DROP", "-A FORWARD -j mine"]
    other = "-A FORWARD -d 10.42.0.0/16 -m comment --comment \"flanneld forward\" -j ACCEPT"
    after, left = planned(FLANNEL, others[0], FLANNEL, other, others[1], FLANNEL, other)
    assert (after, left) == ([FLANNEL, others[0], other, others[1]], {})


@pytest.mark.parametrize(
    "rule, why",
    [
        (LOG, _duplicates.UNKNOWN),
        (LOTS, _duplicates.UNKNOWN),
        ("-A KUBE-X -m limit --limit 1/sec -j ACCEPT", _duplicates.UNKNOWN),
        ("-A KUBE-X -m recent --set --name x --rsource -j ACCEPT", _duplicates.UNKNOWN),
        ("-A KUBE-X -m hashlimit --hashlimit-upto 1/sec --hashlimit-name x -j ACCEPT", _duplicates.UNKNOWN),
        ("-A KUBE-X -p tcp -m tcp --dport 80 -m connlimit --connlimit-above 9 -j REJECT", _duplicates.UNKNOWN),
        ("-A KUBE-X -m time --timestart 01:00 -j DROP", _duplicates.UNKNOWN),
        ("-A KUBE-X -m set --match-set x src --packets-lt 9 -j ACCEPT", _duplicates.UNKNOWN),
        ("-A KUBE-X -j SET --add-set x src", _duplicates.UNKNOWN),
        ("-A KUBE-X -j NFLOG --nflog-group 100", _duplicates.UNKNOWN),
        ("-A KUBE-X -j CONNMARK --restore-mark", _duplicates.UNKNOWN),
        ("-A KUBE-X -s 10.0.0.1/32", _duplicates.UNKNOWN),
        ("-A KUBE-X", _duplicates.UNKNOWN),
        ("-A KUBE-X -j", _duplicates.UNKNOWN),
        (INVERT, _duplicates.UNKNOWN),
        ("-A FORWARD -s 10.0.0.0/8 -j ACCEPT", _duplicates.FOREIGN),
        ("-A mine -j RETURN", _duplicates.FOREIGN),
        ("-A CILIUM_FORWARD -j ACCEPT", _duplicates.FOREIGN),
        ("-A ufw-user-input -j ACCEPT", _duplicates.FOREIGN),
        ("-A FORWARD -j KUBE-ROUTER-INPUT", _duplicates.CALLS),
        ("-A FORWARD -j KUBE-POSTROUTING", _duplicates.CALLS),
    ],
)
def test_what_stays(rule, why):
    others = [LOG, INVERT] if rule not in (LOG, INVERT) else []
    after, left = planned(*(others + [rule] * 3))
    assert after.count(rule) == 3
    assert left == {why: 2}


def test_a_quota_would_begin_again():
    quota = "-A FORWARD -m quota --quota 9 -j mine"
    assert planned(quota, FLANNEL, FLANNEL) == ([quota, FLANNEL, FLANNEL], {_duplicates.QUOTA: 1})


def test_what_a_rule_compares_must_not_change_between_the_copies():
    mark = "-A KUBE-FIREWALL -j MARK --set-xmark 0x8000/0x8000"
    after, left = planned(FIREWALL, mark, FIREWALL, FIREWALL)
    assert (after, left) == ([FIREWALL, mark, FIREWALL], {_duplicates.BETWEEN: 1})
    # A call may do it, too; what is not known may do anything; a log or a drawn lot does nothing.
    call = "-A KUBE-FIREWALL -j KUBE-MARK-MASQ"
    assert planned(MASQ, FIREWALL, call, FIREWALL)[1] == {_duplicates.BETWEEN: 1}
    assert planned(ROUTER, "-A KUBE-ROUTER-INPUT -j TOS --set-tos 0x10/0x3f", ROUTER)[1] == {_duplicates.BETWEEN: 1}
    assert planned(ROUTER, LOTS, LOG, ROUTER)[0] == [ROUTER, LOTS, LOG]
    # Packets that go to another chain do not come back to these.
    assert planned(MASQ, FIREWALL, call.replace("-j", "-g"), FIREWALL) == planned(MASQ, FIREWALL, call.replace("-j", "-g"))


def test_a_packet_that_comes_back_has_not_passed_what_stands_before_an_end():
    """KUBE-POSTROUTING of kube-proxy: it inverts the mark, but only of packets that MASQUERADE then takes."""
    chain = ["-A KUBE-POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN", INVERT]
    jump = "-A FORWARD -m comment --comment \"kubernetes postrouting rules\" -j KUBE-POSTROUTING"
    end = "-A KUBE-POSTROUTING -m comment --comment \"kubernetes service traffic\" -j MASQUERADE --random-fully"
    assert planned(jump, jump, *(chain + [end])) == ([jump] + chain + [end], {})
    assert planned(jump, jump, *(chain + [end.replace("-j", "-s 10.0.0.0/8 -j", 1)]))[1] == {_duplicates.CALLS: 1}
    for back in ("-A KUBE-POSTROUTING -s 10.0.0.0/8 -j RETURN", "-A KUBE-POSTROUTING -s 10.0.0.0/8 -g KUBE-FIREWALL"):
        assert planned(jump, jump, INVERT, back, end)[1] == {_duplicates.CALLS: 1}


def test_a_comment_is_no_option():
    rule = '-A KUBE-X -m comment --comment "x -m limit -j LOG" -j ACCEPT'
    assert planned(rule, rule) == ([rule], {})
    rule = '-A KUBE-X -m comment --comment -j -j LOG'
    assert planned(rule, rule)[0] == [rule, rule]


def test_a_real_dump_has_no_copies():
    texts = _duplicates.Texts()
    dump = _duplicates.Dump(texts)
    for line in recording("iptables/bookworm-legacy-kube.txt").splitlines():
        dump.feed(line)
    assert _duplicates.plan(texts, dump.end()) == ({}, [])


def test_what_is_written_can_be_read_again():
    texts = _duplicates.Texts()
    tables = dumped(texts, [FLANNEL, FLANNEL, ROUTER], "nat")
    chains = dict((chain, tables["nat"][chain]) for chain in ("FORWARD", "KUBE-X"))
    lines = "".join(_duplicates.contents(texts, "nat", chains)).splitlines()
    assert sorted(lines) == sorted(["*nat", "-F FORWARD", "-F KUBE-X", FLANNEL, FLANNEL, "COMMIT"])
    assert lines[0] == "*nat" and lines[-1] == "COMMIT"
    dump = _duplicates.Dump(texts)
    for line in lines:
        dump.feed(line)
    assert dict(dump.end()["nat"]) == chains


@pytest.mark.parametrize(
    "lines",
    [
        ["-A FORWARD -j ACCEPT"],
        ["*filter", "[0:0] -A FORWARD -j ACCEPT", "COMMIT"],
        ["*filter", "# Table `filter' is incompatible, use 'nft' tool.", "COMMIT"],
        ["*filter", "-A FORWARD -j ACCEPT"],
        ["*filter", u"-A FORWARD -m comment --comment \ufffd -j ACCEPT", "COMMIT"],
    ],
)
def test_a_dump_that_is_not_understood(lines):
    dump = _duplicates.Dump(_duplicates.Texts())
    with pytest.raises(ValueError):
        for line in lines:
            dump.feed(line)
        dump.end()


def test_words_in_a_comment_are_no_complaint_of_the_command():
    texts = _duplicates.Texts()
    rule = '-A FORWARD -m comment --comment "it is incompatible" -j ACCEPT'
    assert list(dumped(texts, ["# Table `filter' comes first", "# is incompatible", rule])["filter"]["FORWARD"]) == [0]
    with pytest.raises(ValueError) as caught:
        dumped(texts, ["# Table `nat' is incompatible, use 'nft' tool."])
    assert str(caught.value) == "this iptables cannot read a table: Table `nat' is incompatible, use 'nft' tool."


def test_too_many_different_rules(monkeypatch):
    monkeypatch.setattr(_duplicates, "MAXIMUM_TEXTS", 3)
    with pytest.raises(ValueError):
        dumped(_duplicates.Texts(), ["-A FORWARD -s 10.0.0.%d/32 -j ACCEPT" % number for number in range(4)])


def test_chains_that_call_each_other_deeply():
    texts = _duplicates.Texts()
    dump = _duplicates.Dump(texts)
    lines = ["-A KUBE-%d -j KUBE-%d" % (number, number + 1) for number in range(500)]
    for line in ["*filter"] + [":KUBE-%d - [0:0]" % number for number in range(502)] + lines[:1] * 2 + lines[1:] + ["COMMIT"]:
        dump.feed(line)
    assert _duplicates.plan(texts, dump.end())[1][0].why == _duplicates.CALLS


def test_the_difference_is_short():
    texts = _duplicates.Texts()
    rules = ["-A KUBE-X -s 10.0.0.%d/32 -j ACCEPT" % number for number in range(9)]
    changes, unused = _duplicates.plan(texts, dumped(texts, rules * 2))
    before, after = _duplicates.listing(texts, changes, 2)
    assert before.splitlines() == ["2 x filter: " + rules[0], "2 x filter: " + rules[1], "and 7 other rules that have copies"]
    assert after.splitlines() == ["1 x filter: " + rules[0], "1 x filter: " + rules[1]]
    changes, unused = _duplicates.plan(texts, dumped(texts, [rules[0], rules[3], rules[0]]))
    assert _duplicates.listing(texts, changes, 1) == ("2 x filter: %s\n" % rules[0], "1 x filter: %s\n" % rules[0])


@pytest.mark.parametrize("now, whole", [("abc", True), ("xaybcz", True), ("acb", False), ("ab", False), ("", False)])
def test_whether_the_rules_are_there(now, whole):
    assert _duplicates.contains(now, "abc") == whole


# A table's end for a packet: a model of what the kernel does with the few targets that the tables below have.

TARGETS = ["ACCEPT", "DROP", "RETURN", "MARK --set-xmark 0x1/0x1", "MARK --set-xmark 0x0/0x1", "MARK --set-xmark 0x1/0x0", "MARK --set-xmark 0x2/0x3"]
MATCHES = ["", "-s 10.0.0.1/32 ", "! -s 10.0.0.1/32 ", "-m mark --mark 0x1/0x1 ", "-m mark ! --mark 0x2/0x2 "]


def walk(chains, chain, source, mark, depth=0):
    """Return (verdict or None, mark) of a packet that has passed a chain."""
    for line in chains.get(chain, ()):
        text, unused, target = line.partition("-j ") if "-j " in line else line.partition("-g ")
        if "-s " in text and (source == 1) == ("! -s" in text):
            continue
        if "0x1/0x1" in text and not mark & 1:
            continue
        if "0x2/0x2" in text and mark & 2:
            continue
        if target == "RETURN":
            return None, mark
        if target in ("ACCEPT", "DROP"):
            return target, mark
        if target.startswith("MARK"):
            value, mask = (int(word, 16) for word in target.split()[-1].split("/"))
            mark = (mark & ~mask) ^ value
            continue
        verdict, mark = walk(chains, target, source, mark, depth + 1)
        if verdict or "-g " in line:
            return verdict, mark
    return None, mark


def test_no_packet_is_treated_otherwise():
    chance = random.Random(3117)
    removed = 0
    for unused in range(3000):
        chains = {}
        for number, name in enumerate(("FORWARD", "KUBE-A", "KUBE-B", "KUBE-C")):
            calls = ["KUBE-A", "KUBE-B", "KUBE-C"][number:]
            kinds = []
            for unused in range(chance.randint(1, 3)):
                target = chance.choice(TARGETS + calls * 2)
                verb = "-g" if target in calls and chance.random() < 0.2 else "-j"
                # Only a comment tells whose a rule is that does not call a chain of Kubernetes.
                kinds.append("-A %s %s-m comment --comment \"flanneld x\" %s %s" % (name, chance.choice(MATCHES), verb, target))
            chains[name] = [chance.choice(kinds) for unused in range(chance.randint(1, 6))]
        texts = _duplicates.Texts()
        dump = _duplicates.Dump(texts)
        for line in ["*filter"] + [":" + name for name in chains] + [line for name in chains for line in chains[name]] + ["COMMIT"]:
            dump.feed(line)
        changes, unused = _duplicates.plan(texts, dump.end())
        after = dict(chains)
        for name, change in changes.get("filter", {}).items():
            after[name] = [texts.lines[number] for number in change.after]
            removed += len(change.before) - len(change.after)
        for source in (1, 2):
            for mark in range(4):
                for start in chains:
                    assert walk(chains, start, source, mark) == walk(after, start, source, mark), (chains, after)
    assert removed > 3000
