#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: runtime_limits_info
short_description: Report the open-file limits of a node's container runtimes and the conditions about them
version_added: 0.1.0
description:
  - Reads the effective limits of containerd, dockerd, cri-o and the containerd inside k3s and RKE2 from C(/proc), the configured ones from
    systemd, and says what a restart of each runtime would do to pods.
  - Judges the conditions C(runtime_nofile_low) and C(runtime_nofile_huge).
extends_documentation_fragment:
  - nodemend.kubernetes.info
  - nodemend.kubernetes.info.runtime
seealso:
  - module: nodemend.kubernetes.node_condition_info
    description: Every node condition in one call, and the return value RV(nodemend.kubernetes.node_condition_info#module:conditions) explained.
"""

EXAMPLES = r"""
- name: Read the limits of the container runtimes
  nodemend.kubernetes.runtime_limits_info:
  register: limits

- name: Show the runtimes that a restart would take pods along with
  ansible.builtin.debug:
    msg: "{{ limits.runtime_limits.runtimes | default([], true) | rejectattr('restart.kills_pods', 'equalto', false) | map(attribute='name') | list }}"

- name: Judge with a stricter policy
  nodemend.kubernetes.runtime_limits_info:
    minimum_nofile: 524288
"""

RETURN = r"""
runtime_limits:
  description: The facts. One that could not be read is null, and RV(unavailable) says why.
  returned: success
  type: dict
  contains:
    runtimes:
      description: One element for each running container runtime.
      type: list
      elements: dict
      contains:
        name:
          description: V(containerd), V(docker), V(cri-o), V(k3s) or V(rke2) (the containerd inside those).
          type: str
          sample: containerd
        pid:
          description: Process of the daemon.
          type: int
          sample: 811
        unit:
          description: The systemd unit whose cgroup the daemon is in; null outside systemd.
          type: str
          sample: containerd.service
        soft:
          description: Effective soft limit of open files.
          type: int
          sample: 1024
        hard:
          description: Effective hard limit of open files.
          type: int
          sample: 524288
        in_use:
          description: Descriptors in use; null without root.
          type: int
          sample: 41
        configured:
          description: Limits as the unit configures them; a number, V(infinity), or null where the unit or an old systemd does not say.
          type: dict
          contains:
            soft:
              description: The soft limit (LimitNOFILESoft).
              type: raw
              sample: 1024
            hard:
              description: The hard limit (LimitNOFILE).
              type: raw
              sample: 524288
        kill_mode:
          description: KillMode of the unit.
          type: str
          sample: process
        delegate:
          description: Whether the unit manages its own cgroup subtree.
          type: bool
          sample: true
        fragment:
          description: The unit's file.
          type: str
          sample: /usr/lib/systemd/system/containerd.service
        drop_ins:
          description: Drop-ins of the unit, in the order systemd reads them.
          type: list
          elements: str
          sample: [/etc/systemd/system/containerd.service.d/zz-nodemend.conf]
        need_daemon_reload:
          description: Whether a file of the unit is newer than what systemd has read.
          type: bool
          sample: false
        socket:
          description: Path of the socket on which a containerd listens, as far as its command line tells.
          type: str
          sample: /run/k0s/containerd.sock
        handed:
          description: The soft limit seen on a container's first process, its PID and its name; null where no container runs.
          type: dict
          sample: {soft: 1024, pid: 2103, name: pause}
        in_containers:
          description: The highest soft limit of a container's first process that is no pause process; null where none runs.
          type: dict
          sample: {soft: 65535, pid: 2110, name: coredns}
        go_version:
          description: The Go version that the daemon was built with; Go raises the soft limit by itself from 1.19 on.
          type: str
          sample: go1.19.8
        restart:
          description:
            - What restarting the unit would do. RV(ignore:kills_pods) is null where it cannot be told; RV(ignore:because) holds the reasons.
            - Whether containers of dockerd survive is its own answer (live-restore), where its file says so; the file alone proves nothing of one that runs.
          type: dict
          sample: {kills_pods: false, stops_control_plane: false, because: []}
    runtime_units:
      description: One element for each systemd unit that starts a container runtime, running or not; what the role runtime_limits works on.
      type: list
      elements: dict
      contains:
        unit:
          description: Name of the unit.
          type: str
          sample: containerd.service
        active:
          description: Whether systemd has it running or is starting it.
          type: bool
          sample: true
        used:
          description: Whether the kubelet's pods depend on it; true of each one installed where no kubelet tells.
          type: bool
          sample: true
        soft:
          description: The least effective soft limit of the runtimes in it; null while none runs.
          type: int
          sample: 1024
        hard:
          description: The least effective hard limit of the runtimes in it; null while none runs.
          type: int
          sample: 524288
        outdated:
          description: Whether a runtime in it was started before the unit's files were last written; null where that cannot be told.
          type: bool
          sample: false
        started_soft:
          description:
            - The soft limit that the runtimes in it were started with, and so hand to containers, also where they raised their own;
              null where they are outdated, so that it cannot be told.
          type: int
          sample: 1024
        configured:
          description: Limits as the unit configures them, as in RV(runtime_limits.runtimes[].configured).
          type: dict
          sample: {soft: 1024, hard: 524288}
        as_configured:
          description:
            - Whether the runtimes in it run with what it configures, as far as this host allows; null where it cannot be told, as of runtimes
              that raised their soft limit and are older than the unit's files.
          type: bool
          sample: true
        drop_ins:
          description: Drop-ins of the unit, in the order systemd reads them.
          type: list
          elements: str
          sample: []
        need_daemon_reload:
          description: Whether a file of the unit is newer than what systemd has read.
          type: bool
          sample: false
        own_drop_in:
          description:
            - The drop-in that the role writes, whether its file is there, whether systemd has read it, and whether its folder is there and empty.
          type: dict
          sample: {path: /etc/systemd/system/containerd.service.d/zz-nodemend.conf, present: false, loaded: false, removed: false}
        restart:
          description: What restarting the unit would do, as in RV(runtime_limits.runtimes[].restart), of all runtimes in it together.
          type: dict
          sample: {kills_pods: false, stops_control_plane: false, because: []}
    nofile_ceiling:
      description: The most open files a service of this host can be given, and what bounds it.
      type: dict
      sample: {nr_open: 1048576, manager_hard: 1048576, may_raise: true, ceiling: 1048576}
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
    - condition: runtime_nofile_low
      type: RuntimeNofileLow
      scope: node
      status: faulty
      reason: SoftLimitLow
      message: containerd.service (PID 811) may open 1024 files, fewer than 65536.
      evidence: {minimum_nofile: 65536}
      role: nodemend.kubernetes.runtime_limits
      remedy_scope: node
      remediate_on: faulty
      disruption: restart
      docs: docs/conditions/runtime_nofile_low.md
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
unavailable:
  description: The facts that could not be read, each with a reason (V(NeedsRoot), V(CommandMissing), V(Unreadable), V(TimedOut)) and a message.
  returned: success
  type: dict
  sample: {}
"""

from ansible_collections.nodemend.kubernetes.plugins.module_utils._conditions import runtime_nofile_huge, runtime_nofile_low
from ansible_collections.nodemend.kubernetes.plugins.module_utils._subject_module import run_subject


def main():
    run_subject(
        "runtime_limits",
        ("runtimes", "runtime_units", "nofile_ceiling", "kubelet"),
        (runtime_nofile_low.CONDITION, runtime_nofile_huge.CONDITION),
    )


if __name__ == "__main__":
    main()
