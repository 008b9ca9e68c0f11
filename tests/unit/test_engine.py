# -*- coding: utf-8 -*-
from __future__ import absolute_import, division, print_function

import pytest
from ansible_collections.nodemend.kubernetes.plugins.module_utils._condition import Condition, ok
from ansible_collections.nodemend.kubernetes.plugins.module_utils._engine import FactCycle, Facts, judge
from ansible_collections.nodemend.kubernetes.plugins.module_utils._host import Unavailable

__metaclass__ = type


def _node():
    return {"present": True}


def _missing():
    raise Unavailable("CommandMissing", "crictl: command not found")


def _garbage():
    return int("garbage")


def _bug():
    return {}["key"]


def facts(given=None, **collectors):
    collectors.setdefault("node", _node)
    return Facts(collectors, dict({"now": 1, "timeout": 10}, **given or {}))


def condition(evaluate, **more):
    return Condition(id="some_fault", evaluate=evaluate, **more)


def test_a_fact_is_collected_once():
    seen = []

    def release():
        seen.append(1)
        return "6.1"

    every = facts(release=release)
    assert [every.get("release"), every.get("release")] == ["6.1", "6.1"]
    assert seen == [1]


def test_a_fact_that_cannot_be_read_is_tried_once_and_keeps_its_reason():
    seen = []

    def release():
        seen.append(1)
        raise Unavailable("TimedOut", "uname: no answer")

    every = facts(release=release)
    for unused in range(2):
        with pytest.raises(Unavailable) as caught:
            every.get("release")
        assert caught.value.reason == "TimedOut"
    assert seen == [1]
    assert sorted(every.unavailable) == ["release"]


def test_collectors_take_facts_options_and_the_clock_by_name():
    def double(base, timeout, now):
        return base * timeout + now

    def base():
        return 2

    assert facts(base=base, double=double).get("double") == 21


def test_what_needs_an_unavailable_fact_has_its_reason():
    def limits(pods):
        return pods

    def evaluate(limits):
        return ok("Fine", str(limits))

    verdict = judge(condition(evaluate), facts(pods=_missing, limits=limits))
    assert (verdict.status, verdict.reason) == ("unknown", "CommandMissing")
    assert verdict.message == "crictl: command not found"


def test_an_optional_fact_is_left_out_where_it_cannot_be_read():
    def evaluate(node, pods="not asked"):
        return ok("Fine", pods)

    assert judge(condition(evaluate), facts(pods=_missing)).message == "not asked"
    assert judge(condition(evaluate), facts(pods=lambda: "read")).message == "read"


def test_text_that_a_parser_does_not_know_is_unreadable():
    def evaluate(limits):
        return ok("Fine", "")

    every = facts(limits=_garbage)
    verdict = judge(condition(evaluate), every)
    assert (verdict.status, verdict.reason) == ("unknown", "Unreadable")
    assert every.bugs == []


def test_a_bug_in_a_collector_is_an_internal_error_and_hides_nothing_else():
    def evaluate(limits):
        return ok("Fine", "")

    def other(node):
        return ok("Fine", "")

    every = facts(limits=_bug)
    assert judge(condition(evaluate), every)[:2] == ("unknown", "InternalError")
    assert judge(condition(other), every).status == "ok"
    (bug,) = every.bugs
    assert "fact limits" in bug and "KeyError" in bug


def test_a_bug_in_a_condition_is_an_internal_error():
    def evaluate(node):
        return node["nothing"]

    every = facts()
    verdict = judge(condition(evaluate), every)
    assert verdict[:2] == ("unknown", "InternalError")
    assert "KeyError" in verdict.message
    assert "condition some_fault" in every.bugs[0]


def test_an_answer_that_is_no_verdict_is_an_internal_error():
    def evaluate(node):
        return "ok"

    assert judge(condition(evaluate), facts())[:2] == ("unknown", "InternalError")


def test_a_fact_that_does_not_exist_is_an_internal_error():
    def evaluate(no_such_fact):
        return ok("Fine", "")

    assert judge(condition(evaluate), facts())[:2] == ("unknown", "InternalError")


def test_facts_that_need_each_other_are_refused():
    def one(two):
        return two

    def two(three):
        return three

    def three(one):
        return one

    every = facts(one=one, two=two, three=three)
    with pytest.raises(FactCycle) as caught:
        every.get("one")
    assert str(caught.value) == "one -> two -> three -> one"

    def evaluate(one):
        return ok("Fine", "")

    with pytest.raises(FactCycle):
        judge(condition(evaluate), every)


def test_a_cycle_through_an_optional_fact_is_refused_too():
    def one(one=None):
        return one

    with pytest.raises(FactCycle):
        facts(one=one).get("one")


def test_what_is_no_node_is_not_asked():
    def evaluate(limits):
        raise AssertionError("asked")

    absent = facts(node=lambda: {"present": False}, limits=_bug)
    verdict = judge(condition(evaluate), absent)
    assert verdict[:2] == ("not_applicable", "NotANode")
    assert absent.bugs == []

    def kernel(now):
        return ok("Fine", str(now))

    assert judge(condition(kernel, node_only=False), absent).status == "ok"


def test_where_nobody_can_tell_whether_it_is_a_node_the_answer_is_unknown():
    def evaluate(now):
        return ok("Fine", "")

    assert judge(condition(evaluate), facts(node=_missing))[:2] == ("unknown", "CommandMissing")
