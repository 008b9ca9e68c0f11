"""The cluster scan of scan.yml on staged hosts: who is asked, who takes over, and what the summary says."""

import json

import pytest

SCAN = "nodemend.kubernetes.scan"
OLD = {"calico_below_minimum": {}}


def control(cluster="aaaa", **more):
    node = {"kubernetes": True, "control_plane": True, "cluster": cluster, "admin_kubeconfig": "/etc/kubernetes/admin.conf"}
    return dict({"node": node}, **more)


def worker(cluster="aaaa", **more):
    return dict({"node": {"kubernetes": True, "control_plane": False, "cluster": cluster, "admin_kubeconfig": None}}, **more)


def asked(stage):
    return [line.split()[0] for line in stage.ran()]


def test_one_host_of_the_control_plane_is_asked(stage):
    run = stage.run(SCAN, {"w1": worker(), "c1": control(api={"faulty": OLD}), "c2": control(), "c3": control()})
    assert asked(stage) == ["c1"]
    assert "Cluster:       cluster of c1: Kubernetes v1.20.2, 2 nodes\n" in run.text
    assert "  calico_below_minimum Scripted on cluster of c1\n" in run.text
    assert "-e nodemend_conditions=calico_below_minimum -e nodemend_max_disruption=restart -e nodemend_cluster_changes=true" in run.text
    assert "Scanned 4 of 4 hosts" in run.text and "Verdicts: 1 faulty" in run.text
    assert run.rc == 0


def test_a_host_is_called_once_for_itself_and_one_of_a_cluster_once_more(stage):
    stage.run(SCAN, {"w1": worker(), "w2": worker(), "c1": control(), "c2": control(), "other": control("bbbb")}, "-e", "nodemend_symptoms=true")
    assert stage.scanned() == ["c1", "c2", "other", "w1", "w2"]
    assert sorted(asked(stage)) == ["c1", "other"]


def test_a_play_that_says_not_to_become_is_heeded(stage):
    (stage.directory / "site.yml").write_text(
        "- name: Scan\n  ansible.builtin.import_playbook: nodemend.kubernetes.scan\n  vars:\n    nodemend_become: false\n"
    )
    run = stage.run("site.yml", {"c1": control(no_become=True)}, become=None)
    assert "cluster of c1: Kubernetes v1.20.2" in run.text
    assert run.rc == 0


def test_the_cluster_is_asked_as_root_where_nobody_says_otherwise(stage):
    run = stage.run(SCAN, {"c1": control(no_become=True)}, become=None)
    # The node's own scan found out that it must do without.
    assert "cluster of c1: Kubernetes v1.20.2" in run.text


def test_the_next_takes_over_where_the_host_that_is_asked_hangs(stage):
    soon = {"nodemend_timeout": 0, "nodemend_dump_timeout": -55}  # five seconds for all
    run = stage.run(SCAN, {"c1": control(hangs_when_asked=True, variables=soon), "c2": control()})
    assert asked(stage) == ["c1", "c2"]
    assert "cluster of c2: Kubernetes v1.20.2" in run.text
    assert run.rc == 0


def test_no_kubernetes_no_cluster_scan(stage):
    run = stage.run(SCAN, {"laptop": {"node": {"kubernetes": False}}})
    assert asked(stage) == []
    assert "Cluster:" not in run.text
    assert run.rc == 0


def test_the_next_takes_over_where_the_api_server_does_not_answer(stage):
    run = stage.run(SCAN, {"c1": control(api="down"), "c2": control(), "c3": control()})
    assert asked(stage) == ["c1", "c2"]
    assert "cluster of c2: Kubernetes v1.20.2" in run.text
    assert "ApiUnreachable" not in run.text
    assert run.rc == 0


def test_a_dead_control_plane_host_is_not_asked_and_another_answers(stage):
    run = stage.run(SCAN, {"w1": worker(), "c1": control(dead="always"), "c2": control()})
    assert asked(stage) == ["c2"]
    assert "cluster of c2: Kubernetes v1.20.2" in run.text and "c1: unreachable: " in run.text
    assert run.rc == 2  # a host was not scanned


