# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""Kubernetes' netfilter rules are split over the legacy and the nf_tables backend: Services that answer now and then, or never."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from .._condition import Condition, at_risk, faulty, not_applicable, ok, unknown
from .._facts.iptables_dumps import lack_of
from .._facts.netfilter_backends import VERSIONS
from .._facts.pending_restores import told
from .._rules import FAMILIES, OTHERS

BACKENDS = ("nft", "legacy")
_OTHERS = tuple(family for family, unused in OTHERS)


def evaluate(node, kubelet, iptables_dumps, iptables_binaries, kube_proxy, calico, iptables_callers=None, pending_restores=None):
    rules = rules_by_family(iptables_dumps)
    hints = hint_backends(iptables_dumps)
    command = iptables_binaries["iptables"]
    evidence = {
        "rules": rules,
        "hints": hints,
        "host_iptables": command,
        "callers": iptables_callers,
        "unavailable": _unavailable(iptables_dumps),
    }
    if not any(rules.values()) and not node["present"]:
        return not_applicable("NotANode", "This host runs neither Kubernetes nor a container runtime.")
    if without_iptables(kube_proxy, calico):
        return not_applicable("OtherDataplane", "Neither kube-proxy nor the network writes iptables rules here.", **evidence)
    return (
        _split_family(rules, evidence)
        or _split_filter(iptables_dumps, evidence)
        or _wrong_binary(rules, iptables_callers or [], evidence)
        or _unreadable(evidence)
        or _pending(pending_restores, evidence)
        or _at_risk(rules, hints, command, evidence)
        or _healthy(rules, hints, kubelet, evidence)
    )


def rules_by_family(dumps):
    """Return {family: {"nft ipv4": number, ...}} of all rules found; a family without rules is left out."""
    found = {}
    for backend in BACKENDS:
        for version in VERSIONS:
            for table in dumps[backend][version]["tables"].values():
                for family, number in table["rules"].items():
                    place = "%s %s" % (backend, version)
                    counts = found.setdefault(family, {})
                    counts[place] = counts.get(place, 0) + number
    return found


def hint_backends(dumps):
    """Return the backends in which the kubelet has left a hint chain."""
    return [backend for backend in BACKENDS if any(dumps[backend][version]["hints"] for version in VERSIONS)]


def without_iptables(kube_proxy, calico):
    """Return whether both Services and network are programmed by nf_tables itself or by eBPF."""
    other_network = calico["dataplane"] is not None or kube_proxy["ebpf_agent"] is not None
    other_proxy = kube_proxy["mode"] == "nftables" or not kube_proxy["running"]
    return other_network and other_proxy


def _in(rules, family, backend):
    return [place for place in rules.get(family, {}) if place.startswith(backend + " ")]


def _both(rules, family):
    """Return the IP version for which a family has rules in both backends, or None."""
    for version in VERSIONS:
        if all("%s %s" % (backend, version) in rules.get(family, {}) for backend in BACKENDS):
            return version
    return None


def _split_family(rules, evidence):
    for family in FAMILIES:
        version = _both(rules, family)
        if version:
            counts = rules[family]
            return faulty(
                "SplitFamily",
                "%s has %s rules in both backends: %d in nft and %d in legacy."
                % (family, version, counts["nft " + version], counts["legacy " + version]),
                **evidence
            )
    return None


def _split_filter(dumps, evidence):
    for version in VERSIONS:
        where = dict((family, _filter_backends(dumps, family, version)) for family in ("cali", "KUBE"))
        # Each in one backend: a family in both has been answered before.
        if where["cali"] and where["KUBE"] and not set(where["cali"]) & set(where["KUBE"]):
            return faulty(
                "SplitFilter",
                "Calico filters %s in %s and kube-proxy in %s: neither sees what the other accepts or rejects."
                % (version, where["cali"][0], where["KUBE"][0]),
                **evidence
            )
    return None


def _filter_backends(dumps, family, version):
    empty = {"rules": {}}
    return [backend for backend in BACKENDS if dumps[backend][version]["tables"].get("filter", empty)["rules"].get(family)]


def _wrong_binary(rules, callers, evidence):
    """The rules stand in one backend, and something on the host is known to write into the other one."""
    places = [backend for backend in BACKENDS if _in(rules, "KUBE", backend)]
    if len(places) != 1:
        return None
    for caller in callers:
        if caller["backend"] != places[0]:
            return faulty(
                "WrongBinary",
                "The rules of Kubernetes are in %s, but %s, which speaks %s." % (places[0], caller["why"], caller["backend"]),
                **evidence
            )
    return None


def _unavailable(dumps):
    lacks = (("%s %s" % (backend, version), lack_of(dumps[backend][version])) for backend in BACKENDS for version in VERSIONS)
    return dict((place, lack) for place, lack in lacks if lack)


def _unreadable(evidence):
    for place in sorted(evidence["unavailable"]):
        lack = evidence["unavailable"][place]
        return unknown(lack["reason"], "The %s rules could not be listed: %s" % (place, lack["message"]), **evidence)
    return None


def _pending(restores, evidence):
    """What is seen now will not be there in a moment, so that it proves nothing."""
    sentence = told(restores, "iptables_backend")
    return unknown("RestorePending", sentence, pending_restores=restores, **evidence) if sentence else None


def _at_risk(rules, hints, command, evidence):
    if len(hints) == 2:
        return at_risk(
            "HintsInBoth",
            "The kubelet has left its hint chains in both backends; whatever starts next may choose the one without rules.",
            **evidence
        )
    for family in _OTHERS:
        version = _both(rules, family)
        if version:
            return at_risk("OtherFamilySplit", "%s has %s rules in both backends." % (family, version), **evidence)
    homes = dict((family, sorted(set(place.split(" ")[0] for place in rules[family]))) for family in rules)
    if len(set(backend for backends in homes.values() for backend in backends)) > 1:
        told = ", ".join("%s in %s" % (family, " and ".join(homes[family])) for family in sorted(homes))
        return at_risk("FamiliesApart", "Rules that work together are in different backends: %s." % told, **evidence)
    hint = hints[0] if hints else homes.get("KUBE", [None])[0]
    if hint and command and command["backend"] not in (None, hint):
        return at_risk(
            "BinaryDiffers",
            "Kubernetes uses %s, but %s speaks %s; nothing is known to call it." % (hint, command["path"], command["backend"]),
            **evidence
        )
    return None


def _healthy(rules, hints, kubelet, evidence):
    backends = sorted(set(place.split(" ")[0] for counts in rules.values() for place in counts))
    if backends:
        total = sum(sum(counts.values()) for counts in rules.values())
        return ok("OneBackend", "All %d rules of Kubernetes and its network are in %s." % (total, backends[0]), **evidence)
    if not kubelet["running"] and not hints:
        return not_applicable("NoKubernetesRules", "No kubelet runs and no backend has rules of Kubernetes.", **evidence)
    return ok("NoRules", "No backend has rules of Kubernetes or its network yet.", **evidence)


CONDITION = Condition(
    id="iptables_backend_mismatch",
    evaluate=evaluate,
    role="nodemend.kubernetes.iptables_backend",
    remedy_scope="node",
    remediate_on="faulty",
    disruption="drain",
    node_only=False,
)
