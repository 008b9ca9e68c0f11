# -*- coding: utf-8 -*-
from __future__ import absolute_import, division, print_function

import clusters
import pytest
from ansible_collections.nodemend.kubernetes.plugins.module_utils._facts import calico_installation
from ansible_collections.nodemend.kubernetes.plugins.module_utils._host import Unavailable
from clusters import FORBIDDEN, answers, cluster, daemonset, set_env, set_image
from recorded import TIMED_OUT, fact

__metaclass__ = type


def installation(found):
    return fact("calico_installation", cluster(found))


def operator(found, version="v3.28.5", annotations=None, **spec):
    """Let the operator own Calico, as operator master's installation_types.go and a chart leave it."""
    found[clusters.INSTALLATION] = {
        "metadata": {"name": "default", "annotations": annotations or {}},
        "spec": dict({"variant": "Calico"}, **spec),
        "status": {"variant": "Calico", "calicoVersion": version},
    }
    return found


@pytest.mark.parametrize("version, ipam, accounts", [("v3.15.5", True, "calico-node"), ("v3.32.1", True, "calico-node")])
def test_an_official_manifest(version, ipam, accounts):
    found = installation(answers(version))
    assert (found["present"], found["method"], found["managed_by"], found["datastore"]) == (True, "manifest", None, "kubernetes")
    assert (found["version"], found["versions"], found["edition"]) == (version[1:], [version[1:]], "oss")
    assert [item["node"] for item in found["nodes"]] == ["control1", "worker1", "worker2"]
    assert all(item["ready"] and item["version_source"] == "image" for item in found["nodes"])
    assert (found["ipam"], found["service_account"], found["api_group"]) == (ipam, accounts, "crd.projectcalico.org")
    assert found["daemonset"]["complete"] and found["daemonset"]["strategy"] == "RollingUpdate"
    assert found["kube_controllers"]["version"] == version[1:] and found["typha"] is None
    assert found["dataplane"] == "iptables"


def test_its_settings_and_no_secret():
    found = answers()
    set_env(found, CALICO_IPV4POOL_CIDR="10.233.64.0/18", IP_AUTODETECTION_METHOD="interface=eth0", ETCD_PASSWORD="p", FELIX_SECRETKEY="k")
    kept = installation(found)["env"]
    assert kept["CALICO_IPV4POOL_CIDR"] == "10.233.64.0/18" and kept["IP_AUTODETECTION_METHOD"] == "interface=eth0"
    assert kept["FELIX_IPINIPMTU"] == "configMapKeyRef calico-config veth_mtu"
    assert not set(kept) & set(["ETCD_PASSWORD", "FELIX_SECRETKEY", "KUBERNETES_NODE_NAME"])


def operators(found):
    """The operator's DaemonSet, with labels on its pods alone, as `kubectl describe` shows it in projectcalico/calico issue 6476 (3.23.1)."""
    workload = found[clusters.DAEMONSETS]["items"].pop()
    workload["metadata"].pop("labels", None)
    workload["metadata"]["namespace"] = "calico-system"
    return workload


def test_a_daemonset_of_the_operator_without_labels():
    found = operator(answers())
    found[clusters.OPERATORS] = operators(found)
    seen = installation(found)
    assert (seen["present"], seen["namespace"], seen["method"]) == (True, "calico-system", "operator")
    assert [item["node"] for item in seen["nodes"]] == ["control1", "worker1", "worker2"]


@pytest.mark.parametrize(
    "cni, expected",
    [
        # As the operator fills it in (core_controller.go, fillDefaults); its DaemonSet has no container upgrade-ipam.
        ({"type": "Calico", "ipam": {"type": "Calico"}}, True),
        ({"type": "Calico", "ipam": {"type": "HostLocal"}}, False),
        ({"type": "AmazonVPC", "ipam": {"type": "AmazonVPC"}}, False),
        (None, False),
    ],
)
def test_whose_addresses_an_operators_calico_gives(cni, expected):
    found = operator(answers(), cni=cni)
    workload = operators(found)
    del workload["spec"]["template"]["spec"]["initContainers"]
    found[clusters.OPERATORS] = workload
    assert installation(found)["ipam"] is expected


