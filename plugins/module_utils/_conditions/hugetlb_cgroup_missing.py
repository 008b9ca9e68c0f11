# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""The kubelet does not start: an interrupted start left its cgroups without those for huge pages (cgroup v1)."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from .._condition import Condition, at_risk, faulty, not_applicable, ok
from .._facts.kubelet_cgroups import settled


def evaluate(kubelet_cgroups):
    evidence = {"kubelet_cgroups": kubelet_cgroups}
    if kubelet_cgroups["version"] == 2:
        return not_applicable("CgroupV2", "This host has cgroup v2, where it cannot happen.", **evidence)
    if not kubelet_cgroups["unit"]:
        return not_applicable("NoKubelet", "systemd knows no kubelet.service here.", **evidence)
    if settled(kubelet_cgroups):
        return ok("KubeletRuns", "The kubelet has run for %d s." % kubelet_cgroups["age"], **evidence)
    runs = kubelet_cgroups["age"] is not None
    if not kubelet_cgroups["missing"]:
        if runs:
            message = "The kubelet was started %d s ago, and no cgroup for huge pages is known to be missing." % kubelet_cgroups["age"]
            return ok("KubeletStarts", message, **evidence)
        if kubelet_cgroups["complaint"] is None:
            return ok("OtherCause", "The kubelet is down, but its last start does not complain of a missing cgroup for huge pages.", **evidence)
        return ok("CgroupExists", "The kubelet is down; the cgroup for huge pages that it missed is there now.", **evidence)
    missing = ", ".join(kubelet_cgroups["missing"])
    if kubelet_cgroups["state"] in ("inactive", "deactivating"):
        return at_risk("KubeletStopped", "The kubelet was stopped; its last start failed because %s does not exist." % missing, **evidence)
    return faulty("CgroupMissing", "The kubelet does not start: %s does not exist." % missing, **evidence)


CONDITION = Condition(
    id="hugetlb_cgroup_missing",
    evaluate=evaluate,
    role="nodemend.kubernetes.kubelet_cgroups",
    remedy_scope="node",
    remediate_on="faulty",
    disruption="restart",
)
