# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""Which pod the role cni_token would recreate for a new token, and why it may not. Pure: objects of the API in, a plan out."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from ..module_utils._facts import cluster_nodes
from ..module_utils._image import canonical
from ..module_utils._owners import belongs, controller


def plan(pods, objects, pull_ok=False):
    """Return {pod, refused}.

    pods     the pods on the node that the writer's labels select
    objects  the DaemonSet of the pod, its ControllerRevisions, and the node
    pull_ok  the operator's word that missing images can be pulled
    pod      what writer() returns
    refused  sentences; empty where it may be done
    """
    pod = _kept(pods)
    if pod is None:
        return {"pod": None, "refused": ["No pod of a DaemonSet that could write it runs on this node."]}
    daemonset, node = _of_kind(objects, "DaemonSet"), _of_kind(objects, "Node")
    refused = _daemonset(daemonset, pod, [item for item in objects if item["kind"] == "ControllerRevision"])
    refused += _node(node, pod)
    if not pull_ok:
        refused += _images(node, pod)
    return {"pod": writer(pods), "refused": refused}


def writer(pods):
    """Return {namespace, name, uid, terminating, daemonset} of the pod that wrote the token, None where there is none."""
    pod = _kept(pods)
    if pod is None:
        return None
    meta = pod["metadata"]
    return {
        "namespace": meta["namespace"],
        "name": meta["name"],
        "uid": meta["uid"],
        "terminating": "deletionTimestamp" in meta,
        "daemonset": _owner(pod),
    }


def _kept(pods):
    """Return the pod that a DaemonSet keeps on the node, the one that stays where two overlap; None where there is none."""
    found = [pod for pod in pods if _owner(pod)]
    return min(found, key=lambda pod: "deletionTimestamp" in pod["metadata"]) if found else None


def _owner(pod):
    """Return the name of the DaemonSet that a pod belongs to, or None."""
    owner = controller(pod)
    return owner["name"] if owner and owner["kind"] == "DaemonSet" else None


def _of_kind(objects, kind):
    return next((item for item in objects if item["kind"] == kind), None)


def _daemonset(daemonset, pod, revisions):
    """Why the DaemonSet would not start the same pod again."""
    called = "DaemonSet %s/%s" % (pod["metadata"]["namespace"], _owner(pod))
    if daemonset is None or "deletionTimestamp" in daemonset["metadata"]:
        return ["%s is not there any more: nothing would start the pod again." % called]
    if (daemonset.get("status") or {}).get("observedGeneration") != daemonset["metadata"].get("generation"):
        return ["%s was just changed and its controller has not seen that yet; try again when it has." % called]
    own = [item for item in revisions if belongs(item, daemonset)]
    if not own:
        return ["%s has no ControllerRevision: which version it would start cannot be told." % called]
    current = _hash(max(own, key=lambda item: item["revision"]))
    if _hash(pod) != current:
        strategy = (daemonset["spec"].get("updateStrategy") or {}).get("type")
        why = "which waits for someone to delete the pod (OnDelete)" if strategy == "OnDelete" else "which is being rolled out"
        return [
            "Pod %s is of revision %s, %s has revision %s, %s: a new pod would be another version. Finish the roll-out first."
            % (pod["metadata"]["name"], _hash(pod), called, current, why)
        ]
    return []


def _hash(item):
    return (item["metadata"].get("labels") or {}).get("controller-revision-hash")


def _node(node, pod):
    """Why the node would not run the new pod."""
    refused = [] if cluster_nodes.parse(node)["ready"] else ["Node %s is not Ready: it would not start the new pod." % node["metadata"]["name"]]
    tolerations = pod["spec"].get("tolerations") or []
    for taint in node["spec"].get("taints") or []:
        if taint["effect"] != "PreferNoSchedule" and not any(_tolerates(item, taint) for item in tolerations):
            refused.append(
                "Node %s has the taint %s:%s, which the pod does not tolerate: it would not come back."
                % (node["metadata"]["name"], taint["key"], taint["effect"])
            )
    return refused


def _tolerates(toleration, taint):
    """The rule of the API (core/v1, Toleration): what is left empty matches all."""
    if toleration.get("effect") not in (None, "", taint["effect"]):
        return False
    if not toleration.get("key"):
        return toleration.get("operator") == "Exists"
    if toleration["key"] != taint["key"]:
        return False
    return toleration.get("operator") == "Exists" or (toleration.get("value") or "") == (taint.get("value") or "")


def _images(node, pod):
    """Why the images would have to come from a registry, which may need the very network that is broken."""
    present = set(canonical(name) for image in node["status"].get("images") or [] for name in image.get("names") or [])
    containers = (pod["spec"].get("initContainers") or []) + pod["spec"]["containers"]
    refused = []
    for image in sorted(set(item["image"] for item in containers if item.get("imagePullPolicy") == "Always")):
        refused.append("Image %s is pulled at each start (imagePullPolicy: Always)." % image)
    for image in sorted(set(item["image"] for item in containers if item.get("imagePullPolicy") != "Always")):
        if canonical(image) not in present:
            refused.append(
                "Image %s is not among the %d images that the kubelet reports (50 at the most)."
                % (image, len(node["status"].get("images") or []))
            )
    if refused:
        refused.append("Pull it on the node first, or set cni_token_pull_ok to true where the registry can be reached.")
    return refused
