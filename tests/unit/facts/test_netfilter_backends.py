# -*- coding: utf-8 -*-
from __future__ import absolute_import, division, print_function

import pytest
from recorded import RecordedHost, fact

__metaclass__ = type

RELEASE = "/proc/sys/kernel/osrelease"
DIRECTORY = "/lib/modules/6.1.0-18-amd64/"
DEP = "kernel/net/ipv4/netfilter/ip_tables.ko.xz: kernel/net/netfilter/x_tables.ko.xz\n"


@pytest.mark.parametrize(
    "files, legacy, nft, legacy_kernel",
    [
        # This machine: all built in, no /proc/modules, the files exist and are empty until a table is registered.
        ({"/proc/net/ip_tables_names": ""}, [], True, True),
        ({"/proc/net/ip_tables_names": "nat\nfilter\n"}, ["nat", "filter"], True, True),
        ({}, None, True, False),
        # Debian: modules, and whether they are loaded.
        ({"/proc/modules": "nf_tables 376832 501 nft_compat, Live 0x0\nip_tables 1 0 - Live 0x0\n", RELEASE: "6.1.0-18-amd64\n",
          DIRECTORY + "modules.builtin": "", DIRECTORY + "modules.dep": DEP}, None, True, True),
        ({"/proc/modules": "nf_tables_set 1 0 - Live 0x0\n", RELEASE: "6.1.0-18-amd64\n",
          DIRECTORY + "modules.builtin": "kernel/fs/ext4.ko\n", DIRECTORY + "modules.dep": ""}, None, False, False),
        ({"/proc/modules": "x 1 0 - Live 0x0\n", RELEASE: "6.1.0-18-amd64\n",
          DIRECTORY + "modules.builtin": "kernel/net/netfilter/nf_tables.ko\nkernel/net/ipv4/netfilter/ip_tables.ko\n",
          DIRECTORY + "modules.dep": ""}, None, True, True),
        # A container that sees the host's /proc/modules, but not its modules.
        ({"/proc/modules": "x 1 0 - Live 0x0\n", RELEASE: "6.1.0-18-amd64\n"}, None, None, None),
    ],
)
def test_backends(files, legacy, nft, legacy_kernel):
    found = fact("netfilter_backends", RecordedHost(files))
    assert found["legacy"]["ipv4"] == legacy
    assert found["nft"] is nft
    assert found["legacy_kernel"]["ipv4"] is legacy_kernel
    assert found["unavailable"] == {"ipv4": None, "ipv6": None}


def test_without_root():
    host = RecordedHost({"/proc/net/ip_tables_names": "nat\n"}, denied=["/proc/net/*"], root=False)
    found = fact("netfilter_backends", host)
    assert found["legacy"] == {"ipv4": None, "ipv6": None}
    assert found["unavailable"]["ipv4"]["reason"] == "NeedsRoot"
    assert found["legacy_kernel"]["ipv4"] is True
