# -*- coding: utf-8 -*-
from __future__ import absolute_import, division, print_function

import io
import os
from collections import OrderedDict

from ansible_collections.nodemend.kubernetes.plugins.module_utils import _catalogue, _cluster_catalogue
from ansible_collections.nodemend.kubernetes.plugins.module_utils._conditions import kernel_not_default
from ansible_collections.nodemend.kubernetes.plugins.plugin_utils._summary import summary
from scans import UNREACHABLE, scan, verdict

__metaclass__ = type

COMMAND = "ansible-playbook -i hosts nodemend.kubernetes.remediate"
COMMANDS = {"node": COMMAND, "cluster": COMMAND + " -u admin", "scan": "ansible-playbook -i hosts nodemend.kubernetes.scan"}


def test_what_an_operator_reads():
    scans = OrderedDict(
        [
            ("cp1", scan(verdict(status="ok"), distribution="kubelet", control_plane=True, runtimes=["containerd"], kernel="6.1")),
            ("w1", scan(verdict(message="w1 may open 1024 files."), distribution="kubelet", runtimes=["containerd"], kernel="6.1")),
            ("w2", scan(verdict(message="w2 may open 1024 files."), distribution="k3s", runtimes=["k3s"], kernel="5.10")),
            ("w3", scan(verdict(status="unknown", reason="NeedsRoot", message="only root may read it"))),
            ("w4", scan(verdict("kernel_below_minimum", status="at_risk", message="It is 4.4.", disruption="reboot"))),
            ("w5", UNREACHABLE),
        ]
    )
    assert summary(scans, COMMANDS) == [
        "Scanned 5 of 6 hosts, without root on w3: what only root may read is unknown there.",
        "  Kubernetes:    kubelet (2), none (2), k3s",
        "  Control plane: cp1",
        "  Runtime:       containerd (2), k3s",
        "  Kernel:        6.1 (2), 5.10",
        "",
        "FAULTY: proved",
        "  runtime_nofile_low Because on w1, w2",
        "    w1 may open 1024 files. (w1)",
        "    Mend (restart): %s -e nodemend_conditions=runtime_nofile_low -e nodemend_max_disruption=restart" % COMMAND,
        "",
        "UNKNOWN: could not be read",
        "  runtime_nofile_low NeedsRoot on w3",
        "    only root may read it",
        "",
        "AT RISK: not yet, or not proved",
        "  kernel_below_minimum Because on w4",
        "    It is 4.4.",
        "    What to do: docs/conditions/kernel_below_minimum.md",
        "",
        "NOT SCANNED",
        "  w5: unreachable: Failed to connect to the host via ssh: Connection refused",
        "",
        "Verdicts: 2 faulty, 1 unknown, 1 at risk, 1 ok, 0 not applicable.",
    ]


# Of a kubeadm cluster on EL 8 with iptables and Calico without VXLAN, where no policy of one's own is given; the second on workers.
NOWHERE = ("binfmt_fix_binary_missing", "container_nofile_low", "ipvs_connection_reuse", "rp_filter_strict", "vxlan_checksum_offload")
ON_THE_CONTROL_PLANE = ("admission_flags_conflict", "apiserver_loopback_certificate_expiring", "kubernetes_certificate_expiring")


def node_of(host):
    """What the sample's hosts answer: three of them are faulty."""
    control_plane, low = host.startswith("cp"), host in ("worker07", "worker08", "worker09")
    passed_over = NOWHERE if control_plane else NOWHERE + ON_THE_CONTROL_PLANE
    verdicts = [verdict(item.id, "not_applicable" if item.id in passed_over else "ok", reason="X") for item in _catalogue.CONDITIONS]
    if low:
        message = "containerd.service (PID 811) may open 1024 files, fewer than 65536."
        verdicts[[item["condition"] for item in verdicts].index("runtime_nofile_low")] = verdict(reason="SoftLimitLow", message=message)
    kernel = "4.18.0-553.el8_10.x86_64"
    return scan(*verdicts, distribution="kubelet", control_plane=control_plane, runtimes=["containerd"], cni="calico", proxy_mode="iptables", kernel=kernel)


def test_the_sample_of_the_readme_is_what_an_operator_would_read():
    hosts = ["cp1", "cp2", "cp3"] + ["worker%02d" % number for number in range(1, 40)]
    scans = OrderedDict((host, node_of(host)) for host in hosts)
    scans["worker12"] = {"unreachable": True, "msg": "Failed to connect to the host via ssh: Connection timed out"}
    seen = {"version": "v1.28.15", "api_ready": True, "nodes": [{"name": host, "ready": host != "worker12"} for host in hosts]}
    answer = {"conditions": [verdict(item.id, "ok") for item in _cluster_catalogue.CONDITIONS], "cluster": seen, "unavailable": {}}
    cluster = {"name": "cluster of cp1", "scan": answer, "reason": None}
    with io.open(os.path.join(os.path.dirname(__file__), "..", "..", "..", "README.md"), encoding="utf-8") as stream:
        sample = stream.read().partition("\n```\nScanned ")[2].partition("\n```\n")[0]
    assert ("Scanned " + sample).splitlines() == summary(scans, COMMANDS, [cluster])


def test_three_hundred_hosts_fit_a_screen():
    scans = OrderedDict(("node%03d" % number, scan(verdict())) for number in range(300))
    lines = summary(scans, COMMANDS)
    assert len(lines) < 12
    assert "  runtime_nofile_low Because on node[000-299]" in lines


