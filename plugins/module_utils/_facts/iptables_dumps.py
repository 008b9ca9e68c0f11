# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""Fact: what the loaded iptables backends hold: rules counted by who wrote them, and the copies; two kinds that decide are shown."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from .. import _rules
from .._host import Unavailable
from .._source import runs
from .netfilter_backends import VERSIONS

BACKENDS = ("legacy", "nft")
# Chains that the kubelet creates in the backend it speaks, in the table mangle (node_facts 2.2).
HINTS = ("KUBE-IPTABLES-HINT", "KUBE-KUBELET-CANARY")
# Targets after which no later rule of the chain sees a packet, and how many such rules are kept to be shown.
ENDS = (" -j DROP", " -j REJECT")
KEPT = 20
# Different rules of one table that are told apart, and places of copies that are counted: beyond them copies may be overlooked.
REMEMBERED = 250000
PLACES = 1000
# Pods of CNI plugins' rules that are told apart: a node has some hundreds; beyond this a plugin has left rules behind. The same for host
# ports and the administrator's own rules.
PODS = 1000
COMMANDS = {"ipv4": "iptables", "ipv6": "ip6tables"}

# Never -t and never -S: those create the table they look for (node_facts 0, 2.2).
SOURCES = (
    runs("*ip*tables-legacy-save", "the legacy rules; run only where a legacy table is registered", root=True),
    runs("*ip*tables-nft-save", "the nf_tables rules; run only where nf_tables is in the kernel", root=True),
    runs("*ip*tables-save", "the same, where the host has no command with the backend in its name", root=True),
)


