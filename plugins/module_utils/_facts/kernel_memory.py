# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""Fact: whether the kernel accounts its own memory to the containers' cgroups, which old kernels leak."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import itertools

from .._host import Unavailable
from .._source import reads

MEMORY = "/sys/fs/cgroup/memory"
# The kubelet's cgroups with the drivers cgroupfs and systemd, and what lies between them and a pod's.
PODS = ("/kubepods", "/kubepods.slice")
CLASSES = ("", "/burstable", "/besteffort", "/kubepods-burstable.slice", "/kubepods-besteffort.slice")
SLABINFO = "memory.kmem.slabinfo"
# What cgroup v1 itself keeps in a directory; all else in a pod's is one of its containers.
FILES = ("memory.", "cgroup.", "tasks", "notify_on_release")
# A node has some hundreds of pods and containers. Who accounts does so for all that it starts, so that the first files show it; where nobody does, or
# the kernel writes nothing there any more, all would be read, for nothing.
READ = 200

SOURCES = (
    reads("/proc/self/mountinfo", "whether cgroup v1's memory controller is mounted"),
    reads("/proc/cmdline", "cgroup.memory=nokmem"),
    reads(MEMORY + "/kubepods*", "the names of the cgroups of pods and their containers"),
    reads(
        MEMORY + "/kubepods*/" + SLABINFO,
        "of pods and their containers, up to the first with content, at most %d: all empty where the kernel does not account its memory" % READ,
        root=True,
    ),
)


def accounting_off(cmdline):
    """Return whether the kernel was booted with cgroup.memory=nokmem, alone or in a list."""
    return any(
        "nokmem" in word.partition("=")[2].split(",") for word in cmdline.split() if word.startswith("cgroup.memory=")
    )


def collect(host):
    """Return {controller, nokmem, accounting}.

    controller  whether cgroup v1's memory controller is in use; the other two are None where it is not
    nokmem      whether the kernel was told not to account
    accounting  True where the cgroup of a pod or of a container shows it, False where none does, None where none can be read; False means nothing
                from 4.6 on
    """
    if host.mounted(MEMORY) != "cgroup":
        return {"controller": False, "nokmem": None, "accounting": None}
    return {
        "controller": True,
        "nokmem": accounting_off(host.read("/proc/cmdline") or ""),
        "accounting": _accounting(host),
    }


def _accounting(host):
    """The kubelet asks for pods, runc for containers, and each may have been built without (runc pull request 1921, kubeasz issue 815)."""
    accounting = None
    for path in itertools.islice(_slabinfos(host), READ):
        try:
            text = host.read(path)
        except Unavailable as exc:
            if exc.reason == "NeedsRoot":
                raise
            text = ""  # EIO: nothing was ever accounted to this cgroup
        if text is not None and text.strip():
            return True
        if text is not None:
            accounting = False
    return accounting


def _slabinfos(host):
    """Yield the paths of the files of each pod and of its containers; a directory is listed only once the files before it have been asked for."""
    for base in (MEMORY + pods + kind for pods in PODS for kind in CLASSES):
        for name in host.listdir(base) or []:
            if name.startswith("pod") or "-pod" in name:
                pod = "%s/%s" % (base, name)
                yield "%s/%s" % (pod, SLABINFO)
                for child in host.listdir(pod) or []:
                    if not child.startswith(FILES):
                        yield "%s/%s/%s" % (pod, child, SLABINFO)
