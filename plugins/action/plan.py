# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Plan which remedies may run where, and print it. Documentation: plugins/modules/plan.py."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from ansible import context
from ansible.errors import AnsibleError
from ansible.module_utils.parsing.convert_bool import boolean

from ..plugin_utils import _clusters, _findings, _play
from ..plugin_utils._calico_source import version_in
from ..plugin_utils._plan import VARIABLES, maintenances, plan, unread, wishes
from ..plugin_utils._plan_lines import plan_lines
from ..plugin_utils._remedies import MAINTENANCE
from ..plugin_utils._variables import misspelt


class ActionModule(_play.PlayAction):
    def result(self, task_vars, arguments):
        strange = misspelt(task_vars)
        if strange:
            raise ValueError(strange + ".")
        register = arguments.get("register", "nodemend_scan")
        scans = _play.scans_of(task_vars, register)
        asked = arguments.get("clusters") or {"groups": []}
        answers = _play.scans_of(task_vars, "nodemend_cluster_scan")
        clusters = _clusters.clusters(asked["groups"], _play.cluster_hosts_of(task_vars, register), answers)
        wished = wishes(
            arguments.get("max_disruption", "none"),
            _play.listed(arguments.get("conditions")),
            boolean(arguments.get("drained", False)),
            boolean(arguments.get("cluster_changes", False)),
            bool(context.CLIARGS.get("subset")),
        )
        hosts = list(scans) + [cluster["host"] for cluster in clusters if cluster["host"]]
        variables = _play.variables_of(task_vars, hosts, VARIABLES)
        # A manifest takes seconds to parse, so only for those that would apply it.
        for host in set(cluster["host"] for cluster in clusters if cluster["host"]):
            variables[host]["manifest_version"] = self._manifest_version(variables[host]["calico_manifest"])
        entries = plan(scans, wished, clusters, variables)
        missed = unread(scans, wished.conditions, clusters)
        lines = plan_lines(entries, scans, wished.max_disruption, missed, wished.drained)
        _play.show(lines)
        failures = _clusters.mistyped(clusters)  # what moves pods would have to do without that cluster's API server, and nobody meant that
        if boolean(arguments.get("only", False)):
            failures += _findings.failures(scans, [], clusters)
        if failures:  # the play ends here, and Ansible shows the whole result of a failed task
            return _play.failed_if(failures, {"lines": lines}, task_vars)
        return {
            "hosts": list(scans),
            "plan": entries,
            "unread": missed,
            "groups": self._groups(entries, scans),
            "maintenances": maintenances(entries, scans, wished.drained),
            "lines": lines,
        }

    def _manifest_version(self, path):
        """What cannot be read here, a URL too, is the role's to refuse."""
        try:
            with open(self._find_needle("files", path), encoding="utf-8") as stream:
                return version_in(stream.read())
        except (AnsibleError, OSError, TypeError, ValueError):
            return None

    def _groups(self, entries, scans):
        """The inventory groups over which the plays run: {group: [hosts]}; the control plane's hosts come after the others."""
        groups = {}
        for entry in entries:
            if entry["allowed"]:
                self._add(groups, self._group(entry), entry["host"])
                for host in entry["nodes"]:
                    self._add(groups, "nodemend_proof_%s" % entry["remedy"], host)
        return groups

    @staticmethod
    def _group(entry):
        return "nodemend_maintenance" if entry["place"] == MAINTENANCE else "nodemend_remedy_%s" % entry["remedy"]

    @staticmethod
    def _add(groups, group, host):
        if host not in groups.setdefault(group, []):
            groups[group].append(host)
