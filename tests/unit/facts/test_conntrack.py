# -*- coding: utf-8 -*-
from __future__ import absolute_import, division, print_function

import os

import pytest
from ansible_collections.nodemend.kubernetes.plugins.module_utils._host import Unavailable
from recorded import NOW, RecordedHost, fact

__metaclass__ = type

DIRECTORY = "/proc/sys/net/netfilter/"
FILES = {DIRECTORY + "nf_conntrack_count": "12\n", DIRECTORY + "nf_conntrack_max": "262144\n", "/proc/uptime": "500.25 900.00\n"}


def test_loaded():
    assert fact("conntrack", RecordedHost(FILES)) == {"count": 12, "max": 262144, "raised": None}


def test_when_the_role_has_raised_it():
    host = RecordedHost(dict(FILES, **{"/etc/sysctl.d/99-zz-nodemend-conntrack.conf": ""}))
    os.utime(host.root + "/etc/sysctl.d/99-zz-nodemend-conntrack.conf", (NOW - 100, NOW - 100))
    assert fact("conntrack", host)["raised"] == pytest.approx(400.25)


def test_not_loaded():
    assert fact("conntrack", RecordedHost({})) is None


def test_garbage():
    with pytest.raises(Unavailable):
        fact("conntrack", RecordedHost(dict(FILES, **{DIRECTORY + "nf_conntrack_max": "x"})))