def test_a_remedy_of_cluster_scope_names_its_permission():
    (line,) = [
        line
        for line in summary({"w": scan(verdict(remedy_scope="cluster", disruption="none"))}, COMMANDS)
        if "Mend" in line
    ]
    assert line.endswith("remediate -u admin -e nodemend_conditions=runtime_nofile_low -e nodemend_cluster_changes=true")


def test_hosts_that_a_remedy_would_disturb_differently_are_told_apart():
    scans = OrderedDict([("worker", scan(verdict())), ("server", scan(verdict(disruption="drain")))])
    mends = [line.split(":")[0] for line in summary(scans, COMMANDS) if "Mend" in line]
    assert mends == ["    Mend (restart)", "    Mend (drain)"]


def test_words_in_journals_are_told_once_for_all_hosts_and_units():
    def symptoms(*units, **others):
        found = [{"phrase": "too many open files", "condition": "runtime_nofile_low", "unit": unit} for unit in units]
        return dict(scan(verdict(status="ok")), symptoms=dict({"found": found, "unavailable": None}, **others))

    scans = OrderedDict(
        [
            ("w1", symptoms("kubelet.service", "containerd.service")),
            ("w2", symptoms("kubelet.service")),
            ("w3", symptoms(unavailable={"reason": "CommandMissing", "message": "journalctl: command not found"})),
            ("w4", symptoms()),
            ("w5", UNREACHABLE),
            ("w6", None),
        ]
    )
    lines = summary(scans, COMMANDS)
    assert lines[lines.index("IN THE JOURNALS: hints, no proof") + 1 : -2] == [
        '  runtime_nofile_low on w1, w2: "too many open files"',
        "  not read on w3: journalctl: command not found",
    ]
    assert not any("JOURNALS" in line for line in summary({"w4": symptoms()}, COMMANDS))


def test_a_finding_that_only_a_reboot_mends_has_the_leave_for_it_in_its_command():
    (line,) = [line for line in summary({"w": scan(verdict("kernel_below_minimum", disruption="reboot"))}, COMMANDS) if "Mend" in line]
    assert line.endswith("remediate -e nodemend_conditions=kernel_below_minimum -e nodemend_max_disruption=reboot -e kernel_reboot_ok=true")


def test_where_nothing_is_booted_the_command_has_no_leave_for_it():
    finding = verdict("kernel_not_default", "at_risk", remediate_on="request", disruption=kernel_not_default.CONDITION.disruption)
    (line,) = [line for line in summary({"w": scan(finding)}, COMMANDS) if "Mend" in line]
    assert line.endswith("remediate -e nodemend_conditions=kernel_not_default")


def test_an_option_without_which_nothing_is_mended_stands_in_the_command():
    saved = verdict("iptables_rules_duplicated", "at_risk", reason="CopiesSaved", disruption="none")
    wanted = "    Mend (none): %s -e nodemend_conditions=iptables_rules_duplicated -e iptables_duplicates_persisted=true" % COMMAND
    assert wanted in summary({"w": scan(saved)}, COMMANDS)


def test_each_cluster_has_a_line():
    def cluster(name, reason=None, unavailable=None, **seen):
        answer = {"conditions": [], "cluster": dict({"version": "v1.29.0", "api_ready": True, "nodes": []}, **seen), "unavailable": unavailable or {}}
        return {"name": name, "scan": None if reason else answer, "reason": reason}

    nodes = [{"name": "n1", "ready": True}, {"name": "n2", "ready": False}, {"name": "n3", "ready": False}]
    clusters = [
        cluster("cluster of a", nodes=nodes),
        cluster("cluster of b", nodes=nodes[:1]),
        cluster("cluster of c", api_ready=False, nodes=None),
        cluster("cluster of d", version=None, unavailable={"cluster_api": {"reason": "ApiUnreachable", "message": "connection refused"}}),
        cluster("cluster of e", reason="nobody may ask"),
    ]
    assert [line for line in summary({"w1": scan()}, COMMANDS, clusters) if "Cluster:" in line] == [
        "  Cluster:       cluster of a: Kubernetes v1.29.0, 3 nodes, not ready: n2, n3",
        "  Cluster:       cluster of b: Kubernetes v1.29.0, 1 nodes",
        "  Cluster:       cluster of c: Kubernetes v1.29.0, its API server is not ready, its nodes could not be read",
        "  Cluster:       cluster of d: connection refused",
        "  Cluster:       cluster of e: not looked at: nobody may ask",
    ]
    whole = summary({"w1": scan()}, COMMANDS, clusters)
    assert whole[0] == "Scanned 1 of 1 hosts." and "NOT SCANNED" not in whole


def test_what_only_a_probe_can_tell_has_the_command_that_probes():
    wanted = "    Try it: ansible-playbook -i hosts nodemend.kubernetes.scan -e nodemend_conditions=iptables_rule_check_broken -e nodemend_probes=true"
    assert wanted in summary({"w": scan(verdict("iptables_rule_check_broken", "unknown", reason="ProbeNotAllowed"))}, COMMANDS)


def test_where_the_pages_lie_is_told_where_one_is_named():
    told = "The pages (docs/...) lie in /opt/nodemend/kubernetes."
    assert summary({"w": scan(verdict(role=None))}, COMMANDS, home="/opt/nodemend/kubernetes")[-1] == told
    assert told not in summary({"w": scan(verdict())}, COMMANDS, home="/opt/nodemend/kubernetes")
