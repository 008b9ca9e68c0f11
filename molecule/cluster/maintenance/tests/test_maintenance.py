"""The role maintenance against real drains, budgets, locks, and a node that dies. Each test leaves both workers schedulable."""

import datetime
import json
import os
import pathlib
import subprocess

import pytest

HERE = pathlib.Path(__file__).resolve().parent
INVENTORY = os.environ["NODEMEND_INVENTORY"]
ANNOTATION = "nodemend.io/cordoned-by"
POD = """
apiVersion: v1
kind: Pod
metadata: {name: %s, namespace: lab-maintenance, labels: {app: alone}}
spec:
  nodeName: worker1
  terminationGracePeriodSeconds: 1
  volumes: [%s]
  containers: [{name: c, image: 'busybox:1.35', command: [sleep, '1000000']}]
"""
# kubectl writes it in the version that the cluster knows.
BUDGET = ["poddisruptionbudget", "guard", "--namespace=lab-maintenance", "--selector=app=web", "--min-available=2"]
LEASE = """
apiVersion: coordination.k8s.io/v1
kind: Lease
metadata: {name: nodemend-maintenance, namespace: kube-system}
spec: {holderIdentity: bastion/ben/1, leaseDurationSeconds: 3600, renewTime: '%s'}
"""


class Ran:
    def __init__(self, done):
        self.ok = done.returncode == 0
        # A message is folded by what prints it, on stdout or stderr.
        self.text = " ".join((done.stdout + done.stderr).split())


@pytest.fixture
def play():
    """Return a function: run the role on a host as an operator would, from a play of its own."""

    def run(who, playbook="role.yml", inventory=INVENTORY, **variables):
        variables = dict({"who": who, "maintenance_cluster_host": "control1"}, **variables)
        words = ["ansible-playbook", "-i", str(inventory), str(HERE / playbook), "-e", json.dumps(variables)]
        done = subprocess.run(words, capture_output=True, text=True, timeout=400, check=False, env=dict(os.environ, ANSIBLE_FORCE_COLOR="0"))
        print(done.stdout, done.stderr)
        return Ran(done)

    return run


@pytest.fixture
def worker(kubectl):
    """Return a function: (unschedulable, who signed the cordon) of a node."""

    def look(name="worker1"):
        found = kubectl.json("node", name)
        return found["spec"].get("unschedulable", False), found["metadata"].get("annotations", {}).get(ANNOTATION)

    return look


@pytest.fixture
def holder(kubectl):
    return lambda: kubectl.json("lease", "nodemend-maintenance", "--namespace=kube-system")["spec"].get("holderIdentity")


@pytest.fixture
def web(kubectl, eventually):
    """Both pods on worker1 again. Returns where the pods are."""

    def nodes():
        pods = kubectl.json("pods", "--namespace=lab-maintenance", "--selector=app=web")["items"]
        return sorted(pod["spec"].get("nodeName", "") for pod in pods if not pod["metadata"].get("deletionTimestamp"))

    def ready():
        return nodes() == ["worker1", "worker1"]

    if not ready():
        kubectl("delete", "pods", "--namespace=lab-maintenance", "--selector=app=web")
        kubectl("rollout", "status", "--namespace=lab-maintenance", "deployment/web", "--timeout=60s")
        eventually(ready)
    return nodes


def test_converge_moved_the_pods_and_took_the_node_back(kubectl, worker, holder):
    pods = kubectl.json("pods", "--namespace=lab-maintenance")["items"]
    assert {pod["spec"]["nodeName"] for pod in pods} == {"worker2"}
    assert worker() == (False, None) and holder() is None


