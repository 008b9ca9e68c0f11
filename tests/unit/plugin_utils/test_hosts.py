# -*- coding: utf-8 -*-
from __future__ import absolute_import, division, print_function

import pytest
from ansible_collections.nodemend.kubernetes.plugins.plugin_utils._hosts import fold

__metaclass__ = type


@pytest.mark.parametrize(
    "names, text",
    [
        ([], ""),
        (["db"], "db"),
        (["w1", "w2"], "w1, w2"),
        (["w3", "w1", "w2", "w10"], "w[1-3,10]"),
        (["w8", "w9", "w10"], "w[8-10]"),
        (["node08.x.org", "node09.x.org", "node10.x.org"], "node[08-10].x.org"),
        (["w03.x.org", "w06.x.org", "w07.x.org", "w12.x.org", "db.x.org"], "db.x.org, w[03,06-07,12].x.org"),
        (["m1", "m02", "m3"], "m[1,02,3]"),
        (["10.0.0.9", "10.0.0.10", "10.0.0.11"], "10.0.0.[9-11]"),
        (["b", "a", "a"], "a, b"),
        (["w1", "x", "w2", "w3"], "w[1-3], x"),
        (["w01.k8s-prod2.x.org", "w02.k8s-prod2.x.org", "w03.k8s-prod2.x.org"], "w[01-03].k8s-prod2.x.org"),
        (["w1.dc1", "w2.dc2", "w3.dc1", "w4.dc2", "w5.dc1", "w6.dc2"], "w[1,3,5].dc1, w[2,4,6].dc2"),
        (["ip-10-0-3-9.eu-west-1.internal", "ip-10-0-3-10.eu-west-1.internal", "ip-10-0-3-11.eu-west-1.internal"], "ip-10-0-3-[9-11].eu-west-1.internal"),
    ],
)
def test_fold(names, text):
    assert fold(names) == text


def test_what_does_not_fit_is_counted_by_host():
    names = ["a%d-x" % number for number in range(0, 40, 2)] + ["z1", "z2"]
    assert fold(names, maximum=2) == "a[0,2]-x, z1, and 19 more"
    assert fold(["w%d" % number for number in range(300)]) == "w[0-299]"
    assert fold(["a", "b", "c", "d"], maximum=2) == "a, b, and 2 more"
