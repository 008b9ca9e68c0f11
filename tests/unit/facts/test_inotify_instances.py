# -*- coding: utf-8 -*-
from __future__ import absolute_import, division, print_function

import re

from recorded import RecordedHost, fact
from runtime_hosts import process

__metaclass__ = type


def test_users_with_their_processes():
    files = {"/proc/sys/fs/inotify/max_user_instances": "128\n"}
    links = {}
    for pid, uid, count in ((100, 0, 2), (101, 1000, 3), (102, 1000, 1), (103, 0, 0)):
        files.update(process(pid, "p%d" % pid))
        files["/proc/%d/status" % pid] = re.sub("Uid:.*", "Uid:\t%d\t%d\t%d\t%d" % (uid, uid, uid, uid), files["/proc/%d/status" % pid])
        for number in range(count):
            links["/proc/%d/fd/%d" % (pid, number)] = "anon_inode:inotify"
    assert fact("inotify_instances", RecordedHost(files, links)) == {
        "limit": 128,
        "users": [
            {"uid": 1000, "count": 4, "most": [{"pid": 101, "name": "p101", "count": 3}, {"pid": 102, "name": "p102", "count": 1}]},
            {"uid": 0, "count": 2, "most": [{"pid": 100, "name": "p100", "count": 2}]},
        ],
        "hidden": 0,
    }


def test_a_process_that_ended_meanwhile():
    files = {"/proc/sys/fs/inotify/max_user_instances": "128\n"}
    files.update(process(100, "gone"))
    assert fact("inotify_instances", RecordedHost(files))["users"] == []
