"""remediate.yml as a conductor: order, permissions, batches that fail, hosts that die. The roles are played by a stub."""

import json
import os
import re

import pytest
from conftest import ROOT

REMEDIATE = "nodemend.kubernetes.remediate"
LIMITS = {"runtime_nofile_low": {"disruption": "restart"}}
BACKEND = {"iptables_backend_mismatch": {"disruption": "drain"}}
KERNEL = {"kernel_below_minimum": {"disruption": "reboot"}}
CERTIFICATES = {"kubernetes_certificate_expiring": {"disruption": "drain"}}
TOKEN = {"cni_token_expiring": {}}
REJECT = {"calico_reject_bypassed": {}}
OLD_CALICO = {"calico_below_minimum": {}}
RBAC = {"calico_rbac_incomplete": {}}
BORROWED = {
    "calico_address_borrowed": {
        "role": "nodemend.kubernetes.calico_ipam",
        "remediate_on": "request",
        "disruption": "drain",
        "evidence": {"borrowed": [{"owner": "w1"}, {"owner": "w1"}]},
    }
}
ALL = dict(LIMITS, **BACKEND, **KERNEL)
MANIFESTS = os.path.join(ROOT, "molecule", "cluster", "calico", "manifests", "calico-v%s.manifest")
MANIFEST = ("-e", "calico_manifest=" + MANIFESTS % "3.22.5")
CHANGES = ("-e", "nodemend_cluster_changes=true")
# So that a whole scan may take five seconds.
SOON = ("-e", json.dumps({"nodemend_timeout": 0, "nodemend_dump_timeout": -55}))
REBOOT = ("-e", "kernel_reboot_ok=true")


def disrupt(level):
    return ("-e", "nodemend_max_disruption=%s" % level)


def cluster(faulty=None, others=(), name="one", **hosts):
    """A cluster of a control-plane host cp and the hosts given, each the node of its own name; others are nodes without a host."""
    prefix = "" if name == "one" else name + "-"
    members = [prefix + host for host in ["cp", *hosts]]
    addresses = {member: ["10.0.0.%d" % number] for number, member in enumerate([*members, *others])}
    staged = {}
    for host, member in zip(["cp", *hosts], members):
        node = {"kubernetes": True, "name": member, "cluster": name, "addresses": addresses[member], "control_plane": host == "cp"}
        staged[member] = dict({"node": node}, **hosts.get(host, {}))
    staged[prefix + "cp"]["node"]["admin_kubeconfig"] = "/etc/kubernetes/admin.conf"
    staged[prefix + "cp"]["api"] = {"faulty": faulty or {}, "nodes": list(addresses), "addresses": addresses, "seen": {}}
    return staged


def ran(stage):
    """What was done, without the questions to API servers and roles."""
    return [line for line in stage.ran() if " asks " not in line]


def test_by_default_nothing_is_done_and_the_plan_says_why(stage):
    run = stage.run(REMEDIATE, {"w1": {"faulty": LIMITS}})
    assert ran(stage) == []
    assert "needs -e nodemend_max_disruption=restart" in run.text
    assert run.rc == 0


def test_by_default_what_disturbs_nothing_is_done_as_the_guide_says(stage):
    run = stage.run(REMEDIATE, {"w1": {"faulty": dict(LIMITS, iptables_rules_duplicated={"disruption": "none"})}})
    assert ran(stage) == ["w1 iptables_duplicates"]
    assert "Remediated and proved: 1 of 1." in run.text
    assert run.rc == 0


def test_allowed_remedies_run_in_order_of_disruption_and_are_proved(stage):
    run = stage.run(REMEDIATE, {"w1": {"faulty": ALL}, "w2": {"faulty": LIMITS}}, *disrupt("reboot"))
    assert ran(stage) == ["w1 runtime_limits", "w2 runtime_limits", "w1 iptables_backend", "w1 kernel"]
    assert "Remediated and proved: 4 of 4." in run.text
    assert run.rc == 0


@pytest.mark.parametrize("words", [(), ("-e", "nodemend_plan_only=true")])
def test_what_could_not_be_read_is_not_passed_over(stage, words):
    """As where -K was forgotten."""
    unread = {"status": "unknown", "reason": "NeedsRoot", "message": "Only root may read it."}
    hosts = {"w%d" % number: {"faulty": {"runtime_nofile_low": unread, "cni_token_expiring": unread}} for number in range(1, 5)}
    run = stage.run(REMEDIATE, hosts, *words)
    assert "Could not be read, so nothing is planned for it\n  runtime_nofile_low, cni_token_expiring (NeedsRoot) on w[1-4]\n" in run.text, run.all
    assert ("Nothing to remediate among what could be read.\n" in run.text) == (not words)
    assert "Nothing to remediate.\n" not in run.text
    assert run.rc == 0


def test_a_cluster_whose_api_server_does_not_answer_is_not_passed_over(stage):
    run = stage.run(REMEDIATE, dict(cluster(w1={}), cp=dict(cluster()["cp"], api="down")))
    assert "calico_below_minimum (ApiUnreachable) on cluster of cp\n    The connection to the server was refused.\n" in run.text, run.all
    assert "Nothing to remediate among what could be read.\n" in run.text
    assert run.rc == 0


