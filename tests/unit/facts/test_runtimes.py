# -*- coding: utf-8 -*-
"""Container runtimes: limits, what containers are handed, and what a restart would do to pods."""

from __future__ import absolute_import, division, print_function

import base64
import json
import os

import pytest
import runtime_hosts
from ansible_collections.nodemend.kubernetes.plugins.module_utils._facts import runtimes
from ansible_collections.nodemend.kubernetes.plugins.module_utils._host import Unavailable
from recorded import NOW, TIMED_OUT, fact, recording
from runtime_hosts import CONTAINER, containerd, pause, process, shim, text, unit, v2

__metaclass__ = type

DOCKERD = process(700, "dockerd", cgroup="/system.slice/docker.service")
DAEMON_JSON = "/etc/docker/daemon.json"
ON = '{"live-restore": true}'
OFF = (
    "dockerd stops its containers on a restart, live-restore is off: set it in /etc/docker/daemon.json, then `systemctl reload docker`,"
    " before this is run again"
)


def info(live_restore):
    """What dockerd says of itself on its socket."""
    answer = text("docker-20.10-info.json")
    assert '"LiveRestoreEnabled":false' in answer
    return answer.replace('"LiveRestoreEnabled":false', '"LiveRestoreEnabled":%s' % json.dumps(live_restore))


def says(live_restore, path="/var/run/docker.sock"):
    return {"GET %s /info" % path: info(live_restore)}


def found(*processes, **more):
    more.setdefault("units", [unit("containerd.service")])
    return dict((runtime["name"], runtime) for runtime in fact("runtimes", runtime_hosts.host(processes, **more)))


def test_everything_about_one():
    runtime = found(
        containerd(1024, 4096, fds=41),
        units=[unit("containerd.service", LimitNOFILESoft="1024", LimitNOFILE="4096", DropInPaths="/etc/a.conf /etc/b.conf")],
    )["containerd"]
    assert runtime == {
        "name": "containerd",
        "pid": 811,
        "unit": "containerd.service",
        "socket": None,
        "soft": 1024,
        "hard": 4096,
        "in_use": 41,
        "configured": {"soft": 1024, "hard": 4096},
        "kill_mode": "process",
        "delegate": True,
        "fragment": "/lib/systemd/system/containerd.service",
        "drop_ins": ["/etc/a.conf", "/etc/b.conf"],
        "need_daemon_reload": False,
        "handed": None,
        "in_containers": None,
        "go_version": None,
        "restart": {"kills_pods": False, "stops_control_plane": False, "because": []},
    }


def test_the_go_version_of_the_binary():
    host = runtime_hosts.host([containerd()], [unit("containerd.service")])
    with open(host.root + "/proc/811/exe", "wb") as stream:  # with holes between the recorded parts
        for offset, data in json.loads(recording("go/bullseye-runc.json")):
            stream.seek(offset)
            stream.write(base64.b64decode(data))
    assert fact("runtimes", host)[0]["go_version"] == "go1.15.15"


def test_without_root():
    runtime = found(containerd(fds=4), denied=("/proc/811/fd*", "/proc/811/exe"), root=False)["containerd"]
    assert (runtime["in_use"], runtime["go_version"]) == (None, None)
    assert runtime["soft"] == 1048576


def test_a_systemctl_that_hangs_hides_the_unit_only():
    runtime = found(containerd(1024, 4096), show=TIMED_OUT)["containerd"]
    assert (runtime["soft"], runtime["hard"]) == (1024, 4096)
    assert (runtime["unit"], runtime["configured"], runtime["kill_mode"]) == ("containerd.service", {"soft": None, "hard": None}, None)
    assert runtime["restart"]["kills_pods"] is None


def test_outside_systemd():
    runtime = found(process(811, "containerd", cgroup="/user.slice/session-1.scope"))["containerd"]
    assert (runtime["unit"], runtime["restart"]["kills_pods"]) == (None, None)


