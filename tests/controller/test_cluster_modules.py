"""The pure parts of the modules that change a cluster; molecule/cluster/calico runs them whole, on a real API server."""

import json
import types

import pytest
from ansible_collections.nodemend.kubernetes.plugins.module_utils import _kubectl_module
from ansible_collections.nodemend.kubernetes.plugins.modules import (
    daemonset_rollout,
    image_pull,
    objects_info,
    server_side_apply,
)


@pytest.mark.parametrize(
    "query, arguments",
    [
        ({"resource": "nodes"}, ["get", "nodes", "--all-namespaces"]),
        ({"resource": "pods", "namespace": "a", "selector": "x=y"}, ["get", "pods", "--selector=x=y", "--namespace=a"]),
        ({"resource": "configmaps", "namespace": "a", "name": "b"}, ["get", "configmaps", "b", "--ignore-not-found", "--namespace=a"]),
        ({"resource": "clusterroles", "name": "b"}, ["get", "clusterroles", "b", "--ignore-not-found"]),
    ],
)
def test_what_is_asked_for(query, arguments):
    assert objects_info.arguments_of(query) == arguments


def test_what_the_server_writes_is_no_difference():
    item = {
        "kind": "DaemonSet",
        "metadata": {"name": "a", "uid": "1", "resourceVersion": "2", "managedFields": [], "labels": {"a": "b"}},
        "spec": {"template": {"metadata": {"creationTimestamp": None, "labels": {}}}},
        "status": {},
    }
    assert server_side_apply.without_own(item) == {
        "kind": "DaemonSet",
        "metadata": {"name": "a", "labels": {"a": "b"}},
        "spec": {"template": {"metadata": {"labels": {}}}},
    }


@pytest.mark.parametrize("version, old", [("v1.17.9", True), ("v1.18.20", True), ("v1.19.0", False), ("v1.29.3+k3s1", False)])
def test_an_old_kubectl_is_refused_before_anything(version, old):
    asked = []

    def run_command(command, **unused):
        asked.append(command[3])
        return 0, json.dumps({"clientVersion": {"gitVersion": version}, "kind": "List", "items": []}), ""

    params = {"kubectl": "kubectl", "kubeconfig": "/x", "request_timeout": 5, "field_manager": "nodemend", "backup": None, "state": "absent"}
    params["documents"] = [{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}}]
    module = types.SimpleNamespace(params=params, run_command=run_command)
    if old:
        with pytest.raises(server_side_apply.KubectlFailed, match="kubectl %s is too old.* 1.19 or newer" % version):
            server_side_apply.Changes(module)
        assert asked == ["version"]
    else:
        server_side_apply.Changes(module)
        assert asked == ["version", "get"]


@pytest.mark.parametrize("there, check", [(True, False), (True, True), (False, False)])
def test_a_part_of_an_object_is_merged_and_not_applied(there, check):
    """kubectl from 1.26 on would have an apply take away what the document does not name."""
    part = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"ours": "1"}}
    live = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "namespace": "default"}, "data": {"theirs": "2"}}
    asked = []

    def run_command(command, data=None, **unused):
        words = command[3:]
        if words[0] == "version":
            return 0, json.dumps({"clientVersion": {"gitVersion": "v1.36.2"}}), ""
        if words[0] == "get":
            return 0, json.dumps({"apiVersion": "v1", "kind": "List", "items": [live] if there else []}), ""
        assert json.loads(data)["items"] == [part]
        asked.append(words)
        result = dict(live if there else part, data=dict(live["data"] if there else {}, ours="1"))
        return 0, json.dumps(result), ""

    params = {"kubectl": "kubectl", "kubeconfig": "/x", "request_timeout": 5, "field_manager": "nodemend", "backup": None, "state": "present"}
    module = types.SimpleNamespace(params=dict(params, documents=[part], merge=True), run_command=run_command, check_mode=check)
    changes = server_side_apply.Changes(module)
    changes.make()
    assert json.loads(changes.diff[0]["after"])["data"] == ({"theirs": "2", "ours": "1"} if there else {"ours": "1"})
    dry, *real = asked
    assert "--dry-run=server" in dry and len(real) == (0 if check else 1)
    for words in asked:
        assert words[0] == ("patch" if there else "apply") and "--field-manager=nodemend" in words
        assert ("--patch=" + json.dumps(part) in words and "--type=merge" in words) == there
    assert not any("--dry-run=server" in words for words in real)


