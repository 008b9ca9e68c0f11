# -*- coding: utf-8 -*-
"""Hosts whose kubectl answers as an API server did: recordings/calico, and what tests change in them."""

from __future__ import absolute_import, division, print_function

import json

from recorded import RecordedHost, recording

__metaclass__ = type

KUBECTL = "/usr/bin/kubectl"
GET = KUBECTL + " --kubeconfig=/etc/kubernetes/admin.conf --request-timeout=10s get --raw "
CALICO = "labelSelector=k8s-app+in+%28calico-node%2Ccanal%29&limit=500"
DAEMONSETS = "/apis/apps/v1/daemonsets?" + CALICO
PODS = "/api/v1/pods?" + CALICO
DEPLOYMENTS = "/apis/apps/v1/deployments?labelSelector=k8s-app+in+%28calico-kube-controllers%2Ccalico-typha%29&limit=500"
CLUSTER_ROLES = "/apis/rbac.authorization.k8s.io/v1/clusterroles?limit=500"
BINDINGS = "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings?limit=500"
NAMESPACE_ROLES = "/apis/rbac.authorization.k8s.io/v1/namespaces/kube-system/roles?limit=500"
NAMESPACE_BINDINGS = "/apis/rbac.authorization.k8s.io/v1/namespaces/kube-system/rolebindings?limit=500"
INSTALLATION = "/apis/operator.tigera.io/v1/installations/default"
OPERATORS = "/apis/apps/v1/namespaces/calico-system/daemonsets/calico-node"
FELIX = "/apis/crd.projectcalico.org/v1/felixconfigurations/default"
NODES = "/api/v1/nodes?limit=500"
IPAM_CONFIG = "/apis/crd.projectcalico.org/v1/ipamconfigs/default"
IPAM_CONFIGURATION = "/apis/projectcalico.org/v3/ipamconfigurations/default"
# As kubectl 1.20 says it.
NOT_FOUND = (1, "", "Error from server (NotFound): the server could not find the requested resource\n")
FORBIDDEN = (
    1,
    "",
    'Error from server (Forbidden): daemonsets.apps is forbidden: User "nobody" cannot list resource "daemonsets"'
    ' in API group "apps" at the cluster scope\n',
)
REFUSED = (1, "", "The connection to the server 10.0.0.1:6443 was refused - did you specify the right host or port?\n")


def nodes(**kernels):
    """Return the answer for nodes with these kernels."""
    items = [
        {"metadata": {"name": name}, "status": {"nodeInfo": {"kernelVersion": kernel}}} for name, kernel in sorted(kernels.items())
    ]
    return {"items": items}


def answers(version="v3.22.5", kernel="5.15.0-91-generic"):
    """Return {path: answer} of a cluster with an official Calico, free to be changed."""
    found = json.loads(recording("calico/%s.json" % version))
    found.update({INSTALLATION: NOT_FOUND, OPERATORS: NOT_FOUND, FELIX: NOT_FOUND, NODES: nodes(control1=kernel, worker1=kernel, worker2=kernel)})
    found.update({IPAM_CONFIG: NOT_FOUND, IPAM_CONFIGURATION: NOT_FOUND})
    found["/apis"] = {"groups": [{"name": "apps"}, {"name": "crd.projectcalico.org"}]}
    return found


def daemonset(found):
    return found[DAEMONSETS]["items"][0]


def container(found):
    """The container calico-node of the DaemonSet."""
    return daemonset(found)["spec"]["template"]["spec"]["containers"][0]


def set_env(found, **values):
    """Give calico-node these settings; a dict is a valueFrom."""
    entries = [item for item in container(found)["env"] if item["name"] not in values]
    for name, value in sorted(values.items()):
        entries.append({"name": name, "valueFrom": value} if isinstance(value, dict) else {"name": name, "value": value})
    container(found)["env"] = entries


def set_image(found, image, count=None):
    """Let calico-node be this image, in the pods of the first nodes (all of them by default)."""
    container(found)["image"] = image
    for pod in found[PODS]["items"][:count]:
        pod["spec"]["containers"][0]["image"] = image
        pod["status"]["containerStatuses"][0]["image"] = image


def cluster(found=None, **more):
    """Return a RecordedHost, a control-plane host, whose API server answers so."""
    commands = {}
    for path, answer in (answers() if found is None else found).items():
        commands[GET + path] = json.dumps(answer) if isinstance(answer, dict) else answer
    return RecordedHost(files={KUBECTL: "", "/etc/kubernetes/admin.conf": "kubeconfig"}, commands=commands, **more)
