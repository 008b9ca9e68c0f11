# -*- coding: utf-8 -*-
from __future__ import absolute_import, division, print_function

import pytest
from ansible_collections.nodemend.kubernetes.plugins.module_utils._vercmp import sort_key

__metaclass__ = type


@pytest.mark.parametrize(
    "older, newer",
    [  # of rpm's own table (tests/rpmvercmp.at), but the third
        ("1.0", "2.0"),
        ("2.0", "2.0.1"),
        ("9", "10"),
        ("5.5p1", "5.5p10"),
        ("2.0.1", "2.0.1a"),
        ("6.0", "6.0.rc1"),
        ("10a1", "10b2"),
        ("xyz.4", "8"),
        ("2a", "2.0"),
        ("1.0~rc1", "1.0"),
        ("1.0~rc1", "1.0~rc2"),
        ("1.0~rc1~git123", "1.0~rc1"),
        ("1.0", "1.0^"),
        ("1.0^git1", "1.0^git2"),
        ("1.0^git1", "1.01"),
        ("1.0^20160101", "1.0.1"),
        ("1.0~rc1", "1.0~rc1^git1"),
        ("1.0^git1~pre", "1.0^git1"),
    ],
)
def test_the_newer_one(older, newer):
    assert sort_key(older) < sort_key(newer)


@pytest.mark.parametrize("one, other", [("2.0", "2_0"), ("1.05", "1.5"), ("10.0001", "10.1"), ("fc4", "fc.4"), ("a", "a+")])
def test_the_same(one, other):
    assert sort_key(one) == sort_key(other)
