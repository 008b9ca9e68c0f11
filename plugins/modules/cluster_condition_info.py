#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: cluster_condition_info
short_description: Judge all known faults of a Kubernetes cluster in one call
version_added: 0.1.0
description:
  - Asks the API server through kubectl and answers every condition of the cluster, or those chosen, and what the cluster is.
  - Run it on one control-plane host, or wherever kubectl and a kubeconfig are.
  - Looking changes nothing, in the cluster and on the host; kubectl leaves no cache behind.
  - Each kind of object that may not be read makes only what needs it V(unknown), with the reason V(Forbidden). An API server that does not
    answer makes everything V(unknown) with the reason V(ApiUnreachable).
  - Nothing of a kubeconfig is returned but its path and a hash of the cluster's CA certificate.
options:
  conditions:
    description:
      - The conditions to judge; all of them when not given.
    type: list
    elements: str
    choices:
      - calico_address_borrowed
      - calico_below_minimum
      - calico_kernel_incompatible
      - calico_rbac_incomplete
      - evicted_pods_accumulated
  kubeconfig:
    description:
      - Path of the kubeconfig on the host.
      - The administrator's of kubeadm, k3s or RKE2 when not given, C(/etc/kubernetes/admin.conf), C(/etc/rancher/k3s/k3s.yaml) or
        C(/etc/rancher/rke2/rke2.yaml), whichever exists first.
      - A plug-in for credentials that it names runs without C(HOME) and with the scan's own C(PATH).
      - An HTTP proxy on the way to the API server must stand in it (C(proxy-url), with kubectl 1.19 or newer); C(HTTPS_PROXY) is not passed on.
    type: path
  kubectl:
    description:
      - Path of kubectl on the host.
      - Looked for in C(PATH) and where RKE2 keeps it when not given; without one, C(k3s kubectl) is used.
    type: path
  node_routes:
    description:
      - What C(calico_address_borrowed) knows of the nodes' routes, for each node a C(name), its C(cluster), C(addresses), C(blackholes) and
        C(blackholes_ipv6), as in RV(nodemend.kubernetes.node_condition_info#module:node) of its own scan.
        M(nodemend.kubernetes.cluster_hosts) puts them together.
    type: list
    elements: dict
extends_documentation_fragment:
  - nodemend.kubernetes.info
  - nodemend.kubernetes.info.calico
  - nodemend.kubernetes.info.pods
seealso:
  - module: nodemend.kubernetes.node_condition_info
    description: The conditions of a node, and the return value RV(nodemend.kubernetes.node_condition_info#module:conditions) explained.
"""

EXAMPLES = r"""
- name: Judge the cluster
  nodemend.kubernetes.cluster_condition_info:
  register: scan

- name: Show what it is
  ansible.builtin.debug:
    msg: "Kubernetes {{ scan.cluster.version }}, {{ scan.cluster.nodes | default([], true) | length }} nodes"

- name: Judge it with a kubeconfig of one's own
  nodemend.kubernetes.cluster_condition_info:
    kubeconfig: ~/.kube/config
    timeout: 30
"""

RETURN = r"""
conditions:
  description: The verdicts, as explained in RV(nodemend.kubernetes.node_condition_info#module:conditions).
  returned: success
  type: list
  elements: dict
  sample:
    - condition: calico_below_minimum
      type: CalicoBelowMinimum
      scope: cluster
      status: faulty
      reason: BelowMinimum
      message: "Calico is older than 3.16.0: 3.15.1 on worker-1."
      evidence: {minimum: 3.16.0, method: manifest}
      role: nodemend.kubernetes.calico
      remedy_scope: cluster
      remediate_on: faulty
      disruption: restart
      docs: docs/conditions/calico_below_minimum.md
faulty:
  description: Ids of the conditions that are proved.
  returned: success
  type: list
  elements: str
  sample: [calico_below_minimum]
at_risk:
  description: Ids of the conditions that will fail later or cannot be proved passively.
  returned: success
  type: list
  elements: str
  sample: []
unknown:
  description: Ids of the conditions that could not be judged.
  returned: success
  type: list
  elements: str
  sample: []
cluster:
  description: What is known of the cluster. What could not be read is null, and RV(unavailable) says why.
  returned: success
  type: dict
  contains:
    id:
      description:
        - The first 16 hexadecimal digits of the SHA-256 of the cluster's CA certificate, from the kubeconfig; the same as
          RV(nodemend.kubernetes.node_condition_info#module:node.cluster) on all its nodes.
      type: str
      sample: 5d41402abc4b2a76
    kubeconfig:
      description: Path of the kubeconfig that was used; its content is never returned.
      type: str
      sample: /etc/kubernetes/admin.conf
    kubectl:
      description: The kubectl that was used.
      type: str
      sample: /usr/local/bin/kubectl
    version:
      description: Version of the API server.
      type: str
      sample: v1.20.2
    api_ready:
      description: Whether the API server has answered and says that it is ready.
      type: bool
      sample: true
    nodes:
      description: The nodes, by name.
      type: list
      elements: dict
      contains:
        name:
          description: Name of the node.
          type: str
          sample: worker-1
        addresses:
          description: Its addresses of the type InternalIP.
          type: list
          elements: str
          sample: [10.0.0.11]
        ready:
          description: Whether its condition Ready is True; false also where its kubelet has stopped to report.
          type: bool
          sample: true
        unschedulable:
          description: Whether it is cordoned.
          type: bool
          sample: false
        control_plane:
          description: Whether it has the label of the control plane.
          type: bool
          sample: false
        kubelet_version:
          description: Version of its kubelet.
          type: str
          sample: v1.20.2
        kernel:
          description: Release of its kernel.
          type: str
          sample: 6.1.0-50-amd64
        os_image:
          description: Name of its operating system.
          type: str
          sample: Debian GNU/Linux 12 (bookworm)
        runtime:
          description: Its container runtime and version.
          type: str
          sample: containerd://1.6.20
    calico:
      description: Calico in the cluster; RV(ignore:present) is false where there is none, and then the rest is missing.
      type: dict
      contains:
        present:
          description: Whether there is a DaemonSet of Calico or canal.
          type: bool
          sample: true
        method:
          description: How it was installed, V(manifest), V(operator), V(helm), V(rke2), V(k3s) (an add-on), V(kubekey) or V(kubespray).
          type: str
          sample: manifest
        because:
          description: What tells so.
          type: list
          elements: str
          sample: []
        managed_by:
          description: What would put changes back, an operator, a Helm release, Argo CD, Flux, an addon manager; else null.
          type: str
          sample: the Tigera operator
        namespace:
          description: Namespace of the DaemonSet.
          type: str
          sample: kube-system
        daemonset:
          description: Its name, update strategy, how far it is rolled out, and whether it is complete.
          type: dict
          sample: {name: calico-node, strategy: RollingUpdate, max_unavailable: 1, desired: 3, updated: 3, ready: 3, available: 3, complete: true}
        service_account:
          description: Account of calico-node.
          type: str
          sample: calico-node
        cni_account:
          description: Account that tokens for the CNI plugin are made for, where a setting names one; else null.
          type: str
          sample: calico-cni-plugin
        datastore:
          description: V(kubernetes) or V(etcd).
          type: str
          sample: kubernetes
        api_group:
          description: Group of Calico's objects, V(crd.projectcalico.org), or V(projectcalico.org) in native mode.
          type: str
          sample: crd.projectcalico.org
        ipam:
          description: Whether Calico allocates addresses itself (not with canal).
          type: bool
          sample: true
        dataplane:
          description: V(iptables), V(nftables) or V(bpf).
          type: str
          sample: iptables
        env:
          description: Settings of calico-node by name, never one that may hold a secret; a reference is shown by what it names.
          type: dict
          sample: {CALICO_IPV4POOL_IPIP: Always, FELIX_VXLANMTU: configMapKeyRef calico-config veth_mtu}
        image:
          description: Image of calico-node in the DaemonSet.
          type: str
          sample: docker.io/calico/node:v3.22.5
        images:
          description: Image of each container of the DaemonSet.
          type: dict
          sample: {calico-node: "docker.io/calico/node:v3.22.5", install-cni: "docker.io/calico/cni:v3.22.5"}
        edition:
          description: V(oss) or V(enterprise) (which counts versions of its own), by that image.
          type: str
          sample: oss
        version:
          description: The version that this image says; null where it says none.
          type: str
          sample: 3.22.5
        nodes:
          description:
            - What runs on each node, from its pod. RV(ignore:version_source) is V(image), V(status) (a tag that the runtime knows for a digest),
              V(installation) (the operator's word) or null.
          type: list
          elements: dict
          sample:
            - {node: worker-1, pod: calico-node-x2x4z, image: "calico/node:v3.22.5", edition: oss, version: 3.22.5, version_source: image, ready: true}
        versions:
          description: The versions that run, oldest first.
          type: list
          elements: str
          sample: [3.22.5]
        kube_controllers:
          description: Deployment calico-kube-controllers; null where there is none.
          type: dict
          sample:
            label: calico-kube-controllers
            name: calico-kube-controllers
            namespace: kube-system
            image: docker.io/calico/kube-controllers:v3.22.5
            version: 3.22.5
            service_account: calico-kube-controllers
            replicas: 1
            ready: 1
            controllers: [node]
        typha:
          description: Deployment calico-typha; null where there is none.
          type: dict
          sample:
            label: calico-typha
            name: calico-typha
            namespace: kube-system
            image: docker.io/calico/typha:v3.22.5
            version: 3.22.5
            service_account: calico-node
            replicas: 3
            ready: 3
            controllers: null
        operator:
          description: Variant, version and dataplane of the operator's Installation; null without one.
          type: dict
          sample: {variant: Calico, version: v3.28.5, dataplane: Iptables}
unavailable:
  description:
    - The facts that could not be read, each with a reason (V(ApiUnreachable), V(Forbidden), V(CommandMissing), V(NeedsRoot), V(TimedOut),
      V(Unreadable)) and a message.
  returned: success
  type: dict
  sample: {cluster_nodes: {reason: Forbidden, message: "/api/v1/nodes?limit=500: nodes is forbidden: ..."}}
"""

from ansible_collections.nodemend.kubernetes.plugins.module_utils._cluster_module import run_cluster_scan


def main():
    run_cluster_scan()


if __name__ == "__main__":
    main()
