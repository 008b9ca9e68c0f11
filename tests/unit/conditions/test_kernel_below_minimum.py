# -*- coding: utf-8 -*-
"""kernel_below_minimum: every verdict, and what must not be one."""

from __future__ import absolute_import, division, print_function

import pytest
from ansible_collections.nodemend.kubernetes.plugins.module_utils._option import BadOption
from recorded import RecordedHost, judge

__metaclass__ = type

INITIAL = {"/proc/self/ns/pid": "pid:[4026531836]"}
MOUNTED = "113 39 0:45 / /proc/sys/fs/binfmt_misc rw,relatime shared:62 - binfmt_misc binfmt_misc rw\n"
AUTOFS = "39 26 0:33 / /proc/sys/fs/binfmt_misc rw,relatime shared:16 - autofs systemd-1 rw,fd=29\n"
QEMU = "enabled\ninterpreter /usr/bin/qemu-aarch64\nflags: %s\noffset 0\nmagic 7f454c46\n"
HANDLER = "/proc/sys/fs/binfmt_misc/qemu-aarch64"
JAVA = {"/proc/self/mountinfo": MOUNTED, "/proc/sys/fs/binfmt_misc/jexec": "enabled\ninterpreter /usr/bin/jexec\nflags: \noffset 0\nmagic 504b0304\n"}
EL7 = "3.10.0-1160.119.1.el7.x86_64"
DEBIAN = "Linux version 6.1.0-50-amd64 (x) (gcc-12 (Debian 12.2.0-14) 12.2.0) #1 SMP PREEMPT_DYNAMIC Debian 6.1.170-1 (2026-05-01)\n"
UBUNTU = "Ubuntu 5.15.0-113.123-generic 5.15.153\n"
ASKED = ":qemu-arm:M::x:y:/usr/bin/qemu-arm-static:F\n"
ASKED_JAVA = ":jexec:M::PK\\x03\\x04::/usr/bin/jexec:\n"


def host(release, files=None, **keywords):
    keywords.setdefault("links", INITIAL)
    return RecordedHost(dict({"/proc/sys/kernel/osrelease": release + "\n"}, **(files or {})), **keywords)


@pytest.mark.parametrize(
    "release, files, floor, status, reason",
    [
        # At the floor or above it
        ("6.1.0-50-amd64", {}, None, "ok", "Sufficient"),
        ("4.18.0-553.el8_10.x86_64", {}, None, "ok", "Sufficient"),
        ("4.8.0-22-generic", {}, None, "ok", "Sufficient"),
        ("4.14.336-257.566.amzn2.x86_64", {}, None, "ok", "Sufficient"),
        ("4.19.90-2112.8.0.0131.oe1.aarch64", {}, "4.19", "ok", "Sufficient"),
        ("6.18.44-fc-v669", {}, None, "ok", "Sufficient"),
        (EL7, {}, "3.10", "ok", "Sufficient"),
        ("4.18.0-553.el8_10.x86_64", {}, "4.18.0-553", "ok", "Sufficient"),
        # The patch level that the release lacks
        ("6.1.0-50-amd64", {"/proc/version": DEBIAN}, "6.1.90", "ok", "Sufficient"),
        ("6.1.0-50-amd64", {"/proc/version": DEBIAN}, "6.1.200", "faulty", "BelowPolicy"),
        ("5.15.0-113-generic", {"/proc/version_signature": UBUNTU}, "5.15.149", "ok", "Sufficient"),
        ("5.15.0-113-generic", {"/proc/version_signature": UBUNTU}, "5.15.160", "faulty", "BelowPolicy"),
        # Nothing tells it: only a floor of another series, or the release itself, can be compared
        ("5.15.0-113-generic", {}, "5.15.149", "unknown", "PatchLevelUnknown"),
        ("6.1.0-50-amd64", {"/proc/version": "garbage"}, "6.1.90", "unknown", "PatchLevelUnknown"),
        ("5.15.0-113-generic", {}, "6.1.90", "faulty", "BelowPolicy"),
        ("5.15.0-113-generic", {}, "5.15.0-120", "faulty", "BelowPolicy"),
        ("6.1.0", {}, "6.1.90", "faulty", "BelowPolicy"),
        ("4.18.0-553.el8_10.x86_64", {}, "4.18.20", "faulty", "BelowPolicy"),
        # The operator's floor is policy, whatever the vendor has backported
        ("4.18.0-553.el8_10.x86_64", {}, "4.19", "faulty", "BelowPolicy"),
        ("4.18.0-305.el8.x86_64", {}, "4.18.0-553", "faulty", "BelowPolicy"),
        (EL7, {}, "4.8", "faulty", "BelowPolicy"),
        (EL7, {"/proc/self/mountinfo": MOUNTED, HANDLER: QEMU % "OCF"}, "4.8", "faulty", "BelowPolicy"),
        # Below 4.8: the feature decides
        (EL7, {"/proc/self/mountinfo": MOUNTED, HANDLER: QEMU % "OCF"}, None, "ok", "Backported"),
        ("4.4.0-210-generic", {"/proc/self/mountinfo": AUTOFS + MOUNTED, HANDLER: QEMU % "F"}, None, "ok", "Backported"),
        (EL7, {"/proc/self/mountinfo": MOUNTED, HANDLER: QEMU % "OC"}, None, "faulty", "FeatureMissing"),
        (EL7, dict(JAVA, **{"/usr/lib/binfmt.d/q.conf": ASKED + ASKED_JAVA, "/usr/bin/qemu-arm-static": ""}), None, "faulty", "FeatureMissing"),
        # Below it, and nothing shown
        (EL7, {}, None, "at_risk", "BelowDefaultFloor"),
        (EL7, dict(JAVA, **{"/usr/lib/binfmt.d/q.conf": ASKED, "/usr/bin/qemu-arm-static": ""}), None, "at_risk", "BelowDefaultFloor"),
        (EL7, JAVA, None, "at_risk", "BelowDefaultFloor"),
        (EL7, {"/proc/self/mountinfo": AUTOFS, HANDLER: QEMU % "OC"}, None, "at_risk", "BelowDefaultFloor"),
        (EL7, {"/proc/self/mountinfo": MOUNTED, HANDLER: "\0garbage"}, None, "at_risk", "BelowDefaultFloor"),
        # The look-alike: an emulator without the flag on a kernel that has the feature is another condition's matter
        ("5.15.0-113-generic", {"/proc/self/mountinfo": MOUNTED, HANDLER: QEMU % "OC"}, None, "ok", "Sufficient"),
        # Not this host's kernel
        (EL7, {"/run/systemd/container": "docker\n"}, "4.8", "not_applicable", "NotThisHostsKernel"),
        (EL7, {"/proc/1/environ": "container=lxc\0"}, None, "not_applicable", "NotThisHostsKernel"),
        ("4.4.0-19041-Microsoft", {}, "4.8", "not_applicable", "NotThisHostsKernel"),
        ("5.15.153.1-microsoft-standard-WSL2", {}, None, "not_applicable", "NotThisHostsKernel"),
        # Could not be read
        ("garbage", {}, None, "unknown", "Unreadable"),
    ],
)
def test_verdict(release, files, floor, status, reason):
    options = {"minimum_kernel_version": floor} if floor else {}
    verdict = judge("kernel_below_minimum", host(release, files), **options)
    assert (verdict.status, verdict.reason) == (status, reason)
    if status != "unknown":
        assert release in verdict.message