@pytest.mark.parametrize(
    "parent, cgroup, name",
    [
        ("k3s-server", "/system.slice/k3s.service", "k3s"),
        ("k3s-agent", "/system.slice/k3s-agent.service", "k3s"),
        ("rke2", "/system.slice/rke2-server.service", "rke2"),
        ("systemd-init", "/system.slice/k3s.service", "k3s"),  # its k3s was killed
        ("systemd-init", "/system.slice/containerd.service", "containerd"),
    ],
)
def test_embedded(parent, cgroup, name):
    own = cgroup.rpartition("/")[2]
    processes = [process(600, parent, cgroup=cgroup), process(811, "containerd", parent=600, cgroup=cgroup)]
    runtime = found(*processes, units=[unit(own)])[name]
    assert (runtime["pid"], runtime["unit"]) == (811, own)
    assert runtime["restart"]["stops_control_plane"] is (own in ("k3s.service", "rke2-server.service"))


@pytest.mark.parametrize("process_name, answer", [("k3s-server", True), ("k3s-agent", False)])
def test_a_k3s_of_another_name(process_name, answer):
    own = "/system.slice/k3s-edge.service"  # INSTALL_K3S_NAME=edge
    processes = [process(600, process_name, cgroup=own), process(811, "containerd", parent=600, cgroup=own)]
    runtime = found(*processes, units=[unit("k3s-edge.service", KillMode="process")])["k3s"]
    assert runtime["restart"]["stops_control_plane"] is answer


@pytest.mark.parametrize("name", ["kube-apiserver", "kube-controller", "kube-scheduler", "etcd"])
@pytest.mark.parametrize(
    "cgroup, nested, answer",
    [
        ("/system.slice/k0scontroller.service", 0, True),
        ("/system.slice/kube-apiserver.service", 0, False),
        ("/system.slice/k0scontroller.service", 1, False),  # a pod: kills_pods tells what becomes of it
    ],
)
def test_a_unit_that_starts_the_control_plane_as_well(name, cgroup, nested, answer):
    own = "/system.slice/k0scontroller.service"
    processes = [process(811, "containerd", cgroup=own), process(812, name, cgroup=cgroup, nested=nested)]
    assert found(*processes, units=[unit("k0scontroller.service")])["containerd"]["restart"]["stops_control_plane"] is answer


def test_runtimes_of_containers_are_not_this_hosts():
    kind = "/docker/%s/system.slice/containerd.service" % CONTAINER
    assert found(process(5001, "containerd", cgroup=kind, nested=1), process(5002, "dockerd", nested=1)) == {}


def test_the_daemon_of_a_host_that_is_a_container_itself():
    own = "/docker/%s/system.slice/containerd.service" % CONTAINER
    runtime = found(process(811, "containerd", cgroup=own), process(2100, "containerd-shim", cgroup=own))["containerd"]
    assert (runtime["unit"], runtime["restart"]["kills_pods"]) == ("containerd.service", False)


def test_docker_of_centos_7():
    runtime = found(
        process(16789, "dockerd", cgroup="/system.slice/docker.service", soft=1048576, hard=1048576),
        show=text("centos7-docker.systemctl-show.txt"),
    )["docker"]
    assert runtime["configured"] == {"soft": None, "hard": "infinity"}
    assert runtime["restart"] == {
        "kills_pods": True,
        "stops_control_plane": False,
        "because": [OFF],
    }


# What containers are handed


@pytest.mark.parametrize(
    "processes, handed",
    [
        ([], None),
        ([shim()], None),
        ([shim(), pause(soft=1024)], {"soft": 1024, "pid": 2103, "name": "pause"}),
        # others may have changed their own limits
        ([shim(), process(2101, "java", parent=2100, soft=65536, nested=1), pause(soft=1024)], {"soft": 1024, "pid": 2103, "name": "pause"}),
        ([shim(), process(2101, "java", parent=2100, soft=65536, nested=1)], {"soft": 65536, "pid": 2101, "name": "java"}),
        # a shim of another daemon: of docker's own containerd, and of one in a container
        ([shim(cgroup="/system.slice/docker.service"), pause(soft=1)], None),
        ([shim(cgroup="/docker/%s/system.slice/containerd.service" % CONTAINER), pause(soft=1)], None),
        ([shim(nested=1), pause(soft=1)], None),
    ],
)
def test_handed(processes, handed):
    assert found(containerd(), *processes)["containerd"]["handed"] == handed


