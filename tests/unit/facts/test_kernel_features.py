# -*- coding: utf-8 -*-
"""binfmt_misc: seen only where it is mounted already, with its handlers' flags."""

from __future__ import absolute_import, division, print_function

import pytest
from ansible_collections.nodemend.kubernetes.plugins.module_utils._facts import kernel_features
from recorded import RecordedHost, fact

__metaclass__ = type

AUTOFS = "39 26 0:33 / /proc/sys/fs/binfmt_misc rw,relatime shared:16 - autofs systemd-1 rw,fd=29,pgrp=1,timeout=0\n"
MOUNTED = "113 39 0:45 / /proc/sys/fs/binfmt_misc rw,nosuid,nodev,noexec,relatime shared:62 - binfmt_misc binfmt_misc rw\n"
QEMU = """enabled
interpreter /usr/bin/qemu-aarch64
flags: %s
offset 0
magic 7f454c460201010000000000000000000200b700
mask ffffffffffffff00fffffffffffffffffeffffff
"""
PYTHON = "enabled\ninterpreter /usr/bin/python3.11\nflags: \noffset 0\nmagic a70d0d0a\n"
CONFIGURATION = (
    "# qemu-user-static\n"
    ":qemu-aarch64:M::\\x7fELF\\x02\\x01\\x01\\x00:\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\x00:/usr/bin/qemu-aarch64-static:F\n"
    ":qemu-arm:M::\\x7fELF\\x01\\x01\\x01\\x00:\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\x00:/usr/bin/qemu-arm-static:\n"
)
FOLDER = "/proc/sys/fs/binfmt_misc/"
COMMON = {FOLDER + "register": "", FOLDER + "status": "enabled\n"}


def features(mountinfo, **files):
    return fact("kernel_features", RecordedHost(dict(COMMON, **dict(files, **{"/proc/self/mountinfo": mountinfo}))))


def test_flag_seen():
    found = features(AUTOFS + MOUNTED, **{FOLDER + "qemu-aarch64": QEMU % "OCF", FOLDER + "python3.11": PYTHON})
    assert found["fix_binary"] is True
    assert found["handlers"]["qemu-aarch64"] == {"enabled": True, "interpreter": "/usr/bin/qemu-aarch64", "flags": "OCF"}


def test_emulator_without_the_flag():
    assert features(MOUNTED, **{FOLDER + "qemu-aarch64": QEMU % "OC"})["fix_binary"] is False


def test_other_handlers_show_nothing():
    assert features(MOUNTED, **{FOLDER + "python3.11": PYTHON})["fix_binary"] is None
    assert features(MOUNTED)["handlers"] == {}


def test_the_automount_is_never_entered():
    host = RecordedHost(dict(COMMON, **{"/proc/self/mountinfo": AUTOFS, FOLDER + "qemu-aarch64": QEMU % "OC"}))
    found = kernel_features.collect(host)
    assert (found["binfmt_mounted"], found["handlers"], found["fix_binary"]) == (False, {}, None)
    assert not [path for kind, path in host.touched if path.startswith(FOLDER.rstrip("/"))]
    host.close()


def test_asked_for_and_refused():
    files = {"/usr/lib/binfmt.d/qemu.conf": CONFIGURATION, "/usr/bin/qemu-aarch64-static": "", "/usr/bin/qemu-arm-static": ""}
    assert features(MOUNTED, **files)["fix_binary"] is None  # as if systemd-binfmt had not run since: nobody asked the kernel
    assert features(MOUNTED, **dict(files, **{FOLDER + "jexec": PYTHON}))["fix_binary"] is None  # registered by somebody else
    files.update({"/usr/lib/binfmt.d/python.conf": ":python3.11:M::\\xa7\\x0d\\x0d\\x0a::/usr/bin/python3.11:\n", FOLDER + "python3.11": PYTHON})
    found = features(MOUNTED, **files)
    assert found["fix_binary"] is False
    assert [item["name"] for item in found["requested"]] == ["qemu-aarch64"]  # the other does not ask for F


@pytest.mark.parametrize(
    "mountinfo, files",
    [
        (AUTOFS, {"/usr/lib/binfmt.d/qemu.conf": CONFIGURATION, "/usr/bin/qemu-aarch64-static": ""}),  # nobody tried yet
        (MOUNTED, {"/usr/lib/binfmt.d/qemu.conf": CONFIGURATION}),  # its interpreter is missing: no kernel would take it
        (
            MOUNTED,
            {  # switched off by an empty file of the same name
                "/usr/lib/binfmt.d/qemu.conf": CONFIGURATION,
                "/etc/binfmt.d/qemu.conf": "",
                "/usr/bin/qemu-aarch64-static": "",
            },
        ),
        ("garbage\n\x00 - \n", {}),
        ("", {"/etc/binfmt.d/x.conf": ":a:b\n:\n|\n;c\n"}),
    ],
)
def test_nothing_shown(mountinfo, files):
    assert features(mountinfo, **files)["fix_binary"] is None


def test_garbage_handler():
    with pytest.raises(ValueError):
        kernel_features.parse_handler("\x00\x01")
