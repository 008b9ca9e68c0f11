"""The cluster after remediate.yml, read without it; then a host that dies while it is remediated."""

import json
import os
import pathlib
import re
import subprocess
import threading

import pytest

HERE = pathlib.Path(__file__).resolve().parents[1]
WORKERS = ["worker1", "worker2"]
# As in vars.yml.
TARGET = "v3.32.1" if int(os.environ["LAB_KUBERNETES"].split(".")[1]) >= 34 else "v3.22.5"


@pytest.fixture
def pods(kubectl):
    """Return a function: the pods that are not going away, of a namespace and a label."""

    def read(namespace, label):
        found = kubectl.json("pods", "--namespace=" + namespace, "--selector=" + label)["items"]
        return [pod for pod in found if not pod["metadata"].get("deletionTimestamp")]

    return read


@pytest.fixture
def in_service(kubectl):
    """Return a function: whether a node takes pods and is not signed by the role maintenance."""

    def look(name):
        found = kubectl.json("node", name)
        return not found["spec"].get("unschedulable") and "nodemend.io/cordoned-by" not in found["metadata"].get("annotations", {})

    return look


@pytest.fixture
def holder(kubectl):
    return lambda: kubectl.json("lease", "nodemend-maintenance", "--namespace=kube-system")["spec"].get("holderIdentity")


def seconds(kubernetes_time):
    return int(subprocess.check_output(["date", "--date=" + kubernetes_time, "+%s"]))


def ready(pod):
    return any(condition["type"] == "Ready" and condition["status"] == "True" for condition in pod["status"]["conditions"])


def stale(host):
    return "KUBE-" in host.check_output("iptables-legacy-save")


def test_every_node_runs_the_new_calico(pods):
    found = pods("kube-system", "k8s-app=calico-node")
    assert {pod["spec"]["nodeName"] for pod in found} == {"control1", *WORKERS}
    assert {pod["spec"]["containers"][0]["image"].rpartition(":")[2] for pod in found} == {TARGET}
    assert all(map(ready, found))


def test_calico_came_first_and_then_one_worker_after_the_other_with_its_pods_away(pods, node):
    upgraded = max(seconds(pod["status"]["startTime"]) for pod in pods("kube-system", "k8s-app=calico-node"))
    first, second = (int(node(name).check_output("stat --format=%Y /var/lib/nodemend/*/iptables_backend/legacy-ipv4.rules")) for name in WORKERS)
    assert upgraded < first < second
    # They prefer worker1: gone to worker2 when it was drained, and back when worker2 was.
    web = pods("lab-maintenance", "app=web")
    assert [pod["spec"]["nodeName"] for pod in web] == ["worker1", "worker1"]
    assert all(seconds(pod["metadata"]["creationTimestamp"]) > first for pod in web) and all(map(ready, web))


def test_the_workers_are_mended_and_in_service_and_the_lock_is_free(node, in_service, holder):
    for name in WORKERS:
        assert not stale(node(name)) and "-A KUBE-SERVICES" in node(name).check_output("iptables-nft-save")
        assert in_service(name)
    assert holder() is None


def test_a_host_that_dies_after_it_was_cordoned_is_named_with_the_command_to_go_on(kubectl, node, container, in_service, holder, eventually):
    for name in WORKERS:
        words = ["docker", "exec", "--interactive", container(name), "iptables-legacy-restore", "--noflush"]
        subprocess.run(words, input=(HERE / "files/stale.rules").read_bytes(), check=True)

    def drained():
        on_it = kubectl.json("pods", "--all-namespaces", "--field-selector=spec.nodeName=worker1")["items"]
        return not in_service("worker1") and {pod["metadata"].get("ownerReferences", [{}])[0].get("kind") for pod in on_it} <= {"DaemonSet", "Node"}

    def take_its_power_away():
        eventually(drained, seconds=300)
        subprocess.run(["docker", "kill", container("worker1")], check=True, capture_output=True)

    allowed = {"nodemend_max_disruption": "drain"}
    words = ["ansible-playbook", "--inventory=" + os.environ["NODEMEND_INVENTORY"], "nodemend.kubernetes.remediate"]
    words += ["--extra-vars=@%s" % (HERE / "vars.yml"), "--extra-vars=" + json.dumps(allowed)]
    power = threading.Thread(target=take_its_power_away)
    power.start()
    try:
        done = subprocess.run(words, capture_output=True, text=True, timeout=600, check=False)
        print(done.stdout, done.stderr)
        power.join()
        assert done.returncode == 2
        assert "FAILED on worker1: " in done.stdout and "Its node worker1 IS STILL CORDONED" in done.stdout
        assert re.search(r"Not begun, as something had failed before:\s+iptables_backend for iptables_backend_mismatch on worker2", done.stdout)
        assert not in_service("worker1") and holder() is None
        assert in_service("worker2") and stale(node("worker2"))
    finally:
        power.join()
        subprocess.run(["docker", "start", container("worker1")], check=True, capture_output=True)
    (where, command) = re.search(r"^ +on (\S+): (\S*kubectl .* uncordon worker1 .*)$", done.stdout, re.MULTILINE).groups()
    node(where).check_output(command)
    assert in_service("worker1")
