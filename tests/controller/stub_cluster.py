"""Stands in for the cluster scan's module: the API server that a staged host asks answers by script ("api")."""

import json
import os
import time

from ansible.errors import AnsibleConnectionFailure
from ansible.plugins.action import ActionBase

DOWN = {"reason": "ApiUnreachable", "message": "The connection to the server was refused."}


class ActionModule(ActionBase):
    TRANSFERS_FILES = False

    def run(self, tmp=None, task_vars=None):
        super().run(tmp, task_vars)
        host = self._task.delegate_to or task_vars["inventory_hostname"]
        with open(task_vars["stub_state"]) as stream:
            script = json.load(stream).get(host, {})
        with open(task_vars["stub_log"]) as stream:
            log = stream.read().split("\n")
        with open(task_vars["stub_log"], "a") as stream:
            stream.write("%s asks %s\n" % (host, self._task.args.get("kubeconfig", "")))
            stream.flush()
            os.fsync(stream.fileno())
        with open(task_vars["stub_log"] + ".routes", "a") as stream:
            stream.write(json.dumps(self._task.args.get("node_routes")) + "\n")
        if script.get("dead") or script.get("dies_when_asked"):
            raise AnsibleConnectionFailure("no route to %s" % host)
        if script.get("hangs_when_asked"):
            time.sleep(600)
        if script.get("no_become") and self._task.become:
            return {"failed": True, "msg": "Missing sudo password"}
        api = script.get("api", {})
        if api == "bug":
            return {"failed": True, "msg": "Traceback: it broke"}
        up = api != "down"
        faulty = api.get("faulty", {}) if up else {}
        verdicts = [dict(self._verdict(condition, host, log), **changes) for condition, changes in faulty.items()]
        asked = self._task.args.get("conditions")
        verdicts = [verdict for verdict in verdicts if asked is None or verdict["condition"] in asked]
        cluster = {"id": (script.get("node") or {}).get("cluster", "cccc"), "version": "v1.20.2" if up else None, "api_ready": up, "nodes": None}
        cluster["kubeconfig"] = self._task.args.get("kubeconfig", "/etc/kubernetes/admin.conf")
        if up:
            nodes = api.get("nodes", ["n1", "n2"])
            addresses = api.get("addresses", {})
            cluster["nodes"] = [{"name": name, "ready": name != "broken", "addresses": addresses.get(name, []), "kernel": "4.18.0"} for name in nodes]
            cluster.update(api.get("seen", {}))
        unavailable = {} if up else {"cluster_api": DOWN}
        if not up:
            verdicts = [dict(self._verdict("calico_below_minimum", host, log), status="unknown", **DOWN)]
        wanted = self._task.args.get("conditions")
        verdicts = [verdict for verdict in verdicts if wanted is None or verdict["condition"] in wanted]
        lists = {status: [v["condition"] for v in verdicts if v["status"] == status] for status in ("faulty", "at_risk", "unknown")}
        return dict(lists, changed=False, conditions=verdicts, cluster=cluster, unavailable=unavailable)

    @staticmethod
    def _verdict(condition, host, log):
        remedy = {"calico_rbac_incomplete": "calico_rbac", "calico_address_borrowed": "calico_ipam"}.get(condition, "calico")
        return {
            "condition": condition,
            "type": "X",
            "scope": "cluster",
            "status": "ok" if "%s %s" % (host, remedy) in log else "faulty",
            "reason": "Scripted",
            "message": "It is too old.",
            "evidence": {},
            "role": "nodemend.kubernetes.calico",
            "remedy_scope": "cluster",
            "remediate_on": "faulty",
            "disruption": "restart",
            "docs": "docs/conditions/x.md",
        }
