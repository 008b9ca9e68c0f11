# -*- coding: utf-8 -*-
from __future__ import absolute_import, division, print_function

import collections

import pytest
from ansible_collections.nodemend.kubernetes.plugins.module_utils._condition import Condition, at_risk, faulty, ok
from ansible_collections.nodemend.kubernetes.plugins.module_utils._engine import FactCycle, Facts, chosen, judge, scan, thresholds_of
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


def condition(evaluate, id="some_fault", **more):
    return Condition(id=id, evaluate=evaluate, **more)


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

    every = facts(one=one, two=two, three=three, done=_node)
    every.get("done")
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


def test_a_condition_of_a_cluster_asks_for_no_node():
    def evaluate(now):
        return ok("Fine", "")

    assert judge(condition(evaluate, scope="cluster"), facts()).status == "ok"


def test_where_nobody_can_tell_whether_it_is_a_node_the_answer_is_unknown():
    def evaluate(now):
        return ok("Fine", "")

    assert judge(condition(evaluate), facts(node=_missing))[:2] == ("unknown", "CommandMissing")


Module = collections.namedtuple("Module", "collect")


def test_the_options_of_conditions_are_those_that_they_or_their_facts_ask_for():
    def evaluate(limits, now, minimum=1):
        return ok("Fine", "")

    # Each is a fact of the other: it must come to an end.
    modules = {"limits": Module(lambda host, kernel: None), "kernel": Module(lambda limits=None, most=1: None)}
    wanted = thresholds_of([condition(evaluate)], modules, {"minimum": "one", "most": "two", "maximum": "three"})
    assert wanted == {"minimum": "one", "most": "two"}


EVERY = tuple(condition(lambda: None, id=name) for name in ("zeta", "alpha", "mu"))


def test_conditions_are_chosen_in_the_order_of_the_catalogue():
    assert [item.id for item in chosen(EVERY, ["mu", "zeta", "mu"])] == ["zeta", "mu"]


@pytest.mark.parametrize("ids, told", [(["mu", "y"], "name y"), (["y", "mu", "x", "y"], "names x, y")])
def test_a_condition_that_nobody_knows(ids, told):
    with pytest.raises(ValueError) as caught:
        chosen(EVERY, ids)
    assert str(caught.value) == "conditions: unknown %s; known are alpha, mu, zeta." % told


def test_a_scan_lists_what_needs_attention():
    def low(now):
        return faulty("Low", "")

    def fine(now):
        return ok("Fine", "")

    def soon(now):
        return at_risk("Soon", "")

    def lost(missing):
        return ok("Fine", "")

    conditions = [condition(evaluate, id=name) for name, evaluate in (("zeta", low), ("nu", fine), ("mu", soon), ("xi", lost), ("alpha", low))]
    report = scan(facts(missing=_missing), conditions)
    assert [verdict["condition"] for verdict in report["conditions"]] == ["zeta", "nu", "mu", "xi", "alpha"]
    assert (report["faulty"], report["at_risk"], report["unknown"]) == (["zeta", "alpha"], ["mu"], ["xi"])
