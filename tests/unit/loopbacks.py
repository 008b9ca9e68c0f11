# -*- coding: utf-8 -*-
"""Hosts with an API server of some age that shows some certificate to itself."""

from __future__ import absolute_import, division, print_function

import clocks
import pki
from runtime_hosts import process

__metaclass__ = type

DAY = 86400
UPTIME = 2000 * DAY
NAME = "apiserver-loopback-client"
MANIFEST = u"""spec:
  containers:
  - command:
    - kube-apiserver
    - --secure-port=6443
    image: k8s.gcr.io/kube-apiserver:v%s
    imagePullPolicy: IfNotPresent
"""


def files(pid, days, version=None):
    """Return what tells the age: field 22 of stat, and how long the machine has run."""
    found = {"/proc/uptime": u"%d.42 123.45\n" % UPTIME}
    if version:
        found["/etc/kubernetes/manifests/kube-apiserver.yaml"] = MANIFEST % version
    return found


def apiserver(days, words=pki.APISERVER, name="kube-apiserver", nested=1):
    """Return the /proc files of an API server that has run for so many days."""
    item = process(1500, name, nested=nested, words=words)
    head, unused, rest = item["/proc/1500/stat"].rpartition(") ")
    fields = rest.split(" ")
    fields[19] = str(int((UPTIME - days * DAY) * 100))
    item["/proc/1500/stat"] = head + ") " + " ".join(fields)
    return item


def host(days=10, shows=None, version="1.20.2", place="127.0.0.1:6443", words=pki.APISERVER, make=clocks.kept, name="kube-apiserver", nested=1, **more):
    """shows: name of a recorded certificate, TIMED_OUT, or None where nothing listens."""
    commands = more.pop("commands", {})
    found = make([apiserver(days, words, name, nested)] if days is not None else [], dict(files(1500, days, version), **more.pop("files", {})), **more)
    if shows is not None:
        commands = {"tls %s %s" % (place, NAME): pki.pem(shows) if "-" in shows else shows}
    found._commands.update(commands)
    return found
