# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""A Calico whose image was changed and whose roles were not: its accounts lack what this version asks for."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from .. import _calico_rbac
from .._condition import Condition, faulty, not_applicable, ok, unknown
from .._facts.calico_installation import ADDON_MANAGER

# Who installs so brings the roles along and puts them back: nothing of ours may be held against them.
KEPT = ("operator", "helm", "rke2")
SHOWN = 5


def evaluate(calico_installation, calico_rbac):
    installation = calico_installation
    if not installation["present"]:
        return not_applicable("NoCalico", "No Calico is installed in this cluster.")
    evidence = {"method": installation["method"], "accounts": calico_rbac}
    if installation["method"] in KEPT or installation["managed_by"] == ADDON_MANAGER:
        message = "Calico's roles belong to its installer (%s), which puts them back." % installation["managed_by"]
        return not_applicable("InstallerKeepsRoles", message, **evidence)
    if installation["datastore"] != "kubernetes":
        return not_applicable("OtherDatastore", "With etcd as its datastore Calico needs other, fewer permissions.", **evidence)
    if any(item["edition"] == "enterprise" for item in installation["nodes"]):
        return unknown("Enterprise", "What Calico Enterprise needs is not known.", **evidence)
    lacking = [account for account in calico_rbac if account["missing"]]
    if lacking:
        return faulty("RulesMissing", " ".join(told(account) for account in lacking), **evidence)
    unclear = [account for account in calico_rbac if not account["versions"]]
    if unclear or any(item["version"] is None for item in installation["nodes"]):
        return unknown("VersionUnknown", "Not all of Calico's images tell their version, nor therefore what it needs.", **evidence)
    return ok("Complete", "The roles of Calico's accounts grant all that the running versions need.", **evidence)


def told(account):
    """Return the sentence that names what an account lacks."""
    missing = _calico_rbac.described([_calico_rbac.Permission(**item) for item in account["missing"]])
    more = "; and %d more" % (len(missing) - SHOWN) if len(missing) > SHOWN else ""
    return "The account %s/%s of Calico %s may not: %s%s." % (
        account["namespace"],
        account["name"],
        ", ".join(account["versions"]),
        "; ".join(missing[:SHOWN]),
        more,
    )


CONDITION = Condition(
    id="calico_rbac_incomplete",
    evaluate=evaluate,
    scope="cluster",
    role="nodemend.kubernetes.calico",
    remedy_scope="cluster",
    remediate_on="faulty",
    disruption="restart",
    variables={"calico_rbac_only": True},
)
