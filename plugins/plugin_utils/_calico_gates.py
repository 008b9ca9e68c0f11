# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""What speaks against an upgrade of Calico (cluster_facts 5.2): each reason a gate with its own sentence and its own override. Pure."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from ..module_utils import _calico_releases, _version
from ..module_utils._facts import calico, calico_installation, iptables_dumps
from . import _node_proof

# Gates that calico_accepted_risks may open. "installation" opens for KubeKey's manifests only.
OVERRIDES = (
    "installation",
    "downgrade",
    "kernel_below_floor",
    "avoided_release",
    "host_endpoints",
    "forward_rules",
    "vxlan_offload",
    "resource_uids",
    "admin_policies",
    "nodes_not_ready",
)
# Releases that the official page upgrades from in one step (cluster_facts 5.1).
ONE_STEP = (((3, 31), (3, 15)), ((3, 0), (3, 0)))
# What to run instead, by the way in which Calico was installed (cluster_facts 5.2).
NAMED = {"operator": "the Tigera operator", "helm": "Helm", "rke2": "RKE2", "k3s": "an add-on of k3s", "kubespray": "kubespray", "etcd": "a manifest for etcd"}
INSTEAD = {
    "operator": "kubectl apply --server-side --force-conflicts -f the CRDs of the new version, then its tigera-operator.yaml (with the chart: helm upgrade);"
    " the operator would put a changed DaemonSet back",
    "helm": "apply the CRDs of the new chart, then helm upgrade RELEASE projectcalico/tigera-operator --version VERSION",
    "rke2": "upgrade RKE2, which brings its own Calico; its values are HelmChartConfig kube-system/rke2-calico or rke2-canal",
    "k3s": "put the new manifest into /var/lib/rancher/k3s/server/manifests, from where k3s applies it",
    "kubespray": "set calico_version in its inventory and run ansible-playbook cluster.yml --tags=network",
    "etcd": "kubectl apply --server-side --force-conflicts -f calico-etcd.yaml with your etcd_endpoints and Secret; better move to the Kubernetes"
    " datastore first (calicoctl datastore migrate)",
}
OFFLOAD = "checksumoffloadbroken="


def gate(name, message, accepted):
    """Return [] where the gate is open, else [{gate, message, override}]."""
    if name in accepted:
        return []
    override = "calico_accepted_risks: [%s]" % name if name in OVERRIDES else None
    return [{"gate": name, "message": message, "override": override}]


def text(version):
    return "v" + ".".join(str(part) for part in version)


def environment(workload):
    """Return {name: value} of the main container; what comes from elsewhere is None."""
    containers = workload["spec"]["template"]["spec"]["containers"]
    main = next((item for item in containers if item["name"] == "calico-node"), containers[0])
    return dict((entry["name"], entry.get("value")) for entry in main.get("env") or [])


def version_of(workload):
    """Return (edition, numbers or None) of the image that a DaemonSet or a pod runs as calico-node."""
    spec = workload["spec"].get("template", workload)["spec"]
    main = next((item for item in spec["containers"] if item["name"] == "calico-node"), None)
    if main is None:
        return "unknown", None
    image = calico.parse_image(main["image"])
    return image["edition"], _version.parse(image["version"])


def installation(daemonset, objects, kubekey, accepted):
    """Only what a plain manifest has put there, with the Kubernetes datastore, is ours to change."""
    found = calico_installation.method_of(daemonset, next(iter(objects.get("installations", [])), None))
    method, by = found["method"], found["managed_by"]
    facts = calico_installation.parse_daemonset(daemonset)
    if method == "manifest" and kubekey:
        method = "kubekey"
    if method == "kubekey":
        return gate(
            "installation",
            "KubeKey installed this Calico (its manifest is /etc/kubernetes/network-plugin.yaml), and a later run of kk may put it back. Upgrade with"
            " kk upgrade, or accept that and give KubeKey the new manifest too.",
            accepted,
        )
    if method == "manifest" and by is None and facts["datastore"] != "kubernetes":
        method = "etcd"
    if method == "manifest" and by is None:
        return []
    instead = INSTEAD.get(method, "change it where %s takes it from" % by)
    because = "; ".join(found["because"]) or by or "ETCD_ENDPOINTS"
    message = "Calico was not installed by a plain manifest with the Kubernetes datastore, but by %s (%s). Instead: %s." % (
        NAMED.get(method, by),
        because,
        instead,
    )
    return [{"gate": "installation", "message": message, "override": None}]


