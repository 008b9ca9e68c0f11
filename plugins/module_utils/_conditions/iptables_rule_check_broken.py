# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""iptables -C gives wrong answers: rules are appended again and again, or never written."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from .._condition import Condition, faulty, not_applicable, ok, unknown
from .._version import parse

# Releases that somebody has seen answer wrongly: from, to, backend or None for both (node_facts 3.2).
SUSPECT = (("1.8.0", "1.8.4", "nft"), ("1.8.7", "1.8.7", "nft"), ("1.8.9", "1.8.9", None), ("1.8.10", "1.8.11", "nft"))


def evaluate(iptables_check, iptables_binaries, probes):
    command = iptables_binaries["iptables"]
    evidence = {"iptables_check": iptables_check, "host_iptables": command}
    if not iptables_check:
        return not_applicable("NoCommand", "Neither the host nor k3s or RKE2 has an iptables command.", **evidence)
    called = [item for item in iptables_check if item["called"]]
    if not probes:
        calls_host = any(item["name"] == "iptables" and not item["bundled"] for item in called)
        return _by_version(command if calls_host else None, evidence)
    wrong = [item for item in called if _lies(item)]
    if wrong:
        return faulty("WrongAnswer", "%s." % "; ".join("%s %s" % (_command(item), _told(item)) for item in wrong), **evidence)
    for item in called:
        if item["error"]:
            return unknown(item["error"]["reason"], "-C could not be tried: %s" % item["error"]["message"], **evidence)
    message = "Every answer of -C was right: %s." % ", ".join(_command(item) for item in called)
    others = [item for item in iptables_check if not item["called"] and _lies(item)]
    if others:
        message += " Wrong, but not known to be called: %s." % ", ".join(_command(item) for item in others)
    return ok("RightAnswers", message, **evidence)


def suspect(version, backend):
    """Return whether a release of iptables is known to have answered wrongly somewhere."""
    return any(parse(first) <= parse(version) <= parse(last) and wrong in (None, backend) for first, last, wrong in SUSPECT)


def _by_version(command, evidence):
    if command is None or command["version"] is None:
        return unknown("ProbeNotAllowed", "The version of the iptables that is called is not known; probes: true tries -C itself.", **evidence)
    if suspect(command["version"], command["backend"]):
        message = "iptables %s (%s) may answer -C wrongly; probes: true tries it." % (command["version"], command["backend"])
        return unknown("ProbeNotAllowed", message, **evidence)
    return ok("VersionNotSuspect", "Of iptables %s (%s) no wrong answer is known." % (command["version"], command["backend"]), **evidence)


def _lies(item):
    return bool(item["missed"] or item["imagined"])


def _command(item):
    return " ".join(item["command"])


def _told(item):
    told = []
    if item["missed"]:
        told.append("denies a rule that is there (%s)" % item["missed"][0])
    if item["imagined"]:
        told.append("affirms a rule that is not there (%s)" % item["imagined"][0])
    return " and ".join(told)


CONDITION = Condition(id="iptables_rule_check_broken", evaluate=evaluate)
