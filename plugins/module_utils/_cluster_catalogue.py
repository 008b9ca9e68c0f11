# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""Every condition, fact and option of the scope "cluster".

Apart from _catalogue.py, so that a node is not sent what only a control-plane host needs. Adding a condition: its import, its
line in CONDITIONS, its name in the documented choices of cluster_condition_info; tests demand the rest.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from . import _engine
from ._conditions import (
    calico_address_borrowed,
    calico_below_minimum,
    calico_kernel_incompatible,
    calico_rbac_incomplete,
    evicted_pods_accumulated,
)
from ._facts import (
    borrowed_addresses,
    calico_installation,
    calico_rbac,
    cluster_api,
    cluster_identity,
    cluster_nodes,
    evicted_pods,
    ipam_blocks,
)
from ._kubectl import Kubectl
from ._option import COMMON_OPTIONS, Option

CONDITIONS = tuple(
    module.CONDITION
    for module in (
        calico_rbac_incomplete,
        calico_below_minimum,
        calico_kernel_incompatible,
        calico_address_borrowed,
        evicted_pods_accumulated,
    )
)

# Fact name: the module that collects it and declares what it touches. Each asks the API server through "kubectl_client".
FACTS = {
    "borrowed_addresses": borrowed_addresses,
    "calico_installation": calico_installation,
    "calico_rbac": calico_rbac,
    "cluster_api": cluster_api,
    "cluster_identity": cluster_identity,
    "cluster_nodes": cluster_nodes,
    "evicted_pods": evicted_pods,
    "ipam_blocks": ipam_blocks,
}

OPTIONS = dict(
    COMMON_OPTIONS,
    kubeconfig=Option("path", None, None),
    kubectl=Option("path", None, None),
    node_routes=Option("dicts", None, None),
)
# By the names that conditions and collectors ask for.
THRESHOLDS = {
    "minimum_calico_version": Option("version", "3.16.0", None),
    "maximum_evicted_pods": Option("int", 100, 0),
}


def facts_of(host, options, now):
    """Return the Facts of the cluster that a host's kubeconfig leads to; as in _catalogue.py, and the client beside the host."""
    client = Kubectl(host, options["kubectl"], options["kubeconfig"], options["timeout"])
    return _engine.facts_of(FACTS, options, host=host, now=now, kubectl_client=client)
