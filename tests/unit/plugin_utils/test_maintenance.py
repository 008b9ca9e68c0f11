# -*- coding: utf-8 -*-
from __future__ import absolute_import, division, print_function

import pytest
from ansible_collections.nodemend.kubernetes.plugins.plugin_utils._maintenance import (
    control_plane,
    drain_arguments,
    nowhere_to_go,
    obstacles,
    quorum,
)

__metaclass__ = type


# Drain


@pytest.mark.parametrize(
    "client, options, words",
    [
        ("v1.20.2", {}, []),
        ("v1.20.2", {"delete_emptydir_data": True, "force": True}, ["--delete-emptydir-data", "--force"]),
        ("v1.19.16", {"delete_emptydir_data": True}, ["--delete-local-data"]),
        ("v1.33.1+k3s1", {"delete_emptydir_data": True, "grace_period": 0}, ["--grace-period=0", "--delete-emptydir-data"]),
        ("v1.18.0", {"dry_run": True}, ["--dry-run=client"]),
        ("v1.17.17", {"dry_run": True}, ["--dry-run"]),
    ],
)
def test_drain_arguments(client, options, words):
    found = drain_arguments("w1", client, 600, **options)
    assert found == ["drain", "w1", "--ignore-daemonsets", "--timeout=600s"] + words
    assert "--disable-eviction" not in found


def test_a_kubectl_without_a_version():
    with pytest.raises(ValueError):
        drain_arguments("w1", "", 600)


def pod(name="web-1", owner="ReplicaSet", labels=None, volumes=(), phase="Running", **metadata):
    owners = [{"kind": owner, "name": "x", "controller": True}] if owner else []
    metadata = dict({"namespace": "shop", "name": name, "labels": labels or {"app": "web"}, "ownerReferences": owners}, **metadata)
    return {"metadata": metadata, "spec": {"volumes": list(volumes)}, "status": {"phase": phase}}


def budget(selector=None, allowed=0, api="policy/v1", namespace="shop"):
    selector = {"matchLabels": {"app": "web"}} if selector is None else selector
    return {
        "apiVersion": api,
        "metadata": {"namespace": namespace, "name": "guard"},
        "spec": {"selector": selector},
        "status": {"disruptionsAllowed": allowed, "currentHealthy": 1, "desiredHealthy": 1},
    }


EMPTY_DIR = {"name": "cache", "emptyDir": {}}


@pytest.mark.parametrize(
    "found, budgets, options, words",
    [
        ([pod()], [], {}, []),
        ([pod(owner=None)], [], {}, ["shop/web-1 has no controller"]),
        ([pod(owner=None)], [], {"force": True}, []),
        ([pod(volumes=[EMPTY_DIR])], [], {}, ["shop/web-1 has an emptyDir"]),
        ([pod(volumes=[EMPTY_DIR])], [], {"delete_emptydir_data": True}, []),
        ([pod(volumes=[{"name": "x", "configMap": {"name": "x"}}])], [], {}, []),
        ([pod(owner=None, volumes=[EMPTY_DIR])], [], {}, ["has no controller", "has an emptyDir"]),
        ([pod()], [budget()], {}, ["shop/web-1 is protected by the PodDisruptionBudget guard, which allows no disruption (1 of 1 wanted are healthy)"]),
        ([pod()], [dict(budget(), status={})], {}, ["which allows no disruption (? of ? wanted are healthy)"]),
        ([pod()], [dict(budget(), spec={"selector": None})], {}, []),
        ([pod()], [budget(allowed=1)], {}, []),
        ([pod()], [budget(namespace="other")], {}, []),
        ([pod()], [budget(selector={"matchLabels": {"app": "db"}})], {}, []),
        ([pod()], [budget(selector={})], {}, ["guard"]),
        ([pod()], [budget(selector={}, api="policy/v1beta1")], {}, []),
        ([pod()], [budget(selector={"matchExpressions": [{"key": "app", "operator": "In", "values": ["web", "db"]}]})], {}, ["guard"]),
        ([pod()], [budget(selector={"matchExpressions": [{"key": "app", "operator": "NotIn", "values": ["web"]}]})], {}, []),
        ([pod()], [budget(selector={"matchExpressions": [{"key": "app", "operator": "Exists"}]})], {}, ["guard"]),
        ([pod()], [budget(selector={"matchExpressions": [{"key": "app", "operator": "DoesNotExist"}]})], {}, []),
        ([pod(deletionTimestamp="2026-11-20T12:00:00Z")], [budget()], {}, ["shop/web-1 is being deleted and has not ended"]),
        # What drain leaves alone.
        ([pod(owner="DaemonSet", volumes=[EMPTY_DIR])], [budget()], {}, []),
        ([pod(owner=None, annotations={"kubernetes.io/config.mirror": "x"})], [], {}, []),
        ([pod(owner=None, phase="Succeeded"), pod(phase="Failed")], [budget()], {}, []),
    ],
)
def test_obstacles(found, budgets, options, words):
    sentences = obstacles(found, budgets, **options)
    assert len(sentences) == len(words)
    for sentence, word in zip(sentences, words):
        assert word in sentence


