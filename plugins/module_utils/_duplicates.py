# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""Which copies of netfilter rules can go without any packet being treated otherwise. Pure.

A copy is superfluous when no packet that reaches it is changed or decided over by it: the first copy, which stays, has
done that already. This holds where the rule does no more than compare, decide, mark or call such rules, and where
nothing between the two copies changes what is compared. All else, and all that is not known here, stays.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import array
import collections

from . import _rules

# Whose copies may go. Of Weave, Cilium, kube-vip, ufw, libvirt and the site's own rules nothing is known.
OWNERS = _rules.FAMILIES + ("docker",)
# More different rules than that are nobody's leak, and would take memory.
MAXIMUM_TEXTS = 250000
# Calls of calls; the kernel allows no loop.
MAXIMUM_DEPTH = 100

# What is known, option: number of its values. Nothing here counts, draws lots, remembers or asks for the time.
_SELECTORS = {"-s": 1, "-d": 1, "-i": 1, "-o": 1, "-p": 1, "-f": 0}
_MATCHES = {
    "addrtype": {"--src-type": 1, "--dst-type": 1, "--limit-iface-in": 0, "--limit-iface-out": 0},
    "comment": {"--comment": 1},
    "connmark": {"--mark": 1},
    "conntrack": {"--ctstate": 1, "--ctproto": 1, "--ctorigsrc": 1, "--ctorigdst": 1, "--ctorigdstport": 1, "--ctreplsrc": 1, "--ctdir": 1},
    "icmp": {"--icmp-type": 1},
    "icmp6": {"--icmpv6-type": 1},
    "iprange": {"--src-range": 1, "--dst-range": 1},
    "mark": {"--mark": 1},
    "multiport": {"--ports": 1, "--sports": 1, "--dports": 1},
    "physdev": {"--physdev-in": 1, "--physdev-out": 1, "--physdev-is-in": 0, "--physdev-is-out": 0, "--physdev-is-bridged": 0},
    "sctp": {"--sport": 1, "--dport": 1},
    "set": {"--match-set": 2},
    "state": {"--state": 1},
    "tcp": {"--sport": 1, "--dport": 1, "--tcp-flags": 2, "--tcp-option": 1},
    "udp": {"--sport": 1, "--dport": 1},
}
# Targets after which the packet is seen by no later rule of the chain.
_ENDS = {
    "ACCEPT": {},
    "DROP": {},
    "RETURN": {},
    "REJECT": {"--reject-with": 1},
    "DNAT": {"--to-destination": 1, "--random": 0, "--persistent": 0},
    "SNAT": {"--to-source": 1, "--random": 0, "--random-fully": 0, "--persistent": 0},
    "MASQUERADE": {"--to-ports": 1, "--random": 0, "--random-fully": 0},
    "REDIRECT": {"--to-ports": 1, "--random": 0},
}
# Targets that change nothing in a packet, though a second time is not nothing.
_WATCHERS = ("LOG", "NFLOG", "ULOG", "AUDIT")
_PACKET, _MARK, _CONNMARK = "packet", "mark", "connmark"
_COMPARED = {"mark": _MARK, "connmark": _CONNMARK}
_ALL = frozenset((_PACKET, _MARK, _CONNMARK))
# Whoever writes such a rule anew gives it its first quota again.
_QUOTA = " -m quota "

FOREIGN = "they are not Kubernetes', its network's or Docker's"
UNKNOWN = "they count, draw lots, log or do what is not known here"
CALLS = "they call rules that count, draw lots, log, mark twice or do what is not known here"
BETWEEN = "a rule between them may change what they compare"
QUOTA = "their chain has a quota, which would begin again"

# What a rule does. kind: "ends", "marks", "calls", "goes" or None where it is not known; target: its verdict or the chain
# it calls or goes to; reads: what it compares; plain: it compares nothing; again: to mark twice is to mark once.
_Rule = collections.namedtuple("_Rule", "kind target reads plain again")
# What a call of a chain does to those packets that come back.
_Call = collections.namedtuple("_Call", "known reads writes")

Change = collections.namedtuple("Change", "before after")
Left = collections.namedtuple("Left", "table chain why rules")


class Texts(object):
    """Numbers for the texts of rules: a copy costs four bytes."""

    def __init__(self):
        self.lines = []
        self._numbers = {}

    def number(self, line):
        number = self._numbers.get(line)
        if number is None:
            number = len(self.lines)
            if number >= MAXIMUM_TEXTS:
                raise ValueError("there are more than %d different rules" % MAXIMUM_TEXTS)
            self.lines.append(line)
            self._numbers[line] = number
        return number


