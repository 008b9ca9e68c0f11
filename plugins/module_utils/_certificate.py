# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""Reads the few fields of an X.509 certificate that conditions need, with the standard library of Python 2.7."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import base64
import calendar
import datetime
import re

_BLOCK = re.compile(r"-----BEGIN CERTIFICATE-----(.*?)-----END CERTIFICATE-----", re.DOTALL)
_TIME = re.compile(r"[0-9]{14}Z\Z")
_COMMON_NAME = b"\x55\x04\x03"  # 2.5.4.3
_BASIC_CONSTRAINTS = b"\x55\x1d\x13"  # 2.5.29.19
_BOOLEAN, _UTC_TIME, _VERSION, _EXTENSIONS = 0x01, 0x17, 0xA0, 0xA3
# What a parser meets in text that is no certificate; Python 2.7's base64 raises TypeError.
_GARBAGE = (IndexError, TypeError, ValueError)


def every(text):
    """Return the DER bytes of each certificate in PEM text; whatever else stands there, a private key say, is not looked at."""
    found = []
    for block in _BLOCK.findall(text):
        try:
            found.append(base64.b64decode("".join(block.split())))
        except _GARBAGE:
            pass
    return found


def first(text):
    """Return the DER bytes of the first certificate in PEM text, or None."""
    return next(iter(every(text)), None)


def common_name(text):
    """Return the subject's common name of the first certificate in PEM text, or None."""
    der = first(text)
    try:
        return None if der is None else _common_name(_fields(der)[4])
    except _GARBAGE:
        return None


def read(der):
    """Return {subject, issuer, not_before, not_after, authority} of DER bytes; raise ValueError for what is no certificate.

    subject, issuer        common names, None without one
    not_before, not_after  seconds since the epoch
    authority              whether it may sign others (basicConstraints); a version 1 certificate does not say so
    """
    try:
        fields = _fields(der)
        not_before, not_after = [_time(tag, bytes(content)) for tag, content in _items(fields[3])]
        return {
            "subject": _common_name(fields[4]),
            "issuer": _common_name(fields[2]),
            "not_before": not_before,
            "not_after": not_after,
            "authority": _authority(fields[-1]) if fields[-1] is not None else False,
        }
    except _GARBAGE:
        raise ValueError("not a certificate")


def _fields(der):
    """Return the contents of serial, signature, issuer, validity, subject and key, and at last of the extensions or None.

    RFC 5280, 4.1: TBSCertificate begins with [0] version, which version 1 leaves out, and may end with [3] extensions.
    """
    items = [item for item in _items(_value(_value(bytearray(der)))) if item[0] != _VERSION]
    extensions = [content for tag, content in items if tag == _EXTENSIONS]
    return [content for unused, content in items[:6]] + [extensions[0] if extensions else None]


def _common_name(name):
    for unused, relative_name in _items(name):
        for unused, attribute in _items(relative_name):
            parts = list(_items(attribute))
            if bytes(parts[0][1]) == _COMMON_NAME:
                return bytes(parts[1][1]).decode("utf-8", "replace")
    return None


def _time(tag, content):
    """Return the seconds of a UTCTime (YYMMDDHHMMSSZ) or a GeneralizedTime (YYYYMMDDHHMMSSZ): RFC 5280, 4.1.2.5."""
    text = content.decode("ascii")
    if tag == _UTC_TIME:
        text = ("20" if text < "5" else "19") + text
    if not _TIME.match(text):
        raise ValueError("not a time")
    numbers = [int(text[:4])] + [int(text[start : start + 2]) for start in range(4, 14, 2)]
    return calendar.timegm(datetime.datetime(*numbers).timetuple())


def _authority(extensions):
    for unused, extension in _items(_value(extensions)):
        parts = list(_items(extension))
        if bytes(parts[0][1]) == _BASIC_CONSTRAINTS:
            return any(tag == _BOOLEAN and content[0] != 0 for tag, content in _items(_value(parts[-1][1])))
    return False


def _value(data):
    """Return the content of the first element."""
    return list(_items(data))[0][1]


def _items(data):
    """Yield (tag, content) of the DER elements in a bytearray."""
    position = 0
    while position < len(data):
        tag = data[position]
        length = data[position + 1]
        position += 2
        if length & 0x80:
            count = length & 0x7F
            length = 0
            for byte in data[position : position + count]:
                length = length << 8 | byte
            position += count
        if position + length > len(data):
            raise ValueError("cut off")
        yield tag, data[position : position + length]
        position += length