def node(name, ready=True, unschedulable=False, control_plane=False, address=None):
    addresses = [address or "10.0.0." + name[-1]]
    return {"name": name, "ready": ready, "unschedulable": unschedulable, "control_plane": control_plane, "addresses": addresses}


@pytest.mark.parametrize(
    "nodes, why",
    [
        ([node("w1"), node("w2")], ""),
        ([node("w1")], "the only node of its cluster"),
        ([node("w1"), node("w2", ready=False), node("w3", unschedulable=True)], "No other node"),
    ],
)
def test_nowhere_to_go(nodes, why):
    assert why in nowhere_to_go("w1", nodes) and bool(why) == bool(nowhere_to_go("w1", nodes))


# Control plane


@pytest.mark.parametrize("voters, needed", [(1, 1), (2, 2), (3, 2), (4, 3), (5, 3), (7, 4)])
def test_quorum(voters, needed):
    assert quorum(voters) == needed


def host(number=1, control_plane=True, etcd=False):
    return {"name": "c%d" % number, "control_plane": control_plane, "etcd": etcd, "addresses": ["10.0.0.%d" % number]}


def servers(*ready):
    return [{"item": "https://10.0.0.%d:6443" % (index + 1), "rc": 0 if up else 1, "stderr": "connection refused"} for index, up in enumerate(ready)]


def cluster(count):
    return {"nodes": [node("c%d" % (index + 1), control_plane=True) for index in range(count)] + [node("w9")]}


def etcd(*healthy, **more):
    members = [
        {"id": "%x" % index, "name": "m%d" % (index + 1), "healthy": up, "learner": False, "client_urls": []} for index, up in enumerate(healthy)
    ]
    return dict({"present": True, "own": "0", "members": members, "problem": None}, **more)


ABSENT = {"present": False, "own": None, "members": None, "problem": None}
NO_ETCDCTL = etcd(members=None, problem="etcdctl is neither on this host nor in etcd's image")
LEARNER = {"id": "9", "name": "m4", "healthy": True, "learner": True, "client_urls": []}


