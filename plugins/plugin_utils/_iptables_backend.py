# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""What the role iptables_backend would do on a host, and why it may not. Pure: the result of iptables_info in, a plan out."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from ..module_utils._facts import iptables_dumps
from ..module_utils._facts.netfilter_backends import VERSIONS
from ..module_utils._rules import FAMILIES

BACKENDS = ("nft", "legacy")
# Without the first two nothing is won; the others follow where they are alternatives (Debian: only with their legacy packages).
NEEDED = ("iptables", "ip6tables")
COMMANDS = ("iptables", "ip6tables", "arptables", "ebtables")
# Who writes the rules of a network; plugins write CNI's for each pod, and nobody writes those of a running pod again.
AUTHORS = {"cali": ("calico-node", "canal"), "FLANNEL": ("flanneld", "canal")}
# The network's own plugin: while the runtime calls it, its agent comes back.
PLUGINS = {"cali": "calico", "FLANNEL": "flannel"}
K3S = ("k3s.service", "k3s-agent.service")
CONTROL_PLANE = ("k3s.service", "rke2-server.service")


def plan(found, target="auto"):
    """Return {needed, target, leaving, refused, exposed, alternatives, writers, unstarted, restart, stale, missing, unwritten, taken_over, steps}.

    found         result of iptables_info
    target        nft, legacy, or auto: nft where the verdict is faulty or at_risk (as after a run that was killed), else nothing
    needed        whether anything is to be done
    refused       sentences; empty where it may be done
    exposed       sentences about why what Kubernetes has left may not be removed from the backend to leave; empty where it may
    alternatives  [{name, path, value, status}]: what to select instead of value
    writers       {units: [names], agents: [{name, pid}]}: what writes rules and chooses its backend when it starts; agents are containers
    unstarted     the agents that nothing would start again if they were ended
    restart       those of them that must choose again: all or none
    stale         {chains, rules} that Kubernetes has left in the backend to leave
    missing       sentences: what the target lacks, so that the rules in the other backend are no leftovers
    unwritten     those of them about what a writer writes of its own accord once it speaks the target
    taken_over    whether nothing is missing
    steps         sentences for people, in order
    """
    verdict, facts = found["conditions"][0], found["iptables"]
    chosen = "nft" if target == "auto" else target
    leaving = BACKENDS[1 - BACKENDS.index(chosen)]
    result = {
        "needed": False,
        "target": chosen,
        "leaving": leaving,
        "refused": [],
        "exposed": [],
        "alternatives": [],
        "writers": _writers(facts),
        "unstarted": _unstarted(facts),
        "restart": {"units": [], "agents": []},
        "stale": {"chains": 0, "rules": 0},
        "missing": [],
        "unwritten": [],
        "taken_over": False,
        "steps": [],
    }
    if verdict["status"] == "unknown":
        return dict(result, needed=True, refused=["The rules could not be judged: %s" % verdict["message"]])
    if verdict["status"] == "not_applicable" or target == "auto" and verdict["status"] == "ok":
        return result
    result["stale"] = _count(facts, leaving, FAMILIES)
    result["exposed"] = _exposed(facts, leaving)
    result["unwritten"] = _unwritten(facts, chosen, leaving)
    # Both are about rules that stand only in the backend to leave and may still be needed.
    result["missing"] = result["unwritten"] + _unrepeated(facts, chosen, leaving)
    result["taken_over"] = not result["missing"]
    result["alternatives"], lacking = _alternatives(facts, chosen, leaving)
    result["restart"] = _restart(facts, result, leaving)
    result["needed"] = bool(
        result["alternatives"] or lacking or result["stale"]["chains"] or result["stale"]["rules"] or verdict["status"] == "faulty"
    )
    if result["needed"]:
        result["refused"] = lacking + _refused(facts, chosen, leaving) + _not_restarted(facts, result["restart"])
        result["steps"] = _steps(result)
    return result