def test_one_with_labels_is_seen_once_and_two_while_the_operator_takes_over():
    found = answers()
    first = daemonset(found)
    found[clusters.OPERATORS] = first
    assert installation(found)["daemonset"]["desired"] == first["status"]["desiredNumberScheduled"]
    theirs = operators(answers())
    assert calico_installation.with_operators([first], [first]) == [first]
    assert calico_installation.with_operators([first], [theirs]) == [first, theirs]


def test_no_calico():
    found = answers()
    found[clusters.DAEMONSETS]["items"] = []
    assert installation(found) == {"present": False}


ADDON = {"objectset.rio.cattle.io/owner-gvk": "k3s.cattle.io/v1, Kind=Addon", "objectset.rio.cattle.io/owner-name": "calico"}
FROM_MAP = {"configMapKeyRef": {"name": "calico-config", "key": "cluster_type"}}


def labelled(**labels):
    """As in kubernetes/kubernetes cluster/addons/calico-policy-controller/calico-node-daemonset.yaml (GCE, GKE), in kops' privatecalico test
    and by k0s' pkg/applier/stack.go.
    """
    return lambda found: daemonset(found)["metadata"].update(labels=dict(labels, **{"k8s-app": "calico-node"}))


@pytest.mark.parametrize(
    "change, method, managed_by",
    [
        (operator, "operator", "the Tigera operator"),
        (lambda found: operator(found, annotations={"meta.helm.sh/release-name": "calico"}), "helm", "Helm release calico"),
        (lambda found: operator(found, annotations={"meta.helm.sh/release-name": "rke2-calico"}), "rke2", "Helm release rke2-calico"),
        (lambda found: daemonset(found)["metadata"].update(annotations={"meta.helm.sh/release-name": "rke2-canal"}), "rke2", "Helm release rke2-canal"),
        (lambda found: daemonset(found)["metadata"].update(annotations={"meta.helm.sh/release-name": "cni"}), "helm", "Helm release cni"),
        (lambda found: daemonset(found)["metadata"].update(annotations=ADDON), "k3s", "add-on calico of k3s or RKE2"),
        (lambda found: daemonset(found)["metadata"].update(annotations={"argocd.argoproj.io/tracking-id": "x"}), "manifest", "Argo CD"),
        (lambda found: daemonset(found)["metadata"].update(labels={"kustomize.toolkit.fluxcd.io/name": "x"}), "manifest", "Flux"),
        (labelled(**{"addonmanager.kubernetes.io/mode": "Reconcile"}), "manifest", "the addon manager of Kubernetes"),
        (labelled(**{"addonmanager.kubernetes.io/mode": "EnsureExists"}), "manifest", None),
        (labelled(**{"addon.kops.k8s.io/name": "networking.projectcalico.org", "app.kubernetes.io/managed-by": "kops"}), "manifest", "kOps"),
        (labelled(**{"k0s.k0sproject.io/stack": "calico"}), "manifest", "k0s"),
        (lambda found: set_env(found, CLUSTER_TYPE=FROM_MAP, NODEIP="x"), "kubespray", None),
        (lambda found: set_env(found, NODEIP={"fieldRef": {"fieldPath": "status.hostIP"}}), "kubekey", None),
        (lambda found: set_image(found, "dockerhub.kubekey.local/kubesphereio/node:v3.23.2"), "kubekey", None),
        (lambda found: None, "manifest", None),
    ],
)
def test_how_it_was_installed(change, method, managed_by):
    found = answers()
    change(found)
    seen = installation(found)
    assert (seen["method"], seen["managed_by"]) == (method, managed_by)
    assert seen["because"] or method == "manifest"


def test_an_owner_tells_of_an_operator_whose_installation_may_not_be_read():
    found = answers()
    found[clusters.INSTALLATION] = FORBIDDEN
    daemonset(found)["metadata"]["ownerReferences"] = [{"kind": "Installation", "name": "default"}]
    assert installation(found)["method"] == "operator"


