# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""Fact: Calico in the cluster: how it was installed, what it consists of, and which version really runs on each node."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re

from .. import _version
from .._host import Unavailable
from .._kubectl import asks
from . import calico

# The label of all releases and flavours; the selectors of their DaemonSets have never changed (cluster_facts 2.1).
NODES = "k8s-app in (calico-node,canal)"
# The operator gave the label to the pods alone, not to their DaemonSet (seen with 3.23.1: projectcalico/calico issue 6476).
OPERATORS = "/apis/apps/v1/namespaces/calico-system/daemonsets/calico-node"
OTHERS = "k8s-app in (calico-kube-controllers,calico-typha)"
OPERATOR = "/apis/operator.tigera.io/v1/installations/default"
FELIX = {
    "crd.projectcalico.org": "/apis/crd.projectcalico.org/v1/felixconfigurations/default",
    "projectcalico.org": "/apis/projectcalico.org/v3/felixconfigurations/default",
}
# From this release on Calico may keep its objects in projectcalico.org itself (cluster_facts 2.2).
NATIVE_SINCE = (3, 32)
# Labels of what applies a manifest of its own again: GCE's and GKE's addons, which are put back within minutes (kubernetes/kubernetes,
# cluster/addons), and with their next version kOps' addons and k0s' stacks (k0s, pkg/applier/stack.go).
ADDON_MANAGER = "the addon manager of Kubernetes"
KEEPERS = (
    ("addonmanager.kubernetes.io/mode", ("Reconcile",), ADDON_MANAGER),
    ("addon.kops.k8s.io/name", None, "kOps"),
    ("k0s.k0sproject.io/stack", None, "k0s"),
)

SOURCES = (
    asks("/apis/apps/v1/daemonsets*", "Calico's DaemonSet: images, named settings of its environment, how far it is rolled out"),
    asks(OPERATORS, "the same of the operator's, which may bear no label"),
    asks("/api/v1/pods*", "the image of calico-node on each node; only Calico's pods"),
    asks("/apis/apps/v1/deployments*", "calico-kube-controllers and calico-typha"),
    asks(OPERATOR, "whether the operator manages Calico, its version and dataplane"),
    asks("/apis", "from Calico 3.32 on: in which group it keeps its objects"),
) + tuple(asks(path, "whether Felix' dataplane is eBPF or nftables") for path in sorted(FELIX.values()))

_SETTING = re.compile(r"^(?:CALICO_|FELIX_|IP6?$|IP6?_AUTODETECTION_METHOD$|NODEIP$|CLUSTER_TYPE$|USE_POD_CIDR$|DATASTORE_TYPE$|NO_DEFAULT_POOLS$)")
_SECRET = re.compile(r"PASS|SECRET|TOKEN|KEY|CREDENTIAL|USERNAME", re.IGNORECASE)


