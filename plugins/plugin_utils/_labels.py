# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""Whether labels match an expression of Kubernetes' (matchExpressions of a selector or of an affinity). Pure."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type


def matches(expression, labels):
    """Return whether labels match {key, operator, values}; an operator that is not known (Gt and Lt of an affinity) may match."""
    value, values = labels.get(expression["key"]), expression.get("values") or []
    return {
        "In": value in values,
        "NotIn": value not in values,
        "Exists": value is not None,
        "DoesNotExist": value is None,
    }.get(expression["operator"], True)
