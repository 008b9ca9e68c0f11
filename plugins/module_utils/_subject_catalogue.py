# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""The facts of a node that no scan needs: only an info module of one subject returns them, for a role.

Apart from _catalogue.py, so that a scan does not send them. Adding a fact: its import and its line in EXTRA. One that a condition or
the scan comes to need moves to _catalogue.py; a test tells.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from . import _catalogue, _engine
from ._facts import (
    boot_medium,
    cni_pods,
    control_plane_processes,
    etcd,
    grub_environment,
    kernel_candidates,
    kernel_drivers,
    kubernetes_units,
    rule_writers,
    runtime_units,
    secure_boot,
)

# Fact name: the module that collects it and declares what it touches.
EXTRA = {
    "boot_medium": boot_medium,
    "cni_pods": cni_pods,
    "control_plane_processes": control_plane_processes,
    "etcd": etcd,
    "grub_environment": grub_environment,
    "kernel_candidates": kernel_candidates,
    "kernel_drivers": kernel_drivers,
    "kubernetes_units": kubernetes_units,
    "rule_writers": rule_writers,
    "runtime_units": runtime_units,
    "secure_boot": secure_boot,
}
FACTS = dict(_catalogue.FACTS, **EXTRA)


def facts_of(host, options, now):
    """Return the Facts of a host, as in _catalogue.py, and these beside them."""
    return _engine.facts_of(FACTS, options, host=host, now=now)
