# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""The manifest of Calico that the operator gives: its documents, its version, and whether it is one for this cluster. Pure."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import yaml

from ..module_utils import _calico_rbac, _version
from ..module_utils._facts import calico, calico_installation
from . import _calico_cluster as cluster
from . import _calico_gates as gates
from . import _calico_manifest as manifest

SECRETS = ("Secret", "SecretList")


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


def version_in(text):
    """Return the version of Calico that a manifest brings, None where it does not tell one."""
    agents = [document for document in parse(text) if document["kind"] == "DaemonSet" and document["metadata"]["name"] in cluster.NAMES]
    edition, version = gates.version_of(agents[0]) if len(agents) == 1 else (None, None)
    return gates.text(version).lstrip("v") if edition == "oss" and version else None


def read(text, daemonset, found, options):
    """Return (documents, version, reasons for refusal) of the manifest; raises ValueError for text that is none (parse()).

    daemonset  the cluster's
    options    target_version of _calico_plan.plan()'s
    """
    documents = parse(text)
    agents = [document for document in documents if document["kind"] == "DaemonSet" and document["metadata"]["name"] in cluster.NAMES]
    wanted = options.get("target_version")

    def refuse(name, message):
        return documents, None, [{"gate": name, "message": message, "override": None}]

    if any(document["kind"] in SECRETS for document in documents):
        return refuse("manifest_secret", "The manifest holds a Secret. Apply that yourself, and take it out of the manifest.")
    if len(agents) != 1:
        what = "it installs the operator" if any(document["kind"] == "Installation" for document in documents) else "no DaemonSet calico-node or canal"
        return refuse("manifest_kind", "This is no manifest of Calico to put in place of the one that is installed: %s." % what)
    if not manifest.same(agents[0], daemonset):
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
    allocates, allocated = manifest.allocation(documents, config), manifest.allocation(cluster.configmaps(objects), config)
    unknown, differ = None in (allocates, allocated), allocates != allocated
    plugins = "the plugin that allocates addresses is %s in the manifest and %s in the cluster." % (allocates or "unknown", allocated or "unknown")
    if new != old and (unknown or differ):
        return "The %s has the container upgrade-ipam and the %s not, and %s" % (("manifest", "cluster", plugins) if new else ("cluster", "manifest", plugins))
    # Where both have it, the operator has given the addresses to another plugin, which is carried over.
    if not new and not old and differ and not unknown:
        return "Neither has the container upgrade-ipam, and %s" % plugins
    settings = gates.environment(agent)
    if calico.dataplane(dict((name, value or "") for name, value in settings.items())) or "FELIX_BPFENABLED" in settings:
        turned, live = cluster.dataplane(agent, objects), cluster.dataplane(daemonset, objects)
        if turned != live:
            return "The manifest sets the dataplane %s, and the cluster has %s." % (turned, live)
    return None


def images_of(documents):
    """Return the images of all workloads, sorted."""
    return sorted(set(item["image"] for spec in _pods(documents) for item in (spec.get("initContainers") or []) + spec["containers"]))


def pull_secrets_of(documents):
    """Return the names of the Secrets with which all workloads pull, sorted."""
    return sorted(set(secret["name"] for spec in _pods(documents) for secret in spec.get("imagePullSecrets") or []))


def _pods(documents):
    return [document["spec"]["template"]["spec"] for document in documents if document["kind"] in ("DaemonSet", "Deployment")]
