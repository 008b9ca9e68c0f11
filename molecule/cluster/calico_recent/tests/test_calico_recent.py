"""Calico v3.32.1 as the cluster shows it, by its official manifest."""

import os
import pathlib

import pytest
import yaml


@pytest.fixture(scope="module")
def wanted():
    """The manifest that was applied: {(kind, name): document}."""
    path = pathlib.Path(os.environ["NODEMEND_CALICO"]) / "calico-v3.32.1.yaml"
    return {(document["kind"], document["metadata"]["name"]): document for document in yaml.safe_load_all(path.read_text(encoding="utf-8")) if document}


def containers(workload):
    spec = workload["spec"]["template"]["spec"]
    return {item["name"]: item for item in spec.get("initContainers", []) + spec["containers"]}


def test_every_pod_runs_the_new_image_and_is_ready(kubectl):
    pods = kubectl.json("pods", "--namespace=kube-system", "--selector=k8s-app in (calico-node,calico-kube-controllers)")["items"]
    assert len(pods) == len(kubectl.json("nodes")["items"]) + 1
    for pod in pods:
        (status,) = pod["status"]["containerStatuses"]
        assert status["ready"]
        assert pod["spec"]["containers"][0]["image"] == f"registry.example/calico/{pod['metadata']['labels']['k8s-app'].removeprefix('calico-')}:v3.32.1"


def test_settings_are_still_there(kubectl):
    daemonset = kubectl.json("daemonset", "--namespace=kube-system", "calico-node")
    environment = {entry["name"]: entry.get("value") for entry in containers(daemonset)["calico-node"]["env"]}
    assert environment["CALICO_IPV4POOL_CIDR"] == "10.99.0.0/16"
    assert environment["IP_AUTODETECTION_METHOD"] == "interface=eth.*"


def test_workloads_are_the_manifests(kubectl, wanted):
    for kind, name in (("DaemonSet", "calico-node"), ("Deployment", "calico-kube-controllers")):
        live, manifest = kubectl.json(kind, "--namespace=kube-system", name), wanted[kind, name]
        assert list(containers(live)) == list(containers(manifest))
        for container, definition in containers(manifest).items():
            found = containers(live)[container]
            assert found["image"] == definition["image"].replace("quay.io/", "registry.example/")
            assert found.get("command") == definition.get("command")
            assert [mount["mountPath"] for mount in found.get("volumeMounts", [])] == [mount["mountPath"] for mount in definition.get("volumeMounts", [])]
        volumes = [[volume["name"] for volume in workload["spec"]["template"]["spec"].get("volumes", [])] for workload in (live, manifest)]
        assert volumes[0] == volumes[1]


def test_roles_and_kinds_are_new(kubectl, wanted):
    for (kind, name), document in wanted.items():
        if kind == "ClusterRole":
            assert kubectl.json("clusterrole", name)["rules"] == document["rules"]
        elif kind == "CustomResourceDefinition":
            live = kubectl.json(kind, name)["spec"]
            assert [version["name"] for version in live["versions"]] == [version["name"] for version in document["spec"]["versions"]]


def test_the_rollout_has_come_to_its_end(kubectl):
    daemonset = kubectl.json("daemonset", "--namespace=kube-system", "calico-node")
    assert daemonset["spec"]["updateStrategy"] == {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 0, "maxUnavailable": 1}}
    assert [name for name in daemonset["metadata"]["annotations"] if name.startswith("nodemend")] == ["nodemend.kubernetes/calico-upgrade"]
