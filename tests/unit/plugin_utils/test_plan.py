# -*- coding: utf-8 -*-
from __future__ import absolute_import, division, print_function

from collections import OrderedDict

import pytest

# As _node_proof.py: on the controller's Python only.
pytest.importorskip("ipaddress")

from ansible_collections.nodemend.kubernetes.plugins.plugin_utils import _plan  # noqa: E402
from ansible_collections.nodemend.kubernetes.plugins.plugin_utils._plan_lines import outcome_lines, plan_lines  # noqa: E402
from scans import UNREACHABLE, scan, verdict  # noqa: E402

__metaclass__ = type

KERNEL = verdict("kernel_below_minimum", role="nodemend.kubernetes.kernel", disruption="reboot")
BACKEND = verdict("iptables_backend_mismatch", role="nodemend.kubernetes.iptables_backend", disruption="drain")
CALICO = "nodemend.kubernetes.calico"
OLD = verdict("calico_below_minimum", role=CALICO, remedy_scope="cluster")
RBAC = verdict("calico_rbac_incomplete", role=CALICO, remedy_scope="cluster")
REJECT = verdict("calico_reject_bypassed", role=CALICO, remedy_scope="cluster")
CALICO_3_20 = {"dataplane": "iptables", "nodes": [{"node": "w", "edition": "oss", "version": "3.20.0"}]}
REBOOT = {"kernel_reboot_ok": "true"}


def plan(scans, level="reboot", clusters=(), variables=None, **wishes):
    """The plan for hosts that all have the same variables."""
    given = dict((host, variables or {}) for host in list(scans) + [item["host"] for item in clusters])
    return _plan.plan(scans, _plan.wishes(level, **wishes), clusters, given)


def cluster(*verdicts, **seen):
    """A cluster "one" that answers, with the nodes cp (10.0.0.1) and w (10.0.0.2)."""
    nodes = [{"name": "cp", "addresses": ["10.0.0.1"], "kernel": "4.18.0"}, {"name": "w", "addresses": ["10.0.0.2"], "kernel": "4.18.0"}]
    found = dict({"id": "one", "version": "v1.20.2", "api_ready": True, "nodes": nodes, "kubeconfig": "/etc/kubernetes/admin.conf"}, **seen)
    answer = {"conditions": list(verdicts), "cluster": found, "unavailable": {}}
    return {"name": "cluster of cp", "id": "one", "host": "cp", "asked": True, "scan": answer, "reason": None}


def silent(reason="no host of its control plane was scanned"):
    return {"name": "cluster of w", "id": "one", "host": None, "asked": False, "scan": None, "reason": reason}


def member(host, *verdicts, **node):
    addresses = [{"cp": "10.0.0.1", "w": "10.0.0.2"}[host]]
    values = {"name": host, "kubernetes": True, "cluster": "one", "addresses": addresses, "control_plane": host == "cp"}
    values.update(node)
    return scan(*verdicts, **values)


def brief(entries):
    return [(entry["host"], entry["remedy"], entry["allowed"]) for entry in entries]


def test_order_is_remedy_by_remedy_workers_first_then_a_maintenance_of_each_host():
    scans = OrderedDict(
        [("cp", scan(KERNEL, verdict(), control_plane=True)), ("w2", scan(verdict())), ("w1", scan(KERNEL, BACKEND)), ("w3", scan(BACKEND))]
    )
    assert brief(plan(scans, drained=True)) == [
        ("w2", "runtime_limits", True),
        ("cp", "runtime_limits", True),
        ("w1", "iptables_backend", True),
        ("w1", "kernel", True),
        ("w3", "iptables_backend", True),
        ("cp", "kernel", True),
    ]


@pytest.mark.parametrize("level, allowed", [("none", 0), ("restart", 1), ("drain", 2), ("reboot", 3)])
def test_no_remedy_disturbs_a_host_more_than_is_allowed(level, allowed):
    entries = plan({"w": scan(verdict(), BACKEND, KERNEL)}, level)
    assert len(entries) == 3
    assert sum(entry["allowed"] for entry in entries) == allowed
    assert all("nodemend_max_disruption=" in entry["reason"] for entry in entries if not entry["allowed"])


