# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""Who answers for which cluster, and what was answered. Pure: dicts in, dicts out.

A host is {scan, runner, nowhere, kubeconfig, listed}:
scan        what its node_condition_info registered, or None
runner      nodemend_cluster_host: who asks the API server on its behalf, or None
nowhere     whether that one is neither in the inventory nor this machine
kubeconfig  nodemend_kubeconfig, or None
listed      whether it is in nodemend_control_plane_group; None where there is no such group
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import collections

from ._findings import not_scanned
from ._hosts import fold

_NOBODY = "no host of its control plane was scanned; nodemend_cluster_host names one that may ask the API server"


def groups(hosts):
    """Return who may ask for each cluster, in order: a list of lists of hosts.

    The control plane is what the scan has proved, or the group that was named. A host that was not scanned asks nobody itself.
    Hosts on which no CA was found may be of several clusters, so that each of them asks.
    """
    found = collections.OrderedDict()
    for name, host in hosts.items():
        if host["runner"]:
            # One kubeconfig is one cluster; any host may ask on behalf of all, a dead one too.
            found.setdefault(("runner", host["runner"], host["kubeconfig"]), [name])
        elif _may_ask(host):
            found.setdefault(("host", name) if _loose(host) else ("cluster", _node(host)["cluster"]), []).append(name)
    return list(found.values())


def turns(asking, hosts):
    """Return {host: {turn, before, runner}} of groups(): in which turn it asks, after whom, and on which host kubectl runs.

    A mistyped host to ask has no turn: it must not end the scan of all the others.
    """
    return dict(
        (name, {"turn": turn, "before": names[:turn], "runner": hosts[name]["runner"] or name})
        for names in asking
        for turn, name in enumerate(names)
        if not hosts[name]["nowhere"]
    )


def routes(hosts):
    """Return [{host, name, cluster, addresses, blackholes, blackholes_ipv6}] of the nodes that were scanned."""
    nodes = [dict(_node(host), host=name) for name, host in hosts.items()]
    keys = ("host", "name", "cluster", "addresses", "blackholes", "blackholes_ipv6")
    return [dict((key, node.get(key)) for key in keys) for node in nodes if node.get("name")]


def clusters(asking, hosts, answers):
    """Return what is known of each cluster that the hosts belong to: [{name, id, host, asked, scan, reason}].

    asking   groups(), as it was when they asked: the order of hosts may differ from play to play
    answers  {host: what its cluster_condition_info registered}
    name     for people: "cluster of control-1"
    host     where kubectl ran, None where nobody was asked
    asked    whether it was to be asked: without an answer something is wrong
    scan     the answer; where no API server was ready, the first that says why; None without any
    reason   why there is no answer, else None
    """
    known, loose = [], []
    for names in asking:
        name = _best(names, answers)
        runner = hosts[name]["runner"] or name
        title = "cluster of %s" % runner
        if title in [cluster["name"] for cluster in known]:  # a bastion with a kubeconfig for each
            title += " (%s)" % hosts[name]["kubeconfig"]
        reason = _nowhere(hosts[name]) or not_scanned(answers.get(name))
        scan = None if reason else answers[name]
        identity = scan["cluster"]["id"] if scan else None
        if not hosts[name]["runner"]:
            identity = identity or _node(hosts[name]).get("cluster")
        if identity is None or identity not in [cluster["id"] for cluster in known]:
            host = None if hosts[name]["nowhere"] else runner
            found = known if hosts[name]["runner"] or not _loose(hosts[name]) else loose
            found.append({"name": title, "id": identity, "host": host, "asked": True, "scan": scan, "reason": reason})
    ids = [cluster["id"] for cluster in known]
    known += [cluster for cluster in _merged(loose) if cluster["id"] is None or cluster["id"] not in ids]
    return known + _left_out(hosts, known)


def scans_of(known):
    """Return {name: scan} of the clusters that have answered, for the functions that take hosts' scans."""
    return {cluster["name"]: cluster["scan"] for cluster in known if cluster["scan"]}


def mistyped(known):
    """Return the reasons of clusters() for which a host that was to be asked is nowhere."""
    return sorted(set(cluster["reason"] for cluster in known if cluster["asked"] and not cluster["host"]))


def _loose(host):
    """Return whether nothing on a host tells which cluster it belongs to: its CA lies where no scan looks (by hand, and no kubelet runs)."""
    return not _node(host).get("cluster")


def _merged(found):
    """Return the clusters of loose hosts, each once: by what their kubeconfigs say, and what nothing tells apart is one, as a control plane is."""
    best = collections.OrderedDict()
    for cluster in found:
        other = best.setdefault(cluster["id"], cluster)
        if _rank(cluster) > _rank(other):
            best[cluster["id"]] = cluster
    answered = [cluster for cluster in best.values() if cluster["scan"]]
    return answered or list(best.values())


def _rank(cluster):
    """Return what one answer is better by than another: that there is one, and that its API server is ready."""
    return bool(cluster["scan"]), bool(cluster["scan"] and cluster["scan"]["cluster"]["api_ready"])


def _nowhere(host):
    return "nodemend_cluster_host: %s is not in the inventory" % host["runner"] if host["nowhere"] else None


def _may_ask(host):
    if not_scanned(host["scan"]):
        return False
    if host["listed"] is not None:
        return host["listed"]
    node = _node(host)
    return bool(node.get("control_plane") and (node.get("admin_kubeconfig") or host["kubeconfig"]))


def _node(host):
    return (host["scan"] or {}).get("node") or {}


def _best(names, answers):
    answered = [name for name in names if not not_scanned(answers.get(name))]
    ready = [name for name in answered if answers[name]["cluster"]["api_ready"]]
    return (ready + answered + names)[0]


def _left_out(hosts, known):
    """The clusters whose nodes were scanned and whose API server nobody could ask."""
    members = collections.OrderedDict()
    for name, host in hosts.items():
        if not not_scanned(host["scan"]) and _node(host).get("kubernetes"):
            members.setdefault(_node(host).get("cluster"), []).append(name)
    ids = [cluster["id"] for cluster in known]
    return [
        {
            "name": "cluster of %s" % fold(names),
            "id": identity,
            "host": None,
            "asked": False,
            "scan": None,
            "reason": next((_nowhere(hosts[name]) for name in names if hosts[name]["nowhere"]), _NOBODY),
        }
        for identity, names in members.items()
        if identity not in ids and (identity or not known)
    ]
