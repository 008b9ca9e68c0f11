# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""Whether a kernel image bears a signature for Secure Boot: the certificate table of a PE file (Microsoft's PE format, "Attribute Certificate Table")."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import struct

# The headers of a kernel end well before this.
HEAD = 4096
_OPTIONAL_HEADER = 24  # after the PE signature: 4 bytes of it, 20 of the COFF header
_DIRECTORIES = {0x10B: 96, 0x20B: 112}  # PE32 and PE32+
_CERTIFICATES = 4


def is_signed(head):
    """Return whether the first bytes of a file are those of a PE file with a certificate table. Whose signature it is, is not looked at."""
    try:
        if head[:2] != b"MZ":
            return False
        (start,) = struct.unpack_from("<I", head, 0x3C)
        if head[start : start + 4] != b"PE\0\0":
            return False
        start += _OPTIONAL_HEADER
        (magic,) = struct.unpack_from("<H", head, start)
        if magic not in _DIRECTORIES:
            return False
        directories = start + _DIRECTORIES[magic]
        (count,) = struct.unpack_from("<I", head, directories - 4)
        if count <= _CERTIFICATES:
            return False
        offset, size = struct.unpack_from("<II", head, directories + 8 * _CERTIFICATES)
    except struct.error:
        return False
    return offset > 0 and size > 0
