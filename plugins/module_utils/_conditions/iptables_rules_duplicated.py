# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""The same netfilter rules again and again: packets walk through thousands of copies, ksoftirqd takes a CPU."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from .._condition import Condition, at_risk, faulty, not_applicable, ok, unknown
from .._facts.iptables_dumps import BACKENDS, lack_of
from .._facts.netfilter_backends import VERSIONS
from .._facts.pending_restores import told

# Of all rules of a dump: a cluster with thousands of Services has many rules, and a few that are alike (node_facts 3.4).
SHARE = 0.2


def evaluate(iptables_dumps, maximum_surplus_rules, persisted_rules=None, pending_restores=None):
    places = [(backend, version, iptables_dumps[backend][version]) for backend in BACKENDS for version in VERSIONS]
    dumps = [("%s %s" % (backend, version), dump) for backend, version, dump in places if dump["loaded"]]
    evidence = {
        "maximum_surplus_rules": maximum_surplus_rules,
        "dumps": dict((name, dict((key, dump[key]) for key in ("total", "surplus", "copies"))) for name, dump in dumps),
        "unavailable": dict((name, lack_of(dump)) for name, dump in dumps if lack_of(dump)),
        "persisted": _persisted(persisted_rules, maximum_surplus_rules),
    }
    for name, dump in dumps:
        if _too_many(dump, maximum_surplus_rules):
            message = "%d of %d %s rules are copies: %s." % _told(name, dump)
            return faulty("RulesDuplicated", message + _told_files(evidence), **evidence)
    return _unavailable(evidence) or _pending(pending_restores, evidence) or _saved(dumps, evidence) or _healthy(dumps, evidence)


def _too_many(counted, maximum_surplus_rules):
    return counted["surplus"] > maximum_surplus_rules and counted["surplus"] > SHARE * counted["total"]


def _persisted(persisted_rules, maximum_surplus_rules):
    """What comes back at the next boot proves no fault of now; what nobody restores does not come back."""
    found = persisted_rules or {"files": {}, "not_parsed": []}
    restored = [(path, counted) for path, counted in found["files"].items() if counted["restored"] is not False]
    duplicated = sorted(path for path, counted in restored if _too_many(counted, maximum_surplus_rules))
    return dict(found, duplicated=duplicated)


def _told_files(evidence):
    files = evidence["persisted"]["files"]
    told = ["%s has %d copies among %d rules" % (path, files[path]["surplus"], files[path]["total"]) for path in evidence["persisted"]["duplicated"]]
    return " Files bring copies back at boot: %s." % ", ".join(told) if told else ""


def _told(name, dump):
    owners = {}
    for place in dump["copies"]:
        owners.setdefault(place["owner"], []).append("%d in %s %s" % (place["rules"], place["table"], place["chain"]))
    told = "; ".join("%s has %s" % (owner, ", ".join(owners[owner][:3])) for owner in sorted(owners))
    return dump["surplus"], dump["total"], name, told


def _unavailable(evidence):
    lacks = sorted(evidence["unavailable"].items())
    for name, lack in lacks:
        if lack["reason"] == "TimedOut":
            message = "The %s rules could not be listed in time, as where there are very many (%s)." % (name, lack["message"])
            return at_risk("DumpTimedOut", message + _told_files(evidence), **evidence)
    for name, lack in lacks:
        return unknown(lack["reason"], "The %s rules could not be listed: %s" % (name, lack["message"]), **evidence)
    return None


def _pending(restores, evidence):
    """What is seen now will not be there in a moment, so that it proves nothing."""
    sentence = told(restores, "iptables_duplicates")
    return unknown("RestorePending", sentence, pending_restores=restores, **evidence) if sentence else None


def _saved(dumps, evidence):
    if not evidence["persisted"]["duplicated"]:
        return None
    message = "%s%s iptables_duplicates_persisted=true has the role take them out there." % (_few(dumps), _told_files(evidence))
    return at_risk("CopiesSaved", message, **evidence)


def _healthy(dumps, evidence):
    return ok("FewCopies", _few(dumps), **evidence) if dumps else not_applicable("NoRules", _few(dumps), **evidence)


def _few(dumps):
    if not dumps:
        return "The kernel has loaded no netfilter backend."
    return "%d of %d rules are copies of others." % tuple(sum(dump[key] for unused, dump in dumps) for key in ("surplus", "total"))


CONDITION = Condition(
    id="iptables_rules_duplicated",
    evaluate=evaluate,
    role="nodemend.kubernetes.iptables_duplicates",
    remedy_scope="node",
    remediate_on="faulty",
    disruption="none",
)
