# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""What the role calico would do with a manifest in a cluster, and why it may not. Pure: text and objects in, a plan out."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import copy
import hashlib
import json

import yaml

from ..module_utils import _calico_rbac, _calico_releases, _version
from ..module_utils._facts import calico, calico_installation, calico_rbac, cluster_nodes
from . import _calico_gates as gates
from . import _calico_manifest as manifest
from ._labels import matches

NAMES = ("calico-node", "canal")
# On the DaemonSet while its nodes are renewed one by one: what a run that was killed must know to go on.
ROLLOUT = "nodemend.kubernetes/calico-rollout"
RBAC = ("ServiceAccount", "ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding")
LAST = "calico-kube-controllers"
SECRETS = ("Secret", "SecretList")


def plan(text, found, options, looked=None):
    """Return the plan of an upgrade.

    text      the manifest
    found     {version: of the server, objects: {daemonsets, deployments, configmaps, canalconfigs, clusterroles, pods, nodes, installations, ...},
              kubekey: whether its manifest lies on the host, api_group: in which Calico keeps its objects}
    options   {accepted, discard, image_prefix, target_version, backup, host: that the role runs on, by its name in the inventory}
    looked    what FORWARD holds on the hosts of the inventory (_calico_gates.forward), None before anybody has looked

    refused   [{gate, message, override}]; with it the rest may be missing
    current, target        versions; current is a list, oldest first
    steady, rollout        documents at the end, and while nodes are renewed one by one
    carried, dropped, warnings     sentences
    daemonset {namespace, name}, nodes (in order), images, pull_secrets, service_account (of the agent that runs),
    begun (by a run that did not end), backup (its file), host (that has it), written (calico-node's image in the end, for rollback())
    look      whether the rules of the hosts must be looked at
    """
    result = {
        "refused": [], "warnings": [], "carried": [], "dropped": [], "current": [], "target": None, "steady": [], "rollout": [],
        "daemonset": None, "nodes": [], "images": [], "pull_secrets": [], "service_account": None, "begun": False,
        "backup": options["backup"], "host": options["host"], "written": None, "look": False,
    }  # fmt: skip
    accepted = options["accepted"]
    daemonset, refused = _installed(found, accepted)
    if refused:
        return dict(result, refused=refused)
    documents, target, refused = _read(text, daemonset, found, options)
    if refused:
        return dict(result, refused=refused)
    current, refused = running(daemonset, found)
    if refused:
        return dict(result, refused=refused)

    begun = _begun(daemonset)
    nodes, objects = nodes_of(found, daemonset), found["objects"]
    plane = dataplane(daemonset, objects)
    server = _version.parse(found["version"])
    oldest = current[0]
    steady, carried = manifest.carry(documents, _live(daemonset, begun, found), (oldest, target), options["discard"], options["image_prefix"])
    refused = (
        gates.versions(current, target, accepted)
        + gates.kubernetes(server, target)
        + gates.kernels(nodes, target, plane, accepted)
        + gates.host_endpoints(objects, oldest, target, accepted)
        + gates.vxlan(objects, nodes, daemonset, oldest, target, accepted)
        + gates.others(objects, oldest, target, accepted)
        + gates.ready(nodes, accepted)
    )
    if looked is not None:
        refused += gates.forward(nodes, looked, oldest, target, plane, accepted)
    for name, sentence in sorted(carried.lost.items()):
        message = "Not carried over: %s. Write it into the manifest, or give it up with calico_discard: [%s]." % (sentence, name)
        refused.append({"gate": "settings", "message": message, "override": "calico_discard: [%s]" % name})
    new = next(document for document in steady if _is(document, daemonset))
    note = begun or _note(options["backup"], options["host"], daemonset, new)
    host = note.get("host") or options["host"]
    elsewhere = []
    if not _same_host(host, options["host"]):
        elsewhere = ["This upgrade was begun on %s, which keeps what was there before. %s" % (host, _way_back(host, options["host"]))]
    return dict(
        result,
        refused=refused,
        warnings=elsewhere
        + gates.untested(server, target)
        + ["Given up: %s." % sentence for sentence in carried.dropped]
        + _lost(steady, objects, current, daemonset),
        carried=carried.kept,
        dropped=carried.dropped,
        current=[gates.text(version) for version in current],
        target=gates.text(target),
        steady=steady,
        rollout=_rollout(steady, new, objects, note),
        daemonset={"namespace": daemonset["metadata"]["namespace"], "name": daemonset["metadata"]["name"]},
        nodes=order(nodes, daemonset, objects),
        images=images_of(steady),
        pull_secrets=pull_secrets_of(steady),
        # The manifest's own may not be there yet.
        service_account=daemonset["spec"]["template"]["spec"].get("serviceAccountName", "default"),
        begun=begun is not None,
        backup=note["backup"] or options["backup"],
        host=host,
        written=_image(new),
        look=plane == "iptables" and gates.passed("forward_appended", oldest, target),
    )