def test_a_host_that_dies_before_it_is_asked(stage):
    """It answered the node scan; the connection of the cluster scan fails."""
    run = stage.run(SCAN, {"c1": control(dies_when_asked=True), "c2": control(), "w1": worker()})
    assert asked(stage) == ["c1", "c2"]
    assert "cluster of c2: Kubernetes v1.20.2" in run.text
    assert "Scanned 3 of 3 hosts" in run.text
    assert run.rc == 0


@pytest.mark.parametrize("fail_on, rc", [("faulty", 0), ("unknown", 2)])
def test_all_api_servers_down_is_unknown_and_the_nodes_are_judged(stage, fail_on, rc):
    hosts = {"c1": control(api="down"), "c2": control(api="down"), "w1": worker(faulty={"runtime_nofile_low": {"status": "at_risk"}})}
    run = stage.run(SCAN, hosts, "-e", "nodemend_fail_on=%s" % fail_on)
    assert asked(stage) == ["c1", "c2"]
    assert "cluster of c1: The connection to the server was refused." in run.text
    assert "calico_below_minimum ApiUnreachable on cluster of c1" in run.text
    assert "runtime_nofile_low Scripted on w1" in run.text
    assert run.rc == rc


def test_everything_dead(stage):
    run = stage.run(SCAN, {"c1": control(dead="always"), "w1": worker(dead="always")})
    assert asked(stage) == []
    assert "Scanned 0 of 2 hosts" in run.text
    assert run.rc == 2


def test_a_module_that_fails_is_an_error_and_named(stage):
    run = stage.run(SCAN, {"c1": control(api="bug")})
    assert "cluster of c1: not looked at: failed: Traceback: it broke" in run.text
    assert "cluster of c1 could not be scanned" in run.all
    assert run.rc == 2


def test_limit_to_workers_says_so_and_fails_nothing(stage):
    run = stage.run(SCAN, {"c1": control(), "w1": worker(), "w2": worker()}, "--limit", "w1,w2")
    assert asked(stage) == []
    assert "cluster of w1, w2: not looked at: no host of its control plane was scanned; nodemend_cluster_host" in run.text
    assert run.rc == 0


def test_limit_to_workers_with_a_host_outside_it_that_may_be_asked(stage):
    run = stage.run(SCAN, {"c1": control(), "w1": worker()}, "--limit", "w1", "-e", "nodemend_cluster_host=c1")
    assert asked(stage) == ["c1"]
    assert "cluster of c1: Kubernetes v1.20.2" in run.text
    assert run.rc == 0


def test_two_clusters(stage):
    hosts = {"a1": control("aaaa", api={"faulty": OLD}), "b1": control("bbbb", api="down"), "b2": control("bbbb", api={"faulty": OLD}), "bw": worker("bbbb")}
    run = stage.run(SCAN, hosts)
    assert sorted(asked(stage)) == ["a1", "b1", "b2"]
    assert "calico_below_minimum Scripted on cluster of a1, cluster of b2" in run.text
    assert run.rc == 0


def test_the_command_for_one_of_two_clusters_changes_no_other(stage):
    """It cannot repeat --limit, which remediate refuses; and a file's nodemend_hosts is a part of what was chosen."""
    chosen = stage.directory / "chosen.yml"
    chosen.write_text("nodemend_hosts: a1,b1\n")
    hosts = {"a1": control("aaaa", api={"faulty": OLD}), "b1": control("bbbb", api={"faulty": OLD})}
    run = stage.run(SCAN, hosts, "--limit", "a1", "-e", "@%s" % chosen)
    assert " -e @%s -e nodemend_become=false -e 'nodemend_hosts=a1,b1,&a1' -e nodemend_conditions=calico_below_minimum" % chosen in run.text, run.all
    assert "--limit" not in run.text
    assert run.rc == 0


def test_a_second_cluster_whose_control_plane_is_elsewhere(stage):
    run = stage.run(SCAN, {"a1": control("aaaa"), "bw": worker("bbbb")})
    assert "cluster of a1: Kubernetes" in run.text and "cluster of bw: not looked at" in run.text
    assert run.rc == 0