@pytest.mark.parametrize(
    "image, version, edition",
    [
        ("calico/node:v3.13.4", "3.13.4", "oss"),
        ("docker.io/calico/node:v3.28.5", "3.28.5", "oss"),
        ("quay.io/calico/node:v3.33.1", "3.33.1", "oss"),
        ("registry.local:5000/calico/node:v3.15.1-amd64", "3.15.1", "oss"),
        ("registry.cn-beijing.aliyuncs.com/kubesphereio/node:v3.27.4", "3.27.4", "oss"),
        ("rancher/mirrored-calico-node:v3.27.3", "3.27.3", "oss"),
        ("rancher/hardened-calico:v3.31.3-build20251210", "3.31.3", "oss"),
        ("quay.io/tigera/cnx-node:v3.19.1", "3.19.1", "enterprise"),
        ("calico/node:latest", None, "oss"),
        ("calico/node:v3.32.0-0.dev-403-gf8c46d4273ba", None, "oss"),
        ("quay.io/calico/node@sha256:" + "a" * 64, None, "oss"),
    ],
)
def test_images(image, version, edition):
    found = answers()
    set_image(found, image)
    seen = installation(found)
    assert [(item["version"], item["edition"]) for item in seen["nodes"]] == [(version, edition)] * 3


def test_mixed_versions_are_those_of_the_pods():
    found = answers("v3.15.5")
    set_image(found, "calico/node:v3.22.5", count=1)
    seen = installation(found)
    assert sorted(item["version"] for item in seen["nodes"]) == ["3.15.5", "3.15.5", "3.22.5"]
    assert (seen["version"], seen["versions"]) == ("3.22.5", ["3.15.5", "3.22.5"])


def test_a_digest_by_what_the_runtime_and_the_operator_know():
    digest = "quay.io/calico/node@sha256:" + "a" * 64
    found = operator(answers())
    set_image(found, digest)
    assert installation(found)["nodes"][0]["version_source"] == "installation"
    assert installation(found)["versions"] == ["3.28.5"]
    for pod in found[clusters.PODS]["items"]:
        pod["status"]["containerStatuses"][0]["image"] = "quay.io/calico/node:v3.28.4"
    assert installation(found)["nodes"][0]["version_source"] == "status"
    assert installation(found)["versions"] == ["3.28.4"]


def test_enterprise_by_the_operators_word():
    found = operator(answers(), version="v3.20.1")
    found[clusters.INSTALLATION]["status"]["variant"] = "TigeraSecureEnterprise"
    assert set(item["edition"] for item in installation(found)["nodes"]) == set(["enterprise"])


def test_a_rollout_that_is_not_complete():
    found = answers()
    daemonset(found)["status"].update(updatedNumberScheduled=1, numberAvailable=2)
    rollout = installation(found)["daemonset"]
    assert (rollout["complete"], rollout["desired"], rollout["updated"], rollout["available"]) == (False, 3, 1, 2)
    found = answers()
    daemonset(found)["metadata"]["generation"] = 99
    assert not installation(found)["daemonset"]["complete"]


def test_pods_without_a_node_and_pods_that_have_ended_run_nothing():
    found = answers()
    del found[clusters.PODS]["items"][0]["spec"]["nodeName"]
    found[clusters.PODS]["items"][1]["status"]["phase"] = "Failed"
    assert len(installation(found)["nodes"]) == 1


ENDPOINTS = {"configMapKeyRef": {"name": "calico-config", "key": "etcd_endpoints"}}


# The official calico-etcd.yaml has no type; endpoints may be in a file too, where the type must be told.
@pytest.mark.parametrize("env", [{"ETCD_ENDPOINTS": ENDPOINTS, "DATASTORE_TYPE": None}, {"DATASTORE_TYPE": "etcdv3"}])
def test_etcd(env):
    found = answers()
    set_env(found, **env)
    del found[clusters.FELIX]  # nobody may ask
    assert installation(found)["datastore"] == "etcd"


