# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""Fact: the container runtimes that run here, their limits, and what a restart of each would do to pods."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re

from .. import _docker, _go
from .._host import Unavailable
from .._source import connects, reads
from .kubelet import flag
from .nofile_ceiling import parse_limits
from .processes import CONTROL_PLANE, RUNTIMES, SHIMS, age
from .systemd_units import bound_to, cgroup_of_unit, unit_of

SOURCES = (
    reads("/proc/[0-9]*/limits", "effective limits of runtimes and of the containers' first processes"),
    reads("/proc/[0-9]*/fd", "how many descriptors a runtime has in use", root=True),
    reads("/proc/[0-9]*/exe", "the Go version a runtime was built with, from its ELF sections", root=True),
    reads(_docker.CONFIGURATION, "live-restore, where a dockerd runs"),
    reads("*.json", "the same, where its --config-file names another file"),
    connects(
        "*.sock",
        "whether the dockerd that runs has live-restore on: GET /info of its socket, where its file says so and the kubelet uses it or it would"
        " restart with what the kubelet uses",
        root=True,
    ),
    reads("/proc/[0-9]*/stat", "where it does not answer, when it was started: a file that is older has been read"),
    reads("/proc/uptime", "the same"),
)

NAMES = {"containerd": "containerd", "dockerd": "docker", "dockerd-current": "docker", "crio": "cri-o"}
EMBEDDING = {"k3s": "k3s", "k3s-server": "k3s", "k3s-agent": "k3s", "rke2": "rke2"}
_EMBEDDING_UNITS = {
    "k3s.service": "k3s",
    "k3s-agent.service": "k3s",
    "rke2-server.service": "rke2",
    "rke2-agent.service": "rke2",
}
# systemd.kill(5): control-group and mixed also end what is left in the unit's cgroup.
SURVIVING_KILL_MODES = ("process", "none")
RUNNING = ("active", "reloading", "activating")
SERVER_UNITS = ("k3s.service", "rke2-server.service")
# Runtimes of which nothing is known here, by a word of their socket: iSulad of openEuler, which KubeKey can install.
UNKNOWN = ("isulad",)
# Bound units whose restart no pod notices. docker.service is one where its dockerd has live-restore on.
_HARMLESS = ("kubelet.service", "cri-docker.service", "kube-proxy.service")


def collect(host, processes, now, systemd_units=None, kubelet=None):
    """Return a list of runtimes, one dict each:

    name            containerd, docker, cri-o, k3s or rke2 (the containerd inside those)
    pid, unit       of the daemon; unit None outside systemd
    socket          where it listens, as far as its command line tells, else None
    soft, hard      effective limit of open files
    in_use          descriptors in use, None without root
    configured      {soft, hard} of the unit: number, "infinity" or None
    kill_mode, delegate, fragment, drop_ins, need_daemon_reload   of the unit, None where unknown
    handed          {soft, pid, name}: limit seen on a container's first process (a pause process where there is one), or None
    in_containers   {soft, pid, name}: the highest limit of a container's first process that is no pause process, or None
    go_version      "go1.19.8" or None
    restart         {kills_pods: true, false or null (cannot be told), stops_control_plane: bool, because: [sentences]}
    """
    by_pid = dict((process["pid"], process) for process in processes)
    runtimes = []
    for process in processes:
        if process["name"] not in RUNTIMES or process["nested"] or _of_user(process, by_pid):
            continue
        limits = host.read("/proc/%d/limits" % process["pid"])
        if not limits:  # it ended meanwhile
            continue
        soft, hard = parse_limits(limits)
        handed, in_containers = _handed(host, processes, process)
        unit_name = unit_of(process["cgroup"])
        unit = (systemd_units or {}).get(unit_name) or {}
        runtime = {
            "name": _name(process, by_pid, unit_name),
            "pid": process["pid"],
            "unit": unit_name,
            "socket": _socket(process, by_pid),
            "soft": soft,
            "hard": hard,
            "in_use": _in_use(host, process["pid"]),
            "configured": {"soft": unit.get("LimitNOFILESoft"), "hard": unit.get("LimitNOFILE")},
            "kill_mode": unit.get("KillMode"),
            "delegate": unit.get("Delegate"),
            "fragment": unit.get("FragmentPath"),
            "drop_ins": unit.get("DropInPaths", []),
            "need_daemon_reload": unit.get("NeedDaemonReload"),
            "handed": handed,
            "in_containers": in_containers,
            "go_version": _go_version(host, process["pid"]),
        }
        runtimes.append(runtime)
    live_restore = _live_restore(host, runtimes, by_pid, _asked(runtimes, systemd_units, kubelet), now)
    for runtime in runtimes:
        runtime["restart"] = restart(runtime, by_pid[runtime["pid"]]["cgroup"], processes, systemd_units, live_restore)
    return runtimes