def test_two_conditions_of_one_role_are_one_remedy_as_disruptive_as_the_worse():
    huge = verdict("runtime_nofile_huge", status="at_risk", remediate_on="request", disruption="drain")
    scans = {"w": scan(verdict(), huge)}
    (entry,) = plan(scans, "restart", conditions=["runtime_nofile_low", "runtime_nofile_huge"])
    assert entry["conditions"] == ["runtime_nofile_low", "runtime_nofile_huge"]
    assert (entry["disruption"], entry["place"], entry["allowed"]) == ("drain", "maintenance", False)
    (entry,) = plan(scans, "restart")
    assert (entry["conditions"], entry["place"], entry["allowed"]) == (["runtime_nofile_low"], "host", True)


@pytest.mark.parametrize(
    "changes",
    [{"status": "at_risk"}, {"status": "unknown"}, {"status": "ok"}, {"role": None}, {"remedy_scope": "cluster"}],
)
def test_what_is_not_planned(changes):
    assert plan({"w": scan(verdict(**changes))}) == []


@pytest.mark.parametrize("finding, variables", [(BACKEND, {}), (KERNEL, REBOOT)])
def test_a_member_of_a_cluster_that_nobody_can_ask_must_be_drained_by_hand(finding, variables):
    scans = {"w": member("w", finding)}
    for clusters in ((), [silent()]):
        (entry,) = plan(scans, clusters=clusters, variables=variables)
        assert entry["allowed"] is False and "nodemend_drained=true --limit w" in entry["reason"]
    (entry,) = plan(scans, variables=variables, drained=True)
    assert entry["allowed"] is True
    assert _plan.maintenances([entry], scans, True)["w"] == {"remedies": [entry["remedy"]], "drain": False, "gate": False}


def test_a_host_of_the_control_plane_that_is_no_node_needs_no_proof():
    scans = {"cp": member("cp", BACKEND, kubernetes=False, name=None)}
    (entry,) = plan(scans, clusters=[cluster()])
    assert entry["allowed"] is True
    assert _plan.maintenances([entry], scans, False) == {"cp": {"remedies": ["iptables_backend"], "drain": False, "gate": True}}


def etcd_alone(*verdicts, **node):
    """A host as kubespray's group etcd may have it: no kubelet, no kubeconfig, no CA of the cluster."""
    return scan(*verdicts, **dict({"name": None, "kubernetes": False, "cluster": None, "control_plane": False, "etcd": True}, **node))


# The last as kubeadm sets one up: a kubelet of no cluster keeps etcd running.
@pytest.mark.parametrize(
    "node, variables",
    [
        ({"cluster": "one"}, {}),
        ({}, {"nodemend_cluster_host": "cp"}),
        ({}, {"nodemend_control_plane_group": "cps"}),
        ({"kubernetes": True, "standalone": True}, {"nodemend_cluster_host": "cp"}),
    ],
)
def test_hosts_with_etcd_alone_come_after_the_workers_and_are_asked_about(node, variables):
    scans = OrderedDict([("e1", etcd_alone(KERNEL, **node)), ("e2", etcd_alone(KERNEL, **node)), ("w", member("w", KERNEL))])
    entries = plan(scans, clusters=[cluster()], variables=dict(REBOOT, **variables))
    assert brief(entries) == [("w", "kernel", True), ("e1", "kernel", True), ("e2", "kernel", True)]
    assert _plan.maintenances(entries, scans, False)["e2"] == {"remedies": ["kernel"], "drain": False, "gate": True}


# A worker with etcd whose files lie where nobody looks has neither name nor cluster.
@pytest.mark.parametrize("node", [{}, {"etcd": False, "standalone": True}, {"name": "x"}, {"cluster": "two"}, {"control_plane": True}])
def test_a_kubelet_that_may_have_pods_is_drained_or_refused(node):
    (entry,) = plan({"e1": etcd_alone(KERNEL, **dict({"kubernetes": True}, **node))}, variables=dict(REBOOT, nodemend_cluster_host="cp"))
    assert not entry["allowed"] and "its pods must move first" in entry["reason"]


