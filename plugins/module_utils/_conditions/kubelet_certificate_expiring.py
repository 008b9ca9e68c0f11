# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""The kubelet's certificate expires: the node turns NotReady and cannot come back by itself."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from .._condition import Condition, not_applicable
from .._expiry import judge, of_kind


def evaluate(certificates, certificate_expiry_days, now, clock=None):
    found, unreadable = of_kind(certificates, "kubelet")
    if not found and not unreadable:
        return not_applicable("NoKubelet", "No certificate of a kubelet is in use on this host.")
    return judge(found, unreadable, certificate_expiry_days, now, clock)


CONDITION = Condition(id="kubelet_certificate_expiring", evaluate=evaluate)
