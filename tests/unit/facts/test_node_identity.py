# -*- coding: utf-8 -*-
"""The node's name, its cluster, and whether it belongs to the control plane."""

from __future__ import absolute_import, division, print_function

import base64

import pytest
import runtime_hosts
from ansible_collections.nodemend.kubernetes.plugins.module_utils._facts import node_identity
from recorded import fact, recording
from runtime_hosts import process

__metaclass__ = type

CA = recording("certificates/ca.crt")
CA_ID = node_identity.fingerprint(CA)
KEY = "-----BEGIN EC PRIVATE KEY-----\nMHcCAQEEIJ8=\n-----END EC PRIVATE KEY-----\n"
KUBELET = recording("certificates/kubelet.crt") + KEY
KUBECONFIG = "apiVersion: v1\nclusters:\n- cluster:\n    certificate-authority-data: %s\n    server: https://10.0.0.1:6443\n"


def identity(*processes, **more):
    return fact("node_identity", runtime_hosts.host(processes, **more))


def test_nothing_known():
    assert identity() == {
        "name": None,
        "name_source": None,
        "control_plane": False,
        "etcd": False,
        "standalone": False,
        "cluster": None,
        "admin_kubeconfig": None,
    }


@pytest.mark.parametrize("path", node_identity.CLIENT_CERTIFICATES)
def test_the_name_is_proved_by_the_client_certificate(path):
    answer = identity(files={path: KUBELET})
    assert (answer["name"], answer["name_source"]) == ("worker-1", path)
    assert "PRIVATE" not in str(answer)


def test_the_client_certificate_in_the_folder_that_the_kubelet_names():
    kubelet = process(900, "kubelet", words=("kubelet", "--cert-dir", "/etc/kubernetes/ssl"))
    path = "/etc/kubernetes/ssl/kubelet-client-current.pem"
    answer = identity(kubelet, files={path: KUBELET})
    assert (answer["name"], answer["name_source"]) == ("worker-1", path)
    assert identity(files={path: KUBELET})["name"] is None


def test_a_certificate_of_somebody_else_proves_no_name():
    path = node_identity.CLIENT_CERTIFICATES[0]
    assert identity(files={path: CA})["name"] is None
    assert identity(files={path: "garbage"})["name"] is None


def test_the_name_from_the_arguments():
    kubelet = process(900, "kubelet", words=("kubelet", "--hostname-override", "worker-2"))
    assert identity(kubelet)["name"] == "worker-2"
    assert identity(kubelet, files={node_identity.CLIENT_CERTIFICATES[0]: KUBELET})["name"] == "worker-1"


@pytest.mark.parametrize("path", node_identity.AUTHORITIES)
def test_the_cluster_is_its_authority(path):
    assert identity(files={path: CA})["cluster"] == CA_ID


def test_the_cluster_from_the_kubelets_kubeconfig():
    data = base64.b64encode(CA.encode("ascii")).decode("ascii")
    assert identity(files={node_identity.KUBELET_KUBECONFIG: KUBECONFIG % data})["cluster"] == CA_ID


@pytest.mark.parametrize(
    "path, authority",
    [
        ("/etc/kubernetes/kubelet.kubeconfig", None),  # kubeasz
        ("/var/lib/kubelet/kubeconfig", None),  # kOps
        ("/var/lib/kubelet/kubeconfig", "/var/lib/kubernetes/ca.pem"),
        ("/var/lib/kubelet/kubeconfig", "ca.crt"),
    ],
)
def test_the_cluster_from_the_kubeconfig_that_the_kubelet_names(path, authority):
    text = KUBECONFIG % base64.b64encode(CA.encode("ascii")).decode("ascii")
    files = {path: text}
    if authority:
        files = {path: "clusters:\n- cluster:\n    certificate-authority: %s\n" % authority}
        files[authority if authority.startswith("/") else "/var/lib/kubelet/" + authority] = CA
    kubelet = process(900, "kubelet", words=("kubelet", "--kubeconfig=" + path))
    assert identity(kubelet, files=files)["cluster"] == CA_ID
    assert identity(kubelet, files=dict(files, **{path: "garbage"}))["cluster"] is None
    assert identity(process(900, "kubelet", nested=2, words=("kubelet", "--kubeconfig=" + path)), files=files)["cluster"] is None
    assert identity(kubelet, files=files, denied=[path], root=False)["cluster"] is None