@pytest.mark.parametrize(
    "cgroup, nested, handed",
    [
        ("/system.slice/crio-conmon-%s.scope" % CONTAINER, 0, 1024),
        ("/kubepods/burstable/pod1/crio-conmon-%s" % CONTAINER, 0, 1024),
        ("/machine.slice/libpod-conmon-%s.scope" % CONTAINER, 0, None),
        ("/system.slice/crio-conmon-%s.scope" % CONTAINER, 1, None),
    ],
)
def test_handed_by_cri_o(cgroup, nested, handed):
    processes = [process(811, "crio", cgroup="/system.slice/crio.service"), process(2100, "conmon", cgroup=cgroup, nested=nested), pause(soft=1024)]
    seen = found(*processes)["cri-o"]["handed"]
    assert (seen and seen["soft"]) == handed


# What a restart would do


def restart(*processes, **more):
    return found(*processes, **more)["containerd"]["restart"]


@pytest.mark.parametrize(
    "kill_mode, kills",
    [("process", False), ("none", False), ("control-group", True), ("mixed", True)],
)
def test_shims_in_the_cgroup_of_the_unit(kill_mode, kills):
    answer = restart(containerd(), shim(), units=[unit("containerd.service", KillMode=kill_mode)])
    assert answer["kills_pods"] is kills
    if kills:
        assert answer["because"] == ["KillMode=%s of containerd.service would end 1 container processes in its cgroup" % kill_mode]


@pytest.mark.parametrize(
    "processes",
    [
        [],
        [shim(cgroup="/system.slice/docker.service")],
        [shim(cgroup="/kubepods/pod1")],
        [shim(cgroup="/docker/%s/system.slice/containerd.service" % CONTAINER, nested=1)],
    ],
    ids=["no shim", "of another unit", "in the pod's cgroup", "in a container"],
)
def test_nothing_in_the_cgroup_of_the_unit(processes):
    answer = restart(containerd(), *processes, units=[unit("containerd.service", KillMode="control-group")])
    assert answer == {"kills_pods": False, "stops_control_plane": False, "because": []}


def test_containers_below_the_cgroup_of_the_unit():
    below = process(2103, "nginx", parent=2100, cgroup="/system.slice/containerd.service/kubepods/pod1", nested=1, form=v2)
    answer = restart(containerd(form=v2), shim(form=v2), below, units=[unit("containerd.service", KillMode="mixed")])
    assert "end 2 container processes" in answer["because"][0]


DOCKER = unit("docker.service")


@pytest.mark.parametrize(
    "properties, others, runs, kills",
    [
        ({"BoundBy": "docker.service"}, [DOCKER], False, True),
        ({"BoundBy": "docker.service"}, [DOCKER], True, False),
        ({"BoundBy": "docker.service"}, [unit("docker.service", ActiveState="inactive")], False, False),
        ({"RequiredBy": "kubelet.service"}, [unit("kubelet.service")], False, False),
        ({"ConsistsOf": "docker.socket multi-user.target"}, [unit("docker.socket")], False, False),
        ({"RequiredBy": "etcd.service"}, [unit("etcd.service")], True, True),
    ],
)
def test_units_bound_to_it(properties, others, runs, kills):
    processes = [containerd(), DOCKERD]
    answer = restart(
        *processes, units=[unit("containerd.service", **properties)] + others, files={DAEMON_JSON: ON}, commands=says(runs)
    )
    assert answer["kills_pods"] is kills
    assert bool(answer["because"]) is kills