def versions(current, target, accepted):
    """current: versions that run, the oldest first."""
    newest, oldest = current[-1], current[0]
    if _version.older(target, newest):
        return gate("downgrade", "The manifest is of %s, and %s runs: a downgrade." % (text(target), text(newest)), accepted)
    floor = next(first for since, first in ONE_STEP if not _version.older(target, since))
    if _version.older(oldest, floor):
        message = "%s is upgraded to from %s or later, and %s runs: go through %s first." % (text(target), text(floor), text(oldest), text(floor))
        return [{"gate": "one_step", "message": message, "override": None}]
    return []


def kubernetes(server, target):
    return [
        {
            "gate": "kubernetes_api",
            "message": "The manifest of %s does not work on Kubernetes %s: %s (source: %s)." % (text(target), text(server[:2]), row.what, row.source),
            "override": None,
        }
        for row in _calico_releases.cutoffs(target, server)
    ]


def untested(server, target):
    """Return a warning: Calico's documents call other versions of Kubernetes likely to work."""
    row = _calico_releases.release(target)
    if row is None:
        return ["%s is not in this collection's table of releases." % text(target)]
    if _calico_releases.kubernetes_tested(target, server):
        return []
    return ["%s was tested with Kubernetes %s to %s; this is %s." % (text(target), text(row.kubernetes_first), text(row.kubernetes_last), text(server[:2]))]


def kernels(nodes, target, dataplane, accepted):
    refused = []
    floor = _calico_releases.kernel_floor(target, dataplane)
    low, avoided = [], {}
    for node in nodes:
        numbers = _version.parse(node["kernel"])
        if numbers is None:
            continue
        if floor and _version.older(numbers, floor) and not _calico_releases.kernel_exemption(target, node["kernel"], dataplane):
            low.append("%s (%s)" % (node["name"], node["kernel"]))
        for row in _calico_releases.avoid(target, numbers, dataplane):
            avoided.setdefault((row.why, row.source), []).append("%s (%s)" % (node["name"], node["kernel"]))
    if low:
        message = "The documents of %s ask for kernel %s or newer: %s." % (text(target), text(floor)[1:], ", ".join(low))
        refused += gate("kernel_below_floor", message, accepted)
    for (why, source), names in sorted(avoided.items()):
        refused += gate("avoided_release", "%s %s on %s (%s)." % (text(target), why, ", ".join(names), source), accepted)
    return refused


def passed(name, oldest, target):
    """Return whether the upgrade brings the Change of this id."""
    return any(row.id == name for row in _calico_releases.changes(oldest, target))


def host_endpoints(objects, oldest, target, accepted):
    names = sorted(item["metadata"]["name"] for item in objects.get("hostendpoints", []) if item["spec"].get("interfaceName") == "*")
    if not names or not passed("host_endpoints_drop", oldest, target):
        return []
    message = "From v3.14 on host endpoints of all interfaces drop what no policy allows: %s. Apply a policy that allows it first." % ", ".join(names)
    return gate("host_endpoints", message, accepted)


def vxlan(objects, nodes, daemonset, oldest, target, accepted):
    pools = sorted(item["metadata"]["name"] for item in objects.get("ippools", []) if item["spec"].get("vxlanMode", "Never") != "Never")
    settings = [item["spec"].get("featureDetectOverride", "") for item in objects.get("felixconfigurations", [])]
    settings.append(environment(daemonset).get("FELIX_FEATUREDETECTOVERRIDE") or "")
    if not pools or any(OFFLOAD in setting.lower().replace(" ", "") for setting in settings):
        return []
    flips = []
    for node in nodes:
        kernel = _version.parse(node["kernel"])
        if kernel and _calico_releases.offload_off(oldest, kernel) and not _calico_releases.offload_off(target, kernel):
            flips.append(node["name"])
    if not flips:
        return []
    message = (
        "%s turns VXLAN's checksum offload on again at the next reboot of %s (pools %s), which corrupts packets on some network cards. Keep it off with"
        ' featureDetectOverride "ChecksumOffloadBroken=true" in felixconfiguration/default.' % (text(target), ", ".join(flips), ", ".join(pools))
    )
    return gate("vxlan_offload", message, accepted)


