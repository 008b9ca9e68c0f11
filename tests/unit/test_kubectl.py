# -*- coding: utf-8 -*-
"""kubectl: what is found, what each failure is called, and that nothing of a kubeconfig is ever repeated."""

from __future__ import absolute_import, division, print_function

import json

import api_servers
import pytest
from ansible_collections.nodemend.kubernetes.plugins.module_utils import _kubectl
from ansible_collections.nodemend.kubernetes.plugins.module_utils._host import Unavailable
from api_servers import said, words
from recorded import TIMED_OUT, RecordedHost, recording

__metaclass__ = type

PATH = "/apis/apps/v1/daemonsets"


def client(answer=None, path=PATH, timeout=10, **more):
    host = api_servers.cluster({path: answer} if answer is not None else {}, **more)
    return _kubectl.Kubectl(host, timeout=timeout)


def refused(function, *arguments, **query):
    with pytest.raises(Unavailable) as caught:
        function(*arguments, **query)
    return caught.value


# Recorded failure: reason, part of the message.
FAILURES = {
    "refused": ("ApiUnreachable", "The connection to the server 10.213.0.11:1 was refused"),
    "name": ("ApiUnreachable", "no such host"),
    "dropped": ("ApiUnreachable", "deadline exceeded"),
    "stopped": ("ApiUnreachable", "Client.Timeout"),
    "etcd": ("ApiUnreachable", "certificate signed by unknown authority"),
    "header": ("ApiUnreachable", "invalid header field value"),
    "forbidden": ("Forbidden", 'User "system:serviceaccount:default:viewer" cannot list resource "nodes"'),
    "token": ("Forbidden", "does not accept the credentials of /etc/kubernetes/admin.conf"),
    "not-ready": ("Unreadable", "daemonsets: etcd failed"),
    "yaml": ("Unreadable", "kubectl cannot use the kubeconfig /etc/kubernetes/admin.conf"),
    "context": ("Unreadable", "kubectl cannot use the kubeconfig"),
    "anonymous": ("Unreadable", "kubectl cannot use the kubeconfig"),
}


@pytest.mark.parametrize("name", sorted(FAILURES))
def test_failures(name):
    exc = refused(client(said(name)).get, PATH)
    reason, part = FAILURES[name]
    assert (exc.reason, part in exc.message) == (reason, True), exc.message


def test_a_kind_that_does_not_exist_is_a_value():
    assert client(said("not-found")).get(PATH) is None
    assert list(client(said("not-found"), path=PATH + "?limit=500").items(PATH)) == []


def test_an_api_server_that_never_answers_is_unreachable_and_asked_once():
    kubectl = client(TIMED_OUT)
    first = refused(kubectl.get, PATH)
    assert first.reason == "ApiUnreachable"
    assert refused(kubectl.get, "/version") is first
    assert len([what for kind, what in kubectl._host.touched if kind == "command"]) == 1


@pytest.mark.parametrize("answer", [TIMED_OUT, said("etcd-stopped")])
def test_one_answer_that_is_late_says_nothing_of_the_others(answer):
    kubectl = client(answer)
    assert kubectl.get("/version")["gitVersion"] == "v1.20.2"
    assert refused(kubectl.get, PATH).reason == "TimedOut"
    assert kubectl.get("/version")["gitVersion"] == "v1.20.2"


def test_one_kind_that_is_forbidden_says_nothing_of_the_others():
    kubectl = client(said("forbidden"))
    assert refused(kubectl.get, PATH).reason == "Forbidden"
    assert kubectl.get("/version")["gitVersion"] == "v1.20.2"


def test_an_answer_that_says_no_is_an_answer():
    kubectl = _kubectl.Kubectl(api_servers.cluster({"/readyz": said("forbidden"), PATH: TIMED_OUT}))
    assert refused(kubectl.get, "/readyz").reason == "Forbidden"
    assert refused(kubectl.get, PATH).reason == "TimedOut"


def test_a_kubectl_that_may_not_be_run_says_nothing_of_the_server(monkeypatch):
    host = api_servers.cluster()
    monkeypatch.setattr(host, "_run", lambda *words: refuse_to_run())
    assert refused(_kubectl.Kubectl(host).get, PATH).reason == "NeedsRoot"


def refuse_to_run():
    raise Unavailable("NeedsRoot", "/usr/bin/kubectl: only root may read it")


@pytest.mark.parametrize("answer", ["", "ok", '{"kind": '])
def test_garbage(answer):
    assert refused(client(answer).get, PATH).reason == "Unreadable"


@pytest.mark.parametrize("answer", ["[]", "{}", "7", '{"items": null}', '{"items": [7]}'])
def test_no_list(answer):
    kubectl = client(answer, path=PATH + "?limit=500")
    assert refused(list, kubectl.items(PATH)).reason == "Unreadable"