def test_a_host_with_etcd_alone_whose_cluster_nobody_can_ask_is_refused_unless_its_kernel_is_only_installed():
    scans = {"e1": etcd_alone(KERNEL)}
    (entry,) = plan(scans, clusters=[cluster()], variables=REBOOT)
    assert not entry["allowed"]
    assert "a member of etcd stops with it, and its cluster is not known" in entry["reason"] and "nodemend_cluster_host=HOST" in entry["reason"]
    for variables in (REBOOT, dict(REBOOT, nodemend_cluster_host="cp")):
        (entry,) = plan({"e1": etcd_alone(KERNEL, cluster="one")}, clusters=[silent("it is asleep")], variables=variables)
        assert not entry["allowed"] and "stops with it, and it is asleep" in entry["reason"]
    (entry,) = plan(scans, clusters=[cluster()])
    assert entry["allowed"] and _plan.maintenances([entry], scans, False)["e1"]["gate"] is False


def test_only_what_is_allowed_and_needs_one_shares_a_maintenance():
    scans = {"w": member("w", BACKEND, KERNEL, verdict()), "cp": member("cp")}
    entries = plan(scans, "drain", clusters=[cluster()])
    assert [(entry["remedy"], entry["place"], entry["allowed"]) for entry in entries] == [
        ("runtime_limits", "host", True),
        ("iptables_backend", "maintenance", True),
        ("kernel", "maintenance", False),
    ]
    assert _plan.maintenances(entries, scans, False)["w"]["remedies"] == ["iptables_backend"]


def test_a_disruption_that_is_none_is_named():
    with pytest.raises(ValueError, match="nodemend_max_disruption: 'much' is not valid; valid are none, restart, drain, reboot"):
        _plan.wishes("much")


def test_a_maintenance_drains_members_and_asks_the_control_plane_once_for_all_remedies():
    scans = OrderedDict([("w", member("w", BACKEND, KERNEL)), ("cp", member("cp", KERNEL)), ("x", scan(KERNEL))])
    entries = plan(scans, clusters=[cluster()], variables=REBOOT)
    assert _plan.maintenances(entries, scans, False) == {
        "w": {"remedies": ["iptables_backend", "kernel"], "drain": True, "gate": False},
        "x": {"remedies": ["kernel"], "drain": False, "gate": False},
        "cp": {"remedies": ["kernel"], "drain": True, "gate": True},
    }


def kernel(condition, **more):
    return verdict(condition, "at_risk", remediate_on="request", role="nodemend.kubernetes.kernel", **more)


NOT_DEFAULT = kernel("kernel_not_default", disruption="none")
LEAK = kernel("kernel_memory_leak", disruption="reboot")
EL8 = "4.18.0-372.9.1.el8.x86_64"


@pytest.mark.parametrize(
    "verdicts, variables, place, moves",
    [([NOT_DEFAULT], {}, "host", False), ([NOT_DEFAULT], REBOOT, "host", False), ([NOT_DEFAULT, KERNEL], REBOOT, "maintenance", True)],
)
def test_making_a_kernel_the_default_needs_no_maintenance(verdicts, variables, place, moves):
    scans = {"w": member("w", *verdicts, kernel=EL8)}
    names = [item["condition"] for item in verdicts]
    (entry,) = plan(scans, clusters=[cluster()], variables=variables, conditions=names)
    assert (entry["place"], entry["moves_pods"], entry["allowed"], entry["conditions"]) == (place, moves, True, names)


def test_a_kernel_that_is_named_is_not_the_one_that_runs():
    scans = {"w": member("w", NOT_DEFAULT, kernel=EL8)}
    told = "makes %s, which is running, the default, and kernel_target_release names 5.14.0-1: run again without it" % EL8
    for target, reason in ((EL8, ""), ("5.14.0-1", told)):
        variables = {"kernel_target_release": target}
        (entry,) = plan(scans, clusters=[cluster()], variables=variables, conditions=["kernel_not_default"])
        assert (entry["allowed"], entry["reason"]) == (not reason, reason)


