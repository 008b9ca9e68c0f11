# -*- coding: utf-8 -*-
"""Which cluster a kubeconfig leads to: the same identity as its nodes have."""

from __future__ import absolute_import, division, print_function

import api_servers
import pytest
from ansible_collections.nodemend.kubernetes.plugins.module_utils._facts import node_identity
from ansible_collections.nodemend.kubernetes.plugins.module_utils._host import Unavailable
from recorded import fact

__metaclass__ = type

ID = node_identity.fingerprint(api_servers.CA)
DATA = api_servers.view("certificate-authority-data")
FILE = api_servers.view("certificate-authority")


def test_the_ca_in_the_kubeconfig_is_that_of_the_nodes():
    assert fact("cluster_identity", api_servers.cluster()) == {"id": ID, "kubeconfig": api_servers.KUBECONFIG, "kubectl": api_servers.KUBECTL}


def test_it_is_known_while_the_api_server_is_down():
    host = api_servers.cluster({"/version": api_servers.said("refused")})
    assert fact("cluster_identity", host)["id"] == ID


@pytest.mark.parametrize("named, path", [("/etc/kubernetes/pki/ca.crt", "/etc/kubernetes/pki/ca.crt"), ("pki/ca.crt", "/etc/kubernetes/pki/ca.crt")])
def test_a_ca_in_a_file(named, path):
    host = api_servers.cluster(ca=None, files={path: api_servers.CA}, commands={FILE: named})
    assert fact("cluster_identity", host)["id"] == ID


@pytest.mark.parametrize("data, path", [("", ""), ("%%%", ""), ("bm8gUEVN", ""), ("", "/gone.crt")])
def test_without_a_ca_nothing_is_proved(data, path):
    assert fact("cluster_identity", api_servers.cluster(commands={DATA: data, FILE: path}))["id"] is None


def test_a_kubeconfig_that_kubectl_cannot_use():
    with pytest.raises(Unavailable) as caught:
        fact("cluster_identity", api_servers.cluster(commands={DATA: api_servers.said("yaml")}))
    assert caught.value.reason == "Unreadable"
