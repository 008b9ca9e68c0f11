# -*- coding: utf-8 -*-
"""os-release of the families whose kernels we know, and of those we do not."""

from __future__ import absolute_import, division, print_function

import pytest
from ansible_collections.nodemend.kubernetes.plugins.module_utils._facts import os_release
from ansible_collections.nodemend.kubernetes.plugins.module_utils._host import Unavailable
from recorded import RecordedHost, fact

__metaclass__ = type


@pytest.mark.parametrize(
    "text, family, major",
    [
        ('NAME="CentOS Linux"\nVERSION="7 (Core)"\nID="centos"\nID_LIKE="rhel fedora"\nVERSION_ID="7"\n', "redhat", 7),
        ('ID="rocky"\nID_LIKE="rhel centos fedora"\nVERSION_ID="8.10"\n', "redhat", 8),
        ('ID="ol"\nID_LIKE="fedora"\nVERSION_ID="9.4"\n', "redhat", 9),
        ('ID="almalinux"\nVERSION_ID="10.0"\n', "redhat", 10),
        ('ID=debian\nVERSION_ID="12"\n', "debian", 12),
        ("ID=debian\nPRETTY_NAME='Debian GNU/Linux trixie/sid'\n", "debian", None),
        ('ID=ubuntu\nID_LIKE=debian\nVERSION_ID="24.04"\n', "ubuntu", 24),
        ('ID=linuxmint\nID_LIKE="ubuntu debian"\nVERSION_ID="21"\n', "ubuntu", 21),
        ('ID="openEuler"\nVERSION_ID="22.03"\n', "openeuler", 22),
        ('ID="amzn"\nID_LIKE="centos rhel fedora"\nVERSION_ID="2"\n', "amazon", 2),
        ('ID="sles"\nID_LIKE="suse"\nVERSION_ID="15.5"\n', "suse", 15),
        ('ID="opensuse-leap"\nID_LIKE="suse opensuse"\nVERSION_ID="15.5"\n', "suse", 15),
        ("ID=flatcar\nID_LIKE=coreos\nVERSION_ID=3815.2.0\n", None, 3815),
        ("ID=arch\n", None, None),
        ("", None, None),
        ("\x00garbage = \n= =\n", None, None),
    ],
)
def test_family(text, family, major):
    found = fact("os_release", RecordedHost({"/etc/os-release": text}))
    assert (found["family"], found["major"]) == (family, major)


def test_quotes():
    found = os_release.parse("NAME=\"A \\\"b\\\" \\$c\"\nID='x'\n# ID=y\n")
    assert (found["name"], found["id"]) == ('A "b" $c', "x")


def test_first_file_is_the_whole_truth():
    host = RecordedHost({"/etc/os-release": "ID=arch\n", "/usr/lib/os-release": 'ID=debian\nVERSION_ID="12"\n'})
    assert fact("os_release", host)["version_id"] is None


def test_only_usr_lib():
    assert fact("os_release", RecordedHost({"/usr/lib/os-release": "ID=debian\n"}))["family"] == "debian"


def test_none():
    with pytest.raises(Unavailable) as caught:
        fact("os_release", RecordedHost({}))
    assert caught.value.reason == "Unreadable"


def test_codename():
    assert os_release.parse("ID=debian\nVERSION_CODENAME=bookworm\n")["codename"] == "bookworm"
    assert os_release.parse("ID=debian\nVERSION_CODENAME=\n")["codename"] is None
