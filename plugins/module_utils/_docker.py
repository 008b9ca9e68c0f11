# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""Whether a dockerd that runs would keep its containers alive over a restart (docs.docker.com, "Live restore").

It asks its own settings when it stops (moby, daemon/daemon.go, Shutdown), and the next dockerd stops what it finds alive unless its settings,
from the file of that time, say so as well (restore, same file). So a file without live-restore proves that it is off, and one with it proves
nothing about a dockerd that has not read it: what runs must say so. A flag counts for both, as dockerd refuses a setting that is in both places.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import collections
import json

from ._host import Unavailable

CONFIGURATION = "/etc/docker/daemon.json"
SOCKET = "/var/run/docker.sock"

# kept     whether a restart leaves the containers running, None where nobody can tell
# because  a sentence without its full stop, where it does not or may not
LiveRestore = collections.namedtuple("LiveRestore", "kept because")

_TRUE = ("1", "t", "T", "true", "TRUE", "True")  # Go's strconv.ParseBool
_SECONDS = 5  # a dockerd that hangs accepts connections and never answers


def live_restore(host, words, age, now, asked):
    """Return the LiveRestore of a dockerd with these arguments that runs for age seconds (None: unknown); asked: whether it may be asked."""
    flag = parse_flag(words)
    if flag is not None:
        return LiveRestore(flag, None if flag else "dockerd stops its containers on a restart, --live-restore=false is a flag of it")
    path = configuration_of(words)
    settings = parse_settings(host.read(path) or "{}")
    if settings.get("live-restore") is not True:
        return LiveRestore(False, (
            "dockerd stops its containers on a restart, live-restore is off: set it in %s, then `systemctl reload docker`, before this is run again" % path
        ))
    running, why = _ask(host, socket_of(words, settings)) if asked else (None, "it was not asked, as the kubelet does not use it")
    if running is None and _read_by(host, path, age, now):
        running = True
    if running is None:
        return LiveRestore(None, (
            "dockerd may stop its containers on a restart: live-restore is on in %s, but whether the dockerd that runs has read that could not be told (%s)"
            % (path, why)
        ))
    if running:
        return LiveRestore(True, None)
    return LiveRestore(False, (
        "dockerd stops its containers on a restart: live-restore is on in %s, but not in the dockerd that runs: `systemctl reload docker`"
        " before this is run again" % path
    ))


def parse_flag(words):
    """Return what --live-restore says in the arguments of dockerd, None where it is not there. The last one counts."""
    said = None
    for word in words:
        name, equals, value = word.partition("=")
        if name == "--live-restore":
            said = value in _TRUE if equals else True
    return said


def values_of(words, *names):
    """Return the values of a flag of dockerd, in order: --host x, --host=x, -H x, -H=x, -Hx."""
    values = []
    for index, word in enumerate(words):
        for name in names:
            short = not name.startswith("--")
            if word == name:
                values.extend(words[index + 1 : index + 2])
            elif word.startswith(name + "="):
                values.append(word[len(name) + 1 :])
            elif short and word.startswith(name):
                values.append(word[len(name) :])
    return values


def configuration_of(words):
    """Return the configuration file that a dockerd with these arguments reads; a relative path is from /, where systemd starts it."""
    named = values_of(words, "--config-file")
    return "/" + named[-1].lstrip("/") if named and named[-1] else CONFIGURATION


def parse_settings(text):
    """Return the settings of a daemon.json; one that dockerd could not read has none."""
    try:
        settings = json.loads(text)
    except ValueError:
        return {}
    return settings if isinstance(settings, dict) else {}


def socket_of(words, settings):
    """Return the Unix socket that dockerd listens on, None where it has none. fd:// is docker.socket's, the same as without any address."""
    addresses = values_of(words, "-H", "--host") or settings.get("hosts") or ["fd://"]
    for address in addresses if isinstance(addresses, list) else []:
        scheme, unused, path = (u"%s" % (address,)).partition("://")
        if scheme == "unix" or scheme == "fd":
            return path if scheme == "unix" and path else SOCKET
    return None


def parse_info(text):
    """Return LiveRestoreEnabled of what GET /info answers (since Docker 1.12), None where it does not say."""
    try:
        info = json.loads(text)
    except ValueError:
        return None
    said = info.get("LiveRestoreEnabled") if isinstance(info, dict) else None
    return said if isinstance(said, bool) else None


def _ask(host, path):
    """Return (whether the dockerd that runs has live-restore on or None, why None). It runs, so no socket unit would start it for this."""
    if path is None or not path.endswith(".sock"):
        return None, "it listens on no Unix socket that is known here"
    try:
        return parse_info(host.ask(path, "/info", _SECONDS)), "%s: its answer does not say" % path
    except Unavailable as exc:
        return None, exc.message


def _read_by(host, path, age, now):
    """Return whether a file is older than the process that reads it, so that its start has read it as it is."""
    changed = host.changed(path)
    return age is not None and age >= 0 and changed is not None and changed < now - age