@pytest.mark.parametrize(
    "processes, files, commands, kills, because",
    [
        ([DOCKERD], {DAEMON_JSON: ON}, {}, None, "docker.service is bound to containerd.service and would stop with it: dockerd may stop its containers"),
        ([DOCKERD], {DAEMON_JSON: "{}"}, {}, True, "docker.service is bound to containerd.service and would stop with it: " + OFF),
        ([], {DAEMON_JSON: ON}, {}, True, "docker.service is bound to containerd.service and would stop with it"),  # started this moment
    ],
)
def test_a_bound_dockerd_that_does_not_say(processes, files, commands, kills, because):
    units = [unit("containerd.service", BoundBy="docker.service"), DOCKER]
    answer = restart(containerd(), *processes, units=units, files=files, commands=commands)
    assert answer["kills_pods"] is kills
    assert answer["because"][0].startswith(because)


def test_what_would_end_for_sure_outweighs_what_nobody_can_tell():
    units = [unit("containerd.service", BoundBy="docker.service", KillMode="control-group"), DOCKER]
    assert restart(containerd(), shim(), DOCKERD, units=units, files={DAEMON_JSON: ON})["kills_pods"] is True


def dockerd(*words, **more):
    return process(700, "dockerd", cgroup="/system.slice/docker.service", words=("/usr/bin/dockerd",) + words, **more)


def dockers(words=(), daemon=None, **more):
    files = {} if daemon is None else {DAEMON_JSON: daemon}
    files.update(more.pop("files", {}))
    return found(dockerd(*words), units=[DOCKER], files=files, **more)["docker"]["restart"]


@pytest.mark.parametrize("name", ["dockerd", "dockerd-current"])  # EL 7's own docker 1.13 has the other
def test_what_runs_decides_whether_live_restore_is_on(name):
    daemon = process(700, name, cgroup="/system.slice/docker.service")
    for runs in (True, False):
        answer = found(daemon, units=[DOCKER], files={DAEMON_JSON: ON}, commands=says(runs))["docker"]["restart"]
        assert answer["kills_pods"] is (not runs)
        assert answer["because"] == ([] if runs else [
            "dockerd stops its containers on a restart: live-restore is on in /etc/docker/daemon.json, but not in the dockerd that runs:"
            " `systemctl reload docker` before this is run again"
        ])


@pytest.mark.parametrize("daemon", ['{"live-restore": false}', '{"live-restore": "true"}', "[]", "{garbage", "{}", None])
def test_a_file_without_live_restore_is_enough(daemon):
    host = runtime_hosts.host([DOCKERD], [DOCKER], files={} if daemon is None else {DAEMON_JSON: daemon}, commands=says(True))
    answer = fact("runtimes", host)[0]["restart"]
    assert (answer["kills_pods"], answer["because"]) == (True, [OFF])
    assert [what for kind, what in host.touched if kind == "connection"] == []


@pytest.mark.parametrize(
    "words, kept",
    [
        (["--live-restore"], True),
        (["--live-restore=true"], True),
        (["--live-restore=1"], True),
        (["--live-restore", "--storage-driver", "overlay2"], True),
        (["--live-restore=false"], False),
        (["--live-restore", "--live-restore=false"], False),
        (["--live-restore-not"], False),
    ],
)
def test_a_flag_of_dockerd_needs_no_question(words, kept):
    answer = dockers(words)
    assert answer["kills_pods"] is (not kept)
    assert bool(answer["because"]) is (not kept)


@pytest.mark.parametrize("words", [["--config-file", "/etc/other.json"], ["--config-file=/etc/other.json"], ["--config-file=etc/other.json"]])
def test_the_file_that_dockerd_reads(words):
    assert dockers(words, daemon=ON, files={"/etc/other.json": "{}"})["because"] == [OFF.replace(DAEMON_JSON, "/etc/other.json")]
    assert dockers(words, files={"/etc/other.json": ON}, commands=says(True))["kills_pods"] is False


