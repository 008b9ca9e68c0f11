# -*- coding: utf-8 -*-
"""Releases as vendors write them."""

from __future__ import absolute_import, division, print_function

import pytest
from ansible_collections.nodemend.kubernetes.plugins.module_utils._facts import kernel_release
from ansible_collections.nodemend.kubernetes.plugins.module_utils._host import Unavailable
from recorded import RecordedHost, fact

__metaclass__ = type


@pytest.mark.parametrize(
    "release, version, build, vendor",
    [
        ("3.10.0-1160.el7.x86_64", [3, 10, 0], [1160], "redhat"),
        ("3.10.0-1160.119.1.el7.x86_64", [3, 10, 0], [1160, 119, 1], "redhat"),
        ("4.18.0-553.el8_10.x86_64", [4, 18, 0], [553], "redhat"),
        ("5.14.0-427.13.1.el9_4.x86_64+rt", [5, 14, 0], [427, 13, 1], "redhat"),
        ("6.12.0-55.9.1.el10_0.aarch64", [6, 12, 0], [55, 9, 1], "redhat"),
        ("5.4.278-1.el7.elrepo.x86_64", [5, 4, 278], [1], "elrepo"),
        ("5.15.0-3.60.5.1.el8uek.x86_64", [5, 15, 0], [3, 60, 5, 1], "oracle-uek"),
        ("5.15.0-113-generic", [5, 15, 0], [113], "ubuntu"),
        ("5.15.0-1041-azure", [5, 15, 0], [1041], "ubuntu"),
        ("6.1.0-50-amd64", [6, 1, 0], [50], "debian"),
        ("6.1.0-50-cloud-amd64", [6, 1, 0], [50], "debian"),
        ("6.12.95+deb12-cloud-amd64", [6, 12, 95], [], "debian"),
        ("5.10.0-0.deb10.30-amd64", [5, 10, 0], [0], "debian"),
        ("4.19.90-2112.8.0.0131.oe1.aarch64", [4, 19, 90], [2112, 8, 0, 131], "openeuler"),
        ("5.10.0-136.12.0.86.oe2203sp1", [5, 10, 0], [136, 12, 0, 86], "openeuler"),
        ("4.14.336-257.566.amzn2.x86_64", [4, 14, 336], [257, 566], "amazon"),
        ("6.1.112-122.189.amzn2023.x86_64", [6, 1, 112], [122, 189], "amazon"),
        ("5.14.21-150500.53-default", [5, 14, 21], [150500, 53], "suse"),
        ("6.10.6-200.fc40.x86_64", [6, 10, 6], [200], "fedora"),
        ("5.15.153.1-microsoft-standard-WSL2", [5, 15, 153, 1], [], "microsoft-wsl"),
        ("4.4.0-19041-Microsoft", [4, 4, 0], [19041], "microsoft-wsl"),
        ("6.18.44-fc-v669", [6, 18, 44], [], None),
        ("6.5", [6, 5], [], None),
    ],
)
def test_release(release, version, build, vendor):
    host = RecordedHost({"/proc/sys/kernel/osrelease": release + "\n"})
    found = fact("kernel_release", host)
    assert (found["release"], found["version"], found["build"], found["vendor"]) == (release, version, build, vendor)


@pytest.mark.parametrize(
    "release, flavour",
    [
        ("4.18.0-553.el8_10.x86_64", ""),
        ("3.10.0-1160.el7.x86_64.debug", "debug"),
        ("3.10.0-1160.rt56.1131.el7.x86_64", "rt"),
        ("4.18.0-553.rt7.342.el8_10.x86_64+debug", "rt-debug"),
        ("5.14.0-427.13.1.el9_4.x86_64+debug", "debug"),
        ("5.14.0-427.13.1.el9_4.x86_64+rt-debug", "rt-debug"),
        ("5.14.0-427.13.1.el9_4.aarch64+64k", "64k"),
        ("5.15.0-3.60.5.1.el8uek.x86_64", "uek"),
        ("5.4.278-1.el7.elrepo.x86_64", ""),
        ("4.19.90-2112.8.0.0131.oe1.aarch64", ""),
        ("5.10.0-136.12.0.86.oe2203sp1", ""),
        ("6.1.112-122.189.amzn2023.x86_64", ""),
        ("6.1.0-50-amd64", "amd64"),
        ("6.1.0-50-686-pae", "686-pae"),
        ("6.12.95+deb12-cloud-amd64", "cloud-amd64"),
        ("6.12.95+deb13-rt-amd64", "rt-amd64"),
        ("6.12.74+deb13+1-amd64", "amd64"),
        ("6.12.74+deb12+1-cloud-arm64", "cloud-arm64"),
        ("6.12.90+deb13+1-rt-amd64", "rt-amd64"),
        ("6.9.7+bpo-amd64", "amd64"),
        ("5.10.0-0.deb10.30-amd64", "amd64"),
        ("6.1.0-0.deb11.5-cloud-arm64", "cloud-arm64"),
        ("6.8.12-4-pve", "pve"),
        ("5.15.0-113-generic", "generic"),
        ("6.8.0-1015-azure-fde", "azure-fde"),
        ("6.8.0-31-generic-64k", "generic-64k"),
        ("5.14.21-150500.53-default", "default"),
        ("5.3.18-lp152.106-default", "default"),
        ("4.12.14-lp151.28.91-preempt", "preempt"),
        ("6.4.0-150600.23.25-64kb", "64kb"),
        ("5.15.153.1-microsoft-standard-WSL2", "microsoft-standard-WSL2"),
        ("6.5", ""),
    ],
)
def test_flavour(release, flavour):
    assert kernel_release.parse(release)["flavour"] == flavour


