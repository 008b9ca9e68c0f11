# -*- coding: utf-8 -*-
"""Whether a host is a Kubernetes node at all."""

from __future__ import absolute_import, division, print_function

import pytest
import runtime_hosts
from recorded import fact
from runtime_hosts import KUBELET, containerd, process

__metaclass__ = type

UNIT = "[Unit]\n"


def node(*processes, **more):
    return fact("node", runtime_hosts.host(processes, **more))


def test_a_plain_machine_is_no_node():
    assert node(process(700, "sshd")) == {
        "present": False,
        "kubernetes": False,
        "distribution": None,
        "because": [],
    }


@pytest.mark.parametrize(
    "path, kubernetes, distribution",
    [
        ("/usr/lib/systemd/system/kubelet.service", True, "kubelet"),
        ("/lib/systemd/system/kubelet.service", True, "kubelet"),
        ("/etc/systemd/system/k3s-agent.service", True, "k3s"),
        ("/usr/local/lib/systemd/system/rke2-server.service", True, "rke2"),
        ("/usr/lib/systemd/system/docker.service", False, None),
        ("/usr/lib/systemd/system/crio.service", False, None),
    ],
)
def test_an_installed_unit_is_enough(path, kubernetes, distribution):
    found = node(files={path: UNIT})
    assert (found["present"], found["kubernetes"], found["distribution"]) == (True, kubernetes, distribution)
    assert found["because"] == [path]


def test_a_masked_unit_is_not():
    found = node(
        files={"/usr/lib/systemd/system/docker.service": UNIT},
        links={"/etc/systemd/system/docker.service": "/dev/null"},
    )
    assert found["present"] is False


@pytest.mark.parametrize(
    "name, distribution",
    [("kubelet", "kubelet"), ("k3s-server", "k3s"), ("k3s-agent", "k3s"), ("rke2", "rke2")],
)
def test_a_running_process_is_enough(name, distribution):
    found = node(process(900, name))
    assert (found["kubernetes"], found["distribution"]) == (True, distribution)
    assert found["because"] == ["process %s" % name]


def test_rke2_has_a_kubelet_of_its_own():
    assert node(KUBELET, process(901, "rke2"))["distribution"] == "rke2"


def test_a_runtime_alone_makes_a_host_present():
    found = node(containerd())
    assert (found["present"], found["kubernetes"]) == (True, False)


def test_a_cluster_in_containers_does_not_make_its_host_a_node():
    found = node(process(5000, "kubelet", nested=1), process(5001, "containerd", nested=1), process(5002, "kube-apiserver", nested=2))
    assert found["present"] is False