class Dump(object):
    """The rules of one backend and IP version, from the lines that iptables-save prints (or text() has made)."""

    def __init__(self, texts):
        self.tables = collections.OrderedDict()  # {table: {chain: array of numbers}}
        self._texts = texts
        self._table = None

    def feed(self, line):
        first = line[:1]
        if first == "*":
            self._table = self.tables.setdefault(line[1:].strip(), collections.OrderedDict())
        elif line == "COMMIT":
            self._table = None
        elif line.startswith("# Table `") and "is incompatible" in line:
            raise ValueError("this iptables cannot read a table: %s" % line[2:])
        elif line and first != "#":
            if self._table is None:
                raise ValueError("not a line of iptables-save: %r" % line[:80])
            self._in_table(line)

    def end(self):
        """Return the tables; raise ValueError where the dump has stopped in the midst of one."""
        if self._table is not None:
            raise ValueError("the dump of the rules is not complete")
        return self.tables

    def _in_table(self, line):
        if line[:1] == ":":
            self._chain(line[1:].split(" ", 1)[0])
        elif line.startswith("-F "):
            self._chain(line[3:])
        elif line.startswith("-A "):
            if u"\ufffd" in line:
                raise ValueError("a rule is not UTF-8: %r" % line[:80])
            self._chain(line[3:].split(" ", 1)[0]).append(self._texts.number(line))
        else:
            raise ValueError("not a line of iptables-save: %r" % line[:80])

    def _chain(self, name):
        return self._table.setdefault(name, array.array("I"))


def plan(texts, tables):
    """Return ({table: {chain: Change}}, [Left]): the chains that have copies to remove, and the copies that stay with the reason."""
    changes, left = collections.OrderedDict(), []
    for name, chains in tables.items():
        table = _Table(texts, chains)
        for chain, numbers in chains.items():
            after, kept = table.without_copies(numbers)
            if len(after) != len(numbers):
                changes.setdefault(name, collections.OrderedDict())[chain] = Change(numbers, after)
            left += [Left(name, chain, why, kept[why]) for why in sorted(kept)]
    return changes, left


def contents(texts, table, chains):
    """Give the lines for iptables-restore --noflush that make chains {name: numbers} what they say, each ended."""
    yield "*%s\n" % table
    for chain in chains:
        yield "-F %s\n" % chain
    for numbers in chains.values():
        for number in numbers:
            yield texts.lines[number] + "\n"
    yield "COMMIT\n"


def contains(numbers, wanted):
    """Return whether the rules wanted are among the rules numbers, in their order."""
    rest = iter(numbers)
    return all(any(number == other for other in rest) for number in wanted)


def listing(texts, changes, most):
    """Return (before, after) for a diff: each rule that loses copies with their number, at most so many."""
    before, after, rest = [], [], 0
    for table, chains in changes.items():
        for change in chains.values():
            had, has = collections.Counter(change.before), collections.Counter(change.after)
            for number in sorted(had):
                if had[number] == has[number]:
                    continue
                if len(before) == most:
                    rest += 1
                    continue
                before.append("%d x %s: %s\n" % (had[number], table, texts.lines[number]))
                after.append("%d x %s: %s\n" % (has[number], table, texts.lines[number]))
    if rest:
        before.append("and %d other rules that have copies\n" % rest)
    return "".join(before), "".join(after)


