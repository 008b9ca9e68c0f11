# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""kubectl for the modules that change a cluster; facts have _kubectl."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import itertools
import json
import os

from ._kubectl import PAGE, asked

ARGUMENTS = {
    "kubectl": {"type": "str", "default": "kubectl"},
    "kubeconfig": {"type": "path", "required": True},
    "request_timeout": {"type": "int", "default": 30},
}

# What an operator prefers (kuberc, kubectl from 1.34 on) must not count: "delete" may ask there, and ends well where nobody answers.
ENVIRONMENT = {"LC_ALL": "C", "KUBERC": "off"}

UNWRITABLE = "%s, where what is changed is kept, cannot be written: %s. Run as root there: become in a play, nodemend_become for the playbooks."


class KubectlFailed(Exception):
    """What kubectl has said on its standard error."""


class Kubectl(object):
    def __init__(self, module):
        self._module = module
        # "k3s kubectl" is two words.
        self._command = module.params["kubectl"].split() + [
            "--kubeconfig=" + module.params["kubeconfig"],
            "--request-timeout=%ds" % module.params["request_timeout"],
        ]

    def run(self, arguments, documents=None, data=None):
        """Return what it prints. documents go to its standard input as one List, data as it is."""
        if documents is not None:
            data = json.dumps({"apiVersion": "v1", "kind": "List", "items": documents})
        code, out, error = self._module.run_command(self._command + list(arguments), data=data, environ_update=ENVIRONMENT)
        if code != 0:
            raise KubectlFailed(error.strip() or "kubectl %s ended with %d." % (arguments[0], code))
        return out

    def objects(self, arguments, documents=None):
        """Return the objects that it prints: none, one, or the members of a List."""
        text = self.run(list(arguments) + ["--output=json"], documents)
        if not text.strip():
            return []
        found = json.loads(text)
        return found["items"] if found["kind"].endswith("List") and "items" in found else [found]

    def get(self, path, **query):
        """Return the object at a path of the API, None where there is no such thing; so that the functions of facts can ask here, too."""
        try:
            return json.loads(self.run(["get", "--raw", asked(path, query)]))
        except KubectlFailed as exc:
            if str(exc).startswith("Error from server (NotFound)"):
                return None
            raise

    def items(self, path, **query):
        """Return an iterator over the items of a list, asked for a page at a time; an empty one where the server does not know the kind."""
        return itertools.chain.from_iterable(self._pages(path, dict(query, limit=PAGE)))

    def _pages(self, path, query):
        while True:
            page = self.get(path, **query)
            if page is None:
                return
            yield page["items"]
            query["continue"] = page["metadata"].get("continue")
            if not query["continue"]:
                return


def identity(item):
    """Return (kind, namespace, name) of an object."""
    metadata = item["metadata"]
    return item["kind"], metadata.get("namespace") or "", metadata["name"]


def described(item):
    """Return "DaemonSet kube-system/calico-node"."""
    kind, namespace, name = identity(item)
    return "%s %s%s" % (kind, namespace + "/" if namespace else "", name)


def kept(path):
    """Return the entries that keep() has written, [] where it has not."""
    if not os.path.exists(path):
        return []
    with open(path) as stream:
        return json.load(stream)


def insist_on_writable(path):
    """Refuse a file that keep() could not write, without making anything."""
    folder = os.path.dirname(os.path.abspath(path))
    while not os.path.exists(folder):
        folder = os.path.dirname(folder)
    if not os.path.isdir(folder) or not os.access(folder, os.W_OK | os.X_OK):
        raise KubectlFailed(UNWRITABLE % (path, "%s is no folder in which this user may make one" % folder))


def keep(path, entries):
    """Write a file that only its owner may read, with its folder, whole or not at all."""
    try:
        _keep(path, entries)
    except (IOError, OSError) as exc:  # two kinds on Python 2.7
        raise KubectlFailed(UNWRITABLE % (path, exc.strerror))


def _keep(path, entries):
    folder = os.path.dirname(path)
    if not os.path.isdir(folder):
        os.makedirs(folder, 0o700)
    mask = os.umask(0o077)
    try:
        with open(path + ".new", "w") as stream:
            json.dump(entries, stream, indent=1, sort_keys=True)
            stream.flush()
            os.fsync(stream.fileno())
    finally:
        os.umask(mask)
    os.rename(path + ".new", path)
