#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Documentation only: it runs on the controller, in plugins/action/plan.py.

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: plan
short_description: Plan which remedies may run on which hosts, and print the plan
version_added: 0.1.0
description:
  - An action of the controller, used by the playbook C(nodemend.kubernetes.remediate). Reads what the hosts of the play have registered,
    decides by the permissions given and prints what would run, in which order, and what is refused and why.
  - The variables C(calico_manifest), C(kernel_reboot_ok), C(kernel_target_release) and C(kernel_calico_ok) of a host decide over its remedies, too.
  - Fails behind the plan where a C(nodemend_cluster_host) is not in the inventory.
  - Use it with C(run_once).
options:
  register:
    description: Name of the variable in which each host has registered its M(nodemend.kubernetes.node_condition_info).
    type: str
    default: nodemend_scan
  max_disruption:
    description: The most that a remedy may do to a host.
    type: str
    choices: [none, restart, drain, reboot]
    default: none
  conditions:
    description: The conditions to remediate. All whose verdict asks for it when not given; those that are remediated on request must be named.
    type: list
    elements: str
  clusters:
    description: Result of M(nodemend.kubernetes.cluster_hosts); the hosts have registered what their cluster has answered as C(nodemend_cluster_scan).
    type: dict
    default: {}
  cluster_changes:
    description: Whether a remedy may change a whole cluster.
    type: bool
    default: false
  drained:
    description: Your word that the hosts hold no pods, so that a remedy that would have to drain them may run.
    type: bool
    default: false
  only:
    description: Whether nothing follows the plan. It then fails where a host was not scanned, which otherwise M(nodemend.kubernetes.outcome) does.
    type: bool
    default: false
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
    max_disruption: restart
  register: planned
  run_once: true
"""

RETURN = r"""
hosts:
  description: The hosts that it has looked at, all of the play. A later play may have more, such as one that was added to change a cluster.
  returned: success
  type: list
  elements: str
  sample: [worker-1, worker-2]
plan:
  description: What is to be remediated, in the order it would run.
  returned: success
  type: list
  elements: dict
  sample:
    - host: worker-1
      cluster: null
      kubeconfig: null
      place: host
      remedy: runtime_limits
      role: runtime_limits
      conditions: [runtime_nofile_low]
      node_conditions: []
      nodes: []
      options: []
      disruption: restart
      moves_pods: false
      allowed: true
      reason: ""
unread:
  description: What a role could mend, and what could not be read, so that nothing is planned for it.
  returned: success
  type: list
  elements: dict
  sample:
    - condition: cni_token_expiring
      reason: NeedsRoot
      message: "/etc/cni/net.d/calico-kubeconfig: only root may read it"
      hosts: [worker-1]
groups:
  description: The inventory groups over which the plays run, with their hosts in order.
  returned: success
  type: dict
  sample: {nodemend_remedy_runtime_limits: [worker-1]}
maintenances:
  description:
    - For each host on which remedies share a maintenance those RV(ignore:remedies), whether it is drained for them (RV(ignore:drain)), and whether its
      control plane must be able to do without it (RV(ignore:gate)).
  returned: success
  type: dict
  sample: {worker-2: {remedies: [iptables_backend, kernel], drain: true, gate: false}}
lines:
  description: The lines that were printed.
  returned: success
  type: list
  elements: str
  sample: ["Plan (nodemend_max_disruption=restart): 1 of 1 remedies may run."]
"""
