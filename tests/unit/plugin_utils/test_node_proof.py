# -*- coding: utf-8 -*-
"""No proof, no drain: which node of a cluster a host is."""

from __future__ import absolute_import, division, print_function

import pytest

pytest.importorskip("ipaddress")  # the controller's Python has it
from ansible_collections.nodemend.kubernetes.plugins.plugin_utils._node_proof import NotProved, proved_node  # noqa: E402

__metaclass__ = type


def member(name, *addresses):
    return {"name": name, "addresses": list(addresses)}


def host(**changes):
    """What node_condition_info says of a host that the inventory may call anything."""
    return dict({"name": "worker-1", "cluster": "aaaa", "addresses": ["10.0.0.11", "172.17.0.1", "192.168.7.9"]}, **changes)


def cluster(*nodes, **changes):
    nodes = list(nodes) or [member("control-1", "10.0.0.1"), member("worker-1", "10.0.0.11"), member("worker-2", "10.0.0.12")]
    return dict({"id": "aaaa", "nodes": nodes}, **changes)


PROVED = {
    "by name, CA and address": (host(), cluster()),
    "dual stack, both addresses": (host(addresses=["10.0.0.11", "2001:db8::b"]), cluster(member("worker-1", "10.0.0.11", "2001:db8::b"))),
    "dual stack, one address has moved": (host(), cluster(member("worker-1", "2001:db8::b", "10.0.0.11"))),
    "IPv6 only, written in another way": (host(addresses=["2001:db8::b"]), cluster(member("worker-1", "2001:0db8:0:0::000b"))),
    "a public address of 1:1 NAT beside the InternalIP, which the host has": (host(), cluster(member("worker-1", "10.0.0.11"))),
    "a name with dots": (host(name="worker-1.example.org"), cluster(member("worker-1.example.org", "10.0.0.11"))),
}

REFUSED = {
    "no kubelet name": (host(name=None), cluster(), "Neither the kubelet's client certificate"),
    "another cluster": (host(cluster="bbbb"), cluster(), "worker-1 belongs to the cluster bbbb, and this is the cluster aaaa."),
    "no CA on the host": (host(cluster=None), cluster(), "no CA certificate on the host"),
    "no CA in the kubeconfig": (host(), cluster(id=None), "no CA certificate in the kubeconfig"),
    "no CA on either side is no agreement": (host(cluster=None), cluster(id=None), "cannot be told"),
    "not joined yet, or deleted": (host(name="worker-9"), cluster(), "has no node worker-9"),
    "a short name is not the long one": (host(), cluster(member("worker-1.example.org", "10.0.0.11")), "has no node worker-1."),
    "a clone of another host's disk": (host(addresses=["10.0.0.99"]), cluster(), "has the InternalIP 10.0.0.11, which this host does not have"),
    "NAT'ed: the InternalIP is on no device": (host(), cluster(member("worker-1", "203.0.113.7")), "203.0.113.7"),
    "two nodes claim the address": (host(), cluster(member("worker-1", "10.0.0.11"), member("old", "10.0.0.11")), "worker-1, old too; delete"),
    "another node claims another address of the host": (
        host(),
        cluster(member("worker-1", "10.0.0.11"), member("old", "192.168.7.9")),
        "worker-1, old too",
    ),
    "no address on the node": (host(), cluster(member("worker-1")), "of nobody"),
    "addresses of the host could not be read": (host(addresses=None), cluster(), "does not have"),
    "nodes may not be read": (host(), cluster(nodes=None), "could not be read"),
    "nothing was scanned": ({}, {}, "Neither"),
}


@pytest.mark.parametrize("case", sorted(PROVED))
def test_proved(case):
    node, known = PROVED[case]
    assert proved_node(node, known) == node["name"]


@pytest.mark.parametrize("case", sorted(REFUSED))
def test_refused(case):
    node, known, reason = REFUSED[case]
    with pytest.raises(NotProved) as caught:
        proved_node(node, known)
    assert reason in str(caught.value)