def test_what_kubectl_runs_with():
    """kubectl from 1.34 on: what an operator prefers (kuberc: "delete" asks, and rc 0 says nothing of the answer) must not count here."""
    seen = {}

    def run_command(command, **more):
        seen.update(more, command=command)
        return 0, "", ""

    module = types.SimpleNamespace(params={"kubectl": "k3s kubectl", "kubeconfig": "/x", "request_timeout": 5}, run_command=run_command)
    _kubectl_module.Kubectl(module).run(["get", "nodes"])
    assert seen["command"] == ["k3s", "kubectl", "--kubeconfig=/x", "--request-timeout=5s", "get", "nodes"]
    assert seen["environ_update"] == {"LC_ALL": "C", "KUBERC": "off"}


def test_what_a_backup_holds_already_stays(tmp_path):
    path = tmp_path / "run" / "before.json"

    def keep(*pairs):
        changes = server_side_apply.Changes.__new__(server_side_apply.Changes)
        changes._module = types.SimpleNamespace(params={"backup": str(path)})
        changes._pairs = pairs
        changes._keep()

    def item(name, **more):
        return dict({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}}, **more)

    keep((None, item("a", data={"x": "1"}), item("a", data={"x": "2"})))
    keep((None, item("a", data={"x": "2"}), item("a", data={"x": "3"})), (None, None, item("new")))
    kept = json.loads(path.read_text())
    assert [(entry["identity"][2], entry["object"] and entry["object"]["data"]) for entry in kept] == [("a", {"x": "1"}), ("new", None)]
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_folder_that_is_not_ours_is_refused_in_a_sentence(tmp_path, monkeypatch):
    path = str(tmp_path / "run" / "calico" / "before.json")
    _kubectl_module.insist_on_writable(path)
    assert not (tmp_path / "run").exists()

    def deny(*unused):
        raise PermissionError(13, "Permission denied")

    # Root may write everywhere, so the two calls say what they say to others.
    monkeypatch.setattr(_kubectl_module.os, "access", lambda folder, mode: folder != str(tmp_path))
    monkeypatch.setattr(_kubectl_module.os, "makedirs", deny)
    for attempt in (_kubectl_module.insist_on_writable, lambda path: _kubectl_module.keep(path, [])):
        with pytest.raises(_kubectl_module.KubectlFailed, match="before.json.* cannot be written: .*nodemend_become"):
            attempt(path)


DAEMONSET = {"metadata": {"uid": "1", "generation": 3}, "status": {"observedGeneration": 3}}


def revision(number, value, uid="1"):
    return {"revision": number, "metadata": {"labels": {"controller-revision-hash": value}, "ownerReferences": [{"uid": uid}]}}


def test_the_newest_revision():
    revisions = [revision(1, "a"), revision(3, "c"), revision(2, "b"), revision(9, "x", "2")]
    assert daemonset_rollout.newest_revision(DAEMONSET, revisions) == "c"
    assert daemonset_rollout.newest_revision(DAEMONSET, revisions[3:]) is None
    assert daemonset_rollout.newest_revision(dict(DAEMONSET, status={"observedGeneration": 2}), revisions) is None


def pod(revision_="new", ready="True", waiting=None, **metadata):
    state = {"waiting": waiting} if waiting else {"running": {}}
    return {
        "metadata": dict({"name": "p", "labels": {"controller-revision-hash": revision_}}, **metadata),
        "status": {
            "phase": "Running",
            "conditions": [{"type": "Ready", "status": ready}],
            "initContainerStatuses": [{"name": "install-cni", "state": state}],
        },
    }


@pytest.mark.parametrize(
    "item, words",
    [
        (pod(), None),
        (pod("old"), "of the old revision"),
        (pod(deletionTimestamp="now"), "is still there"),
        (pod(ready="False"), "not Ready"),
        (pod(ready="False", waiting={"reason": "ErrImagePull", "message": "no such host"}), "install-cni of p: ErrImagePull no such host"),
        (pod(ready="False", waiting={"reason": "PodInitializing"}), "not Ready"),
    ],
)
def test_what_a_pod_lacks(item, words):
    lack = daemonset_rollout.lack(item, "new")
    assert lack is None if words is None else words in lack


