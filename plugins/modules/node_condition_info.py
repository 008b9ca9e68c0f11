#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: node_condition_info
short_description: Judge all known faults of a Kubernetes node in one call
version_added: 0.1.0
description:
  - Collects each fact once and answers every node condition of the catalogue, or those chosen.
  - Looking changes nothing. No kernel module is loaded, no netfilter table is created, no file is left.
  - What each condition means stands in C(docs/conditions/) of the collection, what a scan may read in C(docs/commands.md).
options:
  conditions:
    description:
      - The conditions to judge; all of them when not given.
    type: list
    elements: str
    choices:
      - admission_flags_conflict
      - apiserver_loopback_certificate_expiring
      - binfmt_fix_binary_missing
      - calico_ipset_incompatible
      - calico_reject_bypassed
      - certificate_authority_expiring
      - clock_unsynchronized
      - cni_token_expiring
      - conntrack_table_full
      - container_nofile_low
      - hugetlb_cgroup_missing
      - inotify_instances_exhausted
      - iptables_backend_mismatch
      - iptables_rule_check_broken
      - iptables_rules_duplicated
      - ipvs_connection_reuse
      - kernel_below_minimum
      - kernel_memory_leak
      - kernel_not_default
      - kubelet_certificate_expiring
      - kubernetes_certificate_expiring
      - node_prerequisites_missing
      - pid_exhaustion
      - port_conflict
      - rp_filter_strict
      - runtime_nofile_huge
      - runtime_nofile_low
      - vxlan_checksum_offload
  symptoms:
    description:
      - Whether to look for known words of errors (C(docs/symptoms.md)) in the last day of the journals of the kubelet, the container runtime,
        kube-proxy, an API server that is a unit, k3s and RKE2, the newest 10,000 lines at the most, and to add them to the evidence of the
        conditions that they point to.
      - Such a line is a hint and never changes a verdict. Only the words that were looked for, their unit, number and time are returned.
      - What pods write is not in these journals.
    type: bool
    default: false
extends_documentation_fragment:
  - nodemend.kubernetes.info
  - nodemend.kubernetes.info.container
  - nodemend.kubernetes.info.duplicates
  - nodemend.kubernetes.info.emulators
  - nodemend.kubernetes.info.expiry
  - nodemend.kubernetes.info.kernel
  - nodemend.kubernetes.info.ports
  - nodemend.kubernetes.info.runtime
"""

EXAMPLES = r"""
- name: Judge everything
  nodemend.kubernetes.node_condition_info:
  register: scan

- name: Show what is wrong
  ansible.builtin.debug:
    msg: "{{ scan.conditions | selectattr('status', 'in', ['faulty', 'at_risk']) | map(attribute='message') | list }}"

- name: Judge one condition with a threshold of one's own
  nodemend.kubernetes.node_condition_info:
    conditions:
      - runtime_nofile_low
    minimum_nofile: 524288
"""

RETURN = r"""
symptoms:
  description: What the journals say; null without O(symptoms).
  returned: success
  type: dict
  contains:
    found:
      description:
        - Known words of errors, in each unit that has written them. The verdict on RV(symptoms.found[].condition) has them in its evidence, too.
      type: list
      elements: dict
      contains:
        phrase:
          description: The words, in lower case.
          type: str
          sample: too many open files
        condition:
          description: The condition to which they point; one of a cluster is judged by M(nodemend.kubernetes.cluster_condition_info).
          type: str
          sample: runtime_nofile_low
        unit:
          description: The unit that has written them.
          type: str
          sample: kubelet.service
        count:
          description: In how many lines.
          type: int
          sample: 301
        first:
          description: When the first of these lines was written, in UTC.
          type: str
          sample: "2026-11-20T11:30:05Z"
        last:
          description: When the last was.
          type: str
          sample: "2026-11-20T12:11:31Z"
    lines:
      description: How many lines were read; null where none could be.
      type: int
      sample: 2412
    complete:
      description: Whether those are all lines of the last 24 hours; if not, they are the newest.
      type: bool
      sample: true
    unavailable:
      description: Why the journals could not be read, as C(reason) and C(message); null where they were.
      type: dict
      sample: {reason: NeedsRoot, message: "journalctl: only root may read all of the journal"}
