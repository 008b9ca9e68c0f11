#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: calico_info
short_description: Report the Calico that runs on a node, and the conditions about it
version_added: 0.1.0
description:
  - Tells the version of calico-node from the container that really runs on this host, its edition and its dataplane, without the API server.
  - Of the files and environments it reads, which hold secrets, only the named values are kept.
  - Judges the conditions C(calico_reject_bypassed), by rule and by version, and C(calico_ipset_incompatible).
  - Where a kubeconfig of an administrator is, on a control-plane host, it also asks the API server through kubectl how Calico was installed.
    The conditions of the cluster are judged by M(nodemend.kubernetes.cluster_condition_info).
options:
  kubeconfig:
    description:
      - Path of the kubeconfig on the host.
      - The administrator's of kubeadm, k3s or RKE2 when not given; on a host without one nothing is asked.
    type: path
  kubectl:
    description:
      - Path of kubectl on the host.
      - Looked for in C(PATH) and where RKE2 keeps it when not given; without one, C(k3s kubectl) is used.
    type: path
extends_documentation_fragment:
  - nodemend.kubernetes.info
seealso:
  - module: nodemend.kubernetes.node_condition_info
    description: Every node condition in one call, and the return value RV(nodemend.kubernetes.node_condition_info#module:conditions) explained.
"""

EXAMPLES = r"""
- name: Read what Calico runs here
  nodemend.kubernetes.calico_info:
  register: calico_node

- name: Show the version and where it was read
  ansible.builtin.debug:
    msg: "{{ calico_node.calico.calico.version }} ({{ calico_node.calico.calico.version_source }})"
"""

RETURN = r"""
calico:
  description: The facts. One that could not be read is null, and RV(unavailable) says why.
  returned: success
  type: dict
  contains:
    calico:
      description: Calico on this node.
      type: dict
      contains:
        present:
          description: Whether calico-node runs here, or the runtime calls Calico's CNI plugin.
          type: bool
          sample: true
        pid:
          description: Process of Felix; null where it does not run.
          type: int
          sample: 2350
        image:
          description: Image of calico-node's container; null where it cannot be told.
          type: str
          sample: docker.io/calico/node:v3.15.1
        edition:
          description: V(oss), V(enterprise) (which counts versions of its own) or V(unknown).
          type: str
          sample: oss
        version:
          description: The version; null where it cannot be told, RV(calico.calico.version_unavailable) says why.
          type: str
          sample: 3.15.1
        version_source:
          description: V(image), or the path of the CNI plugin, which is the version of the last install-cni run.
          type: str
          sample: image
        version_unavailable:
          description: Reason and message of a version that cannot be told, else null.
          type: dict
          sample: {reason: Unreadable, message: "The image calico/node:latest has no version in its tag."}
        felix:
          description: Settings of backend and dataplane in Felix's environment; null where only root may read them.
          type: dict
          sample: {FELIX_IPTABLESBACKEND: NFT}
        dataplane:
          description: V(bpf) or V(nftables) where Felix's environment says so, else null; iptables is the default.
          type: str
          sample: null
    kube_proxy:
      description:
        - How Services are programmed. RV(ignore:mode) is V(iptables), V(ipvs), V(nftables) or null, RV(ignore:source) what says so;
          RV(ignore:k3s), RV(ignore:embedded), RV(ignore:bundled) (whether it calls its own iptables even where the host has one) and
          RV(ignore:foreign_runtime) (whether not its own containerd runs the containers) are about k3s;
          RV(ignore:ebpf_agent) names a process that can replace kube-proxy.
        - Of k3s, RV(ignore:mode), RV(ignore:bundled) and RV(ignore:foreign_runtime) are null where a part of its configuration could not be read and no
          other part names them.
      type: dict
      sample:
        running: true
        pid: 2210
        mode: iptables
        source: /var/lib/kube-proxy/config.conf
        k3s: false
        embedded: false
        bundled: null
        foreign_runtime: null
        ebpf_agent: null
    installation:
      description:
        - Calico as the API server knows it, the same as RV(nodemend.kubernetes.cluster_condition_info#module:cluster.calico).
        - Null where the API server cannot be asked from here; RV(unavailable) says why.
      type: dict
      sample: {present: true, method: manifest, namespace: kube-system, version: 3.22.5, versions: [3.22.5]}
conditions:
  description: The verdicts, as explained in RV(nodemend.kubernetes.node_condition_info#module:conditions).
  returned: success
  type: list
  elements: dict
  sample:
    - condition: calico_reject_bypassed
      type: CalicoRejectBypassed
      scope: node
      status: faulty
      reason: AcceptBeforeReject
      message: "Calico accepts in cali-FORWARD (nft ipv4) before KUBE-SERVICES can reject: connections to Services without endpoints hang."
      evidence: {by_version: true}
      role: nodemend.kubernetes.calico
      remedy_scope: cluster
      remediate_on: faulty
      disruption: restart
      docs: docs/conditions/calico_reject_bypassed.md
faulty:
  description: Ids of the conditions that are proved.
  returned: success
  type: list
  elements: str
  sample: [calico_reject_bypassed]
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
unavailable:
  description: The facts that could not be read, each with a reason (V(NeedsRoot), V(CommandMissing), V(Unreadable), V(TimedOut), V(ApiUnreachable),
    V(Forbidden)) and a message.
  returned: success
  type: dict
  sample: {installation: {reason: CommandMissing, message: "kubectl: command not found, nor k3s."}}
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.nodemend.kubernetes.plugins.module_utils import _catalogue, _cluster_catalogue
from ansible_collections.nodemend.kubernetes.plugins.module_utils._ansible import end, open_facts, unavailable, values_of
from ansible_collections.nodemend.kubernetes.plugins.module_utils._conditions import calico_ipset_incompatible, calico_reject_bypassed
from ansible_collections.nodemend.kubernetes.plugins.module_utils._engine import scan
from ansible_collections.nodemend.kubernetes.plugins.module_utils._option import argument_spec

CONDITIONS = (calico_reject_bypassed.CONDITION, calico_ipset_incompatible.CONDITION)
NODE = ("calico", "kube_proxy")


def main():
    # This subject has facts of both catalogues.
    options = dict(_catalogue.options_for(CONDITIONS), **_cluster_catalogue.OPTIONS)
    del options["node_routes"]  # no fact of this subject asks for them
    module = AnsibleModule(argument_spec=argument_spec(options), supports_check_mode=True)
    facts = open_facts(module, options, _catalogue)
    cluster = open_facts(module, options, _cluster_catalogue)
    result = scan(facts, CONDITIONS)
    result["calico"] = values_of(facts, NODE)
    result["calico"]["installation"] = values_of(cluster, ("calico_installation",))["calico_installation"]
    result["unavailable"] = unavailable(facts, NODE)
    if "calico_installation" in cluster.unavailable:
        result["unavailable"]["installation"] = unavailable(cluster, ("calico_installation",))["calico_installation"]
    facts.bugs.extend(cluster.bugs)
    end(module, facts, result)


if __name__ == "__main__":
    main()