def _gone(facts):
    """Return whether Kubernetes has left this host for good: then nobody could take over, and nobody needs the rules."""
    runs = facts["kubelet"]["running"] or facts["kubelet"]["enabled"] or facts["kube_proxy"]["running"]
    # None is "could not be read", so only an empty list counts.
    return not runs and facts["kubernetes_units"] == [] and facts["host_network_agents"] == []


def _unwritten(facts, target, leaving):
    """Return sentences about what the writers have not written to the target: each does when it starts, unless it is told to use the other."""
    if _gone(facts):
        return []
    units, agents = facts["kubernetes_units"] or [], facts["host_network_agents"] or []
    plugins = None if facts["cni_plugins"] is None else [plugin["type"] for plugin in facts["cni_plugins"]["plugins"]]
    sentences = []
    for version in VERSIONS:
        old, new = facts["iptables_dumps"][leaving][version], facts["iptables_dumps"][target][version]
        # A kube-proxy in the mode nftables writes no rules that iptables could show.
        if old["services"] and not new["services"] and facts["kube_proxy"]["mode"] != "nftables":
            sentences.append("kube-proxy has not written its %s Services to %s." % (version, target))
        for family in sorted(AUTHORS):
            if _rules(old, family) and not _rules(new, family) and _has_author(family, agents, units, plugins):
                sentences.append("%s has %s rules in %s and none in %s." % (family, version, leaving, target))
    for agent in agents:
        if agent["backend"] == leaving:
            sentences.append("%s (PID %d) speaks %s." % (agent["name"], agent["pid"], leaving))
    return sentences


def _unrepeated(facts, target, leaving):
    """Return sentences about rules of pods, and of the administrator, that nothing writes to the target of its own accord."""
    gone = _gone(facts)
    sentences = []
    for version in VERSIONS:
        old, new = facts["iptables_dumps"][leaving][version], facts["iptables_dumps"][target][version]
        sentences += _admin(old, new, version, target, leaving)
        if gone:
            continue
        if _rules(old, "CNI") and not _rules(new, "CNI"):
            sentences.append("CNI has %s rules in %s and none in %s." % (version, leaving, target))
        apart = _pods_apart(old, new, facts["cni_pods"])
        if apart is None:
            sentences.append("There are too many pods with %s rules of CNI plugins to tell them apart." % version)
        elif apart:
            told = ", ".join(pod[:12] if len(pod) >= 64 else pod for pod in apart[:5])
            sentences.append("CNI has %s rules of %d pods, which run or may run, in %s only: %s." % (version, len(apart), leaving, told))
        sentences += _host_ports(old, new, version, target, leaving)
    return sentences


def _admin(old, new, version, target, leaving):
    """Return a sentence about the administrator's own rules, which are nobody's leftovers, also where Kubernetes has left the host."""
    lost = None if old["admin"] is None or new["admin"] is None else [rule for rule in old["admin"] if rule not in new["admin"]]
    if lost == []:
        return []
    return [
        "CNI-ADMIN has %s rules of the administrator's in %s only, which no program writes again: add them to %s, then delete them from %s%s."
        % (version, leaving, target, leaving, "" if lost is None else " (%s)" % "; ".join(lost[:5]))
    ]


def _host_ports(old, new, version, target, leaving):
    """Return a sentence about sandboxes' host ports; equal names are the same sandbox and port, and which have ended cannot be told."""
    if old["host_ports"] is None or new["host_ports"] is None:
        return ["There are too many %s host ports of pods to tell them apart." % version]
    apart = [chain for chain in old["host_ports"] if chain not in new["host_ports"]]
    if not apart:
        return []
    # The runtime takes the chains of a pod that ends from the backend that it speaks by then, so that recreated pods leave theirs here.
    return [
        "%d %s host ports, of pods that run or may run, are in %s only (%s): recreate these pods, which writes their ports to %s, and delete"
        " these chains of the old ones, or reboot the node." % (len(apart), version, leaving, ", ".join(apart[:5]), target)
    ]


def _rules(dump, family):
    return sum(table["rules"].get(family, 0) for table in dump["tables"].values())