def rbac(text, found, options):
    """Return the plan of completing the roles alone: {refused, warnings, documents, current, target, backup}.

    With a manifest of a version that runs, its accounts, bindings and roles; without one, what the collection's table of permissions says. No role loses a
    rule.
    """
    result = {"refused": [], "warnings": [], "documents": [], "current": [], "target": None, "backup": options["backup"]}
    daemonset, refused = _installed(found, options["accepted"])
    if refused:
        return dict(result, refused=refused)
    current, refused = running(daemonset, found)
    if refused:
        return dict(result, refused=refused)
    result["current"] = [gates.text(version) for version in current]
    roles = dict((role["metadata"]["name"], role) for role in found["objects"]["clusterroles"])
    if not text:
        return dict(result, **_from_table(roles, current[-1], daemonset, found))
    documents, target, refused = _read(text, daemonset, found, options)
    if refused:
        return dict(result, refused=refused)
    if target not in current:
        # As for an upgrade that is planned as well (remediate): no role loses a rule, so the table does no harm.
        running_now = gates.text(current[-1])
        warning = "The manifest is of %s, and %s runs: the roles are completed for %s, from the collection's table." % (
            gates.text(target),
            running_now,
            running_now,
        )
        return dict(result, warnings=[warning], **_from_table(roles, current[-1], daemonset, found))
    documents = [document for document in documents if document["kind"] in RBAC]
    return dict(
        result,
        target=gates.text(target),
        documents=[
            _role(roles, document["metadata"]["name"], document["rules"], document) if document["kind"] == "ClusterRole" else document for document in documents
        ],
    )


def _from_table(roles, version, daemonset, found):
    """Return {documents, refused}: the roles of Calico's accounts with what the table says that this version needs."""
    facts = calico_installation.parse_daemonset(daemonset)
    controllers = next((item for item in found["objects"]["deployments"] if item["metadata"]["name"] == LAST), None)
    # Those that something runs under, as the condition counts them: not every cluster has kube-controllers, and canal's CNI plugin has the agent's account.
    accounts = calico_rbac.accounts_of(
        dict(facts, present=True, versions=[gates.text(version)], kube_controllers=controllers and calico_installation.parse_deployment(controllers))
    )
    native = found.get("api_group") == _calico_rbac.NATIVE
    documents, refused = [], []
    for account in [item["account"] for item in accounts]:
        name = "calico-" + account
        token = facts["cni_account"] or _calico_rbac.token_account(version)
        needed = _calico_rbac.needed(account, version, ipam=facts["ipam"], token=token if account == "node" else None, native=native)
        if needed and name not in roles:
            message = "There is no ClusterRole %s: give calico_manifest of %s, which has its account and binding too." % (name, gates.text(version))
            refused.append({"gate": "manifest", "message": message, "override": None})
            continue
        lacking = [item for item in needed if not _calico_rbac.granted(item, roles[name].get("rules") or [])]
        if lacking:
            documents.append(_role(roles, name, _rules(lacking)))
    return {"documents": documents, "refused": refused}


def _rules(permissions):
    """Return rules that grant permissions, one for each kind of object."""
    rules = {}
    for item in permissions:
        rule = rules.setdefault((item.group, item.resource, item.name), {"apiGroups": [item.group], "resources": [item.resource], "verbs": []})
        rule["verbs"].append(item.verb)
        if item.name:
            rule["resourceNames"] = [item.name]
    return [rules[key] for key in sorted(rules, key=str)]