def collect(kubectl_client):
    """Return {present, method, because, managed_by, namespace, daemonset, service_account, cni_account, datastore, api_group,
    ipam, dataplane, env, image, images, edition, version, nodes, versions, kube_controllers, typha, operator}.

    method       manifest, operator, helm, rke2, k3s (its add-ons), kubekey or kubespray; because: what tells so
    managed_by   what would put changes back, at once or with its next version ("Helm release calico", "Argo CD", "kOps" ...), or None
    datastore    kubernetes or etcd
    api_group    crd.projectcalico.org, or projectcalico.org
    ipam         whether Calico allocates addresses itself
    env          named settings of calico-node; what comes from elsewhere as "fieldRef status.hostIP"
    image        of calico-node in the DaemonSet, images: {container: image}; version: what that image says
    nodes        [{node, pod, image, edition, version, version_source, ready}], from the pods that run
    versions     those of the nodes, oldest first
    operator     {variant, version, dataplane} of the operator's Installation, or None
    """
    daemonsets = _daemonsets(kubectl_client)
    if not daemonsets:
        return {"present": False}
    # While an operator takes over there are two: the larger one counts, the nodes are those of both.
    workload = max(daemonsets, key=lambda item: (item.get("status") or {}).get("desiredNumberScheduled") or 0)
    installation = _optional(kubectl_client, OPERATOR)
    operator = parse_installation(installation) if installation else None
    found = parse_daemonset(workload)
    found["present"] = True
    found["operator"] = operator
    found["ipam"] = found["ipam"] or _operators_ipam(installation or {}) == "Calico"
    found.update(method_of(workload, installation))
    found["nodes"] = sorted(
        (parse_pod(pod, operator) for pod in kubectl_client.items("/api/v1/pods", labelSelector=NODES) if _is_node_pod(pod)),
        key=lambda item: (item["node"] or "", item["pod"]),
    )
    versions = set(item["version"] for item in found["nodes"] if item["version"])
    found["versions"] = sorted(versions, key=_version.parse)
    others = [parse_deployment(item) for item in kubectl_client.items("/apis/apps/v1/deployments", labelSelector=OTHERS)]
    for name, label in (("kube_controllers", "calico-kube-controllers"), ("typha", "calico-typha")):
        found[name] = next((item for item in others if item["label"] == label), None)
    found["api_group"] = _api_group(kubectl_client, found)
    felix = _optional(kubectl_client, FELIX[found["api_group"]]) if found["datastore"] == "kubernetes" else None
    found["dataplane"] = dataplane_of(found["env"], operator, (felix or {}).get("spec") or {})
    return found


def _daemonsets(kubectl_client):
    found = list(kubectl_client.items("/apis/apps/v1/daemonsets", labelSelector=NODES))
    operators = _optional(kubectl_client, OPERATORS)
    if operators and not (isinstance(operators, dict) and isinstance(operators.get("metadata"), dict)):
        raise Unavailable("Unreadable", "%s: the answer is no DaemonSet" % OPERATORS)
    return with_operators(found, [operators] if operators else [])


def with_operators(labelled, operators):
    """Return the DaemonSets that have the label, and the operator's where it is none of them."""
    known = [_identity(item) for item in labelled]
    return labelled + [item for item in operators if _identity(item) not in known]


def _identity(item):
    return item["metadata"]["namespace"], item["metadata"]["name"]


def _optional(kubectl_client, path):
    try:
        return kubectl_client.get(path)
    except Unavailable as exc:
        if exc.reason == "Forbidden":
            return None
        raise


def parse_daemonset(workload):
    """Return what a DaemonSet says of itself."""
    metadata, spec, status = workload["metadata"], workload["spec"], workload.get("status") or {}
    pod = spec["template"]["spec"]
    container = _main(pod)
    environment = settings(container)
    strategy = spec.get("updateStrategy") or {}
    image = calico.parse_image(container["image"])
    names = [item.get("name") for item in container.get("env") or []]
    desired = status.get("desiredNumberScheduled") or 0
    updated, available = status.get("updatedNumberScheduled") or 0, status.get("numberAvailable") or 0
    return {
        "namespace": metadata["namespace"],
        "daemonset": {
            "name": metadata["name"],
            "strategy": strategy.get("type"),
            "max_unavailable": (strategy.get("rollingUpdate") or {}).get("maxUnavailable"),
            "desired": desired,
            "updated": updated,
            "ready": status.get("numberReady") or 0,
            "available": available,
            "complete": (status.get("observedGeneration") or 0) >= (metadata.get("generation") or 0)
            and updated >= desired
            and available >= desired,
        },
        "service_account": pod.get("serviceAccountName") or pod.get("serviceAccount") or "default",
        "cni_account": _cni_account(environment, pod),
        "datastore": _datastore(environment.get("DATASTORE_TYPE"), names),
        # Manifests whose addresses are another plugin's (canal, policy only) have no such container, nor has the operator's DaemonSet.
        "ipam": any(item["name"] == "upgrade-ipam" for item in pod.get("initContainers") or []),
        "env": environment,
        "image": container["image"],
        "images": dict((item["name"], item["image"]) for item in (pod.get("initContainers") or []) + pod["containers"]),
        "edition": image["edition"],
        "version": image["version"],
    }


