"""The role calico's tasks, whose modules are played: what they ask for, and what the role says where it stops."""

import base64
import json

import pytest
from conftest import LIVE, playbook, played, staged

# Plays a module: its answer is told by the task's name, and it may lose the host.
STUB = """
import base64
import json
from ansible.errors import AnsibleConnectionFailure
from ansible.plugins.action import ActionBase


class ActionModule(ActionBase):
    def run(self, tmp=None, task_vars=None):
        with open(task_vars["log"], "a") as stream:
            stream.write(json.dumps({"task": self._task.name, "args": self._task.args}) + "\\n")
        if task_vars.get("dies") == self._task.name:
            raise AnsibleConnectionFailure("no route to host")
        return dict({"changed": False}, **task_vars.get("answers", {}).get(self._task.name, {}))
"""
MODULES = ("cluster_condition_info", "daemonset_rollout", "objects_info", "pod_network_probe", "server_side_apply")
PLAY = """
- hosts: all
  gather_facts: false
  ignore_unreachable: true
  tasks:
    - block:
        - ansible.builtin.include_role:
            name: nodemend.kubernetes.calico
            tasks_from: "{{ entry }}"
      rescue:
        - nodemend.kubernetes.stub:
            told: "{{ ansible_failed_result.msg | default('no message') }}"
"""


@pytest.fixture
def role(tmp_path):
    """Return a function: play tasks of the role with variables; return [{task, args}] that were done, and what it said when it failed."""
    target = staged(tmp_path, "roles/calico")
    played(target, ["calico"], MODULES, STUB)
    (tmp_path / "play.yml").write_text(PLAY)

    def run(entry, host="control1", **variables):
        variables = dict(variables, entry=entry, log=str(tmp_path / "log"))
        words = ["-e", json.dumps(variables)]
        done = playbook(tmp_path, str(tmp_path / "play.yml"), "%s %s\n" % (host, LIVE), *words, collections=tmp_path / "collections")
        assert done.rc == 0, done.all[-2000:]
        steps = [json.loads(line) for line in (tmp_path / "log").read_text().splitlines()]
        told = [" ".join(step["args"]["told"].split()) for step in steps if "told" in step["args"]]
        return [step for step in steps if "told" not in step["args"]], (told or [""])[0], done.text

    return run


@pytest.mark.parametrize(
    "seen, group",
    [
        ({"present": True, "api_group": "projectcalico.org"}, "projectcalico.org"),
        ({"present": True, "api_group": "crd.projectcalico.org"}, "crd.projectcalico.org"),
        ({"present": False}, "crd.projectcalico.org"),
        (None, "crd.projectcalico.org"),
    ],
)
def test_the_gates_are_read_from_the_group_that_calico_uses(role, seen, group):
    cluster = {"kubectl": "kubectl", "kubeconfig": "/admin.conf", "api_ready": True, "version": "v1.34.0", "calico": seen}
    answers = {"Find the cluster": {"cluster": cluster}, "Read Calico's objects": {"objects": {}}, "Look for KubeKey's manifest": {"stat": {"exists": False}}}
    steps, told, unused = role("read", answers=answers)
    resources = next(step["args"]["resources"] for step in steps if step["task"] == "Read Calico's objects")
    assert not told
    for name in ("felixconfigurations", "hostendpoints", "ippools"):
        assert resources[name] == {"resource": "%s.%s" % (name, group)}


DEPLOYMENT = {"kind": "Deployment", "metadata": {"name": "calico-typha", "namespace": "kube-system"}}
PLAN = {
    "images": [], "nodes": ["n1", "n2"], "daemonset": {"namespace": "kube-system", "name": "calico-node"}, "pull_secrets": [], "service_account": "calico-node",
    "rollout": [DEPLOYMENT], "steady": [DEPLOYMENT], "final": [DEPLOYMENT],
    "absent": [], "refused": [], "words": [], "absent_words": [], "warnings": [], "carried": [],
    "current": ["v3.15.5"], "target": "v3.22.5", "backup": "/kept/before.json", "host": "control1", "written": "calico/node:v3.22.5", "look": False,
}  # fmt: skip
CLUSTER = {"cluster": {"kubectl": "kubectl", "kubeconfig": "/admin.conf", "api_ready": True, "id": "c1"}}
# What the tasks are given that are played alone.
GIVEN = {"__calico_plan": PLAN, "__calico_cluster": CLUSTER, "__calico_found": {"objects": {"daemonsets": []}}, "__calico_folder": "/kept"}
APPLIED = "Apply the rest, and the manifest's own strategy"


@pytest.mark.parametrize("objects", [["DaemonSet kube-system/calico-node"], []])
def test_an_upgrade_that_comes_to_its_end_leaves_what_a_later_one_is_known_by(role, objects):
    steps, told, unused = role("upgrade", answers={APPLIED: {"objects": objects}}, calico_pull_images=False, **GIVEN)
    notes = [step["args"] for step in steps if step["task"] == "Take note of what is left"]
    assert not told
    assert [(note["dest"], note["content"].strip()) for note in notes] == ([("/kept/upgraded", "calico/node:v3.22.5")] if objects else [])


