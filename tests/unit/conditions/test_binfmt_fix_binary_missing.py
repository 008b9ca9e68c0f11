# -*- coding: utf-8 -*-
"""Emulators that containers find, that they do not, and that the next boot forgets."""

from __future__ import absolute_import, division, print_function

import pytest
import recorded
import runtime_hosts
from recorded import recording
from runtime_hosts import KUBELET

__metaclass__ = type

MOUNTED = "113 39 0:45 / /proc/sys/fs/binfmt_misc rw,relatime shared:62 - binfmt_misc binfmt_misc rw\n"
AUTOFS = "39 26 0:33 / /proc/sys/fs/binfmt_misc rw,relatime shared:16 - autofs systemd-1 rw,fd=29,pgrp=1,timeout=0\n"
FOLDER = "/proc/sys/fs/binfmt_misc/"
WITH = {FOLDER + "qemu-aarch64": recording("binfmt/with-flag.txt")}
WITHOUT = {FOLDER + "qemu-aarch64": recording("binfmt/without-flag.txt")}
DISABLED = {FOLDER + "qemu-aarch64": recording("binfmt/with-flag.txt").replace("enabled", "disabled")}
CONFIGURATION = recording("binfmt/bookworm-qemu-aarch64.conf")
INTERPRETER = {"/usr/libexec/qemu-binfmt/aarch64-binfmt-P": ""}
BOOT = dict(INTERPRETER, **{"/usr/lib/binfmt.d/qemu-aarch64.conf": CONFIGURATION})
WITHOUT_BOOT = dict(INTERPRETER, **{"/usr/lib/binfmt.d/qemu-aarch64.conf": CONFIGURATION.replace(":OPF", ":OP")})
MASKED = {"/etc/systemd/system/systemd-binfmt.service": "/dev/null"}
ARM = ["linux/arm64"]


def judge(files=None, mountinfo=MOUNTED, platforms=None, node=True, machine="x86_64", **more):
    every = dict({"/proc/self/mountinfo": mountinfo, FOLDER + "status": "enabled\n"}, **(files or {}))
    host = runtime_hosts.host([KUBELET] if node else [], files=every, commands={"uname -m": machine + "\n"}, **more)
    return recorded.judge("binfmt_fix_binary_missing", host, binfmt_platforms=platforms)


TABLE = {
    "registered with the flag, now and at boot": ({"files": dict(WITH, **BOOT)}, "ok", "Registered"),
    "the same, asked for": ({"files": dict(WITH, **BOOT), "platforms": ARM}, "ok", "Registered"),
    "registered without the flag": ({"files": dict(WITHOUT, **BOOT)}, "faulty", "FlagMissing"),
    "a privileged container has registered it": ({"files": WITH}, "at_risk", "NotPersistent"),
    "the boot will forget the flag": ({"files": dict(WITH, **WITHOUT_BOOT)}, "at_risk", "NotPersistent"),
    "the boot will find no interpreter": ({"files": dict(WITH, **{"/etc/binfmt.d/q.conf": CONFIGURATION})}, "at_risk", "NotPersistent"),
    "systemd-binfmt is masked": ({"files": dict(WITH, **BOOT), "links": MASKED}, "at_risk", "NotPersistent"),
    "asked for, not registered": ({"platforms": ARM}, "faulty", "HandlerMissing"),
    "asked for, another one is registered": ({"files": dict(WITH, **BOOT), "platforms": ["linux/s390x"]}, "faulty", "HandlerMissing"),
    "asked for, disabled": ({"files": dict(DISABLED, **BOOT), "platforms": ARM}, "faulty", "HandlerDisabled"),
    "disabled, and nobody asks": ({"files": dict(DISABLED, **BOOT)}, "ok", "Registered"),
    "not mounted, nothing registers it": ({"mountinfo": AUTOFS, "platforms": ARM}, "faulty", "NotConfigured"),
    "not mounted, the boot registers it": ({"mountinfo": AUTOFS, "files": BOOT, "platforms": ARM}, "unknown", "NotMounted"),
    "not mounted, nobody asks": ({"mountinfo": AUTOFS, "files": BOOT}, "not_applicable", "NoEmulator"),
    "Python only": ({"files": {FOLDER + "python3.11": "enabled\ninterpreter /usr/bin/python3.11\nflags: \n"}}, "not_applicable", "NoEmulator"),
    "the host's own CPU": ({"platforms": ARM, "machine": "aarch64"}, "not_applicable", "NoEmulator"),
    "no node": ({"files": WITHOUT, "node": False}, "not_applicable", "NotANode"),
    "not yet a node, and asked for": ({"platforms": ARM, "node": False}, "faulty", "HandlerMissing"),
    "not a handler": ({"files": {FOLDER + "qemu-aarch64": "garbage"}}, "unknown", "Unreadable"),
}


@pytest.mark.parametrize("name", sorted(TABLE))
def test_verdict(name):
    arguments, status, reason = TABLE[name]
    verdict = judge(**arguments)
    assert (verdict.status, verdict.reason) == (status, reason)


def test_every_bad_emulator_is_named():
    files = dict(WITHOUT, **{FOLDER + "qemu-arm": recording("binfmt/without-flag.txt").replace("aarch64", "arm")})
    assert judge(files).message == "qemu-aarch64, qemu-arm: registered without the flag F, so containers do not find the emulator."


def test_only_what_is_asked_for_is_judged():
    assert judge(dict(WITHOUT, **BOOT), platforms=["linux/amd64", "linux/s390x"]).message == "qemu-s390x: not registered."


def test_what_the_role_goes_by():
    evidence = judge(dict(WITHOUT, **BOOT), platforms=ARM + ["linux/s390x"]).evidence
    assert (evidence["lacking_now"], evidence["lacking_at_boot"]) == (["aarch64", "s390x"], ["s390x"])
    evidence = judge(dict(WITH, **{"/etc/os-release": "ID=debian\nVERSION_ID=12\n"})).evidence
    assert (evidence["lacking_now"], evidence["lacking_at_boot"], evidence["family"], evidence["major"]) == ([], ["aarch64"], "debian", 12)
