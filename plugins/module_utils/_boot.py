# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""Which kernel GRUB starts by default and once: what has to be done for another one, and why it would not work.

Nothing here changes anything: plan() returns the steps, the module boot_kernel takes them.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re

from ._facts import boot_kernels, grub_environment, grub_menu, installed_kernels, kernel_release, os_release, secure_boot
from ._host import Unavailable
from ._pe import HEAD, is_signed

# Debian and Ubuntu read it after /etc/default/grub; nothing of the distribution's own is edited.
DROP_IN = "/etc/default/grub.d/zz-nodemend-kernel.cfg"
DROP_IN_TEXT = (
    "# Written by nodemend.kubernetes.boot_kernel. The role kernel removes it with kernel_state: rolled_back.\n"
    "# The default is the entry that grub-set-default has saved, whatever else is installed.\n"
    "GRUB_DEFAULT=saved\n"
)
DEBIAN_MENU = "/boot/grub/grub.cfg"

_NUMBER = re.compile(r"\d+(?:>\d+)*$")


class Refused(Exception):
    """Would not work, and why."""


class Boot(object):
    """What the boot loader of a host does now."""

    def __init__(self, host):
        self.host = host
        self.kernels = installed_kernels.collect(host)
        self.menu = grub_menu.collect(host)
        self.running = kernel_release.collect(host)["release"]
        found = boot_kernels.collect(host, self.menu, {"release": self.running})
        if found["loader"] != "grub":
            raise Refused("the boot loader is %s; only GRUB is known." % (found["loader"] or "not known"))
        self.default, self.next = found["default"], found["next"]
        self.pinned = self.menu["pinned"]
        self.next_is_number = bool(self.menu["next_entry"] and _NUMBER.match(self.menu["next_entry"]))

    def kernel(self, wanted):
        """Return the installed kernel of a release or path, or None."""
        for kernel in self.kernels:
            if kernel["image"] and wanted in (kernel["release"], kernel["image"]):
                return kernel
        return None

    def entry(self, release):
        """Return the id of the kernel's own entry in the menu, or None: not its recovery mode, and not "whatever is newest"."""
        for entry in self.menu["entries"]:
            name = entry["id"]
            if entry["release"] == release and not name.startswith("gnulinux-simple-") and "-recovery-" not in name:
                return name
        return None


def release_of(wanted):
    """Return the release of a kernel given by release or path."""
    release = installed_kernels.release_of(wanted) if "/" in wanted else wanted
    if not release:
        raise Refused("%s is no path of a kernel such as /boot/vmlinuz-RELEASE." % wanted)
    return release


def plan(boot, default, coming, may_be_missing=False):
    """Return the steps [("write", path, text) or ("run", argv)] that make these kernels the default and the next one.

    default         release or path, None to leave it
    coming          release or path, "" for no one-shot entry, None to leave it
    may_be_missing  a kernel that is not installed (yet) is accepted (check mode)
    """
    _refuse_lost_stub(boot)
    steps = []
    if default is not None:
        kernel = _checked(boot, default, may_be_missing)
        if kernel and (boot.default != kernel["release"] or not boot.pinned):
            steps += _default_steps(boot, kernel)
    if coming:
        _refuse_lasting_one_shot(boot)
        kernel = _checked(boot, coming, may_be_missing)
        if kernel and (boot.next != kernel["release"] or boot.next_is_number):
            steps.append(_set(boot, "next_entry", _entry(boot, kernel)))
    elif coming == "" and boot.menu["next_entry"]:
        steps.append(("run", [_editenv(boot), _environment(boot)["path"], "unset", "next_entry"]))
    return steps


def reached(boot, default, coming):
    """Return what is not as it should be after plan()'s steps, as a sentence, or None."""
    if default is not None and (boot.default != release_of(default) or not boot.pinned):
        return "GRUB would start %s by default instead of %s." % (boot.default or "what nobody knows", release_of(default))
    if coming is not None and boot.next != (release_of(coming) if coming else None):
        return "GRUB would start %s once instead of %s." % (boot.next or "no kernel", release_of(coming) if coming else "none")
    return None


