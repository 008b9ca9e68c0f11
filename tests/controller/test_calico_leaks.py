"""The module calico_leaks: order, lock and unlock. calicoctl and the API server are played by scripts; no real calicoctl can be had here.

Its options are those of calicoctl's own sources: calicoctl/commands/{ipam,datastore}_command.go.
"""

import json
import os
import signal

import pytest
from ansible_collections.nodemend.kubernetes.plugins.module_utils._kubectl_module import KubectlFailed
from ansible_collections.nodemend.kubernetes.plugins.modules import calico_leaks

LOCK, UNLOCK = "datastore migrate lock", "datastore migrate unlock"
ALL = ["ipam check", LOCK, "ipam check", "ipam release", "ipam check", UNLOCK]


class Cluster:
    """Its ClusterInformation, and a calicoctl that changes it. fails: {command: what it does instead}."""

    def __init__(self, leaks=2, locked=False, fails=None, patch_fails=False, elsewhere=False):
        self.leaks = leaks
        self.ready = not locked
        self.fails = fails or {}
        self.patch_fails = patch_fails
        self.elsewhere = elsewhere
        self.ran = []
        self.limits = []

    def get(self, path):
        assert path == "/apis/crd.projectcalico.org/v1/clusterinformations/default"
        return {"spec": {"clusterGUID": "4a5b", "datastoreReady": self.ready}}

    def run(self, arguments):
        assert arguments[:3] == ["patch", "clusterinformations.crd.projectcalico.org", "default"]
        if self.patch_fails:
            raise KubectlFailed("Error from server (Forbidden): no")
        assert json.loads(arguments[-1].partition("=")[2]) == {"spec": {"datastoreReady": True}}
        self.ran.append("patch")
        self.ready = True

    def command(self, argv, environ_update, handle_exceptions):
        assert argv[:2] == ["timeout", "-k"] and argv[4] == "/opt/calicoctl"
        assert environ_update["DATASTORE_TYPE"] == "kubernetes" and environ_update["KUBECONFIG"] == "/admin.conf"
        words = argv[5:]
        name = " ".join(words[: 3 if words[0] == "datastore" else 2])
        self.ran.append(name)
        if name == LOCK:
            assert self.marker.read_text()  # for the next run, should this one be killed now
        if name in self.fails:
            return self.fails[name](self) or (1, "", "it broke")
        if name == LOCK and not self.elsewhere:
            self.ready = False
        elif name == UNLOCK:
            self.ready = True
        elif name == "ipam check":
            assert words[2] == "-o"
            given = {"10.0.0.%d" % number: [{"ip": "10.0.0.%d" % number, "inUse": False}] for number in range(self.leaks)}
            with open(words[3], "w") as stream:
                json.dump({"allocations": given}, stream)
        elif name == "ipam release":
            assert words[2].startswith("--from-report=") and not self.ready
            self.leaks = 0
        return 0, "", ""


class Module:
    def __init__(self, cluster, tmp_path, check_mode, **params):
        self.check_mode = check_mode
        self.tmpdir = str(tmp_path / "tmp")
        self.run_command = cluster.command
        given = {"state": "released", "calicoctl": "/opt/calicoctl", "command_timeout": 9, "kubeconfig": "/admin.conf"}
        self.params = dict(given, report=str(tmp_path / "run" / "report.json"), directory=str(tmp_path / "kept"), **params)


@pytest.fixture
def release(monkeypatch, tmp_path):
    """Return a function that runs the module and returns (result, what failed)."""

    def run(cluster, check_mode=False, **params):
        cluster.marker = tmp_path / "kept" / "calico_ipam-4a5b.locked"
        monkeypatch.setattr(calico_leaks, "Kubectl", lambda module: cluster)
        (tmp_path / "tmp").mkdir(exist_ok=True)
        leaks = calico_leaks.Leaks(Module(cluster, tmp_path, check_mode, **params))
        try:
            leaks.run()
        except calico_leaks.Failed as exc:
            return leaks.result, str(exc)
        return leaks.result, None

    return run


@pytest.fixture
def marker(tmp_path):
    return tmp_path / "kept" / "calico_ipam-4a5b.locked"


def test_the_official_order(release, marker, tmp_path):
    cluster = Cluster()
    assert release(cluster) == ({"changed": True, "unlocked": False, "leaks": 2, "left": 0}, None)
    assert cluster.ran == ALL and cluster.ready
    assert not marker.exists()
    assert (tmp_path / "run" / "report.json").stat().st_mode & 0o777 == 0o600


def test_nothing_is_locked_for_nothing(release, marker):
    cluster = Cluster(leaks=0)
    assert release(cluster) == ({"changed": False, "unlocked": False, "leaks": 0, "left": 0}, None)
    assert cluster.ran == ["ipam check"] and not marker.exists()


def test_check_mode_only_counts(release, tmp_path):
    cluster = Cluster()
    assert release(cluster, check_mode=True) == ({"changed": True, "unlocked": False, "leaks": 2, "left": 2}, None)
    assert cluster.ran == ["ipam check"]
    assert {path.name for path in tmp_path.iterdir()} == {"tmp"}