@pytest.mark.parametrize(
    "running, variables, verdicts, words",
    [
        (EL8, {}, [LEAK], "%s is not below 4.8, so the role would leave it: name a newer one, -e kernel_minimum_version=RELEASE" % EL8),
        (EL8, {"kernel_minimum_version": "4.18.0-372"}, [LEAK], "is not below 4.18.0-372, "),
        (EL8, {"kernel_minimum_version": 4.8}, [LEAK], "is not below 4.8, "),
        (EL8, {}, [LEAK, NOT_DEFAULT], "is not below 4.8, "),
        (EL8, {"kernel_minimum_version": "4.18.0-553"}, [LEAK], None),
        (EL8, {"kernel_target_release": "5.14.0-1"}, [LEAK], None),
        (EL8, {}, [LEAK, KERNEL], None),
        ("3.10.0-957.el7.x86_64", {}, [LEAK], None),
        (None, {}, [LEAK], None),
        (EL8, {"kernel_target_release": EL8}, [KERNEL], "kernel_target_release names %s, which is running, so the role would leave it" % EL8),
        (EL8, {"kernel_target_release": "5.14.0-1"}, [KERNEL], None),
    ],
)
def test_nothing_is_mended_by_the_kernel_that_runs(running, variables, verdicts, words):
    scans = {"w": member("w", *verdicts, kernel=running)}
    variables = dict(variables, kernel_calico_ok="true")
    (entry,) = plan(scans, clusters=[cluster()], variables=variables, conditions=[item["condition"] for item in verdicts])
    assert entry["allowed"] == (words is None) and (words or "") in entry["reason"]


def test_a_kernel_that_is_only_installed_moves_no_pods():
    scans = {"w": member("w", KERNEL)}
    (entry,) = plan(scans)
    assert (entry["allowed"], entry["moves_pods"]) == (True, False)
    (limits,) = plan({"w": member("w", verdict())}, variables=REBOOT)
    assert limits["moves_pods"] is False
    assert _plan.maintenances([entry], scans, False)["w"]["drain"] is False
    (entry,) = plan(scans, clusters=[cluster()], variables=dict(REBOOT, kernel_reboot_by="kured"))  # which drains by itself
    assert (entry["allowed"], entry["moves_pods"]) == (True, False)


@pytest.mark.parametrize(
    "node, words",
    [
        ({"addresses": ["10.9.9.9"]}, "which this host does not have"),
        ({"name": None}, "tell the name"),
        ({"name": "other"}, "has no node other"),
        ({"cluster": "two"}, "its cluster is not known"),
        ({"cluster": "two", "kubernetes": False, "control_plane": True}, "its cluster is not known"),
    ],
)
def test_no_proof_no_drain(node, words):
    (entry,) = plan({"w": member("w", BACKEND, **node)}, clusters=[cluster()])
    assert entry["allowed"] is False and words in entry["reason"]


def test_no_answer_no_drain():
    deaf = cluster(nodes=None)
    deaf["scan"]["unavailable"] = {"cluster_nodes": {"reason": "ApiUnreachable", "message": "connection refused"}}
    (entry,) = plan({"w": member("w", BACKEND)}, clusters=[deaf])
    assert entry["allowed"] is False and "its API server did not answer: connection refused" in entry["reason"]


def test_a_cluster_is_changed_once_for_what_was_found_in_it_and_on_its_nodes():
    scans = OrderedDict([("w", member("w", REJECT, verdict())), ("cp", member("cp", REJECT))])
    entries = plan(scans, clusters=[cluster(OLD, RBAC)], variables={"calico_manifest": "calico.yaml"}, cluster_changes=True)
    assert [(entry["host"], entry["remedy"], entry["cluster"], entry["allowed"]) for entry in entries] == [
        ("cp", "calico_rbac", "cluster of cp", True),
        ("cp", "calico", "cluster of cp", True),
        ("w", "runtime_limits", None, True),
    ]
    calico = entries[1]
    assert (calico["kubeconfig"], calico["moves_pods"]) == ("/etc/kubernetes/admin.conf", False)
    assert calico["conditions"] == ["calico_below_minimum", "calico_reject_bypassed"]
    assert (calico["node_conditions"], calico["nodes"]) == (["calico_reject_bypassed"], ["w", "cp"])