class Dump(object):
    """Counts the lines of one dump as they come; its size does not depend on theirs."""

    def __init__(self):
        self.summary = _empty()
        self._table = None
        self._name = None
        self._forward = 0
        self._forwarded = False  # whether a rule of Kubernetes or its network has been met in filter FORWARD
        self._policy = None
        self._seen = set()  # hashes of the table's rules: a hundredth of the rules' own size where most are copies
        self._copied = {}  # {hash: place of a rule that was met again, None where its copies are meant}
        self._places = {}  # {(table, chain, owner): number of copies}
        self._pods = set()
        self._host_ports = set()
        self._admin = set()

    def feed(self, line):
        first = line[:1]
        if first == "-":
            self._rule(line)
        elif first == ":":
            self._chain(*line[1:].split(" ")[:2])
        elif first == "*":
            self._name = line[1:].strip()
            self._table = self.summary["tables"].setdefault(self._name, {"chains": {}, "rules": {}, "foreign": 0})
            self._forward = 0
            self._seen = set()
            self._copied = {}
        elif line.startswith("# Table `") and "is incompatible" in line:
            # Its rules are left out: a newer iptables wrote them, or nft itself. A table that only "contains incompatible
            # base-chains" beside iptables' own is listed all the same.
            self.summary["incompatible"].append(line.split("`", 1)[1].split("'", 1)[0])
        elif line and first != "#" and line != "COMMIT":
            raise ValueError("not a line of iptables-save: %r" % line[:80])

    def copies(self):
        """Return the places with the most copies, at most 20."""
        most = sorted(self._places.items(), key=lambda item: (-item[1], item[0]))[:KEPT]
        return [{"table": table, "chain": chain, "owner": owner, "rules": number} for (table, chain, owner), number in most]

    def pods(self):
        """Return the pods of CNI plugins' rules, None where there are too many."""
        return _sorted(self._pods)

    def host_ports(self):
        """Return the chains of sandboxes' host ports that have rules, None where there are too many."""
        return _sorted(self._host_ports)

    def admin(self):
        """Return the administrator's own rules in CNI-ADMIN, None where there are too many."""
        return _sorted(self._admin)

    def _count(self, line):
        self.summary["total"] += 1
        key = hash(line)
        if key not in self._seen:
            if len(self._seen) < REMEMBERED:
                self._seen.add(key)
            return
        if key not in self._copied:
            place = (self._name, line[3:].split(" ", 1)[0], _rules.owner_of_rule(line))
            self._copied[key] = None if _rules.meant_twice(line) else place
        place = self._copied[key]
        if place is not None:
            self.summary["surplus"] += 1
            if place in self._places or len(self._places) < PLACES:
                self._places[place] = self._places.get(place, 0) + 1

    def _chain(self, name, policy="-"):
        if self._table is None:
            raise ValueError("a chain before any table: %r" % name[:80])
        if name == "FORWARD" and self._name == "filter":
            self._policy = policy
        family = _rules.family_of_chain(name)
        if family is not None:
            self._table["chains"][family] = self._table["chains"].get(family, 0) + 1
        if name in HINTS and name not in self.summary["hints"]:
            self.summary["hints"].append(name)
        if name == "KUBE-SERVICES" and self._name == "filter":
            self.summary["kube_services"] = True

    def _rule(self, line):
        if self._table is None or not line.startswith("-A "):
            raise ValueError("not a rule of iptables-save: %r" % line[:80])
        self._count(line)
        family = _rules.family_of_rule(line)
        if family is None:
            self._table["foreign"] += 1
        else:
            self._table["rules"][family] = self._table["rules"].get(family, 0) + 1
        if family == "CNI":
            _add(self._pods, _rules.pod_of_rule(line))
            _add(self._admin, line if _rules.is_admins(line) else None)
        elif family == "KUBE":
            _add(self._host_ports, _rules.host_port_of_rule(line))
        if line.startswith("-A KUBE-SERVICES ") and self._name in ("filter", "nat"):
            self.summary["services"] += 1
        if self._name == "filter" and line.startswith("-A FORWARD "):
            ends = family is None and any(text in line for text in ENDS)
            target = _rules.target_of(_rules.words(line)) if family or ends else None
            if target in ("KUBE-SERVICES", "cali-FORWARD"):
                self.summary["forward"].setdefault(target, self._forward)
            elif ends and target in ("DROP", "REJECT") and len(self.summary["forward_ends"]) < KEPT:
                self.summary["forward_ends"].append(line)
            if family in _rules.FAMILIES and not self._forwarded:
                self._forwarded = True
                self.summary["forward_behind"] = None if self._policy in (None, "ACCEPT") else "policy %s" % self._policy
            elif ends and target in ("DROP", "REJECT") and self._forwarded and self.summary["forward_behind"] is None:
                self.summary["forward_behind"] = line
            self._forward += 1
        elif self._name == "filter" and line.startswith("-A cali-FORWARD ") and _rules.POLICY_ACCEPT in line:
            self.summary["policy_accept"] = {"target": _rules.target_of(_rules.words(line)), "rule": line}
        elif self._name == "nat" and line.startswith("-A KUBE-SERVICES ") and "--match-set KUBE-" in line:
            self.summary["ipvs"] = True


def _add(found, name):
    """Add what is not None, until it is known that there are too many."""
    if name is not None and len(found) <= PODS:
        found.add(name)


def _sorted(found):
    return sorted(found) if len(found) <= PODS else None


def _empty(loaded=True, unavailable=None):
    return {
        "loaded": loaded,
        "unavailable": unavailable,
        "tables": {},
        "hints": [],
        "incompatible": [],
        "kube_services": False,
        "services": 0,
        "pods": [],
        "host_ports": [],
        "admin": [],
        "forward": {},
        "forward_ends": [],
        "forward_behind": None,
        "policy_accept": None,
        "ipvs": False,
        "total": 0,
        "surplus": 0,
        "copies": [],
    }


