# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""What the role maintenance decides: how to drain, what stands in the way, whether a control-plane host may stop. Pure."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re

from ..module_utils._owners import controller
from ._labels import matches

_VERSION = re.compile(r"v?(\d+)\.(\d+)")
_URL = re.compile(r"https://\[?(.+?)\]?:\d+$")


def version(text):
    """Return (major, minor) of a Kubernetes version such as v1.20.2 or v1.28.3+k3s1."""
    match = _VERSION.match(text or "")
    if not match:
        raise ValueError("not a version of Kubernetes: %r" % (text,))
    return int(match.group(1)), int(match.group(2))


def drain_arguments(node, client, timeout, grace_period=None, delete_emptydir_data=False, force=False, dry_run=False):
    """Return the arguments of `kubectl drain`.

    client        gitVersion of kubectl itself: its options have changed their names
    grace_period  seconds; None leaves each pod its own
    dry_run       by the client: kubectl 1.20's own server dry run cannot evict ("doesn't support dry-run")
    """
    known = version(client)
    words = ["drain", node, "--ignore-daemonsets", "--timeout=%ds" % timeout]
    if grace_period is not None:
        words.append("--grace-period=%d" % grace_period)
    if delete_emptydir_data:
        words.append("--delete-emptydir-data" if known >= (1, 20) else "--delete-local-data")
    if force:
        words.append("--force")
    if dry_run:
        words.append("--dry-run=client" if known >= (1, 18) else "--dry-run")
    return words


def obstacles(pods, budgets, delete_emptydir_data=False, force=False):
    """Return sentences: which pods of a node kubectl drain would not evict, or could not, and why.

    pods     the node's pods as the API returns them
    budgets  every PodDisruptionBudget
    """
    found = []
    for pod in pods:
        if not _drained(pod):
            continue
        metadata = pod["metadata"]
        name = "%s/%s" % (metadata["namespace"], metadata["name"])
        if metadata.get("deletionTimestamp"):
            found.append("%s is being deleted and has not ended." % name)
            continue
        if not controller(pod) and not force:
            found.append("%s has no controller: nothing would start it again (maintenance_force)." % name)
        if any("emptyDir" in volume for volume in pod["spec"].get("volumes") or []) and not delete_emptydir_data:
            found.append("%s has an emptyDir, which would be lost (maintenance_delete_emptydir_data)." % name)
        for budget in budgets:
            status = budget.get("status") or {}
            if _covers(budget, pod) and status.get("disruptionsAllowed", 0) < 1:
                found.append(
                    "%s is protected by the PodDisruptionBudget %s, which allows no disruption (%s of %s wanted are healthy)."
                    % (name, budget["metadata"]["name"], status.get("currentHealthy", "?"), status.get("desiredHealthy", "?"))
                )
    return found


def _drained(pod):
    """Whether drain concerns itself with a pod: not with those that have ended, a DaemonSet's and static ones."""
    ended = (pod.get("status") or {}).get("phase") in ("Succeeded", "Failed")
    static = "kubernetes.io/config.mirror" in (pod["metadata"].get("annotations") or {})
    return not ended and not static and (controller(pod) or {}).get("kind") != "DaemonSet"


def _covers(budget, pod):
    if budget["metadata"]["namespace"] != pod["metadata"]["namespace"]:
        return False
    selector = budget["spec"].get("selector")
    if selector is None:
        return False
    labels, expressions = selector.get("matchLabels") or {}, selector.get("matchExpressions") or []
    if not labels and not expressions:
        return budget.get("apiVersion") != "policy/v1beta1"  # there an empty selector selects nothing
    own = pod["metadata"].get("labels") or {}
    return all(own.get(key) == value for key, value in labels.items()) and all(matches(item, own) for item in expressions)


