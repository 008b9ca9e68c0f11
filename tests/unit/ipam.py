# -*- coding: utf-8 -*-
"""Clusters whose Calico gives addresses: blocks in the form that recordings/README.md names, and the routes of nodes."""

from __future__ import absolute_import, division, print_function

import json

import api_servers
from ansible_collections.nodemend.kubernetes.plugins.module_utils._facts import node_identity
from clusters import NODES, answers

__metaclass__ = type

BLOCKS = "/apis/crd.projectcalico.org/v1/ipamblocks?limit=500"
CLUSTER = node_identity.fingerprint(api_servers.CA)
OLD = "2026-11-19 10:00:00.123456789 +0000 UTC"


def attribute(node, pod="web", namespace="shop", timestamp=OLD, **more):
    """Who has an address."""
    secondary = {"namespace": namespace, "node": node, "pod": pod, "timestamp": timestamp}
    secondary = dict((key, value) for key, value in dict(secondary, **more).items() if value is not None)
    return {"handle_id": "k8s-pod-network.0123456789", "secondary": secondary}


def tunnel(node):
    return {"handle_id": "vxlan-tunnel-addr-" + node, "secondary": {"node": node, "type": "vxlanTunnelAddress"}}


def block(owner="worker1", used=None, cidr="192.168.100.0/26", size=64, **more):
    """An IPAMBlock; used: {ordinal: attribute()}."""
    used = used or {}
    ordinals = sorted(used)
    spec = {
        "cidr": cidr,
        "affinity": "host:" + owner if owner else None,
        "allocations": [ordinals.index(number) if number in used else None for number in range(size)],
        "attributes": [used[number] for number in ordinals],
        "unallocated": [number for number in range(size) if number not in used],
        "strictAffinity": False,
        "deleted": False,
    }
    return {"apiVersion": "crd.projectcalico.org/v1", "kind": "IPAMBlock", "metadata": {"name": "x"}, "spec": dict(spec, **more)}


def nodes(**addresses):
    """The answer for these nodes, as much of it as matters here."""
    items = [
        {"metadata": {"name": name}, "status": {"addresses": [{"type": "InternalIP", "address": address}]}}
        for name, address in sorted(addresses.items())
    ]
    return {"items": items}


def pod(address, phase="Running", name="web"):
    """{path: answer} of a pod."""
    return {"/api/v1/namespaces/shop/pods/" + name: {"status": {"phase": phase, "podIP": address, "podIPs": [{"ip": address}]}}}


def ipam(*blocks, **more):
    """A control-plane host whose API server has these blocks; more: answers, what else it has, by its path."""
    found = answers()
    found[NODES] = nodes(control1="10.0.0.1", worker1="10.0.0.11", worker2="10.0.0.12")
    found[BLOCKS] = {"items": list(blocks)}
    found.update(more.get("answers", {}))
    texts = dict((path, json.dumps(answer) if isinstance(answer, dict) else answer) for path, answer in found.items())
    return api_servers.cluster(texts)


def dropping(cidr, *inside):
    """What the facts blackholes and blackholes_ipv6 say where a block is dropped but for these routes."""
    return {"prefixes": [{"prefix": cidr, "routes": list(inside)}], "policies": False}


def routes(*inside, **more):
    """What the scan of worker1 tells: it drops its block but for these routes, and has nothing to do with IPv6."""
    told = {"name": "worker1", "cluster": CLUSTER, "addresses": ["10.0.0.11"], "blackholes": dropping("192.168.100.0/26", *inside)}
    return dict(dict(told, blackholes_ipv6={"prefixes": [], "policies": False}), **more)