@pytest.mark.parametrize(
    "words, settings, path",
    [
        ([], {}, "/var/run/docker.sock"),
        (["-H", "fd://", "--containerd=/run/containerd/containerd.sock"], {}, "/var/run/docker.sock"),
        (["-H=tcp://0.0.0.0:2375", "--host", "unix:///run/a.sock"], {}, "/run/a.sock"),
        (["-Hunix:///run/a.sock"], {}, "/run/a.sock"),
        (["--host=unix://"], {}, "/var/run/docker.sock"),
        ([], {"hosts": ["tcp://0.0.0.0:2375", "unix:///run/a.sock"]}, "/run/a.sock"),
    ],
)
def test_the_socket_of_dockerd(words, settings, path):
    assert dockers(words, daemon=json.dumps(dict({"live-restore": True}, **settings)), commands=says(True, path))["kills_pods"] is False


def test_a_kubelet_that_does_not_use_dockerd_leaves_it_unasked():
    host = runtime_hosts.host(
        [runtime_hosts.KUBELET, containerd(), DOCKERD], [unit("containerd.service"), DOCKER], files={DAEMON_JSON: ON}, commands=says(True)
    )
    answer = dict((item["name"], item["restart"]) for item in fact("runtimes", host))
    assert (answer["containerd"]["kills_pods"], answer["docker"]["kills_pods"]) == (False, None)
    assert [what for kind, what in host.touched if kind == "connection"] == []
    bound = [unit("containerd.service", BoundBy="docker.service"), DOCKER]
    answer = found(runtime_hosts.KUBELET, containerd(), DOCKERD, units=bound, files={DAEMON_JSON: ON}, commands=says(True))
    assert (answer["containerd"]["restart"]["kills_pods"], answer["docker"]["restart"]["kills_pods"]) == (False, False)


@pytest.mark.parametrize("runs", [True, False])
def test_a_dockerd_that_the_kubelet_uses_is_asked_once(runs):
    words = ("/usr/bin/kubelet", "--container-runtime-endpoint=unix:///run/cri-dockerd.sock")
    kubelet = process(900, "kubelet", cgroup="/system.slice/kubelet.service", words=words)
    host = runtime_hosts.host(
        [kubelet, containerd(), DOCKERD], [unit("containerd.service", BoundBy="docker.service"), DOCKER], files={DAEMON_JSON: ON}, commands=says(runs)
    )
    assert [item["restart"]["kills_pods"] for item in fact("runtimes", host)] == [not runs] * 2
    assert [what for kind, what in host.touched if kind == "connection"] == ["/var/run/docker.sock"]


def test_without_a_dockerd_no_socket_is_touched():
    host = runtime_hosts.host(
        [containerd()], [unit("containerd.service", BoundBy="docker.service"), unit("docker.service", ActiveState="inactive")],
        files={DAEMON_JSON: ON},
    )
    assert fact("runtimes", host)[0]["restart"]["kills_pods"] is False
    assert [what for kind, what in host.touched if kind == "connection" or what == DAEMON_JSON] == []


