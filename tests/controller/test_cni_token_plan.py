"""Which pod the role cni_token would recreate, worked out from objects of the API; and why it may not."""

import copy

import pytest
from ansible_collections.nodemend.kubernetes.plugins.plugin_utils._cni_token import plan, writer


def pod(name="calico-node-abcde", revision="r2", owner="calico-node", **meta):
    labels = {"k8s-app": "calico-node", "controller-revision-hash": revision}
    owners = [{"kind": "DaemonSet", "name": owner, "uid": "u-ds", "controller": True}] if owner else []
    return {
        "kind": "Pod",
        "metadata": dict(name=name, namespace="kube-system", uid="u-" + name, labels=labels, ownerReferences=owners, **meta),
        "spec": {
            "initContainers": [{"image": "calico/cni:v3.20.6", "imagePullPolicy": "IfNotPresent"}],
            "containers": [{"image": "docker.io/calico/node:v3.20.6", "imagePullPolicy": "IfNotPresent"}],
            "tolerations": [{"operator": "Exists", "effect": "NoSchedule"}],
        },
    }


def revision(name, number, owner="u-ds"):
    meta = {"name": name, "labels": {"controller-revision-hash": name}, "ownerReferences": [{"uid": owner}]}
    return {"kind": "ControllerRevision", "metadata": meta, "revision": number}


def daemonset(strategy="RollingUpdate", generation=3, observed=3, **meta):
    return {
        "kind": "DaemonSet",
        "metadata": dict(name="calico-node", namespace="kube-system", uid="u-ds", generation=generation, **meta),
        "spec": {"updateStrategy": {"type": strategy}},
        "status": {"observedGeneration": observed},
    }


def node(ready="True", images=("docker.io/calico/node:v3.20.6", "docker.io/calico/cni:v3.20.6"), taints=()):
    return {
        "kind": "Node",
        "metadata": {"name": "worker1"},
        "spec": {"taints": list(taints)},
        "status": {"conditions": [{"type": "Ready", "status": ready}], "images": [{"names": [name]} for name in images]},
    }


REVISIONS = [revision("r1", 1), revision("r2", 2), revision("r9", 9, owner="u-another")]


def refused(pods=None, objects=None, pull_ok=False):
    return plan([pod()] if pods is None else pods, [daemonset(), node()] + REVISIONS if objects is None else objects, pull_ok)["refused"]


def test_the_same_pod_would_start_again():
    found = plan([pod()], [daemonset(), node()] + REVISIONS)
    named = {"namespace": "kube-system", "name": "calico-node-abcde", "uid": "u-calico-node-abcde", "terminating": False, "daemonset": "calico-node"}
    assert found == {"pod": named, "refused": []}


def test_of_two_pods_the_one_that_stays():
    old, new = pod(deletionTimestamp="2026-11-20T18:00:00Z"), pod("calico-node-vwxyz")
    assert writer([old, new])["name"] == "calico-node-vwxyz"
    assert writer([old])["terminating"]
    assert writer([pod(owner=None)]) is None


def test_the_pod_of_another_controller():
    other = pod()
    other["metadata"]["ownerReferences"][0]["kind"] = "ReplicaSet"
    assert writer([other]) is None


DRY = {"key": "dry", "effect": "NoSchedule", "value": "yes"}


@pytest.mark.parametrize(
    ("objects", "reason"),
    [
        ([daemonset(deletionTimestamp="x"), node()] + REVISIONS, "not there any more"),
        ([node()], "not there any more"),
        ([daemonset(generation=4), node()] + REVISIONS, "has not seen that"),
        ([daemonset(), node()], "no ControllerRevision"),
        ([daemonset(), node(), revision("r3", 3)] + REVISIONS, "is being rolled out: a new pod would be another version"),
        ([daemonset("OnDelete"), node(), revision("r3", 3)] + REVISIONS, "(OnDelete): a new pod would be another version"),
        ([daemonset(), node("Unknown")] + REVISIONS, "worker1 is not Ready"),
        ([daemonset(), node("False")] + REVISIONS, "worker1 is not Ready"),
        ([daemonset(), node(taints=[dict(DRY, effect="NoExecute")])] + REVISIONS, "taint dry:NoExecute"),
        ([daemonset(), node(images=["docker.io/calico/node:v3.20.6"])] + REVISIONS, "Image calico/cni:v3.20.6 is not among the 1 images"),
        ([daemonset(), node(images=["calico/node:v3.15.5", "calico/cni:v3.20.6"])] + REVISIONS, "Image docker.io/calico/node:v3.20.6 is not"),
    ],
)
def test_refused(objects, reason):
    told = refused(objects=objects)
    assert told and reason in told[0]


@pytest.mark.parametrize(
    "objects",
    [
        # A roll-back gives the old revision a new, higher number.
        [daemonset(), node(), revision("r2", 4), revision("r3", 3)],
        [daemonset("OnDelete"), node()] + REVISIONS,
        [daemonset(), node(taints=[DRY, {"key": "soft", "effect": "PreferNoSchedule"}])] + REVISIONS,
        # The names as dockershim reports them, and by digest.
        [daemonset(), node(images=["calico/node:v3.20.6", "calico/cni:v3.20.6", "calico/cni@sha256:00"])] + REVISIONS,
    ],
)
def test_not_refused(objects):
    assert refused(objects=objects) == []


def test_a_missing_image_may_be_pulled_on_request():
    assert refused(objects=[daemonset(), node(images=[])] + REVISIONS, pull_ok=True) == []


def test_a_pull_at_each_start():
    always = copy.deepcopy(pod())
    always["spec"]["containers"][0]["imagePullPolicy"] = "Always"
    at_start, what_to_do = refused(pods=[always])
    assert "at each start" in at_start and "node:v3.20.6" in at_start
    assert "cni_token_pull_ok" in what_to_do
    assert refused(pods=[always], pull_ok=True) == []


@pytest.mark.parametrize(
    ("toleration", "tolerated"),
    [
        ({"operator": "Exists"}, True),
        ({"key": "dry", "operator": "Exists"}, True),
        ({"key": "dry", "operator": "Exists", "effect": "NoExecute"}, False),
        ({"key": "dry", "value": "yes", "effect": "NoSchedule"}, True),
        ({"key": "dry", "operator": "Equal", "value": "no"}, False),
        ({"key": "dry", "operator": "Equal"}, False),
        ({"key": "other", "operator": "Exists"}, False),
    ],
)
def test_tolerations(toleration, tolerated):
    it = copy.deepcopy(pod())
    it["spec"]["tolerations"] = [toleration]
    assert (refused(pods=[it], objects=[daemonset(), node(taints=[DRY])] + REVISIONS) == []) is tolerated


def test_no_pod():
    assert "No pod of a DaemonSet" in refused(pods=[])[0]
    assert "No pod of a DaemonSet" in refused(pods=[pod(owner=None)])[0]