def test_healthy_hosts_are_left_alone(stage):
    stage.run(REMEDIATE, {"w1": {}, "w2": {"faulty": LIMITS}}, *disrupt("reboot"))
    assert ran(stage) == ["w2 runtime_limits"]


@pytest.mark.parametrize("disruption, steps", [("restart", ["w1 runtime_limits"]), ("drain", ["w1 drained", "w1 runtime_limits", "w1 uncordoned"])])
def test_running_containers_that_keep_their_limit_are_no_failure(stage, disruption, steps):
    faulty = {"container_nofile_low": {"disruption": disruption, "remediate_on": "request", "stubborn": True}}
    run = stage.run(REMEDIATE, cluster(w1={"faulty": faulty}), *disrupt(disruption), "-e", "nodemend_conditions=container_nofile_low")
    assert ran(stage) == steps
    assert "Remediated and proved: 1 of 1." in run.text
    assert run.rc == 0


def test_workers_come_before_the_control_plane(stage):
    hosts = {"a-cp": {"faulty": LIMITS, "node": {"control_plane": True}}, "b-worker": {"faulty": LIMITS}}
    stage.run(REMEDIATE, hosts, *disrupt("restart"))
    assert ran(stage) == ["b-worker runtime_limits", "a-cp runtime_limits"]


def test_a_member_of_a_cluster_that_nobody_can_ask_is_not_drained_and_may_be_by_hand(stage):
    hosts = {"w1": {"faulty": BACKEND, "node": {"kubernetes": True, "cluster": "one"}}}
    run = stage.run(REMEDIATE, hosts, *disrupt("drain"))
    assert ran(stage) == []
    # Without the limit it would be the word of the operator for every host.
    assert "no host of its control plane was scanned" in run.text and "-e nodemend_drained=true --limit HOST\n" in run.text
    stage.run(REMEDIATE, hosts, *disrupt("drain"), "-e", "nodemend_drained=true")
    assert ran(stage) == ["w1 iptables_backend"]


def test_a_maintenance_moves_the_pods_once_for_all_remedies_that_need_it(stage):
    run = stage.run(REMEDIATE, cluster(w1={"faulty": dict(ALL, **TOKEN)}, cp={"faulty": CERTIFICATES}), *disrupt("reboot"), *REBOOT)
    alone = ["w1 runtime_limits", "w1 cni_token"]
    worker = ["w1 drained", "w1 iptables_backend", "w1 kernel", "w1 uncordoned"]
    assert ran(stage) == alone + worker + ["cp drained", "cp control_plane_certificates", "cp uncordoned"]
    assert "Remediated and proved: 5 of 5." in run.text
    assert run.rc == 0


def test_hosts_with_etcd_alone_are_stopped_under_the_lock_and_only_where_etcd_can_spare_them(stage):
    etcd = {"faulty": KERNEL, "node": {"kubernetes": False, "name": None, "cluster": "one", "etcd": True}}
    hosts = dict(cluster(w1={"faulty": KERNEL}), e1=etcd, e2=dict(etcd, fails=["control_plane_gate"]), e3=etcd)
    run = stage.run(REMEDIATE, hosts, *disrupt("reboot"), *REBOOT)
    worker = ["w1 drained", "w1 kernel", "w1 uncordoned"]
    assert ran(stage) == worker + ["e1 lock", "e1 control_plane_gate", "e1 kernel", "e1 unlock", "e2 lock", "e2 control_plane_gate", "e2 unlock"]
    assert re.search(r"FAILED on e2: .*control_plane_gate went wrong", run.text)
    assert re.search(r"Not begun, as something had failed before:\n  kernel .* on e3", run.text)
    assert run.rc == 2


def test_a_kernel_that_is_only_installed_moves_no_pods_and_is_not_called_mended(stage):
    installed = {"faulty": {"kernel_below_minimum": {"disruption": "reboot", "stubborn": True}}, "reboot": True}
    run = stage.run(REMEDIATE, cluster(w1=installed), *disrupt("reboot"))
    assert ran(stage) == ["w1 kernel"]
    assert run.rc == 0
    prepared = "Remediated and proved: 0 of 1.\nPrepared, and mended only by a reboot:\n  kernel for kernel_below_minimum on w1\n"
    assert prepared + "A reboot is still required on w1." in run.text


@pytest.mark.parametrize("given, heard", [({}, "True"), ({"iptables_backend_clean_stale": "false"}, "false")])
def test_what_the_inventory_says_of_leftover_rules_holds(stage, given, heard):
    hosts = {"w1": {"faulty": BACKEND, "heard": ["iptables_backend_clean_stale"], "variables": given}}
    stage.run(REMEDIATE, hosts, *disrupt("drain"), "-e", "nodemend_drained=true")
    assert "w1 iptables_backend heard iptables_backend_clean_stale=%s" % heard in stage.ran()


def test_nobody_drains_a_node_that_is_not_proved(stage):
    hosts = cluster(w1={"faulty": BACKEND})
    hosts["w1"]["node"]["addresses"] = ["192.0.2.7"]
    run = stage.run(REMEDIATE, hosts, *disrupt("reboot"))
    assert ran(stage) == []
    assert re.search(r"could not be proved: The node w1 has the InternalIP .* which this host does not have", run.text)