@pytest.mark.parametrize("limit", [(), ("--limit", "w1")])
def test_this_machine_may_be_asked(stage, limit):
    """A bastion: also under --limit, where a play for localhost would be skipped in silence."""
    given = ("-e", "nodemend_cluster_host=localhost", "-e", "nodemend_kubeconfig=/home/me/kubeconfig")
    run = stage.run(SCAN, {"c1": control("cccc"), "w1": worker("cccc")}, *given, *limit)
    assert stage.ran() == ["localhost asks /home/me/kubeconfig"]
    assert "cluster of localhost: Kubernetes v1.20.2, 2 nodes" in run.text, run.all
    assert run.rc == 0


def test_this_machine_may_be_asked_where_every_host_is_dead(stage):
    run = stage.run(SCAN, {"c1": control(dead="always")}, "-e", "nodemend_cluster_host=localhost")
    assert "cluster of localhost: Kubernetes v1.20.2" in run.text
    assert run.rc == 2


def test_a_host_to_ask_that_is_in_no_inventory_does_not_throw_away_what_was_found(stage, tmp_path):
    path = tmp_path / "report.json"
    limits = {"runtime_nofile_low": {}}
    hosts = {"c1": control(faulty=limits, variables={"nodemend_cluster_host": "nowhere"}), "d1": control("dddd", api={"faulty": OLD}, faulty=limits)}
    run = stage.run(SCAN, hosts, "-e", "nodemend_report=%s" % path)
    assert asked(stage) == ["d1"]
    assert "Scanned 2 of 2 hosts" in run.text, run.all
    assert "  runtime_nofile_low Scripted on c1, d1\n" in run.text and "  calico_below_minimum Scripted on cluster of d1\n" in run.text
    assert "cluster of nowhere: not looked at: nodemend_cluster_host: nowhere is not in the inventory\n" in run.text
    assert "cluster of nowhere could not be scanned" in run.all
    assert [finding["hosts"] for finding in json.loads(path.read_text())["findings"]] == [["c1", "d1"], ["cluster of d1"]]
    assert run.rc == 2


def test_a_group_decides_who_is_asked(stage):
    run = stage.run(SCAN, {"c1": control(), "c2": control()}, "-e", "nodemend_control_plane_group=c2")
    assert asked(stage) == []
    assert "cluster of c[1-2]" in run.text or "cluster of c1, c2: not looked at" in run.text
    assert run.rc == 0


@pytest.mark.parametrize(
    "conditions, found, hosts",
    [
        (None, ["calico_below_minimum", "runtime_nofile_low"], ["c1"]),
        ("runtime_nofile_low", ["runtime_nofile_low"], []),
        ("calico_below_minimum", ["calico_below_minimum"], ["c1"]),
        ("runtime_nofile_low,calico_below_minimum", ["calico_below_minimum", "runtime_nofile_low"], ["c1"]),
    ],
)
def test_conditions_of_both_scopes_may_be_named(stage, tmp_path, conditions, found, hosts):
    report = tmp_path / "report.json"
    given = ("-e", "nodemend_conditions=%s" % conditions) if conditions else ()
    run = stage.run(SCAN, {"c1": control(api={"faulty": OLD}, faulty={"runtime_nofile_low": {}})}, "-e", "nodemend_report=%s" % report, *given)
    assert run.rc == 0, run.all
    assert asked(stage) == hosts
    assert ("Cluster:" in run.text) == bool(hosts)
    assert sorted(finding["condition"] for finding in json.loads(report.read_text())["findings"]) == found


def test_the_report_has_the_clusters(stage, tmp_path):
    path = tmp_path / "report.json"
    stage.run(SCAN, {"c1": control(api={"faulty": OLD}), "w1": worker("bbbb")}, "-e", "nodemend_report=%s" % path)
    report = json.loads(path.read_text())
    one, two = report["clusters"]
    assert (one["id"], one["host"], one["scan"]["cluster"]["version"]) == ("aaaa", "c1", "v1.20.2")
    assert (two["id"], two["host"], two["scan"], two["asked"]) == ("bbbb", None, None, False)
    assert report["findings"][0]["hosts"] == ["cluster of c1"]
    assert report["counts"]["faulty"] == 1


def test_a_node_that_is_not_ready_is_named(stage):
    run = stage.run(SCAN, {"c1": control(api={"nodes": ["n1", "broken"]})})
    assert "cluster of c1: Kubernetes v1.20.2, 2 nodes, not ready: broken" in run.text