def test_a_long_list_comes_in_pages():
    first = {"items": [{"a": 1}, {"b": 2}], "metadata": {"continue": "eyJ2Ijo="}}
    host = api_servers.cluster(
        {
            PATH + "?labelSelector=k8s-app+in+%28calico-node%2Ccanal%29&limit=500": json.dumps(first),
            PATH + "?continue=eyJ2Ijo%3D&labelSelector=k8s-app+in+%28calico-node%2Ccanal%29&limit=500": '{"items": [{"c": 3}], "metadata": {}}',
        }
    )
    assert list(_kubectl.Kubectl(host).items(PATH, labelSelector="k8s-app in (calico-node,canal)")) == [{"a": 1}, {"b": 2}, {"c": 3}]


def test_the_time_limit_is_passed_on_and_kubectl_may_end_by_itself(monkeypatch):
    host = api_servers.cluster(commands={words("/version", timeout=3): recording("kubectl/version.out")})
    limits, run = [], host.run
    monkeypatch.setattr(host, "run", lambda argv, timeout=None: limits.append(timeout) or run(argv, timeout))
    assert _kubectl.Kubectl(host, timeout=3).get("/version")
    assert limits == [5]


@pytest.mark.parametrize(
    "files, kubectl, kubeconfig",
    [
        ({"/usr/local/bin/kubectl": "", "/etc/kubernetes/admin.conf": "x"}, "/usr/local/bin/kubectl", "/etc/kubernetes/admin.conf"),
        ({"/var/lib/rancher/rke2/bin/kubectl": "", "/etc/rancher/rke2/rke2.yaml": "x"}, "/var/lib/rancher/rke2/bin/kubectl", "/etc/rancher/rke2/rke2.yaml"),
        ({"/usr/local/bin/k3s": "", "/etc/rancher/k3s/k3s.yaml": "x"}, "/usr/local/bin/k3s kubectl", "/etc/rancher/k3s/k3s.yaml"),
    ],
)
def test_where_kubeadm_rke2_and_k3s_keep_them(files, kubectl, kubeconfig):
    host = RecordedHost(files=files, commands={words("/version", kubectl, kubeconfig): "{}"})
    asked = _kubectl.Kubectl(host)
    assert asked.get("/version") == {}
    assert (asked.kubectl, asked.kubeconfig) == (kubectl, kubeconfig)


def test_what_the_operator_gives_is_used():
    host = RecordedHost(files={"/opt/k/bin/kubectl": "", "/root/k": "x"}, commands={words("/version", "/opt/k/bin/kubectl", "/root/k"): "{}"})
    assert _kubectl.Kubectl(host, "/opt/k/bin/kubectl", "/root/k").get("/version") == {}


def test_no_kubectl_no_kubeconfig():
    assert refused(_kubectl.Kubectl(RecordedHost()).get, "/version").reason == "CommandMissing"
    nothing = refused(_kubectl.Kubectl(RecordedHost(files={"/usr/bin/kubectl": ""})).get, "/version")
    assert (nothing.reason, "none of /etc/kubernetes/admin.conf" in nothing.message) == ("Unreadable", True)
    missing = refused(_kubectl.Kubectl(RecordedHost(files={"/usr/bin/kubectl": ""}), kubeconfig="/x").get, "/version")
    assert (missing.reason, missing.message) == ("Unreadable", "There is no kubeconfig /x.")


def test_without_root():
    host = api_servers.cluster(denied=["/etc/kubernetes/admin.conf"], root=False)
    assert refused(_kubectl.Kubectl(host).get, "/version").reason == "NeedsRoot"


# As kubectl built with Go before 1.16 says it (net/http's text of those years): the whole header is quoted.
TOLD = (
    'Unable to connect to the server: net/http: invalid header field value "Bearer c2VjcmV0\\n" for key Authorization\n',
    "Unable to connect to the server: Get https://me:c2VjcmV0@10.0.0.1:6443/version: EOF\n",
    "Unable to connect to the server: token eyJhbGciOi.eyJzdWIi.c2VjcmV0 is bad\n",
    'error: error loading config file "/etc/kubernetes/admin.conf": yaml: unmarshal errors: cannot unmarshal !!str `c2VjcmV0` into v1.Config\n',
    "panic: c2VjcmV0\n",
)


@pytest.mark.parametrize("text", TOLD)
def test_no_credential_is_repeated(text):
    exc = refused(client((1, "", text)).get, PATH)
    assert "c2VjcmV0" not in exc.message
    assert "kubeconfig" in exc.message or "..." in exc.message
