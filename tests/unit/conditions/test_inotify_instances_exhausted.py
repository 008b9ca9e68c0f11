# -*- coding: utf-8 -*-
"""inotify instances of one user, counted from the descriptors of its processes."""

from __future__ import absolute_import, division, print_function

import re

import clocks
import pytest
import recorded
from runtime_hosts import process

__metaclass__ = type


def holder(pid, count, name="containerd-shim", uid=0, parent=1):
    """Files and links of a process with so many inotify instances, and two other descriptors."""
    files = process(pid, name, parent=parent)
    files["/proc/%d/status" % pid] = re.sub("Uid:.*", "Uid:\t%d\t%d\t%d\t%d" % (uid, uid, uid, uid), files["/proc/%d/status" % pid])
    links = {"/proc/%d/fd/%d" % (pid, 10 + number): "anon_inode:inotify" for number in range(count)}
    links.update({"/proc/%d/fd/0" % pid: "/dev/null", "/proc/%d/fd/3" % pid: "anon_inode:[eventpoll]"})
    return files, links


# Of kernel_ownership, and what /proc/PID/ns/user leads to (user_namespaces(7)): the host's own, and a pod's with hostUsers: false.
OWN = {"/proc/self/ns/pid": "pid:[4026531836]", "/proc/self/ns/user": "user:[4026531837]"}
POD = "user:[4026533093]"


def in_namespace(holder, namespace=OWN["/proc/self/ns/user"]):
    files, links = holder
    pid = next(path for path in files if path.endswith("/status")).split("/")[2]
    return files, dict(links, **{"/proc/%s/ns/user" % pid: namespace})


def judge(*holders, **more):
    files = {"/proc/sys/fs/inotify/max_user_instances": more.pop("limit", "128") + "\n"}
    files["/proc/sys/user/max_inotify_instances"] = "2147483647\n"
    files.update(more.pop("files", {}))
    for path in more.pop("without", ()):
        del files[path]
    links = dict(OWN)
    for their_files, their_links in holders:
        files.update(their_files)
        links.update(their_links)
    if more.pop("no_limit", False):
        files = dict((path, text) for path, text in files.items() if "inotify" not in path)
    return recorded.judge("inotify_instances_exhausted", clocks.host(files=files, links=links, **more))


TABLE = {
    "one user, several processes": ([holder(2000 + n, 16) for n in range(8)], {}, "faulty", "Exhausted"),
    "one less": ([holder(2000, 127)], {}, "at_risk", "NearLimit"),
    "90 %": ([holder(2000, 116)], {}, "at_risk", "NearLimit"),
    "just below 90 %": ([holder(2000, 115)], {}, "ok", "RoomLeft"),
    "each of two users has room": ([holder(2000, 100), holder(2001, 100, uid=1000)], {}, "ok", "RoomLeft"),
    "a worker that was forked shares its parent's": (
        [holder(2000, 100, name="nginx"), holder(2001, 100, name="nginx", parent=2000)], {}, "ok", "RoomLeft"),
    "a child of another name has its own": (
        [holder(2000, 100, name="systemd"), holder(2001, 100, name="udevd", parent=2000)], {}, "faulty", "Exhausted"),
    # Seen on Linux 6.18: 6 instances in a namespace count for its maker, and its own limit is 2147483647 (kernel/ucount.c, inc_ucount()).
    "a pod's own user namespace counts for who made it": (
        [in_namespace(holder(2000, 28)), in_namespace(holder(2001, 100, name="app", uid=131072, parent=2000), POD)], {}, "faulty", "Exhausted"),
    "whatever user it is in there": (
        [in_namespace(holder(2000, 28))]
        + [in_namespace(holder(2001 + n, 50, name="app%d" % n, uid=131072 + n, parent=2000 + n), POD) for n in range(2)], {}, "faulty", "Exhausted"),
    "and no limit holds for a user of it": (
        [in_namespace(holder(2000, 0, uid=1000, name="rootlesskit")), in_namespace(holder(2001, 100, name="app", uid=165536, parent=2000), POD)],
        {}, "ok", "RoomLeft"),
    "numbers that are used again while they are listed": (
        [in_namespace(holder(2000, 1, name="app", uid=131072, parent=2001), POD), in_namespace(holder(2001, 100, name="job", uid=131072, parent=2000), POD)],
        {}, "ok", "RoomLeft"),
    "before Linux 4.11 each user counts for itself": (
        [in_namespace(holder(2000, 28)), in_namespace(holder(2001, 100, name="app", uid=131072, parent=2000), POD)],
        {"without": ["/proc/sys/user/max_inotify_instances"]}, "ok", "RoomLeft"),
    "a process whose parent is gone": (
        [in_namespace(holder(2001, 100, name="app", uid=131072, parent=2000), POD)], {}, "ok", "RoomLeft"),
    "the limit that kind asks for": ([holder(2000, 200)], {"limit": "512"}, "ok", "RoomLeft"),
    "none at all": ([], {}, "ok", "RoomLeft"),
    "no node": ([holder(2000, 128, name="sh")], {"kubelet": False}, "not_applicable", "NotANode"),
    "without root": ([holder(2000, 128)], {"denied": ["/proc/2000/fd*"], "root": False}, "unknown", "NeedsRoot"),
    # A sandbox that refuses root as well: make scan on the machine that this project is built on.
    "a process is hidden from root, the others fill the limit": (
        [holder(2000, 128), holder(2001, 0, name="init")], {"denied": ["/proc/2001/fd*"]}, "faulty", "Exhausted"),
    "a process is hidden from root, the others do not": (
        [holder(2000, 5), holder(2001, 0, name="init")], {"denied": ["/proc/2001/fd*"]}, "unknown", "ProcessesHidden"),
    "a kernel without inotify": ([], {"no_limit": True}, "unknown", "Unreadable"),
    "garbage": ([], {"limit": "x"}, "unknown", "Unreadable"),
}


@pytest.mark.parametrize("name", sorted(TABLE))
def test_verdict(name):
    holders, more, status, reason = TABLE[name]
    answer = judge(*holders, **more)
    assert (answer.status, answer.reason) == (status, reason), answer.message


def test_the_message_names_user_and_process():
    answer = judge(holder(2000, 28, uid=1000, name="vim"), holder(2001, 100, uid=1000, name="node"))
    assert answer.message == "User 1000 has 128 of 128 inotify instances, most of them node (PID 2001)."


def test_the_user_that_is_named_is_who_made_the_namespace():
    rootless = in_namespace(holder(2000, 0, uid=1000, name="rootlesskit"))
    answer = judge(rootless, in_namespace(holder(2001, 128, name="app", uid=165536, parent=2000), POD))
    assert answer.message == "User 1000 has 128 of 128 inotify instances, most of them app (PID 2001)."


@pytest.mark.parametrize("files, told", [({}, False), ({"/run/systemd/container": "docker\n"}, True)])
def test_a_container_does_not_see_all(files, told):
    answer = judge(holder(2000, 5), files=files)
    assert ("outside this container" in answer.message) == told == answer.evidence["container"]
    assert answer.reason == "RoomLeft"