class _Table(object):
    """What the rules of a table do, worked out once for each different one."""

    def __init__(self, texts, chains):
        self._texts = texts
        self._chains = chains
        self._rules = {}
        self._calls = {}

    def without_copies(self, numbers):
        """Return (the rules of a chain without superfluous copies, {why: number of copies that stay})."""
        if len(set(numbers)) == len(numbers):
            return numbers, {}
        after, left = array.array("I"), {}
        quota = any(_QUOTA in self._texts.lines[number] for number in set(numbers))
        seen, written = {}, {}  # position of the last copy that stays; of the last rule that changes what may be compared
        for position, number in enumerate(numbers):
            if number in seen:
                why = QUOTA if quota else self._needed(number, seen[number], written)
                if why is None:
                    continue
                left[why] = left.get(why, 0) + 1
            after.append(number)
            seen[number] = position
            for what in self._writes(number):
                written[what] = position
        return after, left

    def _needed(self, number, last, written):
        """Return why a copy of a rule whose last one stands at that position must stay, or None."""
        if _rules.owner_of_rule(self._texts.lines[number]) not in OWNERS:
            return FOREIGN
        rule = self._rule(number)
        if rule.kind is None or (rule.kind == "marks" and not rule.again):
            return UNKNOWN
        sensible = rule.reads
        if rule.kind == "marks":
            sensible = rule.reads | frozenset((_MARK,))
        elif rule.kind == "calls":
            call = self._call(rule.target, 0)
            if not call.known or call.writes & (rule.reads | call.reads):
                return CALLS
            sensible = rule.reads | call.reads | call.writes
        return BETWEEN if any(written.get(what, -1) > last for what in sensible) else None

    def _rule(self, number):
        if number not in self._rules:
            self._rules[number] = _understood(_rules.words(self._texts.lines[number])[2:], self._chains)
        return self._rules[number]

    def _writes(self, number, depth=0):
        """Return what a rule may change for those after it."""
        rule = self._rule(number)
        if rule.kind in ("ends", "goes"):
            return frozenset()  # for a packet that they take comes back behind the call of the chain, not behind them
        if rule.kind == "marks":
            return frozenset((_MARK,))
        if rule.kind == "calls":
            return self._call(rule.target, depth).writes
        # What it compares does not matter here, only what it does.
        target = _rules.target_of(_rules.words(self._texts.lines[number]))
        if target in self._chains:
            return self._call(target, depth).writes
        return frozenset() if target is None or target in _ENDS or target in _WATCHERS else _ALL

    def _call(self, chain, depth):
        if depth > MAXIMUM_DEPTH:
            return _Call(False, _ALL, _ALL)
        if chain not in self._calls:
            self._calls[chain] = self._called(self._chains[chain], depth)
        return self._calls[chain]

    def _called(self, numbers, depth):
        known, reads, writes = True, frozenset(), frozenset()
        back = True  # whether a packet that has passed this rule may still come back; from the last rule on
        for number in reversed(numbers):
            rule = self._rule(number)
            if rule.kind == "goes" or (rule.kind == "ends" and rule.target == "RETURN"):
                back = True
            elif rule.kind == "ends" and rule.plain:
                back = False
            reads |= rule.reads
            known = known and rule.kind is not None
            if rule.kind in ("calls", "goes"):
                call = self._call(rule.target, depth + 1)
                known, reads = known and call.known, reads | call.reads
                if rule.kind == "goes":
                    writes |= call.writes
            if back:
                writes |= self._writes(number, depth + 1)
                known = known and (rule.kind != "marks" or rule.again)
        return _Call(known, reads, writes)


def _understood(parts, chains):
    """Return the _Rule of what follows "-A CHAIN"; kind None unless every word is known."""
    unknown = _Rule(None, None, _ALL, False, False)
    options, reads, matches = dict(_SELECTORS), set([_PACKET]), set()
    index, words = 0, len(parts)
    while index < words and parts[index] not in ("-j", "-g"):
        word = parts[index]
        value = parts[index + 1] if index + 1 < words else None
        if word == "!":
            index += 1
        elif word == "-m":
            if value not in _MATCHES:
                return unknown
            options.update(_MATCHES[value])
            reads.add(_COMPARED.get(value, _PACKET))
            matches.add(value)
            index += 2
        elif word in options:
            if word in _SELECTORS:
                matches.add(word)
            index += 1 + options[word]
        else:
            return unknown
    if index + 1 >= words:
        return unknown
    verb, target, rest = parts[index], parts[index + 1], parts[index + 2 :]
    plain = matches <= set(["comment"])
    reads = frozenset(reads)
    if target in chains:
        if rest:
            return unknown
        return _Rule("goes" if verb == "-g" else "calls", target, reads, plain, False)
    if target == "MARK" and len(rest) == 2 and rest[0] == "--set-xmark":
        return _Rule("marks", None, reads, plain, _same_again(rest[1]))
    if target in _ENDS and _only(rest, _ENDS[target]):
        return _Rule("ends", target, reads, plain, False)
    return unknown


def _only(parts, options):
    index = 0
    while index < len(parts):
        if parts[index] not in options:
            return False
        index += 1 + options[parts[index]]
    return True


def _same_again(text):
    """Return whether mark = (mark & ~mask) ^ value gives the same a second time; "0x4000/0x0" inverts a bit."""
    value, unused, mask = text.partition("/")
    try:
        return not int(value, 0) & ~int(mask, 0)
    except ValueError:
        return False
