# -*- coding: utf-8 -*-
from __future__ import absolute_import, division, print_function

import pytest
from ansible_collections.nodemend.kubernetes.plugins.module_utils._host import Unavailable
from recorded import RecordedHost, fact

__metaclass__ = type

# One line of each kernel: EL 7's, that of 4.4 and newer, and as 6.18 and 6.12 have them (nf_conntrack_core.c, slub.c).
LOG = """[    0.000000] Linux version 6.1.0-50-amd64
[  101.000001] nf_conntrack: table full, dropping packet
[  102.000002] nf_conntrack: nf_conntrack: table full, dropping packet
[  103.000003] SLUB: Unable to allocate memory on node -1 (gfp=0xd0)
[  104.000004] nf_conntrack: nf_conntrack: table full in netns 4026532573, dropping packet
[  105.000005] SLUB: Unable to allocate memory on CPU 3 (of node 0) on node -1, gfp=0xcc0(GFP_KERNEL)
[  106.000006] nf_conntrack: nf_conntrack: expectation table full
"""


def test_lines_are_counted_and_the_last_is_kept():
    assert fact("kernel_log", RecordedHost(commands={"dmesg": LOG})) == {
        "conntrack": {"count": 3, "last": "[  104.000004] nf_conntrack: nf_conntrack: table full in netns 4026532573, dropping packet", "uptime": 104},
        "slub": {"count": 2, "last": "[  105.000005] SLUB: Unable to allocate memory on CPU 3 (of node 0) on node -1, gfp=0xcc0(GFP_KERNEL)", "uptime": 105},
    }


def test_a_kernel_that_writes_no_times():
    assert fact("kernel_log", RecordedHost(commands={"dmesg": "nf_conntrack: table full, dropping packet\n"}))["conntrack"]["uptime"] is None


def test_an_empty_log():
    assert fact("kernel_log", RecordedHost(commands={"dmesg": ""}))["slub"] == {"count": 0, "last": None, "uptime": None}


@pytest.mark.parametrize(
    "root, reason", [(False, "NeedsRoot"), (True, "Unreadable")]
)
def test_only_root_may(root, reason, monkeypatch):
    monkeypatch.setattr("os.geteuid", lambda: 0 if root else 1000)
    host = RecordedHost(commands={"dmesg": (1, "", "dmesg: read kernel buffer failed: Operation not permitted\n")}, root=root)
    with pytest.raises(Unavailable) as caught:
        fact("kernel_log", host)
    assert caught.value.reason == reason