def test_a_drain_that_fails_fails_the_host_and_stops_the_rest(stage):
    hosts = cluster(w1={"faulty": BACKEND, "fails": ["drained"]}, w2={"faulty": BACKEND})
    run = stage.run(REMEDIATE, hosts, *disrupt("drain"))
    assert ran(stage) == ["w1 drained"]
    assert re.search(r"FAILED on w1: .*drained went wrong", run.text)
    assert re.search(r"Not begun, as something had failed before:\n  iptables_backend .* on w2", run.text)
    assert run.rc == 2


@pytest.mark.parametrize(
    "faulty, given, heard",
    [
        (KERNEL, {}, "auto"),
        (dict(BACKEND, **KERNEL), {}, "not_needed"),  # who needs them may speak to nft afterwards
        (dict(BACKEND, **KERNEL), {"kernel_legacy_iptables": "required"}, "required"),
    ],
)
def test_a_kernel_is_brought_before_the_pods_move(stage, faulty, given, heard):
    hosts = cluster(w1={"faulty": faulty, "variables": given, "heard": ["kernel_legacy_iptables"]})
    run = stage.run(REMEDIATE, hosts, *disrupt("reboot"), *REBOOT)
    steps = [line.replace("w1 ", "") for line in stage.ran() if line.startswith("w1 ") and "heard" not in line]
    assert steps[steps.index("asks kernel") + 1] == "drained" and steps[-2:] == ["kernel", "uncordoned"], run.all
    assert "w1 asks kernel heard kernel_legacy_iptables=" + heard in stage.ran()
    assert not any(line.startswith("w1 kernel heard") for line in stage.ran()) or given  # the role has its own default


def test_a_kernel_that_cannot_be_had_takes_no_node_out_of_service(stage):
    hosts = cluster(w1={"faulty": dict(BACKEND, **KERNEL), "fails": ["asks kernel"]}, w2={"faulty": KERNEL})
    run = stage.run(REMEDIATE, hosts, *disrupt("reboot"), *REBOOT)
    assert ran(stage) == []
    assert re.search(r"FAILED on w1: .*kernel went wrong", run.text) and "CORDONED" not in run.text
    assert re.search(r"Not begun, as something had failed before:\n.*  kernel .* on w2", run.text, re.S)
    assert run.rc == 2


def test_nothing_is_brought_before_where_no_pods_move(stage):
    stage.run(REMEDIATE, cluster(w1={"faulty": KERNEL}), *disrupt("reboot"))
    assert [line for line in stage.ran() if "kernel" in line] == ["w1 kernel"]


def test_the_running_kernel_becomes_the_default_without_a_maintenance_whatever_else_is_allowed(stage):
    own = {"kernel_reboot_ok": "true", "kernel_make_default": "false"}
    wanted = {"kernel_not_default": {"status": "at_risk", "remediate_on": "request", "disruption": "none"}}
    hosts = cluster(w1={"faulty": wanted, "variables": own, "heard": ["kernel_make_default", "kernel_reboot_ok", "kernel_target_release", "nodemend_remedied"]})
    hosts["w1"]["node"]["kernel"] = "3.10.0-1160.el7.x86_64"
    run = stage.run(REMEDIATE, hosts, *disrupt("reboot"), "-e", "nodemend_conditions=kernel_not_default")
    heard = {"kernel_make_default=True", "kernel_reboot_ok=False", "kernel_target_release=3.10.0-1160.el7.x86_64", "nodemend_remedied=['kernel_not_default']"}
    assert set(ran(stage)) == {"w1 kernel"} | {"w1 kernel heard " + one for one in heard}, run.all
    assert "Remediated and proved: 1 of 1." in run.text and run.rc == 0


@pytest.mark.parametrize(
    "words, script, said",
    [
        ((), {}, "A reboot is still required on w1. With -e kernel_reboot_ok=true"),
        (REBOOT, {}, None),  # only the role knows why, and it has said so
        ((*REBOOT, "-e", "kernel_reboot_by=kured"), {}, "kured has been asked to reboot w1."),
        ((*REBOOT, "-e", "kernel_reboot_by=kured", "--check"), {}, None),
        ((), {"fails": ["kernel"]}, None),  # it may not be booted at all
        ((), {"stubborn": True}, "A reboot is still required on w1. With -e kernel_reboot_ok=true"),
    ],
)
def test_who_is_told_of_a_reboot(stage, words, script, said):
    own = {"faulty": {"kernel_below_minimum": {"disruption": "reboot", "stubborn": script.pop("stubborn", False)}}, "reboot": True}
    run = stage.run(REMEDIATE, cluster(w1=dict(own, **script)), *disrupt("reboot"), *words)
    assert "w1 kernel" in [line.replace(" (check)", "") for line in ran(stage)], run.all
    told = [line for line in run.text.split("\n") if "A reboot is still" in line or "kured has" in line]
    assert [line[: len(said)] for line in told] == [said] if said else told == []


