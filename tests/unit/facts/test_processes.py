# -*- coding: utf-8 -*-
"""Processes: names, units and PID namespaces, on cgroup v1 and v2, with and without root."""

from __future__ import absolute_import, division, print_function

import pytest
import runtime_hosts
from ansible_collections.nodemend.kubernetes.plugins.module_utils._facts import processes
from ansible_collections.nodemend.kubernetes.plugins.module_utils._host import Unavailable
from recorded import RecordedHost, fact
from runtime_hosts import CONTAINER, process, text, v1, v2

__metaclass__ = type


@pytest.mark.parametrize(
    "line, answer",
    [
        (text("bullseye-containerd.stat"), ("containerd", 1)),
        (text("trixie-containerd.stat"), ("containerd", 1)),
        ("811 (a) b (c)) S 7 811 811 0 -1", ("a) b (c)", 7)),
        ("812 (tmux: server) S 1 812", ("tmux: server", 1)),
    ],
)
def test_parse_stat(line, answer):
    assert processes.parse_stat(line) == answer


@pytest.mark.parametrize("line", ["", "811", "811 (containerd", "811 (containerd) S", "811 (containerd) S x"])
def test_parse_stat_refuses_garbage(line):
    with pytest.raises(ValueError):
        processes.parse_stat(line)


@pytest.mark.parametrize(
    "content, path",
    [
        (text("bookworm-containerd.cgroup"), "/docker/%s/system.slice/containerd.service" % CONTAINER),
        (v1("/system.slice/containerd.service"), "/system.slice/containerd.service"),
        (v2("/system.slice/k3s.service"), "/system.slice/k3s.service"),
        ("0::/\n", "/"),
        ("4:memory:/system.slice/x.service\n", None),
        ("", None),
    ],
)
def test_parse_cgroup(content, path):
    assert processes.parse_cgroup(content) == path


@pytest.mark.parametrize(
    "status, nested",
    [
        (text("bookworm-containerd.status"), 0),
        ("Name:\tpause\nNSpid:\t2103\t1\n", 1),
        ("Name:\tkube-apiserver\nNSpid:\t9103\t803\t1\n", 2),
        ("Name:\tdockerd-current\nPid:\t1201\n", None),
        ("", None),
    ],
)
def test_parse_nested(status, nested):
    assert processes.parse_nested(status) == nested


@pytest.mark.parametrize(
    "path, first, nested",
    [
        ("/system.slice/docker.service", "/", 0),
        ("/system.slice/docker-%s.scope" % CONTAINER, "/", 1),
        ("/kubepods/burstable/pod1/%s" % CONTAINER, "/", 1),
        # the host is itself a container
        ("/docker/%s/system.slice/containerd.service" % CONTAINER, "/docker/%s/init.scope" % CONTAINER, 0),
        ("/docker/%s/docker/%s" % (CONTAINER, "f" * 64), "/docker/%s" % CONTAINER, 1),
        (None, None, 0),
    ],
)
def test_nested_by_cgroup(path, first, nested):
    assert processes.nested_by_cgroup(path, first) == nested


def collected(*items, **more):
    return dict((item["pid"], item) for item in fact("processes", runtime_hosts.host(items, **more)))


@pytest.mark.parametrize("form", [v1, v2])
def test_details_of_what_is_watched(form):
    words = ("/usr/bin/containerd", "--log-level", "info")
    found = collected(process(811, "containerd", cgroup="/system.slice/containerd.service", words=words, form=form))
    assert found[811] == {
        "pid": 811,
        "parent": 1,
        "name": "containerd",
        "watched": True,
        "arguments": list(words),
        "cgroup": "/system.slice/containerd.service",
        "nested": 0,
    }
    assert (found[1]["watched"], found[1]["cgroup"]) == (False, None)


def test_children_of_shims_are_looked_at_and_their_children_are_not():
    found = collected(
        runtime_hosts.shim(),
        process(2103, "nginx", parent=2100, nested=1),
        process(2104, "nginx", parent=2103, nested=1),
    )
    assert (found[2103]["nested"], found[2104]["nested"]) == (1, None)


def test_a_kernel_without_nspid_is_helped_by_the_cgroup():
    inside = process(811, "dockerd", cgroup="/system.slice/docker-%s.scope" % CONTAINER)
    own = process(812, "dockerd", cgroup="/system.slice/docker.service")
    for files, pid in ((inside, 811), (own, 812)):
        files["/proc/%d/status" % pid] = "Name:\tdockerd\n"
    found = collected(inside, own)
    assert (found[811]["nested"], found[812]["nested"]) == (1, 0)


def test_a_process_that_ends_meanwhile_is_left_out():
    assert 811 not in collected({"/proc/811/.gone": ""})


def test_a_process_that_ends_between_two_looks_has_no_details():
    found = collected({"/proc/811/stat": "811 (containerd) S 1 811"})
    assert (found[811]["cgroup"], found[811]["arguments"]) == (None, [])


def test_hidden_processes_need_root():
    with pytest.raises(Unavailable) as caught:  # hidepid=2
        fact("processes", RecordedHost(files=process(4711, "bash"), root=False))
    assert caught.value.reason == "NeedsRoot"
    with pytest.raises(Unavailable) as caught:  # hidepid=1
        fact("processes", runtime_hosts.host(denied=("/proc/1/*",), root=False))
    assert caught.value.reason == "NeedsRoot"


def test_garbage_is_unreadable():
    with pytest.raises(Unavailable) as caught:
        fact("processes", RecordedHost(files={"/proc/1/stat": "garbage"}))
    assert caught.value.reason == "Unreadable"


def test_no_proc_at_all():
    assert fact("processes", RecordedHost()) == []


def test_age_of_a_recorded_process():
    # Started 5 s after the machine; the name holds a blank and a parenthesis.
    stat = text("bookworm-containerd.stat")
    started = int(stat.split()[21])
    assert processes.parse_age(stat.replace("(containerd)", "(a b) c)"), "%f 1.0\n" % (started / 100.0 + 60)) == pytest.approx(60, abs=0.1)
    for line in ("", "1 (x) S 0", "garbage"):
        with pytest.raises(ValueError):
            processes.parse_age(line, "1 1")
