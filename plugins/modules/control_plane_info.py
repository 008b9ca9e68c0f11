#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: control_plane_info
short_description: Report the certificates of a host's control plane and the processes that use them
version_added: 0.1.0
description:
  - Tells the dates of the certificates that the API server, etcd, the controller manager, the scheduler and the kubelet use, of the certificate
    with which the API server talks to itself, and since when each of these processes runs.
  - No key and no content of a kubeconfig is in the result.
  - Judges the conditions C(apiserver_loopback_certificate_expiring), C(kubernetes_certificate_expiring) and C(certificate_authority_expiring).
extends_documentation_fragment:
  - nodemend.kubernetes.info
  - nodemend.kubernetes.info.expiry
seealso:
  - module: nodemend.kubernetes.node_condition_info
    description: Every node condition in one call, and the return value RV(nodemend.kubernetes.node_condition_info#module:conditions) explained.
"""

EXAMPLES = r"""
- name: Read the certificates of the control plane
  nodemend.kubernetes.control_plane_info:
  register: control_plane_found

- name: Show when each one ends, in seconds since the epoch
  ansible.builtin.debug:
    msg: "{{ control_plane_found.control_plane.certificates.certificates | items2dict('path', 'not_after') }}"
  when: control_plane_found.control_plane.certificates is not none
"""

RETURN = r"""
control_plane:
  description: The facts. One that could not be read is null, and RV(unavailable) says why.
  returned: success
  type: dict
  contains:
    control_plane_processes:
      description: One element for each process of the control plane, by name.
      type: list
      elements: dict
      contains:
        name:
          description: V(kube-apiserver), V(kube-controller-manager), V(kube-scheduler), V(etcd) or V(k3s).
          type: str
          sample: kube-apiserver
        pid:
          description: The process.
          type: int
          sample: 2103
        started:
          description: Since when it runs, in seconds since the epoch.
          type: int
          sample: 1795196525
        unit:
          description: The systemd unit whose cgroup it is in; null for a container.
          type: str
          sample: null
    apiserver_loopback:
      description: The certificate with which the API server talks to itself, or how long the process has run; null where none runs.
      type: dict
      sample:
        pid: 2103
        age: 3600.5
        version: 1.20.2
        address: 127.0.0.1:6443
        certificate:
          subject: apiserver-loopback-client@1795196525
          issuer: apiserver-loopback-client-ca@1795196525
          not_before: 1795192925
          not_after: 1826728925
        unavailable: null
    certificates:
      description: The certificates in use and what could not be read of them.
      type: dict
      contains:
        certificates:
          description: Path, kind (V(control_plane), V(kubelet) or V(authority)), use, subject, issuer and dates; whether the kubelet rotates it.
          type: list
          elements: dict
          sample:
            - path: /etc/kubernetes/pki/apiserver.crt
              kind: control_plane
              use: kube-apiserver --tls-cert-file
              subject: kube-apiserver
              issuer: kubernetes
              not_before: 1795192925
              not_after: 1826728925
              rotates: false
        unreadable:
          description: Path, kind, reason and message of files that exist and could not be read.
          type: list
          elements: dict
          sample: []
    node:
      description: Whether this host is a Kubernetes node, and of which distribution.
      type: dict
      sample: {present: true, kubernetes: true, distribution: kubelet, because: [process kubelet]}
    kubelet:
      description: Whether a kubelet runs or is enabled, and which runtime it uses.
      type: dict
      sample: {running: true, enabled: true, endpoint: /run/containerd/containerd.sock, dockershim: false, hostname_override: null, standalone: false}
conditions:
  description: The verdicts, as explained in RV(nodemend.kubernetes.node_condition_info#module:conditions).
  returned: success
  type: list
  elements: dict
  sample:
    - condition: kubernetes_certificate_expiring
      type: KubernetesCertificateExpiring
      scope: node
      status: faulty
      reason: Expired
      message: /etc/kubernetes/pki/apiserver.crt (kube-apiserver) expired 12 d ago, on 2027-11-20 16:42 UTC.
      evidence: {certificate_expiry_days: 30, due: [/etc/kubernetes/pki/apiserver.crt]}
      role: nodemend.kubernetes.control_plane_certificates
      remedy_scope: node
      remediate_on: at_risk
      disruption: drain
      docs: docs/conditions/kubernetes_certificate_expiring.md
faulty:
  description: Ids of the conditions that are proved.
  returned: success
  type: list
  elements: str
  sample: [kubernetes_certificate_expiring]
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

from ansible_collections.nodemend.kubernetes.plugins.module_utils._conditions import (
    apiserver_loopback_certificate_expiring,
    certificate_authority_expiring,
    kubernetes_certificate_expiring,
)
from ansible_collections.nodemend.kubernetes.plugins.module_utils._subject_module import run_subject


def main():
    run_subject(
        "control_plane",
        ("control_plane_processes", "apiserver_loopback", "certificates", "node", "kubelet"),
        (
            apiserver_loopback_certificate_expiring.CONDITION,
            kubernetes_certificate_expiring.CONDITION,
            certificate_authority_expiring.CONDITION,
        ),
    )


if __name__ == "__main__":
    main()