def test_a_host_that_iptables_backend_refuses_keeps_its_pods(stage):
    faulty = {"runtime_nofile_low": {"disruption": "drain"}, **BACKEND}
    run = stage.run(REMEDIATE, cluster(w1={"faulty": faulty, "fails": ["asks iptables_backend"]}, w2={"faulty": BACKEND}), *disrupt("drain"))
    assert ran(stage) == []
    assert re.search(r"FAILED on w1: .*iptables_backend went wrong", run.text)
    assert "CORDONED" not in run.text
    assert re.search(r"Not begun, as something had failed before:\n.*  iptables_backend .* on w2", run.text, re.S)
    assert run.rc == 2


@pytest.mark.parametrize("after", ["drained", "iptables_backend"])
def test_a_host_that_dies_cordoned_is_named_with_the_command_to_go_on(stage, after):
    hosts = cluster(w1={"faulty": dict(BACKEND, **KERNEL), "dead": after}, w2={"faulty": BACKEND})
    run = stage.run(REMEDIATE, hosts, *disrupt("reboot"), *REBOOT)
    begun = ["w1 drained"] + (["w1 iptables_backend"] if after == "iptables_backend" else [])
    assert ran(stage) == begun + ["w1 unlock"]
    assert re.search(r"FAILED on w1: .*unreachable", run.text)
    assert re.search(r"node w1 IS STILL CORDONED.*\n.*kubectl.* uncordon w1", run.text)
    assert re.search(r"Not begun, as something had failed before:\n  iptables_backend .* on w2", run.text)
    assert run.rc == 2


def test_a_remedy_that_fails_leaves_its_node_cordoned_and_says_so(stage):
    run = stage.run(REMEDIATE, cluster(w1={"faulty": BACKEND, "fails": ["iptables_backend"]}), *disrupt("drain"))
    assert ran(stage) == ["w1 drained", "w1 iptables_backend", "w1 unlock"]
    assert "node w1 IS STILL CORDONED" in run.text
    assert run.rc == 2


def test_a_lock_that_cannot_be_given_back_is_a_failure_and_the_outcome_is_still_told(stage):
    run = stage.run(REMEDIATE, cluster(w1={"faulty": BACKEND, "fails": ["iptables_backend", "unlock"]}), *disrupt("drain"))
    assert re.search(r"FAILED on w1: .*iptables_backend went wrong.*The lock has stayed: unlock went wrong", run.text)
    assert run.rc == 2


def test_a_lock_that_cannot_be_given_back_stops_the_next_maintenance(stage):
    etcd = {"faulty": KERNEL, "node": {"kubernetes": False, "name": None, "cluster": "one", "etcd": True}}
    run = stage.run(REMEDIATE, dict(cluster(), e1=dict(etcd, fails=["unlock"]), e2=etcd), *disrupt("reboot"), *REBOOT)
    assert ran(stage) == ["e1 lock", "e1 control_plane_gate", "e1 kernel", "e1 unlock"]
    assert re.search(r"FAILED on e1: .*The lock has stayed: unlock went wrong", run.text)
    assert re.search(r"Not begun, as something had failed before:\n  kernel .* on e2", run.text)
    assert run.rc == 2


def test_a_host_that_hangs_after_its_pods_have_moved_is_told_of(stage):
    python = stage.directory / "python"
    python.write_text('#!/bin/sh\nif grep -q "w1 drained" %s; then sleep 600; fi\nexec python3 "$@"\n' % stage.log)
    python.chmod(0o755)
    hosts = cluster(w1={"faulty": BACKEND, "variables": {"ansible_python_interpreter": str(python)}}, w2={"faulty": BACKEND})
    run = stage.run(REMEDIATE, hosts, *disrupt("drain"), *SOON)
    assert ran(stage) == ["w1 drained", "w1 unlock"]
    assert re.search(r"FAILED on w1: See whether the host still answers: .*(expected time frame|Timed out)", run.text)
    assert "node w1 IS STILL CORDONED" in run.text
    assert run.rc == 2


def test_what_fails_after_the_node_was_given_back_does_not_call_it_cordoned(stage):
    run = stage.run(REMEDIATE, cluster(w1={"faulty": BACKEND, "fails": ["after_tasks"]}), *disrupt("drain"))
    assert ran(stage)[:3] == ["w1 drained", "w1 iptables_backend", "w1 uncordoned"]
    assert re.search(r"FAILED on w1: .*The balancer went wrong", run.text) and "CORDONED" not in run.text
    assert run.rc == 2


def test_a_second_run_in_one_ansible_playbook_is_refused_where_the_first_has_begun_something(stage):
    site = stage.directory / "site.yml"
    site.write_text("".join("- import_playbook: %s\n  vars: {nodemend_hosts: %s}\n" % (REMEDIATE, hosts) for hosts in ("w1", "w2", "w3")))
    limits = {"faulty": LIMITS}
    run = stage.run(str(site), {"w1": {}, "w2": limits, "w3": limits}, *disrupt("restart"))
    assert ran(stage) == ["w2 runtime_limits"]
    assert "has run before in this ansible-playbook" in run.all and run.rc == 2


