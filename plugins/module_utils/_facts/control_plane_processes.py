# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""Fact: the processes of this host's control plane, since when they run and which systemd unit started them."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from .._source import reads
from .certificates import COMPONENTS
from .processes import parse_age, serves_host
from .systemd_units import unit_of

# k3s has all of them in one process.
NAMES = dict(COMPONENTS, **{"k3s-server": "k3s"})

SOURCES = (
    reads("/proc/[0-9]*/stat", "when a part of the control plane was started"),
    reads("/proc/uptime", "the same"),
    reads("/proc/self/ns/net", "the host's network namespace"),
    reads("/proc/[0-9]*/ns/net", "whether one in a container uses it; else it may be another cluster's", root=True),
)


def collect(host, processes, now):
    """Return [{name, pid, started, unit}], by name.

    name     kube-apiserver, kube-controller-manager, kube-scheduler, etcd or k3s
    started  seconds since the epoch
    unit     the systemd unit whose cgroup it is in; None for a container
    """
    found = []
    uptime = host.read("/proc/uptime") or ""
    for process in processes:
        if process["name"] not in NAMES or not serves_host(host, process):
            continue
        stat = host.read("/proc/%d/stat" % process["pid"])
        if stat:  # else it has ended meanwhile
            found.append(
                {
                    "name": NAMES[process["name"]],
                    "pid": process["pid"],
                    "started": int(now - parse_age(stat, uptime)),
                    "unit": None if process["nested"] else unit_of(process["cgroup"]),
                }
            )
    return sorted(found, key=lambda item: (item["name"], item["pid"]))
