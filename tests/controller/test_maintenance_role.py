"""The role maintenance where a real cluster is not needed to see it: kubectl is a script here, the scans are stubs."""

import getpass
import json
import pathlib
import platform

import pytest
from ansible.plugins.connection import local
from conftest import DEAD, LIVE, playbook, staged

INFO = """
from ansible.plugins.action import ActionBase


class ActionModule(ActionBase):
    def run(self, tmp=None, task_vars=None):
        return dict(task_vars["stub"][%r], changed=False)
"""
# Ends the local connection, with whose text it begins, to a host that has died: as soon as there is a file "dead".
MORTAL = """
from ansible.errors import AnsibleConnectionFailure

_exec_command = Connection.exec_command


def exec_command(self, *arguments, **options):
    if os.path.exists(os.path.join(os.path.dirname(__file__), "..", "dead")):
        raise AnsibleConnectionFailure("no route to host")
    return _exec_command(self, *arguments, **options)


Connection.exec_command = exec_command
"""
# Answers with what lies in its folder; says no to what begins with a line of the file "fails" ("!" is the end of a command). What begins with the line
# of "dies" is the last that mortal hosts live to see. What begins with the line of "recovers" is refused once.
KUBECTL = """#!/bin/sh
here=$(dirname "$0")
[ "$KUBERC" = off ] || { echo "error: what the operator prefers (kuberc) would count" >&2; exit 1; }
shift_options() { while case $1 in --*) true ;; *) false ;; esac; do shift; done; echo "$*"; }
words=$(shift_options "$@")
echo "$words" >>"$here/log"
while read -r word; do
    case "$words!" in "$word"*) echo "error: $word refused" >&2; exit 1 ;; esac
done <"$here/fails"
if [ -e "$here/recovers" ] && read -r word <"$here/recovers"; then
    case $words in "$word"*) rm "$here/recovers"; echo "error: $word refused" >&2; exit 1 ;; esac
fi
read -r last <"$here/dies"
case $words! in "$last"*) touch "$here/dead" ;; esac
case $words in
    version*) echo '{"clientVersion": {"gitVersion": "v1.20.2"}}' ;;
    "get node "*jsonpath=*) printf True ;;
    "get node "*) cat "$here/node" ;;
    "get endpoints "*) echo '{"subsets": [{"addresses": [{"ip": "10.0.0.9"}], "ports": [{"port": 6443}]}]}' ;;
    "get lease w1 "*) date +%s%N ;;
    "get lease "*) [ ! -e "$here/lease" ] || cat "$here/lease" ;;
    "get pods"* | "get poddisruptionbudgets"*) echo '{"items": []}' ;;
    create* | replace*) cat >"$here/lease"; sed -i 's/"name"/"resourceVersion": "1", "name"/' "$here/lease" ;;
esac
"""
PLAY = """
- hosts: w*
  gather_facts: false
  tasks:
    - block:
        - ansible.builtin.include_role:
            name: nodemend.kubernetes.maintenance
            tasks_from: "{{ entry | default('main') }}"
      always:
        - ansible.builtin.debug:
            msg: "in service: {{ maintenance_in_service | default('unknown') }}, lock left: {{ maintenance_lock_left | default('unknown') }}"
    - ansible.builtin.include_role:
        name: nodemend.kubernetes.control_plane_certificates
      when: then is defined
"""
# In place of its restarts, the role control_plane_certificates calls the script above.
CHANGE = """
- name: Note it
  ansible.builtin.command: "env KUBERC=off {{ stub.cluster_condition_info.cluster.kubectl }} change"
"""
EXPIRING = {
    "conditions": [
        {"condition": name, "status": status, "message": "It ends.", "evidence": {"due": []}}
        for name, status in (
            ("apiserver_loopback_certificate_expiring", "at_risk"),
            ("kubernetes_certificate_expiring", "ok"),
            ("certificate_authority_expiring", "ok"),
        )
    ],
    "control_plane": {
        "control_plane_processes": [{"name": "kube-apiserver", "pid": 12, "started": 1, "unit": "kube-apiserver.service"}],
        "apiserver_loopback": {"address": "127.0.0.1:6443"},
        "certificates": {"certificates": [], "unreadable": []},
        "node": {"distribution": "kubelet"},
        "kubelet": {"running": True},
    },
    "unavailable": {},
}