def test_somebody_elses_lock_is_respected_until_it_is_stale_and_pods_that_would_be_lost_are_refused(kubectl, play, worker, holder):
    now = datetime.datetime.now(datetime.timezone.utc)
    kubectl.apply(LEASE % now.strftime("%Y-%m-%dT%H:%M:%S.000000Z"), "--force-conflicts")
    done = play("worker1")
    assert not done.ok and "bastion/ben/1 holds the maintenance lock" in done.text and "delete lease nodemend-maintenance" in done.text
    assert worker() == (False, None) and holder() == "bastion/ben/1"

    kubectl.apply(LEASE % (now - datetime.timedelta(hours=2)).strftime("%Y-%m-%dT%H:%M:%S.000000Z"), "--force-conflicts")
    kubectl.apply(POD % ("bare", "") + "---" + POD % ("local", "{name: cache, emptyDir: {}}"))
    done = play("worker1")
    assert not done.ok and "lock of bastion/ben/1 is stale" in done.text
    assert "lab-maintenance/bare has no controller" in done.text and "lab-maintenance/local has an emptyDir" in done.text
    assert worker() == (False, None) and holder() is None


def test_a_host_of_another_name_is_drained_by_its_node_and_stays_cordoned_as_it_was(kubectl, play, worker, holder, web, container, node, tmp_path):
    inventory = tmp_path / "hosts"
    by_docker = "ansible_connection=community.docker.docker ansible_python_interpreter=/usr/bin/python3"
    # The host that is called worker2 is the node worker1.
    inventory.write_text(f"worker2 ansible_host={container('worker1')} {by_docker}\ncontrol1 ansible_host={container('control1')} {by_docker}\n")
    kubectl.apply(POD % ("bare", "") + "---" + POD % ("local", "{name: cache, emptyDir: {}}"))
    kubectl("cordon", "worker1")
    try:
        allowed = {"maintenance_force": "true", "maintenance_delete_emptydir_data": "true"}
        done = play("worker2", inventory=inventory, maintenance_before_tasks=[str(HERE / "hook.yml")], **allowed)
        assert done.ok and web() == ["worker2", "worker2"] and holder()
        assert kubectl.json("pods", "--namespace=lab-maintenance", "--selector=app=alone")["items"] == []
        assert node("worker1").file("/run/lab-maintenance").content_string == "worker1\n"
        done = play("worker2", inventory=inventory, maintenance_state="uncordoned")
        assert done.ok and "worker1 stays cordoned" in done.text
        assert worker("worker1") == (True, None) and worker("worker2") == (False, None)
    finally:
        kubectl("uncordon", "worker1")
        kubectl("delete", "lease", "--namespace=kube-system", "nodemend-maintenance", "--ignore-not-found")
        node("worker1").check_output("rm -f /run/lab-maintenance")


def test_a_budget_that_forbids_it_ends_the_drain_and_the_node_is_uncordoned(kubectl, play, worker, holder, node, web):
    kubectl("create", *BUDGET)
    try:
        done = play("worker1", maintenance_drain_timeout=8, maintenance_after_tasks=[str(HERE / "hook.yml")])
        assert not done.ok and "PodDisruptionBudget guard, which allows no disruption (2 of 2 wanted are healthy)" in done.text
        assert "worker1 is uncordoned again" in done.text and "--limit worker1" in done.text
        assert worker() == (False, None) and holder() is None
        assert web() == ["worker1", "worker1"]
        assert node("worker1").file("/run/lab-maintenance").content_string == "worker1\n"
    finally:
        kubectl("delete", "--namespace=lab-maintenance", "poddisruptionbudget", "guard")
        node("worker1").check_output("rm -f /run/lab-maintenance")


def test_without_a_proof_nothing_is_drained(kubectl, play, tmp_path, container):
    inventory = tmp_path / "hosts"
    inventory.write_text(
        "worker1 ansible_connection=local\n"
        f"control1 ansible_host={container('control1')} ansible_connection=community.docker.docker ansible_python_interpreter=/usr/bin/python3\n"
    )
    before = kubectl("get", "nodes", "--output=jsonpath={.items[*].spec}")
    done = play("worker1", inventory=inventory)
    assert not done.ok and "No node is proved" in done.text
    assert kubectl("get", "nodes", "--output=jsonpath={.items[*].spec}") == before


