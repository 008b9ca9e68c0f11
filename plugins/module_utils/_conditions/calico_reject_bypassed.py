# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""Calico before 3.16 accepts what policy allows before kube-proxy can reject it: Services without endpoints hang."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from .. import _version
from .._condition import Condition, at_risk, faulty, not_applicable, ok, unknown
from .._facts.iptables_dumps import lack_of
from .._facts.netfilter_backends import VERSIONS

# Felix moved the accept to the end of FORWARD in this release and in no branch before it (felix PR 2424, cluster_facts 3.1).
FIXED = (3, 16, 0)
BACKENDS = ("nft", "legacy")


def evaluate(node, calico, kube_proxy, iptables_dumps):
    seen = by_rule(iptables_dumps)
    evidence = {"by_rule": seen, "by_version": by_version(calico), "kube_proxy": kube_proxy, "calico": calico}
    if not calico["present"] and not seen["calico_rules"]:
        if not node["present"]:
            return not_applicable("NotANode", "This host runs neither Kubernetes nor a container runtime.")
        return not_applicable("NoCalico", "Calico does not run here.")
    if kube_proxy["mode"] in ("ipvs", "nftables"):
        return not_applicable("ProxyMode", "kube-proxy in %s mode rejects elsewhere." % kube_proxy["mode"], **evidence)
    if calico["dataplane"] is not None:
        return not_applicable("OtherDataplane", "Calico's %s dataplane has no such rule." % calico["dataplane"], **evidence)
    return _by_rule(seen, evidence) or _by_version(calico, seen, evidence)


def by_rule(dumps):
    """Return {bypassed, mitigated, stale, after, fixed, calico_rules, unavailable}: places ("nft ipv4") by what stands there.

    bypassed     the accept is in cali-FORWARD and reached before KUBE-SERVICES
    mitigated    it is there, but returns (iptablesFilterAllowAction)
    after        it is there, but KUBE-SERVICES comes first (chainInsertMode Append), or is not reached from FORWARD at all
    stale        it is there, in a backend without KUBE-SERVICES
    fixed        Calico filters here, and the accept is not in cali-FORWARD
    """
    seen = dict((name, []) for name in ("bypassed", "mitigated", "after", "stale", "fixed", "calico_rules"))
    seen["unavailable"] = {}
    for backend in BACKENDS:
        for version in VERSIONS:
            dump = dumps[backend][version]
            place = "%s %s" % (backend, version)
            lack = lack_of(dump, "filter")
            if lack:
                seen["unavailable"][place] = lack
            if dump["tables"].get("filter", {"rules": {}})["rules"].get("cali"):
                seen["calico_rules"].append(place)
                seen[_kind(dump)].append(place)
    return seen


def _kind(dump):
    accept, forward = dump["policy_accept"], dump["forward"]
    if accept is None:
        return "fixed"
    if not dump["kube_services"]:
        return "stale"
    if accept["target"] != "ACCEPT":
        return "mitigated"
    if "cali-FORWARD" not in forward or "KUBE-SERVICES" not in forward or forward["KUBE-SERVICES"] < forward["cali-FORWARD"]:
        return "after"
    return "bypassed"


def by_version(calico):
    """Return whether the version is known to have the fault; None where the version is unknown or not to be compared."""
    if calico["version"] is None or calico["edition"] == "enterprise":
        return None
    return _version.older(_version.parse(calico["version"]), FIXED)


def _by_rule(seen, evidence):
    if seen["bypassed"]:
        return faulty(
            "AcceptBeforeReject",
            "Calico accepts in cali-FORWARD (%s) before KUBE-SERVICES can reject: connections to Services without endpoints hang."
            % ", ".join(seen["bypassed"]),
            **evidence
        )
    if seen["unavailable"]:
        return None
    if seen["mitigated"] or seen["after"]:
        how = "it returns instead of accepting" if seen["mitigated"] else "FORWARD does not reach KUBE-SERVICES after it"
        return ok("Mitigated", "Calico's accept stands in cali-FORWARD, but %s." % how, **evidence)
    if seen["stale"]:
        return ok(
            "StaleBackend",
            "Calico's accept stands in %s, where kube-proxy has no rules: see iptables_backend_mismatch." % ", ".join(seen["stale"]),
            **evidence
        )
    if seen["fixed"]:
        return ok("AcceptedLast", "Calico accepts nothing inside cali-FORWARD, so that kube-proxy can reject before it.", **evidence)
    return ok("NoCalicoRules", "Calico has written no filter rules here.", **evidence)


def _by_version(calico, seen, evidence):
    """The rules could not be read in full: only what the version says is left."""
    place = sorted(seen["unavailable"])[0]
    lack = seen["unavailable"][place]
    told = "the %s rules could not be listed (%s)" % (place, lack["reason"])
    affected = by_version(calico)
    if affected is None:
        return unknown(lack["reason"], "%s, and Calico's version does not tell: %s" % (told, lack["message"]), **evidence)
    if affected:
        return at_risk("VersionOnly", "Calico %s has this fault, but %s." % (calico["version"], told), **evidence)
    return ok("VersionFixed", "Calico %s does not have this fault; %s." % (calico["version"], told), **evidence)


CONDITION = Condition(
    id="calico_reject_bypassed",
    evaluate=evaluate,
    role="nodemend.kubernetes.calico",
    remedy_scope="cluster",
    remediate_on="faulty",
    disruption="restart",
    node_only=False,
)
