# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""Fact: the kernel feature behind the floor of 4.8, as far as it can be seen: binfmt_misc handlers that bring their interpreter along.

With the flag F (fix binary, Linux 4.8, commit 948b701a607f) the kernel opens the interpreter when the handler is registered,
so that it works inside containers, which do not have it. A kernel without it refuses such a handler with EINVAL.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from .._host import Unavailable
from .._source import reads

MOUNT_POINT = "/proc/sys/fs/binfmt_misc"
# binfmt.d(5): a file in an earlier directory replaces one of the same name in a later.
DIRECTORIES = ("/etc/binfmt.d", "/run/binfmt.d", "/usr/local/lib/binfmt.d", "/usr/lib/binfmt.d", "/lib/binfmt.d")

SOURCES = tuple(
    [
        reads("/proc/self/mountinfo", "whether binfmt_misc itself is mounted; what lies below an automount is never looked at"),
        reads(MOUNT_POINT, "the names of registered handlers"),
        reads(MOUNT_POINT + "/*", "interpreter and flags of a handler"),
        reads("*qemu-*", "whether the interpreter of a handler that is asked for exists"),
    ]
    + [reads(directory, "handlers that the host is asked to register at boot") for directory in DIRECTORIES]
    + [reads(directory + "/*.conf", "name, interpreter and flags of such a handler") for directory in DIRECTORIES]
)


def parse_handler(text):
    """Return {enabled, interpreter, flags} of one file below binfmt_misc."""
    lines = text.splitlines()
    if not lines or lines[0] not in ("enabled", "disabled"):
        raise ValueError("not a binfmt_misc handler: %r" % text[:80])
    handler = {"enabled": lines[0] == "enabled", "interpreter": None, "flags": ""}
    for line in lines[1:]:
        if line.startswith("interpreter "):
            handler["interpreter"] = line[len("interpreter ") :]
        elif line.startswith("flags:"):
            handler["flags"] = line[len("flags:") :].strip()
    return handler


def parse_configuration(text):
    """Return [{name, interpreter, flags}] of a binfmt.d file; the first character of a line is its delimiter."""
    handlers = []
    for line in text.splitlines():
        line = line.strip()
        if not line or line[0] in "#;":
            continue
        fields = line[1:].split(line[0])
        if len(fields) >= 6:  # name:type:offset:magic:mask:interpreter:flags
            flags = fields[6] if len(fields) > 6 else ""
            handlers.append({"name": fields[0], "interpreter": fields[5], "flags": flags})
    return handlers


def emulates(interpreter):
    """Return whether an interpreter runs programs of another CPU, which is what containers need the flag for."""
    path = interpreter or ""
    return path.rpartition("/")[2].startswith("qemu-") or "/qemu-binfmt/" in path  # Debian's links are named after the CPU


def collect(host):
    """Return {binfmt_mounted, handlers, requested, fix_binary}.

    handlers    {name: {enabled, interpreter, flags}}; empty where binfmt_misc is not mounted
    requested   [{name, interpreter, flags, present}] of emulators in binfmt.d that ask for F; present: the interpreter exists
    fix_binary  True: a handler has the flag, so the kernel knows it; False: an emulator is in use without it, or one that
                asks for it was not taken when others of binfmt.d were; None: nothing shows it
    """
    mounted = host.mounted(MOUNT_POINT) == "binfmt_misc"  # systemd mounts an autofs there first
    handlers = _handlers(host) if mounted else {}
    configured = _configured(host)
    requested = [
        dict(item, present=host.exists(item["interpreter"]))
        for item in configured
        if "F" in item["flags"] and emulates(item["interpreter"])
    ]
    # systemd-binfmt may be masked or not have run since: then nobody has asked the kernel.
    tried = any(item["name"] in handlers for item in configured)
    refused = [item for item in requested if tried and item["present"] and item["name"] not in handlers]
    fix_binary = None
    if any("F" in handler["flags"] for handler in handlers.values()):
        fix_binary = True
    elif refused or any(emulates(handler["interpreter"]) for handler in handlers.values()):
        fix_binary = False
    return {"binfmt_mounted": mounted, "handlers": handlers, "requested": requested, "fix_binary": fix_binary}


def _handlers(host):
    handlers = {}
    for name in host.listdir(MOUNT_POINT) or []:
        if name in ("register", "status"):
            continue
        text = host.read("%s/%s" % (MOUNT_POINT, name))
        if text is not None:  # gone meanwhile
            handlers[name] = parse_handler(text)
    return handlers


def _configured(host):
    seen = set()
    found = []
    for directory in DIRECTORIES:
        try:
            names = host.listdir(directory) or []
        except Unavailable:
            continue
        for name in names:
            if name in seen or not name.endswith(".conf"):
                continue
            seen.add(name)
            found.extend(parse_configuration(host.read("%s/%s" % (directory, name)) or ""))
    return found
