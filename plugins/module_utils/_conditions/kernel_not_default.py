# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""The next boot would start another kernel than the running one: the node comes back from an unplanned reboot as something untested."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from .._condition import Condition, at_risk, ok, unknown
from .kernel_below_minimum import foreign


def evaluate(kernel_release, kernel_ownership, boot_kernels, installed_kernels=None):
    if not kernel_ownership["own"]:
        return foreign(kernel_release, kernel_ownership)
    running = kernel_release["release"]
    # A newer kernel that is merely installed is evidence, no fault: that is how every careful upgrade begins.
    evidence = {
        "boot_kernels": boot_kernels,
        "installed": [kernel["release"] for kernel in installed_kernels or []],
    }
    loader = boot_kernels["loader"]
    if loader is None:
        return unknown(
            "BootLoaderNotFound",
            "No boot loader's files were found on this host; what the next boot starts is decided elsewhere (a hypervisor, the network).",
            **evidence
        )
    if loader != "grub":
        return unknown("BootLoaderUnsupported", "The boot loader is %s; only GRUB's files can be read." % loader, **evidence)
    if boot_kernels["next_entry"]:
        coming, how = boot_kernels["next"], "once (one-shot entry \"%s\")" % boot_kernels["next_entry"]["id"]
    else:
        coming, how = boot_kernels["default"], "by default"
    if coming is None:
        entry = boot_kernels["next_entry"] or boot_kernels["default_entry"]
        return unknown(
            "DefaultUnknown",
            "%s does not tell which kernel the entry \"%s\" starts."
            % (boot_kernels["source"], entry["title"] if entry else ""),
            **evidence
        )
    if coming != running:
        reason = "NextBootDiffers" if boot_kernels["next_entry"] else "DefaultDiffers"
        return at_risk(reason, "The next boot starts %s %s; %s is running." % (coming, how, running), **evidence)
    return ok("RunningIsNext", "The next boot starts the running kernel, %s, %s." % (running, how), **evidence)


CONDITION = Condition(
    id="kernel_not_default",
    evaluate=evaluate,
    role="nodemend.kubernetes.kernel",
    remedy_scope="node",
    remediate_on="request",
    disruption="none",
    node_only=False,
)