def collect(host, netfilter_backends, iptables_binaries, dump_timeout):
    """Return {legacy: {ipv4: dump, ipv6: dump}, nft: {ipv4: dump, ipv6: dump}}; a dump is a dict:

    loaded         whether the kernel has this backend (legacy: whether a table is registered); all else is empty where not
    unavailable    {reason, message} where it is loaded and could not be listed, else None
    tables         {table: {chains: {family: number}, rules: {family: number}, foreign: number}}
    hints          the kubelet's hint chains
    incompatible   tables that this iptables cannot read
    kube_services  whether the filter table has the chain KUBE-SERVICES
    services       number of rules in the chains KUBE-SERVICES of nat and filter: 0 until kube-proxy has written
    pods           the pods that CNI plugins have written rules for, by the id of their sandbox or their address; None above 1000
    host_ports     the chains KUBE-HP-... with rules, each of one host port of one sandbox (CRI-O; the kubelet with Docker's kubenet); None above 1000
    admin          the rules in CNI-ADMIN, which the administrator has written and no program writes again; None above 1000
    forward        {KUBE-SERVICES, cali-FORWARD}: position of the first jump to each in filter FORWARD
    forward_ends   rules in filter FORWARD that drop or reject and are neither Kubernetes' nor a network's, at most 20
    forward_behind what stops packets in filter FORWARD behind the rules of Kubernetes or its network there: a policy or such a rule; or None
    policy_accept  {target, rule} of Calico's accept inside cali-FORWARD, or None
    ipvs           whether nat KUBE-SERVICES matches ipsets, as kube-proxy writes it in ipvs mode only
    total          number of rules
    surplus        of these, identical to an earlier one of their table; without those that count, draw lots or log, where it may be meant
    copies         [{table, chain, owner, rules}]: where the surplus is, at most 20 places
    """
    dumps = {}
    for backend in BACKENDS:
        dumps[backend] = {}
        for version in VERSIONS:
            dumps[backend][version] = _dump(host, netfilter_backends, iptables_binaries, dump_timeout, backend, version)
    return dumps


def _dump(host, netfilter_backends, iptables_binaries, dump_timeout, backend, version):
    if backend == "legacy":
        if netfilter_backends["unavailable"][version]:
            return _empty(unavailable=netfilter_backends["unavailable"][version])
        if not netfilter_backends["legacy"][version]:
            return _empty(loaded=False)
    elif netfilter_backends["nft"] is None:
        message = "Whether nf_tables is in the kernel cannot be told: the running kernel's modules.builtin is missing."
        return _empty(unavailable={"reason": "Unreadable", "message": message})
    elif not netfilter_backends["nft"]:
        return _empty(loaded=False)
    command = _command(host, iptables_binaries, backend, version)
    if not host.is_root():
        return _empty(unavailable={"reason": "NeedsRoot", "message": "%s: only root may list the rules." % command})
    dump = Dump()
    try:
        host.each_line([command], dump.feed, dump_timeout)
    except Unavailable as exc:
        return _empty(unavailable={"reason": exc.reason, "message": exc.message})
    except ValueError as exc:
        return _empty(unavailable={"reason": "Unreadable", "message": str(exc)})
    return dict(dump.summary, copies=dump.copies(), pods=dump.pods(), host_ports=dump.host_ports(), admin=dump.admin())


def _command(host, iptables_binaries, backend, version):
    """Return the -save command of a backend; EL 7 (legacy) and EL 8 (nft) may have only the one without its name."""
    name = "%s-%s-save" % (COMMANDS[version], backend)
    plain = iptables_binaries[COMMANDS[version]]
    if host.which(name) is None and plain is not None and plain["backend"] == backend:
        return COMMANDS[version] + "-save"
    return name


def lack_of(dump, table=None):
    """Return {reason, message} of why a dump, or that table of it, does not tell all; None where it does.

    iptables-save leaves out the whole of a table where one rule is beyond it, and still succeeds.
    """
    left_out = [name for name in dump["incompatible"] if table in (None, name)]
    if dump["unavailable"] or not left_out:
        return dump["unavailable"]
    message = "This iptables cannot read the tables %s: a newer one or nft itself has written them" % ", ".join(left_out)
    return {"reason": "Unreadable", "message": message}
