# -*- coding: utf-8 -*-
"""Installed kernels that satisfy a floor."""

from __future__ import absolute_import, division, print_function

import pytest
from recorded import RecordedHost, fact

__metaclass__ = type

EL7 = ("3.10.0-1160.el7.x86_64", "3.10.0-1160.119.1.el7.x86_64", "5.4.278-1.el7.elrepo.x86_64")


def machine(running, releases, files=None, **keywords):
    kernels = dict(("/boot/vmlinuz-" + release, "") for release in releases)
    return RecordedHost(dict(kernels, **dict(files or {}, **{"/proc/sys/kernel/osrelease": running + "\n"})), **keywords)


@pytest.mark.parametrize(
    "releases, floor, candidates",
    [
        (EL7, None, ["5.4.278-1.el7.elrepo.x86_64"]),
        (EL7, "3.10", ["5.4.278-1.el7.elrepo.x86_64", "3.10.0-1160.119.1.el7.x86_64", "3.10.0-1160.el7.x86_64"]),
        (EL7, "3.10.0-1160.100", ["5.4.278-1.el7.elrepo.x86_64", "3.10.0-1160.119.1.el7.x86_64"]),
        (EL7, "6", []),
        ((), None, []),
        (("0-rescue-277d0a7f3e6741c79fe8f42aa3bec61b", "7"), "4.8", []),
    ],
)
def test_candidates(releases, floor, candidates):
    assert fact("kernel_candidates", machine(EL7[0], releases), **({"minimum_kernel_version": floor} if floor else {})) == candidates


DEBIAN = ("6.12.95+deb12-amd64", "6.1.0-50-amd64", "6.1.0-26-amd64", "6.1.0-17-amd64")
# Packages with an empty version are not installed; the kernel 6.1.0-26 runs and tells its own.
PACKAGES = """linux-image-6.1.0-17-amd64 6.1.69-1
linux-image-6.1.0-50-amd64-unsigned 6.1.170-1
linux-image-6.12.95+deb12-amd64 6.12.95-1~bpo12+1
linux-image-amd64 \n"""
RUNNING = "Linux version 6.1.0-26-amd64 (x) (gcc-12 (Debian 12.2.0-14) 12.2.0) #1 SMP PREEMPT_DYNAMIC Debian 6.1.112-1 (2024-09-30)\n"


@pytest.mark.parametrize(
    "floor, candidates, asked",
    [
        ("6.1.90", DEBIAN[:3], True),
        ("6.1.150", DEBIAN[:2], True),
        ("6.1.200", DEBIAN[:1], True),
        ("6.1", DEBIAN, False),
        ("6.1.0", DEBIAN, False),
        ("6.1.0-26", DEBIAN[:3], False),
        ("6.12.90", DEBIAN[:1], False),
        ("5.10.200", DEBIAN, False),
    ],
)
def test_patch_levels_of_debian_are_its_packages_versions(floor, candidates, asked):
    host = machine("6.1.0-26-amd64", DEBIAN, {"/proc/version": RUNNING}, commands={"dpkg-query *": PACKAGES})
    assert fact("kernel_candidates", host, minimum_kernel_version=floor) == list(candidates)
    assert any(kind == "command" for kind, unused in host.touched) is asked


def test_a_patch_level_that_nothing_tells():
    releases = ("5.15.0-120-generic", "5.15.0-113-generic", "5.15.0-91-generic")
    files = {"/proc/version_signature": "Ubuntu 5.15.0-113.123-generic 5.15.153\n"}
    packages = "".join("linux-image-%s %s\n" % (release, release.replace("-generic", ".1")) for release in releases)
    host = machine(releases[1], releases, files, commands={"dpkg-query *": (1, packages, "none of the others")})
    assert fact("kernel_candidates", host, minimum_kernel_version="5.15.149") == [releases[1]]
    assert fact("kernel_candidates", machine(releases[0], releases), minimum_kernel_version="5.15.149") == []


def test_modules_alone_are_no_kernel():
    host = RecordedHost({"/lib/modules/6.1.0-50-amd64/modules.dep": "", "/proc/sys/kernel/osrelease": "6.1.0-50-amd64"})
    assert fact("kernel_candidates", host) == []
