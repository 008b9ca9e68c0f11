# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""Fact: whether the firmware starts signed kernels only."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from .._host import Unavailable
from .._source import reads

FIRMWARE = "/sys/firmware/efi"
# The GUID of EFI_GLOBAL_VARIABLE (UEFI specification, section 3.3).
VARIABLE = "/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"

SOURCES = (
    reads(FIRMWARE, "whether the machine was started by UEFI firmware"),
    reads("/sys/firmware/efi/efivars", "whether the firmware's variables can be read"),
    reads(VARIABLE, "whether Secure Boot is on (its last byte)"),
)


def parse(data):
    """Return whether the variable says on: four bytes of attributes and one of value."""
    if len(data) != 5 or data[4:5] not in (b"\0", b"\1"):
        raise ValueError("not the variable SecureBoot: %r" % data[:16])
    return data[4:5] == b"\1"


def collect(host):
    """Return {uefi, enabled}; a machine without UEFI firmware, or whose firmware does not know Secure Boot, has it off."""
    if not host.exists(FIRMWARE):
        return {"uefi": False, "enabled": False}
    data = host.read_bytes(VARIABLE)
    if data is not None:
        return {"uefi": True, "enabled": parse(data)}
    if not host.listdir("/sys/firmware/efi/efivars"):
        raise Unavailable("Unreadable", "/sys/firmware/efi/efivars is empty: efivarfs is not mounted.")
    return {"uefi": True, "enabled": False}