UNREAD = {"cluster_nodes": {"reason": "TimedOut", "message": "kubectl get nodes did not end within 30 s."}}


def node(name, **changed):
    return dict({"name": name, "ready": True, "unschedulable": False, "control_plane": False, "addresses": ["10.0.0." + name[-1]]}, **changed)


@pytest.fixture
def role(tmp_path):
    collections = tmp_path / "collections"
    target = staged(tmp_path, "roles/maintenance", "roles/control_plane_certificates")
    (target / "roles" / "control_plane_certificates" / "tasks" / "change.yml").write_text(CHANGE)
    for module in ("node_condition_info", "cluster_condition_info", "etcd_info", "control_plane_info"):
        (target / "plugins" / "action" / (module + ".py")).write_text(INFO % module)
    (tmp_path / "play.yml").write_text(PLAY)
    (tmp_path / "log").write_text("")
    (tmp_path / "connection_plugins").mkdir()
    (tmp_path / "connection_plugins" / "mortal.py").write_text(pathlib.Path(local.__file__).read_text() + MORTAL)
    kubectl = tmp_path / "kubectl"
    kubectl.write_text(KUBECTL)
    kubectl.chmod(0o755)

    def run(*words, nodes=("w1", "w2"), fails=(), dies="nobody", spec=None, etcd=None, inventory="w1 %s\n" % LIVE, serves=False, recovers=None, seen=None):
        (tmp_path / "fails").write_text("".join(word + "\n" for word in fails))
        (tmp_path / "dies").write_text(dies + "\n")
        (tmp_path / "dead").unlink(missing_ok=True)
        if recovers:
            (tmp_path / "recovers").write_text(recovers + "\n")
        (tmp_path / "node").write_text(json.dumps(seen or {"metadata": {}, "spec": spec or {}}))
        self = {"name": "w1", "cluster": "c0ffee", "control_plane": serves, "etcd": False, "kubernetes": True, "addresses": ["10.0.0.1"]}
        cluster = {"id": "c0ffee", "api_ready": True, "version": "v1.20.2", "kubectl": str(kubectl), "kubeconfig": "/etc/kubernetes/admin.conf"}
        stub = {
            "node_condition_info": {"node": self},
            "cluster_condition_info": {
                "cluster": dict(cluster, nodes=nodes and [node(name) for name in nodes]),
                "unavailable": UNREAD if nodes is None else {},
            },
            "etcd_info": {"etcd": {"etcd": etcd or {"present": False}}},
            "control_plane_info": EXPIRING,
        }
        variables = {"stub": stub, "maintenance_cluster_host": "localhost"}
        words = [part for word in words for part in (("-e", word) if "=" in word else (word,))]
        done = playbook(tmp_path, str(tmp_path / "play.yml"), inventory, "-e", json.dumps(variables), *words, collections=collections)
        done.text = " ".join(done.all.split())
        return done

    run.calls = lambda: (tmp_path / "log").read_text().splitlines()
    run.lease = lambda: json.loads((tmp_path / "lease").read_text())
    return run


@pytest.fixture
def fail_drain():
    """The drain itself, not the rehearsal before it."""
    return ["drain w1 --ignore-daemonsets --timeout=600s!"]


def changing(calls):
    return [call for call in calls if not call.startswith(("get ", "version")) and "--dry-run" not in call]


def test_drains_by_eviction_only_and_keeps_the_lock(role):
    done = role("maintenance_force=false", "maintenance_delete_emptydir_data=yes", "maintenance_grace_period=5", "nodemend_run=r1")
    assert done.rc == 0
    verbs = [call.split()[0] for call in changing(role.calls())]
    assert verbs == ["create", "patch", "drain", "replace"]
    (drain,) = [call for call in changing(role.calls()) if call.startswith("drain")]
    assert drain == "drain w1 --ignore-daemonsets --timeout=600s --grace-period=5 --delete-emptydir-data"
    assert role.lease()["spec"]["holderIdentity"].endswith("/r1")
    (patch,) = [call for call in changing(role.calls()) if call.startswith("patch")]
    assert json.loads(patch.split("--patch ")[1])["metadata"]["annotations"] == {"nodemend.io/cordoned-by": role.lease()["spec"]["holderIdentity"]}


