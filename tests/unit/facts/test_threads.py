# -*- coding: utf-8 -*-
from __future__ import absolute_import, division, print_function

import pytest
from ansible_collections.nodemend.kubernetes.plugins.module_utils._facts.threads import parse_loadavg
from recorded import RecordedHost, fact

__metaclass__ = type


@pytest.mark.parametrize("text, threads", [("0.20 0.18 0.12 1/80 11206\n", 80), ("900.01 1000.00 5.00 1200/31130 4194303\n", 31130)])
def test_loadavg(text, threads):
    assert parse_loadavg(text) == threads


@pytest.mark.parametrize("text", ["", "0.2 0.1 0.1 80 1\n", "0.2 0.1 0.1 1/x 1\n"])
def test_garbage(text):
    with pytest.raises(ValueError):
        parse_loadavg(text)


def test_each_limit_with_what_it_holds():
    host = RecordedHost({
        "/proc/loadavg": "0.20 0.18 0.12 1/80 11206\n",
        "/proc/sys/kernel/pid_max": "32768\n",
        "/proc/sys/kernel/threads-max": "193085\n",
        "/sys/fs/cgroup/kubepods.slice/pids.max": "5000\n",
        "/sys/fs/cgroup/kubepods.slice/pids.current": "40\n",
        "/sys/fs/cgroup/system.slice/pids.max": "max\n",
        "/sys/fs/cgroup/system.slice/pids.current": "70\n",
    })
    assert fact("threads", host) == [
        {"limit": "kernel.pid_max", "used": 80, "most": 32768},
        {"limit": "kernel.threads-max", "used": 80, "most": 193085},
        {"limit": "/sys/fs/cgroup/kubepods.slice/pids.max", "used": 40, "most": 5000},
    ]
