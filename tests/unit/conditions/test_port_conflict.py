# -*- coding: utf-8 -*-
"""Ports that Kubernetes needs, and who has them. The lines are those of a host's own /proc/net/tcp with other ports."""

from __future__ import absolute_import, division, print_function

import clocks
import pytest
import recorded
from runtime_hosts import process

__metaclass__ = type

HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
LINE = "   0: %s:%04X 00000000:0000 %s 00000000:00000000 00:00000000 00000000     0        0 %d 1 0000000000000000 100 0 0 10 0\n"
ANY, LOOPBACK, OTHER = "00000000", "0100007F", "0A00000A"
ANY6 = "0" * 32
KUBELET, NGINX, METRICS, APISERVER = 900, 700, 701, 702
NAMES = {NGINX: "nginx", METRICS: "metrics-server", APISERVER: "kube-apiserver"}
MANIFESTS = "/etc/kubernetes/manifests/"
CONTROLLER_MANAGER = {MANIFESTS + "kube-controller-manager.yaml": "    - --bind-address=127.0.0.1\n"}
CONFIGURATION = {"/var/lib/kubelet/config.yaml": "address: 0.0.0.0\nport: 10350\n"}
JSON = {"/etc/kubelet.json": '{"kind": "KubeletConfiguration", "port": 10350}'}


def judge(listening, files=None, kubelet=True, expected=None, **more):
    """listening: [(pid, address, port)]"""
    tables, links = {4: HEAD, 6: HEAD}, {}
    for number, (pid, address, port) in enumerate(listening, 5000):
        tables[6 if len(address) > 8 else 4] += LINE % (address, port, "0A", number)
        if pid:
            links["/proc/%d/fd/3" % pid] = "/dev/null"
            links["/proc/%d/fd/%d" % (pid, number)] = "socket:[%d]" % number
    every = {"/proc/net/tcp": tables[4] + LINE % (ANY, 10250, "01", 4999), "/proc/net/tcp6": tables[6]}
    every.update(files or {})
    processes = [process(pid, name) for pid, name in sorted(NAMES.items())]
    if isinstance(kubelet, list):
        processes, kubelet = processes + [process(KUBELET, "kubelet", words=["kubelet"] + kubelet)], False
    host = clocks.host(processes, files=every, links=links, kubelet=kubelet, **more)
    return recorded.judge("port_conflict", host, **({"expected_ports": expected} if expected else {}))


