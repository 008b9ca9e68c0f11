"""The role iptables_backend on hosts whose answers are written here; its modules are played by stubs."""

import json

import pytest
from conftest import LIVE, playbook, staged
from test_iptables_backend_plan import AGENT, dump, found

INFO = """
from ansible.errors import AnsibleConnectionFailure
from ansible.plugins.action import ActionBase


class ActionModule(ActionBase):
    def run(self, tmp=None, task_vars=None):
        if task_vars["stub_dead"] == "iptables_info":
            raise AnsibleConnectionFailure("no route to host")
        with open(task_vars["stub_log"] + ".asked", "a+") as stream:
            stream.write("x")
            stream.seek(0)
            asked = len(stream.read())
        found = task_vars["stub_found"][:asked][-1]
        return dict(found, changed=False, faulty=task_vars["stub_faulty"])
"""
LEFTOVERS = """
from ansible.errors import AnsibleConnectionFailure
from ansible.plugins.action import ActionBase


class ActionModule(ActionBase):
    def run(self, tmp=None, task_vars=None):
        state = self._task.args.get("state", "absent")
        with open(task_vars["stub_log"], "a") as stream:
            stream.write(state + "\\n")
        if state == task_vars["stub_dead"]:
            raise AnsibleConnectionFailure("no route to host")
        if state == task_vars.get("stub_fails"):
            return {"failed": True, "msg": "Something still uses them."}
        return {"changed": state == "absent", "chains": 3, "rules": 9}
"""
# Instead of the command that ends agents, whose numbers would be those of processes of this machine, and of a file of root's.
COMMAND = """
from ansible.plugins.action import ActionBase


class ActionModule(ActionBase):
    def run(self, tmp=None, task_vars=None):
        with open(task_vars["stub_log"], "a") as stream:
            stream.write("ended=%s\\n" % ",".join(self._task.args["argv"][4:]) if "argv" in self._task.args else "noted\\n")
        return {"changed": True, "rc": 0, "stdout": "", "stderr": ""}
"""
PLAY = """
- hosts: all
  gather_facts: false
  ignore_unreachable: true
  tasks:
    - ansible.builtin.include_role:
        name: nodemend.kubernetes.iptables_backend
        tasks_from: "{{ item }}"
      loop: "{{ (tasks_from | default('main')).split(',') }}"
    - ansible.builtin.debug:
        msg: The role has gone through
"""
LEFT = {"kubelet": {"running": False, "enabled": False}, "kubernetes_units": [], "nft": dump(9, 3), "legacy": dump(9, 3)}


@pytest.fixture
def role(tmp_path):
    collections = tmp_path / "collections"
    target = staged(tmp_path, "roles/iptables_backend")
    for name, module in (("end_agents", "command"), ("put_back", "copy")):
        tasks = target / "roles" / "iptables_backend" / "tasks" / (name + ".yml")
        tasks.write_text(tasks.read_text().replace("ansible.builtin.%s:" % module, "nodemend.kubernetes.stub:"))
    for name, text in (("iptables_info", INFO), ("iptables_leftovers", LEFTOVERS), ("stub", COMMAND)):
        (target / "plugins" / "action" / (name + ".py")).write_text(text)
    (tmp_path / "play.yml").write_text(PLAY)
    log = tmp_path / "log"
    log.write_text("")

    def run(facts, *words, dead="", faulty=(), later=(), reason="X", check=False):
        """Play the role; each time the host is asked it answers with the next of the later facts, in the end with the last."""
        answers = [found(**given) for given in (facts, *later)]
        for answer in answers:
            answer["conditions"][0]["reason"] = reason
        variables = {"stub_found": answers, "stub_log": str(log), "stub_dead": dead, "stub_faulty": list(faulty)}
        words = [part for word in words for part in ("-e", word)] + ["--check"] * check
        done = playbook(tmp_path, str(tmp_path / "play.yml"), "w1 %s\n" % LIVE, "-e", json.dumps(variables), *words, collections=collections)
        return done, log.read_text().split()

    return run


@pytest.mark.parametrize("refused", [True, False])
def test_who_only_asks_hears_a_refusal_and_changes_nothing(role, refused):
    writer = {"who": "ufw", "why": "it is enabled", "backend": "legacy", "flushes": False}
    done, called = role(dict(LEFT, rule_writers=[writer] if refused else []), "iptables_backend_drain_ok=true", "tasks_from=ask")
    assert (done.rc != 0, called) == (refused, [])
    assert ("Refused, nothing was changed. ufw would be split" in done.text) == refused