def test_check_mode_goes_through_the_maintenance_and_changes_nothing(stage):
    run = stage.run(REMEDIATE, cluster(w1={"faulty": dict(BACKEND, **KERNEL)}), *disrupt("reboot"), *REBOOT, "--check")
    steps = ["drained", "iptables_backend", "kernel", "uncordoned"]
    assert ran(stage) == ["w1 %s (check)" % step for step in steps]
    assert "asks kernel" not in " ".join(stage.ran())  # the role itself says what it would do
    assert "Check mode, nothing was changed: 2 of 2 remedies would run." in run.text
    assert run.rc == 0


def test_what_changes_a_cluster_runs_once_before_all_else_and_is_proved_on_the_nodes(stage):
    hosts = cluster(dict(OLD_CALICO, **RBAC), w1={"faulty": REJECT}, w2={"faulty": dict(REJECT, **LIMITS)})
    run = stage.run(REMEDIATE, hosts, *disrupt("restart"), *CHANGES, *MANIFEST)
    assert ran(stage) == ["cp calico_rbac", "cp calico", "w2 runtime_limits"]
    assert "calico (restart) for calico_below_minimum, calico_reject_bypassed on the cluster of cp" in run.text
    assert "Remediated and proved: 3 of 3." in run.text
    assert run.rc == 0


def test_a_node_on_which_a_clusters_remedy_did_not_help_is_a_failure(stage):
    hosts = cluster(OLD_CALICO, w1={"faulty": {"calico_reject_bypassed": {"stubborn": True}}}, w2={"faulty": LIMITS})
    run = stage.run(REMEDIATE, hosts, *disrupt("restart"), *CHANGES, *MANIFEST)
    assert ran(stage) == ["cp calico"]
    assert re.search(r"FAILED on w1: .*It is broken", run.text)
    assert "Remediated and proved: 0 of 2." in run.text
    assert run.rc == 2


@pytest.mark.parametrize(
    "words, others, reason",
    [
        (MANIFEST, (), "needs -e nodemend_cluster_changes=true"),
        ((*CHANGES, *MANIFEST, "--limit", "cp"), (), "name its hosts with -e nodemend_hosts=GROUP instead"),
        ((*CHANGES, *MANIFEST), ("w7",), "nodes of the cluster were not scanned: w7"),
        (CHANGES, (), "needs -e calico_manifest=FILE"),
    ],
)
def test_why_a_cluster_is_not_changed(stage, words, others, reason):
    run = stage.run(REMEDIATE, cluster(OLD_CALICO, others, w1={}), *disrupt("restart"), *words)
    assert ran(stage) == []
    assert reason in run.text


def test_two_clusters_are_changed_one_after_the_other_and_not_after_a_failure(stage):
    hosts = dict(cluster(OLD_CALICO, name="a", w1={}), **cluster(OLD_CALICO, name="b", w1={"faulty": BACKEND}))
    hosts["a-cp"]["fails"] = ["calico"]
    run = stage.run(REMEDIATE, hosts, *disrupt("drain"), *CHANGES, *MANIFEST)
    assert ran(stage) == ["a-cp calico"]
    assert re.search(r"Not begun, as something had failed before:\n  calico .* cluster of b-cp\n  iptables_backend .* on b-w1", run.text)
    assert run.rc == 2


@pytest.mark.parametrize("fails, rc, outcome", [([], 0, "Remediated and proved: 1 of 1."), (["calico"], 2, "FAILED on bastion: ")])
def test_a_host_outside_the_play_may_change_the_cluster_and_is_heard_when_it_fails(stage, fails, rc, outcome):
    hosts = cluster(w1={})
    hosts["bastion"] = {"node": {"cluster": "one"}, "api": dict(hosts["cp"]["api"], faulty=OLD_CALICO), "fails": fails}
    # A variable of the cluster's own hosts, which the bastion does not have.
    for host in ("cp", "w1"):
        hosts[host]["variables"] = {"nodemend_kubeconfig": "/one.conf"}
    outside = ("-e", "nodemend_hosts=cp,w1", "-e", "nodemend_cluster_host=bastion")
    run = stage.run(REMEDIATE, hosts, *outside, *disrupt("restart"), *CHANGES, *MANIFEST)
    assert ran(stage) == ["bastion calico"], run.all
    asked = [line for line in stage.ran() if line.startswith("bastion asks")]
    assert len(asked) == (1 if rc else 2) and set(asked) == {"bastion asks /one.conf"}
    assert outcome in run.text
    assert run.rc == rc


@pytest.mark.parametrize("fails, rc", [([], 0), (["calico"], 2)])
def test_a_bastion_that_is_not_in_the_inventory_changes_the_cluster_and_is_no_host_without_a_scan(stage, fails, rc):
    hosts = cluster(w1={})
    bastion = {"node": {"cluster": "one"}, "api": dict(hosts["cp"]["api"], faulty=OLD_CALICO), "fails": fails}
    run = stage.run(REMEDIATE, hosts, "-e", "nodemend_cluster_host=localhost", *disrupt("restart"), *CHANGES, *MANIFEST, outside={"localhost": bastion})
    assert ran(stage) == ["localhost calico"], run.all
    assert "could not be scanned" not in run.text
    assert ("FAILED on localhost: " if fails else "Remediated and proved: 1 of 1.") in run.text
    assert run.rc == rc


