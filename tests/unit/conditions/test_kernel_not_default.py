# -*- coding: utf-8 -*-
"""kernel_not_default: every verdict, and what must not be one."""

from __future__ import absolute_import, division, print_function

import pytest
from recorded import TIMED_OUT, RecordedHost, judge, recording

__metaclass__ = type

INITIAL = {"/proc/self/ns/pid": "pid:[4026531836]"}
OLD, NEW = "6.1.0-50-cloud-amd64", "6.12.95+deb12-cloud-amd64"
GRUB = recording("debian12.grub.cfg")
SAVED = GRUB.replace('set default="0"', 'set default="${saved_entry}"')
ONE_SHOT = recording("debian12-one-shot.grubenv")
NEXT_ONLY = "\n".join(line for line in ONE_SHOT.splitlines() if not line.startswith("saved_entry"))
INSTALLED = {"/boot/vmlinuz-" + OLD: "", "/boot/vmlinuz-" + NEW: ""}
MEMTEST = 'menuentry "Memory test (memtest86+)" {\n\tlinux16 /boot/memtest86+.bin\n}\n'


def host(release, files, **keywords):
    keywords.setdefault("links", INITIAL)
    return RecordedHost(dict({"/proc/sys/kernel/osrelease": release + "\n"}, **dict(INSTALLED, **files)), **keywords)


def grub(text=GRUB, environment=None):
    files = {"/boot/grub/grub.cfg": text}
    if environment is not None:
        files["/boot/grub/grubenv"] = environment
    return files


@pytest.mark.parametrize(
    "running, files, status, reason",
    [
        (NEW, grub(), "ok", "RunningIsNext"),
        (OLD, grub(), "at_risk", "DefaultDiffers"),
        # A newer kernel merely installed is no fault
        (OLD, grub(SAVED, ONE_SHOT.replace("next_entry", "other")), "ok", "RunningIsNext"),
        (NEW, grub(SAVED, ONE_SHOT.replace("next_entry", "other")), "at_risk", "DefaultDiffers"),
        # One-shot entries
        (OLD, grub(SAVED, ONE_SHOT), "at_risk", "NextBootDiffers"),
        (NEW, grub(SAVED, ONE_SHOT), "ok", "RunningIsNext"),
        (OLD, grub(GRUB, NEXT_ONLY), "at_risk", "NextBootDiffers"),
        # saved_entry is missing: GRUB starts the first
        (OLD, grub(SAVED, recording("debian12-new.grubenv")), "at_risk", "DefaultDiffers"),
        # The running kernel was removed
        ("6.0.0-1-amd64", grub(), "at_risk", "DefaultDiffers"),
        # What the default starts has no release
        (OLD, grub(MEMTEST + GRUB), "unknown", "DefaultUnknown"),
        # Other loaders, and none
        (OLD, {"/boot/extlinux/extlinux.conf": ""}, "unknown", "BootLoaderUnsupported"),
        (OLD, {"/boot/efi/loader/loader.conf": ""}, "unknown", "BootLoaderUnsupported"),
        (OLD, {}, "unknown", "BootLoaderNotFound"),
        (OLD, {"/boot/grub/grub.cfg": "\0garbage {"}, "unknown", "BootLoaderNotFound"),
        # Not this host's kernel
        (OLD, dict(grub(), **{"/run/systemd/container": "lxc"}), "not_applicable", "NotThisHostsKernel"),
        ("5.15.153.1-microsoft-standard-WSL2", grub(), "not_applicable", "NotThisHostsKernel"),
    ],
)
def test_verdict(running, files, status, reason):
    verdict = judge("kernel_not_default", host(running, files))
    assert (verdict.status, verdict.reason) == (status, reason)
    assert verdict.status != "faulty"


def test_message():
    verdict = judge("kernel_not_default", host(OLD, grub()))
    assert verdict.message == "The next boot starts 6.12.95+deb12-cloud-amd64 by default; 6.1.0-50-cloud-amd64 is running."
    assert verdict.evidence["installed"] == [NEW, OLD]


def test_a_one_shot_entry_is_named_as_grub_reboot_takes_it():
    verdict = judge("kernel_not_default", host(OLD, grub(SAVED, ONE_SHOT)))
    entry = ONE_SHOT.split("next_entry=")[1].splitlines()[0]
    assert verdict.message == "The next boot starts %s once (one-shot entry \"%s\"); %s is running." % (NEW, entry, OLD)


def test_the_entry_that_has_no_kernel_is_named():
    said = "/boot/grub/grub.cfg does not tell which kernel the entry \"Memory test (memtest86+)\" starts."
    verdict = judge("kernel_not_default", host(OLD, grub(MEMTEST + GRUB)))
    assert verdict.message == said
    # Only the next boot starts it; the default is known.
    shot = "next_entry=Memory test (memtest86+)\n"
    verdict = judge("kernel_not_default", host(OLD, grub(GRUB + MEMTEST, shot)))
    assert (verdict.reason, verdict.message) == ("DefaultUnknown", said)
    assert verdict.evidence["boot_kernels"]["default"] == NEW


def test_without_root():
    verdict = judge("kernel_not_default", host(OLD, grub(), denied=("/boot/grub/grub.cfg",), root=False))
    assert (verdict.status, verdict.reason) == ("unknown", "NeedsRoot")


def test_grubby_hangs():
    verdict = judge("kernel_not_default", host(OLD, grub(MEMTEST + GRUB), commands={"grubby --default-kernel": TIMED_OUT}))
    assert (verdict.status, verdict.reason) == ("unknown", "TimedOut")


def test_installed_kernels_are_not_needed():
    verdict = judge("kernel_not_default", host(NEW, grub(), denied=("/boot",), root=False))
    assert (verdict.status, verdict.evidence["installed"]) == ("ok", [])
