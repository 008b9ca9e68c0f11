# -*- coding: utf-8 -*-
"""Tables that are full, that were, and that only look so."""

from __future__ import absolute_import, division, print_function

import os

import pytest
import recorded
import runtime_hosts
from recorded import NOW, TIMED_OUT
from runtime_hosts import KUBELET

__metaclass__ = type

COUNT, MAX = "/proc/sys/net/netfilter/nf_conntrack_count", "/proc/sys/net/netfilter/nf_conntrack_max"
FULL = "[ 5000.123456] nf_conntrack: nf_conntrack: table full, dropping packet\n"
# Of a pod, which is counted by itself, with the same limit (Linux 6.18, nf_conntrack_core.c).
FULL_POD = "[ 5000.123456] nf_conntrack: nf_conntrack: table full in netns 4026532573, dropping packet\n"
UNTIMED = "nf_conntrack: table full, dropping packet\n"
OWN = {"/proc/self/ns/pid": "pid:[4026531836]"}
DROP_IN = "/etc/sysctl.d/99-zz-nodemend-conntrack.conf"
OTHERS = "/etc/sysctl.d/99-zz-nodemend.conf"


def judge(count="0", most="262144", log="", raised=None, node=True, files=None, **more):
    every = {"/proc/uptime": "90000.00 170000.00\n"}
    if count is not None:
        every.update({COUNT: count + "\n", MAX: most + "\n"})
    if raised is not None:
        every[DROP_IN] = ""
    every.update(files or {})
    commands = {} if log is None else {"dmesg": log}
    host = runtime_hosts.host([KUBELET] if node else [], files=every, commands=commands, links=OWN, **more)
    if raised is not None:
        os.utime(host.root + DROP_IN, (NOW - 90000 + raised, NOW - 90000 + raised))
    return recorded.judge("conntrack_table_full", host)


TABLE = {
    "full": ({"count": "262144"}, "faulty", "TableFull"),
    "over it: the limit was lowered": ({"count": "300000"}, "faulty", "TableFull"),
    "room now, but it was full since the boot": ({"count": "1000", "log": FULL}, "faulty", "PacketsDropped"),
    "a pod's own table was full, and the kernel tells which": ({"count": "1000", "log": FULL_POD}, "faulty", "PacketsDropped"),
    "the same, and the limit was raised before": ({"log": FULL, "raised": 4000}, "faulty", "PacketsDropped"),
    "the same, without times": ({"log": UNTIMED, "raised": 80000}, "faulty", "PacketsDropped"),
    "90 %": ({"count": "235930"}, "at_risk", "NearLimit"),
    "just below 90 %": ({"count": "235929"}, "ok", "RoomLeft"),
    "the limit was raised after the last complaint": ({"log": FULL, "raised": 6000}, "ok", "RoomLeft"),
    "another limit was raised after it": ({"log": FULL, "files": {OTHERS: "fs.inotify.max_user_instances=8192\n"}}, "faulty", "PacketsDropped"),
    "0 is no limit": ({"count": "5", "most": "0"}, "ok", "NoLimit"),
    "the same, and the kernel has complained before": ({"count": "300000", "most": "0", "log": FULL}, "ok", "NoLimit"),
    "the machine's log in a container": ({"log": FULL, "files": {"/run/systemd/container": "docker\n"}}, "ok", "RoomLeft"),
    "nf_conntrack is not loaded": ({"count": None}, "not_applicable", "NotTracked"),
    "no node": ({"node": False}, "not_applicable", "NotANode"),
    "the log is for root": ({"log": (1, "", "dmesg: read kernel buffer failed: Operation not permitted\n")}, "ok", "RoomLeft"),
    "a dmesg that hangs": ({"log": TIMED_OUT, "count": "262144"}, "faulty", "TableFull"),
    "garbage": ({"count": "many"}, "unknown", "Unreadable"),
}


@pytest.mark.parametrize("name", sorted(TABLE))
def test_verdict(name):
    more, status, reason = TABLE[name]
    answer = judge(**more)
    assert (answer.status, answer.reason) == (status, reason), answer.message


def test_the_message_has_the_numbers():
    assert judge("262144").message == "262144 of 262144 connections are tracked: new ones are dropped."
    assert "5000.123456" in judge(log=FULL).message
    assert judge("5", "0", FULL).message == "5 connections are tracked, without a limit."
