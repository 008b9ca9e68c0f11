"""The upgraded Calico, as the cluster shows it."""

import os
import pathlib

import pytest
import yaml

HERE = pathlib.Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def wanted():
    """The manifest that was applied: {kind: {name: document}}."""
    official = pathlib.Path(os.environ.get("NODEMEND_CALICO", "")) / "calico-v3.22.5.yaml"
    path = official if official.is_file() else HERE / "manifests" / "calico-v3.22.5.yaml"
    found = {}
    for document in yaml.safe_load_all(path.read_text(encoding="utf-8")):
        if document:
            found.setdefault(document["kind"], {})[document["metadata"]["name"]] = document
    return found


@pytest.fixture(scope="module")
def daemonset(kubectl):
    return kubectl.json("daemonset", "--namespace=kube-system", "calico-node")


def containers(workload):
    spec = workload["spec"]["template"]["spec"]
    return {item["name"]: item for item in spec.get("initContainers", []) + spec["containers"]}


def values(item, field, key):
    return [member[key] for member in item.get(field, [])]


def test_every_pod_runs_the_new_image_and_is_ready(kubectl):
    pods = kubectl.json("pods", "--namespace=kube-system", "--selector=k8s-app=calico-node")["items"]
    assert len(pods) == len(kubectl.json("nodes")["items"])
    for pod in pods:
        (status,) = pod["status"]["containerStatuses"]
        assert status["ready"] and status["image"].endswith("calico/node:v3.22.5")
        assert pod["spec"]["containers"][0]["image"] == "registry.example/calico/node:v3.22.5"


def test_settings_are_still_there(daemonset, kubectl):
    environment = {entry["name"]: entry.get("value") for entry in containers(daemonset)["calico-node"]["env"]}
    assert environment["CALICO_IPV4POOL_CIDR"] == "10.99.0.0/16"
    assert environment["IP_AUTODETECTION_METHOD"] == "interface=eth.*"
    data = kubectl.json("configmap", "--namespace=kube-system", "calico-config")["data"]
    assert (data["veth_mtu"], data["calico_backend"]) == ("1440", "vxlan")
    main = containers(daemonset)["calico-node"]
    assert main["readinessProbe"]["exec"]["command"] == ["/bin/calico-node", "-felix-ready"]
    assert "-bird-live" not in main.get("livenessProbe", {}).get("exec", {}).get("command", [])


def test_containers_and_volumes_are_the_manifests(daemonset, wanted):
    new = wanted["DaemonSet"]["calico-node"]
    live, manifest = containers(daemonset), containers(new)
    assert list(live) == list(manifest)
    for name, container in manifest.items():
        assert live[name]["image"] == "registry.example/" + container["image"]
        assert live[name].get("command") == container.get("command")
        assert live[name].get("lifecycle") == container.get("lifecycle")
        assert values(live[name], "volumeMounts", "mountPath") == values(container, "volumeMounts", "mountPath")
    assert values(daemonset["spec"]["template"]["spec"], "volumes", "name") == values(new["spec"]["template"]["spec"], "volumes", "name")


def test_the_rollout_has_come_to_its_end(daemonset):
    assert daemonset["spec"]["updateStrategy"] == {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 1}}
    assert [name for name in daemonset["metadata"]["annotations"] if name.startswith("nodemend")] == ["nodemend.kubernetes/calico-upgrade"]


def test_controllers_and_roles_are_new(kubectl, wanted):
    controllers = kubectl.json("deployment", "--namespace=kube-system", "calico-kube-controllers")
    assert containers(controllers)["calico-kube-controllers"]["image"] == "registry.example/calico/kube-controllers:v3.22.5"
    assert controllers["status"]["readyReplicas"] == 1
    for name, role in wanted["ClusterRole"].items():
        assert kubectl.json("clusterrole", name)["rules"] == role["rules"]
    for name in wanted.get("CustomResourceDefinition", {}):
        kubectl("get", "customresourcedefinition", name)


def test_what_was_replaced_is_kept_for_root_alone(node):
    found = node("control1").check_output("find /var/lib/nodemend -name before.json -printf '%m %U\n'")
    assert found.split() == ["600", "0"]
