# -*- coding: utf-8 -*-
from __future__ import absolute_import, division, print_function

import clusters
import pytest
from ansible_collections.nodemend.kubernetes.plugins.module_utils._host import Unavailable
from clusters import answers, cluster, set_env, set_image
from recorded import fact

__metaclass__ = type


def accounts(found):
    return dict((item["account"], item) for item in fact("calico_rbac", cluster(found)))


def role(found, name):
    return next(item for item in found[clusters.CLUSTER_ROLES]["items"] if item["metadata"]["name"] == name)


def binding(found, name):
    return next(item for item in found[clusters.BINDINGS]["items"] if item["metadata"]["name"] == name)


def older_role(found, version, name="calico-node"):
    """Put the ClusterRole of another release in place, as who changes only images leaves it."""
    role(found, name)["rules"] = role(answers(version), name)["rules"]


def names(account):
    return sorted(set("%(verb)s %(resource)s" % item for item in account["missing"]))


@pytest.mark.parametrize("version", ["v3.15.5", "v3.20.6", "v3.22.5", "v3.26.4", "v3.32.1"])
def test_an_official_manifest_grants_all(version):
    seen = accounts(answers(version))
    assert all(item["missing"] == [] and item["versions"] == [version[1:]] for item in seen.values())
    assert ("cni-plugin" in seen) == (version >= "v3.26")
    assert "calico-node" in seen["node"]["roles"]


def test_the_roles_of_an_older_release():
    found = answers("v3.22.5")
    older_role(found, "v3.20.6")
    older_role(found, "v3.20.6", "calico-kube-controllers")
    seen = accounts(found)
    assert names(seen["node"]) == sorted(
        [verb + " caliconodestatuses" for verb in ("get", "list", "watch", "update")]
        + [verb + " ipreservations" for verb in ("get", "list", "watch")]
    )
    assert names(seen["kube-controllers"]) == ["list ipreservations"]


@pytest.mark.parametrize(
    "entry, missing",
    [
        ({"value": "node,loadbalancer"}, True),
        ({"value": "node"}, False),
        ({"valueFrom": {"configMapKeyRef": {"name": "calico-config", "key": "controllers"}}}, True),
        (None, True),  # what is enabled then stands in KubeControllersConfiguration
    ],
)
def test_a_controller_that_is_off_needs_nothing(entry, missing):
    found = answers("v3.32.1")
    rules = role(found, "calico-kube-controllers")["rules"]
    role(found, "calico-kube-controllers")["rules"] = [rule for rule in rules if "services" not in rule["resources"]]
    controllers = next(item for item in found[clusters.DEPLOYMENTS]["items"] if item["metadata"]["name"] == "calico-kube-controllers")
    environment = controllers["spec"]["template"]["spec"]["containers"][0]["env"]
    environment[:] = [item for item in environment if item["name"] != "ENABLED_CONTROLLERS"] + ([dict(entry, name="ENABLED_CONTROLLERS")] if entry else [])
    assert ("list services" in names(accounts(found)["kube-controllers"])) is missing


def test_the_token_of_the_cni_plugin():
    found = answers("v3.26.4")
    older_role(found, "v3.22.5")
    assert {"group": "", "resource": "serviceaccounts/token", "verb": "create", "name": "calico-cni-plugin"} in accounts(found)["node"]["missing"]
    set_env(found, CALICO_MANAGE_CNI="false")
    assert "create serviceaccounts/token" not in names(accounts(found)["node"])
    assert "cni-plugin" not in accounts(found)


def test_a_role_in_the_namespace_may_grant_the_token_and_nothing_that_is_listed_for_the_cluster():
    found = answers("v3.26.4")
    older_role(found, "v3.22.5")
    rules = [
        {"apiGroups": [""], "resources": ["serviceaccounts/token"], "verbs": ["create"], "resourceNames": ["calico-cni-plugin"]},
        {"apiGroups": ["crd.projectcalico.org"], "resources": ["bgpfilters"], "verbs": ["*"]},
    ]
    found[clusters.NAMESPACE_ROLES]["items"] = [{"metadata": {"name": "more", "namespace": "kube-system"}, "rules": rules}]
    subject = {"kind": "ServiceAccount", "name": "calico-node", "namespace": "kube-system"}
    found[clusters.NAMESPACE_BINDINGS]["items"] = [{"roleRef": {"kind": "Role", "name": "more"}, "subjects": [subject]}]
    missing = names(accounts(found)["node"])
    assert "create serviceaccounts/token" not in missing and "list bgpfilters" in missing
    found[clusters.NAMESPACE_BINDINGS]["items"][0]["roleRef"] = {"kind": "Role", "name": "gone"}
    assert "create serviceaccounts/token" in names(accounts(found)["node"])


