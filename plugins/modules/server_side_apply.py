#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: server_side_apply
short_description: Have objects of a cluster be what documents say, pod templates to the letter
version_added: 0.1.0
description:
  - Applies documents server-side through kubectl, under one field manager, on a host that has kubectl and a kubeconfig.
  - A server-side dry run of all documents comes first, also in check mode. If the API server refuses one, nothing is applied; kubectl alone would apply
    the others.
  - Fields that another manager once owned survive a server-side apply, such as a container that the new document does not have. So the pod template of
    a workload is compared with what the API server would make of the document alone, and replaced where they differ.
  - What is changed or deleted is kept in O(backup) first.
  - kubectl must be 1.19 or newer. An older one is refused before anything is asked of the API server.
options:
  documents:
    description: The objects, in the order in which they are applied.
    type: list
    elements: dict
    required: true
  state:
    description: V(absent) deletes the objects. CustomResourceDefinitions are never deleted, for all their objects would go with them.
    type: str
    choices: [present, absent]
    default: present
  merge:
    description:
      - The documents are parts of objects. What they do not name stays, whoever wrote it, and an object that is not there is created.
      - Without it, kubectl from 1.26 on removes what an operator's C(kubectl apply) has written and the document does not name. That is right for a whole
        document, such as a newer version's.
    type: bool
    default: false
  backup:
    description:
      - A file on the host for the objects as they were. It is made with mode 0600, its folder with 0700.
      - Where it could not be written, the module fails before it changes anything, also in check mode.
      - An object that it holds already is not replaced in it, so that a run which was killed and repeated does not keep its own half-done work.
    type: path
  field_manager:
    description: The name under which the fields are owned. Other owners of the same fields lose them (C(--force-conflicts)).
    type: str
    default: nodemend
extends_documentation_fragment:
  - nodemend.kubernetes.kubectl
attributes:
  check_mode:
    description: Can run in C(check_mode) and return changed status prediction without modifying the host.
    support: full
  diff_mode:
    description: Returns details on what has changed (or possibly needs changing in C(check_mode)), when in diff mode.
    support: full
notes:
  - Secrets are refused.
seealso:
  - module: nodemend.kubernetes.objects_info
author:
  - The nodemend authors (@nodemend)
"""

EXAMPLES = r"""
- name: Give a ConfigMap its setting
  nodemend.kubernetes.server_side_apply:
    kubeconfig: /etc/kubernetes/admin.conf
    backup: /var/lib/nodemend/20261120T120000Z/before.json
    documents:
      - apiVersion: v1
        kind: ConfigMap
        metadata: {name: settings, namespace: default}
        data: {colour: blue}

- name: Give it one more, and leave the others
  nodemend.kubernetes.server_side_apply:
    kubeconfig: /etc/kubernetes/admin.conf
    merge: true
    documents:
      - apiVersion: v1
        kind: ConfigMap
        metadata: {name: settings, namespace: default}
        data: {size: large}
"""

RETURN = r"""
objects:
  description: The objects that were changed, created or deleted, or would be.
  returned: success
  type: list
  elements: str
  sample: ["DaemonSet kube-system/calico-node"]
