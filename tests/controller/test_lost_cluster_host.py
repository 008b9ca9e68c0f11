"""The roles that change a cluster, where the host that reaches it is lost after a step and the play ignores that, as remediate does."""

import json
import os

import pytest
from conftest import LIVE, ROOT, playbook, played, staged

# Plays a module: the host of the case is lost at the step that it names, which may have done its work all the same.
STUB = """
import os
from ansible.errors import AnsibleConnectionFailure
from ansible.plugins.action import ActionBase


class ActionModule(ActionBase):
    def run(self, tmp=None, task_vars=None):
        log = os.path.join(task_vars["stub_logs"], task_vars["inventory_hostname"])
        with open(log, "a") as stream:
            stream.write(self._task.args.get("told", self._task.name).replace("\\n", " ") + "\\n")
        if task_vars["dies"] == self._task.name:
            raise AnsibleConnectionFailure("no route to host")
        return dict({"changed": False}, **task_vars["answers"].get(self._task.name, {}))
"""
MODULES = (
    "calico_borrowed_pods",
    "calico_ipam_info",
    "calico_leaks",
    "daemonset_rollout",
    "evicted_pods",
    "image_pull",
    "objects_info",
    "node_condition_info",
    "cluster_condition_info",
    "pod_network_probe",
    "server_side_apply",
)
ROLES = ("calico", "calico_ipam", "cni_token", "evicted_pods")
PLAY = """
- hosts: all
  gather_facts: false
  ignore_unreachable: true
  tasks:
    - block:
%s
        - nodemend.kubernetes.stub:
            told: all is well
      rescue:
        - nodemend.kubernetes.stub:
            told: "{{ ansible_failed_result.msg | default('no message') }}"
"""
# One for each: ansible-core 2.16 takes the first host's tasks_from for all.
INCLUDE = """
        - ansible.builtin.include_role:
            name: nodemend.kubernetes.%s
            tasks_from: %s
          when: case == "%s %s"
"""
DEPLOYMENT = {"kind": "Deployment", "metadata": {"name": "calico-typha", "namespace": "kube-system"}}
PLAN = {
    "images": [], "nodes": ["n1", "n2"], "daemonset": {"namespace": "kube-system", "name": "calico-node"}, "pull_secrets": [], "service_account": "calico-node",
    "rollout": [DEPLOYMENT], "steady": [DEPLOYMENT], "final": [DEPLOYMENT],
    "absent": [], "documents": [], "refused": [], "look": False, "warnings": [], "words": [],
    "absent_words": [], "backup": "/kept/before.json", "host": "c1",
}  # fmt: skip
CLUSTER = {"cluster": {"kubectl": "kubectl", "kubeconfig": "/etc/kubernetes/admin.conf", "api_ready": True}}
MANIFEST = os.path.join(ROOT, "molecule", "cluster", "calico", "manifests", "calico-v3.22.5.manifest")
VARIABLES = {
    "__calico_plan": PLAN,
    "__calico_cluster": CLUSTER,
    "__calico_options": {},
    "__calico_found": {"version": "v1.22.0", "objects": {"daemonsets": []}},
    "__calico_folder": "/kept",
    "__calico_kept_as": "calico-c",
    "calico_manifest": MANIFEST,
    "calico_probe_image": "busybox",
    "__calico_ipam_cluster": CLUSTER,
    "__calico_ipam_seen": {
        "strict_affinity": False, "strict_affinity_document": {}, "no_room": [], "owners": [], "config": None,
        "kube_controllers": {"replicas": 1, "ready": 1},
    },
    "__calico_ipam_undo": "/kept",
    "__calico_ipam_run": "run",
    "__calico_ipam_plan": {"refused": "", "documents": [], "absent": []},
    "calico_ipam_calicoctl": "/calicoctl",
    "calico_ipam_drain_ok": True,
    "calico_ipam_node_routes": [],
    "__maintenance_on": "c1",
    "__maintenance_cluster": {"kubectl": "kubectl", "kubeconfig": "/etc/kubernetes/admin.conf"},
    "__cni_token_node": "n1",
    "__cni_token_path": "/etc/cni/net.d/calico-kubeconfig",
    "__cni_token_selector": "k8s-app",
    "__cni_token_before": 1,
    "__cni_token_plan": {"refused": [], "pod": {"name": "p", "namespace": "kube-system", "uid": "1", "terminating": False}},
    "__cni_token_dates": {"iat": 2, "exp": None},
    "__cni_token_due": [],
    "__cni_token_writer": None,
    "cni_token_renewed": [],
    "cni_token_wait": 3,
    "evicted_pods_max_batch": 99,
}  # fmt: skip
ANSWERS = {
    "Find what the role has kept on this host": {"files": [{"path": "/kept/calico-c/before.json"}]},
    "See whether it is back already": {"stat": {"exists": False}},
    "Read what was kept": {"content": "W10="},
    "Find the cluster": CLUSTER,
    "Read the pods on the node that may have written it": {"rc": 0, "stdout": '{"items": []}'},
    "Wait until the new pod is Ready": {"stdout": "2 True", "stdout_lines": ["2 True"]},
    "See that the node is still Ready": {"stdout": "True"},
    "Delete the evicted pods": {"pods": [], "left": {"young": 0, "owner": 0}, "more": False},
}
NO_ANSWER = "does not answer any more"
# role, entry, the step at which the host is lost, what the message must say
CASES = [
    ("calico", "present", "Ask the API server what would change", "Nothing was changed"),
    ("calico", "present", "See whether every pod is of the newest revision", "Nothing was changed"),
    ("calico", "upgrade", "Have the images on every node", "Nothing was changed"),
    ("calico", "upgrade", "Apply what the nodes need, without moving any", "no node was renewed"),
    ("calico", "upgrade", "Wait for each", "Stopped before the first node"),
    ("calico", "upgrade", "Renew the node", "Stopped at node n1"),
    ("calico", "upgrade", "Try the network from the first node", "Still on the old version: n2."),
    ("calico", "upgrade", "Apply the rest, and the manifest's own strategy", "calico_state=rolled_back"),
    ("calico", "rolled_back", "Find what the role has kept on this host", "Nothing was changed"),
    ("calico", "rolled_back", "See whether it is back already", "Nothing was changed"),
    ("calico", "put_back", "Read what was kept", "Nothing was changed"),
    ("calico", "put_back", "Read what the upgrade has left", "Nothing was changed"),
    ("calico", "put_back", "Apply what the nodes need, without moving any", "no node was renewed"),
    ("calico", "put_back", "Put back the rest", "run the role again"),
    ("calico", "put_back", "Take away what was not there", "run the role again"),
    ("calico", "rbac", "Complete the roles", "run the role again"),
    ("calico_ipam", "strict_affinity", "Have no node borrow any more", "run the role again"),
    ("calico_ipam", "pods", "Recreate the pods whose address is dropped", "run the role again"),
    ("calico_ipam", "leaks", "Release what nobody has any more", "run the role again"),
    ("calico_ipam", "leaks", "See that it is unlocked", "no pod starts"),
    ("calico_ipam", "put_back", "Put the setting back", "run the role again"),
    ("calico_ipam", "put_back", "Take away what was not there", "run the role again"),
    ("cni_token", "renew", "Recreate the pod", "run the role again"),
    ("cni_token", "renew", "Wait until the new pod is Ready", "was deleted"),
    ("cni_token", "renew", "See that the node is still Ready", "was deleted"),
    ("evicted_pods", "main", "Delete the evicted pods", "run the role again"),
]
# From the beginning, where the role itself reads what VARIABLES say above.
READING = [
    ("calico", "main", "Find the cluster", "Nothing was changed"),
    ("calico", "main", "Read Calico's objects", "Nothing was changed"),
    ("calico", "main", "Look for KubeKey's manifest", "Nothing was changed"),
    ("calico_ipam", "main", "Find the cluster", "Nothing was changed"),
    ("calico_ipam", "main", "Unlock what a run of ours that was killed has locked", "no pod starts"),
    ("calico_ipam", "main", "Read how Calico gives addresses", "Nothing was changed"),
    ("cni_token", "main", "Read the tokens' dates", "Nothing was changed"),
    ("evicted_pods", "main", "Find the cluster", "Nothing was changed"),
]
BATCHES = {"calico_max_batch": 99, "calico_ipam_max_batch": 99, "evicted_pods_max_batch": 99}
# What may still be done: a lock is given back by who cannot know whether it is there, and a proof asks through other hosts, too.
GOES_ON = {
    "Release what nobody has any more": 1,
    "Wait until the new pod is Ready": 2,
    "See whether every pod is of the newest revision": 1,
    "Read what was kept": 1,
    "Read Calico's objects": 1,
}


