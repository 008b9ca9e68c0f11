# -*- coding: utf-8 -*-
"""Recorded hosts from which kubectl asks an API server (recordings/kubectl)."""
from __future__ import absolute_import, division, print_function

import base64

from recorded import RecordedHost, recording

__metaclass__ = type

KUBECTL = "/usr/bin/kubectl"
KUBECONFIG = "/etc/kubernetes/admin.conf"
CA = recording("certificates/ca.crt")
# A key that no test may ever see in an answer.
SECRET = "users: [{user: {token: c2VjcmV0}}]"


def said(name):
    """(rc, out, err) of a recorded failure of kubectl."""
    return 1, "", recording("kubectl/%s.err" % name)


def words(path, kubectl=KUBECTL, kubeconfig=KUBECONFIG, timeout=10):
    return "%s --kubeconfig=%s --request-timeout=%ds get --raw %s" % (kubectl, kubeconfig, timeout, path)


def view(field, kubectl=KUBECTL, kubeconfig=KUBECONFIG):
    return "%s --kubeconfig=%s config view --minify --raw --output jsonpath={.clusters[0].cluster.%s}" % (kubectl, kubeconfig, field)


def cluster(answers=None, kubectl=KUBECTL, kubeconfig=KUBECONFIG, ca=CA, files=None, commands=None, **more):
    """A host with kubectl and a kubeconfig; answers: {path of the API: text, said(name) or TIMED_OUT}."""
    told = {
        "/version": recording("kubectl/version.out"),
        "/readyz": recording("kubectl/readyz.out"),
        "/api/v1/nodes?limit=500": recording("kubectl/nodes.out"),
    }
    told.update(answers or {})
    recorded = dict((words(path, kubectl, kubeconfig), answer) for path, answer in told.items())
    recorded[view("certificate-authority-data", kubectl, kubeconfig)] = base64.b64encode(ca.encode("ascii")).decode("ascii") if ca else ""
    recorded[view("certificate-authority", kubectl, kubeconfig)] = ""
    recorded.update(commands or {})
    present = {kubectl.split(" ")[0]: "", kubeconfig: SECRET}
    present.update(files or {})
    return RecordedHost(files=present, commands=recorded, **more)
