# -*- coding: utf-8 -*-
"""What systemctl show says, from systemd 219 to 257."""

from __future__ import absolute_import, division, print_function

import pytest
import runtime_hosts
from ansible_collections.nodemend.kubernetes.plugins.module_utils._facts import systemd_units
from ansible_collections.nodemend.kubernetes.plugins.module_utils._host import Unavailable
from recorded import TIMED_OUT, RecordedHost, fact
from runtime_hosts import process, text, unit

__metaclass__ = type


@pytest.mark.parametrize("suite", ["bullseye", "bookworm", "trixie"])
@pytest.mark.parametrize("kind, soft, hard", [("low", 1024, 4096), ("raised", 1024, 20000)])
def test_debian(suite, kind, soft, hard):
    units = systemd_units.parse(text("%s-%s.systemctl-show.txt" % (suite, kind)))
    assert set(units) & set(systemd_units.RUNTIME_UNITS + systemd_units.KUBERNETES_UNITS) == {"containerd.service"}
    found = units["containerd.service"]
    assert (found["LimitNOFILESoft"], found["LimitNOFILE"]) == (soft, hard)
    assert found["DropInPaths"] == ["/etc/systemd/system/containerd.service.d/50-site.conf"]
    assert found["FragmentPath"].endswith("lib/systemd/system/containerd.service")
    assert (found["KillMode"], found["Delegate"], found["NeedDaemonReload"]) == ("process", True, False)
    assert found["ActiveState"] == "active"
    assert found["MainPID"] > 1


@pytest.mark.parametrize("suite, limit", [("bullseye", 1048576), ("bookworm", "infinity"), ("trixie", "infinity")])
def test_what_debians_own_units_say(suite, limit):
    found = systemd_units.parse(text(suite + "-vendor.systemctl-show.txt"))["containerd.service"]
    assert (found["LimitNOFILESoft"], found["LimitNOFILE"], found["DropInPaths"]) == (limit, limit, [])


def test_centos_7_knows_no_soft_limit_and_prints_infinity_as_a_number():
    found = systemd_units.parse(text("centos7-docker.systemctl-show.txt"))["docker.service"]
    assert (found["LimitNOFILESoft"], found["LimitNOFILE"]) == (None, "infinity")
    assert (found["BoundBy"], found["DropInPaths"]) == ([], [])
    assert (found["KillMode"], found["ActiveState"]) == ("process", "active")


@pytest.mark.parametrize("state", ["not-found", "masked"])
def test_what_is_not_loaded_is_left_out(state):
    assert systemd_units.parse(unit("crio.service", LoadState=state)) == {}


@pytest.mark.parametrize("content", ["", "\n\n\n", "Failed to parse bus message\n"])
def test_nothing_in_it(content):
    assert systemd_units.parse(content) == {}


def test_garbage_is_an_error():
    with pytest.raises(ValueError):
        systemd_units.parse(unit("crio.service", LimitNOFILE="many"))


@pytest.mark.parametrize(
    "cgroup, name, path",
    [
        ("/system.slice/containerd.service", "containerd.service", "/system.slice/containerd.service"),
        ("/system.slice/k3s.service/kubepods/pod1", "k3s.service", "/system.slice/k3s.service"),
        ("/docker/1/system.slice/containerd.service", "containerd.service", "/docker/1/system.slice/containerd.service"),
        ("/user.slice/user-0.slice/session-1.scope", None, None),
        ("/", None, None),
        ("", None, None),
        (None, None, None),
    ],
)
def test_unit_of_a_cgroup(cgroup, name, path):
    assert systemd_units.unit_of(cgroup) == name
    assert systemd_units.cgroup_of_unit(cgroup) == path


def test_bound_units():
    found = systemd_units.parse(unit("docker.service", BoundBy="b.service", RequiredBy="a.service b.service", ConsistsOf="docker.socket"))
    assert systemd_units.bound_to(found["docker.service"]) == ["a.service", "b.service", "docker.socket"]
    assert systemd_units.bound_services(found) == ["a.service", "b.service"]


def test_where_systemd_does_not_run_the_host():
    assert fact("systemd_units", RecordedHost(files={"/proc/1/stat": "1 (sh) S 0 1"})) == {}


def test_a_unit_that_nobody_expected_is_asked_for_as_well():
    own = "rke2-custom.service"
    host = runtime_hosts.host(
        [process(811, "containerd", cgroup="/system.slice/" + own)],
        commands={runtime_hosts.SHOW: "", runtime_hosts.SHOW + own: unit(own)},
    )
    assert list(fact("systemd_units", host)) == [own]


def test_units_bound_to_a_runtime_are_asked_for_in_a_second_call():
    host = runtime_hosts.host(
        commands={
            runtime_hosts.SHOW: unit("containerd.service", RequiredBy="etcd.service kubelet.service"),
            runtime_hosts.SHOW + "-- etcd.service": unit("etcd.service"),
        },
    )
    units = fact("systemd_units", host)
    assert sorted(units) == ["containerd.service", "etcd.service"]
    assert len([what for kind, what in host.touched if kind == "command"]) == 2


def test_a_systemctl_that_hangs():
    with pytest.raises(Unavailable) as caught:
        fact("systemd_units", runtime_hosts.host(show=TIMED_OUT))
    assert caught.value.reason == "TimedOut"


def test_a_systemctl_without_a_bus():
    with pytest.raises(Unavailable) as caught:
        fact("systemd_units", runtime_hosts.host(show=(1, "", "Failed to connect to bus: Connection refused\n")))
    assert caught.value.reason == "Unreadable"