"""

import copy
import json

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.nodemend.kubernetes.plugins.module_utils._kubectl_module import (
    ARGUMENTS,
    Kubectl,
    KubectlFailed,
    described,
    identity,
    insist_on_writable,
    keep,
    kept,
)
from ansible_collections.nodemend.kubernetes.plugins.module_utils._version import older, parse

# Written by the API server for every object.
OWN = ("creationTimestamp", "generation", "managedFields", "resourceVersion", "selfLink", "uid")
# A patch of ours may have written these; a server-side apply that no longer has them would leave them.
NOTES = "nodemend.kubernetes/"
STRATEGIES = ("updateStrategy", "strategy")
# apply and create know --dry-run=server from 1.18 on, patch --field-manager from 1.19 on.
OLDEST = (1, 19)


def main():
    module = AnsibleModule(
        dict(
            ARGUMENTS,
            documents={"type": "list", "elements": "dict", "required": True},
            state={"type": "str", "choices": ["present", "absent"], "default": "present"},
            merge={"type": "bool", "default": False},
            backup={"type": "path"},
            field_manager={"type": "str", "default": "nodemend"},
        ),
        supports_check_mode=True,
    )
    for item in module.params["documents"]:
        if item.get("kind") in ("Secret", "SecretList", "List"):
            module.fail_json(msg="A document of kind %s is refused." % item["kind"])
        if module.params["state"] == "absent" and item.get("kind") == "CustomResourceDefinition":
            module.fail_json(msg="%s: with it all its objects would be deleted." % described(item))
    try:
        changes = Changes(module)
        changes.make()
    except KubectlFailed as exc:
        module.fail_json(msg=str(exc))
    module.exit_json(changed=bool(changes.names), objects=changes.names, diff=changes.diff)


class Changes(object):
    """What is to be changed: the difference between the objects as they are and a dry run of the documents."""

    def __init__(self, module):
        self._module = module
        self._kubectl = Kubectl(module)
        self._apply = ["apply", "--server-side", "--force-conflicts", "--field-manager=" + module.params["field_manager"], "--filename=-"]
        self._pairs = []
        documents = module.params["documents"]
        if not documents:
            self.names, self.diff = [], []
            return
        self._refuse_old()
        if module.params["backup"]:
            insist_on_writable(module.params["backup"])
        # In one call: those that are not there are left out of the answer.
        live = self._kubectl.objects(["get", "--ignore-not-found", "--filename=-"], documents)
        live = dict((identity(item), without_own(item)) for item in live)
        for document, after in zip(documents, self._wanted(documents, live)):
            before = live.get(identity(after or self._qualified(document, live)))
            if before != after:
                self._pairs.append((document, before, after))
        self.names = [described(after or before) for document, before, after in self._pairs]
        self.diff = [
            {
                "before_header": name,
                "after_header": name,
                "before": json.dumps(before, indent=2, sort_keys=True) + "\n" if before else "",
                "after": json.dumps(after, indent=2, sort_keys=True) + "\n" if after else "",
            }
            for name, (document, before, after) in zip(self.names, self._pairs)
        ]

    def _refuse_old(self):
        told = json.loads(self._kubectl.run(["version", "--client", "--output=json"]))["clientVersion"]["gitVersion"]
        if older(parse(told) or OLDEST, OLDEST):
            raise KubectlFailed(
                "kubectl %s is too old: %d.%d or newer is needed for server-side apply. Put one on this host, and name it as kubectl." % ((told,) + OLDEST)
            )

    def _wanted(self, documents, live):
        """Return what the API server says that each document would become, None where it is to go."""
        if self._module.params["state"] == "absent":
            return [None] * len(documents)
        if self._module.params["merge"]:
            merged = [self._merge(document, live, ["--dry-run=server"]) for document in documents]
            return [without_own(item) for item in merged]
        wanted = [without_own(item) for item in self._kubectl.objects(self._apply + ["--dry-run=server"], documents)]
        return [self._exact(document, item) for document, item in zip(documents, wanted)]

    def _merge(self, document, live, more=()):
        """Return an object with what a document says, by a merge patch where it is there.

        Not by an apply: kubectl from 1.26 on makes its field manager the owner of what "kubectl apply" has written before (csaupgrade), and the API server
        takes away what an owner does not name any more.
        """
        arguments = self._apply + list(more)
        if identity(self._qualified(document, live)) in live:
            arguments = ["patch", "--filename=-", "--type=merge", "--patch=" + json.dumps(document)]
            arguments += ["--field-manager=" + self._module.params["field_manager"]] + list(more)
        return self._kubectl.objects(arguments, [document])[0]

    def _qualified(self, document, live):
        """Return a document with the namespace that the kubeconfig gave it."""
        if identity(document) in live:
            return document
        named = [key for key in live if key[0] == document["kind"] and key[2] == document["metadata"]["name"]]
        if "namespace" in document["metadata"] or len(named) != 1:
            return document
        return {"kind": document["kind"], "metadata": {"name": named[0][2], "namespace": named[0][1]}}

    def _exact(self, document, after):
        """Return a workload with the pod template that the API server makes of the document alone, with its defaults."""
        if "template" not in (document.get("spec") or {}):
            return after
        alone = copy.deepcopy(document)
        alone["metadata"] = {"name": document["metadata"]["name"][:50] + "-nodemend", "namespace": document["metadata"].get("namespace", "default")}
        made = self._kubectl.objects(["create", "--dry-run=server", "--filename=-"], [alone])[0]
        after = copy.deepcopy(after)
        after["spec"]["template"] = without_own(made)["spec"]["template"]
        given = document["metadata"].get("annotations") or {}
        for name in notes(after):
            if name not in given:
                del after["metadata"]["annotations"][name]
        return after

    def make(self):
        if self._module.check_mode or not self._pairs:
            return
        if self._module.params["backup"]:
            self._keep()
        if self._module.params["state"] == "absent":
            self._kubectl.run(["delete", "--ignore-not-found", "--filename=-"], [document for document, before, after in self._pairs])
            return
        if self._module.params["merge"]:
            live = dict((identity(before), before) for document, before, after in self._pairs if before)
            for document, before, after in self._pairs:
                self._merge(document, live)
            return
        for document, before, after in self._pairs:
            if before and "template" in (after.get("spec") or {}):
                if before["spec"]["template"] != after["spec"]["template"] or notes(before) != notes(after):
                    self._replace(after)
        self._kubectl.run(self._apply, [document for document, before, after in self._pairs])

    def _replace(self, after):
        """Template, strategy and annotations change in one step: a template alone would begin a rollout of the old strategy."""
        patch = [{"op": "add", "path": "/metadata/annotations", "value": after["metadata"].get("annotations", {})}]
        for key in STRATEGIES:
            if key in after["spec"]:
                patch.append({"op": "add", "path": "/spec/" + key, "value": after["spec"][key]})
        patch.append({"op": "replace", "path": "/spec/template", "value": after["spec"]["template"]})
        kind, namespace, name = identity(after)
        arguments = ["patch", kind.lower(), name, "--namespace=" + namespace, "--type=json", "--patch=" + json.dumps(patch)]
        self._kubectl.run(arguments + ["--field-manager=" + self._module.params["field_manager"]])

    def _keep(self):
        path = self._module.params["backup"]
        entries = kept(path)
        known = set(tuple(entry["identity"]) for entry in entries)
        for document, before, after in self._pairs:
            key = identity(before or after)
            if key not in known:
                entries.append({"identity": list(key), "apiVersion": (before or after)["apiVersion"], "object": before})
        keep(path, entries)


def notes(item):
    return dict((name, value) for name, value in (item["metadata"].get("annotations") or {}).items() if name.startswith(NOTES))


def without_own(item):
    """Return an object without its status and without what the API server writes for every object."""
    item = dict((key, value) for key, value in item.items() if key != "status")
    item["metadata"] = dict((key, value) for key, value in item["metadata"].items() if key not in OWN)
    template = (item.get("spec") or {}).get("template")
    if isinstance(template, dict) and isinstance(template.get("metadata"), dict):
        template["metadata"].pop("creationTimestamp", None)  # null, by a kubectl that is older than the API server
    return item


if __name__ == "__main__":
    main()
