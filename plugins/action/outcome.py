# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Print what remediate did. Documentation: plugins/modules/outcome.py."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from ..plugin_utils import _findings, _play
from ..plugin_utils._plan_lines import outcome_lines
from ..plugin_utils._remedies import truth


class ActionModule(_play.PlayAction):
    def result(self, task_vars, arguments):
        hostvars = task_vars["hostvars"]
        scans = _play.scans_of(task_vars, arguments.get("register", "nodemend_scan"), arguments.get("hosts"))
        planned = list(arguments.get("plan") or [])
        # A remedy of a cluster may run on a host outside the play.
        hosts = set(scans) | set(entry["host"] for entry in planned if entry["allowed"])
        failed = dict((host, str(hostvars[host]["nodemend_failure"])) for host in hosts if "nodemend_failure" in hostvars[host])
        proved = dict((host, list(hostvars[host].get("nodemend_proved") or [])) for host in hosts)
        waiting = dict((host, list(hostvars[host].get("nodemend_waiting") or [])) for host in hosts)
        # One that has failed has said why it is not to be booted, or where it stands.
        required = [host for host in scans if host not in failed and hostvars[host].get("kernel_reboot_required")]
        reboots = [host for host in required if not truth(hostvars[host].get("kernel_reboot_ok"))]
        kured = [] if self._task.check_mode else [host for host in required if host not in reboots and hostvars[host].get("kernel_reboot_by") == "kured"]
        cordoned = dict((host, hostvars[host]["nodemend_cordoned"]) for host in failed if hostvars[host].get("nodemend_cordoned"))
        lines = outcome_lines(planned, failed, proved, reboots, waiting, cordoned, self._task.check_mode, arguments.get("unread") or [], kured)
        missing = _findings.not_scanned_lines(scans)  # the plan has named them, thousands of lines above
        if missing:
            lines += ["Left alone, not scanned:"] + missing
        _play.show(lines)
        failures = ["%s: %s" % (host, failed[host]) for host in sorted(failed)] + _findings.failures(scans, [])
        return _play.failed_if(failures, {"lines": lines, "failures": failures, "reboot_required": required}, task_vars)