def test_check_mode_only_asks(role):
    done = role("--check")
    assert done.rc == 0 and changing(role.calls()) == []
    assert any("--dry-run=client" in call for call in role.calls())


def test_the_only_node_is_refused(role):
    done = role(nodes=("w1",))
    assert done.rc != 0 and "w1 is the only node of its cluster" in done.text and changing(role.calls()) == []


def test_an_api_server_that_does_not_tell_its_nodes_is_none_to_go_on_with(role):
    done = role(nodes=None)
    assert done.rc != 0 and changing(role.calls()) == []
    assert "or did not tell its nodes, so nothing was done: localhost: kubectl get nodes did not end within 30 s." in done.text


def test_a_lock_is_given_back_also_through_an_api_server_that_does_not_tell_its_nodes(role):
    assert role("entry=lock", "nodemend_run=r1").rc == 0
    done = role("entry=unlock", "nodemend_run=r1", nodes=None)
    assert done.rc == 0 and "holderIdentity" not in role.lease()["spec"], done.text


UNCORDON = 'patch node w1 --type=merge --patch {"metadata": {"annotations": {"nodemend.io/cordoned-by": null'


def test_a_drain_that_fails_is_undone(role, fail_drain):
    done = role(fails=fail_drain)
    assert done.rc != 0 and "w1 was not drained within 600 s" in done.text and "w1 is uncordoned again" in done.text
    assert "run this play again with --limit w1 -e nodemend_cluster_host=localhost." in done.text
    assert changing(role.calls())[-2].startswith(UNCORDON)
    assert "holderIdentity" not in role.lease()["spec"]


def test_a_node_that_could_not_be_uncordoned_is_named_with_the_command(role, fail_drain):
    done = role(fails=[*fail_drain, UNCORDON])
    assert done.rc != 0 and "w1 IS STILL CORDONED" in done.text
    assert "kubectl --kubeconfig /etc/kubernetes/admin.conf uncordon w1 && " in done.text and "on localhost:" in done.text
    assert "holderIdentity" not in role.lease()["spec"]


def test_what_kubectl_would_not_drain_is_refused_before_the_cordon(role):
    done = role(fails=["drain"])
    assert done.rc != 0 and "Nothing was cordoned. error: drain refused" in done.text and "w1 was not touched" in done.text
    assert [call.split()[0] for call in changing(role.calls())] == ["create", "replace"]


def test_of_two_who_want_the_lock_at_once_one_is_told(role):
    done = role(fails=["create"])
    assert done.rc != 0 and "somebody else may have been quicker" in done.text
    assert [call.split()[0] for call in changing(role.calls())] == ["create"]


def test_one_cordoned_by_somebody_else_stays_so(role, fail_drain):
    done = role(fails=fail_drain, spec={"unschedulable": True})
    assert done.rc != 0 and "w1 stays cordoned, as it was before" in done.text
    assert "patch" not in [call.split()[0] for call in role.calls()]
    done = role("maintenance_state=uncordoned", "maintenance_ready_timeout=3", spec={"unschedulable": True})
    assert "patch" not in [call.split()[0] for call in role.calls()]


def test_a_cluster_host_that_dies_before_anything_is_changed(role):
    done = role("maintenance_cluster_host=c1", inventory="w1 %s\nc1 %s\n" % (LIVE, DEAD))
    assert done.rc != 0 and "The node w1 could not be read through c1:" in done.text and role.calls() == []


MORTAL_HOSTS = "w1 %s\nc1 ansible_connection=mortal ansible_pipelining=true\n" % LIVE
THREE = [{"id": str(number), "name": "e%d" % number, "client_urls": [], "learner": False, "healthy": True} for number in range(3)]
ELSEWHERE = {"present": False, "own": None, "members": None, "problem": None}
MEMBER = {"present": True, "own": "0", "members": THREE, "problem": None, "etcdctl": "true", "endpoint": "https://127.0.0.1:2379", "credentials": []}


