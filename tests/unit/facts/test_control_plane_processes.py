# -*- coding: utf-8 -*-
from __future__ import absolute_import, division, print_function

import pytest
from loopbacks import DAY, UPTIME, apiserver
from recorded import NOW, fact
from runtime_hosts import host, process

__metaclass__ = type

SYSTEMD = "/system.slice/kube-apiserver.service"


def found(*processes):
    return fact("control_plane_processes", host(processes=list(processes), files={"/proc/uptime": u"%d.42 123.45\n" % UPTIME}))


def test_a_static_pod():
    (answer,) = found(apiserver(10))
    assert (answer["name"], answer["pid"], answer["unit"]) == ("kube-apiserver", 1500, None)
    assert abs(answer["started"] - (NOW - 10 * DAY)) < 2


def test_an_applications_etcd_in_a_pod_is_not_ended_for_the_clusters():
    links = {"/proc/self/ns/net": "net:[4026531840]", "/proc/1400/ns/net": "net:[4026532000]", "/proc/1500/ns/net": "net:[4026531840]"}
    processes = [process(1400, "etcd", nested=1), process(1500, "etcd", nested=1)]
    answer = fact("control_plane_processes", host(processes=processes, links=links, files={"/proc/uptime": u"%d.42 123.45\n" % UPTIME}))
    assert [item["pid"] for item in answer] == [1500]


def test_names_that_the_kernel_has_cut_and_their_order():
    names = ["kube-scheduler", "kube-controller", "etcd", "kubelet"]
    answer = found(*[process(pid, name, nested=1) for pid, name in enumerate(names, 1501)])
    assert [item["name"] for item in answer] == ["etcd", "kube-controller-manager", "kube-scheduler"]


@pytest.mark.parametrize(
    "name, cgroup, unit",
    [("kube-apiserver", SYSTEMD, "kube-apiserver.service"), ("k3s-server", "/system.slice/k3s.service", "k3s.service"), ("etcd", "/", None)],
)
def test_units(name, cgroup, unit):
    (answer,) = found(process(1500, name, cgroup=cgroup))
    assert answer["unit"] == unit


@pytest.mark.parametrize("others", [[], [process(1500, "kube-apiserver", nested=2)], [process(1500, "k3s-agent")]])
def test_none(others):
    assert found(*others) == []