# /proc/version as published dumps of Debian 12 and EL 8 have it, and /proc/version_signature as a published bug of Ubuntu 16.04 has it.
VERSION = "Linux version %s (x) (gcc-12 (Debian 12.2.0-14) 12.2.0, GNU ld (GNU Binutils for Debian) 2.40) #1 SMP PREEMPT_DYNAMIC %s\n"
EL8 = "Linux version %s (mockbuild@x) (gcc version 8.5.0 20210514 (Red Hat 8.5.0-22) (GCC)) #1 SMP Tue Jun 4 04:23:05 EDT 2024\n"


@pytest.mark.parametrize(
    "release, files, patch_level",
    [
        ("6.1.0-26-amd64", {"/proc/version": VERSION % ("6.1.0-26-amd64", "Debian 6.1.112-1 (2024-09-30)")}, [6, 1, 112]),
        ("6.1.0-0.deb11.25-amd64", {"/proc/version": VERSION % ("6.1.0-0.deb11.25-amd64", "Debian 6.1.106-3~deb11u1 (2024-10-02)")}, [6, 1, 106]),
        ("6.1.0-26-amd64", {"/proc/version": VERSION % ("6.1.0-26-amd64", "Tue Jun 4 2024")}, None),  # the compiler's is none
        ("6.1.0-26-amd64", {"/proc/version": VERSION % ("6.1.0-26-amd64", "Debian 5.10.1-1 (2021-01-01)")}, None),
        ("6.12.95+deb12-amd64", {"/proc/version": VERSION % ("6.12.95+deb12-amd64", "Debian 6.12.95-1~bpo12+1 (2025-06-01)")}, None),  # the release tells
        ("4.15.0-55-generic", {"/proc/version_signature": "Ubuntu 4.15.0-55.60~16.04.2-generic 4.15.18\n"}, [4, 15, 18]),
        ("4.15.0-55-generic", {"/proc/version_signature": "(none)\n"}, None),
        ("4.18.0-553.el8_10.x86_64", {"/proc/version": EL8 % "4.18.0-553.el8_10.x86_64"}, None),
        ("6.1.0-26-amd64", {}, None),
    ],
)
def test_patch_level(release, files, patch_level):
    host = RecordedHost(dict(files, **{"/proc/sys/kernel/osrelease": release + "\n"}))
    assert fact("kernel_release", host)["patch_level"] == patch_level


def test_a_patch_level_that_may_not_be_read():
    host = RecordedHost({"/proc/sys/kernel/osrelease": "6.1.0-26-amd64\n", "/proc/version": VERSION}, denied=("/proc/version",), root=False)
    assert fact("kernel_release", host)["patch_level"] is None


@pytest.mark.parametrize("text", ["", "\n", "generic", "6", "-4.18.0", "\x00\x01"])
def test_garbage(text):
    with pytest.raises(Unavailable) as caught:
        fact("kernel_release", RecordedHost({"/proc/sys/kernel/osrelease": text}))
    assert caught.value.reason == "Unreadable"


def test_missing():
    with pytest.raises(Unavailable) as caught:
        fact("kernel_release", RecordedHost({}))
    assert "/proc/sys/kernel/osrelease" in caught.value.message


@pytest.mark.parametrize(
    "release, floor, below",
    [
        ("3.10.0-1160.el7.x86_64", "4.8", True),
        ("4.18.0-553.el8_10.x86_64", "4.8", False),
        ("4.8.0-1-amd64", "4.8", False),
        ("4.7.10-1-amd64", "4.8", True),
        ("4.18.0-553.el8_10.x86_64", "4.18", False),
        ("4.18.0-553.el8_10.x86_64", "4.18.0-553", False),
        ("4.18.0-305.el8.x86_64", "4.18.0-553", True),
        ("4.18.0-553.16.1.el8_10.x86_64", "4.18.0-553.20", True),
        ("4.18.0-305.el8.x86_64", "4.18", False),
        ("4.19.90-2112.8.0.0131.oe1.aarch64", "4.19.91", True),
        ("5.15.153.1-microsoft-standard-WSL2", "5.15.153", False),
        ("6.2.0-1-amd64", "6.20", True),
        ("10.0.0-1-amd64", "9", False),
    ],
)
def test_below(release, floor, below):
    assert kernel_release.below(kernel_release.parse(release), kernel_release.parse_floor(floor)) is below


@pytest.mark.parametrize(
    "floor, below",
    [("6.1.90", False), ("6.1.112", False), ("6.1.113", True), ("6.1", False), ("6.2", True), ("6.1.0-26", False), ("6.1.0-27", True)],
)
def test_below_with_a_patch_level(floor, below):
    release = dict(kernel_release.parse("6.1.0-26-amd64"), patch_level=[6, 1, 112])
    assert kernel_release.below(release, kernel_release.parse_floor(floor)) is below
