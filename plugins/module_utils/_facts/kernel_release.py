# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""Fact: the release of the running kernel, as its vendor writes it."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re

from .._host import Unavailable
from .._source import reads

PATH = "/proc/sys/kernel/osrelease"
# What is assumed when the operator gives no floor: binfmt_misc's fix-binary flag came with 4.8 (node_facts 4.1).
DEFAULT_FLOOR = "4.8"

SOURCES = (
    reads(PATH, "the release of the running kernel (uname -r)"),
    reads("/proc/version", "the running kernel's patch level, which Debian's releases lack up to 6.1.0-N"),
    reads("/proc/version_signature", "the same on Ubuntu, whose releases all lack it"),
)

# "Linux version 6.1.0-26-amd64 (...) #1 SMP PREEMPT_DYNAMIC Debian 6.1.112-1 (2024-09-30)"; the compiler before it names Debian, too.
_DEBIAN = re.compile(r"#\d.* Debian (\d+(?:\.\d+)+)")
# "Ubuntu 4.15.0-55.60~16.04.2-generic 4.15.18"
_UBUNTU = re.compile(r"^Ubuntu \S+ (\d+(?:\.\d+)+)$")

# An RPM's release ends in its architecture, after which EL names the variant: x86_64+rt-debug, on EL 7 x86_64.debug. EL 8 and older
# and Oracle write it into the version, too: 553.rt7.342.el8_10, el8uek.
_ARCHITECTURE = re.compile(r"\.(?:x86_64|aarch64|ppc64le|ppc64|s390x|riscv64|loongarch64|i686|armv7hl)(?:[+.](.+))?$")
_IN_VERSION = (("uek", re.compile(r"uek\b")), ("rt", re.compile(r"\.rt\d")))
# Debian, Ubuntu and SUSE end in it: 6.1.0-50-cloud-amd64, 6.12.95+deb12-amd64, 5.10.0-0.deb10.30-amd64, 5.14.21-150500.53-default,
# 5.3.18-lp152.106-default (Leap 15.0 to 15.2), 6.12.74+deb13+1-amd64 (where the package was built anew, linux-signed-amd64 6.12.74-2).
_LAST = re.compile(r"^[\d.]+(?:~\w+)?(?:(?:(?:[+][\w.]+)+|-(?:lp)?\d[\w.]*)-(.+)|-([A-Za-z].*))$")

_RELEASE = re.compile(r"^(\d+(?:\.\d+)+)(?:-(\d+(?:\.\d+)*))?")

# Whose kernel it is, by the mark the vendor leaves in the release; the first that matches. ELRepo's releases
# end in .el7.elrepo, so it comes before Red Hat; openEuler's in .oe1 or .oe2203sp1; Debian's and Ubuntu's in a flavour.
_VENDORS = tuple(
    (vendor, re.compile(pattern))
    for vendor, pattern in (
        ("microsoft-wsl", r"(?i)-microsoft"),
        ("elrepo", r"\.elrepo\b"),
        ("amazon", r"\.amzn\d"),
        ("openeuler", r"\.oe\d"),
        ("oracle-uek", r"uek\b"),
        ("redhat", r"\.el\d"),
        ("fedora", r"\.fc\d"),
        ("ubuntu", r"^[\d.]+-\d+-(?:generic|lowlatency|kvm|virtual|aws|azure|gcp|gke|gkeop|ibm|oracle|nvidia|raspi)\b"),
        ("debian", r"^[\d.]+-\d+(?:\.bpo\.\d+)?-(?:cloud-|rt-)?(?:amd64|arm64|armmp|686|i386|ppc64el|s390x|riscv64|loong64)\b"),
        ("debian", r"^[\d.]+(?:\+deb\d+|\+bpo|-0\.deb\d+|-0\.bpo)"),
        ("suse", r"-(?:default|preempt|azure)$"),
    )
)