def rollback(kept, found, backup, host, written=None):
    """Return {refused, rollout, steady, absent, words, absent_words, daemonset, nodes, backup, host} of the objects that a run has kept.

    kept     text of its file on the host: [{identity: [kind, namespace, name], apiVersion, object or null where there was none}]
    written  plan()'s "written" where the run came to its end, else None; roles of old versions kept none
    CustomResourceDefinitions stay: with them all their objects would be gone, or cut short.
    """
    entries = [entry for entry in json.loads(kept) if entry["identity"][0] != "CustomResourceDefinition"]
    refused = []
    # Only a run that went on with another's work, on another host, has kept a DaemonSet with a note: what it found was half done.
    half = next((entry["object"] for entry in entries if entry["identity"][0] == "DaemonSet" and entry["object"] and _begun(entry["object"])), None)
    noted = next((note for note in (_begun(item) for item in _daemonsets(found)) if note), {})
    if half is None:
        refused = _begun_since(noted, host) or (_upgraded_since(entries, found, written, backup) if not noted else [])
    else:
        begun = _begun(half)
        if not any(_is(item, half) and _pods_digest(item) == begun.get("before") and not _begun(item) for item in found["objects"]["daemonsets"]):
            there = begun.get("host") or "another host"
            message = "This upgrade was begun on %s, which keeps what was there before (%s). %s" % (there, begun["backup"], _way_back(there, host))
            refused = [{"gate": "begun_elsewhere", "message": message, "override": None}]
        # It is back, with all that is applied before the nodes. What comes after them is kept here alone.
        entries = [entry for entry in entries if entry["identity"][0] == "Deployment" and entry["identity"][2] == LAST]
    steady = [entry["object"] for entry in entries if entry["object"]]
    absent = [
        {"apiVersion": entry["apiVersion"], "kind": kind, "metadata": dict({"name": name}, **({"namespace": namespace} if namespace else {}))}
        for entry in entries
        for kind, namespace, name in [entry["identity"]]
        if not entry["object"]
    ]
    result = {"refused": refused, "rollout": [], "nodes": [], "daemonset": None, "backup": backup, "host": host, "steady": steady, "absent": absent}
    result["words"] = [" ".join(part for part in manifest.key(item) if part) for item in steady]
    result["absent_words"] = [" ".join(part for part in manifest.key(item) if part) for item in absent]
    agent = next((item for item in steady if item["kind"] == "DaemonSet"), None)
    if agent is not None:
        result["rollout"] = _rollout(steady, agent, found["objects"], _note(backup, host, agent, agent))
        result["daemonset"] = {"namespace": agent["metadata"]["namespace"], "name": agent["metadata"]["name"]}
        result["nodes"] = order(nodes_of(found), agent, found["objects"])
    return result


def _begun_since(noted, host):
    """Another host's work is under way: its note on the DaemonSet would be lost, and what that host keeps is newer."""
    there = noted.get("host") or host
    if _same_host(there, host):
        return []
    message = "An upgrade that was begun on %s has not come to its end; that host keeps what was there before (%s). %s" % (
        there,
        noted["backup"],
        _way_back(there, host),
    )
    return [{"gate": "begun_elsewhere", "message": message, "override": None}]


def _upgraded_since(entries, found, written, backup):
    """What this host keeps is no longer what was there before the last upgrade, where the cluster has neither what its own run left nor what it found."""
    before = [entry["object"] for entry in entries if entry["identity"][0] == "DaemonSet" and entry["object"]]
    written = (written or "").strip()
    others = [image for image in map(_image, _daemonsets(found)) if image not in [written] + [_image(item) for item in before]]
    if not written or not others:
        return []
    message = (
        "The upgrade of this host has left %s, and the cluster has %s: another came after it. Put that back first, where it ran. To put back all the same"
        " what was there before the one of this host, remove %s/upgraded here." % (written, ", ".join(others), backup.rpartition("/")[0])
    )
    return [{"gate": "upgraded_since", "message": message, "override": None}]


def _image(daemonset):
    return calico_installation.parse_daemonset(daemonset)["image"]


def _same_host(there, here):
    """Return whether a note's host is this one: "localhost (its own name)", which older notes call "localhost"."""
    return there in (here, here.partition(" (")[0])


def _way_back(there, here):
    return "To go back, run the role with calico_state=rolled_back there first, then on %s." % here


def suitable(found):
    """Return which releases suit this Kubernetes and these kernels, as a sentence."""
    daemonsets, server = _daemonsets(found), _version.parse(found["version"])
    nodes = nodes_of(found, daemonsets[0] if daemonsets else None)
    plane = dataplane(daemonsets[0], found["objects"]) if daemonsets else "iptables"
    names = [
        gates.text(row.minor)
        for row in _calico_releases.RELEASES
        if _calico_releases.kubernetes_tested(row.minor, server)
        if not gates.kubernetes(server, row.minor) and not gates.kernels(nodes, row.minor, plane, ())
    ]
    kernels = sorted(set(node["kernel"] for node in nodes))
    where = "Kubernetes %s with kernel %s" % (found["version"], ", ".join(kernels))
    return "%s: %s." % (where, "tested are " + ", ".join(names) if names else "no release of Calico in the table was tested with it")