def refusal(scans, *verdicts, **wishes):
    variables = wishes.pop("variables", {"calico_manifest": "calico.yaml"})
    entries = plan(scans, clusters=[cluster(*verdicts)], variables=variables, **dict({"cluster_changes": True}, **wishes))
    assert not entries[0]["allowed"]
    return entries[0]["reason"]


def test_why_a_cluster_is_not_changed():
    both = OrderedDict([("w", member("w")), ("cp", member("cp"))])
    assert "nodemend_max_disruption=restart" in refusal(both, OLD, level="none")
    assert "nodemend_cluster_changes=true" in refusal(both, OLD, cluster_changes=False)
    assert "--limit" in refusal(both, OLD, limited=True)
    assert "not scanned" not in refusal({"cp": member("cp")}, OLD, limited=True)
    assert refusal({"cp": member("cp")}, OLD) == "nodes of the cluster were not scanned: w"
    assert refusal({"cp": member("cp"), "w": UNREACHABLE}, RBAC) == "nodes of the cluster were not scanned: w"
    assert refusal(both, OLD, variables={}) == (
        "needs -e calico_manifest=FILE, the manifest of the version to go to; "
        "Calico's documents name 3.18, 3.19, 3.20, 3.21 for Kubernetes v1.20.2 and kernels 4.18.0"
    )
    (entry,) = plan({"w": member("w", REJECT)}, clusters=[silent()], cluster_changes=True)
    assert (entry["host"], entry["reason"], entry["kubeconfig"]) == ("w", "no host of its control plane was scanned", None)
    unread = [{"name": "cp", "addresses": ["10.0.0.1"], "kernel": None}, {"name": "w", "addresses": ["10.0.0.2"], "kernel": "4.18.0"}]
    (entry,) = plan(both, clusters=[cluster(OLD, nodes=unread)], cluster_changes=True)
    assert entry["reason"].endswith("for Kubernetes v1.20.2 and kernels 4.18.0")
    (entry,) = plan({"w": member("w", REJECT)}, clusters=[silent()])
    assert entry["reason"] == "changes the whole cluster: needs -e nodemend_cluster_changes=true; no host of its control plane was scanned"


def test_each_cluster_has_its_own_remedies():
    two = {"id": "two", "name": "cluster of cp2", "host": "cp2", "asked": True, "scan": None, "reason": "it is down"}
    scans = {"w": member("w", REJECT), "cp": member("cp"), "x": member("w", REJECT, cluster="two", name="x")}
    given = {"calico_manifest": "calico.yaml", "manifest_version": "3.23.5"}
    entries = plan(scans, clusters=[cluster(RBAC), two], variables=given, cluster_changes=True)
    assert [(entry["host"], entry["remedy"], entry["nodes"], entry["reason"]) for entry in entries] == [
        ("cp", "calico_rbac", [], ""),
        ("cp", "calico", ["w"], ""),
        ("cp2", "calico", ["x"], "it is down"),
    ]


def test_the_rbac_alone_needs_no_manifest():
    both = {"w": member("w"), "cp": member("cp")}
    (entry,) = plan(both, clusters=[cluster(RBAC)], cluster_changes=True)
    assert entry["allowed"] is True