@pytest.mark.parametrize("words", [(), ("-e", "nodemend_plan_only=true")])
def test_a_host_to_ask_that_is_in_no_inventory_ends_the_run_after_its_plan(stage, words):
    run = stage.run(REMEDIATE, {"w1": {"faulty": LIMITS}}, "-e", "nodemend_cluster_host=nowhere", *disrupt("restart"), *words)
    assert ran(stage) == []
    assert "  runtime_limits (restart) for runtime_nofile_low on w1\n" in run.text, run.all
    assert "nodemend_cluster_host: nowhere is not in the inventory" in run.all
    assert run.rc == 2


def test_a_kernel_waits_for_the_calico_that_can_live_on_it(stage):
    hosts = cluster(OLD_CALICO, w1={"faulty": KERNEL})
    hosts["cp"]["api"]["seen"] = {"version": "v1.23.1", "calico": {"dataplane": "iptables", "nodes": [{"node": "w1", "edition": "oss", "version": "3.20.0"}]}}
    hosts["w1"]["node"]["proxy_mode"] = "ipvs"
    words = (*disrupt("reboot"), *REBOOT, "-e", "kernel_target_release=5.18.1-1.el7.elrepo.x86_64")
    run = stage.run(REMEDIATE, hosts, *words)
    assert ran(stage) == []
    assert "Calico 3.20.0 has ipset 7.1" in run.text and "upgrade Calico first" in run.text
    run = stage.run(REMEDIATE, hosts, *words, *CHANGES, "-e", "calico_manifest=" + MANIFESTS % "3.15.5", "-e", "nodemend_plan_only=true")
    assert "Calico 3.15.5 has ipset" in run.text and "take the manifest of another Calico" in run.text
    run = stage.run(REMEDIATE, hosts, *words, *CHANGES, "-e", "calico_manifest=https://example/calico.yaml", "-e", "nodemend_plan_only=true")
    assert "which Calico calico_manifest brings is not known" in run.text
    stage.run(REMEDIATE, hosts, *words, *CHANGES, *MANIFEST)
    assert ran(stage) == ["cp calico", "w1 drained", "w1 kernel", "w1 uncordoned"]


def test_a_remedy_on_request_runs_only_when_its_condition_is_named(stage):
    hosts = {"w1": {"faulty": {"runtime_nofile_low": {"remediate_on": "request", "status": "at_risk"}}}}
    stage.run(REMEDIATE, hosts, *disrupt("reboot"))
    assert ran(stage) == []
    stage.run(REMEDIATE, hosts, *disrupt("reboot"), "-e", "nodemend_conditions=runtime_nofile_low")
    assert ran(stage) == ["w1 runtime_limits"]


SAVED = {"status": "at_risk", "reason": "CopiesSaved", "disruption": "none"}
CLEAN_FILES = ("-e", "iptables_duplicates_persisted=true")


def test_files_that_alone_hold_copies_wait_for_the_option_and_the_plan_says_so(stage):
    hosts = {"w1": {"faulty": {"iptables_rules_duplicated": SAVED}}}
    run = stage.run(REMEDIATE, hosts)
    assert ran(stage) == []
    assert "iptables_duplicates (none) for iptables_rules_duplicated on w1\n    needs -e iptables_duplicates_persisted=true" in run.text
    run = stage.run(REMEDIATE, hosts, *CLEAN_FILES)
    assert ran(stage) == ["w1 iptables_duplicates"]
    assert "Remediated and proved: 1 of 1." in run.text
    assert run.rc == 0


@pytest.mark.parametrize("words, rc", [(CLEAN_FILES, 2), ((), 0)])
def test_files_that_still_hold_copies_are_a_failure_where_they_were_to_be_cleaned(stage, words, rc):
    # In the second case the rules of the kernel were the fault, and they are mended.
    faulty = dict(SAVED, stubborn=True) if rc else {"disruption": "none", "left": SAVED}
    run = stage.run(REMEDIATE, {"w1": {"faulty": {"iptables_rules_duplicated": faulty}}}, *words)
    assert ran(stage) == ["w1 iptables_duplicates"]
    assert ("FAILED on w1" in run.text) == bool(rc)
    assert run.rc == rc


MISSING = {"legacy ipv4": {"reason": "CommandMissing", "message": "iptables-legacy-save: command not found"}}
TOO_LONG = {"nft ipv4": {"reason": "TimedOut", "message": "iptables-nft-save: no answer"}}
DENIED = {"nft ipv4": {"reason": "NeedsRoot", "message": "iptables-nft-save: only root may list the rules."}}


@pytest.mark.parametrize(
    "before, after, rc",
    [
        (MISSING, MISSING, 0),
        (dict(MISSING, **TOO_LONG), MISSING, 0),
        ({}, MISSING, 2),
        (MISSING, dict(MISSING, **TOO_LONG), 2),
        (MISSING, {}, 2),  # another unknown
        (DENIED, DENIED, 2),  # who may look would see whether there are copies
    ],
)
def test_what_the_scan_could_not_list_either_is_no_failure(stage, before, after, rc):
    left = {"status": "unknown", "reason": "CommandMissing", "evidence": {"unavailable": after}}
    faulty = {"disruption": "none", "evidence": {"unavailable": before}, "left": left}
    run = stage.run(REMEDIATE, {"w1": {"faulty": {"iptables_rules_duplicated": faulty}}})
    assert ran(stage) == ["w1 iptables_duplicates"]
    assert (("FAILED on w1" in run.text), run.rc) == (bool(rc), rc), run.all