def _datastore(kind, names):
    """Without a type Calico takes etcd, where it is told endpoints; these may come from a file as well."""
    if kind is None:
        return "etcd" if "ETCD_ENDPOINTS" in names else "kubernetes"
    return "kubernetes" if kind == "kubernetes" else "etcd"


def _main(pod):
    return next((item for item in pod["containers"] if item["name"] == "calico-node"), pod["containers"][0])


def settings(container):
    """Return the named settings of a container's environment; no name that may hold a secret."""
    found = {}
    for item in container.get("env") or []:
        name = item.get("name") or ""
        if _SETTING.match(name) and not _SECRET.search(name):
            found[name] = item["value"] if "value" in item else _reference(item.get("valueFrom") or {})
    return found


def _reference(source):
    for kind in sorted(source):
        target = source[kind] or {}
        return " ".join([kind] + [str(target[name]) for name in ("fieldPath", "name", "key") if target.get(name)])
    return ""


def _cni_account(environment, pod):
    """Return the account that tokens are made for, None for the default of the version (_calico_rbac.token_account)."""
    value = environment.get("CALICO_CNI_SERVICE_ACCOUNT")
    if value == "fieldRef spec.serviceAccountName":
        return pod.get("serviceAccountName")
    return value or None


def method_of(workload, installation):
    """Return {method, because, managed_by} by the marks that installers leave (cluster_facts 2.1, 5.4)."""
    owner = next((item for item in workload["metadata"].get("ownerReferences") or [] if item.get("kind") == "Installation"), None)
    if installation or owner:
        because = ["the operator's Installation %s" % ("default" if installation else owner.get("name"))]
        mark, tool = _manager((installation or {}).get("metadata") or {})
        return {"method": mark or "operator", "because": because + ([tool] if tool else []), "managed_by": tool or "the Tigera operator"}
    mark, tool = _manager(workload["metadata"])
    if mark:
        return {"method": mark, "because": [tool], "managed_by": tool}
    environment = dict((item["name"], item) for item in _every_env(workload))
    signs = [
        ("kubespray", "CNI_NETWORK_CONFIG_FILE", "its CNI configuration comes from a file of the host"),
        ("kubespray", "CLUSTER_TYPE", "its cluster type comes from a ConfigMap"),
        ("kubekey", "NODEIP", "calico-node is told the host's address as NODEIP"),
    ]
    for method, name, because in signs:
        if name in environment and (name != "CLUSTER_TYPE" or "configMapKeyRef" in (environment[name].get("valueFrom") or {})):
            return {"method": method, "because": [because], "managed_by": tool}
    if "/kubesphereio/" in "/" + _main(workload["spec"]["template"]["spec"])["image"]:
        return {"method": "kubekey", "because": ["its images are KubeSphere's"], "managed_by": tool}
    return {"method": "manifest", "because": [], "managed_by": tool}


def _every_env(workload):
    pod = workload["spec"]["template"]["spec"]
    return [item for container in (pod.get("initContainers") or []) + pod["containers"] for item in container.get("env") or []]


def _manager(metadata):
    """Return (method or None, what manages an object or None) by its labels and annotations."""
    labels, annotations = metadata.get("labels") or {}, metadata.get("annotations") or {}
    release = annotations.get("meta.helm.sh/release-name")
    if release:
        return "rke2" if release.startswith("rke2-") else "helm", "Helm release %s" % release
    if "Kind=Addon" in annotations.get("objectset.rio.cattle.io/owner-gvk", ""):
        return "k3s", "add-on %s of k3s or RKE2" % annotations.get("objectset.rio.cattle.io/owner-name", "")
    if any(name.startswith("argocd.argoproj.io/") for name in list(labels) + list(annotations)):
        return None, "Argo CD"
    if any("toolkit.fluxcd.io/" in name for name in labels):
        return None, "Flux"
    return None, next((name for label, values, name in KEEPERS if label in labels and (values is None or labels[label] in values)), None)


def parse_installation(installation):
    """Return {variant, version, dataplane} of the operator's Installation."""
    spec, status = installation.get("spec") or {}, installation.get("status") or {}
    return {
        "variant": status.get("variant") or spec.get("variant") or "Calico",
        "version": status.get("calicoVersion"),
        "dataplane": (spec.get("calicoNetwork") or {}).get("linuxDataplane"),
    }


