# -*- coding: utf-8 -*-
from __future__ import absolute_import, division, print_function

import pytest
from ansible_collections.nodemend.kubernetes.plugins.module_utils._facts.kernel_memory import accounting_off
from recorded import RecordedHost, fact

__metaclass__ = type

V1 = "31 25 0:27 / /sys/fs/cgroup/memory rw,relatime shared:12 - cgroup cgroup rw,memory\n"
PODS = "/sys/fs/cgroup/memory/kubepods"


@pytest.mark.parametrize(
    "cmdline, off",
    [
        ("BOOT_IMAGE=/vmlinuz ro cgroup.memory=nokmem", True),
        ("cgroup.memory=nosocket,nokmem ro", True),
        ("cgroup.memory=nosocket", False),
        ("nokmem", False),
        ("", False),
    ],
)
def test_command_line(cmdline, off):
    assert accounting_off(cmdline) is off


def test_no_controller():
    assert fact("kernel_memory", RecordedHost({})) == {"controller": False, "nokmem": None, "accounting": None}


@pytest.mark.parametrize(
    "path, text, accounting",
    [
        (PODS + "/pod1/memory.kmem.slabinfo", "slabinfo - version: 2.1\n", True),
        (PODS + "/besteffort/pod1/memory.kmem.slabinfo", "", False),
        (PODS + ".slice/kubepods-besteffort.slice/kubepods-besteffort-pod1.slice/memory.kmem.slabinfo", "x\n", True),
        (PODS + "/pod1/memory.usage_in_bytes", "1\n", None),
        ("/sys/fs/cgroup/memory/docker/1/memory.kmem.slabinfo", "x\n", None),
    ],
)
def test_accounting(path, text, accounting):
    found = fact("kernel_memory", RecordedHost({"/proc/self/mountinfo": V1, path: text}))
    assert found == {"controller": True, "nokmem": False, "accounting": accounting}
