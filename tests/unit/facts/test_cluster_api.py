# -*- coding: utf-8 -*-
"""The API server: its version, and whether it is ready."""

from __future__ import absolute_import, division, print_function

import pytest
from ansible_collections.nodemend.kubernetes.plugins.module_utils._host import Unavailable
from api_servers import cluster, said
from recorded import fact

__metaclass__ = type


def test_ready():
    assert fact("cluster_api", cluster()) == {"version": "v1.20.2", "ready": True, "not_ready": None}


def test_not_ready_says_what_is_not():
    answer = fact("cluster_api", cluster({"/readyz": said("not-ready")}))
    assert answer == {"version": "v1.20.2", "ready": False, "not_ready": "/readyz: etcd failed"}


def test_a_server_before_1_16_has_no_readyz():
    assert fact("cluster_api", cluster({"/readyz": said("not-found")}))["ready"]


@pytest.mark.parametrize("path", ["/version", "/readyz"])
def test_down(path):
    with pytest.raises(Unavailable) as caught:
        fact("cluster_api", cluster({path: said("refused")}))
    assert caught.value.reason == "ApiUnreachable"


@pytest.mark.parametrize("answer", ["{}", "[]", "<html>", said("not-found")])
def test_something_else_listens(answer):
    with pytest.raises(Unavailable) as caught:
        fact("cluster_api", cluster({"/version": answer}))
    assert caught.value.reason == "Unreadable"
