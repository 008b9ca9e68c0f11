# -*- coding: utf-8 -*-
from __future__ import absolute_import, division, print_function

import pytest
from ansible_collections.nodemend.kubernetes.plugins.module_utils._host import Unavailable
from recorded import RecordedHost, fact

__metaclass__ = type

# The configuration that Calico's install-cni writes (data/calico/calico-v3.20.6.yaml), shortened; older ones held a token.
CALICO = """{"name": "k8s-pod-network", "cniVersion": "0.3.1", "plugins": [
  {"type": "calico", "kubernetes": {"kubeconfig": "/etc/cni/net.d/calico-kubeconfig", "k8s_auth_token": "s3cret"}},
  {"type": "portmap", "snat": true, "capabilities": {"portMappings": true}},
  {"type": "bandwidth"}]}"""


def test_plugins():
    found = fact("cni_plugins", RecordedHost({"/etc/cni/net.d/10-calico.conflist": CALICO, "/etc/cni/net.d/00-x.txt": "?"}))
    assert found["path"] == "/etc/cni/net.d/10-calico.conflist"
    assert [plugin["type"] for plugin in found["plugins"]] == ["calico", "portmap", "bandwidth"]
    assert "s3cret" not in repr(found)


@pytest.mark.parametrize(
    "text, plugin",
    [
        ('{"type": "bridge", "ipMasq": true}', {"type": "bridge", "backend": None, "masquerades": True}),
        ('{"plugins": [{"type": "portmap", "backend": "nftables"}]}', {"type": "portmap", "backend": "nftables", "masquerades": False}),
    ],
)
def test_kinds(text, plugin):
    assert fact("cni_plugins", RecordedHost({"/etc/cni/net.d/87-podman.conflist": text}))["plugins"] == [plugin]


def test_none():
    assert fact("cni_plugins", RecordedHost({})) == {"path": None, "plugins": []}


@pytest.mark.parametrize("text", ["{", "[]", '{"plugins": 3}', '{"plugins": [3]}'])
def test_garbage(text):
    with pytest.raises(Unavailable) as caught:
        fact("cni_plugins", RecordedHost({"/etc/cni/net.d/10-x.conf": text}))
    assert caught.value.reason == "Unreadable"
