# -*- coding: utf-8 -*-
"""Control planes and kubelets put together from real certificates (recordings/certificates)."""

from __future__ import absolute_import, division, print_function

import base64

from recorded import recording
from runtime_hosts import process

__metaclass__ = type

KEY = u"-----BEGIN EC PRIVATE KEY-----\nczNjcmV0\n-----END EC PRIVATE KEY-----\n"
PKI = "/etc/kubernetes/pki/"
CURRENT = "/var/lib/kubelet/pki/kubelet-client-current.pem"
SERVING = "/var/lib/kubelet/pki/kubelet.crt"
CONFIGURATION = "/var/lib/kubelet/config.yaml"
ROTATES = u"authentication:\n  x509:\n    clientCAFile: /etc/kubernetes/pki/ca.crt\nrotateCertificates: true\n"
BY_FILE = u"users:\n- name: default-auth\n  user:\n    client-certificate: %s\n    client-key: %s\n" % (CURRENT, CURRENT)
APISERVER = (
    "kube-apiserver", "--client-ca-file=/etc/kubernetes/pki/ca.crt", "--etcd-cafile=/etc/kubernetes/pki/etcd/ca.crt",
    "--etcd-certfile=/etc/kubernetes/pki/apiserver-etcd-client.crt", "--etcd-keyfile=/etc/kubernetes/pki/apiserver-etcd-client.key",
    "--kubelet-client-certificate=/etc/kubernetes/pki/apiserver-kubelet-client.crt",
    "--proxy-client-cert-file=/etc/kubernetes/pki/front-proxy-client.crt",
    "--requestheader-client-ca-file=/etc/kubernetes/pki/front-proxy-ca.crt", "--secure-port=6443",
    "--service-account-key-file=/etc/kubernetes/pki/sa.pub", "--tls-cert-file=/etc/kubernetes/pki/apiserver.crt",
    "--tls-private-key-file=/etc/kubernetes/pki/apiserver.key",
)
ETCD = (
    "etcd", "--cert-file=/etc/kubernetes/pki/etcd/server.crt", "--peer-cert-file=/etc/kubernetes/pki/etcd/peer.crt",
    "--trusted-ca-file=/etc/kubernetes/pki/etcd/ca.crt", "--peer-trusted-ca-file=/etc/kubernetes/pki/etcd/ca.crt",
)
SCHEDULER = ("kube-scheduler", "--kubeconfig=/etc/kubernetes/scheduler.conf")
LEAVES = ("apiserver", "apiserver-etcd-client", "apiserver-kubelet-client", "front-proxy-client")
LEAVES += ("etcd/server", "etcd/peer", "etcd/healthcheck-client")
PROCESSES = [
    process(1500, "kube-apiserver", nested=1, words=APISERVER),
    process(1501, "etcd", nested=1, words=ETCD),
    process(1502, "kube-scheduler", nested=1, words=SCHEDULER),
]


def pem(name):
    return recording("certificates/%s.crt" % name)


def embedded(name):
    data = base64.b64encode(pem(name).encode("ascii")).decode("ascii")
    key = base64.b64encode(KEY.encode("ascii")).decode("ascii")
    return u"users:\n- name: x\n  user:\n    client-certificate-data: %s\n    client-key-data: %s\n" % (data, key)


def _short(path):
    """apiserver_etcd_client of /etc/kubernetes/pki/apiserver-etcd-client.crt, nothing of a key."""
    if path.endswith(".key"):
        return None
    return path.replace(PKI, "").replace("/etc/kubernetes/", "").replace("-", "_").replace("/", "_").rpartition(".")[0]


def control_plane(**changed):
    """Return the files of kubeadm's control plane; a change names a file without its ending, with _ for - and /."""
    files = dict((PKI + name + ".crt", pem("apiserver-valid")) for name in LEAVES)
    files.update((PKI + name + ".crt", pem("authority-10y")) for name in ("ca", "front-proxy-ca", "etcd/ca"))
    files.update((PKI + name + ".key", KEY) for name in ("ca", "apiserver"))
    files["/etc/kubernetes/scheduler.conf"] = embedded("scheduler-valid")
    files["/etc/kubernetes/admin.conf"] = embedded("scheduler-valid")
    for name, text in changed.items():
        (path,) = [path for path in files if _short(path) == name]
        files[path] = text
    return files


def kubelet(client="kubelet-client-15", kubeconfig=BY_FILE, configuration=ROTATES, serving="apiserver-valid", **more):
    files = {CURRENT: pem(client) + KEY, "/etc/kubernetes/kubelet.conf": kubeconfig, CONFIGURATION: configuration, SERVING: pem(serving)}
    files["/etc/kubernetes/pki/ca.crt"] = pem("authority-10y")
    files.update(more)
    return files
