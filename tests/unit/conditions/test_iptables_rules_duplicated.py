# -*- coding: utf-8 -*-
"""Rulesets with copies, and those that only look so."""

from __future__ import absolute_import, division, print_function

import pytest
from netfilter import node, rules, systemd
from recorded import NOW, TIMED_OUT, judge

__metaclass__ = type

KUBE = rules("bookworm-nft-kube")
# As flannel and k3s write them, the comments from k3s#3117 (node_facts 3.4).
FLANNEL = '-A FORWARD -s 10.42.0.0/16 -m comment --comment "flanneld forward" -j ACCEPT\n'
ROUTER = '-A KUBE-ROUTER-INPUT -d 10.43.0.0/16 -m comment --comment "allow traffic to primary cluster IP range" -j RETURN\n'
LOG = "-A KUBE-ROUTER-INPUT -j LOG --log-prefix lab\n"
HALF = "-A KUBE-ROUTER-INPUT -m statistic --mode random --probability 0.50000000000 -j RETURN\n"

# What iptables-nft-save 1.8.9 says of a table with a rule that nft itself wrote; it ends with 0 and lists the others.
LEFT_OUT = "# Table `filter' is incompatible, use 'nft' tool.\n"


def leaked(*numbered):
    """Return a filter table with each rule as often as told."""
    return "*filter\n:KUBE-ROUTER-INPUT - [0:0]\n" + "".join(rule * number for rule, number in numbered) + "COMMIT\n"


def saved(enabled):
    """Copies in the file of iptables-persistent alone, whose service is enabled or disabled."""
    files, commands = systemd(netfilter_persistent=("inactive", enabled))
    return dict(nft=KUBE, files=dict(files, **{"/etc/iptables/rules.v4": leaked((FLANNEL, 100))}), commands=commands)