@pytest.mark.parametrize("left, refused", [("calico/node:v3.22.5", True), (None, False)])
def test_what_a_later_upgrade_is_known_by_is_read_again(role, left, refused):
    pod = {"spec": {"containers": [{"name": "calico-node", "image": "calico/node:v3.28.5"}]}}
    live = {"kind": "DaemonSet", "metadata": {"namespace": "kube-system", "name": "calico-node"}, "spec": {"template": pod}}
    answers = {"Read what was kept": {"content": base64.b64encode(b"[]").decode()}}
    if left:
        answers["Read what the upgrade has left"] = {"content": base64.b64encode(left.encode()).decode()}
    given = {"__calico_cluster": CLUSTER, "__calico_folder": "/kept"}
    given["__calico_found"] = {"objects": {"daemonsets": [live], "nodes": [], "pods": []}}
    steps, told, unused = role("put_back", answers=answers, **given)
    assert ("another came after it" in told) is refused
    assert [step["args"]["src"] for step in steps if "src" in step["args"]] == ["/kept/before.json", "/kept/upgraded"]


KEPT = {
    "Find what the role has kept on this host": {"files": [{"path": "/var/lib/nodemend/run/calico-c1/before.json"}]},
    "See whether it is back already": {"stat": {"exists": False}},
    "Read what was kept": {"content": "W10="},
}
NOT_READY = {"failed": True, "msg": "It is not Ready."}
LATE = {"failed": True, "stderr": "timed out", "item": DEPLOYMENT}


@pytest.mark.parametrize("step, answer", [("Renew the node", NOT_READY), ("Wait for each", LATE)])
def test_where_an_upgrade_stops(role, step, answer):
    told = role("upgrade", answers={step: answer}, calico_pull_images=False, **GIVEN)[1]
    state = "Still on the old version: n2." if step == "Renew the node" else "not every replica of calico-typha is of the manifest's version and available"
    assert state in told and told.endswith("To go back, run it with calico_state=rolled_back. Backup: /kept/before.json on control1."), told


def test_why_a_deployment_is_late_is_what_its_pods_say(role):
    """kubectl rollout status tells nothing but that it has waited."""
    refused = {"name": "calico-typha", "state": {"waiting": {"reason": "CreateContainerConfigError", "message": "image will run as root"}}}
    running = {"name": "calico-typha", "state": {"running": {}}}
    unplaced = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/3 nodes are available."}
    pods = [
        {"metadata": {"name": "calico-typha-5b8d-aaaaa"}, "status": {"containerStatuses": [refused]}},
        {"metadata": {"name": "calico-typha-5b8d-bbbbb"}, "status": {"containerStatuses": [running], "conditions": [dict(unplaced, status="True")]}},
        {"metadata": {"name": "calico-typha-5b8d-ccccc"}, "status": {"conditions": [unplaced]}},
        {"metadata": {"name": "calico-typha-autoscaler-5b8d-ddddd"}, "status": {"containerStatuses": [refused]}},
    ]
    answers = {"Wait for each": LATE, "Ask their pods": {"objects": {"pods": pods}}}
    told = role("upgrade", answers=answers, calico_pull_images=False, **GIVEN)[1]
    assert "calico-typha-5b8d-aaaaa: calico-typha CreateContainerConfigError image will run as root." in told, told
    assert "calico-typha-5b8d-ccccc: Unschedulable 0/3 nodes are available." in told
    assert "bbbbb" not in told and "ddddd" not in told


@pytest.mark.parametrize("step, answer", [("Renew the node", NOT_READY), ("Wait for each", LATE)])
def test_where_a_roll_back_stops(role, step, answer):
    told = role("rolled_back", answers=dict(KEPT, **{step: answer}), **GIVEN)[1]
    state = "Not put back yet: n2." if step == "Renew the node" else "not every replica of calico-typha is of the version that is put back and available"
    assert state in told and told.endswith("To go on, run the role again with calico_state=rolled_back."), told
    assert "go back" not in told and "old version" not in told and "manifest" not in told


def test_what_another_clusters_upgrade_has_kept_is_left_alone(role):
    files = {"files": [{"path": "/var/lib/nodemend/run/calico-c2/before.json"}]}
    steps, told, text = role("rolled_back", answers={"Find what the role has kept on this host": files}, __calico_cluster=CLUSTER)
    assert not told and "This host has kept nothing of Calico of this cluster to put back." in text
    assert [step["task"] for step in steps] == ["Find what the role has kept on this host"]


@pytest.mark.parametrize("name, host", [("localhost", "localhost (laptop-b)"), ("control1", "control1")])
def test_a_machine_that_is_called_like_every_other_is_told_by_its_own_name(role, name, host):
    note = {"backup": "/kept/before.json", "host": "localhost (laptop-a)", "updateStrategy": {}}
    metadata = {"namespace": "kube-system", "name": "calico-node", "annotations": {"nodemend.kubernetes/calico-rollout": json.dumps(note)}}
    pod = {"spec": {"containers": [{"name": "calico-node", "image": "calico/node:v3.22.5"}]}}
    objects = {"daemonsets": [{"kind": "DaemonSet", "metadata": metadata, "spec": {"template": pod}}], "nodes": [], "pods": []}
    answers = {
        "Find the cluster": {"cluster": dict(CLUSTER["cluster"], version="v1.22.0", calico=None)},
        "Read Calico's objects": {"objects": objects},
        "Look for KubeKey's manifest": {"stat": {"exists": False}},
        "Ask the machine for its own name": {"stdout": "laptop-b"},
    }
    told = role("main", host=name, answers=dict(KEPT, **answers), calico_state="rolled_back")[1]
    assert "An upgrade that was begun on localhost (laptop-a) has not come to its end" in told and "there first, then on %s." % host in told, told
