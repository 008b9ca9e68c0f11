#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Documentation only: it runs on the controller, in plugins/action/summary.py.

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: summary
short_description: Print what a scan of many hosts found
version_added: 0.1.0
description:
  - An action of the controller, used by the playbook C(nodemend.kubernetes.scan). Reads what the hosts of the play have registered and prints
    plain lines, findings grouped by condition and reason, the worst first, each with the command that remediates it.
  - Fails where a host was not scanned or O(fail_on) is met.
  - Use it with C(run_once).
options:
  register:
    description: Name of the variable in which each host has registered its M(nodemend.kubernetes.node_condition_info).
    type: str
    default: nodemend_scan
  clusters:
    description: What M(nodemend.kubernetes.cluster_hosts) returned, where the clusters were scanned too, each host registering C(nodemend_cluster_scan).
    type: dict
  fail_on:
    description: Statuses for which it fails, for example V(faulty).
    type: list
    elements: str
    choices: [faulty, unknown, at_risk, ok, not_applicable]
    default: []
  report:
    description: Path on the controller of a JSON report with every verdict and its evidence; readable for its owner only.
    type: path
attributes:
  check_mode:
    description: Can run in C(check_mode) and return the same result, as it changes nothing on a host.
    support: full
  diff_mode:
    description: Returns details on what has changed (or possibly needs changing in C(check_mode)), when in diff mode.
    support: N/A
    details: It changes nothing.
author:
  - The nodemend authors (@nodemend)
"""

EXAMPLES = r"""
- name: Judge every known condition
  nodemend.kubernetes.node_condition_info:
  register: nodemend_scan

- name: Show what was found, and keep it
  nodemend.kubernetes.summary:
    report: scan.json
  run_once: true
"""

RETURN = r"""
lines:
  description: The lines that were printed.
  returned: success
  type: list
  elements: str
  sample: ["Scanned 3 of 3 hosts."]
counts:
  description: Number of verdicts by status.
  returned: success
  type: dict
  sample: {faulty: 1, unknown: 0, at_risk: 0, ok: 4, not_applicable: 1}
failures:
  description: Sentences for which it fails; empty when all is as wanted.
  returned: always
  type: list
  elements: str
  sample: ["1 faulty (nodemend_fail_on)"]
report:
  description: Path of the report.
  returned: when O(report) is given
  type: str
  sample: /home/me/scan.json
"""
