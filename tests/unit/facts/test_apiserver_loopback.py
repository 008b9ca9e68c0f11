# -*- coding: utf-8 -*-
from __future__ import absolute_import, division, print_function

import loopbacks
import pki
import pytest
from ansible_collections.nodemend.kubernetes.plugins.module_utils._facts.apiserver_loopback import parse_version
from loopbacks import DAY
from recorded import TIMED_OUT, fact

__metaclass__ = type


KUBECONFIG = u"""apiVersion: v1
clusters:
- cluster:
    server: %s
    certificate-authority: /var/lib/rancher/k3s/server/tls/server-ca.crt
  name: local
users:
- name: user
  user:
    client-certificate: /var/lib/rancher/k3s/server/tls/client-scheduler.crt
"""


def found(**more):
    return fact("apiserver_loopback", loopbacks.host(**more))


def test_the_certificate_of_the_running_api_server():
    answer = found(shows="loopback-near")
    assert answer["certificate"] == {
        "subject": "apiserver-loopback-client@1764504000", "issuer": "kubernetes", "not_before": 1764500400, "not_after": 1796036400,
    }
    assert (answer["address"], answer["unavailable"], answer["version"]) == ("127.0.0.1:6443", None, "1.20.2")
    assert abs(answer["age"] - 10 * DAY) < 2


@pytest.mark.parametrize(
    "words, place",
    [
        (("kube-apiserver",), "127.0.0.1:6443"),
        (("kube-apiserver", "--bind-address=0.0.0.0", "--secure-port=8443"), "127.0.0.1:8443"),
        (("kube-apiserver", "--bind-address=::"), "127.0.0.1:6443"),
        (("kube-apiserver", "--bind-address=10.0.0.5", "--secure-port", "443"), "10.0.0.5:443"),
        (("kube-apiserver", "--bind-address=fd00::5"), "[fd00::5]:6443"),
    ],
)
def test_where_it_listens(words, place):
    assert found(shows="loopback-valid", words=words, place=place.replace("[", "").replace("]", ""))["address"] == place


def test_another_clusters_api_server_in_a_pod_of_this_worker():
    """vcluster, Kamaji: nothing answers for it on this host, and its age says nothing about this host's cluster."""
    links = {"/proc/self/ns/net": "net:[4026531840]", "/proc/1500/ns/net": "net:[4026532000]"}
    assert found(shows=None, links=links) is None
    links["/proc/1500/ns/net"] = links["/proc/self/ns/net"]
    assert found(shows=None, links=links)["pid"] == 1500


def k3s(place, server=None, **more):
    files = {"/var/lib/rancher/k3s/server/cred/scheduler.kubeconfig": KUBECONFIG % server} if server else {}
    return found(shows="loopback-valid", words=("k3s", "server"), name="k3s-server", nested=0, place=place, version=None, files=files, **more)


def test_k3s():
    assert k3s("127.0.0.1:6444")["address"] == "127.0.0.1:6444"


@pytest.mark.parametrize(
    "server, place, told",
    [
        ("https://127.0.0.1:6444", "127.0.0.1:6444", "127.0.0.1:6444"),
        ("https://127.0.0.1:8444", "127.0.0.1:8444", "127.0.0.1:8444"),
        ("https://[::1]:6444", "::1:6444", "[::1]:6444"),
        ("garbage", "127.0.0.1:6444", "127.0.0.1:6444"),
        ("https://10.0.0.5:6443", "127.0.0.1:6444", "127.0.0.1:6444"),  # not what k3s writes there: it may be the listener
    ],
)
def test_k3s_where_its_own_scheduler_asks(server, place, told):
    assert k3s(place, server)["address"] == told


def test_the_schedulers_kubeconfig_is_for_root_only():
    denied = ["/var/lib/rancher/k3s/server/*"]
    assert k3s("127.0.0.1:6444", "https://127.0.0.1:8444", denied=denied, root=False)["address"] == "127.0.0.1:6444"


def test_the_listener_of_k3s_is_not_asked():
    """It would put the name into its certificate: github.com/rancher/dynamiclistener, listener.go (getCertificate, updateCert)."""
    answer = k3s("127.0.0.1:6443")
    assert (answer["certificate"], answer["unavailable"]) == (None, "127.0.0.1:6444: Connection refused")


@pytest.mark.parametrize(
    "shows, unavailable",
    [
        ("apiserver-valid", "127.0.0.1:6443: answered with the certificate of kube-apiserver"),
        (None, "127.0.0.1:6443: Connection refused"),
        (TIMED_OUT, "127.0.0.1:6443: no answer within 10 s"),
    ],
)
def test_no_loopback_certificate(shows, unavailable):
    answer = found(shows=shows)
    assert (answer["certificate"], answer["unavailable"]) == (None, unavailable)


@pytest.mark.parametrize("more", [{"days": None}, {"nested": 2}, {"name": "k3s-agent"}, {"name": "etcd"}])
def test_no_api_server(more):
    assert found(**more) is None


@pytest.mark.parametrize(
    "manifest, version",
    [
        (loopbacks.MANIFEST % "1.20.2", "1.20.2"),
        (u"    image: index.docker.io/rancher/hardened-kubernetes:v1.28.9-rke2r1-build20240416\n", "1.28.9"),
        (u"    image: registry:5000/kube-apiserver@sha256:00ff\n", None),
        (u"", None),
        (None, None),
    ],
)
def test_version(manifest, version):
    assert parse_version(manifest) == version


def test_the_manifest_is_for_root_only():
    answer = found(shows="loopback-valid", denied=["/etc/kubernetes/manifests/*"], root=False)
    assert (answer["version"], answer["address"]) == (None, "127.0.0.1:6443")
    assert pki.KEY not in repr(answer)