@pytest.mark.parametrize(
    "dies, etcd, why, end",
    [
        ("drain w1 --ignore-daemonsets --timeout=600s!", None, "The maintenance lock could not be read through c1", "w1 IS STILL CORDONED"),
        ("create", None, "c1, on which kubectl runs, does not answer any more", "w1 was not touched"),
        ("get endpoints", MEMBER, "c1, through which the API servers are asked, does not answer any more", "w1 was not touched"),
    ],
)
def test_a_cluster_host_that_dies_is_told_of_in_a_play_that_does_not_ignore_it(role, tmp_path, dies, etcd, why, end):
    done = role("maintenance_cluster_host=c1", dies=dies, etcd=etcd, inventory=MORTAL_HOSTS)
    assert done.rc == 2 and why in done.text and end in done.text
    assert "The maintenance lock could not be given back" in done.text
    assert ("on c1: %s --kubeconfig /etc/kubernetes/admin.conf uncordon w1" % (tmp_path / "kubectl") in done.text) == ("CORDONED" in end)


def test_a_member_of_etcd_that_dies_before_its_snapshot_gives_the_lock_back(role):
    done = role(dies="get --raw", etcd=MEMBER, inventory="w1 ansible_connection=mortal\n")
    assert done.rc == 2 and "w1 does not answer any more, so there may be no snapshot of etcd" in done.text
    assert "holderIdentity" not in role.lease()["spec"]


@pytest.mark.parametrize("seconds, rc, asked", [(60, 0, 2), (1, 0, 2), (0, 2, 1)])
def test_an_api_server_that_was_started_just_now_is_waited_for(role, seconds, rc, asked):
    done = role("entry=control_plane_gate", "maintenance_recovery_timeout=%d" % seconds, serves=True, etcd=ELSEWHERE, recovers="get --raw")
    assert done.rc == rc and ("The API server 10.0.0.9 is not ready" in done.text) == (rc != 0)
    assert len([call for call in role.calls() if call.startswith("get --raw")]) == asked


@pytest.mark.parametrize("entry", ["main", "lock", "control_plane_gate"])
def test_one_host_at_a_time(role, entry):
    done = role("entry=%s" % entry, inventory="w1 %s\nw2 %s\n" % (LIVE, LIVE))
    assert done.rc != 0 and "the hosts of a cluster are stopped one at a time" in done.text and role.calls() == []


def test_the_lock_must_outlive_the_drain(role):
    done = role("maintenance_lock_duration=600")
    assert done.rc != 0 and "counts as stale while this run still works" in done.text and role.calls() == []


@pytest.mark.parametrize("entry, holder", [("lock", True), ("unlock", False)])
def test_the_lock_alone(role, entry, holder):
    assert role("entry=lock", "nodemend_run=r1").rc == 0
    assert role("entry=" + entry, "nodemend_run=r1").rc == 0
    assert ("holderIdentity" in role.lease()["spec"]) is holder
    assert {call.split()[0] for call in changing(role.calls())} == {"create", "replace"}


OTHERS = {"metadata": {"resourceVersion": "1"}, "spec": {"holderIdentity": "bastion/ben/1", "renewTime": "2999-01-01T00:00:00.000000Z"}}


@pytest.mark.parametrize(
    "entry, fails, done, calls, held",
    [
        ("unlock", [], True, ["create", "change", "replace"], False),
        ("unlock", ["change"], False, ["create", "change", "replace"], False),
        # Whoever holds it already gives it back.
        ("lock", [], True, ["create", "change"], True),
    ],
)
def test_certificates_are_renewed_under_the_lock(role, entry, fails, done, calls, held):
    ran = role("entry=" + entry, "then=1", "control_plane_certificates_drain_ok=true", fails=fails)
    assert (ran.rc == 0) == done, ran.text
    assert [call.split()[0] for call in changing(role.calls())] == calls
    assert ("holderIdentity" in role.lease()["spec"]) is held


def test_certificates_wait_where_somebody_else_holds_the_lock(role, tmp_path):
    (tmp_path / "lease").write_text(json.dumps(OTHERS))
    done = role("entry=unlock", "then=1", "control_plane_certificates_drain_ok=true")
    assert done.rc != 0 and "bastion/ben/1 holds the maintenance lock of this cluster" in done.text
    assert changing(role.calls()) == [] and role.lease() == OTHERS