def test_a_kernel_waits_for_a_calico_that_can_live_on_it():
    scans = {"w": member("w", KERNEL, proxy_mode="ipvs"), "cp": member("cp")}
    seen = {"version": "v1.23.1", "calico": CALICO_3_20}
    variables = dict(REBOOT, kernel_target_release="5.18.1-1.el7.elrepo.x86_64")
    (entry,) = plan(scans, clusters=[cluster(**seen)], variables=variables)
    assert entry["allowed"] is False and "Calico 3.20.0 has ipset 7.1" in entry["reason"]
    (entry,) = plan(scans, clusters=[cluster(**seen)], variables=dict(variables, kernel_calico_ok="true"))
    assert entry["allowed"] is True
    (entry,) = plan({"w": member("w", KERNEL, proxy_mode="ipvs", kubernetes=False)}, clusters=[cluster(**seen)], variables=variables)
    assert entry["allowed"] is True  # nothing of Calico's runs there
    variables["calico_manifest"] = "calico.yaml"
    variables["manifest_version"] = "3.23.5"
    entries = plan(scans, clusters=[cluster(RBAC, **seen)], variables=variables, cluster_changes=True)
    assert brief(entries) == [("cp", "calico_rbac", True), ("w", "kernel", False)]  # its roles alone upgrade nothing
    for coming, words in (("3.23.5", None), ("3.21.6", "Calico 3.21.6 has ipset 7.1"), (None, "is not known before it is there")):
        variables["manifest_version"] = coming
        refused = plan(scans, clusters=[cluster(OLD, **seen)], variables=variables)  # without leave to change the cluster
        assert "Calico 3.20.0 has ipset 7.1" in refused[1]["reason"]
        entries = plan(scans, clusters=[cluster(OLD, **seen)], variables=variables, cluster_changes=True)
        assert brief(entries) == [("cp", "calico", True), ("w", "kernel", words is None)]
        assert words is None or words in entries[1]["reason"]


def test_a_host_that_asks_for_several_clusters_changes_none_of_them():
    one = dict(cluster(OLD), host="bastion")
    two = dict(cluster(), host="bastion", name="cluster of bastion (two.conf)", id="two")
    (entry,) = plan({"w": member("w"), "cp": member("cp")}, clusters=[one, two], variables={"calico_manifest": "x"}, cluster_changes=True)
    assert entry["allowed"] is False and "bastion asks for cluster of bastion (two.conf) too" in entry["reason"]


def test_hosts_without_a_scan_have_no_remedy_and_are_named():
    scans = OrderedDict([("dead", UNREACHABLE), ("w", scan(verdict()))])
    entries = plan(scans, "restart")
    assert brief(entries) == [("w", "runtime_limits", True)]
    assert plan_lines(entries, scans, "restart")[-2:] == [
        "Left alone, not scanned",
        "  dead: unreachable: Failed to connect to the host via ssh: Connection refused",
    ]


def test_plan_lines_fold_hosts_with_the_same_fate():
    scans = OrderedDict(("w%d" % number, scan(BACKEND, kubernetes=True)) for number in range(1, 6))
    lines = plan_lines(plan(scans, "drain"), scans, "drain")
    assert lines[0] == "Plan (nodemend_max_disruption=drain): 0 of 5 remedies may run."
    assert "  iptables_backend (drain) for iptables_backend_mismatch on w[1-5]" in lines
    assert sum("drain it yourself, then run with -e nodemend_drained=true --limit HOST" in line for line in lines) == 1


def unread(condition, **changes):
    return verdict(condition, status="unknown", **dict({"reason": "NeedsRoot", "message": "Only root may read %s." % condition}, **changes))


def test_what_could_not_be_read_is_told_with_its_hosts_folded():
    conditions = ("runtime_nofile_low", "kernel_not_default")
    scans = OrderedDict(("w%d" % number, scan(*[unread(condition) for condition in conditions])) for number in range(1, 301))
    scans["w7"] = scan(unread("runtime_nofile_low", reason="TimedOut", message="It took too long."), verdict(status="ok"))
    scans["w8"] = scan(verdict("cni_token_expiring", status="ok"), unread("clock_unsynchronized", role=None))
    seen = cluster(unread("calico_below_minimum", role=CALICO, remedy_scope="cluster", reason="ApiUnreachable", message="It was refused."))
    found = _plan.unread(scans, None, [seen])
    assert plan_lines([], scans, "none", found)[1:] == [
        "",
        "Could not be read, so nothing is planned for it",
        "  runtime_nofile_low, kernel_not_default (NeedsRoot) on w[1-6,9-300]",
        "    Only root may read runtime_nofile_low. (w1)",
        "  runtime_nofile_low (TimedOut) on w7",
        "    It took too long.",
        "  calico_below_minimum (ApiUnreachable) on cluster of cp",
        "    It was refused.",
    ]
    assert outcome_lines([], {}, {}, [], unread=found) == ["Nothing to remediate among what could be read."]


