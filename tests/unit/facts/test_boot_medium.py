# -*- coding: utf-8 -*-
"""Space on /boot and systems whose kernels no package manager replaces."""

from __future__ import absolute_import, division, print_function

import pytest
from recorded import RecordedHost, fact

__metaclass__ = type

WRITABLE = "27 1 254:0 / / rw,relatime - ext4 /dev/vda rw\n"
READ_ONLY = "27 1 0:31 /@/.snapshots/1/snapshot / ro,relatime - btrfs /dev/vda3 rw,subvol=/@/.snapshots/1/snapshot\n"


@pytest.mark.parametrize(
    "files, managed_by, read_only",
    [
        ({"/proc/self/mountinfo": WRITABLE}, None, []),
        ({"/proc/self/mountinfo": WRITABLE, "/usr/sbin/transactional-update": ""}, None, []),
        ({"/proc/self/mountinfo": READ_ONLY, "/usr/sbin/transactional-update": ""}, "transactional-update", ["/"]),
        ({"/proc/self/mountinfo": WRITABLE, "/run/ostree-booted": ""}, "ostree", []),
        ({"/proc/self/mountinfo": WRITABLE + "30 27 254:3 / /usr ro,nodev - ext4 /dev/mapper/usr ro\n"}, None, ["/usr"]),
        ({"/proc/self/mountinfo": READ_ONLY + WRITABLE}, None, []),
        ({"/proc/self/mountinfo": "garbage\n"}, None, []),
        ({}, None, []),
    ],
)
def test_states(files, managed_by, read_only):
    found = fact("boot_medium", RecordedHost(dict(files, **{"/boot/grub/grub.cfg": ""})))
    assert (found["managed_by"], found["read_only"]) == (managed_by, read_only)
    assert found["free_bytes"] > 0


def test_no_boot():
    assert fact("boot_medium", RecordedHost({}))["free_bytes"] is None