@pytest.mark.parametrize(
    "answer, why",
    [
        (TIMED_OUT, "/var/run/docker.sock: no answer within 5 s"),
        (Unavailable("NeedsRoot", "/var/run/docker.sock: only root may read it"), "/var/run/docker.sock: only root may read it"),
        ("{garbage", "/var/run/docker.sock: its answer does not say"),
        ("[]", "/var/run/docker.sock: its answer does not say"),
        ('{"ServerVersion": "1.11.2"}', "/var/run/docker.sock: its answer does not say"),
    ],
)
@pytest.mark.parametrize("written, kept", [(-10, True), (10, None)])
def test_without_an_answer_a_file_that_is_older_than_dockerd_counts(answer, why, written, kept):
    daemon = dockerd()
    head, parenthesis, rest = daemon["/proc/700/stat"].rpartition(")")
    fields = rest.split()
    fields[19] = "400000"  # 4000 s after the boot
    daemon["/proc/700/stat"] = head + parenthesis + " " + " ".join(fields)
    host = runtime_hosts.host(
        [daemon], [DOCKER], files={DAEMON_JSON: ON, "/proc/uptime": "5000.00 9000.00\n"}, commands={"GET /var/run/docker.sock /info": answer}
    )
    os.utime(host.root + DAEMON_JSON, (NOW - 1000 + written,) * 2)
    restarted = fact("runtimes", host)[0]["restart"]
    assert restarted["kills_pods"] is (False if kept else None)
    assert restarted["because"] == ([] if kept else [
        "dockerd may stop its containers on a restart: live-restore is on in /etc/docker/daemon.json, but whether the dockerd that runs has"
        " read that could not be told (%s)" % why
    ])


@pytest.mark.parametrize(
    "words, settings", [(["-H", "tcp://0.0.0.0:2375"], {}), (["--host=unix:///run/strange"], {}), ([], {"hosts": "unix:///run/a.sock"}), ([], {"hosts": [7]})]
)
def test_a_dockerd_that_listens_elsewhere_cannot_be_asked(words, settings):
    answer = dockers(words, daemon=json.dumps(dict({"live-restore": True}, **settings)))
    assert answer["kills_pods"] is None
    assert "(it listens on no Unix socket that is known here)" in answer["because"][0]


def test_a_dockerd_in_a_container_lends_nothing_to_the_hosts():
    inner = process(650, "dockerd", nested=1, words=["dockerd", "--live-restore"])
    outer = process(700, "dockerd", cgroup="/system.slice/docker.service", words=["/usr/bin/dockerd"])
    assert found(inner, outer, units=[DOCKER])["docker"]["restart"]["kills_pods"] is True


def test_a_daemon_json_that_may_not_be_read():
    with pytest.raises(Unavailable) as caught:
        found(DOCKERD, units=[DOCKER], files={"/etc/docker/daemon.json": "{}"}, denied=("/etc/docker/daemon.json",), root=False)
    assert caught.value.reason == "NeedsRoot"


@pytest.mark.parametrize("soft, hard, answer", [(4096, 4096, True), (4095, 4096, True), (4094, 4096, False), (1024, 4096, False)])
def test_raised_to_hard(soft, hard, answer):
    assert runtimes.raised_to_hard(soft, hard) is answer


# Which of them the kubelet's pods depend on

KUBELET = {"running": True, "enabled": True, "endpoint": None, "dockershim": False, "hostname_override": None}


@pytest.mark.parametrize(
    "names, kubelet, used",
    [
        (["containerd", "docker"], {"endpoint": "/run/containerd/containerd.sock"}, ["containerd"]),
        (["containerd", "docker"], {"endpoint": "/run/cri-dockerd.sock"}, ["containerd", "docker"]),
        (["containerd", "docker"], {"dockershim": True}, ["containerd", "docker"]),
        (["containerd"], {"endpoint": "/run/cri-dockerd.sock"}, []),
        (["containerd"], {"dockershim": True}, []),
        (["containerd", "cri-o"], {"endpoint": "/var/run/crio/crio.sock"}, ["cri-o"]),
        (["containerd", "cri-o"], {"endpoint": "/run/strange.sock"}, ["containerd", "cri-o"]),
        (["containerd", "docker"], {"running": False, "enabled": False, "endpoint": "/run/containerd/containerd.sock"}, ["containerd", "docker"]),
        (["docker", "k3s"], {"running": False}, ["k3s"]),
        (["docker"], {"endpoint": "/run/containerd/containerd.sock"}, []),
        (["containerd", "docker"], {"enabled": False, "endpoint": "unix:///run/containerd/containerd.sock"}, ["containerd"]),
        (["containerd", "docker"], {"running": False, "endpoint": "unix:///run/containerd/containerd.sock"}, ["containerd"]),
        ([], {}, []),
    ],
)
def test_used_by_kubelet(names, kubelet, used):
    answer = runtimes.used_by_kubelet([{"name": name, "socket": None} for name in names], dict(KUBELET, **kubelet))
    assert [runtime["name"] for runtime in answer] == used