@pytest.mark.parametrize("data", ["A", "QUJD", "%%%", "AAAAA"])
def test_a_kubeconfig_with_garbage_for_an_authority(data):
    assert identity(files={node_identity.KUBELET_KUBECONFIG: KUBECONFIG % data})["cluster"] is None


@pytest.mark.parametrize("path", node_identity.ADMIN_KUBECONFIGS)
def test_an_admin_kubeconfig_is_a_sign_and_its_content_is_never_read(path):
    host = runtime_hosts.host(files={path: "token: secret"}, denied=())
    answer = fact("node_identity", host)
    assert (answer["control_plane"], answer["admin_kubeconfig"]) == (True, path)
    assert "secret" not in str(answer)


@pytest.mark.parametrize(
    "nested, answer",
    [(0, True), (1, True), (2, False)],
    ids=["by systemd", "a static pod", "a cluster in containers on this host"],
)
def test_an_api_server_is_a_sign(nested, answer):
    assert identity(process(1500, "kube-apiserver", nested=nested))["control_plane"] is answer


def test_without_root_the_rest_is_still_answered():
    denied = ("/var/lib/kubelet/*", "/etc/kubernetes/admin.conf", "/etc/rancher/*", "/var/lib/rancher/*")
    answer = identity(process(1500, "kube-apiserver", nested=1), files={"/etc/kubernetes/pki/ca.crt": CA}, denied=denied, root=False)
    assert (answer["name"], answer["control_plane"], answer["cluster"]) == (None, True, CA_ID)


OWN_NETWORK = {"/proc/self/ns/net": "net:[4026531840]", "/proc/1500/ns/net": "net:[4026532000]"}


@pytest.mark.parametrize(
    "nested, links, files, answer",
    [
        (1, OWN_NETWORK, {}, False),
        (1, OWN_NETWORK, {node_identity.MANIFEST: "kind: Pod\n"}, True),
        (1, dict(OWN_NETWORK, **{"/proc/1500/ns/net": "net:[4026531840]"}), {}, True),
        (0, OWN_NETWORK, {}, True),
    ],
    ids=["another cluster's in a pod", "with a manifest", "in the host's network", "by systemd"],
)
def test_a_worker_may_host_another_clusters_control_plane(nested, links, files, answer):
    assert identity(process(1500, "kube-apiserver", nested=nested), links=links, files=files)["control_plane"] is answer


def test_without_root_nobody_can_tell_whose_it_is():
    found = identity(process(1500, "kube-apiserver", nested=1), links=OWN_NETWORK, denied=("/proc/*/ns/net",), root=False)
    assert found["control_plane"] is True


@pytest.mark.parametrize(
    "nested, links, more, answer",
    [
        (0, OWN_NETWORK, {}, True),
        (1, dict(OWN_NETWORK, **{"/proc/1500/ns/net": "net:[4026531840]"}), {}, True),
        (1, OWN_NETWORK, {}, False),
        (2, {}, {}, False),
        (0, {}, {"words": ("etcdctl",), "name": "etcdctl"}, False),
    ],
    ids=["by systemd, without a kubelet", "in a container with the host's network", "an application's in a pod", "a cluster in containers", "not etcd"],
)
def test_a_member_of_etcd(nested, links, more, answer):
    found = identity(process(1500, more.get("name", "etcd"), nested=nested, words=more.get("words", ())), links=links)
    assert (found["etcd"], found["control_plane"], found["name"]) == (answer, False, None)


def test_kubeadm_s_etcd_alone():
    kubelet = process(900, "kubelet", words=("kubelet", "--config=/var/lib/kubelet/config.yaml"))
    found = identity(process(1500, "etcd", nested=1, words=("etcd",)), kubelet, files={node_identity.ETCD_MANIFESTS[0]: "kind: Pod\n"})
    assert (found["etcd"], found["standalone"], found["name"], found["cluster"]) == (True, True, None, None)


@pytest.mark.parametrize("path", node_identity.ETCD_MANIFESTS)
def test_a_member_of_etcd_that_is_down(path):
    assert identity(files={path: "kind: Pod\n"})["etcd"] is True


@pytest.mark.parametrize("unit, answer", [("k3s.service", True), ("rke2-server.service", False)])
def test_the_etcd_within_k3s(unit, answer):
    files = {"/etc/systemd/system/" + unit: "[Unit]\n", "/var/lib/rancher/k3s/server/db/etcd/member": ""}
    assert identity(files=files)["etcd"] is answer
