# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""Fact: whether the kernel accounts its own memory to the containers' cgroups, which old kernels leak."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from .._host import Unavailable
from .._source import reads

MEMORY = "/sys/fs/cgroup/memory"
# The kubelet's cgroups with the drivers cgroupfs and systemd, and what lies between them and a pod's.
PODS = ("/kubepods", "/kubepods.slice")
CLASSES = ("", "/burstable", "/besteffort", "/kubepods-burstable.slice", "/kubepods-besteffort.slice")

SOURCES = (
    reads("/proc/self/mountinfo", "whether cgroup v1's memory controller is mounted"),
    reads("/proc/cmdline", "cgroup.memory=nokmem"),
    reads(MEMORY + "/kubepods*", "the names of the pods' cgroups"),
    reads(MEMORY + "/kubepods*/memory.kmem.slabinfo", "whether it is empty: then the kernel does not account its memory", root=True),
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
    accounting  True or False as the first pod's cgroup shows it, None where no pod's can be read; False means nothing from 4.6 on
    """
    if host.mounted(MEMORY) != "cgroup":
        return {"controller": False, "nokmem": None, "accounting": None}
    return {
        "controller": True,
        "nokmem": accounting_off(host.read("/proc/cmdline") or ""),
        "accounting": _accounting(host),
    }


def _accounting(host):
    for base in (MEMORY + pods + kind for pods in PODS for kind in CLASSES):
        for name in host.listdir(base) or []:
            if not (name.startswith("pod") or "-pod" in name):
                continue
            try:
                text = host.read("%s/%s/memory.kmem.slabinfo" % (base, name))
            except Unavailable as exc:
                if exc.reason == "NeedsRoot":
                    raise
                return False  # EIO: nothing was ever accounted to this cgroup
            if text is not None:
                return bool(text.strip())
    return None
