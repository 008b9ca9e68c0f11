# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""Fact: the ports that this host's Kubernetes needs, and who listens on them."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re
import socket
import struct

from .._host import Unavailable
from .._source import reads
from .kubelet import CONFIGURATION, flag, is_kubelet, setting

TABLES = ("/proc/net/tcp", "/proc/net/tcp6")
KUBELET_PORT = 10250
MANIFESTS = "/etc/kubernetes/manifests/"
KUBELETS = ("kubelet", "hyperkube", "k3s", "k3s-server", "k3s-agent")
# Port of a static pod of the control plane; the kernel cuts a process' name after 15 characters.
SECURE_PORTS = {"kube-apiserver": 6443, "kube-controller-manager": 10257, "kube-scheduler": 10259}
ETCD_PORTS = (2379, 2380)
NAME_LENGTH = 15

SOURCES = tuple(
    [reads(path, "the ports that somebody listens on") for path in TABLES]
    + [reads(CONFIGURATION, "the kubelet's port"), reads("*kubelet*", "the same in the file that its --config names")]
    + [
        reads(MANIFESTS + name + ".yaml", "the port and address of a part of the control plane; nothing else is kept", root=True)
        for name in sorted(SECURE_PORTS) + ["etcd"]
    ]
    + [reads("/proc/[0-9]*/fd*", "which process holds a port, where one that is needed is taken", root=True)]
)

_LISTENING = "0A"
_MAPPED = "0000000000000000FFFF0000"  # an IPv4 address in a table of IPv6
_SOCKET = re.compile(r"^socket:\[(\d+)\]$")


def parse(text):
    """Return [(address, port, inode)] of the listening sockets in /proc/net/tcp or tcp6, the address in the kernel's own digits."""
    found = []
    for line in text.splitlines()[1:]:
        words = line.split()
        if len(words) > 9 and words[3] == _LISTENING:
            address, unused, port = words[1].rpartition(":")
            if address.startswith(_MAPPED):
                address = address[len(_MAPPED) :]
            found.append((address, int(port, 16), words[9]))
    return found


def digits(address):
    """Return an IPv4 address as /proc/net/tcp writes it; None for all addresses, and for an IPv6 one, which is not told apart."""
    try:
        number = struct.unpack("=I", socket.inet_aton(address or "0.0.0.0"))[0]
    except (socket.error, UnicodeError):
        return None
    return "%08X" % number if number else None


def overlap(address, wanted):
    """Return whether two sockets of one port exclude each other."""
    return wanted is None or not address.strip("0") or address == wanted


def parse_expected(entry):
    """Return (port, name) of "4443=metrics-server"."""
    port, unused, name = entry.partition("=")
    return int(port), name.strip()


def collect(host, processes, node, expected_ports):
    """Return [{port, owner, listening, rightful, holder}] of the ports that are needed here.

    owner      who should listen: "kubelet", "kube-apiserver" ...
    listening  whether anybody does
    rightful   whether the owner does
    holder     {pid, name} of another process that does, None where there is none or it could not be found
    """
    sockets = [entry for path in TABLES for entry in parse(host.read(path) or "")]
    found = []
    owners = {}
    for wanted in _wanted(host, processes, node, expected_ports or []):
        inodes = set(inode for address, port, inode in sockets if port == wanted["port"] and overlap(address, wanted.get("address")))
        item = {"port": wanted["port"], "owner": wanted["owner"], "listening": bool(inodes), "rightful": False, "holder": None}
        if inodes:
            # The owner's few descriptors first: on a healthy node nobody else's are looked at.
            own = [process for process in processes if process["name"] in wanted["names"]]
            item["rightful"] = _holder(host, own, inodes, owners) is not None
            if not item["rightful"]:
                item["holder"] = _holder(host, [process for process in processes if process not in own], inodes, owners)
        found.append(item)
    return found


def _wanted(host, processes, node, expected):
    wanted = []
    if node["kubernetes"]:
        wanted.append({"port": _kubelet_port(host, processes), "owner": "kubelet", "names": KUBELETS})
    for name in sorted(SECURE_PORTS):
        text = host.read(MANIFESTS + name + ".yaml")
        if text is not None:
            address = re.search(r"--bind-address=([0-9a-fA-F.:]+)", text)
            port = _number(r"--secure-port=(\d+)", text, SECURE_PORTS[name])
            wanted.append({"port": port, "owner": name, "names": (name[:NAME_LENGTH], "hyperkube")})
            wanted[-1]["address"] = digits(address.group(1)) if address else None
    text = host.read(MANIFESTS + "etcd.yaml") or ""
    for port in ETCD_PORTS:
        if ":%d" % port in text:
            wanted.append({"port": port, "owner": "etcd", "names": ("etcd",)})
    for entry in expected:
        port, name = parse_expected(entry)
        wanted.append({"port": port, "owner": name, "names": (name[:NAME_LENGTH],)})
    return wanted


def _kubelet_port(host, processes):
    """Return the port of the kubelet that runs, by its arguments, which beat the file that they name; else as kubeadm's file has it."""
    arguments = next((process["arguments"] or [] for process in processes if is_kubelet(process)), [])
    named = (flag(arguments, "port"), setting(_readable(host, flag(arguments, "config") or CONFIGURATION), "port"))
    return next((int(port) for port in named if port and port.isdigit()), KUBELET_PORT)


def _readable(host, path):
    try:
        return host.read(path) or ""
    except Unavailable:
        return ""


def _number(pattern, text, default):
    match = re.search(pattern, text)
    return int(match.group(1)) if match else default


def _holder(host, processes, inodes, known):
    """Return {pid, name} of the first process that has one of these sockets; known: {pid: its sockets} of those looked at before."""
    for process in processes:
        pid = process["pid"]
        if pid not in known:
            known[pid] = _sockets(host, pid)
        if known[pid] & inodes:
            return {"pid": pid, "name": process["name"]}
    return None


def _sockets(host, pid):
    folder = "/proc/%d/fd" % pid
    found = set()
    try:
        for name in host.listdir(folder) or []:
            match = _SOCKET.match(host.readlink("%s/%s" % (folder, name)) or "")
            if match:
                found.add(match.group(1))
    except Unavailable as exc:
        if exc.reason == "NeedsRoot":
            raise
        # Denied to root as well (a container's root, a security module): another process may still be seen to have it.
    return found
