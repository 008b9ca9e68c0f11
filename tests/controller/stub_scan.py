"""Stands in for the scan's module on a staged host: answers by script, and plays the roles' one task."""

import json
import os
import time

from ansible.errors import AnsibleConnectionFailure
from ansible.plugins.action import ActionBase

VERDICT = {
    "type": "X",
    "status": "faulty",
    "reason": "Scripted",
    "message": "It is broken.",
    "evidence": {},
    "remediate_on": "faulty",
    "disruption": "restart",
    "docs": "docs/conditions/x.md",
}
# Condition: (its remedy as it stands in the log, its role, the role's scope).
REMEDIES = {
    "runtime_nofile_low": ("runtime_limits", "runtime_limits", "node"),
    "container_nofile_low": ("runtime_limits", "runtime_limits", "node"),
    "iptables_rules_duplicated": ("iptables_duplicates", "iptables_duplicates", "node"),
    "cni_token_expiring": ("cni_token", "cni_token", "node"),
    "iptables_backend_mismatch": ("iptables_backend", "iptables_backend", "node"),
    "kubernetes_certificate_expiring": ("control_plane_certificates", "control_plane_certificates", "node"),
    "kernel_below_minimum": ("kernel", "kernel", "node"),
    "kernel_memory_leak": ("kernel", "kernel", "node"),
    "kernel_not_default": ("kernel", "kernel", "node"),
    "calico_reject_bypassed": ("calico", "calico", "cluster"),
}
# The last is of a condition that only stub_cluster.py has.
ROLES = sorted({role for unused, role, unused in REMEDIES.values()} | {"calico_ipam"})


class ActionModule(ActionBase):
    TRANSFERS_FILES = False

    def run(self, tmp=None, task_vars=None):
        super().run(tmp, task_vars)
        host = self._task.delegate_to or task_vars["inventory_hostname"]
        with open(task_vars["stub_state"]) as stream:
            script = json.load(stream)[host]
        with open(task_vars["stub_log"]) as stream:
            log = stream.read().split("\n")
        if self._task.args.get("elsewhere"):  # through the API server: the host itself may be dead
            return self._play(host, self._task.args["role"], script, task_vars)
        if not self._task.args.get("role"):
            with open(task_vars["stub_log"] + ".scans", "a") as stream:
                stream.write(host + "\n")
        died = script.get("dead", "")
        if script.get("dead_after") in log or died == "always" or died and "%s %s" % (host, died) in log:
            raise AnsibleConnectionFailure("no route to %s" % host)
        if script.get("hangs_after") in log:
            time.sleep(600)  # as a module that waits for a disk
        if script.get("no_become") and self._task.become:
            return {"failed": True, "msg": "Missing sudo password"}
        if self._task.args.get("role"):
            result = self._play(host, self._task.args["role"], script, task_vars)
            if died == self._task.args["role"]:
                raise AnsibleConnectionFailure("no route to %s any more" % host)
            return result
        return dict(self._verdicts(script.get("faulty", {}), log, host), node=script.get("node", {}))

    def _verdicts(self, faulty, log, host):
        asked = self._task.args.get("conditions")
        verdicts = []
        for condition, changes in faulty.items():
            remedy, role, remedy_scope = REMEDIES[condition]
            verdict = dict(VERDICT, condition=condition, scope="node", remedy_scope=remedy_scope, role="nodemend.kubernetes." + role)
            verdict.update(changes)
            # What a cluster's remedy mends is mended wherever it ran.
            done = any(line.endswith(" " + remedy) and (remedy_scope == "cluster" or line == "%s %s" % (host, remedy)) for line in log)
            if done and not changes.get("stubborn"):
                verdict.update({"status": "ok"}, **changes.get("left", {}))
            if asked is None or condition in asked:
                verdicts.append(verdict)
        lists = {status: [v["condition"] for v in verdicts if v["status"] == status] for status in ("faulty", "at_risk")}
        return dict(lists, changed=False, conditions=verdicts, unknown=[])

    def _play(self, host, role, script, task_vars):
        with open(task_vars["stub_log"], "a") as stream:
            stream.write("%s %s%s\n" % (host, role, " (check)" if self._task.check_mode else ""))
            for name in set(script.get("heard", ())) & set(task_vars):
                stream.write("%s %s heard %s=%s\n" % (host, role, name, self._templar.template(task_vars[name])))
            stream.flush()
            os.fsync(stream.fileno())
        if role in script.get("fails", []):
            return {"failed": True, "msg": "%s went wrong" % role}
        return {"changed": True, "reboot": script.get("reboot", False)}
