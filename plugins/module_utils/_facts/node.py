# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""Fact: whether this host is a Kubernetes node or runs a container runtime at all."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from .._source import reads
from .processes import RUNTIMES

# Where unit files lie, in systemd's own order of precedence (systemd.unit(5)).
UNIT_DIRECTORIES = (
    "/etc/systemd/system",
    "/run/systemd/system",
    "/usr/local/lib/systemd/system",
    "/usr/lib/systemd/system",
    "/lib/systemd/system",
)
KUBERNETES = {
    "kubelet.service": "kubelet",
    "k3s.service": "k3s",
    "k3s-agent.service": "k3s",
    "rke2-server.service": "rke2",
    "rke2-agent.service": "rke2",
}
RUNTIME = ("containerd.service", "docker.service", "crio.service", "cri-o.service")
_PROCESSES = {"kubelet": "kubelet", "k3s": "k3s", "k3s-server": "k3s", "k3s-agent": "k3s", "rke2": "rke2"}

SOURCES = (reads("*/systemd/system/*.service", "whether a kubelet, k3s, RKE2 or a container runtime is installed"),)


def collect(host, processes):
    """Return {present, kubernetes, distribution, because}.

    present       bool: Kubernetes or a container runtime is installed or runs
    kubernetes    bool: a kubelet, k3s or RKE2 is installed or runs
    distribution  "kubelet" (kubeadm, kubespray, KubeKey, by hand), "k3s", "rke2" or None
    because       what was found, for people
    """
    own = set(process["name"] for process in processes if process["watched"] and not process["nested"])
    because = []
    kubernetes = set()
    for name in sorted(own & set(_PROCESSES)):
        kubernetes.add(_PROCESSES[name])
        because.append("process %s" % name)
    runtime = sorted(own & set(RUNTIMES))
    because.extend("process %s" % name for name in runtime)
    for unit in sorted(set(KUBERNETES) | set(RUNTIME)):
        path = _unit_file(host, unit)
        if path is None:
            continue
        because.append(path)
        if unit in KUBERNETES:
            kubernetes.add(KUBERNETES[unit])
    # RKE2 runs a kubelet process of its own: the distribution is the name that says more.
    distribution = next((name for name in ("rke2", "k3s", "kubelet") if name in kubernetes), None)
    return {
        "present": bool(because),
        "kubernetes": bool(kubernetes),
        "distribution": distribution,
        "because": because,
    }


def _unit_file(host, unit):
    for directory in UNIT_DIRECTORIES:
        path = directory + "/" + unit
        if host.readlink(path) == "/dev/null":  # masked: whatever lies below, it cannot run
            return None
        if host.exists(path):
            return path
    return None
