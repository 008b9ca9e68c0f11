# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""Fact: whether the running kernel belongs to this host, or to a machine around it (container, chroot, WSL).

Leftovers abound: a virtual machine made out of a container image still has /.dockerenv, so a file alone proves nothing
where the PID namespace is the initial one.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re

from .._host import Unavailable
from .._source import reads

SOURCES = (
    reads("/proc/sys/kernel/osrelease", "whether it is a kernel of WSL"),
    reads("/run/systemd/container", "the container manager, as PID 1 noted it (systemd's container interface)"),
    reads("/proc/1/environ", "the variable container=, set by LXC, Podman and systemd-nspawn", root=True),
    reads("/proc/self/ns/pid", "whether this is the initial PID namespace"),
    reads("/proc/1/cgroup", "whether PID 1 lives in a container's cgroup"),
    reads("/proc/1/mountinfo", "what PID 1 has for a root directory"),
    reads("/proc/self/mountinfo", "whether that is our root directory too (it is not in a chroot)"),
    reads("/.dockerenv", "a hint of Docker"),
    reads("/run/.containerenv", "a hint of Podman"),
    reads("/proc/vz", "OpenVZ: on the host and in its containers"),
    reads("/proc/bc", "OpenVZ: on the host only"),
)

# include/linux/proc_ns.h: PROC_PID_INIT_INO, the same on every kernel since 3.8.
INITIAL_PID_NAMESPACE = "pid:[4026531836]"

_CGROUP = re.compile(r"/(docker|kubepods|lxc|lxc\.payload|libpod|garden|machine\.slice/libpod|ecs)[/.\-]")


def parse_environ(text):
    """Return the value of container= in /proc/1/environ, or None."""
    for pair in text.split("\0"):
        name, unused, value = pair.partition("=")
        if name == "container" and value:
            return value
    return None


def parse_cgroup(text):
    """Return the name of the container manager in /proc/1/cgroup, or None."""
    match = _CGROUP.search(text)
    return match.group(1) if match else None


def parse_root(text):
    """Return (device, directory on it) of the mount at / from mountinfo, or None where / is no mount point."""
    root = None
    for line in text.splitlines():
        words = line.split()
        if len(words) > 4 and words[4] == "/":
            root = (words[2], words[3])  # a later line covers an earlier one
    return root


def collect(host):
    """Return {own, kind, name, because}.

    own      bool: an upgrade of this host's kernel packages changes the kernel it runs
    kind     None, "container", "chroot" or "wsl"
    name     what calls itself so there ("docker", "lxc"), or None
    because  the file that decided, for people
    """
    release = host.read("/proc/sys/kernel/osrelease") or ""
    if "microsoft" in release.lower():
        return _foreign("wsl", "wsl", "/proc/sys/kernel/osrelease")
    noted = (host.read("/run/systemd/container") or "").strip()
    if noted:
        return _foreign("container", noted, "/run/systemd/container")
    set_by = parse_environ(_readable(host, "/proc/1/environ"))
    if set_by:
        return _foreign("container", set_by, "/proc/1/environ")
    if host.exists("/proc/vz") and not host.exists("/proc/bc"):
        return _foreign("container", "openvz", "/proc/vz")
    named = parse_cgroup(_readable(host, "/proc/1/cgroup"))
    if named:
        return _foreign("container", named, "/proc/1/cgroup")
    hint = next((path for path in ("/.dockerenv", "/run/.containerenv") if host.exists(path)), None)
    hinted = {"/.dockerenv": "docker", "/run/.containerenv": "podman"}.get(hint)
    namespace = host.readlink("/proc/self/ns/pid")
    if namespace is not None and namespace != INITIAL_PID_NAMESPACE:
        return _foreign("container", hinted, "/proc/self/ns/pid")
    if namespace is None and hint:
        return _foreign("container", hinted, hint)
    outer = parse_root(_readable(host, "/proc/1/mountinfo"))
    if outer is not None and parse_root(_readable(host, "/proc/self/mountinfo")) != outer:
        return _foreign("container" if hint else "chroot", hinted, "/proc/self/mountinfo")
    return {"own": True, "kind": None, "name": None, "because": None}


def _foreign(kind, name, because):
    return {"own": False, "kind": kind, "name": name, "because": because}


def _readable(host, path):
    """Each of these is one hint among several: what cannot be read is no hint."""
    try:
        return host.read(path) or ""
    except Unavailable:
        return ""
