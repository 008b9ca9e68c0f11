"""The role calico's tasks, whose modules are played: what they ask for, and what the role says where it stops."""

import json

import pytest
from conftest import LIVE, playbook, staged

# Plays a module: its answer is told by the task's name, and it may lose the host.
STUB = """
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
MODULES = ("cluster_condition_info", "daemonset_rollout", "objects_info", "pod_network_probe", "server_side_apply", "stub")
# Modules of Ansible that would reach for this machine.
REPLACED = ("command", "copy", "find", "slurp", "stat")
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
    for path in (target / "roles" / "calico" / "tasks").iterdir():
        text = path.read_text()
        for module in REPLACED:
            text = text.replace("ansible.builtin.%s:" % module, "nodemend.kubernetes.stub:")
        path.write_text(text)
    for module in MODULES:
        (target / "plugins" / "action" / (module + ".py")).write_text(STUB)
    (tmp_path / "play.yml").write_text(PLAY)

    def run(entry, **variables):
        variables = dict(variables, entry=entry, log=str(tmp_path / "log"))
        words = ["-e", json.dumps(variables)]
        done = playbook(tmp_path, str(tmp_path / "play.yml"), "control1 %s\n" % LIVE, *words, collections=tmp_path / "collections")
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
