# -*- coding: utf-8 -*-
"""Installed kernels, and what lies beside them without being one."""

from __future__ import absolute_import, division, print_function

import pytest
from ansible_collections.nodemend.kubernetes.plugins.module_utils._facts import installed_kernels
from recorded import RecordedHost, fact

__metaclass__ = type


def releases(*files):
    host = RecordedHost(dict((path.rstrip("/"), None if path.endswith("/") else "") for path in files))
    return [kernel["release"] for kernel in fact("installed_kernels", host)]


def test_debian():
    kernels = fact(
        "installed_kernels",
        RecordedHost(
            {
                "/boot/vmlinuz-6.1.0-50-cloud-amd64": "",
                "/boot/initrd.img-6.1.0-50-cloud-amd64": "",
                "/boot/vmlinuz-6.12.95+deb12-cloud-amd64": "",
                "/boot/config-6.1.0-50-cloud-amd64": "",
                "/boot/System.map-6.1.0-50-cloud-amd64": "",
                "/boot/grub/grub.cfg": "",
                "/lib/modules/6.1.0-50-cloud-amd64/modules.dep": "",
                "/lib/modules/6.12.95+deb12-cloud-amd64/modules.dep": "",
            }
        ),
    )
    assert kernels == [
        {
            "release": "6.12.95+deb12-cloud-amd64",
            "vendor": "debian",
            "flavour": "cloud-amd64",
            "image": "/boot/vmlinuz-6.12.95+deb12-cloud-amd64",
            "initramfs": None,
            "modules": True,
        },
        {
            "release": "6.1.0-50-cloud-amd64",
            "vendor": "debian",
            "flavour": "cloud-amd64",
            "image": "/boot/vmlinuz-6.1.0-50-cloud-amd64",
            "initramfs": "/boot/initrd.img-6.1.0-50-cloud-amd64",
            "modules": True,
        },
    ]


def test_el_keeps_a_rescue_image_and_checksums_beside():
    assert releases(
        "/boot/vmlinuz-0-rescue-277d0a7f3e6741c79fe8f42aa3bec61b",
        "/boot/vmlinuz-4.18.0-553.el8_10.x86_64",
        "/boot/.vmlinuz-4.18.0-553.el8_10.x86_64.hmac",
        "/boot/vmlinuz-4.18.0-477.el8_8.x86_64",
        "/boot/vmlinuz-4.18.0-477.el8_8.x86_64.rpmsave",
    ) == ["4.18.0-553.el8_10.x86_64", "4.18.0-477.el8_8.x86_64"]


def test_image_beside_the_modules():
    host = RecordedHost({"/lib/modules/5.14.0-427.13.1.el9_4.x86_64/vmlinuz": ""})
    assert fact("installed_kernels", host)[0]["image"] == "/lib/modules/5.14.0-427.13.1.el9_4.x86_64/vmlinuz"


def test_modules_left_behind_by_a_removed_kernel():
    host = RecordedHost({"/lib/modules/5.15.0-91-generic/updates": None})
    assert fact("installed_kernels", host) == [
        {"release": "5.15.0-91-generic", "vendor": "ubuntu", "flavour": "generic", "image": None, "initramfs": None, "modules": True}
    ]


def test_link_without_release_and_other_files():
    assert releases("/boot/vmlinuz", "/boot/vmlinuz-linux", "/boot/memtest86+x64.bin", "/boot/loader/", "/lib/modules/extra/") == []


def test_none():
    assert releases() == []


@pytest.mark.parametrize(
    "newer, older",
    [
        ("5.15.0-113-generic", "5.15.0-91-generic"),
        ("6.1.0-50-amd64", "6.1.0-9-amd64"),
        ("4.18.0-553.16.1.el8_10.x86_64", "4.18.0-553.el8_10.x86_64"),
        ("4.19.90-2112.8.0.0131.oe1.aarch64", "4.19.90-2109.1.0.0108.oe1.aarch64"),
        ("6.12.95+deb12-amd64", "6.1.0-50-amd64"),
        ("5.4.278-1.el7.elrepo.x86_64", "3.10.0-1160.el7.x86_64"),
        ("6.2.0-1-amd64", "6.2.0~rc1-1-amd64"),
    ],
)
def test_order(newer, older):
    assert installed_kernels.newest_first([older, newer]) == [newer, older]
    assert installed_kernels.newest_first([newer, older]) == [newer, older]