@pytest.mark.parametrize("clean", [True, False])
@pytest.mark.parametrize("tasks", ["ask", "main"])
def test_leftovers_that_let_packets_pass_are_refused_where_they_would_be_removed(role, tasks, clean):
    facts = dict(LEFT, legacy=dump(9, 3, behind="policy DROP"))
    done, called = role(facts, "iptables_backend_drain_ok=true", "tasks_from=%s" % tasks, "iptables_backend_clean_stale=%s" % str(clean).lower())
    assert (done.rc != 0, called) == (clean, []), done.all
    assert ("Refused, nothing was changed. Without the rules of Kubernetes the legacy ipv4 filter FORWARD would stop" in done.text) == clean


def test_who_only_asks_hears_that_the_host_is_gone(role):
    done, unused = role(LEFT, "tasks_from=ask", dead="iptables_info")
    assert done.rc != 0 and "unreachable" in done.text and "has no attribute" not in done.all


def test_text_from_the_command_line_is_no_truth(role):
    done, called = role(LEFT, "iptables_backend_drain_ok=false", "iptables_backend_clean_stale=true")
    assert (done.rc, called) == (0, []) and "To do: remove 3 chains" in done.text
    done, called = role(LEFT, "iptables_backend_drain_ok=true", "iptables_backend_clean_stale=false", "iptables_backend_max_batch=1")
    assert (done.rc, called) == (0, []) and "3 chains and 9 rules of Kubernetes are left" in done.text


def test_numbers_come_as_text_too(role):
    done, unused = role(LEFT, "iptables_backend_drain_ok=true", "iptables_backend_max_batch=0")
    assert done.rc != 0 and "iptables_backend_max_batch allows 0" in done.text


@pytest.mark.parametrize("dead", ["confirmed", "absent"])
def test_a_host_that_cannot_be_reached_again_has_failed(role, dead):
    done, called = role(LEFT, "iptables_backend_drain_ok=true", "iptables_backend_clean_stale=true", dead=dead)
    assert done.rc != 0 and dead in called
    assert "The role has gone through" not in done.text
    assert "has no attribute" not in done.all
    told = "w1 does not answer any more. What was removed comes back by itself." if dead == "absent" else "the host puts its rules back by itself"
    assert told in done.text


def test_leftovers_that_are_used_leave_a_changed_host(role):
    done, called = role(LEFT, "iptables_backend_drain_ok=true", "iptables_backend_clean_stale=true", "stub_fails=absent")
    assert (done.rc != 0, called) == (True, ["absent"])
    assert "Something still uses them. The host has been changed to nft before that" in done.text and "Reboot the node" in done.text


def test_the_only_rules_are_kept(role):
    facts = dict(LEFT, nft=dump(9, 3, services=0), kubelet={"running": True, "enabled": True})
    done, called = role(facts, "iptables_backend_drain_ok=true", "iptables_backend_clean_stale=true", "iptables_backend_restart_timeout=3")
    assert (done.rc != 0, called) == (True, [])
    assert "kube-proxy has not written its ipv4 Services to nft." in done.text


def test_without_a_restart_the_writers_are_named_and_nothing_is_removed(role):
    facts = dict(LEFT, kubelet={"running": True, "enabled": True}, kubernetes_units=["kubelet.service"], host_network_agents=[AGENT])
    words = ("iptables_backend_drain_ok=true", "iptables_backend_clean_stale=true", "iptables_backend_restart_writers=false")
    done, called = role(facts, *words)
    assert "Restart these, for they choose their backend when they start: kubelet.service, kube-proxy." in done.text
    assert (done.rc, called) == (0, []) and "and iptables_backend_restart_writers to true" in done.text


@pytest.mark.parametrize("faulty", [["iptables_backend_mismatch"], []])
def test_a_host_that_is_still_faulty_after_the_change_has_failed(role, faulty):
    done, called = role(dict(LEFT, legacy=dump()), "iptables_backend_drain_ok=true", faulty=faulty)
    assert (done.rc != 0, called) == (bool(faulty), []), done.all
    assert ("The change had no effect: Told." in done.text) == bool(faulty)


