# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Choose the hosts that answer for the clusters. Documentation: plugins/modules/cluster_hosts.py."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from ..plugin_utils import _clusters, _play


class ActionModule(_play.PlayAction):
    def result(self, task_vars, arguments):
        wanted = _play.listed(arguments.get("conditions"))
        if wanted is not None and not set(wanted) & _cluster_conditions():
            return {"wanted": False, "groups": [], "turns": {}, "rounds": 0, "nodes": []}
        hosts = _play.cluster_hosts_of(task_vars, arguments.get("register", "nodemend_scan"))
        groups = _clusters.groups(hosts)
        turns = _clusters.turns(groups, hosts)
        for turn in turns.values():
            turn["become"] = _play.becomes(task_vars, turn["runner"])
        asks_for_routes = wanted is None or "calico_address_borrowed" in wanted
        return {
            "wanted": True,
            "groups": groups,
            "turns": turns,
            "rounds": max([len(names) for names in groups] or [0]),
            "nodes": _clusters.routes(hosts) if asks_for_routes else [],
        }


def _cluster_conditions():
    # Not at the top: a scan of everything does not ask, and a worker takes 0.1 s to load the catalogue.
    from ansible_collections.nodemend.kubernetes.plugins.module_utils import _cluster_catalogue

    return set(condition.id for condition in _cluster_catalogue.CONDITIONS)
