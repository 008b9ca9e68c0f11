# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""Fact: the kernels that are installed on the host, newest first."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re

from .._source import reads
from .._vercmp import sort_key
from .kernel_release import flavour_of, vendor_of

# Since openEuler 20.03 and on Amazon Linux, Debian, EL and Ubuntu: vmlinuz-RELEASE. SUSE on arm64 has Image-RELEASE,
# ppc64 vmlinux-RELEASE.
IMAGES = ("vmlinuz", "vmlinux", "Image")
INITRAMFS = ("initramfs-%s.img", "initrd.img-%s", "initrd-%s")
MODULES = ("/lib/modules", "/usr/lib/modules")

SOURCES = (
    reads("/boot", "kernels (vmlinuz-RELEASE) and their initramfs"),
    reads("/lib/modules", "kernels by their module trees"),
    reads("/usr/lib/modules", "the same, where /lib is no link to it"),
    reads("/lib/modules/*/vmlinuz", "a kernel that is kept beside its modules (EL 8 and newer)"),
    reads("/usr/lib/modules/*/vmlinuz", "the same"),
)

_IMAGE = re.compile(r"^(?:%s)-(\d.*)$" % "|".join(IMAGES))
# Not kernels that anybody upgrades to: EL's rescue image and what package managers leave behind while they work.
_NO_RELEASE = re.compile(r"^0-rescue-|\.(?:old|bak|dpkg-\w+|rpm\w+|hmac|signed|zst|gz)$")


def release_of(path):
    """Return the release in the name of a kernel image, /boot/vmlinuz-6.1.0-50-amd64 is 6.1.0-50-amd64, or None."""
    match = _IMAGE.match(path.rpartition("/")[2])
    if not match or _NO_RELEASE.search(match.group(1)):
        return None
    return match.group(1)


def newest_first(releases):
    """Return releases in the order of their versions, the newest first, as rpm and GRUB compare them."""
    return sorted(releases, key=sort_key, reverse=True)


def collect(host):
    """Return [{release, vendor, flavour, image, initramfs, modules}], newest first.

    vendor, flavour  as kernel_release has them
    image      path of the kernel, None where only its modules are left
    initramfs  path, None where there is none
    modules    bool: it has a module tree
    """
    boot = host.listdir("/boot") or []
    images = dict((release_of(name), "/boot/" + name) for name in boot if release_of(name))
    trees = set()
    for directory in MODULES:
        for release in host.listdir(directory) or []:
            if not release[:1].isdigit():
                continue
            trees.add(release)
            image = "%s/%s/vmlinuz" % (directory, release)
            if release not in images and host.exists(image):
                images[release] = image
    kernels = []
    for release in newest_first(trees | set(images)):
        initramfs = next((name % release for name in INITRAMFS if name % release in boot), None)
        kernels.append(
            {
                "release": release,
                "vendor": vendor_of(release),
                "flavour": flavour_of(release),
                "image": images.get(release),
                "initramfs": "/boot/" + initramfs if initramfs else None,
                "modules": release in trees,
            }
        )
    return kernels
