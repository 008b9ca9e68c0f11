# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""Fact: the systemd units that start container runtimes, running or not: what the role runtime_limits works on."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from .._host import Unavailable
from .._source import reads
from .processes import age
from .runtimes import RUNNING, SERVER_UNITS, UNKNOWN, raised_to_hard, used_by_kubelet
from .systemd_units import RUNTIME_UNITS

DROP_IN = "/etc/systemd/system/%s.d/zz-nodemend.conf"

SOURCES = (
    reads(DROP_IN % "*.service", "whether the role runtime_limits has written it"),
    reads("/etc/systemd/system/*.service.d", "when a drop-in was written or removed"),
    reads("*/systemd/*.service", "when a runtime's unit was written"),
    reads("*/systemd/*service.d/*.conf", "when its drop-ins were"),
    reads("/proc/[0-9]*/stat", "when a runtime was started: before them its limits are older than they"),
    reads("/proc/uptime", "the same"),
)

# cri-docker starts no shim and hands no limit to anybody; dockerd behind it does.
UNITS = tuple(name for name in RUNTIME_UNITS if name != "cri-docker.service") + (
    "k3s.service",
    "k3s-agent.service",
    "rke2-server.service",
    "rke2-agent.service",
)
EMBEDDED = UNITS[-4:]


def collect(host, runtimes, kubelet, systemd_units, nofile_ceiling, now):
    """Return [{unit, active, used, soft, hard, outdated, started_soft, configured, as_configured, drop_ins, own_drop_in,
    need_daemon_reload, restart}], by name.

    used           whether the kubelet's pods depend on it; where nothing tells, each one installed
    soft, hard     the least effective limits of the daemons in it, None while none runs
    outdated       whether one of them was started before the unit's files were last written; None where that cannot be told
    started_soft   the soft limit that they were started with, and hand to containers (Go 1.19.9 on), also where they raised their own:
                   what the unit gives; None where they are outdated, and where it does not tell
    as_configured  whether those are what the unit's configuration gives on this host; None where it cannot be told
    own_drop_in    {path, present, loaded, removed}: the role's own, on the disk and in what systemd has read; removed: its folder is there, and empty
    restart        what a restart would do, of all daemons in it together; harmless while none runs
    """
    by_unit = {}
    for runtime in runtimes:
        if runtime["unit"] in systemd_units:
            by_unit.setdefault(runtime["unit"], []).append(runtime)
    installed = [name for name in UNITS if name in systemd_units]
    used = set(runtime["unit"] for runtime in used_by_kubelet(runtimes, kubelet)) or _wanted(installed, kubelet, systemd_units)
    found = []
    for name in sorted(set(installed) | set(by_unit)):
        unit, daemons = systemd_units[name], by_unit.get(name, [])
        outdated = _outdated(host, name, unit, daemons, now)
        item = _unit(name, unit, daemons, nofile_ceiling["ceiling"], outdated)
        found.append(dict(item, used=name in used, own_drop_in=_own_drop_in(host, name, unit["DropInPaths"])))
    return found


def _wanted(installed, kubelet, systemd_units):
    """Return the installed units that the kubelet will use once they run."""
    embedded = [name for name in installed if name in EMBEDDED and systemd_units[name]["UnitFileState"] != "disabled"]
    if embedded:
        return set(embedded)
    endpoint = kubelet["endpoint"] or ""
    for word, wanted in (
        ("docker", ("docker.service", "containerd.service")),
        ("crio", ("crio.service",)),
        ("containerd", ("containerd.service",)),
    ) + tuple((word, ()) for word in UNKNOWN):
        if word in endpoint:
            return set(wanted)
    return set(installed)


def _own_drop_in(host, name, drop_ins):
    path = DROP_IN % name
    removed = host.listdir(path.rpartition("/")[0]) == []
    return {"path": path, "present": host.exists(path), "loaded": path in drop_ins, "removed": removed}


def _outdated(host, name, unit, runtimes, now):
    """Return whether a daemon of the unit was started before the unit's files were last written; None where that cannot be told."""
    started = [_started(host, runtime["pid"], now) for runtime in runtimes]
    own = DROP_IN % name
    paths = [unit["FragmentPath"] or own] + unit["DropInPaths"] + [own, own.rpartition("/")[0]]  # the folder tells of one that is gone
    # A file of the future was written by another clock.
    written = [moment for moment in (_modified(host, path) for path in paths) if moment is not None and moment <= now]
    if not started or None in started or not written:
        return None
    return min(started) < max(written)


def _started(host, pid, now):
    seconds = age(host, pid)
    return None if seconds is None or seconds < 0 else now - seconds  # LXC shows an uptime of its own


def _modified(host, path):
    try:
        return host.modified(path)
    except Unavailable:
        return None


def _unit(name, unit, runtimes, ceiling, outdated):
    configured = {"soft": unit["LimitNOFILESoft"], "hard": unit["LimitNOFILE"]}
    return {
        "unit": name,
        "active": unit["ActiveState"] in RUNNING,
        "soft": min([runtime["soft"] for runtime in runtimes] or [None]),
        "hard": min([runtime["hard"] for runtime in runtimes] or [None]),
        "outdated": outdated,
        "started_soft": None if outdated or unit["NeedDaemonReload"] or not runtimes else _given(configured["soft"], ceiling),
        "configured": configured,
        "as_configured": _all_as_configured(runtimes, configured, ceiling, outdated),
        "drop_ins": unit["DropInPaths"],
        "need_daemon_reload": unit["NeedDaemonReload"],
        "restart": _restart(name, unit, runtimes),
    }


def _all_as_configured(runtimes, configured, ceiling, outdated):
    if not runtimes or configured["hard"] is None:
        return None
    answers = [as_configured(runtime["soft"], runtime["hard"], configured, ceiling, outdated) for runtime in runtimes]
    return False if False in answers else None if None in answers else True


def as_configured(soft, hard, configured, ceiling, outdated=False):
    """Return whether a daemon's limits are what its unit gives: the closest that this host allows (systemd's
    setrlimit_closest), the soft one perhaps raised to the hard one by the daemon itself (Go 1.19 on). It may have been
    raised from another one where the daemon is older than the unit's files (outdated): then None.
    """
    given_hard, given_soft = _given(configured["hard"], ceiling), _given(configured["soft"], ceiling)
    if hard != given_hard:
        return False
    if given_soft in (None, soft):
        return True
    return (None if outdated else True) if raised_to_hard(soft, hard) else False


def _given(limit, ceiling):
    if limit is None:
        return None
    return ceiling if limit == "infinity" else min(limit, ceiling)


def _restart(name, unit, runtimes):
    kills = [runtime["restart"]["kills_pods"] for runtime in runtimes]
    because = []
    for runtime in runtimes:
        because.extend(reason for reason in runtime["restart"]["because"] if reason not in because)
    stops = name in SERVER_UNITS or any(runtime["restart"]["stops_control_plane"] for runtime in runtimes)
    return {
        "kills_pods": True if True in kills else None if None in kills else False,
        "stops_control_plane": stops and unit["ActiveState"] in RUNNING,
        "because": because,
    }
