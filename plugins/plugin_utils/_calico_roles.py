# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""The roles of Calico's accounts: completed alone, and what an upgrade takes from them. Pure."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import copy

from ..module_utils import _calico_rbac
from ..module_utils._facts import calico_installation, calico_rbac
from . import _calico_cluster as cluster
from . import _calico_gates as gates
from . import _calico_source as source

# What of a manifest makes an account and lets it do things.
RBAC = ("ServiceAccount", "ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding")


def rbac(text, found, options):
    """Return the plan of completing the roles alone: {refused, warnings, documents, current, target, backup}.

    With a manifest of a version that runs, its accounts, bindings and roles; without one, what the collection's table of permissions says. No role loses a
    rule.
    """
    result = {"refused": [], "warnings": [], "documents": [], "current": [], "target": None, "backup": options["backup"]}
    daemonset, refused = cluster.installed(found, options["accepted"])
    if refused:
        return dict(result, refused=refused)
    current, refused = cluster.running(daemonset, found)
    if refused:
        return dict(result, refused=refused)
    result["current"] = [gates.text(version) for version in current]
    roles = dict((role["metadata"]["name"], role) for role in found["objects"]["clusterroles"])
    if not text:
        return dict(result, **_from_table(roles, current[-1], daemonset, found))
    documents, target, refused = source.read(text, daemonset, found, options)
    if refused:
        return dict(result, refused=refused)
    if target not in current:
        # As for an upgrade that is planned as well (remediate): no role loses a rule, so the table does no harm.
        running_now = gates.text(current[-1])
        warning = "The manifest is of %s, and %s runs: the roles are completed for %s, from the collection's table." % (
            gates.text(target),
            running_now,
            running_now,
        )
        return dict(result, warnings=[warning], **_from_table(roles, current[-1], daemonset, found))
    documents = [document for document in documents if document["kind"] in RBAC]
    return dict(
        result,
        target=gates.text(target),
        documents=[
            completed(roles, document["metadata"]["name"], document["rules"], document) if document["kind"] == "ClusterRole" else document
            for document in documents
        ],
    )


def _from_table(roles, version, daemonset, found):
    """Return {documents, refused}: the roles of Calico's accounts with what the table says that this version needs."""
    facts = calico_installation.parse_daemonset(daemonset)
    controllers = next((item for item in found["objects"]["deployments"] if item["metadata"]["name"] == cluster.CONTROLLERS), None)
    # Those that something runs under, as the condition counts them: not every cluster has kube-controllers, and canal's CNI plugin has the agent's account.
    controllers = controllers and calico_installation.parse_deployment(controllers)
    accounts = calico_rbac.accounts_of(dict(facts, present=True, versions=[gates.text(version)], kube_controllers=controllers))
    enabled = (controllers or {}).get("controllers")
    native = found.get("api_group") == _calico_rbac.NATIVE
    documents, refused = [], []
    for account in [item["account"] for item in accounts]:
        name = "calico-" + account
        token = facts["cni_account"] or _calico_rbac.token_account(version)
        needed = _calico_rbac.needed(
            account, version, ipam=facts["ipam"], token=token if account == "node" else None, native=native, controllers=enabled
        )
        if needed and name not in roles:
            message = "There is no ClusterRole %s: give calico_manifest of %s, which has its account and binding too." % (name, gates.text(version))
            refused.append({"gate": "manifest", "message": message, "override": None})
            continue
        lacking = [item for item in needed if not _calico_rbac.granted(item, roles[name].get("rules") or [])]
        if lacking:
            documents.append(completed(roles, name, _rules(lacking)))
    return {"documents": documents, "refused": refused}


def _rules(permissions):
    """Return rules that grant permissions, one for each kind of object."""
    rules = {}
    for item in permissions:
        rule = rules.setdefault((item.group, item.resource, item.name), {"apiGroups": [item.group], "resources": [item.resource], "verbs": []})
        rule["verbs"].append(item.verb)
        if item.name:
            rule["resourceNames"] = [item.name]
    return [rules[key] for key in sorted(rules, key=str)]


def completed(roles, name, rules, document=None):
    """Return a ClusterRole with the rules that it has and those that it lacks.

    roles     {name: ClusterRole that is there}
    document  the manifest's, None for one with nothing but rules
    """
    document = copy.deepcopy(document) if document else {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": name}}
    had = (roles.get(name) or {}).get("rules") or []
    document["rules"] = copy.deepcopy(had) + [rule for rule in rules if rule not in had]
    return document


def lost(steady, objects, current, daemonset):
    """Return warnings: what roles grant that the manifest's do not, and that goes with them at the end. Most likely an operator has added it.

    Releases have taken away nothing that the table does not know (manifests of all tags from 3.15 to 3.33); from 3.32 on roles have rules for both groups.
    """
    roles = dict((role["metadata"]["name"], role) for role in objects["clusterroles"])
    given = calico_installation.parse_daemonset(daemonset)["cni_account"]
    warnings = []
    for document in steady:
        name = document["metadata"]["name"]
        if document["kind"] != "ClusterRole" or name not in roles:
            continue
        kept = document.get("rules") or []
        account = name.partition("calico-")[2]
        once = [
            item
            for version in current
            for native in (False, True)
            for item in _calico_rbac.needed(account, version, token=given or _calico_rbac.token_account(version), native=native)
        ]
        gone = [
            item
            for rule in roles[name].get("rules") or []
            for item in _calico_rbac.permissions_of(rule)
            if item not in once and not _calico_rbac.granted(item, kept)
        ]
        if gone:
            told = "; ".join(_calico_rbac.described(gone))
            warnings.append("ClusterRole %s loses at the end what the manifest does not have: %s. To keep it, write it in." % (name, told))
    return warnings