def felix(found, **spec):
    found[clusters.FELIX] = {"metadata": {"name": "default"}, "spec": spec}


@pytest.mark.parametrize(
    "change, dataplane",
    [
        (lambda found: felix(found, bpfEnabled=True), "bpf"),
        (lambda found: felix(found, nftablesMode="Enabled"), "nftables"),
        (lambda found: felix(found, nftablesMode="Auto"), "iptables"),
        (lambda found: (felix(found, bpfEnabled=True), set_env(found, FELIX_BPFENABLED="false")), "iptables"),
        (lambda found: set_env(found, FELIX_BPFENABLED="true"), "bpf"),
        (lambda found: operator(found, calicoNetwork={"linuxDataplane": "BPF"}), "bpf"),
        (lambda found: operator(found, calicoNetwork={"linuxDataplane": "Nftables"}), "nftables"),
        (lambda found: found.update({clusters.FELIX: FORBIDDEN}), "iptables"),
    ],
)
def test_dataplanes(change, dataplane):
    found = answers()
    change(found)
    assert installation(found)["dataplane"] == dataplane


def test_native_objects_where_only_they_are_there():
    found = answers("v3.32.1")
    found["/apis"] = {"groups": [{"name": "apps"}, {"name": "projectcalico.org"}]}
    found["/apis/projectcalico.org/v3/felixconfigurations/default"] = clusters.NOT_FOUND
    assert installation(found)["api_group"] == "projectcalico.org"
    found["/apis"]["groups"].append({"name": "crd.projectcalico.org"})
    assert installation(found)["api_group"] == "crd.projectcalico.org"
    set_env(found, CALICO_API_GROUP="projectcalico.org/v3")
    assert installation(found)["api_group"] == "projectcalico.org"


@pytest.mark.parametrize("path", [clusters.DAEMONSETS, clusters.PODS, clusters.DEPLOYMENTS])
def test_what_may_not_be_read(path):
    found = answers()
    found[path] = FORBIDDEN
    with pytest.raises(Unavailable) as caught:
        installation(found)
    assert caught.value.reason == "Forbidden"


@pytest.mark.parametrize(
    "answer, reason",
    [(clusters.REFUSED, "ApiUnreachable"), (TIMED_OUT, "ApiUnreachable"), ("<html>", "Unreadable"), ("{}", "Unreadable")],
)
def test_an_api_server_that_does_not_answer_with_sense(answer, reason):
    found = answers()
    found[clusters.DAEMONSETS] = answer
    with pytest.raises(Unavailable) as caught:
        installation(found)
    assert caught.value.reason == reason


def test_two_daemonsets_while_an_operator_takes_over():
    found = operator(answers())
    old = dict(daemonset(found), metadata=dict(daemonset(found)["metadata"], name="old"), status={"desiredNumberScheduled": 1})
    found[clusters.DAEMONSETS]["items"].insert(0, old)
    assert installation(found)["daemonset"]["name"] == "calico-node"


def test_canal():
    found = answers("v3.26.4")
    workload = daemonset(found)
    workload["metadata"].update(name="canal")
    pod = workload["spec"]["template"]["spec"]
    pod["serviceAccountName"] = "canal"
    pod["initContainers"] = [item for item in pod["initContainers"] if item["name"] != "upgrade-ipam"]
    set_env(found, CALICO_CNI_SERVICE_ACCOUNT={"fieldRef": {"fieldPath": "spec.serviceAccountName"}})
    seen = installation(found)
    assert (seen["ipam"], seen["service_account"], seen["cni_account"]) == (False, "canal", "canal")


def test_a_reference_names_what_it_refers_to():
    assert calico_installation.settings({"env": [{"name": "IP", "valueFrom": {"fieldRef": {"fieldPath": "status.hostIP"}}}]}) == {
        "IP": "fieldRef status.hostIP"
    }
    assert calico_installation.settings({"env": [{"name": "IP"}]}) == {"IP": ""}
