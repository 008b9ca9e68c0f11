# -*- coding: utf-8 -*-
from __future__ import absolute_import, division, print_function

import pytest
from ansible_collections.nodemend.kubernetes.plugins.module_utils import _calico_rbac as rbac
from ansible_collections.nodemend.kubernetes.plugins.module_utils._version import parse

__metaclass__ = type


def test_every_rule_has_a_source():
    assert all(rule.source for rule in rbac.RULES)


def of(account, version, **more):
    return set((item.resource, item.verb, item.name) for item in rbac.needed(account, parse(version), **more))


@pytest.mark.parametrize(
    "account, before, after, permission",
    [
        ("node", "v3.19.4", "v3.20.0", ("endpointslices", "watch", None)),
        ("node", "v3.20.6", "v3.21.0", ("caliconodestatuses", "update", None)),
        ("node", "v3.20.6", "v3.21.0", ("ipreservations", "list", None)),
        ("node", "v3.23.1", "v3.23.2", ("serviceaccounts/token", "create", "me")),
        ("node", "v3.23.5", "v3.24.0", ("ipamconfigs", "create", None)),
        ("node", "v3.25.2", "v3.26.0", ("bgpfilters", "watch", None)),
        ("node", "v3.28.5", "v3.29.0", ("adminnetworkpolicies", "list", None)),
        ("node", "v3.29.0", "v3.29.1", ("tiers", "create", None)),
        ("node", "v3.29.7", "v3.30.0", ("stagednetworkpolicies", "get", None)),
        ("node", "v3.31.7", "v3.32.0", ("clusternetworkpolicies", "watch", None)),
        ("cni-plugin", "v3.25.2", "v3.26.0", ("ipamblocks", "delete", None)),
        ("kube-controllers", "v3.13.4", "v3.14.0", ("hostendpoints", "create", None)),
        ("kube-controllers", "v3.17.6", "v3.18.0", ("ipamblocks", "watch", None)),
        ("kube-controllers", "v3.19.4", "v3.20.0", ("pods", "watch", None)),
        ("kube-controllers", "v3.22.5", "v3.23.0", ("clusterinformations", "watch", None)),
        ("kube-controllers", "v3.28.2", "v3.28.3", ("kubecontrollersconfigurations", "list", None)),
        ("kube-controllers", "v3.29.1", "v3.29.2", ("kubecontrollersconfigurations", "list", None)),
        ("kube-controllers", "v3.30.7", "v3.31.0", ("namespaces", "list", None)),
        ("kube-controllers", "v3.32.1", "v3.33.0", ("ipreservations", "watch", None)),
    ],
)
def test_since_when(account, before, after, permission):
    assert permission not in of(account, before, token="me")
    assert permission in of(account, after, token="me")


def test_what_newer_releases_do_without():
    assert ("adminnetworkpolicies", "list", None) not in of("node", "v3.32.0")
    assert ("kubecontrollersconfigurations", "list", None) not in of("kube-controllers", "v3.29.1")
    assert of("cni-plugin", "v3.25.2") == set()


def test_canal_and_clusters_whose_tokens_are_made_elsewhere():
    assert not any(resource.startswith("ipam") and verb == "create" for resource, verb, name in of("node", "v3.28.5", ipam=False))
    assert not any(resource == "serviceaccounts/token" for resource, verb, name in of("node", "v3.28.5"))


@pytest.mark.parametrize("controllers, needs", [(None, True), (["node", "loadbalancer"], True), (["node"], False), ([], False)])
def test_what_only_the_load_balancer_controller_asks_for(controllers, needs):
    found = of("kube-controllers", "v3.32.1", controllers=controllers)
    assert (("services/status", "update", None) in found) is needs and (("namespaces", "watch", None) in found) is needs
    # Whatever is enabled: the syncer lists and watches policies, and the migrator of their names is switched elsewhere.
    assert ("networkpolicies", "create", None) in found and ("kubecontrollersconfigurations/status", "update", None) in found


def test_native_objects():
    groups = set(item.group for item in rbac.needed("node", (3, 32, 1), native=True))
    assert rbac.NATIVE in groups and rbac.CRD not in groups
    assert ("ipamconfigurations", "get", None) in of("node", "v3.32.1", native=True)


@pytest.mark.parametrize(
    "rule, is_granted",
    [
        (dict(apiGroups=[""], resources=["pods/status"], verbs=["patch"]), True),
        (dict(apiGroups=["*"], resources=["*"], verbs=["*"]), True),
        (dict(apiGroups=[""], resources=["*"], verbs=["patch"]), True),
        (dict(apiGroups=[""], resources=["*/status"], verbs=["patch"]), True),
        (dict(apiGroups=[""], resources=["pods/*"], verbs=["patch"]), False),
        (dict(apiGroups=[""], resources=["pods"], verbs=["patch"]), False),
        (dict(apiGroups=["apps"], resources=["pods/status"], verbs=["patch"]), False),
        (dict(apiGroups=[""], resources=["pods/status"], verbs=["get"]), False),
        (dict(apiGroups=[""], resources=["pods/status"], verbs=["patch"], resourceNames=["one"]), False),
        (dict(nonResourceURLs=["*"], verbs=["*"]), False),
        (dict(apiGroups=None, resources=None, verbs=None), False),
    ],
)
def test_how_kubernetes_decides(rule, is_granted):
    assert rbac.granted(rbac.Permission("", "pods/status", "patch", None), [rule]) is is_granted


def test_a_rule_for_one_object_grants_that_one():
    rule = dict(apiGroups=[""], resources=["serviceaccounts/token"], verbs=["create"], resourceNames=["calico-node"])
    assert rbac.granted(rbac.Permission("", "serviceaccounts/token", "create", "calico-node"), [rule])
    assert not rbac.granted(rbac.Permission("", "serviceaccounts/token", "create", "calico-cni-plugin"), [rule])


def test_how_they_are_told():
    token = rbac.Permission("", "serviceaccounts/token", "create", "calico-node")
    pools = [rbac.Permission(rbac.CRD, "ippools", verb, None) for verb in ("get", "list")]
    assert rbac.described([token] + pools) == ["create serviceaccounts/token of calico-node", "get,list ippools.crd.projectcalico.org"]


def test_the_permissions_of_a_rule():
    rule = {"apiGroups": ["", "apps"], "resources": ["pods"], "resourceNames": ["a", "b"], "verbs": ["get"]}
    names = [(item.group, item.resource, item.verb, item.name) for item in rbac.permissions_of(rule)]
    assert names == [("", "pods", "get", "a"), ("", "pods", "get", "b"), ("apps", "pods", "get", "a"), ("apps", "pods", "get", "b")]
    assert rbac.permissions_of({"nonResourceURLs": ["/metrics"], "verbs": ["get"]}) == [rbac.Permission("", "/metrics", "get", None)]
    assert rbac.permissions_of({}) == []
