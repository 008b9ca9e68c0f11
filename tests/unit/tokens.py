# -*- coding: utf-8 -*-
"""Service-account tokens as an API server shapes them (cluster_facts 6.1), signed by nobody, and the files around them."""

from __future__ import absolute_import, division, print_function

import base64
import json

from recorded import NOW

__metaclass__ = type

HOUR, DAY = 3600, 86400
PATH = "/etc/cni/net.d/calico-kubeconfig"
MULTUS = "/etc/cni/net.d/multus.d/multus.kubeconfig"
# As calico-node and Multus write them: one without quotes, one with.
KUBECONFIG = u"""# Kubeconfig file for Calico CNI plugin. Installed by calico/node.
apiVersion: v1
kind: Config
clusters:
- name: local
  cluster:
    server: https://[10.96.0.1]:443
    certificate-authority-data: "LS0tLS1CRUdJTg=="
users:
- name: calico
  user:
    %s
contexts:
- name: calico-context
  context:
    cluster: local
    user: calico
current-context: calico-context
"""
CONFLIST = json.dumps({
    "name": "k8s-pod-network",
    "cniVersion": "0.3.1",
    "plugins": [
        {"type": "calico", "policy": {"type": "k8s"}, "kubernetes": {"kubeconfig": PATH}},
        {"type": "portmap", "snat": True},
    ],
})
FLANNEL = json.dumps({"name": "cbr0", "plugins": [{"type": "flannel"}]})
MULTUS_CONF = json.dumps({"name": "multus-cni-network", "type": "multus", "kubeconfig": MULTUS, "delegates": [json.loads(CONFLIST)]})


def part(claims):
    text = claims if hasattr(claims, "strip") else json.dumps(claims)
    return base64.urlsafe_b64encode(text.encode("utf-8")).decode("ascii").rstrip("=")


def token(age=None, life=None, pod="calico-node-x7kqv", **more):
    """Return a JWT that was issued so many seconds ago and lives so long."""
    claims = {"iss": "https://kubernetes.default.svc.cluster.local", "sub": "system:serviceaccount:kube-system:calico-node"}
    if age is not None:
        claims.update(iat=NOW - age, nbf=NOW - age)
    if age is not None and life is not None:
        claims["exp"] = NOW - age + life
    claims["kubernetes.io"] = {"namespace": "kube-system", "serviceaccount": {"name": "calico-node", "uid": "0e0e"}}
    if pod:
        claims["kubernetes.io"].update(pod={"name": pod, "uid": "1f1f"}, warnafter=NOW)
    claims.update(more)
    return ".".join([part({"alg": "RS256", "kid": "s3cret-kid"}), part(claims), part("s3cret-signature")])


def kubeconfig(text, form="token: %s"):
    return KUBECONFIG % (form % text)


def files(text, **more):
    """Return the files of a node with Calico, whose kubeconfig holds this token."""
    return dict({"/etc/cni/net.d/10-calico.conflist": CONFLIST, PATH: kubeconfig(text, **more)})
