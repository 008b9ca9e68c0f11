# -*- coding: utf-8 -*-
from __future__ import absolute_import, division, print_function

import functools

import pytest
from ansible_collections.nodemend.kubernetes.plugins.module_utils import _condition

__metaclass__ = type


def _evaluate(kernel, now, minimum_nofile=1):
    local = (kernel, now, minimum_nofile)
    return local


def test_parameters_tells_required_from_optional_and_leaves_locals_out():
    assert _condition.parameters(_evaluate) == (("kernel", "now"), ("minimum_nofile",))


def test_parameters_of_a_function_without_any():
    assert _condition.parameters(lambda: None) == ((), ())


def _any(*facts):
    return facts


def _named(**facts):
    return facts


@functools.wraps(_evaluate)
def _decorated(*args, **kwargs):
    return _evaluate(*args, **kwargs)


class _Callable(object):
    def __call__(self, kernel):
        return kernel


@pytest.mark.parametrize(
    "function", [_any, _named, _decorated, functools.partial(_evaluate, 1), _Callable(), len], ids=repr
)
def test_parameters_refuses_what_hides_the_facts(function):
    with pytest.raises(TypeError):
        _condition.parameters(function)


@pytest.mark.parametrize(
    "make, status",
    [
        (_condition.ok, "ok"),
        (_condition.faulty, "faulty"),
        (_condition.at_risk, "at_risk"),
        (_condition.unknown, "unknown"),
        (_condition.not_applicable, "not_applicable"),
    ],
)
def test_constructors(make, status):
    verdict = make("Reason", "A sentence.", number=1)
    assert verdict == (status, "Reason", "A sentence.", {"number": 1}, None)
    assert verdict.status in _condition.STATUSES


CONDITION = _condition.Condition(
    id="runtime_nofile_low",
    evaluate=_evaluate,
    role="nodemend.kubernetes.runtime_limits",
    remedy_scope="node",
    remediate_on="faulty",
    disruption="restart",
)


def test_a_verdict_as_the_contract_wants_it():
    assert _condition.as_dict(CONDITION, _condition.faulty("SoftLimitLow", "Low.", soft=1024)) == {
        "condition": "runtime_nofile_low",
        "type": "RuntimeNofileLow",
        "scope": "node",
        "status": "faulty",
        "reason": "SoftLimitLow",
        "message": "Low.",
        "evidence": {"soft": 1024},
        "role": "nodemend.kubernetes.runtime_limits",
        "remedy_scope": "node",
        "remediate_on": "faulty",
        "disruption": "restart",
        "docs": "docs/conditions/runtime_nofile_low.md",
    }


def test_a_verdict_may_say_what_the_remedy_does_to_this_host():
    verdict = _condition.faulty("SoftLimitLow", "Low.")._replace(disruption="drain")
    assert _condition.as_dict(CONDITION, verdict)["disruption"] == "drain"


def test_advice_has_no_role():
    advice = _condition.Condition(id="port_conflict", evaluate=_evaluate)
    answer = _condition.as_dict(advice, _condition.ok("Free", "Free."))
    assert [answer[key] for key in ("role", "remedy_scope", "remediate_on", "disruption")] == [None] * 4
    assert advice.node_only