@pytest.mark.parametrize(
    "changes, conditions, told",
    [
        ({}, None, True),
        ({}, ["runtime_nofile_low"], True),
        ({}, ["kernel_not_default"], False),
        ({"remediate_on": "request"}, None, False),
        ({"remediate_on": "request"}, ["runtime_nofile_low"], True),
        ({"role": None}, None, False),
        ({"status": "ok"}, None, False),
        ({"status": "faulty"}, None, False),
    ],
)
def test_only_what_a_role_would_mend_in_this_run_counts_as_not_read(changes, conditions, told):
    scans = {"w": scan(verdict(**dict({"status": "unknown"}, **changes))), "gone": UNREACHABLE}
    assert bool(_plan.unread(scans, conditions)) == told


def test_plan_lines_show_what_shares_a_maintenance():
    scans = OrderedDict([("w", member("w", BACKEND, KERNEL, verdict())), ("cp", member("cp", KERNEL))])
    entries = plan(scans, clusters=[cluster(OLD)], variables=dict(REBOOT, calico_manifest="calico.yaml", manifest_version="3.22.5"), cluster_changes=True)
    assert plan_lines(entries, scans, "reboot") == [
        "Plan (nodemend_max_disruption=reboot): 5 of 5 remedies may run.",
        "",
        "Will run, in this order",
        "  calico (restart) for calico_below_minimum on the cluster of cp",
        "  runtime_limits (restart) for runtime_nofile_low on w",
        "  One maintenance for each of these hosts, in which its pods move once:",
        "    iptables_backend (drain) for iptables_backend_mismatch on w",
        "    kernel (reboot) for kernel_below_minimum on cp, w",
    ]


def test_plan_lines_show_no_maintenance_where_no_pods_move():
    entries = plan({"w": member("w", KERNEL)})  # without the leave to boot it
    assert plan_lines(entries, {"w": member("w")}, "reboot")[2:] == ["Will run, in this order", "  kernel (reboot) for kernel_below_minimum on w"]


def test_outcome_puts_remedies_together_and_failures_in_order():
    scans = OrderedDict([("w", member("w", BACKEND, KERNEL)), ("x", scan(BACKEND)), ("y", scan(KERNEL))])
    entries = plan(scans, clusters=[cluster()])
    proved = dict((host, ["iptables_backend", "kernel"]) for host in ("w", "x"))
    assert outcome_lines(entries, {"z": "late", "y": "it broke"}, proved, []) == [
        "Remediated and proved: 3 of 4.",
        "  iptables_backend for iptables_backend_mismatch on w, x",
        "  kernel for kernel_below_minimum on w",
        "FAILED on y: it broke",
        "FAILED on z: late",
    ]


@pytest.mark.parametrize("nodes, drained", [({}, True), ({"kubernetes": False}, False)])
def test_plan_lines_do_not_say_that_pods_move_where_nobody_moves_them(nodes, drained):
    scans = {"w": member("w", BACKEND, **nodes)}
    entries = plan(scans, clusters=[cluster()], drained=drained)
    assert plan_lines(entries, scans, "reboot", drained=drained) == [
        "Plan (nodemend_max_disruption=reboot): 1 of 1 remedies may run.",
        "",
        "Will run, in this order",
        "  iptables_backend (drain) for iptables_backend_mismatch on w",
    ]


def test_an_empty_plan_says_so():
    assert plan_lines([], {"w": scan()}, "none") == ["Plan (nodemend_max_disruption=none): nothing to remediate."]


def test_outcome_names_failures_and_reboots():
    entries = plan(OrderedDict([("a", scan(verdict())), ("b", scan(verdict()))]), "restart")
    lines = outcome_lines(entries, {"b": "it broke"}, {"a": ["runtime_limits"]}, ["a"])
    assert lines == [
        "Remediated and proved: 1 of 2.",
        "  runtime_limits for runtime_nofile_low on a",
        "FAILED on b: it broke",
        "A reboot is still required on a. With -e kernel_reboot_ok=true this playbook does it, with a way back.",
    ]


