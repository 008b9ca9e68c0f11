# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""The shell of cluster_condition_info: options in, facts and verdicts of a cluster out."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from ansible.module_utils.basic import AnsibleModule

from . import _cluster_catalogue
from ._ansible import end, open_facts, unavailable, values_of
from ._engine import chosen, scan
from ._option import argument_spec

# What is returned of a cluster, whatever was asked.
FACTS = ("cluster_identity", "cluster_api", "cluster_nodes", "calico_installation")


def run_cluster_scan():
    """Run an info module over all cluster conditions, or those named in its option "conditions"."""
    conditions = _cluster_catalogue.CONDITIONS
    options = dict(_cluster_catalogue.OPTIONS, **_cluster_catalogue.THRESHOLDS)
    spec = argument_spec(options)
    spec["conditions"] = {"type": "list", "elements": "str", "choices": sorted(item.id for item in conditions)}
    module = AnsibleModule(argument_spec=spec, supports_check_mode=True)
    wanted = module.params["conditions"]
    facts = open_facts(module, options, _cluster_catalogue)
    result = scan(facts, conditions if wanted is None else chosen(conditions, wanted))
    values = values_of(facts, FACTS)
    identity, api = values["cluster_identity"] or {}, values["cluster_api"] or {}
    result["cluster"] = {
        "id": identity.get("id"),
        "kubeconfig": identity.get("kubeconfig"),
        "kubectl": identity.get("kubectl"),
        "version": api.get("version"),
        "api_ready": api.get("ready", False),
        "nodes": values["cluster_nodes"],
        "calico": values["calico_installation"],
    }
    result["unavailable"] = unavailable(facts, FACTS)
    end(module, facts, result)
