# -*- coding: utf-8 -*-
"""Certificates that openssl made (recordings/certificates)."""

from __future__ import absolute_import, division, print_function

import hashlib

import pytest
from ansible_collections.nodemend.kubernetes.plugins.module_utils import _certificate
from recorded import recording

__metaclass__ = type

KEY = "-----BEGIN EC PRIVATE KEY-----\nMHcCAQEEIJ8=\n-----END EC PRIVATE KEY-----\n"


def pem(name):
    return recording("certificates/" + name)


@pytest.mark.parametrize(
    "name, common_name",
    [
        ("ca.crt", "kubernetes"),
        ("kubelet.crt", "system:node:worker-1"),
        ("kubelet-rsa-utf8.crt", u"system:node:\u5de5\u4f5c-1"),
        ("no-common-name.crt", None),
    ],
)
def test_common_name(name, common_name):
    assert _certificate.common_name(pem(name)) == common_name


def test_the_first_certificate_counts_and_a_key_before_it_does_not():
    text = KEY + pem("kubelet.crt") + pem("ca.crt")
    assert _certificate.common_name(text) == "system:node:worker-1"
    assert _certificate.first(text) == _certificate.first(pem("kubelet.crt"))


def test_the_first_certificate_is_the_first_of_all():
    broken = "-----BEGIN CERTIFICATE-----\nA\n-----END CERTIFICATE-----\n"
    assert _certificate.first(broken + pem("ca.crt")) == _certificate.every(broken + pem("ca.crt"))[0]


def test_the_bytes_are_those_that_openssl_hashes():
    # openssl x509 -in ca.crt -outform der | sha256sum
    assert hashlib.sha256(_certificate.first(pem("ca.crt"))).hexdigest()[:16] == "14712dbc8c832e80"


def test_a_certificate_cut_off_anywhere_is_no_error():
    lines = pem("kubelet.crt").splitlines()
    for count in range(1, len(lines) - 2):
        text = "\n".join(lines[:count] + lines[-1:])
        assert _certificate.common_name(text) in (None, "system:node:worker-1")


@pytest.mark.parametrize(
    "text",
    ["", KEY, "garbage", "-----BEGIN CERTIFICATE-----\n%%%\n-----END CERTIFICATE-----\n", "-----BEGIN CERTIFICATE-----\nA\n-----END CERTIFICATE-----\n",
     u"-----BEGIN CERTIFICATE-----\n\u8282\n-----END CERTIFICATE-----\n", "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n"],
)
def test_what_is_no_certificate(text):
    assert _certificate.common_name(text) is None
    assert all(len(der) < 3 for der in _certificate.every(text))


@pytest.mark.parametrize(
    "name, subject, issuer, not_before, not_after, authority",
    [  # openssl x509 -noout -subject -issuer -dates
        ("authority-10y.crt", "kubernetes", "kubernetes", 1732104000, 2047464000, True),
        ("authority-2061.crt", "far", "far", 1767268800, 2871806400, True),  # a GeneralizedTime after 2049
        ("apiserver-near.crt", "kube-apiserver", "kubernetes", 1765368000, 1796904000, False),
        ("kubelet.crt", "system:node:worker-1", "kubernetes", None, None, False),  # version 1
        ("no-common-name.crt", None, "kubernetes", None, None, False),
    ],
)
def test_what_is_read(name, subject, issuer, not_before, not_after, authority):
    found = _certificate.read(_certificate.first(pem(name)))
    assert (found["subject"], found["issuer"], found["authority"]) == (subject, issuer, authority)
    if not_before:
        assert (found["not_before"], found["not_after"]) == (not_before, not_after)
    assert found["not_before"] < found["not_after"]


# Of apiserver-near.crt: not_before is 251210T120000Z.
@pytest.mark.parametrize("time", [b"251210120000A", b"251210 20000Z", b"251210120000\n", b"259910120000Z", b"2512101200+1Z"])
def test_a_time_that_is_none(time):
    der = _certificate.first(pem("apiserver-near.crt"))
    assert der.count(b"251210120000Z") == 1
    with pytest.raises(ValueError):
        _certificate.read(der.replace(b"251210120000Z", time))


def test_a_time_of_the_last_century():
    der = _certificate.first(pem("apiserver-near.crt")).replace(b"251210120000Z", b"500101000000Z")
    assert _certificate.read(der)["not_before"] == -631152000  # 1950; RFC 5280, 4.1.2.5.1


def test_only_basic_constraints_make_an_authority():
    der = _certificate.first(pem("authority-10y.crt"))
    other = der.replace(b"\x55\x1d\x13", b"\x55\x1d\x24")  # its content is that of another extension
    assert (_certificate.read(der)["authority"], _certificate.read(other)["authority"]) == (True, False)


def test_each_certificate_of_a_bundle_and_no_key():
    text = pem("authority-expired.crt") + KEY + pem("authority-10y.crt")
    assert [_certificate.read(der)["subject"] for der in _certificate.every(text)] == ["front-proxy-ca", "kubernetes"]


def test_bytes_cut_off_or_turned_over_are_no_other_error():
    der = _certificate.first(pem("apiserver-near.crt"))
    for position in range(len(der)):
        broken = bytearray(der)
        broken[position] ^= 0xFF
        for data in (der[:position], bytes(broken)):
            try:
                _certificate.read(data)
            except ValueError as exc:
                assert str(exc) == "not a certificate"
