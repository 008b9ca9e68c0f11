# -*- coding: utf-8 -*-
from __future__ import absolute_import, division, print_function

import runtime_hosts
from ansible_collections.nodemend.kubernetes.plugins.module_utils._facts.container_limits import descendants
from recorded import fact
from runtime_hosts import KUBELET, containerd, pause, process, shim

__metaclass__ = type

PODS = [KUBELET, containerd(), shim(), pause(soft=1048576)]


def test_nothing_is_read_without_a_policy():
    host = runtime_hosts.host(PODS)
    assert fact("container_limits", host) is None
    assert ("file", "/proc/2103/limits") not in host.touched


def test_the_ten_lowest():
    many = [process(3000 + number, "app", parent=2103, soft=2000 + number, nested=1) for number in range(15)]
    found = fact("container_limits", runtime_hosts.host(PODS + many), container_minimum_nofile=1)
    assert found["count"] == 15
    assert [item["soft"] for item in found["least"]] == list(range(2000, 2010))
    assert found["least"][0] == {"pid": 3000, "name": "app", "soft": 2000}


def test_a_process_that_ended_meanwhile():
    gone = process(3000, "app", parent=2103, nested=1)
    del gone["/proc/3000/limits"]
    assert fact("container_limits", runtime_hosts.host(PODS + [gone]), container_minimum_nofile=1)["count"] == 1


def test_a_number_that_is_used_again_ends_the_search():
    # 200 had ended when it was listed as the parent of 100, and was a child of it when its turn came.
    listed = [{"pid": 100, "parent": 200, "name": "containerd-shim"}, {"pid": 200, "parent": 100, "name": "app"}]
    assert [item["pid"] for item in descendants(listed, [100])] == [200, 100]