APISERVER_POD = {MANIFESTS + "kube-apiserver.yaml": "    - kube-apiserver\n    - --advertise-address=10.0.0.10\n"}
TABLE = {
    "the kubelet listens": ([(KUBELET, ANY6, 10250)], {}, "ok", "NoConflict"),
    "nobody listens": ([], {}, "ok", "NoConflict"),
    # case 000: metrics-server in the host's network
    "metrics-server has the kubelet's port": ([(METRICS, ANY6, 10250)], {}, "faulty", "HeldByOther"),
    "on one address alone: the kubelet wants all": ([(METRICS, LOOPBACK, 10250)], {}, "faulty", "HeldByOther"),
    "both listen, on addresses of their own": ([(METRICS, OTHER, 10250), (KUBELET, LOOPBACK, 10250)], {}, "ok", "NoConflict"),
    "the kubelet was given another port": ([(METRICS, ANY, 10250)], {"files": CONFIGURATION}, "ok", "NoConflict"),
    "and that one is taken": ([(METRICS, ANY, 10350)], {"files": CONFIGURATION}, "faulty", "HeldByOther"),
    "its arguments name another file, in JSON (EKS)": (
        [(METRICS, ANY, 10250), (KUBELET, ANY, 10350)], {"kubelet": ["--config", "/etc/kubelet.json"], "files": JSON}, "ok", "NoConflict"),
    "and the port there is taken": ([(METRICS, ANY, 10350)], {"kubelet": ["--config", "/etc/kubelet.json"], "files": JSON}, "faulty", "HeldByOther"),
    "and not the file of kubeadm, which counts no more": (
        [(METRICS, ANY, 10350)], {"kubelet": ["--config=/etc/kubelet.json"], "files": dict(CONFIGURATION, **{"/etc/kubelet.json": "{}"})}, "ok", "NoConflict"),
    "an argument beats every file": ([(METRICS, ANY, 10350)], {"kubelet": ["--port=10450"], "files": CONFIGURATION}, "ok", "NoConflict"),
    "no number at all": (
        [(METRICS, ANY, 10250)], {"kubelet": ["--port=${PORT}"], "files": {"/var/lib/kubelet/config.yaml": "port: many\n"}}, "faulty", "HeldByOther"),
    # kubespray's nginx-proxy, KubeKey's haproxy
    "a load balancer on a worker": ([(NGINX, ANY, 6443), (KUBELET, ANY6, 10250)], {}, "ok", "NoConflict"),
    "the same on a control plane": ([(NGINX, ANY, 6443)], {"files": APISERVER_POD}, "faulty", "HeldByOther"),
    "the API server and a load balancer": ([(NGINX, OTHER, 6443), (APISERVER, LOOPBACK, 6443)], {"files": APISERVER_POD}, "ok", "NoConflict"),
    "an API server on another port": ([(NGINX, ANY, 6443)], {"files": {MANIFESTS + "kube-apiserver.yaml": "- --secure-port=8443\n"}}, "ok", "NoConflict"),
    "another address than the controller manager's": ([(NGINX, OTHER, 10257)], {"files": CONTROLLER_MANAGER}, "ok", "NoConflict"),
    "the controller manager's own address": ([(NGINX, LOOPBACK, 10257)], {"files": CONTROLLER_MANAGER}, "faulty", "HeldByOther"),
    "the same address written as IPv6": ([(NGINX, "0000000000000000FFFF00000100007F", 10257)], {"files": CONTROLLER_MANAGER}, "faulty", "HeldByOther"),
    "etcd's port": ([(NGINX, ANY, 2379)], {"files": {MANIFESTS + "etcd.yaml": "--listen-client-urls=https://10.0.0.1:2379\n"}}, "faulty", "HeldByOther"),
    "etcd elsewhere": ([(NGINX, ANY, 2379)], {}, "ok", "NoConflict"),
    "an expected port that its owner has": ([(METRICS, ANY, 4443)], {"expected": ["4443=metrics-server"]}, "ok", "NoConflict"),
    "an expected port that another has": ([(NGINX, ANY, 4443)], {"expected": ["4443=metrics-server"]}, "faulty", "HeldByOther"),
    "a name that the kernel cuts": ([(NGINX, ANY, 4443)], {"expected": ["4443=nginx", "4444=a-name-that-is-long"]}, "ok", "NoConflict"),
    "a holder that nobody can see": ([(None, ANY, 10250)], {}, "at_risk", "HolderUnknown"),
    "without root": ([(METRICS, ANY, 10250)], {"denied": ["/proc/*/fd"], "root": False}, "unknown", "NeedsRoot"),
    "a process that not even root may look into": (
        [(METRICS, ANY, 10250)], {"denied": ["/proc/700/fd", "/proc/1/fd"]}, "faulty", "HeldByOther"),
    "the holder is such a process": ([(METRICS, ANY, 10250)], {"denied": ["/proc/701/fd"]}, "at_risk", "HolderUnknown"),
    "no node": ([(NGINX, ANY, 10250)], {"kubelet": False}, "not_applicable", "NotANode"),
}


@pytest.mark.parametrize("name", sorted(TABLE))
def test_verdict(name):
    listening, more, status, reason = TABLE[name]
    answer = judge(listening, **more)
    assert (answer.status, answer.reason) == (status, reason), answer.message


def test_the_message_names_the_holder():
    answer = judge([(METRICS, ANY6, 10250)])
    assert answer.message == "Port 10250, which kubelet needs, is held by metrics-server (PID 701)."


def test_a_runtime_alone_needs_no_port():
    runtime = {"/etc/systemd/system/containerd.service": "[Service]\n"}
    assert judge([(NGINX, ANY, 10250)], files=runtime, kubelet=False).reason == "NoneNeeded"