def _name(process, by_pid, unit_name):
    parent = by_pid.get(process["parent"], {})
    # An embedded containerd outlives a k3s that was killed: then only its unit tells.
    return EMBEDDING.get(parent.get("name")) or _EMBEDDING_UNITS.get(unit_name) or NAMES[process["name"]]


def _of_user(process, by_pid):
    """Return whether a runtime is a user's own (rootless): a unit of his manager bears the name of the system's, and no pod runs in it."""
    embedded = by_pid.get(process["parent"], {}).get("name") in EMBEDDING
    return "/user@" in (process["cgroup"] or "") and not embedded


def _socket(process, by_pid):
    """Return the path of the socket that a containerd's command line names.

    dockerd's own has it beside its file (moby, daemon/internal/libcontainerd/supervisor: containerd.toml and containerd.sock in one folder).
    """
    if process["name"] != "containerd":
        return None
    words = process["arguments"] or []
    given = flag(words, "address") or next((after for word, after in zip(words, words[1:]) if word == "-a"), None)
    if given is None and by_pid.get(process["parent"], {}).get("name") in ("dockerd", "dockerd-current"):
        settings = flag(words, "config") or ""
        given = settings.rpartition("/")[0] + "/containerd.sock" if "/" in settings else None
    return _path(given) if given else None


def _path(address):
    """Return the path of an address; /var/run leads to /run."""
    path = re.sub("^unix:(//)?", "", address)
    return path[len("/var") :] if path.startswith("/var/run/") else path


def raised_to_hard(soft, hard):
    """Return whether a soft limit is as high as its owner can set it.

    Go's runtime raises it when a program starts (1.19 on), and leaves one missing, to notice when somebody else changes it
    (src/syscall/rlimit.go, golang/go issue 66797; seen with 1.24.4, not with 1.19.8).
    """
    return hard - soft in (0, 1)


def _in_use(host, pid):
    try:
        names = host.listdir("/proc/%d/fd" % pid)
    except Unavailable:
        return None
    return None if names is None else len(names)


def _go_version(host, pid):
    path = "/proc/%d/exe" % pid
    try:
        return _go.version(lambda offset, size: host.read_bytes(path, offset, size) or b"")
    except (Unavailable, ValueError):
        return None  # it explains a verdict, it never decides one


def _handed(host, processes, daemon):
    """Return (what this daemon's shims hand to containers, the highest that a container's first process has); None where none is seen.

    The daemon and the shim raise themselves and put the old limit back for their children (Go 1.19.9 on), so only a
    container's process shows it; "pause" is a C program that never touches its limits, any other may have changed its own.
    But containerd gives the limits of a base_runtime_spec to containers and not to their sandboxes, which pause is.
    """
    shims = set(
        process["pid"]
        for process in processes
        if process["name"] in SHIMS and not process["nested"] and _starts(daemon, process)
    )
    children = [process for process in processes if process["parent"] in shims and process["pid"] not in shims]
    children.sort(key=lambda process: (process["name"] != "pause", process["pid"]))
    seen = []
    for process in children:
        if process["name"] == "pause" and seen:
            continue  # all sandboxes are handed the same
        limits = host.read("/proc/%d/limits" % process["pid"])
        if limits:
            seen.append({"soft": parse_limits(limits)[0], "pid": process["pid"], "name": process["name"]})
    others = [item for item in seen if item["name"] != "pause"]
    return (seen[0] if seen else None), (max(others, key=lambda item: item["soft"]) if others else None)


def _starts(daemon, shim):
    """Return whether a shim is a daemon's: in its unit, or with cri-o in a cgroup of its own (crio-conmon-ID; Podman's is libpod-conmon-ID).

    crio starts conmon itself and has it moved there while it runs, with crio's limits (cri-o, internal/oci/runtime_oci.go, CreateContainer).
    """
    if NAMES[daemon["name"]] == "cri-o":
        return shim["name"] == "conmon" and "/crio-conmon-" in (shim["cgroup"] or "")
    return _together(shim["cgroup"], daemon["cgroup"])


def _together(cgroup, other):
    """Return whether two cgroup paths lie in the same systemd unit; a unit of that name inside a container is another."""
    return cgroup_of_unit(cgroup) is not None and cgroup_of_unit(cgroup) == cgroup_of_unit(other)


def _asked(runtimes, systemd_units, kubelet):
    """Return whether pods may depend on dockerd: the kubelet uses it, or its unit restarts with what the kubelet uses."""
    used = runtimes if kubelet is None else used_by_kubelet(runtimes, kubelet)
    units = [(systemd_units or {}).get(runtime["unit"]) for runtime in used]
    return any(runtime["name"] == "docker" for runtime in used) or any(unit and "docker.service" in bound_to(unit) for unit in units)


