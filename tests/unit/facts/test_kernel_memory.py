# -*- coding: utf-8 -*-
from __future__ import absolute_import, division, print_function

import pytest
from ansible_collections.nodemend.kubernetes.plugins.module_utils._facts.kernel_memory import READ, accounting_off
from ansible_collections.nodemend.kubernetes.plugins.module_utils._host import Unavailable
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


CONTAINER = "/%s/memory.kmem.slabinfo" % ("0123456789abcdef" * 4)
SCOPE = "/docker-%s.scope/memory.kmem.slabinfo" % ("0123456789abcdef" * 4)
SLICE = PODS + ".slice/kubepods-burstable.slice/kubepods-burstable-pod1.slice"
FULL = "slabinfo - version: 2.1\n"


@pytest.mark.parametrize(
    "path, text, accounting",
    [
        (PODS + "/pod1/memory.kmem.slabinfo", "slabinfo - version: 2.1\n", True),
        (PODS + "/besteffort/pod1/memory.kmem.slabinfo", "", False),
        (PODS + ".slice/kubepods-besteffort.slice/kubepods-besteffort-pod1.slice/memory.kmem.slabinfo", "x\n", True),
        (PODS + "/pod1/memory.usage_in_bytes", "1\n", None),
        (PODS + "/pod1" + CONTAINER, FULL, True),
        (SLICE + SCOPE, FULL, True),
        (SLICE + SCOPE, "", False),
        # Not below a pod: nobody's but the kubelet's.
        (PODS + "/memory.kmem.slabinfo", FULL, None),
        ("/sys/fs/cgroup/memory/docker/1/memory.kmem.slabinfo", "x\n", None),
    ],
)
def test_accounting(path, text, accounting):
    found = fact("kernel_memory", RecordedHost({"/proc/self/mountinfo": V1, path: text}))
    assert found == {"controller": True, "nokmem": False, "accounting": accounting}


@pytest.mark.parametrize(
    "files, accounting",
    [
        # A kubelet that was built without and a runc that was not (kubernetes issue 61937, kubeasz issue 815).
        ({"/pod1/memory.kmem.slabinfo": "", "/pod1" + CONTAINER: FULL}, True),
        ({"/burstable/pod1/memory.kmem.slabinfo": "", "/burstable/pod1" + CONTAINER: "", "/burstable/pod2" + CONTAINER: FULL}, True),
        ({"/pod1" + CONTAINER: "", "/besteffort/pod2/memory.kmem.slabinfo": FULL}, True),
        ({"/pod1/memory.kmem.slabinfo": "", "/pod1" + CONTAINER: "", "/pod1/tasks": "1\n", "/pod1/cgroup.procs": "1\n"}, False),
    ],
)
def test_pods_and_their_containers(files, accounting):
    found = fact("kernel_memory", RecordedHost(dict(((PODS + path, text) for path, text in files.items()), **{"/proc/self/mountinfo": V1})))
    assert found["accounting"] is accounting


class Erring(RecordedHost):
    """A kernel of EL 7, which fails the read (EIO) where a cgroup was never accounted (mm/memcontrol.c, mem_cgroup_slabinfo_read())."""

    def read(self, path):
        text = super(Erring, self).read(path)
        if text == "EIO":
            raise Unavailable("Unreadable", path + ": Input/output error")
        return text


@pytest.mark.parametrize("container, accounting", [(FULL, True), ("EIO", False)])
def test_a_read_that_fails_is_no_proof_for_the_containers(container, accounting):
    files = {"/proc/self/mountinfo": V1, PODS + "/pod1/memory.kmem.slabinfo": "EIO", PODS + "/pod1" + CONTAINER: container}
    assert fact("kernel_memory", Erring(files))["accounting"] is accounting


def slabinfos(host):
    return [path for kind, path in host.touched if path.endswith("/memory.kmem.slabinfo")]


def test_no_more_is_read_than_needed():
    pods = dict(("%s/pod%03d%s" % (PODS, number, path), "") for number in range(300) for path in ("/memory.kmem.slabinfo", CONTAINER))
    host = RecordedHost(dict(pods, **{"/proc/self/mountinfo": V1}))
    assert fact("kernel_memory", host)["accounting"] is False
    assert len(slabinfos(host)) == READ
    host = RecordedHost(dict(pods, **{"/proc/self/mountinfo": V1, PODS + "/pod001" + CONTAINER: FULL}))
    assert fact("kernel_memory", host)["accounting"] is True
    assert slabinfos(host) == [PODS + pod + path for pod in ("/pod000", "/pod001") for path in ("/memory.kmem.slabinfo", CONTAINER)]