def test_a_kernel_that_is_only_installed_is_neither_mended_nor_not_begun():
    entries = plan(OrderedDict((name, scan(KERNEL)) for name in ("a", "b")))
    assert outcome_lines(entries, {}, {}, ["a", "b"], {"a": ["kernel"], "b": ["kernel"]}) == [
        "Remediated and proved: 0 of 2.",
        "Prepared, and mended only by a reboot:",
        "  kernel for kernel_below_minimum on a, b",
        "A reboot is still required on a, b. With -e kernel_reboot_ok=true this playbook does it, with a way back.",
    ]


def test_outcome_says_what_to_do_once_kured_has_been_there():
    entries = plan({"a": scan(KERNEL)})
    assert outcome_lines(entries, {}, {}, [], {"a": ["kernel"]}, kured=["a"])[3:] == [
        "kured has been asked to reboot a. Run this playbook with -e nodemend_conditions=kernel_not_default then:",
        "it proves the new kernel and makes it the default.",
    ]


def test_outcome_says_how_to_give_a_node_back():
    entries = plan({"b": scan(BACKEND)})
    lines = outcome_lines(entries, {"b": "it broke"}, {}, [], {}, {"b": {"node": "worker-b", "command": "on cp: kubectl uncordon worker-b"}})
    assert lines[1:] == [
        "FAILED on b: it broke",
        "  Its node worker-b IS STILL CORDONED: nothing new is scheduled there. Once the host is well, give it back:",
        "    on cp: kubectl uncordon worker-b",
    ]


def test_a_clusters_remedy_is_done_when_it_is_proved_on_the_nodes_too():
    scans = OrderedDict([("w", member("w", REJECT)), ("cp", member("cp"))])
    entries = plan(scans, clusters=[cluster()], variables={"calico_manifest": "calico.yaml"}, cluster_changes=True)
    assert outcome_lines(entries, {}, {"cp": ["calico"], "w": ["calico"]}, [])[0] == "Remediated and proved: 1 of 1."
    assert outcome_lines(entries, {"w": "it broke"}, {"cp": ["calico"]}, [])[0] == "Remediated and proved: 0 of 1."


@pytest.mark.parametrize(
    "finding, level, check_mode, line",
    [
        (verdict(status="ok"), "reboot", False, "Nothing to remediate."),
        (verdict(), "none", False, "Nothing was done: all 1 remedies of the plan were refused."),
        (verdict(), "restart", True, "Check mode, nothing was changed: 1 of 1 remedies would run."),
        (verdict(), "restart", False, "Remediated and proved: 1 of 1."),
    ],
)
def test_outcome_says_what_kind_of_run_it_was(finding, level, check_mode, line):
    proved = {"a": ["runtime_limits"]}
    assert outcome_lines(plan({"a": scan(finding)}, level), {}, proved, [], check_mode=check_mode)[0] == line


def test_what_was_never_begun_is_not_called_remediated():
    scans = OrderedDict((name, scan(verdict(), KERNEL)) for name in ("a", "b", "c"))
    entries = plan(scans)
    lines = outcome_lines(entries, {"b": "it broke"}, {"a": ["runtime_limits"]}, [])
    assert lines == [
        "Remediated and proved: 1 of 6.",
        "  runtime_limits for runtime_nofile_low on a",
        "FAILED on b: it broke",
        "Not begun, as something had failed before:",
        "  runtime_limits for runtime_nofile_low on c",
        "  kernel for kernel_below_minimum on a, c",
    ]


SAVED = verdict("iptables_rules_duplicated", "at_risk", reason="CopiesSaved", role="nodemend.kubernetes.iptables_duplicates", disruption="none")


@pytest.mark.parametrize("variables, reason", [({}, "needs -e iptables_duplicates_persisted=true"), ({"iptables_duplicates_persisted": "true"}, "")])
def test_what_a_role_does_with_an_option_only_is_planned_and_waits_for_it(variables, reason):
    (entry,) = plan({"w": scan(SAVED)}, "none", variables=variables)
    assert (entry["remedy"], entry["options"]) == ("iptables_duplicates", ["iptables_duplicates_persisted"])
    assert (entry["allowed"], entry["reason"]) == (not reason, reason)


def test_another_risk_of_that_condition_is_not_planned():
    assert plan({"w": scan(dict(SAVED, reason="DumpTimedOut"))}, variables={"iptables_duplicates_persisted": True}) == []
