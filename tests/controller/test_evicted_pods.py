"""The module evicted_pods against an API server that a script plays; molecule/cluster/evicted_pods has a real one."""

import json
import time
from urllib.parse import parse_qs, urlsplit

import pytest
from ansible_collections.nodemend.kubernetes.plugins.module_utils._kubectl_module import Kubectl, KubectlFailed, kept
from ansible_collections.nodemend.kubernetes.plugins.modules import evicted_pods

OWNERS = ["DaemonSet", "ReplicaSet", "ReplicationController", "StatefulSet"]


def pod(name, owner="ReplicaSet", reason="Evicted", minutes=600):
    when = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 60 * minutes))
    metadata = {"namespace": "shop", "name": name, "uid": "uid-" + name, "creationTimestamp": when, "managedFields": [{"time": when}]}
    metadata["ownerReferences"] = [{"kind": owner, "controller": True}] if owner else []
    return {"metadata": metadata, "spec": {"nodeName": "worker1"}, "status": {"phase": "Failed", "reason": reason}}


class Server(Kubectl):
    """Answers as kubectl does, two pods a page."""

    def __init__(self, *pods, refuses=None):
        self._pods = list(pods)
        self._refuses = refuses or {}
        self.deleted = []
        self.pages = 0

    def run(self, arguments, documents=None, data=None):
        verb, raw, path = arguments[:3]
        assert raw == "--raw"
        if verb == "get":
            query = parse_qs(urlsplit(path).query)
            assert urlsplit(path).path == "/api/v1/pods" and query["fieldSelector"] == ["status.phase=Failed"]
            first = int(query.get("continue", ["0"])[0])
            self.pages += 1
            more = str(first + 2) if first + 2 < len(self._pods) else ""
            return json.dumps({"items": self._pods[first : first + 2], "metadata": {"continue": more}})
        name = path.rpartition("/")[2]
        assert path == "/api/v1/namespaces/shop/pods/" + name and arguments[3:] == ["--filename=-"]
        assert json.loads(data)["preconditions"] == {"uid": "uid-" + name}
        if name in self._refuses:
            raise KubectlFailed(self._refuses[name])
        self.deleted.append(name)
        return "{}"


class Module:
    def __init__(self, check_mode=False, **params):
        self.check_mode = check_mode
        self.params = dict({"owners": OWNERS, "minimum_age": 60, "maximum": 1000, "backup": None}, **params)


@pytest.fixture
def delete(monkeypatch):
    """Return a function that runs the module against a Server and returns its Deletion."""

    def run(server, **params):
        monkeypatch.setattr(evicted_pods, "Kubectl", lambda module: server)
        deletion = evicted_pods.Deletion(Module(**params))
        deletion.run()
        return deletion

    return run


def test_what_is_deleted_and_what_is_left(delete):
    server = Server(
        pod("old"),
        pod("young", minutes=59),
        pod("job", "Job"),
        pod("bare", None),
        pod("misplaced", reason="NodeAffinity"),
        pod("failed", reason=None),
        pod("last"),
    )
    done = delete(server)
    assert server.deleted == ["old", "last"]
    assert done.names == ["shop/old", "shop/last"]
    assert (done.left, done.more) == ({"young": 1, "owner": 2}, False)


def test_others_when_they_are_asked_for(delete):
    server = Server(pod("old"), pod("job", "Job"), pod("bare", None), pod("workflow", "Workflow"))
    assert delete(server, owners=["Job", "bare"]).names == ["shop/job", "shop/bare"]


def test_no_more_than_may_be_and_no_page_for_nothing(delete):
    server = Server(*(pod("p%d" % number) for number in range(9)))
    done = delete(server, maximum=3)
    assert server.deleted == ["p0", "p1", "p2"] and done.more
    assert server.pages == 2
    assert not delete(Server(pod("one")), maximum=1).more


def test_check_mode_deletes_and_keeps_nothing(delete, tmp_path):
    server = Server(pod("old"))
    assert delete(server, check_mode=True, backup=str(tmp_path / "before.json")).names == ["shop/old"]
    assert server.deleted == [] and list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("words", ['(NotFound): pods "a" not found', "(Conflict): Precondition failed: UID in precondition: a, UID in object meta: b"])
def test_what_is_gone_is_no_failure(delete, words):
    assert delete(Server(pod("a"), pod("b"), refuses={"a": "Error from server " + words})).names == ["shop/b"]


def test_what_is_refused_is_one(delete):
    with pytest.raises(KubectlFailed):
        delete(Server(pod("a"), refuses={"a": "Error from server (Forbidden): no"}))


def test_what_is_deleted_is_kept_first_and_what_was_kept_stays(delete, tmp_path):
    path = tmp_path / "run" / "before.json"
    with pytest.raises(KubectlFailed):
        delete(Server(pod("a"), refuses={"a": "Error from server (Forbidden): no"}), backup=str(path))
    delete(Server(pod("b")), backup=str(path))
    assert [(item["kind"], item["metadata"]["name"]) for item in kept(str(path))] == [("Pod", "a"), ("Pod", "b")]
    assert "managedFields" not in path.read_text()
    assert path.stat().st_mode & 0o777 == 0o600 and path.parent.stat().st_mode & 0o777 == 0o700
