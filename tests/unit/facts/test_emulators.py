# -*- coding: utf-8 -*-
"""Which handler is whose emulator, and what the host registers at boot."""

from __future__ import absolute_import, division, print_function

import pytest
from ansible_collections.nodemend.kubernetes.plugins.module_utils._facts import emulators
from recorded import RecordedHost, fact, recording

__metaclass__ = type

MOUNTED = "113 39 0:45 / /proc/sys/fs/binfmt_misc rw,relatime shared:62 - binfmt_misc binfmt_misc rw\n"
AUTOFS = "39 26 0:33 / /proc/sys/fs/binfmt_misc rw,relatime shared:16 - autofs systemd-1 rw,fd=29,pgrp=1,timeout=0\n"
HANDLER = "/proc/sys/fs/binfmt_misc/qemu-aarch64"
CONFIGURATION = recording("binfmt/bookworm-qemu-aarch64.conf")
INTERPRETER = "/usr/libexec/qemu-binfmt/aarch64-binfmt-P"
SUPPORT = recording("binfmt/bookworm-binfmt-support.txt")


def found(files=None, mountinfo=MOUNTED, links=None, machine="x86_64", **options):
    every = dict({"/proc/self/mountinfo": mountinfo, HANDLER: recording("binfmt/with-flag.txt")}, **(files or {}))
    return fact("emulators", RecordedHost(every, links=links, commands={"uname -m": machine + "\n"}), **options)


@pytest.mark.parametrize(
    "name, interpreter, cpu",
    [
        ("qemu-aarch64", "/usr/bin/qemu-aarch64-static", "aarch64"),
        ("qemu-aarch64", "/usr/bin/qemu-aarch64", "aarch64"),
        ("qemu-mips64el", "/usr/libexec/qemu-binfmt/mips64el-binfmt-P", "mips64el"),
        ("arm64", "/usr/bin/qemu-aarch64", "aarch64"),
        ("qemu-arm", "/opt/emulator", "arm"),
        ("wine", "/usr/bin/wine", None),
        ("python3.11", "/usr/bin/python3.11", None),
        ("qemu-ga", "", "ga"),
        ("", None, None),
    ],
)
def test_whose_emulator_a_handler_is(name, interpreter, cpu):
    assert emulators.cpu_of(name, interpreter) == cpu


@pytest.mark.parametrize(
    "platforms, machine, cpus",
    [
        (["linux/arm64", "linux/arm/v7"], "x86_64", {"linux/arm64": "aarch64", "linux/arm/v7": "arm"}),
        (["linux/amd64", "linux/386"], "x86_64", {}),
        (["linux/amd64/v2", "linux/arm64/v8"], "aarch64", {"linux/amd64/v2": "x86_64"}),
        (["linux/s390x"], "s390x", {}),
        (["linux/arm/v7", "linux/arm64"], "armv7l", {"linux/arm64": "aarch64"}),
        (["linux/386", "linux/amd64"], "i686", {"linux/amd64": "x86_64"}),
    ],
)
def test_a_hosts_own_programs_need_no_emulator(platforms, machine, cpus):
    assert emulators.wanted(platforms, machine) == cpus


def test_registered_by_systemd_and_at_boot():
    path = "/usr/lib/binfmt.d/qemu-aarch64.conf"
    assert found({path: CONFIGURATION, INTERPRETER: ""}) == {
        "mounted": True,
        "platforms": {},
        "registered": {"aarch64": {"name": "qemu-aarch64", "enabled": True, "interpreter": INTERPRETER, "flags": "POF"}},
        "boot": {"aarch64": {"name": "qemu-aarch64", "interpreter": INTERPRETER, "flags": "OPF", "present": True, "file": path}},
        "masked": False,
    }


def test_registered_by_binfmt_support():
    path = "/var/lib/binfmts/qemu-aarch64"
    assert found({path: SUPPORT})["boot"] == {
        "aarch64": {"name": "qemu-aarch64", "interpreter": INTERPRETER, "flags": "F", "present": False, "file": path}
    }
    assert found({path: SUPPORT.replace("yes\nyes\n", "yes\nno\n")})["boot"]["aarch64"]["flags"] == ""


def test_a_masked_service_registers_nothing():
    files = {"/lib/binfmt.d/qemu-aarch64.conf": CONFIGURATION}
    seen = found(files, links={"/etc/systemd/system/systemd-binfmt.service": "/dev/null"})
    assert (seen["masked"], seen["boot"]) == (True, {})


def test_the_file_that_counts():
    """A file in /etc replaces its namesake, and what is read last stays registered."""
    without = CONFIGURATION.replace(":OPF", ":OP")
    seen = found({"/etc/binfmt.d/qemu-aarch64.conf": without, "/usr/lib/binfmt.d/qemu-aarch64.conf": CONFIGURATION})
    assert (seen["boot"]["aarch64"]["file"], seen["boot"]["aarch64"]["flags"]) == ("/etc/binfmt.d/qemu-aarch64.conf", "OP")
    seen = found({"/etc/binfmt.d/a.conf": without, "/usr/lib/binfmt.d/qemu-aarch64.conf": CONFIGURATION})
    assert seen["boot"]["aarch64"]["file"] == "/usr/lib/binfmt.d/qemu-aarch64.conf"


def test_nothing_is_read_where_no_emulator_is_registered_or_asked_for():
    host = RecordedHost({"/proc/self/mountinfo": "", "/var/lib/binfmts/qemu-aarch64": SUPPORT})
    seen = emulators.collect(host, {"handlers": {}, "binfmt_mounted": False})
    assert (seen["registered"], seen["boot"], host.touched) == ({}, {}, [])
    host.close()


def test_the_automount_is_left_alone():
    seen = found(mountinfo=AUTOFS, binfmt_platforms=["linux/arm64"])
    assert (seen["mounted"], seen["registered"], seen["platforms"]) == (False, {}, {"linux/arm64": "aarch64"})
