# -*- coding: utf-8 -*-
"""The units that the role runtime_limits works on, running or not."""

from __future__ import absolute_import, division, print_function

import os

import pytest
import recorded
import runtime_hosts
from ansible_collections.nodemend.kubernetes.plugins.module_utils._facts import runtime_units
from ansible_collections.nodemend.kubernetes.plugins.module_utils._facts.kubelet import KUBEADM_FLAGS
from ansible_collections.nodemend.kubernetes.plugins.module_utils._host import Unavailable
from recorded import TIMED_OUT, fact
from runtime_hosts import KUBELET, containerd, process, text, unit

__metaclass__ = type

DOCKERD = process(700, "dockerd", cgroup="/system.slice/docker.service")
OWN = "/etc/systemd/system/containerd.service.d/zz-nodemend.conf"


def found(*processes, **more):
    return dict((item["unit"], item) for item in fact("runtime_units", runtime_hosts.host(processes, **more)))


def test_everything_about_one():
    units = found(
        containerd(16384, 16384),
        units=[unit("containerd.service", LimitNOFILE="16384", LimitNOFILESoft="16384", DropInPaths=OWN)],
        files={OWN: "[Service]\n"},
    )
    assert units == {
        "containerd.service": {
            "unit": "containerd.service",
            "active": True,
            "used": True,
            "soft": 16384,
            "hard": 16384,
            "outdated": None,
            "started_soft": 16384,
            "configured": {"soft": 16384, "hard": 16384},
            "as_configured": True,
            "drop_ins": [OWN],
            "own_drop_in": {"path": OWN, "present": True, "loaded": True, "removed": False},
            "need_daemon_reload": False,
            "restart": {"kills_pods": False, "stops_control_plane": False, "because": []},
        }
    }


@pytest.mark.parametrize("files, drop_ins, present, loaded", [({OWN: ""}, "", True, False), ({}, OWN, False, True), ({}, OWN.replace("zz", "a"), False, False)])
def test_the_roles_own_drop_in(files, drop_ins, present, loaded):
    units = found(containerd(), units=[unit("containerd.service", DropInPaths=drop_ins)], files=files)
    own = units["containerd.service"]["own_drop_in"]
    assert (own["present"], own["loaded"]) == (present, loaded)


def test_a_blank_host():
    assert found() == {}


def inactive(name, **properties):
    return unit(name, ActiveState="inactive", MainPID="0", **properties)


def test_installed_and_not_started_yet():
    (item,) = found(units=[inactive("containerd.service")]).values()
    assert (item["active"], item["used"], item["soft"], item["hard"], item["as_configured"]) == (False, True, None, None, None)
    assert item["restart"] == {"kills_pods": False, "stops_control_plane": False, "because": []}


@pytest.mark.parametrize(
    "installed, flags, used",
    [
        (["containerd.service", "docker.service"], "", ["containerd.service", "docker.service"]),
        (["containerd.service", "docker.service"], "--container-runtime-endpoint=unix:///run/containerd/containerd.sock", ["containerd.service"]),
        (["containerd.service", "docker.service"], "--container-runtime-endpoint=/run/cri-dockerd.sock", ["containerd.service", "docker.service"]),
        (["containerd.service", "crio.service"], "--container-runtime-endpoint=/run/crio/crio.sock", ["crio.service"]),
        (["containerd.service", "docker.service"], "--container-runtime-endpoint=unix:///var/run/isulad.sock", []),
        (["docker.service", "k3s.service"], "", ["k3s.service"]),
    ],
)
def test_what_a_kubelet_that_is_down_will_use(installed, flags, used):
    units = found(units=[inactive(name) for name in installed], files={KUBEADM_FLAGS: flags})
    assert sorted(name for name in units if units[name]["used"]) == used


def test_the_runtime_beside_the_one_that_the_kubelet_uses():
    units = found(KUBELET, containerd(), DOCKERD, units=[unit("containerd.service"), unit("docker.service")])
    assert [(name, units[name]["used"]) for name in sorted(units)] == [("containerd.service", True), ("docker.service", False)]


def test_cri_docker_limits_nobody():
    assert found(units=[unit("cri-docker.service")]) == {}


def test_a_disabled_k3s_is_not_what_the_kubelet_uses():
    units = found(units=[inactive("k3s.service", UnitFileState="disabled"), inactive("containerd.service")])
    assert units["containerd.service"]["used"] is True


def test_k3s_servers_stop_the_control_plane():
    processes = [process(600, "k3s-server", cgroup="/system.slice/k3s.service"),
                 process(601, "containerd", parent=600, cgroup="/system.slice/k3s.service", soft=1048575, hard=1048576)]
    (item,) = found(*processes, units=[unit("k3s.service", LimitNOFILESoft="1024")]).values()
    assert item["restart"]["stops_control_plane"] is True
    assert (item["as_configured"], item["used"]) == (True, True)


def test_a_unit_that_starts_the_control_plane_as_well():
    own = "/system.slice/k0scontroller.service"
    processes = [process(811, "containerd", cgroup=own), process(812, "kube-apiserver", cgroup=own)]
    (item,) = found(*processes, units=[unit("k0scontroller.service")]).values()
    assert item["restart"]["stops_control_plane"] is True


def test_two_daemons_in_one_unit_are_judged_together():
    processes = [process(700, "dockerd", cgroup="/system.slice/docker.service", soft=1048576, hard=1048576),
                 process(701, "containerd", parent=700, cgroup="/system.slice/docker.service", soft=1024, hard=4096)]
    (item,) = found(*processes, units=[unit("docker.service")]).values()
    assert (item["soft"], item["hard"], item["as_configured"]) == (1024, 4096, False)
    assert item["restart"]["kills_pods"] is True