def nowhere_to_go(name, nodes):
    """Return why the pods of a node would find no other, or an empty text."""
    others = [node for node in nodes if node["name"] != name]
    if not others:
        return "%s is the only node of its cluster: its pods have nowhere to go." % name
    if not any(node["ready"] and not node["unschedulable"] for node in others):
        return "No other node of the cluster is Ready and schedulable, so the pods of %s have nowhere to go." % name
    return ""


def control_plane(host, cluster, etcd, api_servers, outage_ok=False, unchecked_ok=False):
    """Say whether a host of the control plane may be stopped.

    host         "node" of node_condition_info on the host
    cluster      "cluster" of cluster_condition_info
    etcd         the fact etcd of etcd_info on the host, empty where it could not be read
    api_servers  how each URL of the Service "kubernetes" answered kubectl: [{item, rc, stderr}]

    Returns {concerned, refused, may_recover, snapshot}:
    concerned    an API server or a member of etcd stops with the host
    refused      sentences; empty where it may be stopped
    may_recover  others are not well, which may pass where they have just been started
    snapshot     whether etcd can be asked for one
    """
    own = set(host.get("addresses") or [])
    others = [server for server in api_servers if _address(server) not in own]
    serves = host["control_plane"] or any(_address(server) in own for server in api_servers)
    refused = []
    if serves:
        refused += _api(host, cluster, others, outage_ok)
    member = etcd["present"] if etcd else host.get("etcd", False)
    if member or serves and not etcd:
        refused += _etcd(etcd, outage_ok, unchecked_ok)
    return {
        "concerned": bool(serves or member),
        "refused": refused,
        "may_recover": serves and _unwell(host, cluster, others) or _unhealthy(etcd),
        "snapshot": bool(etcd and etcd["members"]),
    }


def _address(server):
    return _URL.match(server["item"]).group(1)


def _api(host, cluster, others, outage_ok):
    refused = ["The API server %s is not ready: %s." % (_address(server), server["stderr"].rstrip(".")) for server in others if server["rc"] != 0]
    peers = _peers(host, cluster)
    if len(peers) > len(others):
        served = set(_address(server) for server in others)
        silent = [node["name"] for node in peers if not served & set(node["addresses"])]
        refused.append("Of the other control-plane nodes no API server is known of: %s." % ", ".join(silent))
    if not others and not outage_ok:
        refused.append("This host has the only API server: without it the cluster has none. Set maintenance_api_outage_ok where that is acceptable.")
    return refused


def _peers(host, cluster):
    return [node for node in cluster.get("nodes") or [] if node["control_plane"] and node["name"] != host.get("name")]


def _unwell(host, cluster, others):
    """Whether an API server does not answer, or has not told the others yet that it does."""
    return any(server["rc"] != 0 for server in others) or len(_peers(host, cluster)) > len(others)


def _unhealthy(etcd):
    return bool(etcd) and any(not member["healthy"] for member in etcd["members"] or [])


def _etcd(etcd, outage_ok, unchecked_ok):
    problem = "etcd could not be looked for" if not etcd else etcd["problem"] if etcd["members"] is None else None
    if problem:
        if unchecked_ok:
            return []
        return ["etcd's members could not be asked: %s. Set maintenance_etcd_unchecked_ok to go on without their word and a snapshot." % problem.rstrip(".")]
    refused = ["The etcd member %s is not healthy." % (member["name"] or member["id"]) for member in etcd["members"] if not member["healthy"]]
    voters = [member for member in etcd["members"] if not member["learner"]]
    left = [member for member in voters if member["healthy"] and member["id"] != etcd["own"]]
    if len(left) < quorum(len(voters)) and not outage_ok:
        refused.append(
            "etcd has %d voting member%s and needs %d; without this host's it would have %d, and the API would stop. "
            "Set maintenance_api_outage_ok where that is acceptable." % (len(voters), "" if len(voters) == 1 else "s", quorum(len(voters)), len(left))
        )
    return refused


def quorum(voters):
    """How many of etcd's voting members must agree."""
    return voters // 2 + 1
