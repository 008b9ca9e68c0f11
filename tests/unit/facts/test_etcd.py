# -*- coding: utf-8 -*-
from __future__ import absolute_import, division, print_function

import pytest
from ansible_collections.nodemend.kubernetes.plugins.module_utils._facts.etcd import parse_members
from pki import APISERVER
from recorded import TIMED_OUT, fact, recording
from runtime_hosts import host, process

__metaclass__ = type

MEMBERS = recording("etcd/members-of-3.json")
SICK = recording("etcd/health-one-down.txt")
WELL = SICK.replace("32379 is unhealthy: failed", "32379 is healthy: successfully")
ETCD = ("etcd", "--cert-file=/pki/server.crt", "--key-file=/pki/server.key", "--trusted-ca-file=/pki/ca.crt")
LISTENS = "--listen-client-urls=https://10.0.0.1:2379,https://127.0.0.1:2379"
KUBEADM = "/etc/kubernetes/pki/etcd/"
PRIVATE = u"\0".join(
    [
        "ETCDCTL_CACERT=/etc/ssl/etcd/ssl/ca.pem",
        "ETCDCTL_CERT=/etc/ssl/etcd/ssl/admin-n1.pem",
        "ETCDCTL_KEY=/etc/ssl/etcd/ssl/admin-n1-key.pem",
        "ETCD_LISTEN_CLIENT_URLS=https://10.0.0.1:2379",
        "ROOT_PASSWORD=s3cret",
    ]
)


def member(health=(0, "", WELL), listed=MEMBERS, processes=(), words=ETCD, files=None, commands=None, etcdctl=True):
    """A host whose etcd is a static pod, and whose etcdctl answers as recorded."""
    answers = {"env ETCDCTL_API=3 * member list --write-out=json": listed, "env ETCDCTL_API=3 * endpoint health": health}
    files = dict(files or {}, **({"/usr/bin/etcdctl": ""} if etcdctl else {}))
    return host(processes=[process(1501, "etcd", nested=1, words=words)] + list(processes), files=files, commands=dict(answers, **commands or {}))


def test_members():
    own, members = parse_members(MEMBERS)
    assert own == "ddd67b312462fd7b" and [item["name"] for item in members] == ["c", "b", "a"]
    assert members[2] == {"id": own, "name": "a", "client_urls": ["http://127.0.0.1:12379"], "learner": False}


def test_all_are_healthy():
    found = fact("etcd", member())
    assert found["present"] and found["problem"] is None and found["own"] == "ddd67b312462fd7b"
    assert [item["healthy"] for item in found["members"]] == [True, True, True]


def test_one_is_down():
    found = fact("etcd", member(health=(1, "", SICK)))
    assert [(item["name"], item["healthy"]) for item in found["members"]] == [("c", False), ("b", True), ("a", True)]


def test_old_etcdctl_answers_on_stdout():
    assert all(item["healthy"] for item in fact("etcd", member(health=(0, WELL, "")))["members"])


def test_one_that_never_started_has_no_address():
    found = fact("etcd", member(listed=MEMBERS.replace('"name":"b",', "").replace('["http://127.0.0.1:22379"]', "[]")))
    assert [(item["name"], item["healthy"]) for item in found["members"]] == [("c", True), ("", False), ("a", True)]


@pytest.mark.parametrize(
    "more, endpoint, certificate",
    [
        ({}, "https://127.0.0.1:2379", "/pki/server.crt"),
        ({"words": ETCD + (LISTENS,)}, "https://127.0.0.1:2379", "/pki/server.crt"),
        ({"words": ETCD + ("--listen-client-urls", "https://10.0.0.1:2379")}, "https://10.0.0.1:2379", "/pki/server.crt"),
        ({"files": {KUBEADM + "healthcheck-client.crt": ""}}, "https://127.0.0.1:2379", KUBEADM + "healthcheck-client.crt"),
        (
            {"processes": [process(1500, "kube-apiserver", nested=1, words=APISERVER)], "files": {KUBEADM + "healthcheck-client.crt": ""}},
            "https://127.0.0.1:2379",
            "/etc/kubernetes/pki/apiserver-etcd-client.crt",
        ),
        ({"files": {"/proc/1501/environ": PRIVATE}}, "https://10.0.0.1:2379", "/etc/ssl/etcd/ssl/admin-n1.pem"),
    ],
)
def test_credentials(more, endpoint, certificate):
    found = fact("etcd", member(**more))
    assert found["endpoint"] == endpoint and "--cert=" + certificate in found["credentials"]
    assert [word.partition("=")[0] for word in found["credentials"]] == ["--cacert", "--cert", "--key"]
    assert "s3cret" not in str(found)


def test_the_program_of_the_image():
    path = "/proc/1501/root/usr/local/bin/etcdctl"
    assert fact("etcd", member(etcdctl=False, files={path: ""}))["etcdctl"] == path


@pytest.mark.parametrize(
    "more, problem",
    [
        ({"etcdctl": False}, "etcdctl is neither on this host nor in etcd's image"),
        ({"listed": (1, "", "Error: context deadline exceeded")}, "context deadline exceeded"),
        ({"listed": TIMED_OUT}, "no answer within"),
        ({"health": TIMED_OUT}, "no answer within"),
        ({"listed": "{}"}, "something else"),
        ({"listed": "8e9e05c52164694d, started"}, "something else"),
    ],
)
def test_members_that_could_not_be_had(more, problem):
    found = fact("etcd", member(**more))
    assert found["present"] and found["members"] is None and problem in found["problem"]


def test_no_member_here():
    found = fact("etcd", host(processes=[process(1500, "kube-apiserver", nested=1, words=APISERVER)]))
    assert not found["present"] and found["problem"] is None
    # Another cluster's, in a container in a container.
    assert not fact("etcd", host(processes=[process(1501, "etcd", nested=2, words=ETCD)]))["present"]
    # An application's, in a pod with a network of its own.
    links = {"/proc/self/ns/net": "net:[4026531840]", "/proc/1501/ns/net": "net:[4026532000]"}
    assert not fact("etcd", host(processes=[process(1501, "etcd", nested=1, words=ETCD)], links=links))["present"]


def test_one_that_is_down():
    found = fact("etcd", host(files={"/etc/kubernetes/manifests/etcd.yaml": u"kind: Pod\n"}))
    assert found["present"] and found["problem"] == "etcdctl is neither on this host nor in etcd's image"


@pytest.mark.parametrize("name, unit", [("k3s", "k3s.service"), ("rke2", "rke2-server.service")])
def test_the_etcd_within_k3s_and_rke2(name, unit):
    base = "/var/lib/rancher/%s/server/" % name
    files = {"/etc/systemd/system/" + unit: u"[Unit]\n", base + "db/etcd/member": u""}
    found = fact("etcd", host(files=files))
    assert found["present"] and found["distribution"] == name
    assert found["credentials"][1] == "--cert=%stls/etcd/client.crt" % base
    # With SQLite or another datastore k3s is no member.
    del files[base + "db/etcd/member"]
    assert not fact("etcd", host(files=files))["present"]