@pytest.mark.parametrize("words, rc", [((), 0), (("-e", "iptables_duplicates_persisted=true"), 2)])
def test_files_that_were_to_be_cleaned_are_not_hidden_by_what_cannot_be_listed(stage, words, rc):
    persisted = {"files": {}, "not_parsed": [], "duplicated": ["/etc/iptables/rules.v4"]}
    left = {"status": "unknown", "reason": "CommandMissing", "evidence": {"unavailable": MISSING, "persisted": persisted}}
    faulty = {"disruption": "none", "evidence": {"unavailable": MISSING}, "left": left}
    run = stage.run(REMEDIATE, {"w1": {"faulty": {"iptables_rules_duplicated": faulty}}}, *words)
    assert ran(stage) == ["w1 iptables_duplicates"]
    assert (("FAILED on w1" in run.text), run.rc) == (bool(rc), rc), run.all


def routes_told(stage):
    """The routes that each question to an API server came with."""
    with open(str(stage.log) + ".routes") as stream:
        return [json.loads(line) for line in stream]


def test_borrowed_addresses_are_proved_by_the_routes_that_their_blocks_nodes_have_now(stage):
    named = ("-e", "nodemend_conditions=calico_address_borrowed")
    run = stage.run(REMEDIATE, cluster(BORROWED, w1={}, w2={}), *disrupt("restart"), *CHANGES, *named)
    assert ran(stage) == []
    assert "calico_ipam (drain) for calico_address_borrowed on the cluster of cp\n    needs -e nodemend_max_disruption=drain" in run.text
    run = stage.run(REMEDIATE, cluster(BORROWED, w1={}, w2={}), *disrupt("drain"), *CHANGES, *named)
    assert ran(stage) == ["cp calico_ipam"]
    assert "Remediated and proved: 1 of 1." in run.text, run.all
    # The scan, then the proof with what the scan knew, then with what w1 has answered again.
    assert [[node["name"] for node in known] for known in routes_told(stage)[-3:]] == [["cp", "w1", "w2"]] * 2 + [["cp", "w2", "w1"]]
    assert [node.get("host") for node in routes_told(stage)[-1]] == ["cp", "w2", None]
    assert run.rc == 0


def test_what_the_nodes_of_these_blocks_do_not_tell_any_more_is_not_known(stage):
    hosts = cluster(BORROWED, w1={"dead_after": "cp calico_ipam"}, w2={})
    stage.run(REMEDIATE, hosts, *disrupt("drain"), *CHANGES, "-e", "nodemend_conditions=calico_address_borrowed")
    assert ran(stage) == ["cp calico_ipam"]
    assert [node["name"] for node in routes_told(stage)[-1]] == ["cp", "w2"]


def test_plan_only_stops_after_the_plan(stage):
    run = stage.run(REMEDIATE, {"w1": {"faulty": LIMITS}}, *disrupt("reboot"), "-e", "nodemend_plan_only=true")
    assert ran(stage) == []
    assert "Will run, in this order" in run.text
    assert run.rc == 0


def test_plan_only_fails_where_a_host_was_not_scanned(stage):
    run = stage.run(REMEDIATE, {"w1": {"faulty": LIMITS}, "w2": {"dead": "always"}}, "-e", "nodemend_plan_only=true")
    assert "1 of 2 hosts could not be scanned" in run.text
    # The plan stands there for people; Ansible shows the result of a task that fails.
    assert '"plan":' not in run.all and '"maintenances":' not in run.all and '"groups":' not in run.all
    assert run.rc == 2


def test_a_remedy_on_request_must_remove_the_risk_itself(stage):
    risk = {"remediate_on": "request", "status": "at_risk", "stubborn": True}
    run = stage.run(REMEDIATE, {"w1": {"faulty": {"runtime_nofile_low": risk}}}, *disrupt("restart"), "-e", "nodemend_conditions=runtime_nofile_low")
    assert re.search(r"FAILED on w1: .*It is broken", run.text)
    assert run.rc == 2


def test_a_batch_that_fails_stops_the_next_ones_and_the_later_remedies(stage):
    hosts = {"w1": {"faulty": LIMITS, "fails": ["runtime_limits"]}, "w2": {"faulty": dict(LIMITS, **BACKEND)}}
    run = stage.run(REMEDIATE, hosts, *disrupt("reboot"))
    assert ran(stage) == ["w1 runtime_limits"]
    assert re.search(r"FAILED on w1: .*runtime_limits went wrong", run.text)
    assert "Remediated and proved: 0 of 3." in run.text
    assert re.search(r"Not begun, as something had failed before:\n  runtime_limits .* on w2\n  iptables_backend .* on w2", run.text)
    assert run.rc == 2