def parse(text):
    """Return the documents of a manifest. Raises ValueError with a sentence."""
    try:
        documents = [document for document in yaml.safe_load_all(text) if document]
    except yaml.YAMLError as exc:
        mark = getattr(exc, "problem_mark", None)
        raise ValueError("The manifest is no YAML%s." % (" (line %d)" % (mark.line + 1) if mark else ""))
    flat = []
    for document in documents:
        flat += document.get("items") or [] if isinstance(document, dict) and document.get("kind") == "List" else [document]
    for document in flat:
        if not isinstance(document, dict) or not document.get("apiVersion") or not document.get("kind"):
            raise ValueError("The manifest holds a document that is no object of Kubernetes.")
        if not (document.get("metadata") or {}).get("name"):
            raise ValueError("The manifest holds a %s without a name." % document["kind"])
    return flat


def running(daemonset, found):
    """Return (versions that run, oldest first, reasons for refusal); the pods count, not what the DaemonSet wants."""
    versions = set()
    for item in [daemonset] + found["objects"]["pods"]:
        edition, version = gates.version_of(item)
        if edition == "enterprise":
            return [], [{"gate": "enterprise", "message": "This is Calico Enterprise, whose versions are others.", "override": None}]
        if version is None:
            message = "The version of %s cannot be told from its image." % item["metadata"]["name"]
            return [], [{"gate": "version_unknown", "message": message, "override": None}]
        versions.add(version)
    return sorted(versions), []


def nodes_of(found, daemonset=None):
    """Return the nodes as cluster_nodes has them, of a DaemonSet those that have a pod of it or that it would give one: no Windows node, no virtual kubelet."""
    has = set(pod["spec"].get("nodeName") for pod in found["objects"]["pods"])
    pod = daemonset["spec"]["template"]["spec"] if daemonset else {}
    return [
        cluster_nodes.parse(node)
        for node in found["objects"]["nodes"]
        if node["metadata"]["name"] in has or wanted_on(pod, node["metadata"].get("labels") or {})
    ]


def wanted_on(pod, labels):
    """Return whether a node of these labels may have the pod, by its nodeSelector and required affinity; what is not understood may."""
    if any(labels.get(name) != value for name, value in (pod.get("nodeSelector") or {}).items()):
        return False
    affinity = (pod.get("affinity") or {}).get("nodeAffinity") or {}
    terms = (affinity.get("requiredDuringSchedulingIgnoredDuringExecution") or {}).get("nodeSelectorTerms") or [{}]
    return any(all(matches(item, labels) for item in term.get("matchExpressions") or []) for term in terms)


def order(nodes, daemonset, objects):
    """Return the names of nodes that have a pod of the DaemonSet: the control plane last."""
    has = set(pod["spec"].get("nodeName") for pod in objects["pods"])
    chosen = [node for node in nodes if node["name"] in has and node["ready"]]
    return [node["name"] for node in sorted(chosen, key=lambda node: (node["control_plane"], node["name"]))]


def dataplane(daemonset, objects):
    """Return iptables, bpf or nftables."""
    settings = gates.environment(daemonset)
    felix = next((item["spec"] for item in objects.get("felixconfigurations", []) if item["metadata"]["name"] == "default"), {})
    told = calico.dataplane(dict((name, value or "") for name, value in settings.items()))
    if told or "FELIX_BPFENABLED" in settings:
        return told or "iptables"
    if felix.get("bpfEnabled"):
        return "bpf"
    return "nftables" if felix.get("nftablesMode") == "Enabled" else "iptables"


def images_of(documents):
    return sorted(set(item["image"] for spec in _pods(documents) for item in (spec.get("initContainers") or []) + spec["containers"]))


def pull_secrets_of(documents):
    return sorted(set(secret["name"] for spec in _pods(documents) for secret in spec.get("imagePullSecrets") or []))


def _pods(documents):
    return [document["spec"]["template"]["spec"] for document in documents if document["kind"] in ("DaemonSet", "Deployment")]


def _daemonsets(found):
    objects = found["objects"]
    every = calico_installation.with_operators(objects["daemonsets"], objects.get("operators_daemonsets", []))
    return [item for item in every if any(name in item["metadata"]["name"] for name in NAMES)]