conditions:
  description: One verdict for each condition that was asked for, in the order of the catalogue.
  returned: success
  type: list
  elements: dict
  contains:
    condition:
      description: The condition's id, the name of its page in C(docs/conditions/).
      type: str
      sample: runtime_nofile_low
    type:
      description: The id as Kubernetes writes the type of a NodeCondition.
      type: str
      sample: RuntimeNofileLow
    scope:
      description: Where the condition is looked for, V(node) or V(cluster).
      type: str
      sample: node
    status:
      description:
        - V(faulty) is proved; V(at_risk) will fail under load, with time or at the next upgrade, or cannot be proved passively.
        - V(unknown) could not be read, RV(conditions[].message) says why; V(not_applicable) does not arise on this host; V(ok) was looked at and is healthy.
      type: str
      sample: faulty
    reason:
      description: One PascalCase word that programs can compare.
      type: str
      sample: SoftLimitLow
    message:
      description: One sentence for people, with the numbers.
      type: str
      sample: containerd.service (PID 811) may open 1024 files, fewer than 65536.
    evidence:
      description: The facts that decided.
      type: dict
      sample: {minimum_nofile: 65536}
    role:
      description: FQCN of the role that remediates it; null where there is none.
      type: str
      sample: nodemend.kubernetes.runtime_limits
    remedy_scope:
      description: Where the role runs, on the V(node) or once for the V(cluster); null without a role.
      type: str
      sample: node
    remediate_on:
      description: The status from which the playbook remediate plans the role, V(faulty) or V(at_risk); V(request) means only when the condition is named.
      type: str
      sample: faulty
    disruption:
      description: What the role would do to this host at the most, V(none), V(restart) (a daemon, pods keep running), V(drain) (pods move) or V(reboot).
      type: str
      sample: restart
    docs:
      description: Path of the condition's page inside the collection.
      type: str
      sample: docs/conditions/runtime_nofile_low.md
faulty:
  description: Ids of the conditions that are proved.
  returned: success
  type: list
  elements: str
  sample: [runtime_nofile_low]
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
node:
  description: What is known of the host as a Kubernetes node.
  returned: success
  type: dict
  contains:
    present:
      description: Whether the host runs Kubernetes or a container runtime at all.
      type: bool
      sample: true
    kubernetes:
      description: Whether a kubelet, k3s or RKE2 is installed.
      type: bool
      sample: true
    distribution:
      description: V(kubelet) (kubeadm, kubespray, KubeKey or by hand), V(k3s), V(rke2) or null.
      type: str
      sample: kubelet
    because:
      description: What was found.
      type: list
      elements: str
      sample: [process kubelet]
    name:
      description: The Kubernetes node's name where the kubelet's client certificate or arguments prove it, else null.
      type: str
      sample: worker-1
    name_source:
      description: What proved the name.
      type: str
      sample: /var/lib/kubelet/pki/kubelet-client-current.pem
    control_plane:
      description: Whether the host belongs to the control plane (an admin kubeconfig, or an API server runs).
      type: bool
      sample: false
    etcd:
      description: Whether a member of the cluster's etcd runs here or is meant to (a static pod of kubeadm or RKE2, the data of k3s or RKE2).
      type: bool
      sample: false
    standalone:
      description: Whether the kubelet runs without an API server (neither C(--kubeconfig) nor C(--bootstrap-kubeconfig)), as kubeadm has it run etcd alone.
      type: bool
      sample: false
    cluster:
      description: The first 16 hexadecimal digits of the SHA-256 of the cluster's CA certificate, the same on all its nodes; null where unknown.
      type: str
      sample: 5d41402abc4b2a76
    addresses:
      description: The host's own IP addresses, without loopback and link-local ones.
      type: list
      elements: str
      sample: [10.0.0.11]
    blackholes:
      description:
        - RV(ignore:prefixes) are IPv4 prefixes of a block's size that the host drops by a route of its own, each with the routes inside it that it does not
          drop. RV(ignore:policies) tells whether packets may be looked up in other tables.
      type: dict
      sample: {prefixes: [{prefix: 192.168.100.0/26, routes: [192.168.100.5/32]}], policies: false}
    blackholes_ipv6:
      description: The same of IPv6.
      type: dict
      sample: {prefixes: [{prefix: "fd00:10:244::40/122", routes: ["fd00:10:244::45/128"]}], policies: false}
    kernel:
      description: Release of the running kernel; null where no condition has asked for it, as the next three.
      type: str
      sample: 6.1.0-50-amd64
    runtimes:
      description: Container runtimes that run.
      type: list
      elements: str
      sample: [containerd]
    cni:
      description: Type of the first plugin of the network configuration that the runtime uses.
      type: str
      sample: calico
    proxy_mode:
      description: How kube-proxy programs Services.
      type: str
      sample: iptables
    admin_kubeconfig:
      description: Path of the admin kubeconfig; its content is never returned.
      type: str
      sample: /etc/kubernetes/admin.conf
"""

from ansible_collections.nodemend.kubernetes.plugins.module_utils._module import run_node_scan


def main():
    run_node_scan()


if __name__ == "__main__":
    main()
