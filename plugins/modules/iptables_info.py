#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: iptables_info
short_description: Report which netfilter backend holds a node's rules, and the conditions about them
version_added: 0.1.0
description:
  - Counts the rules of Kubernetes, its network and everybody else in each netfilter backend (legacy and nf_tables) that the kernel
    has loaded, and says which backend the host's commands and the network agents speak.
  - Loads no kernel module and creates no table; a backend that the kernel has not loaded is not asked.
  - Judges the condition C(iptables_backend_mismatch).
extends_documentation_fragment:
  - nodemend.kubernetes.info
seealso:
  - module: nodemend.kubernetes.node_condition_info
    description: Every node condition in one call, and the return value RV(nodemend.kubernetes.node_condition_info#module:conditions) explained.
"""

EXAMPLES = r"""
- name: Read the netfilter backends
  nodemend.kubernetes.iptables_info:
  register: netfilter

- name: Show where the rules of Kubernetes are
  ansible.builtin.debug:
    msg: "{{ netfilter.conditions[0].message }}"

- name: Give a host with very many rules more time
  nodemend.kubernetes.iptables_info:
    dump_timeout: 300
"""

RETURN = r"""
iptables:
  description: The facts. One that could not be read is null, and RV(unavailable) says why.
  returned: success
  type: dict
  contains:
    netfilter_backends:
      description:
        - What the kernel has loaded. RV(ignore:legacy) lists the registered legacy tables of each IP version (null where ip_tables is not loaded),
          RV(ignore:nft) says whether nf_tables is in the kernel, RV(ignore:legacy_kernel) whether the running kernel has or could load ip_tables.
      type: dict
      sample:
        legacy: {ipv4: [nat, filter], ipv6: null}
        unavailable: {ipv4: null, ipv6: null}
        nft: true
        legacy_kernel: {ipv4: true, ipv6: true}
    iptables_dumps:
      description:
        - For each backend (V(legacy), V(nft)) and IP version (V(ipv4), V(ipv6)) the rules counted by who wrote them.
        - RV(ignore:unavailable) is null, or the reason and message of a backend that is loaded and could not be listed.
        - RV(ignore:tables) counts chains and rules by family (V(KUBE), V(cali), V(CNI), V(FLANNEL), V(WEAVE), V(CILIUM), V(KUBE-VIP)) and
          the foreign rules.
        - RV(ignore:hints) are the chains by which the kubelet shows its backend, RV(ignore:services) counts the rules in
          KUBE-SERVICES, RV(ignore:pods) are the pods that CNI plugins have written rules for, each by the id of its sandbox or else its address (null where
          there are more than 1000), RV(ignore:forward) the positions of two jumps in FORWARD,
          RV(ignore:forward_ends) the rules there (at most 20) that drop or reject and are neither Kubernetes' nor its network's,
          RV(ignore:forward_behind) the policy or the first such rule that stops packets behind the rules of Kubernetes or its network there,
          RV(ignore:policy_accept) Calico's accept inside cali-FORWARD.
        - RV(ignore:host_ports) are the chains KUBE-HP-... with rules, each of one host port of one pod (CRI-O, and the kubelet with Docker's kubenet),
          RV(ignore:admin) the rules in CNI-ADMIN, which the administrator has written and no program writes again; null where there are more than 1000.
        - RV(ignore:total) counts all rules, RV(ignore:surplus) those that are identical to an earlier one of their table,
          RV(ignore:copies) says where these are (at most 20 places).
      type: dict
      sample:
        nft:
          ipv4:
            loaded: true
            unavailable: null
            tables:
              filter: {chains: {KUBE: 5}, rules: {KUBE: 10}, foreign: 2}
            hints: [KUBE-KUBELET-CANARY]
            incompatible: []
            kube_services: true
            services: 4
            pods: [3f0c6b0e5d2a4f7c9b1e8d6a5c4b3f2e1d0c9b8a7f6e5d4c3b2a190817263544]
            host_ports: [KUBE-HP-A7HWACIJNU4N3R5W]
            admin: ["-A CNI-ADMIN -s 203.0.113.0/24 -j DROP"]
            forward: {KUBE-SERVICES: 1}
            forward_ends: ["-A FORWARD -j REJECT --reject-with icmp-host-prohibited"]
            forward_behind: "-A FORWARD -j REJECT --reject-with icmp-host-prohibited"
            policy_accept: null
            ipvs: false
            total: 19
            surplus: 5
            copies: [{table: filter, chain: FORWARD, owner: other, rules: 5}]
          ipv6: {loaded: false, unavailable: null, tables: {}, hints: [], incompatible: [], kube_services: false, services: 0,
                 pods: [], host_ports: [], admin: [], forward: {}, forward_ends: [], forward_behind: null,
                 policy_accept: null, ipvs: false, total: 0, surplus: 0, copies: []}
        legacy:
          ipv4: {loaded: false, unavailable: null, tables: {}, hints: [], incompatible: [], kube_services: false, services: 0,
                 pods: [], host_ports: [], admin: [], forward: {}, forward_ends: [], forward_behind: null,
                 policy_accept: null, ipvs: false, total: 0, surplus: 0, copies: []}
          ipv6: {loaded: false, unavailable: null, tables: {}, hints: [], incompatible: [], kube_services: false, services: 0,
                 pods: [], host_ports: [], admin: [], forward: {}, forward_ends: [], forward_behind: null,
                 policy_accept: null, ipvs: false, total: 0, surplus: 0, copies: []}
    iptables_binaries:
      description:
        - The host's commands by name; null where one is not installed. RV(ignore:backend) is V(nft), V(legacy) or null (a wrapper that decides when it
          runs), RV(ignore:alternative) what update-alternatives points to, whether by hand, the choices, and in
          RV(ignore:leader) the name whose choice it follows (null where it has one of its own; Fedora's ip6tables follows iptables).
      type: dict
      sample:
        iptables:
          path: /usr/sbin/iptables
          resolved: /usr/sbin/xtables-nft-multi
          backend: nft
          version: 1.8.9
          alternative: {value: /usr/sbin/iptables-nft, status: auto, choices: [/usr/sbin/iptables-legacy, /usr/sbin/iptables-nft], leader: null}
        ip6tables:
          path: /usr/sbin/ip6tables
          resolved: /usr/sbin/xtables-nft-multi
          backend: nft
          version: 1.8.9
          alternative: {value: /usr/sbin/ip6tables-nft, status: auto, choices: [/usr/sbin/ip6tables-legacy, /usr/sbin/ip6tables-nft], leader: null}
        ebtables: null
        arptables: null
    iptables_callers:
      description: What is known to call an iptables command on this host, and the backend that command speaks.
      type: list
      elements: dict
      sample:
        - who: CNI plugin portmap
          why: portmap in /etc/cni/net.d/10-calico.conflist calls /usr/sbin/iptables
          backend: nft
    host_network_agents:
      description:
        - Which iptables kube-proxy and the network agents on the host's network would call, their image's or the host's; null without root.
          RV(ignore:decides) says whether a new start may take another backend (Felix, or an image with iptables-wrapper).
      type: list
      elements: dict
      sample:
        - name: flanneld
          pid: 2301
          unit: null
          image: true
          path: /sbin/xtables-legacy-multi
          backend: legacy
          decides: false
    cni_plugins:
      description: The network configuration that the runtime uses, and its plugins.
      type: dict
      sample:
        path: /etc/cni/net.d/10-calico.conflist
        plugins:
          - {type: portmap, backend: null, masquerades: false}
    cni_pods:
      description:
        - The pods that CNI plugins have written rules for, in any backend. RV(ignore:running) is null where it cannot be told, for an address and on CRI-O.
      type: list
      elements: dict
      sample:
        - {id: 3f0c6b0e5d2a4f7c9b1e8d6a5c4b3f2e1d0c9b8a7f6e5d4c3b2a190817263544, running: true}
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
    kubelet:
      description: Whether a kubelet runs or is enabled, and which runtime it uses.
      type: dict
      sample: {running: true, enabled: true, endpoint: /run/containerd/containerd.sock, dockershim: false, hostname_override: null, standalone: false}
    kubernetes_units:
      description: The systemd units of Kubernetes that run.
      type: list
      elements: str
      sample: [kubelet.service]
    rule_writers:
      description:
        - What besides Kubernetes writes rules through an iptables command, the backend it writes to (null where it cannot be known) and what was found.
      type: list
      elements: dict
      sample:
        - who: fail2ban.service
          why: the unit is active
          backend: nft
          flushes: false
conditions:
  description: The verdicts, as explained in RV(nodemend.kubernetes.node_condition_info#module:conditions).
  returned: success
  type: list
  elements: dict
  sample:
    - condition: iptables_backend_mismatch
      type: IptablesBackendMismatch
      scope: node
      status: faulty
      reason: SplitFamily
      message: "KUBE has ipv4 rules in both backends: 22 in nft and 22 in legacy."
      evidence: {rules: {KUBE: {nft ipv4: 22, legacy ipv4: 22}}, hints: [nft, legacy]}
      role: nodemend.kubernetes.iptables_backend
      remedy_scope: node
      remediate_on: faulty
      disruption: drain
      docs: docs/conditions/iptables_backend_mismatch.md
faulty:
  description: Ids of the conditions that are proved.
  returned: success
  type: list
  elements: str
  sample: [iptables_backend_mismatch]
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
  description: The facts that could not be read, each with a reason (V(NeedsRoot), V(CommandMissing), V(Unreadable), V(TimedOut)) and a message.
  returned: success
  type: dict
  sample: {}
"""

from ansible_collections.nodemend.kubernetes.plugins.module_utils._conditions import iptables_backend_mismatch
from ansible_collections.nodemend.kubernetes.plugins.module_utils._subject_module import run_subject


def main():
    run_subject(
        "iptables",
        (
            "netfilter_backends",
            "iptables_dumps",
            "iptables_binaries",
            "iptables_callers",
            "host_network_agents",
            "cni_plugins",
            "cni_pods",
            "kube_proxy",
            "kubelet",
            "kubernetes_units",
            "rule_writers",
        ),
        (iptables_backend_mismatch.CONDITION,),
    )


if __name__ == "__main__":
    main()
