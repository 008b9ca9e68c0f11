# -*- coding: utf-8 -*-
from __future__ import absolute_import, division, print_function

import clusters
import pytest
from clusters import FORBIDDEN, answers, cluster, daemonset, set_env, set_image
from recorded import judge

__metaclass__ = type


def older(version="v3.22.5", role="v3.20.6", name="calico-node"):
    """A cluster whose image is of one release and whose ClusterRole is of another."""
    found = answers(version)
    rules = [item["rules"] for item in answers(role)[clusters.CLUSTER_ROLES]["items"] if item["metadata"]["name"] == name]
    for item in found[clusters.CLUSTER_ROLES]["items"]:
        if item["metadata"]["name"] == name:
            item["rules"] = rules[0]
    return found


def with_(found, change):
    change(found)
    return found


HELM = {"annotations": {"meta.helm.sh/release-name": "cni"}}
ADDON = {"labels": {"addonmanager.kubernetes.io/mode": "Reconcile", "k8s-app": "calico-node"}}
KOPS = {"labels": {"addon.kops.k8s.io/name": "networking.projectcalico.org", "app.kubernetes.io/managed-by": "kops", "k8s-app": "calico-node"}}
OPERATOR = {clusters.INSTALLATION: {"metadata": {"name": "default"}, "spec": {}, "status": {}}}

CASES = [
    (older(), "faulty", "RulesMissing"),
    (older(name="calico-kube-controllers"), "faulty", "RulesMissing"),
    (older("v3.26.4", "v3.22.5"), "faulty", "RulesMissing"),
    (older("v3.32.1", "v3.26.4"), "faulty", "RulesMissing"),
    (with_(older(), lambda found: set_env(found, CNI_NETWORK_CONFIG_FILE="x")), "faulty", "RulesMissing"),
    # A newer role grants more, also to pods that are still old.
    (older("v3.20.6", "v3.22.5"), "ok", "Complete"),
    (answers("v3.15.5"), "ok", "Complete"),
    (answers("v3.32.1"), "ok", "Complete"),
    (with_(older(), lambda found: found.update(OPERATOR)), "not_applicable", "InstallerKeepsRoles"),
    (with_(older(), lambda found: daemonset(found)["metadata"].update(HELM)), "not_applicable", "InstallerKeepsRoles"),
    # GKE's manifest (cluster/addons/calico-policy-controller), whose Calico has neither BGP nor addresses, grants less than the table has.
    (with_(older(), lambda found: daemonset(found)["metadata"].update(ADDON)), "not_applicable", "InstallerKeepsRoles"),
    # kOps and k0s leave alone what they have applied, until they have another version.
    (with_(older(), lambda found: daemonset(found)["metadata"].update(KOPS)), "faulty", "RulesMissing"),
    (
        with_(older(), lambda found: set_env(found, ETCD_ENDPOINTS="https://10.0.0.1:2379", DATASTORE_TYPE="etcdv3")),
        "not_applicable",
        "OtherDatastore",
    ),
    (with_(answers(), lambda found: set_image(found, "quay.io/tigera/cnx-node:v3.19.1")), "unknown", "Enterprise"),
    (with_(older(), lambda found: set_image(found, "calico/node:latest")), "unknown", "VersionUnknown"),
    (with_(answers(), lambda found: set_image(found, "calico/node:latest", count=1)), "unknown", "VersionUnknown"),
    (with_(older(), lambda found: found.update({clusters.BINDINGS: FORBIDDEN})), "unknown", "Forbidden"),
    (with_(older(), lambda found: found.update({clusters.PODS: FORBIDDEN})), "unknown", "Forbidden"),
    (with_(older(), lambda found: found.update({clusters.DAEMONSETS: clusters.REFUSED})), "unknown", "ApiUnreachable"),
    (with_(older(), lambda found: found.update({clusters.DAEMONSETS: {"items": []}})), "not_applicable", "NoCalico"),
]


@pytest.mark.parametrize("found, status, reason", CASES)
def test_verdict(found, status, reason):
    verdict = judge("calico_rbac_incomplete", cluster(found))
    assert (verdict.status, verdict.reason) == (status, reason), verdict.message


def test_the_message_names_the_rules():
    message = judge("calico_rbac_incomplete", cluster(older())).message
    assert message == (
        "The account kube-system/calico-node of Calico 3.22.5 may not: get,list,update,watch caliconodestatuses.crd.projectcalico.org;"
        " get,list,watch ipreservations.crd.projectcalico.org."
    )


def test_a_long_list_is_cut():
    message = judge("calico_rbac_incomplete", cluster(older("v3.32.1", "v3.15.5"))).message
    assert "and " in message and " more." in message
