# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""What Kubernetes has left in a netfilter backend: found, seen to stand still, removed and put back, as text. Pure."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import collections
import re

from . import _rules

# Chain name, rule as "-A CHAIN ...", its counters, its position among the rules of its chain (from 1).
Rule = collections.namedtuple("Rule", "chain line packets bytes position")

_COUNTED = re.compile(r"^\[(\d+):(\d+)\] (-A (\S+).*)$")
# How kube-proxy lets packets of known connections pass (kubernetes, pkg/proxy/iptables/proxier.go), and how Felix does (calico, felix/rules/static.go and
# endpoints.go). Each such packet that the host forwards meets the one, each that it receives the other, also in a backend that nothing uses any more.
_KNOWN_CONNECTIONS = re.compile(
    r'^-A (?:KUBE-FORWARD .*--comment "kubernetes forwarding conntrack [^"]*".*|cali-\S+ -m comment --comment "cali:[^"]*" -m conntrack)'
    r" --ctstate RELATED,ESTABLISHED -j ACCEPT$"
)
# After these no later rule sees a packet, and it is gone.
_ENDING = ("DROP", "REJECT")
# What stops a packet, or does no more than look at it, has let none pass that others would stop.
_LETS_NOTHING_PASS = _ENDING + (None, "LOG", "NFLOG", "ULOG", "AUDIT", "TRACE")
# Targets that decide over a packet. What only jumps, returns or marks is passed by every packet and says nothing.
_DECIDING = ("ACCEPT", "DROP", "REJECT", "DNAT", "SNAT", "MASQUERADE", "REDIRECT", "NETMAP", "CT", "NOTRACK", "TPROXY")


def parse(text):
    """Return {table: {chains: [names], rules: [Rule], lengths, policies}} from what iptables-save -c prints, tables in its order.

    lengths   {chain: number of its rules}
    policies  {chain: ACCEPT, DROP, or - where it has none}
    """
    tables = collections.OrderedDict()
    table = None
    for line in text.splitlines():
        if line.startswith("*"):
            table = tables.setdefault(line[1:].strip(), {"chains": [], "rules": [], "lengths": {}, "policies": {}})
        elif line.startswith(":") and table is not None:
            chain, unused, rest = line[1:].partition(" ")
            table["chains"].append(chain)
            table["policies"][chain] = rest.partition(" ")[0]
        elif line.startswith("# Table `") and "is incompatible" in line:
            raise ValueError("this iptables cannot read a table: %s" % line[2:])
        elif line and not line.startswith("#") and line != "COMMIT":
            match = _COUNTED.match(line)
            if not match or table is None:
                raise ValueError("not a line of iptables-save -c: %r" % line[:80])
            packets, octets, rule, chain = match.groups()
            position = table["lengths"].get(chain, 0) + 1
            table["lengths"][chain] = position
            table["rules"].append(Rule(chain, rule, int(packets), int(octets), position))
    return tables


def own_chains(table):
    """Return the chains of Kubernetes and its network in a table."""
    return [name for name in table["chains"] if _rules.family_of_chain(name) in _rules.FAMILIES]


def own_rules(table):
    """Return their rules: all in their chains, and those in other chains that jump to one or carry their comment."""
    return [rule for rule in table["rules"] if _rules.family_of_rule(rule.line) in _rules.FAMILIES]


def count(tables):
    """Return (chains, rules) of Kubernetes and its network."""
    return (
        sum(len(own_chains(table)) for table in tables.values()),
        sum(len(own_rules(table)) for table in tables.values()),
    )


def movement(before, after):
    """Return sentences that say how what Kubernetes left has changed between two samples; empty where it stands still.

    Still means: the same chains and rules in the same order, no counter lower (a writer that restores its rules sets them
    back), and no rule that decides over packets hit. A jump is passed by every packet, so that its counter may rise. So may that of
    kube-proxy's and Felix' accepts of known connections, unless the built-in chain that led there would end what they let pass.
    """
    moved = []
    for name in sorted(set(before) | set(after)):
        old, new = (tables.get(name, {"chains": [], "rules": [], "lengths": {}, "policies": {}}) for tables in (before, after))
        if own_chains(old) != own_chains(new):
            moved.append("the chains in %s have changed" % name)
            continue
        olds, news = own_rules(old), own_rules(new)
        if [rule.line for rule in olds] != [rule.line for rule in news]:
            moved.append("the rules in %s have changed (%d, then %d)" % (name, len(olds), len(news)))
            continue
        ending = _chains_before_others(new)
        for one, two in zip(olds, news):
            if two.packets < one.packets:
                moved.append("the counter of a rule in %s went back, something has written it anew: %s" % (name, one.line))
            elif two.packets > one.packets and _decides(one, ending):
                moved.append("%d packets met a rule in %s: %s" % (two.packets - one.packets, name, one.line))
    return moved


def _decides(rule, ending):
    """Return whether a packet that met a rule would fare otherwise without it; ending: see _chains_before_others."""
    if _KNOWN_CONNECTIONS.match(rule.line):
        return rule.chain in ending
    return _rules.target_of(_rules.words(rule.line)) in _DECIDING