def _live_restore(host, runtimes, by_pid, asked, now):
    """Return {pid: LiveRestore} of each dockerd."""
    return dict(
        (pid, _docker.live_restore(host, by_pid[pid]["arguments"] or [], age(host, pid), now, asked))
        for pid in (runtime["pid"] for runtime in runtimes if runtime["name"] == "docker")
    )


def restart(runtime, cgroup, processes, systemd_units, live_restore):
    """Return what restarting a runtime's unit would do to pods and to the control plane.

    cgroup is the daemon's; systemd_units is None where systemd could not be asked: then nobody can tell (kills_pods None).
    live_restore holds the LiveRestore of each dockerd, by its PID.
    """
    unit_name = runtime["unit"]
    because = []
    kills = False
    if systemd_units is None or unit_name is None or unit_name not in systemd_units:
        kills = None
        because.append("no systemd unit could be read for it")
    else:
        unit = systemd_units[unit_name]
        inside = [
            process
            for process in processes
            if (not process["watched"] or process["name"] in SHIMS + ("pause",)) and _together(process["cgroup"], cgroup)
        ]
        if inside and unit["KillMode"] not in SURVIVING_KILL_MODES:
            kills = True
            because.append(
                "KillMode=%s of %s would end %d container processes in its cgroup"
                % (unit["KillMode"], unit_name, len(inside))
            )
        for bound in bound_units(unit, systemd_units):
            if bound in _HARMLESS:
                continue
            told = "%s is bound to %s and would stop with it" % (bound, unit_name)
            if bound != "docker.service" or not live_restore:
                kills = True
                because.append(told)
                continue
            for kept, why in live_restore.values():
                if not kept:
                    kills = _worse(kills, kept)
                    because.append("%s: %s" % (told, why))
    kept, why = live_restore.get(runtime["pid"], (True, None))
    if not kept:
        kills = _worse(kills, kept)
        because.append(why)
    return {
        "kills_pods": kills,
        "stops_control_plane": unit_name in SERVER_UNITS or _starts_control_plane(processes, cgroup),
        "because": because,
    }


def _worse(kills, kept):
    """Return what is to be said of a restart that a dockerd's containers do not (False) or may not (None) survive."""
    return True if kills or kept is False else None


def _starts_control_plane(processes, cgroup):
    """Return whether what runs in this daemon's unit, not in a pod, is a control plane: k0s starts it beside its containerd, and a
    server of k3s is one, in a unit that may have any name (INSTALL_K3S_NAME).
    """
    return any(
        process["name"] in CONTROL_PLANE + ("etcd", "k3s-server") and not process["nested"] and _together(process["cgroup"], cgroup)
        for process in processes
    )


def bound_units(unit, systemd_units):
    """Return the running services that stop or restart with this one; a socket or a target holds no pod."""
    return [
        name
        for name in bound_to(unit)
        if name.endswith(".service") and systemd_units.get(name, {}).get("ActiveState") in RUNNING
    ]


def uses_unknown(kubelet):
    """Return whether the kubelet is told to use a runtime of which nothing is known here."""
    return any(word in (kubelet["endpoint"] or "") for word in UNKNOWN)


def used_by_kubelet(runtimes, kubelet):
    """Return the runtimes that the kubelet's pods depend on; each one found where no kubelet says which."""
    embedded = [runtime for runtime in runtimes if runtime["name"] in ("k3s", "rke2")]
    if embedded:
        return embedded
    if not (kubelet["running"] or kubelet["enabled"]):
        return runtimes
    endpoint = kubelet["endpoint"] or ""
    if kubelet["dockershim"] or "docker" in endpoint:
        # dockerd has containerd start the shims, so both must be sound.
        wanted = ("docker", "containerd")
    elif "crio" in endpoint:
        wanted = ("cri-o",)
    elif "containerd" in endpoint:
        wanted = ("containerd",)
    elif uses_unknown(kubelet):
        wanted = ()
    else:
        return runtimes
    used = [runtime for runtime in runtimes if runtime["name"] in wanted]
    if "docker" in wanted and not any(runtime["name"] == "docker" for runtime in used):
        return []  # a containerd alone runs no pod of theirs
    return _listening(used, _path(endpoint)) if wanted == ("containerd",) else used


def _listening(runtimes, path):
    """Return the containerds that may listen there: where one says so it is that one, and one that names another socket (k0s', dockerd's own) does not."""
    return [runtime for runtime in runtimes if runtime["socket"] == path] or [runtime for runtime in runtimes if runtime["socket"] is None]