@pytest.mark.parametrize(
    "subject, counts",
    [
        ({"kind": "ServiceAccount", "name": "calico-node", "namespace": "kube-system"}, True),
        ({"kind": "ServiceAccount", "name": "calico-node", "namespace": "other"}, False),
        ({"kind": "User", "name": "system:serviceaccount:kube-system:calico-node"}, True),
        ({"kind": "Group", "name": "system:serviceaccounts:kube-system"}, True),
        ({"kind": "Group", "name": "system:serviceaccounts"}, True),
        ({"kind": "Group", "name": "system:authenticated"}, True),
        ({"kind": "Group", "name": "system:masters"}, False),
    ],
)
def test_other_bindings_count(subject, counts):
    found = answers("v3.22.5")
    older_role(found, "v3.20.6")
    found[clusters.BINDINGS]["items"].append({"roleRef": {"kind": "ClusterRole", "name": "cluster-admin"}, "subjects": [subject]})
    assert (accounts(found)["node"]["missing"] == []) is counts


def test_an_aggregated_role_counts_by_the_rules_that_the_controller_has_put_into_it():
    found = answers("v3.22.5")
    rules = role(found, "calico-node")["rules"]
    role(found, "calico-node")["rules"] = None
    aggregate = {"metadata": {"name": "calico-all"}, "aggregationRule": {"clusterRoleSelectors": []}, "rules": rules}
    found[clusters.CLUSTER_ROLES]["items"].append(aggregate)
    assert accounts(found)["node"]["missing"]
    binding(found, "calico-node")["roleRef"]["name"] = "calico-all"
    assert accounts(found)["node"]["missing"] == []


def test_no_binding_at_all():
    found = answers("v3.22.5")
    found[clusters.BINDINGS]["items"] = []
    assert accounts(found)["node"]["roles"] == [] and len(accounts(found)["node"]["missing"]) > 40


def test_mixed_versions_need_what_each_needs():
    found = answers("v3.22.5")
    set_image(found, "calico/node:v3.26.4", count=1)
    found[clusters.PODS]["items"][1]["spec"]["containers"][0]["image"] = "calico/node:v3.24.5"
    missing = accounts(found)["node"]["missing"]
    assert set(item["name"] for item in missing if item["name"]) == set(["calico-node", "calico-cni-plugin"])
    assert accounts(found)["node"]["versions"] == ["3.22.5", "3.24.5", "3.26.4"]


def test_versions_that_cannot_be_told_need_nothing():
    found = answers("v3.22.5")
    set_image(found, "calico/node:latest")
    found[clusters.BINDINGS]["items"] = []
    assert accounts(found)["node"]["missing"] == [] and accounts(found)["node"]["versions"] == []


def test_native_objects():
    found = answers("v3.32.1")
    found["/apis"] = {"groups": [{"name": "projectcalico.org"}]}
    found["/apis/projectcalico.org/v3/felixconfigurations/default"] = clusters.NOT_FOUND
    assert all(item["missing"] == [] for item in accounts(found).values())
    older_role(found, "v3.26.4")
    assert set(item["group"] for item in accounts(found)["node"]["missing"]) == set(["projectcalico.org", "policy.networking.k8s.io"])


@pytest.mark.parametrize(
    "version, path, resource",
    [("v3.26.4", clusters.IPAM_CONFIG, "ipamconfigs"), ("v3.32.1", clusters.IPAM_CONFIGURATION, "ipamconfigurations")],
)
def test_a_configuration_that_is_there_need_not_be_made(version, path, resource):
    """kubespray 2.20 and 2.21 (Calico 3.24): its calico-ipamconfig.yml makes it, and its ClusterRole may only read it."""
    found = answers(version)
    if resource == "ipamconfigurations":
        found["/apis"] = {"groups": [{"name": "projectcalico.org"}]}
        found["/apis/projectcalico.org/v3/felixconfigurations/default"] = clusters.NOT_FOUND
    for rule in role(found, "calico-node")["rules"]:
        if resource in (rule.get("resources") or []):
            rule["verbs"] = ["get"]
    assert names(accounts(found)["node"]) == ["create " + resource]
    found[path] = {"spec": {"autoAllocateBlocks": True, "strictAffinity": False}}
    assert names(accounts(found)["node"]) == []
    found[path] = clusters.FORBIDDEN
    with pytest.raises(Unavailable) as caught:
        accounts(found)
    assert caught.value.reason == "Forbidden"
    # What else is missing is proved all the same.
    role(found, "calico-node")["rules"] = [rule for rule in role(found, "calico-node")["rules"] if "nodes" not in (rule.get("resources") or [])]
    assert "create " + resource in names(accounts(found)["node"]) and len(names(accounts(found)["node"])) > 1


def test_no_calico_asks_for_no_roles():
    found = answers()
    found[clusters.DAEMONSETS]["items"] = []
    del found[clusters.BINDINGS]
    assert fact("calico_rbac", cluster(found)) == []


@pytest.mark.parametrize("path", [clusters.BINDINGS, clusters.CLUSTER_ROLES, clusters.NAMESPACE_BINDINGS, clusters.NAMESPACE_ROLES])
def test_what_may_not_be_read(path):
    found = answers()
    found[path] = clusters.FORBIDDEN
    with pytest.raises(Unavailable) as caught:
        accounts(found)
    assert caught.value.reason == "Forbidden"