@pytest.mark.parametrize(
    "who, count, member, api, options, words",
    [
        # Three of each.
        (host(), 3, etcd(True, True, True), servers(True, True, True), {}, []),
        (host(), 3, etcd(True, True, True), servers(True, True, False), {}, ["API server 10.0.0.3 is not ready: connection refused"]),
        (host(), 3, etcd(True, True, True), servers(False, True, True), {}, []),
        (host(), 3, etcd(True, True, False), servers(True, True, True), {}, ["m3 is not healthy", "3 voting members and needs 2; without"]),
        (host(), 3, etcd(False, True, True), servers(True, True, True), {}, ["m1 is not healthy"]),
        (host(), 5, etcd(*[True] * 5), servers(*[True] * 5), {}, []),
        # What no option allows.
        (host(), 3, etcd(True, True, False), servers(True, True, False), {"outage_ok": True, "unchecked_ok": True}, ["10.0.0.3", "m3"]),
        # An API server that has left the list is one that does not answer.
        (host(), 3, etcd(True, True, True), servers(True, True), {}, ["no API server is known of: c3"]),
        # Learners have no vote.
        (host(), 2, etcd(members=etcd(True, True)["members"] + [LEARNER]), servers(True, True), {}, ["2 voting members and needs 2"]),
        (host(), 2, etcd(True, True), servers(True, True), {"outage_ok": True}, []),
        # A single one.
        (host(), 1, etcd(True), servers(True), {}, ["the only API server", "1 voting member and needs 1"]),
        (host(), 1, etcd(True), servers(True), {"outage_ok": True}, []),
        (host(), 1, etcd(False), servers(True), {"outage_ok": True}, ["m1 is not healthy"]),
        # etcd elsewhere: it stays where it is.
        (host(), 3, ABSENT, servers(True, True, True), {}, []),
        # An API server that kubeadm does not run, and a host whose own has left the list.
        (host(control_plane=False), 1, ABSENT, servers(True), {}, ["the only API server"]),
        (host(number=7), 1, ABSENT, servers(True), {}, []),
        # A host with etcd alone.
        (host(control_plane=False, number=7), 3, etcd(True, True, True), servers(True, True, True), {}, []),
        (host(control_plane=False, number=7), 3, etcd(True, True, False), servers(False, False, False), {}, ["m3", "needs 2"]),
        (host(control_plane=False, number=7, etcd=True), 3, {}, servers(True, True, True), {}, ["could not be looked for"]),
        # etcd that could not be asked.
        (host(), 3, NO_ETCDCTL, servers(True, True, True), {}, ["etcd's members could not be asked: etcdctl is neither"]),
        (host(), 3, NO_ETCDCTL, servers(True, True, True), {"unchecked_ok": True}, []),
        (host(), 3, {}, servers(True, True, True), {}, ["could not be looked for"]),
    ],
)
def test_control_plane(who, count, member, api, options, words):
    answer = control_plane(who, cluster(count), member, api, **options)
    assert answer["concerned"] and len(answer["refused"]) == len(words), answer["refused"]
    for sentence, word in zip(answer["refused"], words):
        assert word in sentence


@pytest.mark.parametrize("member", [ABSENT, {}])
def test_a_worker_concerns_nobody(member):
    answer = control_plane({"name": "w9", "control_plane": False, "addresses": ["10.0.0.9"]}, cluster(1), member, servers(False))
    assert answer == {"concerned": False, "refused": [], "may_recover": False, "snapshot": False}


@pytest.mark.parametrize(
    "count, member, api, expected",
    [
        (3, etcd(True, True, True), servers(True, True, False), True),
        (3, etcd(True, True, True), servers(True, True), True),  # takes itself out of the list while it starts
        (3, etcd(True, True, False), servers(True, True, True), True),
        # Time changes nothing about these.
        (1, etcd(True), servers(True), False),
        (3, NO_ETCDCTL, servers(True, True, True), False),
        (3, {}, servers(True, True, True), False),
        (2, etcd(True, True), servers(True, True), False),
        # Nothing is waited for.
        (3, etcd(True, True, True), servers(False, True, True), False),
    ],
)
def test_what_time_may_mend(count, member, api, expected):
    assert control_plane(host(), cluster(count), member, api)["may_recover"] is expected


def test_an_api_server_that_does_not_answer_is_not_what_a_host_with_etcd_alone_waits_for():
    answer = control_plane(host(control_plane=False, number=7), cluster(2), etcd(True, True), servers(False, True))
    assert len(answer["refused"]) == 1 and answer["may_recover"] is False


def test_a_snapshot_needs_someone_to_ask():
    assert control_plane(host(), cluster(1), etcd(True), servers(True), True)["snapshot"]
    assert not control_plane(host(), cluster(1), NO_ETCDCTL, servers(True), True, True)["snapshot"]
    assert not control_plane(host(), cluster(1), ABSENT, servers(True), True)["snapshot"]


def test_addresses_of_version_6():
    who = {"name": "c1", "control_plane": True, "addresses": ["fd00::1"]}
    member = {"name": "c2", "ready": True, "unschedulable": False, "control_plane": True, "addresses": ["fd00::2"]}
    api = [{"item": "https://[fd00::1]:6443", "rc": 0, "stderr": ""}, {"item": "https://[fd00::2]:6443", "rc": 1, "stderr": "timeout"}]
    answer = control_plane(who, {"nodes": [member]}, ABSENT, api)
    assert answer["refused"] == ["The API server fd00::2 is not ready: timeout."]
