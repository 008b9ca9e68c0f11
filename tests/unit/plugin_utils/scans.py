# -*- coding: utf-8 -*-
"""Scans as node_condition_info returns them, with the keys that the controller's side reads."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type


def verdict(condition="runtime_nofile_low", status="faulty", **changes):
    values = {
        "condition": condition,
        "status": status,
        "reason": "Because",
        "message": "It is so.",
        "role": "nodemend.kubernetes.runtime_limits",
        "remedy_scope": "node",
        "remediate_on": "faulty",
        "disruption": "restart",
        "docs": "docs/conditions/%s.md" % condition,
    }
    values.update(changes)
    return values


def scan(*verdicts, **node):
    return {"conditions": list(verdicts), "node": node}


UNREACHABLE = {"unreachable": True, "msg": "Failed to connect to the host via ssh: Connection refused\nmore"}
