# -*- coding: utf-8 -*-
"""Whose kernel runs: real hosts, containers, chroots, WSL, and the leftovers that look like them."""

from __future__ import absolute_import, division, print_function

import pytest
from recorded import RecordedHost, fact

__metaclass__ = type

RELEASE = {"/proc/sys/kernel/osrelease": "6.1.0-50-amd64\n"}
INITIAL = {"/proc/self/ns/pid": "pid:[4026531836]"}
INNER = {"/proc/self/ns/pid": "pid:[4026532518]"}
DISK = "23 27 0:22 / /sys rw,relatime - sysfs sysfs rw\n27 1 254:0 / / rw,relatime - ext4 /dev/vda rw\n"
OVERLAY = (
    "2131 1802 0:154 / / rw,relatime master:516 - overlay overlay rw,lowerdir=/var/lib/docker/overlay2/l/A,"
    "upperdir=/var/lib/docker/overlay2/6f/diff,workdir=/var/lib/docker/overlay2/6f/work\n"
)
CHROOT = "2140 2131 254:0 /srv/images/bookworm / rw,relatime - ext4 /dev/vda rw\n"


@pytest.mark.parametrize(
    "files, links, kind, name",
    [
        # This host's own
        ({"/proc/1/mountinfo": DISK, "/proc/self/mountinfo": DISK}, INITIAL, None, None),
        ({"/proc/1/cgroup": "0::/init.scope\n"}, INITIAL, None, None),
        ({}, {}, None, None),
        # A virtual machine made of a container image keeps /.dockerenv
        ({"/.dockerenv": "", "/proc/1/mountinfo": DISK, "/proc/self/mountinfo": DISK}, INITIAL, None, None),
        # An OpenVZ host has both
        ({"/proc/vz/version": "", "/proc/bc/resources": ""}, INITIAL, None, None),
        # A unit of systemd with a mount namespace of its own has the same root
        ({"/proc/1/mountinfo": DISK, "/proc/self/mountinfo": DISK.replace("27 1 ", "311 290 ")}, INITIAL, None, None),
        # Containers
        ({"/run/systemd/container": "docker\n"}, INNER, "container", "docker"),
        ({"/run/systemd/container": "lxc\n"}, INNER, "container", "lxc"),
        ({"/proc/1/environ": "PATH=/bin\0container=systemd-nspawn\0HOME=/\0"}, INNER, "container", "systemd-nspawn"),
        ({"/proc/1/cgroup": "11:pids:/docker/4f5a\n1:name=systemd:/docker/4f5a\n"}, INNER, "container", "docker"),
        ({"/proc/1/cgroup": "0::/kubepods.slice/kubepods-besteffort.slice/cri-containerd-1.scope\n"}, INNER, "container", "kubepods"),
        ({"/.dockerenv": "", "/proc/1/cgroup": "0::/\n"}, INNER, "container", "docker"),
        ({"/run/.containerenv": 'engine="podman"\n'}, INNER, "container", "podman"),
        ({"/.dockerenv": ""}, {}, "container", "docker"),
        ({"/proc/vz/veinfo": ""}, INITIAL, "container", "openvz"),
        ({}, INNER, "container", None),
        # docker run --pid=host: PID 1 is the host's, the root directory is not
        ({"/.dockerenv": "", "/proc/1/mountinfo": DISK, "/proc/self/mountinfo": OVERLAY}, INITIAL, "container", "docker"),
        # chroots: a directory of its own file system, and one that is no mount point at all
        ({"/proc/1/mountinfo": DISK, "/proc/self/mountinfo": CHROOT}, INITIAL, "chroot", None),
        ({"/proc/1/mountinfo": DISK, "/proc/self/mountinfo": "99 27 0:21 / /proc rw - proc proc rw\n"}, INITIAL, "chroot", None),
        # WSL
        ({"/proc/sys/kernel/osrelease": "5.15.153.1-microsoft-standard-WSL2\n"}, INITIAL, "wsl", "wsl"),
        ({"/proc/sys/kernel/osrelease": "4.4.0-19041-Microsoft\n"}, {}, "wsl", "wsl"),
    ],
)
def test_ownership(files, links, kind, name):
    found = fact("kernel_ownership", RecordedHost(dict(RELEASE, **files), links=links))
    assert (found["own"], found["kind"], found["name"]) == (kind is None, kind, name)
    assert (found["because"] is None) == found["own"]


def test_what_root_alone_may_read_is_no_hint():
    host = RecordedHost(
        dict(RELEASE, **{"/proc/1/environ": "container=lxc\0"}), links=INITIAL, denied=("/proc/1/environ",), root=False
    )
    assert fact("kernel_ownership", host)["own"] is True