# All rules are in legacy, and what writes them is restarted: kube-proxy comes to nft, Felix does where no FelixConfiguration holds it in legacy.
PROXY, FELIX = AGENT, dict(AGENT, name="calico-node", pid=7)
BEFORE = {"kubernetes_units": [], "host_network_agents": [PROXY, FELIX], "legacy": dump(9, 3, family="cali")}
RESTARTED = dict(BEFORE, host_network_agents=[dict(PROXY, pid=6), dict(FELIX, pid=8)], nft=dump(9, 3))
WORDS = ("iptables_backend_drain_ok=true", "iptables_backend_restart_timeout=6")


@pytest.mark.parametrize("clean", ["false", "true"])
def test_a_writer_that_does_not_come_along_is_no_success(role, clean):
    done, called = role(BEFORE, *WORDS, "iptables_backend_clean_stale=" + clean, later=[BEFORE, RESTARTED], faulty=["iptables_backend_mismatch"])
    assert (done.rc != 0, called) == (True, ["ended=5,7"]), done.all
    assert "cali has ipv4 rules in legacy and none in nft." in done.text and "Set iptables_backend_clean_stale" not in done.text
    assert ("has been changed to nft, and what was restarted has not come along. cali has" in done.text) == (clean == "false")


def test_a_writer_is_waited_for(role):
    written = dict(RESTARTED, nft=dump(9, 3, family="cali"))
    done, called = role(BEFORE, *WORDS, later=[BEFORE, RESTARTED, RESTARTED, RESTARTED, written], faulty=["iptables_backend_mismatch"])
    assert (done.rc, called) == (0, ["ended=5,7"]), done.all
    assert "3 chains and 9 rules of Kubernetes are left in legacy. Set iptables_backend_clean_stale" in done.text


def test_what_was_not_restarted_is_not_waited_for(role):
    done, called = role(dict(BEFORE, nft=dump(9, 3)), *WORDS, "iptables_backend_restart_writers=false")
    assert (done.rc, called) == (0, []), done.all
    assert "are left in legacy. cali has ipv4 rules in legacy and none in nft. Set iptables_backend_clean_stale" in done.text


def test_the_rules_of_pods_are_only_named(role):
    pods = dict(RESTARTED, legacy=dump(9, 3, host_ports=["KUBE-HP-A7HWACIJNU4N3R5W"]))
    done, called = role(dict(pods, host_network_agents=[PROXY, FELIX]), *WORDS, later=[dict(pods, host_network_agents=[PROXY, FELIX]), pods])
    assert (done.rc, called) == (0, ["ended=5,7"]), done.all
    assert "are left in legacy. 1 ipv4 host ports, of pods that run or may run, are in legacy only" in done.text


@pytest.mark.parametrize("running, ended", [(True, ["ended=5"]), (False, [])])
def test_going_back_ends_nothing_that_would_not_come_back(role, tmp_path, running, ended):
    """The kubelet does not come up after the change, which is why somebody goes back; canal was started by hand."""
    (tmp_path / "alternatives.json").write_text("[]")
    agents = [PROXY, dict(AGENT, name="canal", pid=7, image=False)]
    facts = {"kubelet": {"running": running, "enabled": True}, "kubernetes_units": [], "host_network_agents": agents}
    later = dict(facts, host_network_agents=[dict(PROXY, pid=6)])
    answers = [facts, later] if running else []
    done, called = role(facts, "tasks_from=read,put_back", "__iptables_backend_folder=%s" % tmp_path, "iptables_backend_restart_timeout=3", later=answers)
    assert (done.rc, called) == (0, ["present", "present", *ended, "noted"]), done.all
    names, numbers = ("canal", "7") if running else ("kube-proxy, canal", "5 7")
    assert "so they are not ended and may speak the backend that the host is taken back from: %s. Once" % names in done.text
    assert "(kill -TERM %s)" % numbers in done.text


@pytest.mark.parametrize("check, drained, goes_on", [(True, "true", True), (False, "true", False), (True, "false", False)])
def test_what_a_real_run_would_confirm_first_is_told_in_check_mode(role, check, drained, goes_on):
    done, called = role(dict(LEFT, status="unknown"), "iptables_backend_drain_ok=" + drained, reason="RestorePending", check=check)
    assert (done.rc == 0, called) == (goes_on, []), done.all
    assert ("Told. A real run would first confirm that removal" in done.text) == goes_on
    assert ("The role has gone through" in done.text) == goes_on