def test_a_node_whose_network_is_down():
    def of(status):
        return {"status": {"conditions": [{"type": "NetworkUnavailable", "status": status, "reason": "CalicoIsDown"}]}}

    assert "CalicoIsDown" in daemonset_rollout.network_down(of("True"))
    assert daemonset_rollout.network_down(of("False")) is None
    assert daemonset_rollout.network_down({"status": {}}) is None


def test_images_that_a_node_does_not_list():
    node = {"status": {"images": [{"names": ["docker.io/calico/node@sha256:0", "docker.io/calico/node:v1"]}, {"names": None}]}}
    assert image_pull.unlisted(node, ["calico/node:v1", "calico/cni:v1"]) == ["calico/cni:v1"]
    assert image_pull.unlisted({}, ["a:1"]) == ["a:1"]


@pytest.mark.parametrize(
    "state, coming, failed",
    [
        ({}, ["x"], []),
        ({"waiting": {"reason": "ContainerCreating"}}, ["x"], []),
        ({"waiting": {"reason": "ErrImagePull", "message": "no such host"}}, [], ["x: no such host"]),
        ({"waiting": {"reason": "ImagePullBackOff"}}, [], ["x: ImagePullBackOff"]),
        # It was pulled: its command cannot be there.
        ({"waiting": {"reason": "RunContainerError"}}, [], []),
        ({"terminated": {"reason": "StartError"}}, [], []),
    ],
)
def test_what_becomes_of_a_pull(state, coming, failed):
    item = image_pull.pod("n", ["x"], "kube-system", [])
    item["status"] = {"containerStatuses": [{"name": "image-0", "state": state}]}
    assert image_pull.outcome(item) == (coming, failed)


REJECTED = {"phase": "Failed", "reason": "OutOfpods", "message": "Pod Node didn't have enough resource: pods, requested: 1, used: 110, capacity: 110"}
# With the statuses that kubelets of 1.20 and of later versions leave of it (TerminatePod in status_manager.go), or none.
EVICTED = {"phase": "Failed", "reason": "Evicted", "message": "The node was low on resource: ephemeral-storage."}
NOT_BEGUN = [{"name": "image-0", "state": {"terminated": {"reason": "ContainerStatusUnknown", "exitCode": 137}}}]
CREATING = [{"name": "image-0", "state": {"waiting": {"reason": "ContainerCreating"}}}]


@pytest.mark.parametrize(
    "status, sentence",
    [
        (REJECTED, "x, y: OutOfpods, Pod Node didn't have enough resource: pods, requested: 1, used: 110, capacity: 110"),
        (EVICTED, "x, y: Evicted, The node was low on resource: ephemeral-storage."),
        (dict(EVICTED, containerStatuses=NOT_BEGUN), "x, y: Evicted, The node was low on resource: ephemeral-storage."),
        (dict(EVICTED, containerStatuses=CREATING), "x, y: Evicted, The node was low on resource: ephemeral-storage."),
        ({"phase": "Failed"}, "x, y: the pod has failed"),
    ],
)
def test_a_pod_that_the_kubelet_rejects_pulls_nothing_any_more(status, sentence):
    item = dict(image_pull.pod("n", ["x", "y"], "kube-system", []), status=status)
    assert image_pull.outcome(item) == ([], [sentence])
    # Its images are there, as its commands have failed.
    ended = [{"name": "image-%d" % number, "state": {"terminated": {"reason": "StartError"}}} for number in range(2)]
    assert image_pull.outcome(dict(item, status=dict(status, containerStatuses=ended))) == ([], [])


def test_images_are_pulled_with_the_secrets_of_an_account_and_without_its_token():
    spec = image_pull.pod("n", ["x"], "kube-system", [], "calico-node")["spec"]
    assert spec["serviceAccountName"] == "calico-node" and spec["automountServiceAccountToken"] is False
    assert spec["imagePullSecrets"] == []  # else admission would not fill in the account's
    assert "serviceAccountName" not in image_pull.pod("n", ["x"], "kube-system", [])["spec"]
