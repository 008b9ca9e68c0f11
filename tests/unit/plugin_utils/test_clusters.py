# -*- coding: utf-8 -*-
"""Who asks which cluster's API server, and what is known afterwards."""

from __future__ import absolute_import, division, print_function

import collections

import pytest
from ansible_collections.nodemend.kubernetes.plugins.plugin_utils._clusters import clusters, groups, mistyped, routes, scans_of, turns

__metaclass__ = type

ADMIN = "/etc/kubernetes/admin.conf"


def host(cluster="aaaa", control_plane=True, admin=ADMIN, kubernetes=True, scanned=True, runner=None, kubeconfig=None, listed=None, nowhere=False):
    node = {"cluster": cluster, "control_plane": control_plane, "admin_kubeconfig": admin, "kubernetes": kubernetes}
    scan = {"conditions": [], "node": node} if scanned else {"unreachable": True}
    return {"scan": scan, "runner": runner, "kubeconfig": kubeconfig, "listed": listed, "nowhere": nowhere}


def worker(**more):
    return host(**dict({"control_plane": False, "admin": None}, **more))


def play(*pairs):
    return collections.OrderedDict(pairs)


def answer(cluster="aaaa", ready=True):
    return {"conditions": [], "cluster": {"id": cluster, "api_ready": ready}}


GROUPS = {
    "the control plane, in the inventory's order": (play(("w", worker()), ("c1", host()), ("c2", host())), [["c1", "c2"]]),
    "each cluster its own": (play(("a", host("aaaa")), ("b", host("bbbb")), ("a2", host("aaaa"))), [["a", "a2"], ["b"]]),
    "clusters whose CA no scan has found": (play(("a", host(None)), ("b", host(None)), ("c", host())), [["a"], ["b"], ["c"]]),
    "no answer to the node scan, no question": (play(("c1", host(scanned=False)), ("c2", host())), [["c2"]]),
    "an API server without a kubeconfig": (play(("c1", host(admin=None))), []),
    "an administrator's kubeconfig on a worker": (play(("w", worker(admin=ADMIN))), []),
    "a kubeconfig that was given": (play(("c1", host(admin=None, kubeconfig="/root/k"))), [["c1"]]),
    "a group that was named": (play(("c1", host(listed=False)), ("c2", worker(listed=True))), [["c2"]]),
    "a bastion asks once": (play(("c1", host(runner="localhost")), ("w", worker(runner="localhost"))), [["c1"]]),
    "a bastion asks on behalf of the dead": (play(("c1", host(runner="localhost", scanned=False))), [["c1"]]),
    "a bastion with a kubeconfig for each cluster": (
        play(("a", host("aaaa", runner="b", kubeconfig="/a")), ("b", host("bbbb", runner="b", kubeconfig="/b"))),
        [["a"], ["b"]],
    ),
    "no Kubernetes": (play(("laptop", worker(cluster=None, kubernetes=False))), []),
    "nobody": (play(), []),
}


@pytest.mark.parametrize("case", sorted(GROUPS))
def test_groups(case):
    hosts, expected = GROUPS[case]
    assert groups(hosts) == expected


def test_turns():
    hosts = play(("c1", host()), ("c2", host()), ("b", host("bbbb", runner="localhost")))
    assert turns(groups(hosts), hosts) == {
        "c1": {"turn": 0, "before": [], "runner": "c1"},
        "c2": {"turn": 1, "before": ["c1"], "runner": "c2"},
        "b": {"turn": 0, "before": [], "runner": "localhost"},
    }


def known(hosts, **answers):
    return [(item["name"], item["id"], item["asked"], item["scan"] is not None) for item in clusters(groups(hosts), hosts, answers)]


THREE = play(("c1", host()), ("c2", host()), ("c3", host()))


@pytest.mark.parametrize(
    "answers, name, answered",
    [
        ({"c1": answer()}, "c1", True),
        ({"c1": answer(ready=False), "c2": answer(), "c3": {"skipped": True}}, "c2", True),
        ({"c1": {"unreachable": True}, "c2": answer(ready=False), "c3": answer(ready=False)}, "c2", True),
        ({"c1": {"unreachable": True}, "c2": {"failed": True, "msg": "x"}}, "c1", False),
        ({}, "c1", False),
    ],
)
def test_the_best_answer_counts(answers, name, answered):
    assert known(THREE, **answers) == [("cluster of " + name, "aaaa", True, answered)]


def test_nodes_whose_control_plane_was_not_scanned():
    hosts = play(("w1", worker()), ("w2", worker()), ("w3", worker()), ("lb", worker(cluster=None, kubernetes=False)))
    assert known(hosts) == [("cluster of w[1-3]", "aaaa", False, False)]


def test_a_bastion_s_cluster_is_that_of_its_nodes():
    hosts = play(("w1", worker(runner="localhost")), ("b1", worker(cluster="bbbb")))
    assert known(hosts, w1=answer("aaaa")) == [("cluster of localhost", "aaaa", True, True), ("cluster of b1", "bbbb", False, False)]