def _chains_before_others(table):
    """Return the chains to which packets come from a chain that would do something else with them afterwards.

    That is one with a rule of others, or a policy other than ACCEPT; a chain that others have made counts as one.
    """
    own = set(own_chains(table))
    theirs = set(own_rules(table))
    targets = {}
    todo = [name for name, policy in table["policies"].items() if name not in own and policy != "ACCEPT"]
    for rule in table["rules"]:
        targets.setdefault(rule.chain, set()).add(_rules.target_of(_rules.words(rule.line)))
        if rule not in theirs:
            todo.append(rule.chain)
    reached = set()
    while todo:
        for name in targets.get(todo.pop(), ()):
            if name not in reached:
                reached.add(name)
                todo.append(name)
    return reached


def exposed(tables):
    """Return sentences about rules of others and policies that would stop packets which the rules of Kubernetes let pass; empty where none would.

    No counter tells of it on a node that is drained, and once these rules are gone the packets of all its pods die there.
    """
    sentences = []
    for name, table in tables.items():
        own = set(own_chains(table))
        for chain, policy in table["policies"].items():
            end = None if policy == "-" or chain in own else _end_behind(table, chain, policy)
            if end is not None:
                sentences.append("%s in %s stops what they let pass: %s" % (chain, name, end))
    return sentences


def _end_behind(table, chain, policy):
    """Return what stops packets in or below a built-in chain behind a rule of Kubernetes that lets some pass, or None."""
    own, theirs, rules = set(own_chains(table)), set(own_rules(table)), {}
    for rule in table["rules"]:
        rules.setdefault(rule.chain, []).append(rule)
    passed, seen = False, set()
    todo = [iter(rules.get(chain, ()))]  # the chain, what it calls, and so on, each where it is left
    while todo:
        rule = next(todo[-1], None)
        if rule is None:
            todo.pop()
            continue
        target = _rules.target_of(_rules.words(rule.line))
        if target in table["policies"] and (target in own or rule not in theirs):
            if (target, passed) not in seen:
                seen.add((target, passed))
                todo.append(iter(rules.get(target, ())))
        elif rule in theirs:
            # A chain of others may let pass what theirs call it for. To return from a chain of theirs is to come back behind its call.
            passed = passed or target not in _LETS_NOTHING_PASS and not (target == "RETURN" and rule.chain in own)
        elif passed and target in _ENDING:
            return rule.line
    return "policy %s" % policy if passed and policy != "ACCEPT" else None


def removal(tables):
    """Return {table: input of iptables-restore --noflush} that removes what Kubernetes left and nothing else."""
    inputs = collections.OrderedDict()
    for name, table in tables.items():
        chains = own_chains(table)
        jumps = ["-D" + rule.line[2:] for rule in own_rules(table) if rule.chain not in chains]
        if chains or jumps:
            lines = jumps + ["-F " + chain for chain in chains] + ["-X " + chain for chain in chains]
            inputs[name] = _transaction(name, lines)
    return inputs


def restoration(saved, present):
    """Return {table: input of iptables-restore --noflush} that puts back what Kubernetes had in saved and has not in present.

    A rule in a foreign chain goes back to its position there, or to the end where the chain has become shorter.
    """
    inputs = collections.OrderedDict()
    for name, table in saved.items():
        now = present.get(name, {"chains": [], "rules": [], "lengths": {}})
        there = set(now["chains"])
        chains = [chain for chain in own_chains(table) if chain not in there]
        lengths = dict(now["lengths"])
        lines = [":%s - [0:0]" % chain for chain in chains]
        have = [rule.line for rule in own_rules(now)]
        for rule in own_rules(table):
            if rule.chain in chains:
                lines.append(rule.line)
            elif rule.line in have:
                have.remove(rule.line)
            else:
                length = lengths.get(rule.chain, 0)
                lengths[rule.chain] = length + 1
                rest = rule.line[len("-A ") + len(rule.chain) :]
                lines.append("-I %s %d%s" % (rule.chain, min(rule.position, length + 1), rest))
        if lines:
            inputs[name] = _transaction(name, lines)
    return inputs


def without(tables):
    """Return the tables as they will be once what Kubernetes left is removed, to compute the way back in advance."""
    rest = collections.OrderedDict()
    for name, table in tables.items():
        gone = set(own_rules(table))
        chains = set(own_chains(table))
        rules = [rule for rule in table["rules"] if rule not in gone]
        lengths = collections.Counter(rule.chain for rule in rules)
        rest[name] = {"chains": [chain for chain in table["chains"] if chain not in chains], "rules": rules, "lengths": lengths}
    return rest


def listing(tables):
    """Return the rules as lines for a diff, without counters."""
    lines = []
    for name, table in tables.items():
        lines.append("*" + name)
        lines += [":" + chain for chain in table["chains"]] + [rule.line for rule in table["rules"]]
    return "".join(line + "\n" for line in lines)


def _transaction(table, lines):
    return "".join(line + "\n" for line in ["*" + table] + lines + ["COMMIT"])
