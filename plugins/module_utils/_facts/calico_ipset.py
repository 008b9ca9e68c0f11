# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""Fact: whether the ipset inside calico-node can list the kernel's sets: what Felix logged of late, and, as a probe, what ipset says."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import calendar
import re
import time

from .. import _calico_releases, _version
from .._host import Unavailable
from .._source import reads, runs

PODS = "/var/log/pods"
# Of each log the end: Felix repeats the error with every attempt, which are at the most five minutes apart (CrashLoopBackOff).
TAIL = 256 * 1024
RECENT = 900

SOURCES = (
    reads(PODS, "the folder of calico-node's pod", root=True),
    reads(PODS + "/*/calico-node", "its two newest logs", root=True),
    reads(PODS + "/*/calico-node/*.log", "the end of them, for one error of ipset; nothing else is kept", root=True),
    runs("nsenter -t * -m -- ipset list *", "with probes only: whether calico-node's own ipset lists the sets it must", root=True),
)

_POD = re.compile(r"^[^_]+_(?:calico-node|(?:rke2-)?canal)-[^_]+_")
_LOG = re.compile(r"^(\d+)\.log$")
_ERROR = re.compile(r"ipset v([\d.]+): [Kk]ernel and userspace incompatible: settype (\S+) with revision (\d+) not supported by userspace")
_SET = re.compile(r"'ipset list ([\w:-]+)'")
_TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d+)?(Z|[+-]\d\d:\d\d)")


def parse_error(text):
    """Return {ipset, type, revision} of the error that ipset prints, or None."""
    match = _ERROR.search(text)
    return {"ipset": match.group(1), "type": match.group(2), "revision": int(match.group(3))} if match else None


def parse_log(text):
    """Return the last such error of a container's log, {ipset, type, revision, set, time}, or None.

    set   the set that could not be listed, None where all were asked for
    time  seconds since the epoch, as the runtime (CRI's text or Docker's JSON) stamped the line; None without
    """
    last = None
    for line in text.splitlines():
        error = parse_error(line)
        if error:
            name = _SET.search(line)
            last = dict(error, set=name.group(1) if name else None, time=_time(line))
    return last


def _time(line):
    stamps = _TIME.findall(line)
    if not stamps:
        return None
    # CRI stamps the beginning of a line, Docker its end.
    clock, zone = stamps[-1 if line.startswith("{") else 0]
    seconds = calendar.timegm(time.strptime(clock, "%Y-%m-%dT%H:%M:%S"))
    if zone != "Z":
        offset = int(zone[1:3]) * 3600 + int(zone[4:]) * 60
        seconds -= offset if zone[0] == "+" else -offset
    return seconds


def collect(host, calico, now, probes):
    """Return {error, age, recent, log_unavailable, probe, probe_unavailable}.

    error   the last in the logs, as parse_log() returns it; age: its seconds; recent: whether Felix still meets it
    probe   {failed, set} with the error that ipset printed now, {failed: None} where it listed all; None without probes
    """
    found = dict.fromkeys(("error", "age", "log_unavailable", "probe", "probe_unavailable"))
    found["recent"] = False
    if calico["pid"] is None:
        return found
    try:
        found["error"] = _last_error(host)
    except Unavailable as exc:
        found["log_unavailable"] = {"reason": exc.reason, "message": exc.message}
    if found["error"] and found["error"]["time"] is not None:
        found["age"] = int(now - found["error"]["time"])
        found["recent"] = found["age"] <= RECENT
    if probes:
        try:
            found["probe"] = _probe(host, calico)
        except Unavailable as exc:
            found["probe_unavailable"] = {"reason": exc.reason, "message": exc.message}
    return found


def _last_error(host):
    errors = []
    for pod in host.listdir(PODS) or []:
        if not _POD.match(pod):
            continue
        directory = "%s/%s/calico-node" % (PODS, pod)
        logs = [name for name in host.listdir(directory) or [] if _LOG.match(name)]
        logs.sort(key=lambda name: int(_LOG.match(name).group(1)))
        for name in logs[-2:]:  # the running container's, and that of the one before, which may just have ended
            error = parse_log(_tail(host, "%s/%s" % (directory, name)))
            if error:
                errors.append(error)
    return max(errors, key=lambda error: error["time"] or 0) if errors else None


def _tail(host, path):
    size = host.size(path) or 0
    data = host.read_bytes(path, max(0, size - TAIL), TAIL)
    return (data or b"").decode("utf-8", "replace")


def _probe(host, calico):
    """List as this Felix does, with the ipset of its own image: before 3.27.1 all sets at once, then Calico's by name."""
    ipset = ["nsenter", "-t", str(calico["pid"]), "-m", "--", "ipset", "list"]
    version = _version.parse(calico["version"])
    if version and _version.older(version, _calico_releases.LISTS_FOREIGN_UNTIL):
        return {"failed": parse_error(_stderr(host.run(ipset + ["-t"]))), "set": None}
    names = host.output(ipset + ["-n"]).split()
    for name in names:
        if name.startswith("cali"):
            failed = parse_error(_stderr(host.run(ipset + ["-t", name])))
            if failed:
                return {"failed": failed, "set": name}
    return {"failed": None, "set": None}


def _stderr(result):
    if result.rc != 0 and not parse_error(result.err):
        raise Unavailable("Unreadable", "ipset inside calico-node: exit code %d: %s" % (result.rc, result.err.strip()[:200]))
    return result.err
