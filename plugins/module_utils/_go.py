# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""The Go version a binary was built with, read from its ELF sections without the Go tools.

Format: https://go.dev/src/debug/buildinfo/buildinfo.go (section .go.buildinfo; inline strings since Go 1.18,
pointers before). Reads a few kilobytes of the file, whatever its size.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import struct

_MAGIC = b"\xff Go buildinf:"
_INLINE = 2
_BIG_ENDIAN = 1


def version(read):
    """Return "go1.19.8", or None for what is no ELF file or was not built by Go.

    read(offset, size) returns bytes of the binary.
    """
    try:
        return _version(read)
    except struct.error:  # cut off, or an ELF file that is not what it says
        return None


def _version(read):
    header = read(0, 64)
    if len(header) < 64 or header[:4] != b"\x7fELF" or header[4:5] != b"\x02":
        return None  # Kubernetes runs on 64-bit machines
    order = "<" if header[5:6] == b"\x01" else ">"
    sections = _sections(read, header, order)
    place = sections.get(b".go.buildinfo")
    if place is None:
        return None
    address, offset, size = place
    info = read(offset, 256)
    if info[:14] != _MAGIC:
        return None
    flags = _byte(info, 15)
    if flags & _INLINE:
        return _text(_inline(info, 32))
    pointer = ">Q" if flags & _BIG_ENDIAN else "<Q"
    head = _at(read, sections, struct.unpack(pointer, info[16:24])[0], 16)
    if head is None:  # a position-independent binary whose loader fills the pointers in
        return None
    data, length = struct.unpack(pointer, head[:8])[0], struct.unpack(pointer, head[8:])[0]
    return _text(_at(read, sections, data, min(length, 64)))


def _sections(read, header, order):
    """Return {name: (address, offset, size)} of an ELF64 file."""
    table = struct.unpack(order + "Q", header[40:48])[0]
    entry, count, names = struct.unpack(order + "HHH", header[58:64])
    rows = []
    for index in range(count):
        raw = read(table + index * entry, 64)
        if len(raw) < 64:
            return {}
        name = struct.unpack(order + "I", raw[:4])[0]
        address, offset, size = struct.unpack(order + "QQQ", raw[16:40])
        rows.append((name, address, offset, size))
    if names >= len(rows):
        return {}
    strings = read(rows[names][2], min(rows[names][3], 65536))
    return dict((strings[row[0] :].split(b"\0", 1)[0], row[1:]) for row in rows)


def _at(read, sections, address, size):
    """Return size bytes from a virtual address, or None where no section holds it."""
    for start, offset, length in sections.values():
        if start and start <= address < start + length:
            return read(offset + address - start, size)
    return None


def _inline(info, position):
    """Return the string whose length stands before it as a varint."""
    length = shift = 0
    while True:
        byte = _byte(info, position)
        position += 1
        length |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return info[position : position + length]


def _byte(data, position):
    return struct.unpack("B", data[position : position + 1])[0]


def _text(data):
    text = (data or b"").decode("ascii", "replace").split(" ")[0]
    return text if text.startswith("go") else None
