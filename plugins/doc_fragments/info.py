# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Options and attributes that the info modules share, a section per subject."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type


class ModuleDocFragment(object):
    # What every info module has.
    DOCUMENTATION = r"""
options:
  timeout:
    description:
      - Seconds that one command on the host may take.
      - A command that does not answer in time makes what needs it V(unknown) with the reason V(TimedOut); everything else is still answered.
    type: int
    default: 10
  dump_timeout:
    description:
      - Seconds that one dump of a netfilter ruleset may take; on a sick host such a dump takes much longer than other commands.
    type: int
    default: 120
  probes:
    description:
      - Whether a condition may try a behaviour out (in namespaces of its own) instead of only looking.
      - Without it a scan changes nothing on the host, loads no kernel module and leaves no file.
    type: bool
    default: false
attributes:
  check_mode:
    description: Can run in C(check_mode) and return the same result, as it changes nothing.
    support: full
  diff_mode:
    description: Returns details on what has changed (or possibly needs changing in C(check_mode)), when in diff mode.
    support: N/A
    details: It changes nothing.
notes:
  - Works without C(become); what only root may read is then V(unknown) with the reason V(NeedsRoot).
author:
  - The nodemend authors (@nodemend)
"""

    # Thresholds of runtime_nofile_low.
    RUNTIME = r"""
options:
  minimum_nofile:
    description:
      - The least number of open files (soft limit) that a container runtime should be allowed.
      - The role P(nodemend.kubernetes.runtime_limits#role) has the same default.
    type: int
    default: 65536
"""

    # Threshold of container_nofile_low.
    CONTAINER = r"""
options:
  container_minimum_nofile:
    description:
      - The least number of open files (soft limit) that every process in a container should be allowed.
      - Without it C(container_nofile_low) is V(not_applicable), as there is no number that suits every site.
    type: int
"""

    # Threshold of iptables_rules_duplicated.
    DUPLICATES = r"""
options:
  maximum_surplus_rules:
    description:
      - The most netfilter rules that may be copies of others in one dump. More are V(faulty) where they are also more than a fifth of all rules.
    type: int
    default: 50
"""

    # Thresholds of kernel_below_minimum.
    KERNEL = r"""
options:
  minimum_kernel_version:
    description:
      - The oldest kernel that is accepted, as a quoted text such as V("4.19"); with a build such as V("4.18.0-553") that counts too.
      - A kernel below it is V(faulty), whatever its vendor has backported. Without it 4.8 is assumed, and a kernel below that is V(faulty)
        only where something that needs more is in use and shown to be missing.
      - The role P(nodemend.kubernetes.kernel#role) has this as C(kernel_minimum_version).
    type: raw
"""

    # Thresholds of the conditions about an expiry.
    EXPIRY = r"""
options:
  certificate_expiry_days:
    description:
      - A certificate, or a token that lives longer than 30 days, is V(at_risk) when it expires in fewer days than this.
      - A certificate with a shorter life is judged by a fifth of that life instead.
    type: int
    default: 30
"""

    # What port_conflict looks for besides Kubernetes' own ports.
    PORTS = r"""
options:
  expected_ports:
    description:
      - Ports of the host that a program of yours needs, each as V(PORT=PROCESS), for example V(4443=metrics-server).
      - C(port_conflict) is V(faulty) when another process listens there and this one does not. Kubernetes' own ports need not be given.
    type: list
    elements: str
"""

    # What binfmt_fix_binary_missing looks for besides emulators that are registered.
    EMULATORS = r"""
options:
  binfmt_platforms:
    description:
      - Platforms of images that should run on this host, as V(linux/arm64). Those that its own CPU runs need nothing.
      - C(binfmt_fix_binary_missing) is V(faulty) where QEMU's emulator of one of them is not registered with the flag F.
        Without the option only emulators that are registered are judged.
    type: list
    elements: str
"""

    # Thresholds of calico_below_minimum.
    CALICO = r"""
options:
  minimum_calico_version:
    description:
      - The oldest Calico that is accepted, as a quoted text such as V("3.16.0"); unquoted, 3.20 is 3.2 to YAML and refused.
    type: raw
    default: "3.16.0"
"""

    # Threshold of evicted_pods_accumulated.
    PODS = r"""
options:
  maximum_evicted_pods:
    description:
      - The most evicted pods that may be kept in a cluster. More are V(at_risk).
    type: int
    default: 100
"""