def test_what_a_bastion_could_not_ask_is_not_taken_for_the_cluster_of_the_host_it_asked_for():
    hosts = play(("a", host("aaaa", runner="b", kubeconfig="/a")), ("b", host("bbbb", runner="b", kubeconfig="/b")))
    dead = {"unreachable": True}
    assert known(hosts, a=dead, b=dead)[:2] == [("cluster of b", None, True, False), ("cluster of b (/b)", None, True, False)]


def test_two_ways_to_one_cluster_are_one_cluster():
    hosts = play(("c1", host()), ("w1", worker(runner="localhost")))
    assert known(hosts, c1=answer(), w1=answer()) == [("cluster of c1", "aaaa", True, True)]


UNKNOWN = play(("a", host(None)), ("b", host(None)), ("c", host(None)))


@pytest.mark.parametrize(
    "answers, expected",
    [
        # Two clusters whose CA lies where no scan looks (by hand, kOps), told apart by their kubeconfigs.
        (
            {"a": answer("aaaa"), "b": answer("bbbb"), "c": answer("aaaa")},
            [("cluster of a", "aaaa", True, True), ("cluster of b", "bbbb", True, True)],
        ),
        ({"a": answer("aaaa", ready=False), "b": answer("bbbb"), "c": answer("aaaa")},
         [("cluster of c", "aaaa", True, True), ("cluster of b", "bbbb", True, True)]),
        # Nothing tells them apart: one, as a control plane of several hosts is.
        ({"a": answer(None), "b": answer(None), "c": answer(None)}, [("cluster of a", None, True, True)]),
        ({"a": {"unreachable": True}, "b": answer(None), "c": answer(None)}, [("cluster of b", None, True, True)]),
        ({"a": {"unreachable": True}, "b": answer("aaaa"), "c": answer("aaaa")}, [("cluster of b", "aaaa", True, True)]),
        ({}, [("cluster of a", None, True, False)]),
    ],
)
def test_clusters_whose_ca_no_scan_has_found(answers, expected):
    assert known(UNKNOWN, **answers) == expected


def test_a_host_to_ask_that_is_nowhere_has_no_turn_and_is_the_reason():
    hosts = play(("a1", host(runner="nohwere", nowhere=True)), ("a2", host(runner="nohwere", nowhere=True)), ("b1", host("bbbb")))
    assert turns(groups(hosts), hosts) == {"b1": {"turn": 0, "before": [], "runner": "b1"}}
    why = "nodemend_cluster_host: nohwere is not in the inventory"
    told = [[item[key] for key in ("name", "host", "asked", "reason")] for item in clusters(groups(hosts), hosts, {"b1": answer("bbbb")})]
    assert told == [["cluster of nohwere", None, True, why], ["cluster of b1", "b1", True, None], ["cluster of a1, a2", None, False, why]]


def test_one_host_that_is_to_ask_and_is_nowhere_is_the_reason_for_its_cluster():
    hosts = play(("w1", worker()), ("w2", worker(runner="nohwere", nowhere=True)))
    told = [(item["name"], item["reason"]) for item in clusters(groups(hosts), hosts, {})]
    why = "nodemend_cluster_host: nohwere is not in the inventory"
    assert told == [("cluster of nohwere", why), ("cluster of w1, w2", why)]


def test_nodes_of_an_unknown_cluster_are_told_only_where_none_is_known():
    hosts = play(("c1", host()), ("w1", worker(cluster=None)))
    assert known(hosts, c1=answer()) == [("cluster of c1", "aaaa", True, True)]
    assert known(play(("w1", worker(cluster=None)))) == [("cluster of w1", None, False, False)]
    assert known(play(("dead", host(scanned=False)))) == []


def test_a_kubeconfig_may_lead_to_another_cluster_than_its_hosts():
    hosts = play(("c1", host("aaaa")), ("w1", worker()))
    assert known(hosts, c1=answer("bbbb")) == [("cluster of c1", "bbbb", True, True), ("cluster of c1, w1", "aaaa", False, False)]


def test_the_answers_by_cluster_and_the_hosts_that_are_nowhere():
    hosts = play(("a", host(runner="zz", nowhere=True)), ("b", host("bbbb", runner="yy", nowhere=True)), ("c", host("cccc")))
    found = clusters(groups(hosts), hosts, {"c": answer("cccc")})
    assert scans_of(found) == {"cluster of c": answer("cccc")}
    assert mistyped(found) == ["nodemend_cluster_host: %s is not in the inventory" % name for name in ("yy", "zz")]


def test_the_clusters_of_one_bastion_have_names_of_their_own():
    hosts, unused = GROUPS["a bastion with a kubeconfig for each cluster"]
    assert known(hosts, a=answer("aaaa"), b=answer("bbbb")) == [
        ("cluster of b", "aaaa", True, True),
        ("cluster of b (/b)", "bbbb", True, True),
    ]


def test_the_routes_of_the_nodes_that_were_scanned():
    hosts = play(("a", host()), ("dead", host(scanned=False)), ("laptop", worker(cluster=None, kubernetes=False)))
    hosts["a"]["scan"]["node"].update(name="node-a", addresses=["10.0.0.1"], blackholes={"prefixes": [], "policies": False})
    own = {"host": "a", "name": "node-a", "cluster": "aaaa", "addresses": ["10.0.0.1"]}
    assert routes(hosts) == [dict(own, blackholes={"prefixes": [], "policies": False}, blackholes_ipv6=None)]
