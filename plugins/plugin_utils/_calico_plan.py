# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""What the role calico would do with a manifest in a cluster, and why it may not. Pure: text and objects in, a plan out."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import copy

from ..module_utils import _version
from . import _calico_cluster as cluster
from . import _calico_gates as gates
from . import _calico_manifest as manifest
from . import _calico_roles as roles
from . import _calico_rollout as rollout
from . import _calico_source as source
from ._calico_fit import suited


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
    final     steady, with a note on the DaemonSet of which upgrade has left it so
    carried, dropped, warnings     sentences
    daemonset {namespace, name}, nodes (in order), images, pull_secrets, service_account (of the agent that runs),
    begun (by a run that did not end), backup (its file), host (that has it), written (calico-node's image in the end, for rollback())
    look      whether the rules of the hosts must be looked at
    """
    result = {
        "refused": [], "warnings": [], "carried": [], "dropped": [], "current": [], "target": None, "steady": [], "rollout": [], "final": [],
        "daemonset": None, "nodes": [], "images": [], "pull_secrets": [], "service_account": None, "begun": False,
        "backup": options["backup"], "host": options["host"], "written": None, "look": False,
    }  # fmt: skip
    accepted = options["accepted"]
    daemonset, refused = cluster.installed(found, accepted)
    if refused:
        return dict(result, refused=refused)
    documents, target, refused = source.read(text, daemonset, found, options)
    if refused:
        return dict(result, refused=refused)
    current, refused = cluster.running(daemonset, found)
    if refused:
        return dict(result, refused=refused)

    begun = rollout.begun(daemonset)
    nodes, objects = cluster.nodes_of(found, daemonset), found["objects"]
    plane = cluster.dataplane(daemonset, objects)
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
    new = next(document for document in steady if manifest.same(document, daemonset))
    note = begun or rollout.note(options["backup"], options["host"], daemonset, new)
    host = note.get("host") or options["host"]
    steady = rollout.signed(steady, daemonset, rollout.signature_of(daemonset))
    elsewhere = []
    if not rollout.same_host(host, options["host"]):
        elsewhere = ["This upgrade was begun on %s, which keeps what was there before. %s" % (host, rollout.way_back(host, options["host"]))]
    return dict(
        result,
        refused=refused,
        warnings=elsewhere
        + gates.untested(server, target)
        + ["Given up: %s." % sentence for sentence in carried.dropped]
        + roles.lost(steady, objects, current, daemonset),
        carried=carried.kept,
        dropped=carried.dropped,
        current=[gates.text(version) for version in current],
        target=gates.text(target),
        steady=steady,
        rollout=rollout.documents(steady, new, objects, note),
        final=rollout.signed(steady, daemonset, rollout.signature(note, options["host"])),
        daemonset={"namespace": daemonset["metadata"]["namespace"], "name": daemonset["metadata"]["name"]},
        nodes=cluster.order(nodes, daemonset, objects),
        images=source.images_of(steady),
        pull_secrets=source.pull_secrets_of(steady),
        # The manifest's own may not be there yet.
        service_account=daemonset["spec"]["template"]["spec"].get("serviceAccountName", "default"),
        begun=begun is not None,
        backup=note["backup"] or options["backup"],
        host=host,
        written=cluster.image_of(new),
        look=plane == "iptables" and gates.passed("forward_appended", oldest, target),
    )


def _live(daemonset, begun, found):
    """Return the objects whose settings count; OnDelete of a run that did not end is no setting."""
    daemonset = copy.deepcopy(daemonset)
    if begun:
        daemonset["spec"]["updateStrategy"] = begun["updateStrategy"]
    return [daemonset] + found["objects"]["deployments"] + cluster.configmaps(found["objects"]) + found["objects"].get("webhooks", [])


def suitable(found):
    """Return which releases suit this Kubernetes, these kernels and this dataplane, as suited() says it."""
    daemonsets = cluster.daemonsets_of(found)
    agent = daemonsets[0] if daemonsets else None
    kernels = [node["kernel"] for node in cluster.nodes_of(found, agent)]
    return suited(found["version"], kernels, cluster.dataplane(agent, found["objects"]) if agent else "iptables")
