# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""A port that Kubernetes needs on this host is taken by another program, and what should listen there does not."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from .._condition import Condition, at_risk, faulty, not_applicable, ok


def evaluate(needed_ports):
    evidence = {"needed_ports": needed_ports}
    taken = [item for item in needed_ports if item["listening"] and not item["rightful"]]
    held = [item for item in taken if item["holder"]]
    if held:
        told = [
            "port %d, which %s needs, is held by %s (PID %d)" % (item["port"], item["owner"], item["holder"]["name"], item["holder"]["pid"]) for item in held
        ]
        return faulty("HeldByOther", _sentence(told), **evidence)
    if taken:
        text = "somebody listens on port %d, not %s, and no process that has it can be seen"
        told = [text % (item["port"], item["owner"]) for item in taken]
        return at_risk("HolderUnknown", _sentence(told), **evidence)
    if not needed_ports:
        return not_applicable("NoneNeeded", "No port is needed here: no Kubernetes, and expected_ports is not given.", **evidence)
    return ok("NoConflict", "Nobody else listens on %s." % ", ".join(str(item["port"]) for item in needed_ports), **evidence)


def _sentence(told):
    return "; ".join(told)[:1].upper() + "; ".join(told)[1:] + "."


CONDITION = Condition(id="port_conflict", evaluate=evaluate)