BEN = "bastion/ben/1"
CORDONED = {"metadata": {"annotations": {"nodemend.io/cordoned-by": BEN}}, "spec": {"unschedulable": True}}


def held(by, renewed="2999-01-01T00:00:00.000000Z"):
    return {"metadata": {"resourceVersion": "1"}, "spec": {"holderIdentity": by, "renewTime": renewed}}


def test_a_node_on_which_another_run_is_at_work_is_left_to_it(role, tmp_path):
    (tmp_path / "lease").write_text(json.dumps(held(BEN)))
    done = role("maintenance_state=uncordoned", seen=CORDONED)
    assert done.rc != 0 and "bastion/ben/1 holds the maintenance lock" in done.text and "It has cordoned w1 and may be at work on it" in done.text
    assert "--namespace kube-system delete lease nodemend-maintenance; then run this again" in done.text and "STILL BE CORDONED" not in done.text
    assert changing(role.calls()) == [] and role.lease() == held(BEN)


def test_one_goes_on_with_what_an_earlier_run_of_ones_own_has_drained(role, tmp_path):
    mine = "%s/%s/1" % (platform.node(), getpass.getuser())
    (tmp_path / "lease").write_text(json.dumps(held(mine)))
    done = role("maintenance_state=uncordoned", seen={"metadata": {"annotations": {"nodemend.io/cordoned-by": mine}}, "spec": {"unschedulable": True}})
    assert done.rc == 0, done.text
    assert changing(role.calls())[0].startswith(UNCORDON) and role.lease()["spec"].get("holderIdentity") is None


@pytest.mark.parametrize("user, done", [("awx/anna", True), ("awx/ben", False), ("", False)])
def test_oneself_is_who_one_says_where_each_job_has_another_host_name(role, tmp_path, user, done):
    anna = "awx/anna/1"
    (tmp_path / "lease").write_text(json.dumps(held(anna)))
    seen = {"metadata": {"annotations": {"nodemend.io/cordoned-by": anna}}, "spec": {"unschedulable": True}}
    ran = role("maintenance_state=uncordoned", "maintenance_holder=" + user, seen=seen)
    assert (ran.rc == 0) is done, ran.text
    assert ("awx/anna/1 holds the maintenance lock" in ran.text) is not done


def test_an_api_server_that_is_just_starting_is_asked_again_for_the_node(role):
    mine = {"metadata": {"annotations": {"nodemend.io/cordoned-by": BEN}}, "spec": {"unschedulable": True}}
    done = role("maintenance_state=uncordoned", seen=mine, recovers="get node w1 --output=json")
    assert done.rc == 0 and "in service: True, lock left: " in done.text
    assert [call for call in changing(role.calls()) if call.startswith(UNCORDON)]


def test_tasks_that_fail_after_the_node_is_back_say_nothing_of_a_cordon(role, tmp_path):
    (tmp_path / "after.yml").write_text("- ansible.builtin.fail: {msg: balancer says no}\n")
    done = role("maintenance_state=uncordoned", "maintenance_after_tasks=after.yml", seen=CORDONED)
    assert done.rc == 2 and "balancer says no" in done.text and "in service: True" in done.text and "STILL BE CORDONED" not in done.text


def test_a_lock_that_stays_is_told_and_no_failure_of_the_work(role):
    assert role("entry=lock", "nodemend_run=r1").rc == 0
    done = role("entry=unlock", "nodemend_run=r1", fails=["replace"])
    assert done.rc == 0 and "lock left: The maintenance lock could not be given back and is stale in 3600 s. To remove it on localhost:" in done.text


# The run was killed an hour ago; its lock was removed, and somebody is at work on another node.
@pytest.mark.parametrize("lease, left", [(held(BEN, "2020-01-01T00:00:00.000000Z"), None), (held("laptop/anna/2"), "laptop/anna/2")])
def test_a_node_that_a_killed_run_has_left_is_taken_back(role, tmp_path, lease, left):
    (tmp_path / "lease").write_text(json.dumps(lease))
    done = role("maintenance_state=uncordoned", seen=CORDONED)
    assert done.rc == 0, done.text
    assert changing(role.calls())[0].startswith(UNCORDON) and role.lease()["spec"].get("holderIdentity") == left
