"""The role iptables_duplicates on hosts whose answers are written here; its modules are played by stubs."""

import json

import pytest
from conftest import LIVE, playbook, staged

# The last answer stays.
INFO = """
import json

from ansible.plugins.action import ActionBase


class ActionModule(ActionBase):
    def run(self, tmp=None, task_vars=None):
        if self._task.args["conditions"] == ["iptables_rule_check_broken"]:
            return {"changed": False, "conditions": [{"status": "ok", "reason": "RightAnswers", "message": "Right."}]}
        with open(task_vars["stub_log"] + ".verdicts") as stream:
            verdicts = json.load(stream)
        with open(task_vars["stub_log"] + ".verdicts", "w") as stream:
            json.dump(verdicts[1:] or verdicts, stream)
        return {"changed": False, "conditions": [verdicts[0]]}
"""
REMOVE = """
from ansible.errors import AnsibleConnectionFailure
from ansible.plugins.action import ActionBase


class ActionModule(ActionBase):
    def run(self, tmp=None, task_vars=None):
        state = self._task.args.get("state", "absent")
        with open(task_vars["stub_log"], "a") as stream:
            stream.write(state + "\\n")
        if state == task_vars.get("stub_dead"):
            raise AnsibleConnectionFailure("no route to host")
        return {"changed": True, "rules": 9, "left": []}
"""
PLAY = """
- hosts: all
  gather_facts: false
  ignore_unreachable: true
  tasks:
    - ansible.builtin.include_role:
        name: nodemend.kubernetes.iptables_duplicates
    - ansible.builtin.debug:
        msg: The role has gone through
"""
MISSING = {"legacy ipv4": {"reason": "CommandMissing", "message": "iptables-legacy-save: command not found in PATH"}}
TOO_LONG = {"nft ipv4": {"reason": "TimedOut", "message": "iptables-nft-save: no answer within 120 s"}}
DENIED = {"legacy ipv4": {"reason": "NeedsRoot", "message": "iptables-legacy-save: only root may list the rules."}}
GARBAGE = {"legacy ipv4": {"reason": "Unreadable", "message": "not a line of iptables-save"}}
FOREIGN = {"nft ipv6": {"reason": "Unreadable", "message": "This iptables cannot read the tables raw: a newer one or nft itself has written them"}}
FILES = {"files": {"/etc/iptables/rules.v4": {"surplus": 90, "total": 99, "unavailable": None}}, "not_parsed": [], "duplicated": ["/etc/iptables/rules.v4"]}


def verdict(status, reason, unavailable=None, surplus=0, **evidence):
    dumps = {"nft ipv4": {"total": 100, "surplus": surplus}, "nft ipv6": {"total": 9, "surplus": 0}, "legacy ipv4": {"total": 0, "surplus": 0}}
    return {
        "status": status,
        "reason": reason,
        "message": "%s as it is told." % reason,
        "evidence": dict({"unavailable": unavailable or {}, "dumps": dumps, "persisted": {"files": {}, "not_parsed": [], "duplicated": []}}, **evidence),
    }


def duplicated(unavailable=None):
    return verdict("faulty", "RulesDuplicated", unavailable, surplus=90)


def unknown(unavailable, **evidence):
    return verdict("unknown", sorted(unavailable.items())[0][1]["reason"], unavailable, **evidence)


@pytest.fixture
def role(tmp_path):
    collections = tmp_path / "collections"
    target = staged(tmp_path, "roles/iptables_duplicates")
    # What killed runs have left on this machine is none of this test's business.
    (target / "roles" / "iptables_duplicates" / "tasks" / "finish.yml").write_text("---\n[]\n")
    for name, text in (("node_condition_info", INFO), ("iptables_duplicates", REMOVE)):
        (target / "plugins" / "action" / (name + ".py")).write_text(text)
    (tmp_path / "play.yml").write_text(PLAY)
    log = tmp_path / "log"

    def run(*verdicts, check=False, dead=""):
        log.write_text("")
        (tmp_path / "log.verdicts").write_text(json.dumps(verdicts))
        words = ["-e", json.dumps({"stub_log": str(log), "stub_dead": dead})] + ["--check"] * check
        done = playbook(tmp_path, str(tmp_path / "play.yml"), "w1 %s\n" % LIVE, *words, collections=collections)
        return done, log.read_text().split()

    return run


# EL 8, where a container has registered legacy tables and the host has no command for them; and tables that this iptables cannot read.
@pytest.mark.parametrize("lacks", [MISSING, GARBAGE, dict(MISSING, **FOREIGN)], ids=["no command", "not readable", "both"])
def test_what_could_not_be_listed_before_is_no_failure(role, lacks):
    done, called = role(duplicated(lacks), unknown(lacks, persisted=FILES))
    assert (done.rc, called) == (0, ["absent", "confirmed"]), done.all
    assert "/etc/iptables/rules.v4 holds 90 copies among 99 rules" in done.text


