"""scan.yml against a real cluster, as an operator runs it."""

import json
import os
import pathlib
import subprocess

import pytest
import yaml

ROOT = pathlib.Path(__file__).resolve().parents[4]
KUBERNETES = os.environ["LAB_KUBERNETES"]
NODES = ["control1", "worker1", "worker2"]


@pytest.fixture
def scan(tmp_path):
    """Return a function that runs the playbook and returns its exit code, what it printed, and its report."""

    def run(*words, inventory=os.environ["NODEMEND_INVENTORY"]):
        path = tmp_path / "report.json"
        command = ["ansible-playbook", "-i", str(inventory), "nodemend.kubernetes.scan", "-e", f"nodemend_report={path}", "-e", "nodemend_become=false", *words]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
        return done.returncode, done.stdout + done.stderr, json.loads(path.read_text())

    return run


@pytest.fixture
def stopped_api_server(node):
    """An API server that accepts connections and answers nothing."""
    process = node("control1").check_output("pgrep -x kube-apiserver")
    node("control1").check_output("kill -STOP " + process)
    yield
    node("control1").check_output("kill -CONT " + process)


def statuses(report):
    return {verdict["status"] for host in report["hosts"].values() for verdict in host["conditions"]}


def test_the_cluster_is_scanned_once_beside_its_nodes(scan):
    rc, printed, report = scan()
    assert rc == 0, printed
    assert f"cluster of control1: Kubernetes {KUBERNETES}, 3 nodes\n" in printed
    assert "Scanned 3 of 3 hosts" in printed
    (cluster,) = report["clusters"]
    assert {host["node"]["cluster"] for host in report["hosts"].values()} == {cluster["id"]}
    assert [node["name"] for node in cluster["scan"]["cluster"]["nodes"]] == NODES


def test_an_account_without_rights_is_no_failure_and_its_token_is_told_nowhere(scan, node):
    secret = node("control1").check_output("cat /root/nobody.conf").split("token: ")[1].split()[0]
    rc, printed, report = scan("-e", "nodemend_kubeconfig=/root/nobody.conf", "-vvvv")
    assert rc == 0, printed
    assert f"Kubernetes {KUBERNETES}, its nodes could not be read" in printed
    assert report["clusters"][0]["scan"]["unavailable"]["cluster_nodes"]["reason"] == "Forbidden"
    assert len(secret) > 100
    assert secret not in printed and secret not in json.dumps(report)


def test_the_nodes_are_judged_while_the_api_server_does_not_answer(scan, stopped_api_server):
    rc, printed, report = scan("-e", "nodemend_timeout=2")
    assert rc == 0, printed
    (cluster,) = report["clusters"]
    assert cluster["scan"]["unavailable"]["cluster_api"]["reason"] == "ApiUnreachable"
    assert cluster["scan"]["cluster"]["api_ready"] is False
    assert cluster["scan"]["cluster"]["id"] == report["hosts"]["worker1"]["node"]["cluster"]
    assert {verdict["reason"] for verdict in cluster["scan"]["conditions"]} <= {"ApiUnreachable"}
    assert "Scanned 3 of 3 hosts" in printed and "ok" in statuses(report)


def test_names_of_the_inventory_are_not_those_of_the_nodes(scan, tmp_path):
    with open(os.environ["NODEMEND_INVENTORY"], encoding="utf-8") as stream:
        known = yaml.safe_load(stream)["molecule"]
    containers = {"blue": "worker2", "green": "control1", "red": "worker1"}
    address = next(iter(known["children"]["control_plane"]["hosts"].values()))["ansible_host"].replace("control1", "%s")
    hosts = {name: {"ansible_host": address % container} for name, container in containers.items()}
    inventory = tmp_path / "colours.yml"
    inventory.write_text(yaml.safe_dump({"all": {"hosts": hosts, "vars": known["vars"]}}))
    rc, printed, report = scan(inventory=inventory)
    assert rc == 0, printed
    assert f"cluster of green: Kubernetes {KUBERNETES}, 3 nodes\n" in printed
    assert {name: host["node"]["name"] for name, host in report["hosts"].items()} == containers


def test_workers_alone_say_that_the_cluster_was_not_looked_at(scan):
    rc, printed, report = scan("--limit", "workers")
    assert rc == 0, printed
    assert "cluster of worker1, worker2: not looked at: no host of its control plane was scanned" in printed
    assert [cluster["asked"] for cluster in report["clusters"]] == [False]


def test_a_bastion_asks_for_workers_alone(scan):
    programs = subprocess.check_output([ROOT / "molecule" / "kubernetes" / "build"], text=True).strip()
    rc, printed, report = scan(
        *("--limit", "workers", "-e", "nodemend_cluster_host=localhost"),
        *("-e", f"nodemend_kubeconfig={os.environ['KUBECONFIG']}", "-e", f"nodemend_kubectl={programs}/kubectl"),
    )
    assert rc == 0, printed
    assert f"cluster of localhost: Kubernetes {KUBERNETES}, 3 nodes\n" in printed
    (cluster,) = report["clusters"]
    assert cluster["id"] == report["hosts"]["worker1"]["node"]["cluster"]