def _installed(found, accepted):
    daemonsets = _daemonsets(found)
    if len(daemonsets) != 1:
        names = ", ".join(sorted(item["metadata"]["name"] for item in daemonsets)) or "none"
        message = "One DaemonSet of Calico (label k8s-app calico-node or canal) is expected in the cluster; found: %s." % names
        return None, [{"gate": "not_installed", "message": message, "override": None}]
    return daemonsets[0], gates.installation(daemonsets[0], found["objects"], found.get("kubekey", False), accepted)


def version_in(text):
    """Return the version of Calico that a manifest brings, None where it does not tell one."""
    agents = [document for document in parse(text) if document["kind"] == "DaemonSet" and document["metadata"]["name"] in NAMES]
    edition, version = gates.version_of(agents[0]) if len(agents) == 1 else (None, None)
    return gates.text(version).lstrip("v") if edition == "oss" and version else None


def _read(text, daemonset, found, options):
    """Return (documents, version, reasons for refusal) of the manifest."""
    documents = parse(text)
    agents = [document for document in documents if document["kind"] == "DaemonSet" and document["metadata"]["name"] in NAMES]
    wanted = options.get("target_version")

    def refuse(name, message):
        return documents, None, [{"gate": name, "message": message, "override": None}]

    if any(document["kind"] in SECRETS for document in documents):
        return refuse("manifest_secret", "The manifest holds a Secret. Apply that yourself, and take it out of the manifest.")
    if len(agents) != 1:
        what = "it installs the operator" if any(document["kind"] == "Installation" for document in documents) else "no DaemonSet calico-node or canal"
        return refuse("manifest_kind", "This is no manifest of Calico to put in place of the one that is installed: %s." % what)
    if not _is(agents[0], daemonset):
        return refuse(
            "flavour",
            "The manifest has the DaemonSet %s, and the cluster %s: take the manifest of the same flavour."
            % ("/".join(manifest.key(agents[0])[1:]), "/".join(manifest.key(daemonset)[1:])),
        )
    typha = set(item["metadata"]["name"] for item in found["objects"]["deployments"]) & set(["calico-typha"])
    has = set(document["metadata"]["name"] for document in documents if document["kind"] == "Deployment") & set(["calico-typha"])
    if typha != has:
        return refuse(
            "flavour",
            "The %s has Typha and the %s not: take calico-typha.yaml or calico.yaml." % (("cluster", "manifest") if typha else ("manifest", "cluster")),
        )
    if gates.environment(agents[0]).get("DATASTORE_TYPE") != "kubernetes":
        return refuse("flavour", "The manifest is made for the etcd datastore.")
    sentence = _other_group(documents, found) or _other_flavour(agents[0], documents, daemonset, found["objects"])
    if sentence:
        return refuse("flavour", sentence + " Take the manifest of the same flavour.")
    edition, version = gates.version_of(agents[0])
    if edition != "oss" or version is None:
        return refuse("manifest_version", "The manifest's image of calico-node does not tell a version of Calico.")
    if wanted and _version.parse(wanted) != version:
        return refuse("manifest_version", "The manifest is of %s, and calico_target_version asks for %s." % (gates.text(version), wanted))
    return documents, version, []


def _other_group(documents, found):
    """Return why a manifest's definitions would have Calico keep its objects elsewhere, or None.

    From 3.32 on it takes projectcalico.org only where crd.projectcalico.org is not there (libcalico-go, discovery.go).
    """
    group = found.get("api_group") or _calico_rbac.CRD
    brings = [document["spec"].get("group") for document in documents if document["kind"] == "CustomResourceDefinition"]
    others = sorted(set(brings) & set([_calico_rbac.CRD, _calico_rbac.NATIVE]) - set([group]))
    if not others:
        return None
    return "The manifest has CustomResourceDefinitions of %s, and Calico keeps the cluster's objects in %s: it would find none of them." % (others[0], group)


