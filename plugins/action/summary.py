# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Print what a scan of many hosts found. Documentation: plugins/modules/summary.py."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from ..plugin_utils import _clusters, _findings, _play
from ..plugin_utils._summary import summary
from ..plugin_utils._variables import misspelt


class ActionModule(_play.PlayAction):
    def result(self, task_vars, arguments):
        register = arguments.get("register", "nodemend_scan")
        scans = _play.scans_of(task_vars, register)
        clusters, asked = [], arguments.get("clusters") or {}
        if asked.get("wanted"):
            answers = _play.scans_of(task_vars, "nodemend_cluster_scan")
            clusters = _clusters.clusters(asked["groups"], _play.cluster_hosts_of(task_vars, register), answers)
        commands = _play.commands_of(task_vars, "nodemend.kubernetes.remediate", self._loader)
        commands["scan"] = _play.commands_of(task_vars, "nodemend.kubernetes.scan", self._loader)["node"]
        lines = summary(scans, commands, clusters, _play.HOME)
        _play.show(lines)  # first: a bad value of what follows must not throw away what hundreds of hosts have answered
        strange = misspelt(task_vars)
        failures = [strange] if strange else []
        try:
            failures += _findings.failures(scans, _play.listed(arguments.get("fail_on")) or [], clusters)
        except ValueError as exc:
            failures.append(str(exc).rstrip("."))
        judged = dict(scans, **_clusters.scans_of(clusters))
        result = {"lines": lines, "counts": _findings.counts(judged), "failures": failures}
        if arguments.get("report"):
            report = dict(result, hosts=scans, clusters=clusters, findings=_findings.findings(judged))
            try:
                result["report"] = _play.write_report(arguments["report"], report)
                _play.show(["Report: %s" % result["report"]])
            except ValueError as exc:
                failures.append(str(exc).rstrip("."))
        return _play.failed_if(failures, result, task_vars)