def parse(text):
    """Return {release, version, build, vendor, flavour} of a release text.

    version  the numbers before the first dash, [4, 18, 0]
    build    the numbers right after it, [553] of 4.18.0-553.el8_10.x86_64; empty where there are none
    vendor   "redhat", "elrepo", "debian", "ubuntu", "amazon", "openeuler", "suse", "fedora", "oracle-uek",
             "microsoft-wsl", or None where the release bears no mark that is known
    flavour  see flavour_of()
    """
    release = text.strip()
    match = _RELEASE.match(release)
    if not match:
        raise ValueError("not the release of a kernel: %r" % release[:80])
    return {
        "release": release,
        "version": _numbers(match.group(1)),
        "build": _numbers(match.group(2)),
        "vendor": vendor_of(release),
        "flavour": flavour_of(release),
    }


def vendor_of(release):
    """Return whose kernel it is by the mark in its release, or None."""
    return next((vendor for vendor, pattern in _VENDORS if pattern.search(release)), None)


def flavour_of(release):
    """Return which of a vendor's kernels it is: "cloud-amd64", "generic", "default", "rt", "debug", "uek"; empty for EL's plain one."""
    match = _ARCHITECTURE.search(release)
    if match:
        words = [name for name, pattern in _IN_VERSION if pattern.search(release)]
        return "-".join(words + ([match.group(1)] if match.group(1) else []))
    match = _LAST.match(release)
    return (match.group(1) or match.group(2)) if match else ""


def _numbers(text):
    return [int(part) for part in text.split(".")] if text else []


def hides_patch_level(release):
    """Return whether a parsed release may stand for any patch level: 6.1.0-50-amd64 and 5.15.0-113-generic, not 6.1-50 and not 6.12.95+deb12-amd64."""
    return release["version"][2:] == [0]


def patch_level(release, signature):
    """Return the numbers of a Debian version 6.1.112-1 or of an Ubuntu signature, where they are the parsed release's own patch level, else None."""
    numbers = _numbers(signature)
    return numbers if hides_patch_level(release) and numbers[:2] == release["version"][:2] else None


def undecided(release, floor):
    """Return whether only the patch level, which a parsed release lacks, tells whether it is below a parsed floor."""
    same_series = release["version"][:2] == floor["version"][:2]
    lacks = hides_patch_level(release) and not release.get("patch_level")
    return lacks and same_series and not floor["build"] and any(floor["version"][2:])


def below(release, floor):
    """Return whether a parsed release is below a parsed floor; the build counts only where the floor names one.

    The patch level decides where it is known, unless the floor is written as a release with a build.
    """
    version = release["version"] if floor["build"] else release.get("patch_level") or release["version"]
    version, wanted = _padded(version, floor["version"])
    if version != wanted or not floor["build"]:
        return version < wanted
    build, wanted = _padded(release["build"], floor["build"])
    return build < wanted


def _padded(one, other):
    length = max(len(one), len(other))
    return one + [0] * (length - len(one)), other + [0] * (length - len(other))


def parse_floor(text):
    """Return a floor such as "4.8" or "4.18.0-553" in the shape of parse(); unlike a release it may be one number."""
    match = re.match(r"^v?(\d+(?:\.\d+)*)(?:-(\d+(?:\.\d+)*))?", text.strip())
    if not match:
        raise ValueError("not a version of a kernel: %r" % text)
    return {"version": _numbers(match.group(1)), "build": _numbers(match.group(2))}


def collect(host):
    """Return parse() of the running kernel's release and its patch_level: numbers, or None where the release tells it or nothing does."""
    text = host.read(PATH)
    if text is None:
        raise Unavailable("Unreadable", "%s does not exist." % PATH)
    release = parse(text)
    return dict(release, patch_level=patch_level(release, _signature(host)))


def _signature(host):
    for path, pattern in (("/proc/version_signature", _UBUNTU), ("/proc/version", _DEBIAN)):
        try:
            match = pattern.search((host.read(path) or "").strip())
        except Unavailable:  # hardened: then the release has to do
            continue
        if match:
            return match.group(1)
    return ""
