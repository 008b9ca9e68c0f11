# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""Fact: whether GRUB can write its environment block (grubenv). Where it cannot, a one-shot entry is never forgotten.

GRUB writes into the block's place on the disk and knows neither LVM, RAID nor encryption there, nor file systems that copy
on write (the note in grub-reboot(8); the same tests stand in Debian's /etc/grub.d/00_header).
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re

from .._source import reads
from .grub_menu import environment_path

SOURCES = (
    reads("/boot/grub*/grubenv", "where GRUB's environment block lies", root=True),
    reads("/boot/efi/EFI/*/grubenv", "the same on UEFI machines (EL 7 and 8, openEuler)", root=True),
    reads("/proc/self/mountinfo", "its file system and device"),
    reads("/sys/dev/block/*", "whether the device is a plain partition, LVM, RAID or encrypted"),
)

# The file systems that this was made for. GRUB cannot write btrfs and zfs, and others were not tried.
WRITABLE = ("ext2", "ext3", "ext4", "vfat", "xfs")
_MAPPED = (("LVM-", "LVM"), ("CRYPT-", "an encrypted device"))
_ESCAPED = re.compile(r"\\([0-7]{3})")


def parse_mount(text, path):
    """Return {device, type} of the mount that holds path, or None."""
    best, found = "", None
    for line in text.splitlines():
        place, unused, rest = line.partition(" - ")
        words, kind = place.split(), rest.split()
        if len(words) < 5 or not kind:
            continue
        point = _ESCAPED.sub(lambda match: chr(int(match.group(1), 8)), words[4]).rstrip("/")
        if (path == point or path.startswith(point + "/")) and len(point) >= len(best):
            best, found = point, {"device": words[2], "type": kind[0]}  # a later mount covers an earlier one
    return found


def collect(host, grub_menu):
    """Return {path, file_system, obstacle}, or None where GRUB has no configuration here.

    path         of grubenv
    file_system  its type, None where the mount could not be told
    obstacle     why GRUB cannot write it, None where it can
    """
    if grub_menu is None:
        return None
    path = host.resolve(environment_path(host, grub_menu["configuration"].rpartition("/")[0]))
    mount = parse_mount(host.read("/proc/self/mountinfo") or "", path)
    if mount is None:
        return {"path": path, "file_system": None, "obstacle": "it is not known which device holds it"}
    obstacle = None
    if mount["type"] not in WRITABLE:
        obstacle = "it lies on %s" % mount["type"]
    else:
        kind = _device_kind(host, mount["device"])
        if kind:
            obstacle = "it lies on %s" % kind
    return {"path": path, "file_system": mount["type"], "obstacle": obstacle}


def _device_kind(host, number):
    """Return what lies between the file system and the disk, "LVM" say, or None for a plain partition."""
    place = "/sys/dev/block/" + number
    uuid = (host.read(place + "/dm/uuid") or "").strip()
    if uuid:
        # One path of a multipath disk is a plain disk to the firmware, and so to GRUB.
        if "mpath-" in uuid:
            return None
        return next((name for prefix, name in _MAPPED if uuid.startswith(prefix)), "the device mapper (%s)" % uuid)
    if host.exists(place + "/md") or host.exists(place + "/../md"):
        return "RAID"
    return None
