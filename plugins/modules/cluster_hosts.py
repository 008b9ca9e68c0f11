#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Documentation only: it runs on the controller, in plugins/action/cluster_hosts.py.

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: cluster_hosts
short_description: Choose the hosts that answer for the clusters of a play
version_added: 0.1.0
description:
  - An action of the controller, used by the playbooks. Reads what the hosts of the play have registered and says which of them ask their
    cluster's API server, in which turn. The next one asks where the API server of the one before does not answer.
  - Those are the hosts that the scan has proved to be of the control plane and that have an administrator's kubeconfig, or the scanned hosts of the
    group C(nodemend_control_plane_group). Where a host has the variable C(nodemend_cluster_host), that one is asked instead, once for each
    C(nodemend_kubeconfig); it may be V(localhost). One that is not in the inventory has no turn; what reads the answers names it.
  - Chooses nobody where the conditions that are asked for are all those of nodes.
  - Use it with C(run_once).
options:
  register:
    description: Name of the variable in which each host has registered its M(nodemend.kubernetes.node_condition_info).
    type: str
    default: nodemend_scan
  conditions:
    description: The conditions that are asked for, of nodes and of clusters; all of them when not given.
    type: list
    elements: str
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

- name: Choose who answers for the clusters
  nodemend.kubernetes.cluster_hosts:
  register: nodemend_clusters
  run_once: true
"""

RETURN = r"""
wanted:
  description: Whether anything was asked for that concerns clusters.
  returned: success
  type: bool
  sample: true
groups:
  description: For each cluster the hosts that may ask its API server, in order.
  returned: success
  type: list
  elements: list
  sample: [[control-1]]
turns:
  description:
    - For each host that asks, its RV(ignore:turn) from 0, the hosts RV(ignore:before) it, the RV(ignore:runner) on which kubectl runs,
      and whether it needs C(become) there.
  returned: success
  type: dict
  sample: {control-1: {turn: 0, before: [], runner: control-1, become: true}}
nodes:
  description:
    - What the scans tell of the nodes' routes, for O(nodemend.kubernetes.cluster_condition_info#module:node_routes). Empty where nothing that is
      asked for needs them.
  returned: success
  type: list
  elements: dict
  sample: [{host: worker-1, name: worker-1, cluster: 5d41402abc4b2a76, addresses: [10.0.0.11], blackholes: {prefixes: [], policies: false},
           blackholes_ipv6: {prefixes: [], policies: false}}]
rounds:
  description: Number of turns.
  returned: success
  type: int
  sample: 1
"""
