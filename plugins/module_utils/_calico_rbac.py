# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""What Calico's accounts must be allowed in each release, with the Kubernetes datastore: data, and whether rules grant it.

Read in manifests/calico.yaml (before 3.24 its chart's templates) of every tag of github.com/projectcalico/calico; a test
compares it with official manifests and says what of theirs a running Calico can do without. Rules that a few odd tags had
(3.16.2, 3.16.3, 3.17.5, 3.18.5) are left out.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import collections

from ._calico_releases import within

CRD = "crd.projectcalico.org"
NATIVE = "projectcalico.org"  # from 3.32 on where only these CRDs are installed (#12595 and the page "native v3 CRDs")

# account  node, kube-controllers or cni-plugin (before 3.26 the CNI plugin has the node's)
# part     "ipam": only where Calico allocates addresses itself (the canal manifest lacks it); "token": see token_account;
#          "loadbalancer": only where kube-controllers runs the controller of that name, whose alone these informers are (its main.go)
# source   "tags": the manifests of all releases; #N: github.com/projectcalico/calico
Rule = collections.namedtuple("Rule", "account since until group resources verbs part source")
RULES = (
    Rule("node", None, None, "", "pods nodes namespaces services endpoints", "get list watch", None, "tags"),
    Rule("node", None, None, "", "serviceaccounts", "list watch", None, "tags"),
    Rule("node", None, None, "", "configmaps", "get", None, "tags"),
    Rule("node", None, None, "", "nodes/status", "patch update", None, "tags"),
    Rule("node", None, (3, 26), "", "pods/status", "patch", None, "tags"),
    Rule("node", None, None, "networking.k8s.io", "networkpolicies", "list watch", None, "tags"),
    Rule(
        "node", None, None, CRD,
        "felixconfigurations bgppeers bgpconfigurations ippools ipamblocks globalnetworkpolicies globalnetworksets networkpolicies"
        " networksets clusterinformations hostendpoints blockaffinities",
        "get list watch", None, "tags",
    ),
    Rule("node", None, None, CRD, "ippools felixconfigurations clusterinformations", "create update", None, "tags"),
    Rule("node", None, None, CRD, "blockaffinities ipamblocks ipamhandles", "get list create update delete", "ipam", "tags"),
    Rule("node", None, None, CRD, "ipamconfigs", "get", "ipam", "tags"),
    Rule("node", (3, 20), None, "discovery.k8s.io", "endpointslices", "list watch", None, "tags"),
    Rule("node", (3, 21), None, CRD, "caliconodestatuses", "get list watch update", None, "tags"),
    Rule("node", (3, 21), None, CRD, "ipreservations", "get list watch", None, "tags"),
    Rule("node", (3, 23, 2), None, "", "serviceaccounts/token", "create", "token", "#5910, #7584"),
    Rule("node", (3, 24), None, CRD, "ipamconfigs", "create", "ipam", "tags"),
    Rule("node", (3, 26), None, CRD, "bgpfilters", "get list watch", None, "tags"),
    Rule("node", (3, 29), None, CRD, "tiers", "get list watch", None, "tags"),
    Rule("node", (3, 29), (3, 32), "policy.networking.k8s.io", "adminnetworkpolicies", "list watch", None, "tags"),
    Rule("node", (3, 29, 1), None, CRD, "tiers", "create", None, "tags"),
    Rule(
        "node", (3, 30), None, CRD, "stagednetworkpolicies stagedglobalnetworkpolicies stagedkubernetesnetworkpolicies",
        "get list watch", None, "tags",
    ),
    Rule("node", (3, 30), (3, 32), "policy.networking.k8s.io", "baselineadminnetworkpolicies", "list watch", None, "tags"),
    Rule("node", (3, 32), None, "policy.networking.k8s.io", "clusternetworkpolicies", "list watch", None, "tags"),
    Rule("node", (3, 32), None, CRD, "bgpconfigurations", "create update", None, "tags"),
    Rule("cni-plugin", (3, 26), None, "", "pods nodes namespaces", "get", None, "#7584"),
    Rule("cni-plugin", (3, 26), None, "", "pods/status", "patch", None, "#7584"),
    Rule("cni-plugin", (3, 26), None, CRD, "clusterinformations", "get", None, "#7584"),
    Rule("cni-plugin", (3, 26), None, CRD, "ippools ipreservations", "get list", "ipam", "#7584"),
    Rule("cni-plugin", (3, 26), None, CRD, "blockaffinities ipamblocks ipamhandles", "get list create update delete", "ipam", "#7584"),
    Rule("cni-plugin", (3, 26), None, CRD, "ipamconfigs", "get create", "ipam", "#7584"),
    Rule("kube-controllers", None, None, "", "nodes", "get list watch", None, "tags"),
    Rule("kube-controllers", None, None, "", "pods", "get", None, "tags"),
    Rule("kube-controllers", None, None, CRD, "ippools", "list", "ipam", "tags"),
    Rule("kube-controllers", None, None, CRD, "blockaffinities ipamblocks ipamhandles", "get list create update delete", "ipam", "tags"),
    Rule("kube-controllers", None, None, CRD, "clusterinformations", "get create update", None, "tags"),
    Rule("kube-controllers", (3, 14), None, CRD, "hostendpoints", "get list create update delete", None, "tags"),
    Rule("kube-controllers", (3, 14), None, CRD, "kubecontrollersconfigurations", "get create update watch", None, "tags"),
    Rule("kube-controllers", (3, 18), None, CRD, "blockaffinities ipamblocks ipamhandles", "watch", "ipam", "tags"),
    Rule("kube-controllers", (3, 20), None, "", "pods", "list watch", None, "tags"),
    Rule("kube-controllers", (3, 21), None, CRD, "ipreservations", "list", "ipam", "tags"),
    Rule("kube-controllers", (3, 23), None, CRD, "clusterinformations", "list watch", None, "tags"),
    Rule("kube-controllers", (3, 23), None, CRD, "ippools", "watch", "ipam", "tags"),
    Rule("kube-controllers", (3, 28, 3), (3, 29), CRD, "kubecontrollersconfigurations", "list", None, "tags"),
    Rule("kube-controllers", (3, 29, 2), None, CRD, "kubecontrollersconfigurations", "list", None, "tags"),
    Rule("kube-controllers", (3, 29), None, CRD, "tiers", "get list create update delete watch", None, "tags"),
    Rule("kube-controllers", (3, 30), None, "", "services services/status", "get list update watch", "loadbalancer", "tags"),
    Rule("kube-controllers", (3, 30), None, CRD, "ipamconfigs", "get list create update delete watch", "ipam", "tags"),
    Rule("kube-controllers", (3, 30), None, CRD, "hostendpoints", "watch", None, "tags"),
    Rule("kube-controllers", (3, 31), None, "", "namespaces", "get list watch", "loadbalancer", "tags"),
    Rule("kube-controllers", (3, 32), None, CRD, "kubecontrollersconfigurations/status", "get update", None, "tags"),
    # Whatever ENABLED_CONTROLLERS says: the syncer watches them, and the migrator of their names is switched in KubeControllersConfiguration.
    Rule(
        "kube-controllers", (3, 32), None, CRD,
        "networkpolicies stagednetworkpolicies globalnetworkpolicies stagedglobalnetworkpolicies",
        "get list watch create update delete", None, "tags",
    ),
    Rule("kube-controllers", (3, 33), None, CRD, "ipreservations", "watch", "ipam", "tags"),
)

# One permission; name is that of the one object it is about, or None.
Permission = collections.namedtuple("Permission", "group resource verb name")


def token_account(version):
    """Return the account that calico-node asks tokens for, unless CALICO_CNI_SERVICE_ACCOUNT says another (token_watch.go)."""
    return "calico-cni-plugin" if within(version, (3, 26), None) else "calico-node"


def needed(account, version, ipam=True, token=None, native=False, controllers=None):
    """Return the Permissions that an account needs in a version (numbers).

    ipam         whether Calico allocates addresses itself
    token        account that tokens are made for; None where Calico does not manage the CNI's credentials
    native       whether Calico keeps its objects in projectcalico.org instead of crd.projectcalico.org
    controllers  names of those that kube-controllers runs; None where it is not known, then it may be any
    """
    permissions = []
    for rule in RULES:
        if rule.account != account or not within(version, rule.since, rule.until):
            continue
        if rule.part == "ipam" and not ipam or rule.part == "token" and not token:
            continue
        if rule.part == "loadbalancer" and controllers is not None and rule.part not in controllers:
            continue
        name = token if rule.part == "token" else None
        for resource in rule.resources.split():
            for verb in rule.verbs.split():
                permissions.append(_permission(rule.group, resource, verb, name, native))
    return sorted(set(permissions), key=lambda item: (item.group, item.resource, item.verb))


def _permission(group, resource, verb, name, native):
    if native and group == CRD:
        group, resource = NATIVE, {"ipamconfigs": "ipamconfigurations"}.get(resource, resource)
    return Permission(group, resource, verb, name)


def permissions_of(rule):
    """Return the Permissions of one rule of a ClusterRole; what is no resource is written as one ("/metrics")."""
    resources = (rule.get("resources") or []) + (rule.get("nonResourceURLs") or [])
    return [
        Permission(group, resource, verb, name)
        for group in rule.get("apiGroups") or [""]
        for resource in resources
        for name in rule.get("resourceNames") or [None]
        for verb in rule.get("verbs") or []
    ]


def granted(permission, rules):
    """Return whether the rules of a ClusterRole or Role (plain dicts) grant a permission, as Kubernetes decides it."""
    return any(_grants(rule, permission) for rule in rules)


def _grants(rule, permission):
    names = rule.get("resourceNames") or []
    if names and permission.name not in names:
        return False
    resources = rule.get("resources") or []
    # Kubernetes lets "*/status" stand for the status of every resource.
    named = _has(resources, permission.resource) or "*/" + permission.resource.partition("/")[2] in resources
    return named and _has(rule.get("verbs"), permission.verb) and _has(rule.get("apiGroups"), permission.group)


def _has(values, wanted):
    return "*" in (values or []) or wanted in (values or [])


def described(permissions):
    """Return permissions as people write them, verbs together: "create,get ipamconfigs.crd.projectcalico.org"."""
    verbs = collections.OrderedDict()
    for item in permissions:
        verbs.setdefault(item._replace(verb=None), []).append(item.verb)
    return [
        "%s %s%s%s"
        % (",".join(found), key.resource, "." + key.group if key.group else "", " of " + key.name if key.name else "")
        for key, found in verbs.items()
    ]
