# -*- coding: utf-8 -*-
from __future__ import absolute_import, division, print_function

import pytest
from ansible_collections.nodemend.kubernetes.plugins.plugin_utils._labels import matches

__metaclass__ = type


@pytest.mark.parametrize(
    "operator, values, matching",  # which of: the label has the value, another value, or is not there
    [
        ("In", ["a"], (True, False, False)),
        ("NotIn", ["a"], (False, True, True)),
        ("Exists", None, (True, True, False)),
        ("DoesNotExist", None, (False, False, True)),
        ("Gt", ["1"], (True, True, True)),
    ],
)
def test_labels_match(operator, values, matching):
    expression = {"key": "tier", "operator": operator, "values": values}
    assert tuple(matches(expression, labels) for labels in ({"tier": "a"}, {"tier": "b"}, {"other": "a"})) == matching


def test_a_label_without_a_value_is_there():
    """node-role.kubernetes.io/control-plane has none."""
    assert matches({"key": "tier", "operator": "Exists"}, {"tier": ""})
    assert not matches({"key": "tier", "operator": "DoesNotExist"}, {"tier": ""})
    assert matches({"key": "tier", "operator": "In", "values": [""]}, {"tier": ""})
