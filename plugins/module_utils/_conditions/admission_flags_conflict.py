# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""The API server is given both kinds of options for admission plugins, and does not start; or only the deprecated kind."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from .._condition import Condition, at_risk, faulty, not_applicable, ok
from .._facts.admission_flags import CURRENT, DEPRECATED


def evaluate(admission_flags, node, node_identity=None):
    if admission_flags is None and node["distribution"] == "k3s" and (node_identity or {}).get("control_plane"):
        return not_applicable("InsideK3s", "The API server of this host runs within k3s, which gives it its arguments; kube-apiserver-arg is not looked at.")
    if admission_flags is None:
        return not_applicable("NoApiServer", "This host has no API server.")
    current = [name for name in CURRENT if name in admission_flags]
    if DEPRECATED not in admission_flags:
        return ok("CurrentFlags", "The API server is not given --%s." % DEPRECATED, admission_flags=admission_flags)
    if current:
        return faulty(
            "BothKinds",
            "The API server is given --%s and %s, which exclude each other: it does not start."
            % (DEPRECATED, " and ".join("--" + name for name in current)),
            admission_flags=admission_flags
        )
    return at_risk(
        "DeprecatedFlag",
        "The API server is given --%s, which is deprecated since 1.10: only the %d plugins it lists run, none of the defaults."
        % (DEPRECATED, len(admission_flags[DEPRECATED])),
        admission_flags=admission_flags
    )


CONDITION = Condition(id="admission_flags_conflict", evaluate=evaluate)
