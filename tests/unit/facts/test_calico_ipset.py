# -*- coding: utf-8 -*-
from __future__ import absolute_import, division, print_function

import pytest
from ansible_collections.nodemend.kubernetes.plugins.module_utils._facts import calico_ipset
from felix_logs import FOLDER, FOREIGN, LIST, OWN, QUIET, calico, cri, docker
from netfilter import node
from recorded import NOW, TIMED_OUT, fact

__metaclass__ = type

IPSET = "nsenter -t 960 -m -- ipset list"
INCOMPATIBLE = "ipset v7.1: Kernel and userspace incompatible: settype hash:ip,port with revision 6 not supported by userspace.\n"


@pytest.mark.parametrize(
    "line, found",
    [
        (LIST, {"ipset": "7.1", "type": "hash:ip", "revision": 5, "set": None}),
        (FOREIGN, {"ipset": "7.11", "type": "hash:ip,port", "revision": 7, "set": None}),
        (OWN, {"ipset": "7.11", "type": "hash:ip", "revision": 6, "set": "cali40this-host"}),
    ],
)
@pytest.mark.parametrize("frame", [cri, docker])
def test_lines(line, found, frame):
    assert calico_ipset.parse_log(frame(QUIET) + frame(line, age=120) + frame(QUIET)) == dict(found, time=NOW - 120)


@pytest.mark.parametrize("text", ["", "\n", cri(QUIET), "{", "2026-13-45T99:99:99Z nothing"])
def test_logs_without_it(text):
    assert calico_ipset.parse_log(text) is None


def test_a_line_without_a_time():
    assert calico_ipset.parse_log(LIST)["time"] is None


def test_the_last_one_counts():
    assert calico_ipset.parse_log(cri(LIST, 300) + cri(OWN, 20))["set"] == "cali40this-host"


@pytest.mark.parametrize("age, recent", [(10, True), (900, True), (901, False), (86400, False)])
def test_what_is_recent(age, recent):
    seen = fact("calico_ipset", calico(log=cri(LIST, age)))
    assert (seen["age"], seen["recent"]) == (age, recent)


def test_the_container_before_this_one_and_none_older():
    logs = {FOLDER + "9.log": cri(LIST, 100), FOLDER + "10.log": cri(LIST, 200), FOLDER + "11.log": cri(QUIET), FOLDER + "11.log.2": cri(LIST)}
    assert fact("calico_ipset", calico(files=logs))["age"] == 200


def test_only_the_end_of_a_long_log_is_read():
    assert fact("calico_ipset", calico(log=cri(LIST) + cri(QUIET) * 4000))["error"] is None
    assert fact("calico_ipset", calico(log=cri(QUIET) * 4000 + cri(LIST)))["recent"]


def test_canal_and_other_pods():
    path = "/var/log/pods/kube-system_rke2-canal-abcde_0/calico-node/0.log"
    assert fact("calico_ipset", calico(files={path: cri(LIST)}))["recent"]
    assert fact("calico_ipset", calico())["error"] is None


def test_a_node_without_calico_is_not_looked_at():
    assert fact("calico_ipset", node())["error"] is None


def test_logs_that_only_root_may_read():
    seen = fact("calico_ipset", calico(log=cri(LIST), denied=["/var/log/pods/*"], root=False))
    assert seen["error"] is None and seen["log_unavailable"]["reason"] == "NeedsRoot"


def test_nothing_is_tried_without_probes():
    assert fact("calico_ipset", calico())["probe"] is None


@pytest.mark.parametrize(
    "image, commands, probe",
    [
        # Before 3.27.1 all sets at once.
        ("calico/node:v3.20.0", {IPSET + " -t": (1, "", INCOMPATIBLE)}, {"failed": {"ipset": "7.1", "type": "hash:ip,port", "revision": 6}, "set": None}),
        ("calico/node:v3.20.0", {IPSET + " -t": "Name: KUBE-CLUSTER-IP\n"}, {"failed": None, "set": None}),
        # Then its own by name: what others have made does not count.
        ("calico/node:v3.27.1", {IPSET + " -n": "KUBE-CLUSTER-IP\n"}, {"failed": None, "set": None}),
        (
            "calico/node:v3.30.3",
            {IPSET + " -n": "KUBE-X\ncali40all\ncali40host\n", IPSET + " -t cali40all": "", IPSET + " -t cali40host": (1, "", INCOMPATIBLE)},
            {"failed": {"ipset": "7.1", "type": "hash:ip,port", "revision": 6}, "set": "cali40host"},
        ),
        ("calico/node:v3.20.0", {IPSET + " -t": (1, "", "ipset v7.1: Kernel error received: Operation not permitted\n")}, None),
        ("calico/node:v3.20.0", {IPSET + " -t": TIMED_OUT}, None),
        ("calico/node:v3.20.0", {IPSET + " -t": "missing"}, None),
    ],
)
def test_probes(image, commands, probe):
    seen = fact("calico_ipset", calico(image, commands=commands), probes=True)
    assert seen["probe"] == probe
    assert (seen["probe_unavailable"] is None) == (probe is not None)