def play(folder, cases, variables):
    """Every case is a host of one play: return for each its steps, with what the play was told in the end."""
    target = staged(folder, *("roles/" + name for name in ROLES))
    played(target, ROLES, MODULES, STUB)
    (folder / "logs").mkdir()
    entries = sorted({case[:2] for case in cases})
    (folder / "play.yml").write_text(PLAY % "".join(INCLUDE % (entry + entry) for entry in entries))
    inventory = "".join(
        "case%d %s case='%s %s' dies=%s\n" % (number, LIVE, role, entry, json.dumps(dies)) for number, (role, entry, dies, unused) in enumerate(cases)
    )
    variables = dict(variables, answers=ANSWERS, stub_logs=str(folder / "logs"))
    done = playbook(folder, str(folder / "play.yml"), inventory, "-e", json.dumps(variables), collections=folder / "collections")
    assert done.rc == 0, done.all[-2000:]
    return [(folder / "logs" / ("case%d" % number)).read_text().splitlines() for number in range(len(cases))]


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    return play(tmp_path_factory.mktemp("lost"), CASES, VARIABLES) + play(tmp_path_factory.mktemp("reading"), READING, BATCHES)


@pytest.mark.parametrize("number", range(len(CASES + READING)), ids=["%s %s" % (case[0], case[2]) for case in CASES + READING])
def test_a_host_that_is_lost_ends_the_role_at_that_step(ran, number):
    steps, message = ran[number][:-1], ran[number][-1]
    dies, word = (CASES + READING)[number][2:]
    assert NO_ANSWER in message and word in message, message
    assert len(steps) - steps.index(dies) - 1 == GOES_ON.get(dies, 0), steps
