# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""An emulator of another CPU that programs in containers do not find, since its handler lacks the flag F (fix binary)."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from .._condition import Condition, at_risk, faulty, not_applicable, ok, unknown


def evaluate(emulators, node, os_release=None):
    platforms, registered = emulators["platforms"], emulators["registered"]
    # What nobody asks for is judged where it is registered, and may be switched off.
    wanted = sorted(set(platforms.values()) or set(cpu for cpu in registered if registered[cpu]["enabled"]))
    passing = [cpu for cpu in wanted if not _asks(emulators["boot"].get(cpu))]
    evidence = {
        "emulators": emulators,
        "lacking_now": [cpu for cpu in wanted if not _works(registered.get(cpu))],
        "lacking_at_boot": passing,
        "family": os_release["family"] if os_release else None,
        "major": os_release["major"] if os_release else None,
    }
    if not platforms and not registered:
        return not_applicable("NoEmulator", "No emulator of QEMU is registered, and none is asked for.", **evidence)
    if not platforms and not node["present"]:
        return not_applicable("NotANode", "This host runs neither Kubernetes nor a container runtime.", **evidence)
    if not emulators["mounted"]:
        if passing:
            return faulty("NotConfigured", "Nothing on this host registers %s with the flag F." % _names(passing), **evidence)
        return unknown(
            "NotMounted",
            "%s would be registered at boot, but binfmt_misc is not mounted here, so nobody can tell." % _names(wanted),
            **evidence
        )
    for reason, said, lacks in (
        ("HandlerMissing", "not registered", lambda handler: not handler),
        ("HandlerDisabled", "disabled", lambda handler: not handler["enabled"]),
        ("FlagMissing", "registered without the flag F, so containers do not find the emulator", lambda handler: "F" not in handler["flags"]),
    ):
        bad = [cpu for cpu in wanted if lacks(registered.get(cpu))]
        if bad:
            return faulty(reason, "%s: %s." % (_names(bad), said), **evidence)
    if passing:
        return at_risk("NotPersistent", "%s: registered with the flag F, but nothing does so at the next boot." % _names(passing), **evidence)
    return ok("Registered", "%s: registered with the flag F, now and at boot." % (_names(wanted) or "None enabled"), **evidence)


def _asks(entry):
    """Whether what the host registers at boot has the flag, and its interpreter exists."""
    return bool(entry) and "F" in entry["flags"] and entry["present"]


def _works(handler):
    return bool(handler) and handler["enabled"] and "F" in handler["flags"]


def _names(cpus):
    return ", ".join("qemu-" + cpu for cpu in cpus)


# A blank host that is asked for platforms is judged, too.
CONDITION = Condition(
    id="binfmt_fix_binary_missing",
    evaluate=evaluate,
    role="nodemend.kubernetes.binfmt",
    remedy_scope="node",
    remediate_on="faulty",
    disruption="none",
    node_only=False,
)