def others(objects, oldest, target, accepted):
    refused = []
    if objects.get("apiservices") and passed("resource_uids", oldest, target):
        message = "With calico-apiserver the UIDs of projectcalico.org/v3 objects change: remove ownerReferences to them first, or their owners' dependents go."
        refused += gate("resource_uids", message, accepted)
    policies = sorted(item["metadata"]["name"] for item in objects.get("adminpolicies", []))
    if policies and passed("admin_policies", oldest, target):
        message = "From v3.32 on AdminNetworkPolicies are not enforced: replace %s by ClusterNetworkPolicies first." % ", ".join(policies)
        refused += gate("admin_policies", message, accepted)
    return refused


def ready(nodes, accepted):
    names = [node["name"] for node in nodes if not node["ready"]]
    message = "The rollout would stop at nodes that are not Ready: %s." % ", ".join(names)
    return gate("nodes_not_ready", message, accepted) if names else []


def forward(nodes, looked, oldest, target, dataplane, accepted):
    """looked: [{node, rules, error}], one for each host of the inventory that was asked; rules are those that end a packet's way in FORWARD."""
    if dataplane != "iptables" or not passed("forward_appended", oldest, target):
        return []
    by_node = dict((item["node"], item) for item in looked)
    sentences = []
    for node in nodes:
        answer = by_node.get(node["name"])
        if answer is None:
            sentences.append("%s: no host of the inventory is proved to be this node, so its rules are not known." % node["name"])
        elif answer.get("error"):
            sentences.append("%s: %s" % (node["name"], answer["error"]))
        for rule in (answer or {}).get("rules") or []:
            sentences.append("%s: %s" % (node["name"], rule))
    if not sentences:
        return []
    message = (
        "Up to v3.15 Calico accepts pods' packets before the host's own rules, from v3.16 on after all others of FORWARD."
        " These would then cut pods off while all of them stay Ready. %s" % " ".join(sentences)
    )
    return gate("forward_rules", message, accepted)


def looked_at(hosts, rules, cluster):
    """Return forward()'s "looked" from the results of node_condition_info and iptables_info on the hosts of the inventory."""
    by_host = dict((item["item"], item) for item in rules)
    answers = []
    for host in hosts:
        try:
            node = _node_proof.proved_node(host.get("node") or {}, cluster)
        except _node_proof.NotProved:
            continue  # no node of this cluster, or nothing that could be proved
        answer = by_host.get(host["item"], {})
        if "iptables" not in answer:
            answers.append({"node": node, "rules": [], "error": answer.get("msg") or "its rules could not be read"})
            continue
        found, unread = ends_of(answer["iptables"]["iptables_dumps"])
        answers.append({"node": node, "rules": found, "error": unread})
    return answers


def ends_of(dumps):
    """Return (rules in FORWARD that drop or reject, why some could not be read) of the backends that Calico writes to.

    Felix has rules in the filter table of one; before it has, those of kube-proxy tell, else all count.
    """
    places = [(backend, version) for backend in sorted(dumps) for version in sorted(dumps[backend])]
    lacks = [(place, iptables_dumps.lack_of(dumps[place[0]][place[1]], "filter")) for place in places]
    unread = ["the %s %s rules could not be listed: %s" % (place + (lack["message"],)) for place, lack in lacks if lack]
    used = set(backend for backend in dumps)
    for family in ("cali", "KUBE"):
        holding = set(backend for backend, version in places if dumps[backend][version]["tables"].get("filter", {"rules": {}})["rules"].get(family))
        if holding:
            used = holding
            break
    found = ["%s %s: %s" % (backend, version, rule) for backend, version in places if backend in used for rule in dumps[backend][version]["forward_ends"]]
    return found, "; ".join(unread) or None
