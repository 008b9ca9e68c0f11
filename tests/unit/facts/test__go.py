# -*- coding: utf-8 -*-
"""Go versions out of the real headers of Debian's binaries (recordings/go: only the bytes that are read)."""

from __future__ import absolute_import, division, print_function

import base64
import json
import struct

import pytest
from ansible_collections.nodemend.kubernetes.plugins.module_utils import _go
from recorded import recording

__metaclass__ = type


def reader(name):
    parts = [(offset, base64.b64decode(text)) for offset, text in json.loads(recording("go/" + name))]

    def read(offset, size):
        for start, data in parts:
            if start <= offset < start + len(data):
                return data[offset - start : offset - start + size]
        return b""

    return read


@pytest.mark.parametrize(
    "name, version",
    [
        ("bullseye-containerd.json", "go1.15.15"),  # by pointers, as before Go 1.18
        ("bullseye-runc.json", "go1.15.15"),
        ("bookworm-containerd.json", "go1.19.8"),
        ("bookworm-runc.json", "go1.19.8"),
        ("trixie-containerd.json", "go1.24.4"),
        ("trixie-runc.json", "go1.24.4"),
        ("bookworm-bash.json", None),
    ],
)
def test_version(name, version):
    assert _go.version(reader(name)) == version


@pytest.mark.parametrize(
    "data",
    [b"", b"#!/bin/sh\n", b"\x7fELF", b"\x7fELF\x01" + b"\0" * 100, b"\x7fELF\x02\x01" + b"\0" * 100, b"\x7fELF\x02\x01" + b"\xff" * 100],
    ids=["empty", "script", "cut off", "32 bits", "no sections", "garbage"],
)
def test_what_is_no_go_binary(data):
    assert _go.version(lambda offset, size: data[offset : offset + size]) is None


@pytest.mark.parametrize("name", ["bookworm-containerd.json", "bullseye-containerd.json"])
def test_a_binary_cut_off_anywhere_is_no_error(name):
    read = reader(name)
    for limit in range(0, 60):

        def cut(offset, size, limit=limit):
            return read(offset, size)[: max(0, size - limit)]

        assert _go.version(cut) in (None, _go.version(read))


def test_a_pointer_that_leads_nowhere():
    read = reader("bullseye-containerd.json")

    def lost(offset, size):
        data = read(offset, size)
        if data.startswith(b"\xff Go buildinf:"):
            return data[:16] + struct.pack("<QQ", 0, 0) + data[32:]
        return data

    assert _go.version(lost) is None


def test_an_inline_length_without_end():
    read = reader("bookworm-containerd.json")

    def lost(offset, size):
        data = read(offset, size)
        return data[:32] + b"\xff" * 20 if data.startswith(b"\xff Go buildinf:") else data

    assert _go.version(lost) is None


@pytest.mark.parametrize("text, version", [(b"go1.20.7 X:boringcrypto", "go1.20.7"), (b"devel +abc", None), (b"", None), (None, None)])
def test_text(text, version):
    assert _go._text(text) == version
