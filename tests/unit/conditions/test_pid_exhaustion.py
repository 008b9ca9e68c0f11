# -*- coding: utf-8 -*-
"""Threads against the lowest limit that applies."""

from __future__ import absolute_import, division, print_function

import clocks
import pytest
import recorded

__metaclass__ = type

V1 = "/sys/fs/cgroup/pids/kubepods/pids."
V2 = "/sys/fs/cgroup/kubepods.slice/pids."


def judge(threads, pid_max="32768", threads_max="193085", files=None, kubelet=True):
    every = {"/proc/loadavg": "0.06 0.09 0.05 7/%s 12345\n" % threads}
    if pid_max is not None:
        every.update({"/proc/sys/kernel/pid_max": pid_max + "\n", "/proc/sys/kernel/threads-max": threads_max + "\n"})
    every.update(files or {})
    return recorded.judge("pid_exhaustion", clocks.host(files=every, kubelet=kubelet))


TABLE = {
    # case 002
    "95 % of the kernel's default": (("31130",), {}, "faulty", "Exhausted"),
    "just below": (("31129",), {}, "at_risk", "NearLimit"),
    "80 %": (("26215",), {}, "at_risk", "NearLimit"),
    "just below 80 %": (("26214",), {}, "ok", "RoomLeft"),
    "systemd from 243 on raises pid_max: then threads-max is the lower": (("190000", "4194304"), {}, "faulty", "Exhausted"),
    "the pods' cgroup is full, the host is not": (("3000",), {V1 + "max": "1000\n", V1 + "current": "990\n"}, "faulty", "Exhausted"),
    "the same on cgroup v2": (("3000",), {V2 + "max": "1000\n", V2 + "current": "810\n"}, "at_risk", "NearLimit"),
    "a cgroup without a limit": (("3000",), {V2 + "max": "max\n", V2 + "current": "2900\n"}, "ok", "RoomLeft"),
    "many processes, far from the limit": (("100000", "4194304", "1546000"), {}, "ok", "RoomLeft"),
    "no limit can be read": (("3000", None), {}, "unknown", "Unreadable"),
    "garbage": (("x",), {}, "unknown", "Unreadable"),
    "garbage for a limit": (("3000", "x"), {}, "unknown", "Unreadable"),
}


@pytest.mark.parametrize("name", sorted(TABLE))
def test_verdict(name):
    arguments, files, status, reason = TABLE[name]
    answer = judge(*arguments, files=files)
    assert (answer.status, answer.reason) == (status, reason), answer.message


def test_no_node():
    assert judge("3000", kubelet=False).reason == "NotANode"


def test_the_message_names_the_limit():
    assert judge("31130").message == "31130 threads of 32768 that kernel.pid_max allows (95 %)."
    assert V1 + "max" in judge("3000", files={V1 + "max": "1000\n", V1 + "current": "990\n"}).message
