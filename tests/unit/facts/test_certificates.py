# -*- coding: utf-8 -*-
from __future__ import absolute_import, division, print_function

import clocks
import pki
import pytest
from ansible_collections.nodemend.kubernetes.plugins.module_utils._facts import certificates
from pki import CURRENT, KEY, PKI, PROCESSES, control_plane, embedded, pem
from recorded import fact
from runtime_hosts import process

__metaclass__ = type


def collect(processes=(), files=None, **more):
    found = fact("certificates", clocks.host(processes, files=files, **more))
    for secret in ("PRIVATE", "czNjcmV0", "s3cret", "BEGIN"):
        assert secret not in repr(found)
    return found


def paths(found, kind):
    return sorted(item["path"] for item in found["certificates"] if item["kind"] == kind)


def test_kubeadm():
    found = collect(PROCESSES, control_plane())
    assert paths(found, "control_plane") == sorted(
        [PKI + name + ".crt" for name in pki.LEAVES]
        + ["/etc/kubernetes/admin.conf", "/etc/kubernetes/scheduler.conf"]
    )
    assert paths(found, "authority") == [PKI + "ca.crt", PKI + "etcd/ca.crt", PKI + "front-proxy-ca.crt"]
    assert found["unreadable"] == []
    (entry,) = [item for item in found["certificates"] if item["path"] == PKI + "apiserver.crt"]
    assert entry == {
        "path": PKI + "apiserver.crt", "kind": "control_plane", "use": "kube-apiserver --tls-cert-file", "rotates": False,
        "subject": "kube-apiserver", "issuer": "kubernetes", "not_before": 1787227200, "not_after": 1818763200,
    }


def test_a_control_plane_that_is_down_is_known_by_its_manifests():
    manifest = u"spec:\n  containers:\n  - command:\n" + u"".join(u"    - %s\n" % word for word in pki.APISERVER)
    files = dict(control_plane(), **{"/etc/kubernetes/manifests/kube-apiserver.yaml": manifest})
    assert PKI + "apiserver.crt" in paths(collect([], files), "control_plane")


def test_files_of_a_control_plane_that_is_no_more():
    assert paths(collect([], control_plane()), "control_plane") == []


def test_a_control_plane_in_containers_of_this_host_is_another_node():
    assert paths(collect([process(1500, "kube-apiserver", nested=2, words=pki.APISERVER)], control_plane()), "control_plane") == []


def test_etcd_of_kubespray_has_its_settings_from_its_environment():
    environment = u"ETCD_CERT_FILE=/etc/ssl/etcd/ssl/member-node1.pem\0ETCD_TRUSTED_CA_FILE=/etc/ssl/etcd/ssl/ca.pem\0PASSWORD=s3cret\0"
    files = {"/proc/1501/environ": environment, "/etc/ssl/etcd/ssl/member-node1.pem": pem("apiserver-valid"), "/etc/ssl/etcd/ssl/ca.pem": pem("authority-10y")}
    found = collect([process(1501, "etcd", words=("/usr/local/bin/etcd",))], files)
    assert paths(found, "control_plane") == ["/etc/ssl/etcd/ssl/member-node1.pem"]
    assert paths(found, "authority") == ["/etc/ssl/etcd/ssl/ca.pem"]


@pytest.mark.parametrize("name, comm", [("k3s", "k3s-server"), ("rke2", "rke2")])
def test_k3s_and_rke2(name, comm):
    base = "/var/lib/rancher/%s/" % name
    files = {
        base + "server/tls/client-admin.crt": pem("scheduler-valid") + pem("authority-10y"),
        base + "server/tls/client-ca.crt": pem("authority-10y"),
        base + "server/tls/client-ca.key": KEY,
        base + "server/tls/etcd/peer-server-client.crt": pem("apiserver-valid"),
        base + "agent/client-kubelet.crt": pem("kubelet-client-15"),
        base + "agent/serving-kubelet.crt": pem("apiserver-valid"),
        base + "agent/server-ca.crt": pem("authority-10y"),
    }
    found = collect([process(600, comm)], files, kubelet=False)
    assert paths(found, "control_plane") == [base + "server/tls/client-admin.crt", base + "server/tls/etcd/peer-server-client.crt"]
    assert paths(found, "authority") == [base + "agent/server-ca.crt", base + "server/tls/client-ca.crt"]
    assert paths(found, "kubelet") == [base + "agent/client-kubelet.crt", base + "agent/serving-kubelet.crt"]


@pytest.mark.parametrize("name, comm", [("k3s", "k3s-server"), ("rke2", "rke2")])
def test_the_old_name_of_a_certificate_that_an_upgrade_leaves_behind(name, comm):
    folder = "/var/lib/rancher/%s/server/tls/" % name
    old, new = folder + "client-cloud-controller.crt", folder + "client-%s-cloud-controller.crt" % name
    files = {old: pem("scheduler-valid")}
    assert paths(collect([process(600, comm)], files, kubelet=False), "control_plane") == [old]
    files[new] = pem("scheduler-valid")
    assert paths(collect([process(600, comm)], files, kubelet=False), "control_plane") == [new]