def test_pods_that_have_nowhere_to_go(refusal, kubectl, holder, node, eventually):
    network = "/etc/cni/net.d/99-nodemend-lab.conflist"

    def taints():
        return {(name, taint["key"].partition("/")[2]) for name in ("control1", "worker2") for taint in kubectl.json("node", name)["spec"].get("taints", [])}

    before = taints()
    assert [name for name, _taint in before] == ["control1"]

    def told():
        return taints() == before | {("control1", "unschedulable"), ("worker2", "not-ready")}

    def forgotten():
        return taints() == before

    kubectl("cordon", "control1")
    node("worker2").check_output('sed -i \'s/"type": "bridge"/"typo": "bridge"/\' ' + network)
    try:
        eventually(told)
        words = "No other node of the cluster is Ready and schedulable, so the pods of worker1 have nowhere to go. Nothing was changed."
        refusal(HERE / "role.yml", "-e", json.dumps({"who": "worker1", "maintenance_cluster_host": "control1"}), words=[words], same=[holder])
    finally:
        node("worker2").check_output('sed -i \'s/"typo": "bridge"/"type": "bridge"/\' ' + network)
        kubectl("uncordon", "control1")
        eventually(forgotten)


def test_a_node_that_dies_is_named_with_the_command_to_go_on(kubectl, play, worker, holder, container, eventually):
    done = play("worker1", playbook="dies.yml", maintenance_ready_timeout=9)
    try:
        assert not done.ok and "worker1 was not heard for 9 s" in done.text
        assert "worker1 (worker1) may STILL BE CORDONED" in done.text
        assert "on control1: /usr/bin/kubectl --kubeconfig /etc/kubernetes/admin.conf uncordon worker1" in done.text
        assert worker()[0] and holder() is None
    finally:
        subprocess.run(["docker", "start", container("worker1")], check=True, capture_output=True)

    # The annotation tells the next run that the cordon is ours.
    def answers():
        return subprocess.run(["docker", "exec", container("worker1"), "systemctl", "is-active", "kubelet"], capture_output=True, check=False).returncode == 0

    eventually(answers)
    assert play("worker1", maintenance_state="uncordoned").ok
    assert worker() == (False, None)


def test_the_only_control_plane_host_is_spared_unless_an_outage_is_allowed(play, node, worker, holder):
    control = node("control1")
    # Found without being told: this host is the control plane.
    done = play("control1", maintenance_cluster_host="")
    assert not done.ok and "the only API server" in done.text and "1 voting member and needs 1" in done.text
    assert worker("control1")[0] is False and holder() is None and not control.file("/var/lib/nodemend").exists
    done = play("control1", entry="control_plane_gate", maintenance_cluster_host="", maintenance_api_outage_ok="true", nodemend_run="lab")
    assert done.ok
    kept = control.file("/var/lib/nodemend/lab/etcd.db")
    assert (kept.mode, kept.user, control.file("/var/lib/nodemend/lab").mode) == (0o600, "root", 0o700)
    status = json.loads(control.check_output("ETCDCTL_API=3 etcdctl snapshot status --write-out=json /var/lib/nodemend/lab/etcd.db"))
    assert status["totalKey"] > 100


@pytest.fixture
def members(node):
    """Have three members of etcd, all of them on the control-plane host; return their names."""
    control = node("control1")
    script = (HERE.parent / "files" / "etcd_member.sh").read_text(encoding="utf-8")

    def tell(*words):
        control.check_output("sh -c %s etcd_member.sh " + " ".join(words), script)

    try:
        tell("join", "lab2", "12379")
        tell("join", "lab3", "22379")
        yield "lab2", "lab3"
    finally:
        tell("leave", "lab3")
        tell("leave", "lab2")


def test_a_member_of_etcd_that_the_others_can_spare(members, play, refusal, node, holder):
    gate = {"who": "control1", "maintenance_cluster_host": "control1", "entry": "control_plane_gate"}
    done = play(**gate)
    assert not done.ok and "the only API server" in done.text
    assert "voting member" not in done.text and "is not healthy" not in done.text
    assert play(**gate, maintenance_api_outage_ok="true", nodemend_run="three").ok
    assert node("control1").file("/var/lib/nodemend/three/etcd.db").exists
    node("control1").check_output("systemctl stop lab-etcd-lab3")
    words = ["The etcd member lab3 is not healthy.", "etcd has 3 voting members and needs 2; without this host's it would have 1, and the API would stop."]
    refusal(HERE / "role.yml", "-e", json.dumps(dict(gate, maintenance_recovery_timeout=5)), words=words, same=[holder])