def test_outside_systemd_there_is_no_unit():
    assert found(process(811, "containerd", cgroup="/user.slice/session-1.scope")) == {}


@pytest.mark.parametrize(
    "soft, hard, given, ceiling, answer",
    [
        (1024, 4096, (1024, 4096), 1048576, True),
        (4096, 4096, (1024, 4096), 1048576, True),  # raised itself
        (4095, 4096, (1024, 4096), 1048576, True),
        (2048, 4096, (1024, 4096), 1048576, False),  # neither
        (16384, 16384, (1024, 4096), 1048576, False),
        (20000, 20000, (1048576, 1048576), 20000, True),  # the closest that systemd may give
        (20000, 20000, (1048576, 1048576), 1048576, False),
        (1048576, 1048576, ("infinity", "infinity"), 1048576, True),
        (1024, 4096, (None, 4096), 1048576, True),  # systemd 219 does not tell the soft limit
        (1024, 4096, (None, 8192), 1048576, False),
    ],
)
def test_as_configured(soft, hard, given, ceiling, answer):
    assert runtime_units.as_configured(soft, hard, {"soft": given[0], "hard": given[1]}, ceiling) is answer


@pytest.mark.parametrize(
    "soft, hard, given, answer",
    [
        (1024, 4096, (1024, 4096), True),
        (4096, 4096, (4096, 4096), True),
        (4095, 4096, (1024, 4096), None),  # it raised itself, nobody knows from what
        (4096, 4096, (1024, 4096), None),
        (2048, 4096, (1024, 4096), False),
        (4096, 4096, (1024, 8192), False),
        (4096, 4096, (None, 4096), True),
    ],
)
def test_as_configured_of_one_that_is_older_than_the_configuration(soft, hard, given, answer):
    assert runtime_units.as_configured(soft, hard, {"soft": given[0], "hard": given[1]}, 1048576, True) is answer


STARTED = recorded.NOW - 1000  # ticks of 1/100 s after a boot 5000 s ago, as below


def timed(written=(), files=None, soft=524287, hard=524288, uptime="5000.00 9000.00\n", drop_ins=OWN, **properties):
    """containerd, started 1000 s ago under a unit with LimitNOFILE=65536:524288; written: {path: seconds after that}."""
    daemon = containerd(soft, hard)
    stat = daemon["/proc/811/stat"].rpartition(")")
    fields = stat[2].split()
    fields[19] = "400000"
    daemon["/proc/811/stat"] = "".join(stat[:2]) + " " + " ".join(fields)
    shown = unit("containerd.service", LimitNOFILE="524288", LimitNOFILESoft="65536", DropInPaths=drop_ins, **properties)
    every = {"/lib/systemd/system/containerd.service": "[Service]\n", "/proc/uptime": uptime}
    every.update({OWN: "[Service]\n"} if files is None else files)
    host = runtime_hosts.host([daemon], units=[shown], files=every)
    times = {"/lib/systemd/system/containerd.service": -9000, OWN: -9000, os.path.dirname(OWN): -9000}
    times.update(written)
    for path, seconds in times.items():
        if os.path.exists(host.root + path):
            os.utime(host.root + path, (STARTED + seconds, STARTED + seconds))
    (item,) = recorded.fact("runtime_units", host, minimum_nofile=65536)
    return item["outdated"], item["started_soft"], item["as_configured"]


@pytest.mark.parametrize(
    "more, expected",
    [
        ({}, (False, 65536, True)),
        ({"written": {OWN: 5}}, (True, None, None)),  # the same hard limit, perhaps another soft one
        ({"written": {OWN: -5}}, (False, 65536, True)),
        ({"written": {OWN: 5}, "soft": 65536}, (True, None, True)),
        ({"written": {"/lib/systemd/system/containerd.service": 5}}, (True, None, None)),
        ({"written": {os.path.dirname(OWN): 5}, "files": {os.path.dirname(OWN): None}, "drop_ins": ""}, (True, None, None)),  # it was removed
        ({"written": {OWN: 5}, "drop_ins": ""}, (True, None, None)),  # systemd has not read it yet
        ({"written": {OWN: 9000}}, (False, 65536, True)),  # by another clock, which was ahead
        ({"NeedDaemonReload": "yes"}, (False, None, True)),
        ({"written": {OWN: 5}, "uptime": ""}, (None, 65536, True)),
        ({"written": {OWN: 5}, "uptime": "60.00 60.00\n"}, (None, 65536, True)),  # LXC's own
    ],
)
def test_a_daemon_that_raised_itself_and_the_files_of_its_unit(more, expected):
    assert timed(**more) == expected


def test_an_empty_folder_is_what_a_removal_leaves():
    units = found(containerd(), units=[unit("containerd.service")], files={os.path.dirname(OWN): None})
    assert units["containerd.service"]["own_drop_in"]["removed"] is True


def test_centos_7():
    dockerd = process(16789, "dockerd", cgroup="/system.slice/docker.service", soft=1048576, hard=1048576)
    (item,) = found(dockerd, show=text("centos7-docker.systemctl-show.txt")).values()
    assert (item["as_configured"], item["drop_ins"]) == (True, [])


def test_a_systemctl_that_hangs():
    with pytest.raises(Unavailable) as caught:
        found(containerd(), show=TIMED_OUT)
    assert caught.value.reason == "TimedOut"
