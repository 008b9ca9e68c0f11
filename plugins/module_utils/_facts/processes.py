# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""Fact: the processes of the host that Kubernetes and its runtimes are made of."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re

from .._host import Unavailable
from .._source import reads

SOURCES = (
    reads("/proc", "the process numbers"),
    reads("/proc/[0-9]*/stat", "name and parent of each process"),
    reads("/proc/[0-9]*/cmdline", "arguments of runtimes, kubelet, kube-proxy, network agents and control plane"),
    reads("/proc/[0-9]*/cgroup", "which systemd unit or container such a process belongs to"),
    reads("/proc/[0-9]*/status", "whether such a process runs in a PID namespace of its own"),
)

# The kernel counts a process' start in these for every program, whatever its own clock is (USER_HZ, time(7)).
TICKS = 100
# Docker, containerd and cri-o name a container's cgroup after its id.
_CONTAINER_ID = re.compile(r"[0-9a-f]{64}")

# The kernel cuts a name after 15 characters (TASK_COMM_LEN), so containerd-shim-runc-v2 is containerd-shim.
RUNTIMES = ("containerd", "dockerd", "dockerd-current", "crio")
SHIMS = ("containerd-shim", "docker-containe", "conmon")
CONTROL_PLANE = ("kube-apiserver", "kube-controller", "kube-scheduler")
WATCHED = frozenset(
    RUNTIMES
    + SHIMS
    + ("kubelet", "hyperkube", "k3s", "k3s-server", "k3s-agent", "rke2", "kubelite", "cri-dockerd")
    + ("kube-proxy", "calico-node", "calico", "flanneld", "kube-router", "cilium-agent", "weaver", "canal", "aws-k8s-agent")
    + CONTROL_PLANE
    + ("etcd", "pause")
)


def parse_stat(text):
    """Return (name, parent) of one /proc/PID/stat line.

    The name stands in parentheses and may itself hold blanks and parentheses: "811 (a) b) S 1 811 ...".
    """
    start, end = text.find("("), text.rfind(")")
    rest = text[end + 1 :].split()
    if start < 0 or end < start or len(rest) < 2 or not rest[1].isdigit():
        raise ValueError("not a /proc/PID/stat line: %r" % text[:80])
    return text[start + 1 : end], int(rest[1])


def parse_age(stat, uptime):
    """Return the seconds a process has run: field 22 of /proc/PID/stat, counted after the name, which may hold blanks."""
    fields = stat[stat.rfind(")") + 1 :].split()
    try:
        return float(uptime.split()[0]) - int(fields[19]) / float(TICKS)
    except IndexError:
        raise ValueError("not a /proc/PID/stat line or not /proc/uptime")


def age(host, pid):
    """Return the seconds a process has run, None where it has ended meanwhile."""
    stat, uptime = host.read("/proc/%d/stat" % pid), host.read("/proc/uptime")
    return parse_age(stat, uptime) if stat and uptime else None


def parse_cgroup(text):
    """Return the path of a process in systemd's hierarchy, from /proc/PID/cgroup.

    cgroup v1 names it (1:name=systemd:/system.slice/containerd.service), v2 has the one line 0::/path.
    """
    unified = None
    for line in text.splitlines():
        number, unused, rest = line.partition(":")
        controllers, unused, path = rest.partition(":")
        if controllers == "name=systemd":
            return path
        if number == "0" and controllers == "":
            unified = path
    return unified


def parse_nested(text):
    """Return how many PID namespaces below ours /proc/PID/status shows (NSpid, since Linux 4.1); None before that.

    0 is the host's own, 1 a container's, 2 that of a container in a container.
    """
    for line in text.splitlines():
        if line.startswith("NSpid:"):
            return max(0, len(line.split()) - 2)
    return None


def nested_by_cgroup(path, first):
    """Return 1 where a cgroup path lies in a container that PID 1 (its path is first) is not in, else 0: EL 7 has no NSpid."""
    own = set(_CONTAINER_ID.findall(first or ""))
    return int(bool(set(_CONTAINER_ID.findall(path or "")) - own))


def shares_network(host, pid):
    """Return whether a process is in the host's network namespace; raise NeedsRoot where only root can tell."""
    return host.readlink("/proc/%d/ns/net" % pid) == host.readlink("/proc/self/ns/net")


def serves_host(host, process):
    """Return whether a part of a control plane or etcd is this host's own: no container's, or that of a static pod, which is on the host's network.

    A pod may hold another cluster's control plane (vcluster, Kamaji) or an application's etcd; one that is deeper belongs to a cluster in
    containers (kind). Where only root could tell, it counts as the host's.
    """
    if (process["nested"] or 0) > 1:
        return False
    try:
        return not process["nested"] or shares_network(host, process["pid"])
    except Unavailable:
        return True


def collect(host):
    """Return [{pid, parent, name, watched, arguments, cgroup, nested}], the last three None where nobody asks.

    nested is the number of PID namespaces below ours, 0 for the host's own processes.
    Details are read for the watched names and for the children of shims (the containers' first processes).
    A process that ends meanwhile is left out.
    """
    found = []
    entries = host.listdir("/proc") or []
    if "1" not in entries and not host.is_root():
        # proc(5), hidepid=2: the processes of others are not even listed.
        raise Unavailable("NeedsRoot", "/proc: mounted with hidepid, only root may see the processes of others")
    for entry in entries:
        if not entry.isdigit():
            continue
        stat = host.read("/proc/%s/stat" % entry)
        if stat:
            name, parent = parse_stat(stat)
            found.append({"pid": int(entry), "parent": parent, "name": name})
    shims = set(process["pid"] for process in found if process["name"] in SHIMS)
    for process in found:
        process["watched"] = process["name"] in WATCHED
        process.update(arguments=None, cgroup=None, nested=None)
        if process["watched"] or process["parent"] in shims:
            path = "/proc/%d/" % process["pid"]
            arguments = host.read(path + "cmdline") or ""
            process["arguments"] = [word for word in arguments.split("\0") if word]
            process["cgroup"] = parse_cgroup(host.read(path + "cgroup") or "")
            nested = parse_nested(host.read(path + "status") or "")
            if nested is None:
                nested = nested_by_cgroup(process["cgroup"], parse_cgroup(host.read("/proc/1/cgroup") or ""))
            process["nested"] = nested
    return found
