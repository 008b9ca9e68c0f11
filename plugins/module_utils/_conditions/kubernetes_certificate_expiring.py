# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""A certificate of the API server, etcd or another part of the control plane expires: it refuses and is refused."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from .._condition import Condition, not_applicable
from .._expiry import judge, of_kind


def evaluate(certificates, certificate_expiry_days, now, clock=None):
    found, unreadable = of_kind(certificates, "control_plane")
    if not found and not unreadable:
        return not_applicable("NoControlPlane", "No certificate of a control plane is in use on this host.")
    return judge(found, unreadable, certificate_expiry_days, now, clock)


CONDITION = Condition(
    id="kubernetes_certificate_expiring",
    evaluate=evaluate,
    role="nodemend.kubernetes.control_plane_certificates",
    remedy_scope="node",
    remediate_on="at_risk",
    disruption="drain",
)
