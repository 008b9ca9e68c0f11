# -*- coding: utf-8 -*-
from __future__ import absolute_import, division, print_function

from ansible_collections.nodemend.kubernetes.plugins.plugin_utils._membership import cluster_of, node_of
from scans import UNREACHABLE, scan

__metaclass__ = type


def test_the_node_of_a_scan():
    assert node_of(scan(name="n1")) == {"name": "n1"}
    assert node_of(None) == node_of(UNREACHABLE) == {}


def test_the_cluster_of_a_node():
    clusters = [{"id": None}, {"id": "aaaa"}]
    assert cluster_of({"cluster": "aaaa"}, clusters) is clusters[1]
    assert cluster_of({"cluster": None}, clusters) is cluster_of({}, clusters) is cluster_of({"cluster": "bbbb"}, clusters) is None
