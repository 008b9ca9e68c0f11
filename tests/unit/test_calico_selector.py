# -*- coding: utf-8 -*-
"""Selectors of Calico's pools; what each operator means is from libcalico-go, lib/selector (parser/ast.go and its tests)."""

from __future__ import absolute_import, division, print_function

import hypothesis
import pytest
from ansible_collections.nodemend.kubernetes.plugins.module_utils._calico_selector import matches
from hypothesis import strategies

__metaclass__ = type

LABELS = {"zone": "west-1", "kubernetes.io/hostname": "worker1", "disk": "ssd", "in": "x"}


@pytest.mark.parametrize(
    "selector, expected",
    [
        ("all()", True),
        ("", True),
        (None, True),
        ("all( )", True),
        ("zone == 'west-1'", True),
        ('zone=="west-1"', True),
        ("zone == 'east'", False),
        ("rack == 'a'", False),
        ("zone != 'east'", True),
        ("rack != 'a'", True),
        ("has(zone)", True),
        ("!has(zone)", False),
        ("has( kubernetes.io/hostname )", True),
        ("kubernetes.io/hostname in {'worker1', 'worker2'}", True),
        ("zone in {}", False),
        ("zone in {'east'}", False),
        ("rack in {'a'}", False),
        ("zone not in {'east'}", True),
        ("zone notin {'west-1'}", False),
        ("rack not in {'a'}", True),
        ("zone contains 'st'", True),
        ("zone starts with 'west'", True),
        ("zone ends with '-2'", False),
        ("rack contains ''", False),
        ("in == 'x'", True),
        ("zone == 'east' || disk == 'ssd'", True),
        ("zone == 'east' && disk == 'ssd'", False),
        # && binds closer.
        ("disk == 'ssd' || zone == 'east' && has(rack)", True),
        ("(disk == 'ssd' || zone == 'east') && has(rack)", False),
        ("!(zone == 'east') && !!has(disk)", True),
    ],
)
def test_what_matches(selector, expected):
    assert matches(selector, LABELS) is expected


@pytest.mark.parametrize(
    "selector",
    [
        "zone",
        "zone = 'a'",
        "zone == a",
        "zone == 'a",
        "all(",
        "has(zone",
        "(all()",
        "all())",
        "all() ||",
        "all() all()",
        "zone in 'a'",
        "zone in {'a' 'b'}",
        "zone in {'a'",
        "zone starts 'a'",
        "zone like 'a'",
        "'a' == zone",
        "&& all()",
        "all() || zone",
        "has(disk) && zone ~ 'a'",
        u"z\u00f6ne == 'a'",
    ],
)
def test_what_is_none_is_refused_and_never_guessed(selector):
    with pytest.raises(ValueError) as caught:
        matches(selector, LABELS)
    assert "is no selector" in str(caught.value)


@hypothesis.given(strategies.text(alphabet="alhszone()!&|={}',\" in", max_size=30))
def test_garbage_is_answered_or_refused(text):
    try:
        assert matches(text, LABELS) in (True, False)
    except ValueError:
        pass
