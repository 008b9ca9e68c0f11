"""The module pod_network_probe, and the stop of the role calico after it; kubectl is a script that gives the lab's own answers again (v1.20.2)."""

import json

import pytest
from ansible_collections.nodemend.kubernetes.plugins.modules import pod_network_probe
from conftest import LIVE, playbook, staged
from stub_module import Ended

RUNNING = {"worker1": "10.244.2.2", "worker2": "10.244.1.2"}
# What kubectl exec printed of wget: a port without a listener, an address without a host (timeout ends it).
REFUSED = (1, "", "wget: can't connect to remote host (10.244.1.2): Connection refused\ncommand terminated with exit code 1\n")
SILENT = (143, "", "command terminated with exit code 143\n")
# Of coreutils 9.1, in an image without wget.
LACKING = (127, "", "timeout: failed to run command 'wget': No such file or directory\ncommand terminated with exit code 127\n")
ANSWERED = (0, "nodemend\n", "")
DELETE = "delete pods --namespace=kube-system --selector=app.kubernetes.io/name=nodemend-network-probe --ignore-not-found"


def pod(node, address=None, phase="Running"):
    """A pod as `kubectl get pods` printed it, without what only its kubelet and runtime know."""
    status = {"phase": phase, "hostIP": "10.213.3.12", "qosClass": "BestEffort", "startTime": "2026-11-27T15:36:06Z"}
    if address:
        status.update(podIP=address, podIPs=[{"ip": address}])
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "nodemend-network-probe"}, "spec": {"nodeName": node}, "status": status}


def pods(**addresses):
    return [pod(node, address) for node, address in addresses.items()]


class Server:
    """Answers the module's commands. listed: what the pods are, one reading after the other, the last for good; answers: of exec, likewise."""

    check_mode = False

    def __init__(self, listed, answers=(ANSWERED,), create=(0, "", ""), **params):
        self.params = dict({"kubectl": "kubectl", "kubeconfig": "/admin.conf", "request_timeout": 30, "image": "busybox:1.35", "wait": 60}, **params)
        self.params.setdefault("nodes", ["worker1", "worker2"])
        self.params.setdefault("namespace", "kube-system")
        self.listed, self.answers, self.create = list(listed), list(answers), create
        self.calls, self.created = [], []
        self.now = 0

    def time(self):
        return self.now

    def sleep(self, seconds):
        self.now += seconds

    def run_command(self, argv, data=None, environ_update=None):
        assert argv[:3] == ["kubectl", "--kubeconfig=/admin.conf", "--request-timeout=30s"]
        words = " ".join(argv[3:])
        self.calls.append(words)
        if argv[3] == "create":
            self.created = json.loads(data)["items"]
            return self.create
        if argv[3] == "get":
            return 0, json.dumps({"apiVersion": "v1", "kind": "List", "items": self._next(self.listed)}), ""
        if argv[3] == "exec":
            self.now += 5
            return self._next(self.answers)
        return 0, "", ""

    def _next(self, answers):
        return answers.pop(0) if len(answers) > 1 else answers[0]

    def fail_json(self, **result):
        raise Ended(dict(result, failed=True))

    def exit_json(self, **result):
        raise Ended(result)

    def asked(self):
        return [call.partition("wget -q -O - ")[2] for call in self.calls if call.startswith("exec")]


@pytest.fixture
def probe(monkeypatch):
    """Return a function: run the module against a Server, whose time passes at once; return its result."""

    def run(server):
        monkeypatch.setattr(pod_network_probe, "time", server)
        monkeypatch.setattr(pod_network_probe, "AnsibleModule", lambda *unused, **options: server)
        with pytest.raises(Ended) as ended:
            pod_network_probe.main()
        # Whatever came of it, the pods are not left.
        if server.created:
            assert server.calls[0] == DELETE and server.calls[-1] == DELETE + " --wait=false"
        return ended.value.args[0]

    return run


def test_both_answer(probe):
    server = Server([[pod("worker1", phase="Pending"), *pods(worker2="10.244.1.2")], pods(**RUNNING)])
    assert probe(server) == {"changed": False, "addresses": RUNNING}
    assert server.asked() == ["http://10.244.1.2:8080/", "http://10.244.2.2:8080/"]
    assert [item["spec"]["nodeName"] for item in server.created] == ["worker1", "worker2"]


def test_one_that_answers_late(probe):
    server = Server([pods(**RUNNING)], [REFUSED, ANSWERED])
    assert "failed" not in probe(server)
    assert server.asked()[0] == server.asked()[1]


@pytest.mark.parametrize(
    "answers, sentence",
    [
        ([SILENT], "a pod of worker1 has no answer from a pod of worker2 at 10.244.1.2 (command terminated with exit code 143)"),
        (
            [REFUSED],
            "a pod of worker1 has no answer from a pod of worker2 at 10.244.1.2 "
            "(wget: can't connect to remote host (10.244.1.2): Connection refused; command terminated with exit code 1)",
        ),
        # Not the network's fault, and not told as one.
        (
            [LACKING],
            "a pod of worker1 has no answer from a pod of worker2 at 10.244.1.2 "
            "(timeout: failed to run command 'wget': No such file or directory; command terminated with exit code 127)",
        ),
        # Somebody else's server.
        ([(0, "welcome\n", "")], "a pod of worker1 has no answer from a pod of worker2 at 10.244.1.2 (something else answers there)"),
        # One way only.
        ([ANSWERED, SILENT] * 20, "a pod of worker2 has no answer from a pod of worker1 at 10.244.2.2 (command terminated with exit code 143)"),
    ],
)
def test_pods_that_do_not_reach_each_other(probe, answers, sentence):
    server = Server([pods(**RUNNING)], answers)
    assert probe(server) == {"failed": True, "msg": "The network of pods fails: %s." % sentence}
    assert 60 <= server.now < 75