def _other_flavour(agent, documents, daemonset, objects):
    """Return why a manifest of the same objects is made for another network, or None: who allocates addresses, and the dataplane."""
    config = "canal-config" if daemonset["metadata"]["name"] == "canal" else "calico-config"
    # The container may be deleted where it has done its work, as its own comment says: then the CNI configurations are the same.
    new, old = [calico_installation.parse_daemonset(item)["ipam"] for item in (agent, daemonset)]
    allocates, allocated = manifest.allocation(documents, config), manifest.allocation(_configmaps(objects), config)
    unknown, differ = None in (allocates, allocated), allocates != allocated
    plugins = "the plugin that allocates addresses is %s in the manifest and %s in the cluster." % (allocates or "unknown", allocated or "unknown")
    if new != old and (unknown or differ):
        return "The %s has the container upgrade-ipam and the %s not, and %s" % (("manifest", "cluster", plugins) if new else ("cluster", "manifest", plugins))
    # Where both have it, the operator has given the addresses to another plugin, which is carried over.
    if not new and not old and differ and not unknown:
        return "Neither has the container upgrade-ipam, and %s" % plugins
    settings = gates.environment(agent)
    if calico.dataplane(dict((name, value or "") for name, value in settings.items())) or "FELIX_BPFENABLED" in settings:
        turned, live = dataplane(agent, objects), dataplane(daemonset, objects)
        if turned != live:
            return "The manifest sets the dataplane %s, and the cluster has %s." % (turned, live)
    return None


def _is(document, other):
    return manifest.key(document) == manifest.key(other)


def _note(backup, host, before, after):
    """Return what the next run must know: where the DaemonSet is kept as it was before, and what it is to be in the end."""
    return {"backup": backup, "host": host, "before": _pods_digest(before), "updateStrategy": after["spec"].get("updateStrategy", {})}


def _pods_digest(daemonset):
    """Return what tells the pods of one DaemonSet, as the API server has it, from those of another."""
    return hashlib.sha256(json.dumps(daemonset["spec"]["template"]["spec"], sort_keys=True).encode("utf-8")).hexdigest()[:16]


def _begun(daemonset):
    """Return what a run that did not end has noted on the DaemonSet, or None."""
    noted = (daemonset["metadata"].get("annotations") or {}).get(ROLLOUT)
    return json.loads(noted) if noted else None


def _live(daemonset, begun, found):
    """Return the objects whose settings count; OnDelete of a run that did not end is no setting."""
    daemonset = copy.deepcopy(daemonset)
    if begun:
        daemonset["spec"]["updateStrategy"] = begun["updateStrategy"]
    return [daemonset] + found["objects"]["deployments"] + _configmaps(found["objects"])


def _configmaps(objects):
    return objects["configmaps"] + objects.get("canalconfigs", [])


def _rollout(steady, agent, objects, note):
    """Return the documents for the time in which both versions run: nothing moves by itself, and no permission is taken away."""
    roles = dict((role["metadata"]["name"], role) for role in objects["clusterroles"])
    documents = []
    for document in steady:
        if document["kind"] == "Deployment" and document["metadata"]["name"] == LAST:
            continue
        document = copy.deepcopy(document)
        if _is(document, agent):
            document["spec"]["updateStrategy"] = {"type": "OnDelete"}
            document["metadata"].setdefault("annotations", {})[ROLLOUT] = json.dumps(note, sort_keys=True)
        elif document["kind"] == "ClusterRole":
            document = _role(roles, document["metadata"]["name"], document.get("rules") or [], document)
        documents.append(document)
    return documents


def _role(roles, name, rules, document=None):
    """Return a ClusterRole with the rules that it has and those that it lacks."""
    document = copy.deepcopy(document) if document else {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": name}}
    had = (roles.get(name) or {}).get("rules") or []
    document["rules"] = copy.deepcopy(had) + [rule for rule in rules if rule not in had]
    return document


def _lost(steady, objects, current, daemonset):
    """Return warnings: what roles grant that the manifest's do not, and that goes with them at the end. Most likely an operator has added it.

    Releases have taken away nothing that the table does not know (manifests of all tags from 3.15 to 3.33); from 3.32 on roles have rules for both groups.
    """
    roles = dict((role["metadata"]["name"], role) for role in objects["clusterroles"])
    given = calico_installation.parse_daemonset(daemonset)["cni_account"]
    warnings = []
    for document in steady:
        name = document["metadata"]["name"]
        if document["kind"] != "ClusterRole" or name not in roles:
            continue
        kept = document.get("rules") or []
        account = name.partition("calico-")[2]
        once = [
            item
            for version in current
            for native in (False, True)
            for item in _calico_rbac.needed(account, version, token=given or _calico_rbac.token_account(version), native=native)
        ]
        lost = [
            item
            for rule in roles[name].get("rules") or []
            if rule not in kept
            for item in _calico_rbac.permissions_of(rule)
            if item not in once and not _calico_rbac.granted(item, kept)
        ]
        if lost:
            told = "; ".join(_calico_rbac.described(lost))
            warnings.append("ClusterRole %s loses at the end what the manifest does not have: %s. To keep it, write it in." % (name, told))
    return warnings
