# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""Fact: what Calico's accounts may do, by every role that is bound to them, and what the versions that run need."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from .. import _calico_rbac, _version
from .._host import Unavailable
from .._kubectl import asks

API = "/apis/rbac.authorization.k8s.io/v1"
# The configuration of addresses, by the group that Calico keeps its objects in.
CONFIGURATION = {
    _calico_rbac.CRD: "/apis/crd.projectcalico.org/v1/ipamconfigs/default",
    _calico_rbac.NATIVE: "/apis/projectcalico.org/v3/ipamconfigurations/default",
}

SOURCES = (
    asks(API + "/clusterrolebindings*", "which ClusterRoles are bound to Calico's accounts"),
    asks(API + "/clusterroles*", "what these grant; those that aggregate others hold the others' rules"),
    asks(API + "/namespaces/*/rolebindings*", "the same in Calico's own namespace"),
    asks(API + "/namespaces/*/roles*", "what the Roles there grant"),
) + tuple(asks(path, "whether it exists, so that nobody has to make it") for path in sorted(CONFIGURATION.values()))


def collect(kubectl_client, calico_installation):
    """Return [{account, name, namespace, versions, roles, missing}], one for each of Calico's accounts; [] without Calico.

    account   node, cni-plugin or kube-controllers
    versions  those that run under it; empty where none can be told, then missing is empty as well
    roles     names of the roles that are bound to it
    missing   [{group, resource, verb, name}] that these versions need and no bound role grants
    """
    accounts = accounts_of(calico_installation)
    if not accounts:
        return []
    cluster = list(kubectl_client.items(API + "/clusterrolebindings"))
    namespaced = dict((namespace, []) for namespace in set(item["namespace"] for item in accounts))
    for namespace in namespaced:
        namespaced[namespace] = list(kubectl_client.items("%s/namespaces/%s/rolebindings" % (API, namespace)))
    rules = {}
    for item in kubectl_client.items(API + "/clusterroles"):
        rules["ClusterRole", None, item["metadata"]["name"]] = item.get("rules") or []
    for namespace in namespaced:
        for item in kubectl_client.items("%s/namespaces/%s/roles" % (API, namespace)):
            rules["Role", namespace, item["metadata"]["name"]] = item.get("rules") or []
    found = [judged(account, cluster, namespaced[account["namespace"]], rules, calico_installation) for account in accounts]
    missing = [item for account in found for item in account["missing"]]
    if any(_makes_configuration(item) for item in missing):
        proved = not all(_makes_configuration(item) for item in missing)
        if _exists(kubectl_client, CONFIGURATION[calico_installation["api_group"]], proved):
            for account in found:
                account["missing"] = [item for item in account["missing"] if not _makes_configuration(item)]
    return found


def _makes_configuration(permission):
    """Calico makes it only where it does not exist (libcalico-go, lib/ipam/ipam.go, GetIPAMConfig), and kubespray brings it along."""
    return permission["verb"] == "create" and permission["resource"] in ("ipamconfigs", "ipamconfigurations")


def _exists(kubectl_client, path, proved):
    """Return whether there is an object at a path. Where it may not be read, nothing is known of its permission, unless others prove the fault anyway."""
    try:
        return kubectl_client.get(path) is not None
    except Unavailable as exc:
        if exc.reason == "Forbidden" and proved:
            return False
        raise


def accounts_of(installation):
    """Return [{account, name, namespace, versions}] of the accounts that Calico's parts run under."""
    if not installation["present"]:
        return []
    namespace = installation["namespace"]
    versions = installation["versions"]
    accounts = [{"account": "node", "name": installation["service_account"], "namespace": namespace, "versions": versions}]
    for name in sorted(set(filter(None, (_token_account(installation, version) for version in versions)))):
        # The CNI plugin of canal has calico-node's own account.
        if name != installation["service_account"]:
            accounts.append({"account": "cni-plugin", "name": name, "namespace": namespace, "versions": versions})
    controllers = installation["kube_controllers"]
    if controllers and controllers["replicas"]:
        known = [controllers["version"]] if controllers["version"] else []
        accounts.append(
            {
                "account": "kube-controllers",
                "name": controllers["service_account"],
                "namespace": controllers["namespace"],
                "versions": known,
            }
        )
    return accounts


def _token_account(installation, version):
    """Return the account that calico-node of a version asks tokens for, or None where it asks for none."""
    if installation["env"].get("CALICO_MANAGE_CNI", "").lower() == "false":
        return None
    return installation["cni_account"] or _calico_rbac.token_account(_version.parse(version))


def judged(account, cluster_bindings, bindings, rules, installation):
    """Return an account with its roles and what they do not grant.

    rules  {("ClusterRole", None, name) or ("Role", namespace, name): rules}
    """
    everywhere = [_role_of(item, None) for item in cluster_bindings if binds(item, account)]
    here = [_role_of(item, account["namespace"]) for item in bindings if binds(item, account)]
    granted = [rule for role in everywhere for rule in rules.get(role, [])]
    # A binding in the namespace grants what is about an object of it, and nothing that is listed for the whole cluster.
    granted_here = granted + [rule for role in here for rule in rules.get(role, [])]
    missing = []
    for version in account["versions"]:
        needed = _calico_rbac.needed(
            account["account"],
            _version.parse(version),
            ipam=installation["ipam"],
            token=_token_account(installation, version),
            native=installation["api_group"] == _calico_rbac.NATIVE,
            controllers=(installation["kube_controllers"] or {}).get("controllers"),
        )
        missing += [
            item
            for item in needed
            if item not in missing and not _calico_rbac.granted(item, granted_here if item.name else granted)
        ]
    return dict(account, roles=sorted(set(role[2] for role in everywhere + here)), missing=[dict(item._asdict()) for item in missing])


def _role_of(binding, namespace):
    reference = binding.get("roleRef") or {}
    kind = reference.get("kind")
    return kind, None if kind == "ClusterRole" else namespace, reference.get("name")


def binds(binding, account):
    """Return whether a binding's subjects hold a service account, by itself or by its groups."""
    user = "system:serviceaccount:%(namespace)s:%(name)s" % account
    groups = ("system:authenticated", "system:serviceaccounts", "system:serviceaccounts:" + account["namespace"])
    for subject in binding.get("subjects") or []:
        kind, name = subject.get("kind"), subject.get("name")
        if kind == "ServiceAccount" and (name, subject.get("namespace")) == (account["name"], account["namespace"]):
            return True
        if kind == "User" and name == user or kind == "Group" and name in groups:
            return True
    return False
