# -*- coding: utf-8 -*-
"""Secure Boot from the firmware's variable."""

from __future__ import absolute_import, division, print_function

import pytest
from ansible_collections.nodemend.kubernetes.plugins.module_utils._facts import secure_boot
from ansible_collections.nodemend.kubernetes.plugins.module_utils._host import Unavailable
from recorded import RecordedHost, fact

__metaclass__ = type

UEFI = {"/sys/firmware/efi/fw_platform_size": "64\n", "/sys/firmware/efi/efivars/BootCurrent-8be4df61-93ca-11d2-aa0d-00e098032b8c": b"\6\0\0\0\0\0"}


@pytest.mark.parametrize(
    "files, uefi, enabled",
    [
        ({}, False, False),
        (dict(UEFI, **{secure_boot.VARIABLE: b"\x06\0\0\0\x01"}), True, True),
        (dict(UEFI, **{secure_boot.VARIABLE: b"\x06\0\0\0\x00"}), True, False),
        (UEFI, True, False),
    ],
)
def test_states(files, uefi, enabled):
    assert fact("secure_boot", RecordedHost(files)) == {"uefi": uefi, "enabled": enabled}


@pytest.mark.parametrize("data", [b"", b"\1", b"\x06\0\0\0\x02", b"\x06\0\0\0\x01\x01"])
def test_garbage(data):
    with pytest.raises(Unavailable) as caught:
        fact("secure_boot", RecordedHost(dict(UEFI, **{secure_boot.VARIABLE: data})))
    assert caught.value.reason == "Unreadable"


def test_efivarfs_not_mounted():
    with pytest.raises(Unavailable) as caught:
        fact("secure_boot", RecordedHost({"/sys/firmware/efi/efivars": None}))
    assert "not mounted" in caught.value.message