def test_a_pod_that_does_not_run(probe):
    # The kubelet gives it an address before it pulls its image, which fails.
    server = Server([[*pods(worker1="10.244.2.3"), pod("worker2", "10.244.1.3", "Pending")]])
    assert probe(server) == {"failed": True, "msg": "The network of pods fails: the pod of worker2 does not run after 60 s."}
    assert server.asked() == []


def test_what_the_api_server_refuses(probe):
    said = 'Error from server (AlreadyExists): pods "nodemend-network-probe-0" already exists'
    assert probe(Server([[]], create=(1, "", said + "\n"))) == {"failed": True, "msg": said}


def test_ipv6(probe):
    server = Server([pods(worker1="fd00::1", worker2="fd00::2")])
    assert "failed" not in probe(server)
    assert server.asked() == ["http://[fd00::2]:8080/", "http://[fd00::1]:8080/"]


@pytest.mark.parametrize("nodes", [["worker1"], ["worker1", "worker1"], ["worker1", "worker2", "worker3"]])
def test_two_nodes_are_needed(probe, nodes):
    server = Server([[]], nodes=nodes)
    assert probe(server)["msg"] == "nodes: two different nodes are needed." and server.calls == []


def test_check_mode_tries_nothing(probe):
    server = Server([[]])
    server.check_mode = True
    assert probe(server) == {"changed": False, "addresses": {}} and server.calls == []


# Its pods run and do not reach each other, or do.
KUBECTL = """#!/bin/sh
here=$(dirname "$0")
shift 2
echo "$*" >>"$here/kubectl.log"
case $1 in
    create) cat >"$here/created" ;;
    get) cat "$here/pods" ;;
    exec) cat "$here/answer"; test -s "$here/answer" || { echo "command terminated with exit code 143" >&2; exit 143; } ;;
esac
"""
# The changes themselves are the modules' and have tests of their own.
NOTE = """
from ansible.plugins.action import ActionBase


class ActionModule(ActionBase):
    def run(self, tmp=None, task_vars=None):
        with open(task_vars["log"], "a") as log:
            print(self._task.action.rpartition(".")[2], self._task.args.get("node", ""), file=log)
        return {"changed": True, "pod": "calico-node-x"}
"""
PLAY = """
- hosts: control1
  gather_facts: false
  module_defaults:
    nodemend.kubernetes.pod_network_probe: {wait: 1}
  tasks:
    - ansible.builtin.include_role:
        name: nodemend.kubernetes.calico
        tasks_from: upgrade
"""


@pytest.fixture
def upgrade(tmp_path):
    """Return a function: play the role's upgrade of three nodes; return its Run, and what was done in order."""
    target = staged(tmp_path, "roles/calico")
    for module in ("server_side_apply", "daemonset_rollout"):
        (target / "plugins" / "action" / (module + ".py")).write_text(NOTE)
    (tmp_path / "play.yml").write_text(PLAY)
    kubectl = tmp_path / "kubectl"
    kubectl.write_text(KUBECTL)
    kubectl.chmod(0o755)
    (tmp_path / "pods").write_text(json.dumps({"kind": "List", "items": pods(**RUNNING)}))
    daemonset = {"namespace": "kube-system", "name": "calico-node"}
    plan = {"daemonset": daemonset, "nodes": ["worker1", "worker2", "control1"], "rollout": [], "steady": [], "final": []}
    plan.update(backup="/kept/before.json", host="control1")
    cluster = {"cluster": {"kubectl": str(kubectl), "kubeconfig": "/admin.conf"}}

    def run(answer):
        (tmp_path / "answer").write_text(answer)
        variables = {"__calico_plan": plan, "__calico_cluster": cluster, "log": str(tmp_path / "log"), "calico_pull_images": False}
        words = ["-e", json.dumps(dict(variables, calico_probe_image="busybox:1.35"))]
        done = playbook(tmp_path, str(tmp_path / "play.yml"), "control1 %s\n" % LIVE, *words, collections=tmp_path / "collections")
        done.text = " ".join(done.all.split())
        return done, (tmp_path / "log").read_text().splitlines()

    return run


def test_the_role_stops_at_the_first_node(upgrade, tmp_path):
    done, log = upgrade("")
    assert done.rc == 2, done.text
    lacking = "a pod of worker1 has no answer from a pod of worker2 at 10.244.1.2 (command terminated with exit code 143)"
    assert "Stopped at node worker1: The network of pods fails: %s." % lacking in done.text
    assert "Still on the old version: worker2, control1. Nothing moves by itself" in done.text
    assert "To go back, run it with calico_state=rolled_back. Backup: /kept/before.json on control1." in done.text
    assert log == ["server_side_apply ", "daemonset_rollout worker1"]
    assert (tmp_path / "kubectl.log").read_text().splitlines()[-1] == DELETE + " --wait=false"


def test_the_role_goes_on_where_they_reach_each_other(upgrade):
    done, log = upgrade("nodemend\n")
    assert done.rc == 0, done.text
    assert log == ["server_side_apply ", *("daemonset_rollout " + node for node in ("worker1", "worker2", "control1")), "server_side_apply "]