def test_no_release():
    verdict = judge("kernel_below_minimum", RecordedHost({}, links=INITIAL))
    assert (verdict.status, verdict.reason) == ("unknown", "Unreadable")


def test_needs_no_node():
    verdict = judge("kernel_below_minimum", host("6.1.0-50-amd64"))
    assert verdict.status == "ok"


def test_needs_no_root():
    files = {"/proc/1/environ": "container=lxc\0", "/proc/self/mountinfo": MOUNTED, HANDLER: QEMU % "OC"}
    verdict = judge("kernel_below_minimum", host(EL7, files, denied=("/proc/1/environ",), root=False))
    assert verdict.reason == "FeatureMissing"


def test_features_that_cannot_be_read_are_no_proof():
    files = {"/proc/self/mountinfo": MOUNTED, HANDLER: QEMU % "OC"}
    verdict = judge("kernel_below_minimum", host(EL7, files, denied=("/proc/self/mountinfo",), root=False))
    assert verdict.reason == "BelowDefaultFloor"


def test_message_names_the_patch_level():
    verdict = judge("kernel_below_minimum", host("6.1.0-50-amd64", {"/proc/version": DEBIAN}), minimum_kernel_version="6.1.200")
    assert verdict.message == "The kernel 6.1.0-50-amd64 (6.1.170) is below 6.1.200, the floor that was given."


@pytest.mark.parametrize(
    "release, files, around",
    [(EL7, {"/run/systemd/container": "docker\n"}, "container"), ("5.15.153.1-microsoft-standard-WSL2", {}, "WSL system")],
)
def test_message_names_what_the_host_is_inside_of(release, files, around):
    verdict = judge("kernel_below_minimum", host(release, files))
    assert verdict.message == "The kernel %s belongs to the machine around this %s, not to this host." % (release, around)


def test_message_names_the_emulators():
    verdict = judge("kernel_below_minimum", host(EL7, {"/proc/self/mountinfo": MOUNTED, HANDLER: QEMU % "OC"}))
    assert verdict.message == (
        "The kernel 3.10.0-1160.119.1.el7.x86_64 is below 4.8, and binfmt_misc emulators are in use without the flag F: qemu-aarch64."
    )


@pytest.mark.parametrize("floor", [6.2, 5, "new", ""])
def test_bad_floor(floor):
    recorded = host("6.18.44")
    with pytest.raises(BadOption):
        judge("kernel_below_minimum", recorded, minimum_kernel_version=floor)
    recorded.close()
