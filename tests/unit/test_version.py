# -*- coding: utf-8 -*-
from __future__ import absolute_import, division, print_function

import pytest
from ansible_collections.nodemend.kubernetes.plugins.module_utils._version import older, parse

__metaclass__ = type


@pytest.mark.parametrize(
    "text, numbers",
    [
        ("4.18.0-553.el8_10.x86_64", (4, 18, 0)),
        ("3.10.0-1160.119.1.el7.x86_64", (3, 10, 0)),
        ("v3.20.6", (3, 20, 6)),
        ("6.20", (6, 20)),
        (" 1.19.8", (1, 19, 8)),
        ("5", (5,)),
        ("latest", None),
        ("el8-4.18", None),
        ("", None),
        (None, None),
    ],
)
def test_parse(text, numbers):
    assert parse(text) == numbers


@pytest.mark.parametrize(
    "version, other, answer",
    [
        ((4, 8), (4, 8, 0), False),
        ((4, 8, 0), (4, 8), False),
        ((4, 7, 9), (4, 8), True),
        ((4, 10), (4, 8), False),
        ((6, 2), (6, 18), True),
        ((), (0, 1), True),
    ],
)
def test_older(version, other, answer):
    assert older(version, other) is answer