def test_another_clusters_control_plane_in_a_pod():
    """vcluster's and Kamaji's API servers and etcd have a network of their own, and their arguments name files in their containers."""
    links = {"/proc/self/ns/net": "net:[4026531840]", "/proc/1400/ns/net": "net:[4026532000]", "/proc/1500/ns/net": "net:[4026531840]"}
    theirs = process(1400, "etcd", nested=1, words=("etcd", "--cert-file=/theirs.crt"))
    ours = process(1500, "etcd", nested=1, words=("etcd", "--cert-file=/ours.crt"))
    files = {"/theirs.crt": pem("apiserver-valid"), "/ours.crt": pem("apiserver-valid")}
    assert paths(collect([theirs, ours], files, links=links), "control_plane") == ["/ours.crt"]
    assert paths(collect([theirs], files, links=links), "control_plane") == []


def rotation(found):
    return dict((item["path"], item["rotates"]) for item in found["certificates"] if item["kind"] == "kubelet")


def test_a_kubelet():
    assert rotation(collect(files=pki.kubelet())) == {CURRENT: True, pki.SERVING: False}
    assert rotation(collect(files=pki.kubelet(configuration=u"{}"))) == {CURRENT: False, pki.SERVING: False}


def test_an_embedded_certificate_is_never_renewed_and_needed_at_the_next_start():
    files = pki.kubelet(kubeconfig=embedded("kubelet-client-near"))
    assert rotation(collect(files=files)) == {"/etc/kubernetes/kubelet.conf": False, CURRENT: True, pki.SERVING: False}


def test_files_that_the_kubelet_does_not_use():
    server = "/var/lib/kubelet/pki/kubelet-server-current.pem"
    files = pki.kubelet(configuration=pki.ROTATES + u"serverTLSBootstrap: true\n", **{server: pem("apiserver-valid") + KEY})
    assert rotation(collect(files=files)) == {CURRENT: True, server: True}
    # What EKS' nodeadm writes is JSON (awslabs/amazon-eks-ami, nodeadm/test/e2e/cases/kubelet-config/expected-kubelet-config.json).
    written = u'{\n    "featureGates": {"RotateKubeletServerCertificate": true},\n    "serverTLSBootstrap": true,\n    "rotateCertificates": true\n}\n'
    files = pki.kubelet(configuration=written, **{server: pem("apiserver-valid") + KEY})
    assert rotation(collect(files=files)) == {CURRENT: True, server: True}
    other = pki.BY_FILE.replace(CURRENT, "node.pem")
    files = pki.kubelet(kubeconfig=other, **{"/etc/kubernetes/node.pem": pem("kubelet-client-15")})
    assert sorted(rotation(collect(files=files))) == ["/etc/kubernetes/node.pem", pki.SERVING]
    assert rotation(collect(files=pki.kubelet(), kubelet=False)) == {}


@pytest.mark.parametrize("configuration", [
    u"authentication:\n  x509:\n    clientCAFile: /etc/kubernetes/site-ca.crt\n",
    u'{\n    "authentication": {\n        "x509": {\n            "clientCAFile": "/etc/kubernetes/site-ca.crt"\n        }\n    }\n}\n',
])
def test_the_authority_that_the_kubelet_asks_of_its_callers(configuration):
    files = pki.kubelet(configuration=configuration, **{"/etc/kubernetes/site-ca.crt": pem("authority-10y")})
    assert "/etc/kubernetes/site-ca.crt" in paths(collect(files=files), "authority")


def test_of_an_authority_that_is_renewed_the_new_one_counts():
    files = control_plane(front_proxy_ca=pem("authority-near") + pem("authority-expired") + pem("authority-10y"))
    subjects = [(item["subject"]) for item in collect(PROCESSES, files)["certificates"] if item["path"] == PKI + "front-proxy-ca.crt"]
    assert subjects == ["etcd-ca", "front-proxy-ca", "kubernetes"]


@pytest.mark.parametrize("text", [u"", u"s3cret", KEY, u"-----BEGIN CERTIFICATE-----\nczNjcmV0\n-----END CERTIFICATE-----\n"])
def test_garbage(text):
    (lack,) = collect(PROCESSES, control_plane(apiserver=text))["unreadable"]
    assert (lack["path"], lack["kind"], lack["reason"]) == (PKI + "apiserver.crt", "control_plane", "Unreadable")


@pytest.mark.parametrize("text, lacks", [(u"s3cret", 0), (u"client-certificate-data: A\n", 1), (u"client-certificate-data: czNjcmV0\n", 1)])
def test_a_kubeconfig_of_garbage(text, lacks):
    assert len(collect(PROCESSES, control_plane(admin=text))["unreadable"]) == lacks


def test_without_root_what_can_be_read_is_read():
    found = collect(PROCESSES, control_plane(), denied=["/etc/kubernetes/*.conf"], root=False)
    assert PKI + "apiserver.crt" in paths(found, "control_plane")
    assert set(lack["reason"] for lack in found["unreadable"]) == {"NeedsRoot"}


def test_settings():
    assert certificates.setting(u"a: 1\ntlsCertFile: \"/x.crt\" # c\n", "tlsCertFile") == "/x.crt"
    assert certificates.setting(u"x:\n  tlsCertFile: /x.crt\n", "tlsCertFile") is None
