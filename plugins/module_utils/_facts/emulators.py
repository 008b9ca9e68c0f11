# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""Fact: QEMU's emulators of other CPUs: those that the kernel has, those that the host registers at boot, those that are asked for."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re

from .._source import reads, runs
from .kernel_features import DIRECTORIES, parse_configuration
from .node import UNIT_DIRECTORIES

# Platform of an image: the CPU in the names of QEMU's handlers (docs.docker.com, "Multi-platform"; Debian's qemu-user-static).
PLATFORMS = {
    "linux/386": "i386",
    "linux/amd64": "x86_64",
    "linux/arm": "arm",
    "linux/arm64": "aarch64",
    "linux/loong64": "loongarch64",
    "linux/mips64le": "mips64el",
    "linux/ppc64le": "ppc64le",
    "linux/riscv64": "riscv64",
    "linux/s390x": "s390x",
}
# What a CPU runs besides programs of its own name.
ALSO = {"x86_64": ("i386",)}

UNIT = "systemd-binfmt.service"
# Where update-binfmts (binfmt-support) keeps what it registers at boot: a file for each, its fields one a line.
BINFMT_SUPPORT = "/var/lib/binfmts"
_SUPPORT_FIELDS = ("package", "type", "offset", "magic", "mask", "interpreter", "detector", "credentials", "preserve", "fix_binary")

SOURCES = (
    reads(BINFMT_SUPPORT, "handlers that binfmt-support registers at boot; only where an emulator is registered or asked for, as the rest"),
    reads(BINFMT_SUPPORT + "/qemu-*", "interpreter and flag of such a handler"),
    reads("*/systemd/system/" + UNIT, "whether it is masked"),
    runs("uname -m", "which programs need no emulator"),
)

# /usr/bin/qemu-aarch64-static; Debian's and Ubuntu's /usr/libexec/qemu-binfmt/aarch64-binfmt-P.
_INTERPRETER = re.compile(r"/(?:qemu-(\w+?)(?:-static)?|(\w+)-binfmt(?:-P)?)$")
_NAME = re.compile(r"qemu-(\w+)$")
# The kernel names a 32-bit CPU by its generation: armv7l, i686.
_FAMILIES = re.compile(r"^(?:(armv\d\w*)|i[3-6]86)$")


def cpu_of(name, interpreter):
    """Return the CPU that a handler emulates by QEMU, or None where it is another's (Wine, Python)."""
    match = _INTERPRETER.search(interpreter or "")
    if match:
        return match.group(1) or match.group(2)
    match = _NAME.match(name)
    return match.group(1) if match else None


def parse_support(name, text):
    """Return {name, interpreter, flags} of a file of binfmt-support."""
    fields = dict(zip(_SUPPORT_FIELDS, text.split("\n")))
    return {"name": name, "interpreter": fields.get("interpreter", ""), "flags": "F" if fields.get("fix_binary") == "yes" else ""}


def wanted(platforms, machine):
    """Return {platform: CPU} of those that the host's own CPU does not run; variants (linux/arm/v7) are one CPU."""
    machine = _FAMILIES.sub(lambda match: "arm" if match.group(1) else "i386", machine)
    cpus = dict((platform, PLATFORMS["/".join(platform.split("/")[:2])]) for platform in platforms)
    return dict((platform, cpu) for platform, cpu in cpus.items() if cpu != machine and cpu not in ALSO.get(machine, ()))


def collect(host, kernel_features, binfmt_platforms=None):
    """Return {mounted, platforms, registered, boot, masked}.

    mounted     whether binfmt_misc is, so that registered tells something
    platforms   {platform: CPU} of the option, without the host's own
    registered  {CPU: {name, enabled, interpreter, flags}} in the kernel
    boot        {CPU: {name, interpreter, flags, present, file}} that the host registers when it starts
    masked      whether systemd-binfmt.service is, which reads binfmt.d; then boot has only binfmt-support's
    """
    handlers = kernel_features["handlers"]
    registered = {}
    for name in sorted(handlers):
        cpu = cpu_of(name, handlers[name]["interpreter"])
        if cpu:
            registered[cpu] = dict(handlers[name], name=name)
    found = {"mounted": kernel_features["binfmt_mounted"], "platforms": {}, "registered": registered, "boot": {}, "masked": False}
    if binfmt_platforms:
        found["platforms"] = wanted(binfmt_platforms, host.output(["uname", "-m"]).strip())
    if registered or found["platforms"]:
        found["masked"] = any(host.readlink("%s/%s" % (directory, UNIT)) == "/dev/null" for directory in UNIT_DIRECTORIES)
        found["boot"] = _boot(host, found["masked"])
    return found


def _boot(host, masked):
    entries = [parse_support(path.rpartition("/")[2], text) for path, text in _files(host, BINFMT_SUPPORT, "qemu-", "")]
    entries = [dict(entry, file="%s/%s" % (BINFMT_SUPPORT, entry["name"])) for entry in entries]
    if not masked:
        files = {}
        for directory in reversed(DIRECTORIES):  # a file in an earlier one replaces its namesake
            files.update((path.rpartition("/")[2], (path, text)) for path, text in _files(host, directory, "", ".conf"))
        for name in sorted(files):  # systemd's order; what comes last stays
            path, text = files[name]
            entries.extend(dict(entry, file=path) for entry in parse_configuration(text))
    boot = {}
    for entry in entries:
        cpu = cpu_of(entry["name"], entry["interpreter"])
        if cpu:
            boot[cpu] = dict(entry, present=host.exists(entry["interpreter"]))
    return boot


def _files(host, directory, start, end):
    for name in host.listdir(directory) or []:
        if name.startswith(start) and name.endswith(end):
            text = host.read("%s/%s" % (directory, name))
            if text is not None:
                yield "%s/%s" % (directory, name), text