@pytest.mark.parametrize("lacks", [MISSING, GARBAGE, dict(MISSING, **FOREIGN)], ids=["no command", "not readable", "both"])
def test_a_second_run_changes_nothing_and_names_what_it_cannot_look_at(role, lacks):
    after = unknown(lacks, persisted=FILES)
    done, called = role(after)
    assert (done.rc, called) == (0, []) and "changed=0 " in done.text, done.all
    assert "%s The rules that could be listed hold no more copies than are allowed." % after["message"] in done.text
    assert "/etc/iptables/rules.v4 holds 90 copies among 99 rules" in done.text


def test_a_backend_that_is_listed_but_for_a_table_is_named(role):
    dumps = {"nft ipv6": {"total": 9, "surplus": 3}}
    seen = unknown(FOREIGN, dumps=dumps)
    for verdicts, modules in (((verdict("faulty", "RulesDuplicated", FOREIGN, surplus=90), seen), ["absent", "confirmed"]), ((seen,), [])):
        done, called = role(*verdicts)
        assert (done.rc, called) == (0, modules), done.all


@pytest.mark.parametrize("lacks", [TOO_LONG, DENIED], ids=["too long", "no root"])
def test_both_runs_refuse_what_may_hold_copies_all_the_same(role, lacks):
    after = verdict("at_risk", "DumpTimedOut", lacks) if lacks is TOO_LONG else unknown(lacks)
    for verdicts, modules in (((duplicated(lacks), after), ["absent", "confirmed"]), ((after,), [])):
        done, called = role(*verdicts)
        assert (done.rc != 0, called) == (True, modules), done.all
        assert after["message"] in done.text


@pytest.mark.parametrize(
    "after, told",
    [
        (duplicated(), "RulesDuplicated as it is told. Something still writes them."),
        (unknown(dict(MISSING, **FOREIGN)), "CommandMissing as it is told."),
        (verdict("at_risk", "DumpTimedOut", dict(MISSING, **TOO_LONG)), "DumpTimedOut as it is told."),
        ({"status": "unknown", "reason": "TimedOut", "message": "No answer.", "evidence": {}}, "No answer."),
    ],
    ids=["duplicated", "another lack", "too long", "nothing read"],
)
def test_what_is_not_proved_fails(role, after, told):
    done, called = role(duplicated(MISSING), after)
    assert (done.rc != 0, called) == (True, ["absent", "confirmed"]), done.all
    assert told in done.text and ("Something still writes" in done.text) == (after["status"] == "faulty")


@pytest.mark.parametrize("after", [verdict("ok", "FewCopies"), verdict("at_risk", "CopiesSaved", persisted=FILES)], ids=["ok", "saved"])
def test_what_is_proved(role, after):
    assert role(duplicated(), after)[0].rc == 0


@pytest.mark.parametrize(
    "seen",
    [
        verdict("at_risk", "DumpTimedOut", TOO_LONG),
        verdict("at_risk", "DumpTimedOut", dict(MISSING, **TOO_LONG)),
        unknown(MISSING, dumps={"legacy ipv4": {"total": 0, "surplus": 0}}),  # nothing at all could be listed
        {"status": "unknown", "reason": "NeedsRoot", "message": "No.", "evidence": {}},
    ],
    ids=["too long", "too long and more", "nothing", "no root"],
)
def test_what_could_not_be_listed_is_no_healthy_answer(role, seen):
    done, called = role(seen)
    assert (done.rc != 0, called) == (True, []), done.all
    assert seen["message"] in done.text


@pytest.mark.parametrize("check", [True, False])
def test_what_a_real_run_would_confirm_first_is_told_in_check_mode(role, check):
    done, called = role(verdict("unknown", "RestorePending", persisted=FILES), check=check)
    assert (done.rc == 0, called) == (check, []), done.all
    assert ("RestorePending as it is told. A real run would first confirm that removal" in done.text) == check
    assert "/etc/iptables/rules.v4 holds" not in done.text and ("The role has gone through" in done.text) == check


@pytest.mark.parametrize("dead, told", [("absent", "w1 does not answer any more."), ("confirmed", "the host puts its rules back by itself")])
def test_a_host_that_cannot_be_reached_again_has_failed(role, dead, told):
    done, called = role(duplicated(), verdict("ok", "FewCopies"), dead=dead)
    assert done.rc != 0 and dead in called
    assert told in done.text and "The role has gone through" not in done.text and "has no attribute" not in done.all
