# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""The one way in which facts ask an API server: kubectl, with a time limit, and never a word of the kubeconfig in what is told.

Only `kubectl get --raw PATH` is used: one request each, without the discovery that other commands do first, whose answers
kubectl would keep in files of the host.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import json
import re

from ._host import Unavailable
from ._source import reads, runs

try:
    from urllib.parse import urlencode  # novermin: the next line is for 2.7
except ImportError:  # Python 2.7
    from urllib import urlencode

# Where kubeadm, k3s and RKE2 leave the administrator's kubeconfig (the first that exists is taken).
KUBECONFIGS = ("/etc/kubernetes/admin.conf", "/etc/rancher/k3s/k3s.yaml", "/etc/rancher/rke2/rke2.yaml")
SOURCES = tuple(reads(path, "whether it exists; kubectl reads it", root=True) for path in KUBECONFIGS)
# Objects of one answer: what kubectl itself asks for at a time.
PAGE = 500
# kubectl ends by itself; this many seconds later it is ended.
GRACE = 2

_FROM_SERVER = re.compile(r"^Error from server(?: \((\w+)\))?: (.*)", re.MULTILINE)
_NO_SERVER = re.compile(r"^(?:The connection to the server .* was refused.*|Unable to connect to the server: .*)", re.MULTILINE)
_SLOW = re.compile(r"Client\.Timeout|deadline exceeded|i/o timeout|handshake timeout")
# What /readyz and /livez say of a check that fails, their line breaks escaped.
_CHECK = re.compile(r"\[-\](\S+) failed")
_UNAUTHORIZED = "You must be logged in to the server"
# An old kubectl quotes a header that it cannot send; a URL may hold a password.
_SECRETS = (re.compile(r"(?:Bearer|Basic) [^\s\"]+"), re.compile(r"(?<=://)[^/@\s]*(?=@)"), re.compile(r"eyJ[\w-]+\.[\w.-]+"))
_REASONS = {"Forbidden": "Forbidden", "Unauthorized": "Forbidden", "Timeout": "TimedOut"}