def _has_author(family, agents, units, plugins):
    """Return whether somebody on this host may write the rules of a network; plugins is None where they could not be read."""
    if plugins is None or PLUGINS[family] in plugins:
        return True
    return bool(set(AUTHORS[family]) & set(agent["name"] for agent in agents)) or family == "FLANNEL" and bool(set(K3S) & set(units))


def _pods_apart(old, new, pods):
    """Return the pods that have rules of CNI plugins in the old backend only and are not known to have ended; None where too many have."""
    if old["pods"] is None or new["pods"] is None:
        return None
    ended = set(pod["id"] for pod in pods or [] if pod["running"] is False)
    return [pod for pod in old["pods"] if pod not in new["pods"] and pod not in ended]


def _count(facts, backend, families):
    total = {"chains": 0, "rules": 0}
    for dump in facts["iptables_dumps"][backend].values():
        for table in dump["tables"].values():
            for kind in ("chains", "rules"):
                total[kind] += sum(table[kind].get(family, 0) for family in families)
    return total


def _exposed(facts, leaving):
    """Return sentences about what would stop the packets of pods once the rules of Kubernetes, which let them pass, are gone; each backend judges them."""
    ends = [(version, facts["iptables_dumps"][leaving][version]["forward_behind"]) for version in VERSIONS]
    return [
        "Without the rules of Kubernetes the %s %s filter FORWARD would stop the packets of pods: %s. Take that away first, or reboot the node."
        % (leaving, version, end)
        for version, end in ends
        if end
    ]


def _alternatives(facts, target, leaving):
    """Return (what to select, sentences about what cannot be selected)."""
    changes, lacking = [], []
    binaries = facts["iptables_binaries"]
    for name in COMMANDS:
        command = binaries[name]
        # None: not installed, or a wrapper that decides by itself when it runs (k3s).
        if command is None or command["backend"] != leaving:
            continue
        alternative = command["alternative"] or {"choices": [], "value": None, "status": None, "leader": None}
        path = _choice(alternative["choices"], name, target)
        if path is not None and alternative["leader"] is None:
            changes.append({"name": name, "path": path, "value": alternative["value"], "status": alternative["status"]})
        elif name in NEEDED and not _follows(alternative, path, binaries, changes):
            lacking.append("%s speaks %s and this system offers no alternative that speaks %s." % (command["path"], leaving, target))
    return changes, lacking


def _follows(alternative, path, binaries, changes):
    """Return whether a path comes with the choice of another name that is going to be selected."""
    if path is None or alternative["leader"] is None:
        return False
    leading = binaries[alternative["leader"]]["alternative"]["choices"]
    return leading[alternative["choices"].index(path)] in [change["path"] for change in changes]


def _choice(choices, name, target):
    """Return the path that has the name of a command for the target, or None."""
    return next((path for path in choices if path is not None and path.rpartition("/")[2] == "%s-%s" % (name, target)), None)


def _writers(facts):
    agents = facts["host_network_agents"] or []
    units = set(facts["kubernetes_units"] or []) | set(agent["unit"] for agent in agents if agent["unit"])
    return {
        "units": sorted(units),
        "agents": [{"name": agent["name"], "pid": agent["pid"]} for agent in agents if not agent["unit"]],
    }


def _unstarted(facts):
    """Return the agents of _writers that nothing would start again: neither a pod nor a service, or a pod while no kubelet runs."""
    agents = [agent for agent in facts["host_network_agents"] or [] if not agent["unit"]]
    return [{"name": agent["name"], "pid": agent["pid"]} for agent in agents if not agent["image"] or not _starts_pods(facts)]


def _starts_pods(facts):
    """Return whether a kubelet runs, or a server that holds or starts one; a unit kubelet.service without a process fails again and again."""
    return facts["kubelet"]["running"] or bool(set(facts["kubernetes_units"] or []) - set(["kube-proxy.service", "kubelet.service"]))


