#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Documentation only: it runs on the controller, in plugins/action/outcome.py.

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: outcome
short_description: Print what remediate did
version_added: 0.1.0
description:
  - An action of the controller, used at the end of the playbook C(nodemend.kubernetes.remediate).
  - Fails where a remedy failed or a host was not scanned.
  - Where nothing was planned it says whether everything could be read.
  - Use it with C(run_once).
options:
  register:
    description: Name of the variable in which each host has registered its M(nodemend.kubernetes.node_condition_info).
    type: str
    default: nodemend_scan
  hosts:
    description: The return value RV(nodemend.kubernetes.plan#module:hosts), whose scans count. All hosts of the play when not given.
    type: list
    elements: str
  plan:
    description: The return value RV(nodemend.kubernetes.plan#module:plan).
    type: list
    elements: dict
    default: []
  unread:
    description: The return value RV(nodemend.kubernetes.plan#module:unread).
    type: list
    elements: dict
    default: []
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

- name: Plan
  nodemend.kubernetes.plan:
  register: planned
  run_once: true

- name: Show the outcome
  nodemend.kubernetes.outcome:
    hosts: "{{ planned.hosts }}"
    plan: "{{ planned.plan }}"
    unread: "{{ planned.unread }}"
  run_once: true
"""

RETURN = r"""
lines:
  description: The lines that were printed.
  returned: success
  type: list
  elements: str
  sample: ["Remediated and proved: 1 of 1."]
failures:
  description: Sentences for which it fails, what failed on a host and how many hosts were not scanned; empty when all is well.
  returned: success
  type: list
  elements: str
  sample: []
reboot_required:
  description: Hosts on which a new kernel waits for a reboot.
  returned: success
  type: list
  elements: str
  sample: []
"""
