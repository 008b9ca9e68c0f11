# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""Fact: the kernel that runs, the one that every boot starts, and the one that only the next boot starts."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from .._host import Unavailable
from .._source import reads, runs
from .grub_menu import release_of

# Every systemd-boot, and GRUB since 2.12, tells the running system its name (systemd.io/BOOT_LOADER_INTERFACE).
LOADER_INFO = "/sys/firmware/efi/efivars/LoaderInfo-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f"
# Files of loaders that are not judged, so that "unknown" can say which it is.
OTHERS = (
    ("/boot/extlinux/extlinux.conf", "extlinux"),
    ("/boot/syslinux/syslinux.cfg", "syslinux"),
    ("/boot/loader/loader.conf", "systemd-boot"),
    ("/efi/loader/loader.conf", "systemd-boot"),
    ("/boot/efi/loader/loader.conf", "systemd-boot"),
    ("/etc/zipl.conf", "zipl"),
    ("/etc/lilo.conf", "lilo"),
    ("/boot/firmware/config.txt", "raspberrypi"),
)

SOURCES = tuple(
    [reads(LOADER_INFO, "the name of the boot loader that started the machine")]
    + [reads(path, "whether it exists: a sign of %s" % name) for path, name in OTHERS]
    + [runs("grubby --default-kernel", "the default kernel, where GRUB's files do not name it", root=True)]
)


def parse_loader_info(data):
    """Return the text of the variable LoaderInfo: four bytes of attributes, then UTF-16."""
    return data[4:].decode("utf-16-le", "replace").strip("\0 ")


def collect(host, grub_menu, kernel_release):
    """Return {loader, running, default, next, default_entry, next_entry, source}.

    loader         "grub", "systemd-boot", "extlinux", "syslinux", "zipl", "lilo", "raspberrypi", or None where none is found
    running        release of the running kernel
    default, next  releases; None where they are not known; next also where no one-shot entry is set
    default_entry, next_entry  {id, title, release} in GRUB's menu, or None
    source         the file or command that named the default
    """
    found = {
        "loader": _loader(host, grub_menu),
        "running": kernel_release["release"],
        "default": None,
        "next": None,
        "default_entry": None,
        "next_entry": None,
        "source": None,
    }
    if found["loader"] != "grub":
        return found
    for name in ("default", "next"):
        entry = grub_menu[name]
        if entry:
            found.update({name: entry["release"], name + "_entry": entry})
    found["source"] = grub_menu["configuration"]
    if found["default"] is None and host.which("grubby"):
        found["source"] = "grubby --default-kernel"
        found["default"] = release_of(host.output(["grubby", "--default-kernel"]).strip())
    return found


def _loader(host, grub_menu):
    data = host.read_bytes(LOADER_INFO)
    if data and parse_loader_info(data).lower().startswith("systemd-boot"):
        return "systemd-boot"
    if grub_menu is not None:
        return "grub"
    hidden = None
    for path, name in OTHERS:
        try:
            if host.exists(path):
                return name
        except Unavailable as exc:
            hidden = hidden or exc  # below an automount or what only root may enter; another sign may still be found
    if hidden is not None:
        raise hidden
    return None
