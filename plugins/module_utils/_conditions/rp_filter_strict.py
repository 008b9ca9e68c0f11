# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""The reverse path filter is set as an old network agent cannot use it: packets are dropped, or the agent does not start."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from .. import _version
from .._condition import Condition, at_risk, faulty, not_applicable, ok, unknown

STRICT, LOOSE = 1, 2
# From 3.12 on Felix filters by a rule of its own (node_facts 7.2).
CALICO_INDEPENDENT = "3.12"


def evaluate(rp_filter, calico):
    evidence = {"rp_filter": rp_filter}
    if rp_filter["aws"] is not None:
        return _aws(rp_filter, evidence)
    if not calico["present"]:
        return not_applicable("NoSuchCni", "Neither the AWS VPC CNI nor Calico is here; others do not mind.", **evidence)
    evidence["calico_version"] = calico["version"]
    if calico["version"] is None and rp_filter["all"] != LOOSE:
        return ok("Accepted", "net.ipv4.conf.all.rp_filter is %d, which every Calico accepts." % rp_filter["all"], **evidence)
    if calico["version"] is None:
        return unknown(
            "VersionUnknown",
            "net.ipv4.conf.all.rp_filter is 2, which Calico before 3.12 does not accept; its version cannot be told.",
            **evidence
        )
    if calico["edition"] == "enterprise" or not _version.older(_version.parse(calico["version"]), _version.parse(CALICO_INDEPENDENT)):
        return not_applicable("NotUsed", "Calico %s filters by a rule of its own." % calico["version"], **evidence)
    if rp_filter["all"] == LOOSE and not _ignored(calico):
        return faulty(
            "LooseForCalico",
            "net.ipv4.conf.all.rp_filter is 2 (loose): Felix of Calico %s does not start with it." % calico["version"],
            **evidence
        )
    return ok("Accepted", "net.ipv4.conf.all.rp_filter is %d, which Calico %s accepts." % (rp_filter["all"], calico["version"]), **evidence)


def _aws(rp_filter, evidence):
    if rp_filter["effective"] != STRICT:
        return ok("NotStrict", "The reverse path filter of %s is %d, not strict." % (rp_filter["primary"], rp_filter["effective"]), **evidence)
    told = (
        "The reverse path filter of %s is 1 (strict): answers to NodePorts that leave through another interface are dropped"
        % rp_filter["primary"]
    )
    if rp_filter["aws"]["configures"] is not None:
        return faulty("StrictForAws", told + ".", **evidence)
    return at_risk("StrictForAws", told + " by AWS VPC CNIs that rely on it; whether this one does cannot be told.", **evidence)


def _ignored(calico):
    return (calico["felix"] or {}).get("FELIX_IGNORELOOSERPF", "").lower() == "true"


CONDITION = Condition(
    id="rp_filter_strict",
    evaluate=evaluate,
    role="nodemend.kubernetes.kernel_sysctls",
    remedy_scope="node",
    remediate_on="faulty",
    disruption="none",
)
