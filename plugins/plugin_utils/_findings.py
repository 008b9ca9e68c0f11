# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""What the scans of many hosts say together. Pure: dicts in, dicts out.

A scan is what the task with node_condition_info registered for one host, or None where it never ran.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re

from ._hosts import fold
from ._remedies import option_of

STATUSES = ("faulty", "unknown", "at_risk", "ok", "not_applicable")
# What a summary shows in full; the rest is counted.
SHOWN = STATUSES[:3]

# The statuses on which remediate.yml plans a remedy, by the condition's remediate_on. "request" also wants the
# condition named (nodemend_conditions).
REMEDIATED = {"at_risk": ("at_risk", "faulty"), "faulty": ("faulty",), "request": ("at_risk", "faulty")}

# What ansible-core puts before a message since 2.19.
_FRAME = re.compile("^((Task|Action) failed: )+")

# docs.ansible.com, "ansible-core support matrix": the Pythons of targets.
TOO_OLD = (
    "the node's Python is too old for this controller's ansible-core: Python 3.8 needs ansible-core 2.19 or older, 3.7 needs 2.17 or older, "
    "3.6 and 2.7 (RHEL 8 and CentOS 7) need 2.16 (requirements/legacy.txt of the collection)"
)
# What basic.py says where its wrapper still runs on that Python: up to 2.16, and today.
_REFUSALS = ("ansible-core requires a minimum of Python", "Ansible requires Python")


def not_scanned(scan):
    """Return why a host has no verdicts, or None where it has."""
    if not scan:
        return "not reached by the play"
    if scan.get("unreachable"):
        return "unreachable: %s" % _first_line(scan.get("msg"))
    if "conditions" in scan:
        return None
    if _python_too_old(scan):
        return TOO_OLD
    said = scan.get("msg")
    if "MODULE FAILURE" in str(said) or "deserialization" in str(said):
        said = scan.get("module_stderr") or scan.get("module_stdout") or said
    return "failed: %s" % _first_line(said)


def not_scanned_lines(scans):
    """Return a line for each reason with its hosts, so that a dead switch is one line and not forty."""
    reasons = {}
    for host, scan in scans.items():
        reason = not_scanned(scan)
        if reason:
            reasons.setdefault(reason, []).append(host)
    return sorted("  %s: %s" % (fold(hosts), reason) for reason, hosts in reasons.items())


def _python_too_old(scan):
    """A Python that cannot even read ansible-core's wrapper stops with a SyntaxError before any of our code runs."""
    stderr = str(scan.get("module_stderr") or "") + str(scan.get("exception") or "")
    wrapper = "SyntaxError" in stderr and "AnsiballZ" in stderr
    return wrapper or any(refusal in stderr + str(scan.get("msg")) for refusal in _REFUSALS)


def _first_line(text):
    lines = [line.strip() for line in _FRAME.sub("", str(text or "no message")).splitlines() if line.strip()]
    return lines[0][:300] if lines else "no message"


def remediable(verdict):
    """Return whether the verdict is one that remediate.yml would act on, its condition being named and its option being set."""
    return bool(verdict["role"]) and (verdict["status"] in REMEDIATED.get(verdict["remediate_on"], ()) or bool(option_of(verdict)))


def findings(scans):
    """Return the verdicts of {host: scan}, grouped by condition, reason and disruption, worst status first, and those of one condition together.

    Each: the first host's verdict dict, with hosts (names in scan order) beside it.
    """
    groups = {}
    order = []
    for host, scan in scans.items():
        if not_scanned(scan):
            continue
        for verdict in scan["conditions"]:
            key = (verdict["condition"], verdict["status"], verdict["reason"], verdict["disruption"])
            if key not in groups:
                groups[key] = dict(verdict, hosts=[])
                order.append(key)
            groups[key]["hosts"].append(host)
    conditions = [key[0] for key in order]
    return sorted((groups[key] for key in order), key=lambda group: (STATUSES.index(group["status"]), conditions.index(group["condition"])))


def counts(scans):
    """Return {status: number of verdicts} over all hosts."""
    numbers = dict.fromkeys(STATUSES, 0)
    for finding in findings(scans):
        numbers[finding["status"]] += len(finding["hosts"])
    return numbers


def failures(scans, fail_on, clusters=()):
    """Return the sentences for which the playbook must end with an error; empty when it may end well.

    fail_on   statuses that the operator does not tolerate; a host that was not scanned is never tolerated
    clusters  as _clusters.clusters() has them; one that nobody could be asked about is tolerated
    """
    strange = sorted(set(fail_on) - set(STATUSES))
    if strange:
        raise ValueError("nodemend_fail_on: %s is not valid; valid are %s." % (", ".join(strange), ", ".join(STATUSES)))
    sentences = []
    missing = [host for host, scan in scans.items() if not_scanned(scan)]
    if missing:
        sentences.append("%d of %d hosts could not be scanned" % (len(missing), len(scans)))
    silent = [cluster["name"] for cluster in clusters if cluster["asked"] and not cluster["scan"]]
    if silent:
        sentences.append("%s could not be scanned" % ", ".join(silent))
    numbers = counts(dict(scans, **dict((cluster["name"], cluster["scan"]) for cluster in clusters if cluster["scan"])))
    for status in STATUSES:
        if status in fail_on and numbers[status]:
            sentences.append("%s %s (nodemend_fail_on)" % (numbers[status], status))
    return sentences