def _restart(facts, result, leaving):
    """Return the writers where they must choose again.

    After the alternative has changed, where the kubelet or an agent still shows the old choice, and where something may still write
    the rules that are to be removed: rules in both backends do not tell which half is alive.
    """
    hints = [
        backend
        for backend in BACKENDS
        if any(dump["hints"] for dump in facts["iptables_dumps"][backend].values())
    ]
    old_choice = hints == [leaving] or any(agent["backend"] == leaving for agent in facts["host_network_agents"] or [])
    if not result["alternatives"] and not old_choice and not result["stale"]["rules"]:
        return {"units": [], "agents": []}
    return result["writers"]


def _refused(facts, target, leaving):
    backends = facts["netfilter_backends"]
    reasons = []
    if target == "nft" and not backends["nft"]:
        reasons.append("The running kernel has not loaded nf_tables (modprobe nf_tables, where it has it).")
    if target == "legacy" and backends["legacy_kernel"]["ipv4"] is not True:
        reasons.append("The running kernel is not known to have legacy tables (ip_tables).")
    for backend in BACKENDS:
        for version in sorted(facts["iptables_dumps"][backend]):
            lack = iptables_dumps.lack_of(facts["iptables_dumps"][backend][version])
            if lack:
                reasons.append("The %s %s rules could not be listed: %s" % (backend, version, lack["message"]))
    if facts["rule_writers"] is None:
        reasons.append("What else writes rules on this host could not be read.")
    for writer in facts["rule_writers"] or []:
        if writer["flushes"] and writer["backend"] == target:
            reasons.append("%s would empty all %s rules whenever it starts: %s." % (writer["who"], target, writer["why"]))
        if writer["backend"] != target:
            reasons.append("%s would be split: %s, and its rules are in %s." % (writer["who"], writer["why"], writer["backend"] or leaving))
    for agent in facts["host_network_agents"] or []:
        if agent["backend"] == leaving and not agent["decides"]:
            reasons.append("%s (PID %d) can only speak %s: its image must change first." % (agent["name"], agent["pid"], leaving))
    for caller in facts["iptables_callers"] or []:
        if caller["who"] == "calico-node" and caller["backend"] == leaving:
            reasons.append("calico-node is told to use %s: %s." % (leaving, caller["why"]))
    return reasons


def _not_restarted(facts, restart):
    """Return sentences about writers that the role would stop, or leave, without a new one in their place."""
    reasons = []
    proxy, units = facts["kube_proxy"], facts["kubernetes_units"] or []
    if proxy["running"] and proxy["embedded"]:
        told = set(K3S) & set(units)
    else:
        known = [agent["pid"] for agent in facts["host_network_agents"] or []]
        told = not proxy["running"] or proxy["pid"] in known or "kube-proxy.service" in units
    if not told:
        reasons.append("The kube-proxy of this node could not be told.")
    pods = [agent for agent in facts["host_network_agents"] or [] if not agent["unit"]]
    for agent in pods if restart["agents"] else []:
        if not agent["image"]:
            reasons.append("%s (PID %d) is neither a pod nor a service: nothing would start it again." % (agent["name"], agent["pid"]))
    if restart["agents"] and not _starts_pods(facts):
        names = ", ".join(agent["name"] for agent in restart["agents"])
        reasons.append("No kubelet runs that would start again: %s." % names)
    return reasons


def _steps(result):
    steps = []
    if result["alternatives"]:
        names = ", ".join(change["name"] for change in result["alternatives"])
        steps.append("select the %s alternative of %s" % (result["target"], names))
    units = ["%s (control plane)" % name if name in CONTROL_PLANE else name for name in result["restart"]["units"]]
    writers = units + ["%s (PID %d)" % (agent["name"], agent["pid"]) for agent in result["restart"]["agents"]]
    if writers:
        steps.append("restart %s" % ", ".join(writers))
    if result["stale"]["chains"] or result["stale"]["rules"]:
        steps.append(
            "remove %d chains and %d rules of Kubernetes from %s, once they stand still"
            % (result["stale"]["chains"], result["stale"]["rules"], result["leaving"])
        )
    return steps
