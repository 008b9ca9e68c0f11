# -*- coding: utf-8 -*-
from __future__ import absolute_import, division, print_function

import pytest
from ansible_collections.nodemend.kubernetes.plugins.module_utils._host import Unavailable
from recorded import RecordedHost, fact

__metaclass__ = type

DIRECTORY = "/proc/sys/net/ipv4/vs/"


def test_ip_vs_is_loaded():
    host = RecordedHost({DIRECTORY + "conn_reuse_mode": "1\n", DIRECTORY + "expire_nodest_conn": "0\n"})
    assert fact("ipvs_sysctls", host) == {"conn_reuse_mode": 1, "expire_nodest_conn": 0}


def test_ip_vs_is_not_loaded_or_too_old():
    assert fact("ipvs_sysctls", RecordedHost({})) == {"conn_reuse_mode": None, "expire_nodest_conn": None}


def test_garbage():
    with pytest.raises(Unavailable):
        fact("ipvs_sysctls", RecordedHost({DIRECTORY + "conn_reuse_mode": "x\n"}))
