# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""The kernel is older than what runs on it needs: foreign images that do not start, features that are silently missing."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from .._condition import Condition, at_risk, faulty, not_applicable, ok, unknown
from .._facts.kernel_release import DEFAULT_FLOOR, below, parse_floor, undecided

# Whose releases stand for any patch level of their series; others that end in .0 are that release.
WITHOUT_PATCH_LEVEL = ("debian", "ubuntu")


def evaluate(kernel_release, kernel_ownership, kernel_features=None, minimum_kernel_version=None):
    if not kernel_ownership["own"]:
        return foreign(kernel_release, kernel_ownership)
    floor = minimum_kernel_version or DEFAULT_FLOOR
    release = told(kernel_release)
    evidence = {"kernel_release": kernel_release, "minimum_kernel_version": floor, "policy": minimum_kernel_version is not None}
    if not below(kernel_release, parse_floor(floor)):
        return ok("Sufficient", "The kernel %s is not below %s." % (release, floor), **evidence)
    if kernel_release["vendor"] in WITHOUT_PATCH_LEVEL and undecided(kernel_release, parse_floor(floor)):
        message = "The kernel %s bears no patch level, and nothing in /proc tells whether it is below %s." % (release, floor)
        return unknown("PatchLevelUnknown", message, **evidence)
    if minimum_kernel_version is not None:
        return faulty("BelowPolicy", "The kernel %s is below %s, the floor that was given." % (release, floor), **evidence)
    evidence["kernel_features"] = kernel_features
    fix_binary = kernel_features["fix_binary"] if kernel_features else None
    if fix_binary:
        return ok(
            "Backported",
            "The kernel %s is below %s, but has the feature behind that floor: binfmt_misc handlers carry the flag F."
            % (release, floor),
            **evidence
        )
    if fix_binary is False:
        return faulty(
            "FeatureMissing",
            "The kernel %s is below %s, and binfmt_misc emulators are in use without the flag F: %s."
            % (release, floor, ", ".join(_emulators(kernel_features))),
            **evidence
        )
    return at_risk(
        "BelowDefaultFloor",
        "The kernel %s is below %s; nothing was seen on this host that needs more." % (release, floor),
        **evidence
    )


def told(kernel_release):
    """Return a release with the patch level behind it, where that is known."""
    level = kernel_release["patch_level"]
    return "%s (%s)" % (kernel_release["release"], ".".join(str(number) for number in level)) if level else kernel_release["release"]


def foreign(kernel_release, kernel_ownership):
    """Return the verdict for a host that runs another machine's kernel."""
    return not_applicable(
        "NotThisHostsKernel",
        "The kernel %s belongs to the machine around this %s, not to this host."
        % (kernel_release["release"], "WSL system" if kernel_ownership["kind"] == "wsl" else kernel_ownership["kind"]),
        kernel_release=kernel_release,
        kernel_ownership=kernel_ownership,
    )


def _emulators(features):
    """The handlers that lack the flag, or those that were asked for and are not there."""
    registered = sorted(name for name in features["handlers"] if "qemu-" in (features["handlers"][name]["interpreter"] or ""))
    return registered or sorted(item["name"] for item in features["requested"] if item["present"])


CONDITION = Condition(
    id="kernel_below_minimum",
    evaluate=evaluate,
    role="nodemend.kubernetes.kernel",
    remedy_scope="node",
    remediate_on="faulty",
    disruption="reboot",
    node_only=False,
)
