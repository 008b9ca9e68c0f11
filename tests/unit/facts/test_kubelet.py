# -*- coding: utf-8 -*-
"""The kubelet: whether it runs, is meant to, and which runtime it uses."""

from __future__ import absolute_import, division, print_function

import pytest
import runtime_hosts
from ansible_collections.nodemend.kubernetes.plugins.module_utils._facts import kubelet
from ansible_collections.nodemend.kubernetes.plugins.module_utils._host import Unavailable
from recorded import fact
from runtime_hosts import process

__metaclass__ = type

# Shortened: what EKS' nodeadm writes (awslabs/amazon-eks-ami, nodeadm/test/e2e/cases/kubelet-config/expected-kubelet-config.json).
NODEADM = u"""{
    "kind": "KubeletConfiguration",
    "apiVersion": "kubelet.config.k8s.io/v1beta1",
    "authentication": {
        "x509": {
            "clientCAFile": "/etc/kubernetes/pki/ca.crt"
        }
    },
    "containerRuntimeEndpoint": "unix:///run/containerd/containerd.sock",
    "serverTLSBootstrap": true
}
"""
WANTS = "/etc/systemd/system/multi-user.target.wants/"


def running(*words, **more):
    name = more.pop("name", "kubelet")
    return process(900, name, words=("/usr/bin/" + name,) + words, **more)


def found(*processes, **more):
    return fact("kubelet", runtime_hosts.host(processes, **more))


def test_none():
    assert found() == {
        "running": False,
        "enabled": False,
        "endpoint": None,
        "dockershim": False,
        "hostname_override": None,
        "standalone": False,
    }


@pytest.mark.parametrize("unit", ["kubelet", "k3s", "k3s-agent", "rke2-server", "rke2-agent"])
def test_enabled(unit):
    link = {WANTS + unit + ".service": "/usr/lib/systemd/system/%s.service" % unit}
    answer = found(links=link, files={"/usr/lib/systemd/system/%s.service" % unit: ""})
    assert (answer["enabled"], answer["running"]) == (True, False)


@pytest.mark.parametrize(
    "words, files, endpoint",
    [
        (["--container-runtime-endpoint=unix:///run/containerd/containerd.sock"], {}, "/run/containerd/containerd.sock"),
        (["--container-runtime-endpoint", "/var/run/crio/crio.sock"], {}, "/var/run/crio/crio.sock"),
        (["--container-runtime-endpoint=a", "--container-runtime-endpoint=b"], {}, "b"),  # the last one counts
        (["--container-runtime-endpoint"], {}, None),
        ([], {kubelet.CONFIGURATION: "kind: KubeletConfiguration\ncontainerRuntimeEndpoint: unix:///run/k.sock\n"}, "/run/k.sock"),
        (["--config=/etc/kubelet.yaml"], {"/etc/kubelet.yaml": 'containerRuntimeEndpoint: "unix:///run/q.sock" # why\n'}, "/run/q.sock"),
        ([], {kubelet.CONFIGURATION: "#containerRuntimeEndpoint: unix:///run/k.sock\nx:\n  containerRuntimeEndpoint: /nested\n"}, None),
        ([], {kubelet.CONFIGURATION: 'containerRuntimeEndpoint: ""\n'}, None),
        (["--config=/etc/kubernetes/kubelet/config.json"], {"/etc/kubernetes/kubelet/config.json": NODEADM}, "/run/containerd/containerd.sock"),
        (["--config=/etc/kubelet.json"], {"/etc/kubelet.json": u'{"kind":"x","containerRuntimeEndpoint":"unix:///run/k.sock"}'}, "/run/k.sock"),
        (["--config=/etc/kubelet.json"], {"/etc/kubelet.json": u'{"containerRuntimeEndpoint": ""}'}, None),
        # A running kubelet was not started with what the file says now.
        ([], {kubelet.KUBEADM_FLAGS: 'KUBELET_KUBEADM_ARGS="--container-runtime-endpoint=unix:///run/f.sock"\n'}, None),
    ],
)
def test_endpoint_of_a_running_kubelet(words, files, endpoint):
    assert found(running(*words), files=files)["endpoint"] == endpoint


def test_endpoint_of_one_that_is_down():
    flags = 'KUBELET_KUBEADM_ARGS="--container-runtime-endpoint=unix:///run/f.sock --pod-infra-container-image=pause"\n'
    assert found(files={kubelet.KUBEADM_FLAGS: flags})["endpoint"] == "/run/f.sock"


DOCKERD = process(700, "dockerd", cgroup="/system.slice/docker.service")


@pytest.mark.parametrize(
    "words, others, dockershim",
    [
        ([], [DOCKERD], True),
        (["--container-runtime=docker"], [DOCKERD], True),
        (["--container-runtime-endpoint=unix:///var/run/dockershim.sock"], [], True),
        ([], [], False),  # from 1.27 on the default is containerd's socket
        (["--container-runtime=remote"], [DOCKERD], False),
        (["--container-runtime-endpoint=unix:///run/cri-dockerd.sock"], [DOCKERD], False),
        (["--config=/etc/kubernetes/kubelet/config.json"], [DOCKERD], False),
    ],
)
def test_dockershim(words, others, dockershim):
    assert found(running(*words), *others, files={"/etc/kubernetes/kubelet/config.json": NODEADM})["dockershim"] is dockershim


def test_hyperkube_is_a_kubelet_where_it_says_so():
    assert found(process(900, "hyperkube", words=("/hyperkube", "kubelet", "--x")))["running"] is True
    assert found(process(900, "hyperkube", words=("/hyperkube", "apiserver")))["running"] is False


def test_the_kubelet_of_a_cluster_in_containers_is_not_this_hosts():
    assert found(running(nested=1))["running"] is False


def test_hostname_override():
    assert found(running("--hostname-override=worker-1"))["hostname_override"] == "worker-1"


# The first as kubeadm's documentation has it run etcd alone, the second as kubeadm's drop-in starts it.
@pytest.mark.parametrize(
    "words, answer",
    [
        (("--config=/etc/systemd/system/kubelet.service.d/kubelet.conf",), True),
        (("--bootstrap-kubeconfig=/etc/kubernetes/bootstrap-kubelet.conf", "--kubeconfig=/etc/kubernetes/kubelet.conf"), False),
        (("--kubeconfig", "/etc/kubernetes/kubelet.conf"), False),
    ],
)
def test_whether_it_has_an_api_server(words, answer):
    assert found(running(*words))["standalone"] is answer


def test_a_configuration_that_only_root_may_read():
    with pytest.raises(Unavailable) as caught:
        found(running(), denied=("/var/lib/kubelet/*",), root=False)
    assert caught.value.reason == "NeedsRoot"