def _operators_ipam(installation):
    """Return who allocates addresses by the operator's Installation, which fills it in, else None."""
    cni = (installation.get("spec") or {}).get("cni") or {}
    return (cni.get("ipam") or {}).get("type")


def parse_pod(pod, operator):
    """Return {node, pod, image, edition, version, version_source, ready} of one calico-node.

    version_source  image, status (a tag the runtime knows for a digest), installation (the operator's word), or None
    """
    spec, status = pod["spec"], pod.get("status") or {}
    container = _main(spec)
    running = next((item for item in status.get("containerStatuses") or [] if item.get("name") == container["name"]), {})
    image = calico.parse_image(container["image"])
    version, source = image["version"], "image"
    if version is None and not image["tag"]:
        version, source = calico.parse_image(running.get("image") or "")["version"], "status"
        if version is None and operator and operator["variant"] == "Calico":
            version, source = calico.parse_image("calico:" + (operator["version"] or ""))["version"], "installation"
    edition = image["edition"]
    if operator and operator["variant"] != "Calico":
        edition = "enterprise"
    return {
        "node": spec.get("nodeName"),
        "pod": pod["metadata"]["name"],
        "image": container["image"],
        "edition": edition,
        "version": version,
        "version_source": source if version else None,
        "ready": any(item.get("type") == "Ready" and item.get("status") == "True" for item in status.get("conditions") or []),
    }


def _is_node_pod(pod):
    """One that waits for a node runs nothing, and one that has ended neither."""
    phase = (pod.get("status") or {}).get("phase")
    return bool(pod["spec"].get("nodeName")) and phase not in ("Succeeded", "Failed")


def parse_deployment(item):
    """Return {label, name, namespace, image, version, service_account, replicas, ready, controllers}.

    controllers  those that kube-controllers is told to run by its environment, else None
    """
    metadata, pod, status = item["metadata"], item["spec"]["template"]["spec"], item.get("status") or {}
    image = pod["containers"][0]["image"]
    enabled = next((entry.get("value") for entry in pod["containers"][0].get("env") or [] if entry.get("name") == "ENABLED_CONTROLLERS"), None)
    return {
        "label": (metadata.get("labels") or {}).get("k8s-app"),
        "name": metadata["name"],
        "namespace": metadata["namespace"],
        "image": image,
        "version": calico.parse_image(image)["version"],
        "service_account": pod.get("serviceAccountName") or "default",
        "replicas": item["spec"].get("replicas", 1),
        "ready": status.get("readyReplicas") or 0,
        "controllers": enabled.split(",") if enabled else None,
    }


def _api_group(kubectl_client, found):
    """As Calico itself decides (libcalico-go, discovery.go of 3.32): its setting, else the only group that is there."""
    given = found["env"].get("CALICO_API_GROUP")
    if given:
        return "projectcalico.org" if given.lower() == "projectcalico.org/v3" else "crd.projectcalico.org"
    running = [_version.parse(version) for version in found["versions"]]
    if not running or all(_version.older(version, NATIVE_SINCE) for version in running):
        return "crd.projectcalico.org"
    groups = [group.get("name") for group in (kubectl_client.get("/apis") or {}).get("groups") or []]
    return "projectcalico.org" if "projectcalico.org" in groups and "crd.projectcalico.org" not in groups else "crd.projectcalico.org"


def dataplane_of(environment, operator, felix):
    """Return iptables, nftables or bpf: the environment wins over FelixConfiguration, the operator writes both.

    From 3.32 on nftablesMode is Auto and follows kube-proxy, which is not looked at here.
    """
    given = {"FELIX_BPFENABLED": str(felix.get("bpfEnabled") or ""), "FELIX_NFTABLESMODE": str(felix.get("nftablesMode") or "")}
    given.update((name, value) for name, value in environment.items() if name in given)
    operators = {"BPF": "bpf", "Nftables": "nftables"}.get((operator or {}).get("dataplane"))
    return operators or calico.dataplane(given) or "iptables"
