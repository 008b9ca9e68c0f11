# -*- coding: utf-8 -*-
"""Installed kernels that satisfy a floor."""

from __future__ import absolute_import, division, print_function

import pytest
from recorded import RecordedHost, fact

__metaclass__ = type

EL7 = ("3.10.0-1160.el7.x86_64", "3.10.0-1160.119.1.el7.x86_64", "5.4.278-1.el7.elrepo.x86_64")


@pytest.mark.parametrize(
    "releases, floor, candidates",
    [
        (EL7, None, ["5.4.278-1.el7.elrepo.x86_64"]),
        (EL7, "3.10", ["5.4.278-1.el7.elrepo.x86_64", "3.10.0-1160.119.1.el7.x86_64", "3.10.0-1160.el7.x86_64"]),
        (EL7, "3.10.0-1160.100", ["5.4.278-1.el7.elrepo.x86_64", "3.10.0-1160.119.1.el7.x86_64"]),
        (EL7, "6", []),
        ((), None, []),
        (("0-rescue-277d0a7f3e6741c79fe8f42aa3bec61b", "7"), "4.8", []),
    ],
)
def test_candidates(releases, floor, candidates):
    host = RecordedHost(dict(("/boot/vmlinuz-" + release, "") for release in releases))
    assert fact("kernel_candidates", host, **({"minimum_kernel_version": floor} if floor else {})) == candidates


def test_modules_alone_are_no_kernel():
    host = RecordedHost({"/lib/modules/6.1.0-50-amd64/modules.dep": ""})
    assert fact("kernel_candidates", host) == []