def others(number):
    return [("-A KUBE-ROUTER-INPUT -s 10.0.%d.%d/32 -j RETURN\n" % (n // 250, n % 250), 1) for n in range(number)]


TABLE = {
    "flannel's rules": (dict(nft=leaked((FLANNEL, 100))), "faulty", "RulesDuplicated"),
    "in legacy": (dict(legacy=leaked((FLANNEL, 100))), "faulty", "RulesDuplicated"),
    "in IPv6": (dict(nft=KUBE, nft6=leaked((ROUTER, 100))), "faulty", "RulesDuplicated"),
    "of a host firewall": (dict(nft=leaked(("-A INPUT -s 192.0.2.1/32 -j DROP\n", 100))), "faulty", "RulesDuplicated"),
    "one dump proves it, another does not end": (
        dict(nft=leaked((FLANNEL, 100)), commands={"ip6tables-nft-save": TIMED_OUT}),
        "faulty",
        "RulesDuplicated",
    ),
    "one above the option": (dict(nft=leaked((FLANNEL, 52))), "faulty", "RulesDuplicated"),
    "as many as the option": (dict(nft=leaked((FLANNEL, 51))), "ok", "FewCopies"),
    "many, and a fifth of all": (dict(nft=leaked((FLANNEL, 61), *others(239))), "ok", "FewCopies"),
    "many, and above a fifth": (dict(nft=leaked((FLANNEL, 61), *others(238))), "faulty", "RulesDuplicated"),
    "the same rule in other tables": (dict(nft=leaked((FLANNEL, 40)) + leaked((FLANNEL, 40)).replace("filter", "mangle")), "faulty", "RulesDuplicated"),
    "rules that log": (dict(nft=leaked((LOG, 500))), "ok", "FewCopies"),
    "rules that draw lots": (dict(nft=leaked((HALF, 500))), "ok", "FewCopies"),
    "a healthy node": (dict(nft=KUBE), "ok", "FewCopies"),
    "a dump that does not end": (dict(nft=KUBE, commands={"iptables-nft-save": TIMED_OUT}), "at_risk", "DumpTimedOut"),
    "no command": (dict(nft=KUBE, commands={"iptables-nft-save": "missing"}), "unknown", "CommandMissing"),
    "garbage": (dict(nft="garbage\n"), "unknown", "Unreadable"),
    "a table that iptables cannot read": (dict(nft=LEFT_OUT), "unknown", "Unreadable"),
    "a table that it cannot read, and copies in another": (
        dict(nft=LEFT_OUT + leaked((FLANNEL, 100)).replace("filter", "mangle")),
        "faulty",
        "RulesDuplicated",
    ),
    "without root": (dict(nft=KUBE, root=False), "unknown", "NeedsRoot"),
    "no backend": (dict(), "not_applicable", "NoRules"),
    "only in a file that is restored at boot": (dict(nft=KUBE, files={"/etc/iptables/rules.v4": leaked((FLANNEL, 100))}), "at_risk", "CopiesSaved"),
    "in a file, and the kernel has no rules yet": (dict(files={"/etc/iptables/rules.v4": leaked((FLANNEL, 100))}), "at_risk", "CopiesSaved"),
    "in a file, and the rules do not end": (
        dict(nft=KUBE, commands={"iptables-nft-save": TIMED_OUT}, files={"/etc/iptables/rules.v4": leaked((FLANNEL, 100))}),
        "at_risk",
        "DumpTimedOut",
    ),
    "in a file, and its service is enabled": (saved("enabled"), "at_risk", "CopiesSaved"),
    "in a file that nobody restores": (saved("disabled"), "ok", "FewCopies"),
    "a file with few copies": (dict(nft=KUBE, files={"/etc/iptables/rules.v4": leaked((FLANNEL, 51))}), "ok", "FewCopies"),
    "a file of somebody's own work": (dict(nft=KUBE, files={"/etc/iptables/rules.v4": "-I INPUT -j ACCEPT\n"}), "ok", "FewCopies"),
    "a file that only root may read": (
        dict(nft=leaked((FLANNEL, 100)), files={"/etc/iptables/rules.v4": leaked((FLANNEL, 100))}, denied=["/etc/iptables/rules.v4"]),
        "faulty",
        "RulesDuplicated",
    ),
    "no node": (dict(nft=leaked((FLANNEL, 100)), kubelet=False), "not_applicable", "NotANode"),
}


@pytest.mark.parametrize("name", sorted(TABLE))
def test_verdict(name):
    more, status, reason = TABLE[name]
    answer = judge("iptables_rules_duplicated", node(**more))
    assert (answer.status, answer.reason) == (status, reason), answer.message


def test_the_owners_are_named():
    answer = judge("iptables_rules_duplicated", node(nft=leaked((FLANNEL, 100), (ROUTER, 30))))
    assert answer.message == "128 of 130 nft ipv4 rules are copies: FLANNEL has 99 in filter FORWARD; KUBE has 29 in filter KUBE-ROUTER-INPUT."


def test_of_an_owner_the_three_worst_places_are_named():
    dump = "".join(leaked((FLANNEL, 31 - n)).replace("filter", table) for n, table in enumerate(("raw", "mangle", "nat", "filter")))
    answer = judge("iptables_rules_duplicated", node(nft=dump))
    assert answer.message == (
        "114 of 118 nft ipv4 rules are copies: FLANNEL has 30 in raw FORWARD, 29 in mangle FORWARD, 28 in nat FORWARD."
    )


def test_where_nothing_is_loaded_no_rules_are_counted():
    nothing = "The kernel has loaded no netfilter backend."
    assert judge("iptables_rules_duplicated", node()).message == nothing
    saved = judge("iptables_rules_duplicated", node(files={"/etc/iptables/rules.v4": leaked((FLANNEL, 100))}))
    assert saved.message.startswith(nothing + " Files bring copies back at boot: ")


def test_the_option_decides():
    host = node(nft=leaked((FLANNEL, 12)))
    assert judge("iptables_rules_duplicated", host, maximum_surplus_rules=10).status == "faulty"


@pytest.mark.parametrize("rules_now", [KUBE, leaked((FLANNEL, 100)), None])
def test_files_that_bring_copies_back_are_told(rules_now):
    files = {"/etc/sysconfig/iptables": leaked((FLANNEL, 100)), "/etc/sysconfig/ip6tables": leaked((FLANNEL, 3))}
    answer = judge("iptables_rules_duplicated", node(nft=rules_now, files=files))
    assert " Files bring copies back at boot: /etc/sysconfig/iptables has 99 copies among 100 rules." in answer.message
    assert answer.message.endswith(" iptables_duplicates_persisted=true has the role take them out there.") == (answer.reason == "CopiesSaved")
    persisted = answer.evidence["persisted"]
    assert persisted["duplicated"] == ["/etc/sysconfig/iptables"]
    assert persisted["files"]["/etc/sysconfig/ip6tables"]["surplus"] == 2


def test_the_option_decides_for_files_too():
    host = node(nft=KUBE, files={"/etc/iptables/rules.v4": leaked((FLANNEL, 12))})
    assert judge("iptables_rules_duplicated", host, maximum_surplus_rules=10).evidence["persisted"]["duplicated"] == ["/etc/iptables/rules.v4"]


def test_copies_that_are_about_to_come_back_leave_nothing_proved():
    kept = "/var/lib/nodemend/20261120T115930Z/iptables_duplicates/legacy"
    files = {kept + "/due": u"%d\n" % (NOW + 7), kept + "/boot_id": u"one\n", "/proc/sys/kernel/random/boot_id": u"one\n"}
    verdict = judge("iptables_rules_duplicated", node(nft=KUBE, files=files))
    assert (verdict.status, verdict.reason) == ("unknown", "RestorePending") and "puts them back in 7 s (%s)" % kept in verdict.message
    assert judge("iptables_rules_duplicated", node(nft=leaked((FLANNEL, 100)), files=files)).reason == "RulesDuplicated"
