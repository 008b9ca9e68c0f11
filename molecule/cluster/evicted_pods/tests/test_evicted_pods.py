"""What is left of the pods, as the API server has it."""

import json


def pods(kubectl):
    return kubectl.json("pods", "--namespace=lab-evicted")["items"]


def test_pods_of_jobs_and_of_nobody_and_those_that_ended_otherwise_are_left(kubectl):
    left = {pod["metadata"].get("generateName") or pod["metadata"]["name"]: pod["status"] for pod in pods(kubectl)}
    assert {name: (status["phase"], status.get("reason")) for name, status in left.items()} == {
        "alone": ("Failed", "Evicted"),
        "report-": ("Failed", "Evicted"),
        "evicted-by-its-name": ("Failed", None),
        "misplaced": ("Failed", "NodeAffinity"),
        "completed": ("Succeeded", None),
    }


def test_what_was_deleted_is_kept_for_root(node):
    host = node("control1")
    (path,) = host.check_output("find /var/lib/nodemend -name before.json").split()
    assert host.file(path).mode == 0o600
    kept = json.loads(host.file(path).content_string)
    assert len(kept) >= 3
    assert {pod["metadata"]["ownerReferences"][0]["kind"] for pod in kept} == {"ReplicaSet"}
    assert {pod["status"]["reason"] for pod in kept} == {"Evicted"}


def test_the_server_does_not_delete_another_pod_of_the_same_name(kubectl):
    """The words by which the module knows it."""
    options = {"apiVersion": "v1", "kind": "DeleteOptions", "preconditions": {"uid": "another"}}
    done = kubectl.run("delete", "--raw", "/api/v1/namespaces/lab-evicted/pods/completed", "--filename=-", stdin=json.dumps(options))
    assert done.returncode != 0
    assert done.stderr.startswith("Error from server (Conflict)")
    assert "completed" in {pod["metadata"]["name"] for pod in pods(kubectl)}
