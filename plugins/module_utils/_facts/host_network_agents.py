# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""Fact: which iptables the network agents on the host's network would call, their image's or the host's."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from .._host import Unavailable
from .._source import reads
from .calico import is_calico_node
from .iptables_binaries import BACKENDS
from .kube_proxy import is_proxy
from .systemd_units import unit_of

NAMES = ("flanneld", "kube-router", "canal", "weaver", "aws-k8s-agent", "cilium-agent")
# What kube-proxy's and other images have as their iptables; at its first call it chooses a backend and links iptables to that, so that
# only its own file, which stays, tells of it (kubernetes-sigs/iptables-wrappers, README and internal/iptables/alternatives.go).
WRAPPER = "iptables-wrapper"
PATHS = ("/usr/sbin/iptables", "/sbin/iptables", "/usr/bin/iptables", "/bin/iptables")

SOURCES = (
    reads("/proc/self/ns/net", "the network namespace that the rules are read in"),
    reads("/proc/[0-9]*/ns/net", "whether an agent uses it", root=True),
    reads("/proc/self/ns/mnt", "the file system that the host's commands are in"),
    reads("/proc/[0-9]*/ns/mnt", "whether an agent runs in it, without an image of its own", root=True),
    reads("/proc/[0-9]*/root/*", "which backend the agent's iptables speaks, from its links, and whether iptables-wrapper chose it", root=True),
)


def collect(host, processes):
    """Return [{name, pid, unit, image, path, backend, decides}] of the agents that share the host's network namespace.

    name     of the process, whatever its binary is called: calico-node, kube-proxy or hyperkube, flanneld ...
    unit     the systemd unit of a service of the host, None for a container
    image    whether it runs from an image; else it calls the host's command, and path and backend are None
    path     what iptables resolves to inside the container, None where the image has none
    backend  nft, legacy, or None where that is decided only when it runs
    decides  whether a new start may take another backend: the image has iptables-wrapper, or the agent calls iptables-nft or
             iptables-legacy by name, whatever path is (Felix does)
    """
    agents = []
    own, files = _namespace(host, "self", "net"), _namespace(host, "self", "mnt")
    for process in processes:
        name = _name(process)
        if name is None or _namespace(host, process["pid"], "net") != own:
            continue
        image = _namespace(host, process["pid"], "mnt") != files
        path, wrapped = _iptables(host, process["pid"]) if image else (None, False)
        by_name = name == "calico-node"
        agents.append(
            {
                "name": name,
                "pid": process["pid"],
                "unit": _unit(process),
                "image": image,
                "path": path,
                "backend": None if by_name or path is None else BACKENDS.get(path.rsplit("/", 1)[-1]),
                "decides": by_name or wrapped,
            }
        )
    return agents


def _name(process):
    """Return the name of an agent, None for any other process."""
    if is_calico_node(process):
        return "calico-node"
    return process["name"] if process["name"] in NAMES or is_proxy(process) else None


def _unit(process):
    """Return the unit of a host service. A pod may share the host's PID namespace, and EL 7 counts pods to the runtime's unit."""
    return None if process["nested"] or "kubepods" in (process["cgroup"] or "") else unit_of(process["cgroup"])


def _namespace(host, pid, kind):
    return host.readlink("/proc/%s/ns/%s" % (pid, kind))


def _iptables(host, pid):
    """Return (what iptables resolves to inside the container or None, whether a wrapper lies beside it)."""
    root = "/proc/%d/root" % pid
    for path in PATHS:
        resolved = _inside(host, root, path)
        if resolved is not None:
            return resolved, _inside(host, root, path.rpartition("/")[0] + "/" + WRAPPER) is not None
    return None, False


def _inside(host, root, path):
    """Return what a path resolves to inside a container, None where nothing is there."""
    try:
        resolved = host.resolve(path, root=root)
        return resolved[len(root) :] if host.exists(resolved) else None
    except Unavailable as exc:
        if exc.reason == "NeedsRoot":
            raise
    return None