class Kubectl(object):
    """Answers of one cluster's API server.

    host        a Host
    kubectl     path, or None: found in the host's PATH (which has RKE2's), else k3s
    kubeconfig  path, or None: the first of KUBECONFIGS that exists
    timeout     seconds for a request
    """

    def __init__(self, host, kubectl=None, kubeconfig=None, timeout=10):
        self._host = host
        self._given_kubectl = kubectl
        self._given_kubeconfig = kubeconfig
        self._timeout = timeout
        self._argv = None
        self._answered = False
        self._silent = None
        self.kubectl = None  # words of the command, once found: "/usr/bin/kubectl" or "/usr/local/bin/k3s kubectl"
        self.kubeconfig = None

    def get(self, path, **query):
        """Return the object at a path of the API ("/apis/apps/v1/daemonsets"), parsed; None where the server has no such thing.

        Raises Unavailable: ApiUnreachable, Forbidden, CommandMissing, NeedsRoot, TimedOut, Unreadable.
        """
        text = self.text(path, **query)
        try:
            return None if text is None else json.loads(text)
        except ValueError:
            raise Unavailable("Unreadable", "%s: the answer is no JSON" % path)

    def items(self, path, **query):
        """Yield the items of a list, a page at a time; nothing where the server does not know the kind.

        Keep only what is needed of each: a cluster may have a hundred thousand pods.
        """
        query = dict(query, limit=PAGE)
        while True:
            page = self.get(path, **query)
            if page is None:
                return
            if not isinstance(page, dict) or not isinstance(page.get("items"), list):
                raise Unavailable("Unreadable", "%s: the answer is no list" % path)
            for item in page["items"]:
                if not isinstance(item, dict):
                    raise Unavailable("Unreadable", "%s: the answer is no list of objects" % path)
                yield item
            query["continue"] = (page.get("metadata") or {}).get("continue")
            if not query["continue"]:
                return

    def text(self, path, **query):
        """Return what the server answers, as text; None where it has no such thing."""
        path = asked(path, query)
        if self._silent:  # an API server that is down would cost each fact the whole time limit
            raise self._silent
        self._find()
        argv = self._argv + ["--request-timeout=%ds" % self._timeout, "get", "--raw", path]
        try:
            result = self._host.run(argv, self._timeout + GRACE)
            unavailable = None if result.rc == 0 else failed(path, self.kubeconfig, result.err, self._answered)
        except Unavailable as exc:
            if exc.reason != "TimedOut" or self._answered:
                raise
            unavailable = Unavailable("ApiUnreachable", "No API server has answered within %d s." % self._timeout)
        if unavailable is None:
            self._answered = True
            return result.out
        if unavailable.reason == "ApiUnreachable":
            self._silent = unavailable
            raise unavailable
        self._answered = True
        if unavailable.reason == "NotFound":
            return None
        raise unavailable

    def authority(self):
        """Return (text, path) of the CA that the kubeconfig's current cluster names: base64 of PEM, or a file; both may be None.

        kubectl itself picks them, so that nothing else of the file is ever in our hands.
        """
        self._find()
        found = []
        for field in ("certificate-authority-data", "certificate-authority"):
            argv = self._argv + ["config", "view", "--minify", "--raw", "--output", "jsonpath={.clusters[0].cluster.%s}" % field]
            result = self._host.run(argv)
            if result.rc != 0:
                raise _unusable(self.kubeconfig)
            found.append(result.out.strip() or None)
        return tuple(found)

    def _find(self):
        if self._argv is not None:
            return
        program = self._program()
        kubeconfig = self._given_kubeconfig or next((path for path in KUBECONFIGS if self._host.exists(path)), None)
        if kubeconfig is None:
            raise Unavailable("Unreadable", "There is no kubeconfig of an administrator here: none of %s." % ", ".join(KUBECONFIGS))
        # One byte, to tell what only root may read from what is broken.
        if self._host.read_bytes(kubeconfig, size=1) is None:
            raise Unavailable("Unreadable", "There is no kubeconfig %s." % kubeconfig)
        self.kubectl = " ".join(program)
        self.kubeconfig = kubeconfig
        self._argv = program + ["--kubeconfig=%s" % kubeconfig]

    def _program(self):
        if self._given_kubectl:
            return [self._given_kubectl]
        for words in (["kubectl"], ["k3s", "kubectl"]):
            path = self._host.which(words[0])
            if path:
                return [path] + words[1:]
        raise Unavailable("CommandMissing", "kubectl: command not found, nor k3s.")


def asked(path, query):
    """Return a path of the API with its parameters {name: value}."""
    return path + "?" + urlencode(sorted(query.items())) if query else path


def asks(path, purpose):
    """Declare a path of the API (a pattern) that a collector may ask for."""
    return runs("*kubectl --kubeconfig=* --request-timeout=* get --raw " + path, purpose)


def failed(path, kubeconfig, stderr, answered):
    """Return the Unavailable for what kubectl says when it fails; NotFound is for the caller.

    Only sentences of the server and of the network are repeated: what kubectl says of a kubeconfig may quote it.
    """
    match = _FROM_SERVER.search(stderr)
    if match:
        word, said = match.groups()
        said = ", ".join("%s failed" % check for check in _CHECK.findall(said)) or said
        return Unavailable("NotFound" if word == "NotFound" else _REASONS.get(word, "Unreadable"), "%s: %s" % (path, _clean(said)))
    if _UNAUTHORIZED in stderr:
        return Unavailable("Forbidden", "%s: the API server does not accept the credentials of %s." % (path, kubeconfig))
    match = _NO_SERVER.search(stderr)
    if not match:
        return _unusable(kubeconfig)
    if answered and _SLOW.search(match.group(0)):
        return Unavailable("TimedOut", "%s: %s" % (path, _clean(match.group(0))))
    return Unavailable("ApiUnreachable", _clean(match.group(0)))


def _unusable(kubeconfig):
    return Unavailable("Unreadable", "kubectl cannot use the kubeconfig %s; try `kubectl --kubeconfig %s version` there." % (kubeconfig, kubeconfig))


def _clean(text):
    for secret in _SECRETS:
        text = secret.sub("...", text)
    return text[:300]