# As they stand on a worker of k0s (docs.k0sproject.io), below a dockerd of Docker CE and of a distribution, and as containerd.service has it.
K0S = "/var/lib/k0s/bin/containerd --root=/var/lib/k0s/containerd --address=/run/k0s/containerd.sock --config=/etc/k0s/containerd.toml"
DOCKERS = "containerd --config /var/run/docker/containerd/containerd.toml --log-level info"


@pytest.mark.parametrize(
    "command, parent, socket",
    [
        (K0S, 1, "/run/k0s/containerd.sock"),
        ("containerd -a /var/run/a.sock", 1, "/run/a.sock"),
        ("containerd --address unix:///run/a.sock", 1, "/run/a.sock"),
        (DOCKERS, 700, "/run/docker/containerd/containerd.sock"),
        ("containerd --log-level info", 700, None),
        (DOCKERS, 1, None),  # whoever has started it: where its file puts the socket is not known
        ("/usr/bin/containerd", 1, None),
        ("containerd -a", 1, None),
    ],
)
def test_where_a_containerd_listens(command, parent, socket):
    daemon = process(811, "containerd", parent=parent, words=command.split())
    assert found(DOCKERD, daemon)["containerd"]["socket"] == socket


@pytest.mark.parametrize(
    "sockets, endpoint, used",
    [
        ([None, "/run/k0s/containerd.sock"], "unix:///run/k0s/containerd.sock", [1]),
        ([None, "/run/docker/containerd/containerd.sock"], "unix:///run/containerd/containerd.sock", [0]),
        (["/run/k0s/containerd.sock", None], "/var/run/k0s/containerd.sock", [0]),
        (["/run/docker/containerd/containerd.sock"], "/run/containerd/containerd.sock", []),
        ([None, None], "/run/containerd/containerd.sock", [0, 1]),
        (["/run/a.sock", None], "/run/cri-dockerd.sock", [0, 1, 2]),  # all that dockerd needs
    ],
)
def test_of_several_containerds_the_one_at_the_kubelets_socket_counts(sockets, endpoint, used):
    there = [{"name": "containerd", "socket": socket, "number": number} for number, socket in enumerate(sockets)]
    there.append({"name": "docker", "socket": None, "number": len(there)})
    answer = runtimes.used_by_kubelet(there, dict(KUBELET, endpoint=endpoint))
    assert [runtime["number"] for runtime in answer] == used


@pytest.mark.parametrize("name", ["containerd", "dockerd"])
def test_a_runtime_of_a_user_is_none_of_the_nodes(name):
    rootless = process(900, name, cgroup="/user.slice/user-1000.slice/user@1000.service/app.slice/%s.service" % name)
    assert [runtime["pid"] for runtime in found(containerd(), rootless).values()] == [811]
    # A k3s that runs rootless is the node; what somebody has started in his session may be.
    own = "/user.slice/user-1000.slice/user@1000.service/app.slice/k3s.service"
    assert found(process(900, "k3s-server", cgroup=own), process(811, "containerd", parent=900, cgroup=own))["k3s"]["pid"] == 811
    assert found(process(811, "containerd", cgroup="/user.slice/user-0.slice/session-3.scope"))["containerd"]["pid"] == 811


def test_garbage_is_unreadable():
    with pytest.raises(Unavailable) as caught:
        found(containerd(), files={"/proc/811/limits": "garbage"})
    assert caught.value.reason == "Unreadable"


def test_a_runtime_that_ends_meanwhile_is_left_out():
    files = containerd()
    del files["/proc/811/limits"]
    assert found(files) == {}