@pytest.mark.parametrize(
    "command, ran",
    [(LOCK, ["ipam check", LOCK, UNLOCK]), ("ipam release", ["ipam check", LOCK, "ipam check", "ipam release", UNLOCK])],
)
def test_whatever_fails_it_is_unlocked(release, marker, command, ran):
    cluster = Cluster(fails={command: lambda cluster: None})
    result, failed = release(cluster)
    assert "calicoctl %s" % command in failed and "it broke" in failed
    assert cluster.ran == ran and cluster.ready and not marker.exists()


def test_a_lock_that_takes_effect_and_fails_is_taken_away(release, marker):
    cluster = Cluster(fails={LOCK: lambda cluster: setattr(cluster, "ready", False)})
    assert release(cluster)[1] and cluster.ready and not marker.exists()


def test_where_calicoctl_cannot_unlock_we_do(release, marker):
    cluster = Cluster(fails={UNLOCK: lambda cluster: None})
    assert release(cluster) == ({"changed": True, "unlocked": False, "leaks": 2, "left": 0}, None)
    assert cluster.ran == ALL + ["patch"] and cluster.ready and not marker.exists()


def test_an_unlock_that_only_says_so_is_no_unlock(release):
    cluster = Cluster(fails={UNLOCK: lambda cluster: (0, "Datastore unlocked.", "")})
    assert release(cluster)[1] is None
    assert cluster.ran[-1] == "patch" and cluster.ready


def test_where_nobody_can_the_next_run_tries_again(release, marker):
    cluster = Cluster(fails={UNLOCK: lambda cluster: None}, patch_fails=True)
    assert "STILL LOCKED" in release(cluster)[1]
    assert not cluster.ready and marker.read_text()
    cluster.fails, cluster.ran = {}, []
    assert release(cluster, state="unlocked") == ({"changed": True, "unlocked": True}, None)
    assert cluster.ran == [UNLOCK] and cluster.ready and not marker.exists()


def test_a_run_that_was_killed_is_unlocked_first(release, marker):
    """As the kernel does it: nothing of the run goes on, and the file stays."""
    child = os.fork()
    if not child:
        release(Cluster(fails={"ipam release": lambda cluster: os.kill(os.getpid(), signal.SIGKILL)}))
        os._exit(1)
    assert os.WTERMSIG(os.waitpid(child, 0)[1]) == signal.SIGKILL
    assert marker.read_text()
    cluster = Cluster(locked=True)
    result, failed = release(cluster)
    assert failed is None and result["unlocked"] and result["left"] == 0
    assert cluster.ran == [UNLOCK] + ALL and cluster.ready and not marker.exists()


def test_check_mode_says_that_it_would_unlock(release, marker):
    marker.parent.mkdir()
    marker.write_text("x")
    cluster = Cluster(locked=True)
    assert release(cluster, check_mode=True, state="unlocked") == ({"changed": True, "unlocked": True}, None)
    assert cluster.ran == [] and not cluster.ready and marker.exists()


def test_a_marker_of_a_lock_that_is_gone_goes(release, marker):
    marker.parent.mkdir()
    marker.write_text("x")
    assert release(Cluster(), state="unlocked") == ({"changed": False, "unlocked": False}, None)
    assert not marker.exists()


@pytest.mark.parametrize("state, word", [("released", "locked already"), ("unlocked", None)])
def test_what_somebody_else_has_locked_stays_locked(release, marker, state, word):
    cluster = Cluster(locked=True)
    result, failed = release(cluster, state=state)
    assert failed is None if word is None else word in failed
    assert cluster.ran == [] and not cluster.ready and not marker.exists()


def test_two_runs_do_not_meet(release, marker):
    cluster = Cluster()
    marker.parent.mkdir()
    held = calico_leaks.Marker(str(marker))
    held.write()
    assert "Another run" in release(cluster)[1]
    assert "Another run" in release(cluster, state="unlocked")[1]
    assert cluster.ran == [] and marker.read_text()
    held.clear()
    held.end()
    assert release(cluster)[1] is None


def test_the_lock_of_another_cluster_is_noticed(release, marker):
    cluster = Cluster(elsewhere=True)
    assert "not this cluster's datastore" in release(cluster)[1]
    assert cluster.ran[-1] == UNLOCK and not marker.exists()


@pytest.mark.parametrize("number", calico_leaks.SIGNALS)
def test_a_signal_ends_it_unlocked(release, marker, number):
    before = signal.signal(number, calico_leaks.interrupted)
    try:
        cluster = Cluster(fails={"ipam release": lambda cluster: os.kill(os.getpid(), number)})
        assert "Ended by signal %d" % number in release(cluster)[1]
        assert signal.getsignal(number) is calico_leaks.interrupted
    finally:
        signal.signal(number, before)
    assert cluster.ran[-1] == UNLOCK and cluster.ready and not marker.exists()


def test_leaks_that_stay_are_a_failure(release):
    cluster = Cluster(fails={"ipam release": lambda cluster: (0, "", "")})
    assert "2 of 2 leaks are still there" in release(cluster)[1]
    assert cluster.ready


def test_a_report_that_cannot_be_read_is_a_failure(release):
    def garbage(cluster):
        return 0, "", ""

    assert "cannot be read" in release(Cluster(fails={"ipam check": garbage}))[1]
