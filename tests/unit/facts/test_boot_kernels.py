# -*- coding: utf-8 -*-
"""Running, default and next kernel, per boot loader."""

from __future__ import absolute_import, division, print_function

import pytest
from ansible_collections.nodemend.kubernetes.plugins.module_utils._facts import boot_kernels
from ansible_collections.nodemend.kubernetes.plugins.module_utils._host import Unavailable
from recorded import TIMED_OUT, RecordedHost, fact, recording

__metaclass__ = type

RELEASE = {"/proc/sys/kernel/osrelease": "6.1.0-50-cloud-amd64\n"}
GRUB = {"/boot/grub/grub.cfg": recording("debian12.grub.cfg")}
LOADER_INFO = boot_kernels.LOADER_INFO
SYSTEMD_BOOT = b"\x06\x00\x00\x00" + "systemd-boot 252.39-1~deb12u1\0".encode("utf-16-le")
GRUB_212 = b"\x06\x00\x00\x00" + "GRUB 2.12\0".encode("utf-16-le")


def test_grub():
    found = fact("boot_kernels", RecordedHost(dict(RELEASE, **GRUB)))
    assert (found["loader"], found["running"], found["default"], found["next"], found["source"]) == (
        "grub",
        "6.1.0-50-cloud-amd64",
        "6.12.95+deb12-cloud-amd64",
        None,
        "/boot/grub/grub.cfg",
    )


@pytest.mark.parametrize(
    "files, loader",
    [
        ({}, None),
        ({"/boot/extlinux/extlinux.conf": "default l0\n"}, "extlinux"),
        ({"/boot/efi/loader/loader.conf": "timeout 3\n"}, "systemd-boot"),
        ({"/etc/zipl.conf": ""}, "zipl"),
        ({LOADER_INFO: SYSTEMD_BOOT}, "systemd-boot"),
        # grub.cfg of a GRUB that is installed but did not start the machine
        (dict(GRUB, **{LOADER_INFO: SYSTEMD_BOOT}), "systemd-boot"),
        (dict(GRUB, **{LOADER_INFO: GRUB_212}), "grub"),
        (dict(GRUB, **{LOADER_INFO: b""}), "grub"),
        # BLS entries without a loader.conf are GRUB's on EL
        (dict(GRUB, **{"/boot/loader/entries/x-6.1.conf": "title x\n"}), "grub"),
    ],
)
def test_loader(files, loader):
    found = fact("boot_kernels", RecordedHost(dict(RELEASE, **files)))
    assert found["loader"] == loader
    if loader != "grub":
        assert found["default"] is None and found["default_entry"] is None


def nameless(**keywords):
    """A menu whose first entry's kernel has no release in its name."""
    text = recording("debian12.grub.cfg").replace("linux\t/boot/vmlinuz-6.12.95+deb12-cloud-amd64 ", "linux\t/boot/vmlinuz ", 1)
    return RecordedHost(dict(RELEASE, **{"/boot/grub/grub.cfg": text}), **keywords)


def test_grubby_where_the_files_do_not_answer():
    host = nameless(commands={"grubby --default-kernel": "/boot/vmlinuz-6.1.0-50-cloud-amd64\n"})
    found = fact("boot_kernels", host)
    assert (found["default"], found["source"]) == ("6.1.0-50-cloud-amd64", "grubby --default-kernel")


def test_grubby_is_not_asked_where_they_do():
    host = RecordedHost(dict(RELEASE, **GRUB), commands={"grubby --default-kernel": "/boot/vmlinuz-1.0\n"})
    assert fact("boot_kernels", host)["source"] == "/boot/grub/grub.cfg"


def test_no_grubby():
    assert fact("boot_kernels", nameless())["default"] is None


def test_grubby_says_nothing_of_use():
    assert fact("boot_kernels", nameless(commands={"grubby --default-kernel": "\n"}))["default"] is None


@pytest.mark.parametrize(
    "answer, reason",
    [(TIMED_OUT, "TimedOut"), ((1, "", "grubby: bad\n"), "Unreadable")],
)
def test_grubby_fails(answer, reason):
    with pytest.raises(Unavailable) as caught:
        fact("boot_kernels", nameless(commands={"grubby --default-kernel": answer}))
    assert caught.value.reason == reason


def test_without_root():
    host = RecordedHost(dict(RELEASE, **GRUB), denied=("/boot/grub/grub.cfg",), root=False)
    with pytest.raises(Unavailable) as caught:
        fact("boot_kernels", host)
    assert caught.value.reason == "NeedsRoot"


AUTOMOUNT = "40 27 0:36 / %s rw,relatime shared:17 - autofs systemd-1 rw,fd=30,pgrp=1,timeout=120,direct\n"


@pytest.mark.parametrize("name", ["boot_kernels", "installed_kernels", "boot_medium"])
def test_a_boot_that_is_an_automount_is_not_mounted(name):
    host = RecordedHost(dict(RELEASE, **dict(GRUB, **{"/proc/self/mountinfo": AUTOMOUNT % "/boot"})))
    with pytest.raises(Unavailable) as caught:
        fact(name, host)
    assert (caught.value.reason, "below an automount" in caught.value.message) == ("Unreadable", True)


@pytest.mark.parametrize("point", ["/efi", "/boot/efi"])
@pytest.mark.parametrize(
    "files, loader",
    [(GRUB, "grub"), ({"/sys/firmware/efi/runtime": "", LOADER_INFO: SYSTEMD_BOOT}, "systemd-boot"), ({"/etc/zipl.conf": ""}, "zipl"), ({}, None)],
)
def test_an_efi_system_partition_that_is_an_automount(files, loader, point):
    host = RecordedHost(dict(RELEASE, **dict(files, **{"/proc/self/mountinfo": AUTOMOUNT % point})))
    if loader in ("grub", "zipl") or loader and point == "/efi":
        assert fact("boot_kernels", host)["loader"] == loader
    else:  # the only sign may lie there
        with pytest.raises(Unavailable) as caught:
            fact("boot_kernels", host)
        assert "%s/" % point in caught.value.message