def test_a_remedy_that_did_not_help_is_a_failure(stage):
    hosts = {"w1": {"faulty": {"runtime_nofile_low": {"stubborn": True}}}, "w2": {"faulty": LIMITS}}
    run = stage.run(REMEDIATE, hosts, *disrupt("reboot"))
    assert ran(stage) == ["w1 runtime_limits"]
    assert re.search(r"FAILED on w1: .*It is broken", run.text)
    assert run.rc == 2


def test_a_host_that_dies_during_its_remedy_fails_and_stops_the_rest(stage):
    hosts = {"w1": {"faulty": LIMITS, "dead": "runtime_limits"}, "w2": {"faulty": LIMITS}}
    run = stage.run(REMEDIATE, hosts, *disrupt("reboot"))
    assert ran(stage) == ["w1 runtime_limits"]
    assert "FAILED on w1" in run.text and "unreachable" in run.text
    assert run.rc == 2


def test_a_host_that_was_dead_from_the_start_is_named_and_the_others_are_remediated(stage):
    run = stage.run(REMEDIATE, {"w1": {"dead": "always"}, "w2": {"faulty": LIMITS}}, *disrupt("restart"))
    assert ran(stage) == ["w2 runtime_limits"]
    assert re.search(r"Left alone, not scanned\n  w1: unreachable: ", run.text)
    assert run.rc == 2
    outcome = run.text.partition("Remediated and proved: 1 of 1.")[2]
    assert "Left alone, not scanned:\n  w1: unreachable: no route to w1\n" in outcome
    assert "1 of 2 hosts could not be scanned (said of all hosts, whatever name Ansible puts before it)" in outcome + run.all[len(run.text) :]


def test_a_sites_strategy_and_any_errors_fatal_change_nothing(stage, monkeypatch):
    monkeypatch.setenv("ANSIBLE_STRATEGY", "free")
    monkeypatch.setenv("ANSIBLE_ANY_ERRORS_FATAL", "1")
    hosts = dict(cluster(OLD_CALICO, w1={"faulty": REJECT}, w2={"faulty": dict(BACKEND, **LIMITS)}), other={"dead": "always"})
    run = stage.run(REMEDIATE, hosts, *disrupt("drain"), *CHANGES, *MANIFEST)
    assert ran(stage) == ["cp calico", "w2 runtime_limits", "w2 drained", "w2 iptables_backend", "w2 uncordoned"], run.all
    assert "Remediated and proved: 3 of 3." in run.text
    assert "1 of 4 hosts could not be scanned" in run.text
    assert run.rc == 2


def test_a_host_that_hangs_when_it_is_to_be_proved_is_a_failure(stage):
    hosts = {"w1": {"faulty": LIMITS, "hangs_after": "w1 runtime_limits"}, "w2": {"faulty": LIMITS}}
    run = stage.run(REMEDIATE, hosts, *disrupt("restart"), *SOON)
    assert ran(stage) == ["w1 runtime_limits"]
    assert re.search(r"FAILED on w1: .*(expected time frame|Timed out)", run.text)
    assert run.rc == 2


def test_all_hosts_dead(stage):
    run = stage.run(REMEDIATE, {"w1": {"dead": "always"}, "w2": {"dead": "always"}}, *disrupt("reboot"))
    assert ran(stage) == []
    assert re.search(r"Left alone, not scanned\n  w1: .*\n  w2: ", run.text)
    assert run.rc == 2


def test_limit(stage):
    hosts = {"w1": {"faulty": LIMITS}, "w2": {"faulty": LIMITS}}
    run = stage.run(REMEDIATE, hosts, *disrupt("restart"), "--limit", "w2")
    assert ran(stage) == ["w2 runtime_limits"]
    assert "Remediated and proved: 1 of 1." in run.text


def test_two_at_a_time_when_asked(stage):
    hosts = {"w%d" % number: {"faulty": LIMITS} for number in range(4)}
    run = stage.run(REMEDIATE, hosts, *disrupt("restart"), "-e", "nodemend_serial=2")
    assert sorted(ran(stage)) == ["w%d runtime_limits" % number for number in range(4)]
    assert run.text.count("PLAY [Remediate with runtime_limits]") == 2


def test_a_maintenance_is_of_one_host_whatever_is_asked(stage):
    run = stage.run(REMEDIATE, cluster(w1={"faulty": BACKEND}, w2={"faulty": BACKEND}), *disrupt("drain"), "-e", "nodemend_serial=2")
    assert ran(stage) == ["w1 drained", "w1 iptables_backend", "w1 uncordoned", "w2 drained", "w2 iptables_backend", "w2 uncordoned"]
    assert run.rc == 0


@pytest.mark.parametrize("value", ["harmless", "all"])
def test_a_bad_permission_is_named_with_what_is_valid(stage, value):
    run = stage.run(REMEDIATE, {"w1": {"faulty": LIMITS}}, *disrupt(value))
    assert ran(stage) == []
    assert "nodemend_max_disruption: '%s' is not valid; valid are none, restart, drain, reboot" % value in run.all
    assert run.rc == 2


def test_an_unquoted_version_is_refused_on_every_core(stage):
    run = stage.run(REMEDIATE, {"w1": {}}, "-e", json.dumps({"kernel_minimum_version": 6.20}))
    assert "kernel_minimum_version: 6.2 is a number; quote it" in run.all
    assert run.rc == 2
