# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""The variables of the playbooks. A test holds the names equal to those that the guides have and the playbooks use."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

OPERATORS = (
    "nodemend_become",
    "nodemend_certificate_expiry_days",
    "nodemend_cluster_changes",
    "nodemend_cluster_host",
    "nodemend_conditions",
    "nodemend_container_minimum_nofile",
    "nodemend_control_plane_group",
    "nodemend_drained",
    "nodemend_dump_timeout",
    "nodemend_expected_ports",
    "nodemend_fail_on",
    "nodemend_hosts",
    "nodemend_kubeconfig",
    "nodemend_kubectl",
    "nodemend_max_disruption",
    "nodemend_maximum_evicted_pods",
    "nodemend_maximum_surplus_rules",
    "nodemend_minimum_calico_version",
    "nodemend_plan_only",
    "nodemend_probes",
    "nodemend_report",
    "nodemend_serial",
    "nodemend_symptoms",
    "nodemend_timeout",
)
OWN = (
    "nodemend_answer",
    "nodemend_asked",
    "nodemend_begun",
    "nodemend_cluster",
    "nodemend_cluster_scan",
    "nodemend_clusters",
    "nodemend_clusters_wanted",
    "nodemend_cordoned",
    "nodemend_evidence",
    "nodemend_failed",
    "nodemend_failure",
    "nodemend_hint",
    "nodemend_lacks",
    "nodemend_lacks_before",
    "nodemend_left",
    "nodemend_locked",
    "nodemend_maintenance",
    "nodemend_owners",
    "nodemend_planned",
    "nodemend_planned_here",
    "nodemend_proof",
    "nodemend_proved",
    "nodemend_remedied",
    "nodemend_remedy",
    "nodemend_risk_counts",
    "nodemend_round",
    "nodemend_routes",
    "nodemend_run",
    "nodemend_scan",
    "nodemend_turn",
    "nodemend_unlisted",
    "nodemend_waiting",
    "nodemend_waits_for_reboot",
)


def misspelt(names):
    """Return a sentence about variables that the playbooks do not have, or None. One that is misspelt is one that is not set:
    nodemend_planonly=true would remediate."""
    strange = sorted(name for name in names if name.startswith("nodemend_") and name not in OPERATORS + OWN)
    if not strange:
        return None
    return "nodemend.kubernetes has no variable %s. The operator's are %s; names that begin with nodemend_ are its own" % (
        ", ".join(strange),
        ", ".join(OPERATORS),
    )
