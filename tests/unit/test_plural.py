# -*- coding: utf-8 -*-
from __future__ import absolute_import, division, print_function

import pytest
from ansible_collections.nodemend.kubernetes.plugins.module_utils._plural import counted

__metaclass__ = type


@pytest.mark.parametrize(
    "arguments, told",
    [
        ((0, "block"), "0 blocks"),
        ((1, "block"), "1 block"),
        ((2, "block"), "2 blocks"),
        ((1, "address"), "1 address"),
        ((2, "address"), "2 addresses"),
        ((1, "node", "has room", "have room"), "1 node has room"),
        ((0, "node", "has room", "have room"), "0 nodes have room"),
        ((2, "node", "has room", "have room"), "2 nodes have room"),
    ],
)
def test_one_is_not_many(arguments, told):
    assert counted(*arguments) == told