def _checked(boot, wanted, may_be_missing):
    """Return the kernel after looking whether it can start; None where it is missing and may be."""
    release = release_of(wanted)
    kernel = boot.kernel(wanted)
    if kernel is None:
        if may_be_missing:
            return None
        raise Refused(
            "%s is not installed; installed are %s." % (wanted, ", ".join(one["release"] for one in boot.kernels if one["image"]) or "none")
        )
    if release == boot.running:
        return kernel  # it has started here
    if kernel["initramfs"] is None:
        raise Refused("%s has no initramfs in /boot: it would not find its root disk." % release)
    _refuse_unsigned(boot.host, kernel)
    return kernel


def _refuse_unsigned(host, kernel):
    try:
        enabled = secure_boot.collect(host)["enabled"]
        told = "Secure Boot is on"
    except Unavailable as exc:
        enabled, told = True, "Secure Boot may be on (%s)" % exc.message
    if enabled and not is_signed(host.read_bytes(kernel["image"], 0, HEAD) or b""):
        raise Refused("%s, and %s bears no signature: the firmware would not start it." % (told, kernel["image"]))


def _refuse_lasting_one_shot(boot):
    environment = _environment(boot)
    if environment["obstacle"]:
        raise Refused(
            "GRUB cannot write %s (%s), so it could not forget the one-shot entry: it would start that kernel again and again."
            % (environment["path"], environment["obstacle"])
        )
    if "next_entry" not in (boot.host.read(boot.menu["configuration"]) or ""):
        raise Refused("%s does not ask for a one-shot entry (next_entry)." % boot.menu["configuration"])


def _refuse_lost_stub(boot):
    """From EL 9 on a stub on the EFI system partition leads to /boot; where a whole menu lies there, somebody has overwritten it."""
    system = os_release.collect(boot.host)
    if system["family"] == "redhat" and (system["major"] or 0) >= 9 and boot.menu["configuration"].startswith(grub_menu.EFI):
        raise Refused(
            "%s should be the stub that leads to /boot/grub2/grub.cfg, and it was overwritten with a menu (grub2-mkconfig): GRUB and grubby"
            " look at different files. Remove both files and reinstall grub2-common and grub2-efi." % boot.menu["configuration"]
        )


def _default_steps(boot, kernel):
    host = boot.host
    debian = boot.menu["configuration"] == DEBIAN_MENU and host.which("update-grub")
    if not boot.menu["saves"] and not debian:
        raise Refused(
            "%s does not start the saved entry: set GRUB_DEFAULT=saved in /etc/default/grub and write the menu anew." % boot.menu["configuration"]
        )
    if host.which("grubby"):
        return [("run", ["grubby", "--set-default", kernel["image"]])]  # by path, never by number: numbers shift with the next kernel
    steps = [_set(boot, "saved_entry", _entry(boot, kernel))]
    if boot.menu["saves"]:
        return steps
    place = host.resolve(DEBIAN_MENU)
    if place.startswith(grub_menu.EFI):
        raise Refused("%s leads to %s: update-grub would overwrite what should be a stub there." % (DEBIAN_MENU, place))
    return steps + [("write", DROP_IN, DROP_IN_TEXT), ("run", ["update-grub"])]


def _entry(boot, kernel):
    entry = boot.entry(kernel["release"])
    if entry is None:
        raise Refused("%s has no entry of its own for %s; write the menu anew and look why." % (boot.menu["configuration"], kernel["release"]))
    return entry


def _set(boot, name, value):
    """grub-set-default, grub-reboot and SUSE's grub2-once end in the same call; this one names the file that the menu reads."""
    return ("run", [_editenv(boot), _environment(boot)["path"], "set", "%s=%s" % (name, value)])


def _editenv(boot):
    for name in ("grub2-editenv", "grub-editenv"):
        if boot.host.which(name):
            return name
    raise Unavailable("CommandMissing", "neither grub2-editenv nor grub-editenv is installed")


def _environment(boot):
    return grub_environment.collect(boot.host, boot.menu)
