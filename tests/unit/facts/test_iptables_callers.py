# -*- coding: utf-8 -*-
from __future__ import absolute_import, division, print_function

import pytest
from ansible_collections.nodemend.kubernetes.plugins.module_utils._facts.iptables_callers import collect

__metaclass__ = type

BINARIES = {"iptables": {"path": "/usr/sbin/iptables", "backend": "nft"}}
AGENT = {"name": "flanneld", "pid": 1, "image": True, "path": "/sbin/x", "backend": "legacy", "decides": False}
PROXY = {"k3s": False, "embedded": False, "bundled": None, "foreign_runtime": None}
BUNDLED = {"k3s": True, "embedded": True, "bundled": True, "foreign_runtime": False}
# Its configuration could not be read.
UNREAD = {"k3s": True, "embedded": True, "bundled": None, "foreign_runtime": None}


def cni(*types):
    return {"path": "/etc/cni/net.d/10-x.conflist", "plugins": [{"type": name, "backend": None, "masquerades": False} for name in types]}


@pytest.mark.parametrize(
    "change, expected",
    [
        ({}, []),
        ({"cni_plugins": cni("calico", "portmap")}, [("CNI plugin portmap", "nft")]),
        ({"cni_plugins": cni("calico", "bridge")}, []),
        ({"cni_plugins": {"path": "x", "plugins": [{"type": "bridge", "backend": None, "masquerades": True}]}}, [("CNI plugin bridge", "nft")]),
        ({"cni_plugins": {"path": "x", "plugins": [{"type": "portmap", "backend": "nftables", "masquerades": False}]}}, []),
        ({"cni_plugins": cni("portmap"), "iptables_binaries": {"iptables": None}}, []),
        ({"kube_proxy": dict(BUNDLED, bundled=False)}, [("k3s", "nft")]),
        ({"kube_proxy": UNREAD, "cni_plugins": cni("portmap")}, []),
        ({"kube_proxy": dict(UNREAD, embedded=False), "cni_plugins": cni("portmap")}, []),
        ({"kube_proxy": dict(UNREAD, foreign_runtime=True), "cni_plugins": cni("portmap")}, [("CNI plugin portmap", "nft")]),
        ({"kube_proxy": BUNDLED}, []),
        # Its containerd and the plugins that this one calls inherit its PATH, whoever programs Services.
        ({"kube_proxy": BUNDLED, "cni_plugins": cni("portmap")}, []),
        ({"kube_proxy": dict(BUNDLED, embedded=False), "cni_plugins": cni("portmap")}, []),
        # Docker or a containerd of the host's is no child of k3s.
        ({"kube_proxy": dict(BUNDLED, foreign_runtime=True), "cni_plugins": cni("portmap")}, [("CNI plugin portmap", "nft")]),
        ({"kube_proxy": dict(BUNDLED, embedded=False, bundled=False), "cni_plugins": cni("portmap")}, [("CNI plugin portmap", "nft")]),
        ({"host_network_agents": [AGENT]}, [("flanneld", "legacy")]),
        # Its rules are counted, but never prove a fault.
        ({"host_network_agents": [dict(AGENT, name="weaver")]}, []),
        ({"host_network_agents": [dict(AGENT, backend=None)]}, []),
        ({"host_network_agents": [dict(AGENT, image=False, backend=None)]}, [("flanneld", "nft")]),
        ({"host_network_agents": [dict(AGENT, image=False, backend=None, decides=True)]}, []),
        ({"calico": {"felix": {"FELIX_IPTABLESBACKEND": "Legacy"}}}, [("calico-node", "legacy")]),
        ({"calico": {"felix": {"FELIX_IPTABLESBACKEND": "Auto"}}}, []),
        ({"calico": {"felix": None}}, []),
    ],
)
def test_callers(change, expected):
    facts = dict({"iptables_binaries": BINARIES, "cni_plugins": cni(), "kube_proxy": PROXY}, **change)
    assert [(caller["who"], caller["backend"]) for caller in collect(**facts)] == expected
