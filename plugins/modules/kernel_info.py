#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: kernel_info
short_description: Report a host's running, default, next and installed kernels and the conditions about them
version_added: 0.1.0
description:
  - Reads which kernel runs, whether it is this host's own, which kernels are installed, which one GRUB starts by default or once at the next
    boot, and what stands in the way of another one (Secure Boot, space, drivers, systems that are not changed by packages).
  - GRUB's menu is read from the files that GRUB itself reads (grub.cfg, grubenv, BLS entries); nothing is started and nothing is written.
  - Judges the conditions C(kernel_below_minimum) and C(kernel_not_default).
extends_documentation_fragment:
  - nodemend.kubernetes.info
  - nodemend.kubernetes.info.kernel
seealso:
  - module: nodemend.kubernetes.node_condition_info
    description: Every node condition in one call, and the return value RV(nodemend.kubernetes.node_condition_info#module:conditions) explained.
"""

EXAMPLES = r"""
- name: Read the kernels of the host
  nodemend.kubernetes.kernel_info:
  register: host

- name: Show what the next boot starts
  ansible.builtin.debug:
    msg: "{{ host.kernel.boot_kernels.next | default(host.kernel.boot_kernels.default, true) }}"
  when: host.kernel.boot_kernels is not none

- name: Hold the host to a floor of one's own
  nodemend.kubernetes.kernel_info:
    minimum_kernel_version: "4.19"
"""

RETURN = r"""
kernel:
  description: The facts. One that could not be read is null, and RV(unavailable) says why.
  returned: success
  type: dict
  contains:
    kernel_release:
      description: The running kernel.
      type: dict
      contains:
        release:
          description: As the vendor writes it (C(uname -r)).
          type: str
          sample: 4.18.0-553.el8_10.x86_64
        version:
          description: The numbers before the first dash.
          type: list
          elements: int
          sample: [4, 18, 0]
        build:
          description: The numbers right after it.
          type: list
          elements: int
          sample: [553]
        vendor:
          description: Whose mark the release bears (V(redhat), V(elrepo), V(debian), V(ubuntu), V(amazon), V(openeuler), V(suse) and others), or null.
          type: str
          sample: redhat
        flavour:
          description: Which of the vendor's kernels it is (V(cloud-amd64), V(generic), V(default), V(rt), V(debug)); empty for EL's plain one.
          type: str
          sample: ""
        patch_level:
          description:
            - The numbers of the upstream version, which Debian's releases lack up to 6.1.0-N and Ubuntu's always (C(/proc/version),
              C(/proc/version_signature)); null where the release has them or nothing tells them.
          type: list
          elements: int
          sample: [6, 1, 170]
    kernel_ownership:
      description: Whether the running kernel is this host's own; RV(ignore:kind) is V(container), V(chroot) or V(wsl) where it is not.
      type: dict
      sample: {own: true, kind: null, name: null, because: null}
    os_release:
      description: The distribution; RV(ignore:family) is null for one that is not known.
      type: dict
      sample:
        {id: debian, id_like: [], version_id: "12", codename: bookworm, major: 12, name: Debian GNU/Linux 12 (bookworm), variant_id: null, family: debian}
    installed_kernels:
      description: The installed kernels, the newest first.
      type: list
      elements: dict
      contains:
        release:
          description: The release.
          type: str
          sample: 4.18.0-553.el8_10.x86_64
        vendor:
          description: Its vendor, as of the running one.
          type: str
          sample: redhat
        flavour:
          description: Its flavour, as of the running one.
          type: str
          sample: ""
        image:
          description: Path of the kernel; null where only its modules are left.
          type: str
          sample: /boot/vmlinuz-4.18.0-553.el8_10.x86_64
        initramfs:
          description: Path of its initramfs, or null.
          type: str
          sample: /boot/initramfs-4.18.0-553.el8_10.x86_64.img
        modules:
          description: Whether it has a module tree.
          type: bool
          sample: true
    kernel_candidates:
      description: Releases of the installed kernels that satisfy the floor (4.8 where none is given), the newest first.
      type: list
      elements: str
      sample: [4.18.0-553.el8_10.x86_64]
    boot_kernels:
      description: What the boot loader starts.
      type: dict
      contains:
        loader:
          description: V(grub), or another loader that was recognised but is not read; null where there is none.
          type: str
          sample: grub
        running:
          description: Release of the running kernel.
          type: str
          sample: 4.18.0-553.el8_10.x86_64
        default:
          description: Release that every boot starts; null where it is not known.
          type: str
          sample: 4.18.0-553.el8_10.x86_64
        next:
          description: Release that only the next boot starts; null where no one-shot entry is set.
          type: str
          sample: 6.12.95-1.el8.elrepo.x86_64
        default_entry:
          description: The entry of the default in GRUB's menu.
          type: dict
          sample:
            id: 5d41402abc4b2a76b9719d911017c592-4.18.0-553.el8_10.x86_64
            title: Rocky Linux (4.18.0-553.el8_10.x86_64) 8.10 (Green Obsidian)
            release: 4.18.0-553.el8_10.x86_64
        next_entry:
          description: The one-shot entry in GRUB's menu, or null.
          type: dict
          sample: {id: 5d41402abc4b2a76b9719d911017c592-6.12.95-1.el8.elrepo.x86_64, title: Rocky Linux, release: 6.12.95-1.el8.elrepo.x86_64}
        source:
          description: The file or command that named the default.
          type: str
          sample: /boot/grub2/grub.cfg
    grub_menu:
      description: GRUB's menu; null where GRUB has no configuration here.
      type: dict
      contains:
        configuration:
          description: The file that holds the menu.
          type: str
          sample: /boot/grub2/grub.cfg
        bls:
          description: Whether entries come from C(/boot/loader/entries).
          type: bool
          sample: true
        entries:
          description:
            - The entries in the order of the menu, submenus flattened; the id is what C(grub-reboot) takes, RV(ignore:panic) the seconds after
              which the kernel reboots by itself when it panics (null where it waits for ever; of several kernel lines in one entry the weakest),
              RV(ignore:dracut) the arguments C(rd.shell) and C(rd.emergency), where the entry has them.
          type: list
          elements: dict
          sample:
            - id: 5d41402abc4b2a76b9719d911017c592-4.18.0-553.el8_10.x86_64
              title: Rocky Linux (4.18.0-553.el8_10.x86_64) 8.10 (Green Obsidian)
              release: 4.18.0-553.el8_10.x86_64
              panic: null
              dracut: {}
        saved_entry:
          description: The entry that grubenv saves as the default, or null.
          type: str
          sample: 5d41402abc4b2a76b9719d911017c592-4.18.0-553.el8_10.x86_64
        next_entry:
          description: The one-shot entry in grubenv, or null.
          type: str
          sample: 5d41402abc4b2a76b9719d911017c592-6.12.95-1.el8.elrepo.x86_64
        saves:
          description: Whether GRUB starts the entry that is saved in grubenv.
          type: bool
          sample: true
        pinned:
          description: Whether that one is a kernel's own and saved by its name, so that it stays the default whatever else is installed.
          type: bool
          sample: true
        default:
          description: The entry that every boot starts.
          type: dict
          sample: {id: 5d41402abc4b2a76b9719d911017c592-4.18.0-553.el8_10.x86_64, title: Rocky Linux, release: 4.18.0-553.el8_10.x86_64}
        next:
          description: The entry of the next boot only, or null.
          type: dict
          sample: {id: 5d41402abc4b2a76b9719d911017c592-6.12.95-1.el8.elrepo.x86_64, title: Rocky Linux, release: 6.12.95-1.el8.elrepo.x86_64}
    grub_environment:
      description:
        - Where grubenv lies, and what keeps GRUB from writing it (LVM, RAID, encryption, a file system that it only reads), or null. Where it
          cannot, a one-shot entry would never be forgotten.
      type: dict
      sample: {path: /boot/grub2/grubenv, file_system: xfs, obstacle: null}
    secure_boot:
      description: Whether the firmware is UEFI and starts signed kernels only.
      type: dict
      sample: {uefi: true, enabled: false}
    boot_medium:
      description:
        - Free bytes on C(/boot), who replaces kernels in place of the package manager (V(ostree), V(transactional-update) or null), and which of
          C(/) and C(/usr) are mounted read-only.
      type: dict
      sample: {free_bytes: 681574400, managed_by: null, read_only: []}
    kernel_features:
      description:
        - binfmt_misc as far as it can be seen without mounting it. RV(ignore:fix_binary) is true where a handler carries the flag F, false where an
          emulator is in use without it, null where nothing shows it.
      type: dict
      sample: {binfmt_mounted: true, handlers: {qemu-aarch64: {enabled: true, interpreter: /usr/bin/qemu-aarch64, flags: OCF}}, requested: [], fix_binary: true}
    kernel_drivers:
      description:
        - The modules that the root disk and the uplink need, and for each installed kernel which of them it lacks and whether it has the tables
          of the legacy iptables.
      type: dict
      sample:
        needed: [{purpose: root, device: vda, module: virtio_blk}, {purpose: uplink, device: eth0, module: virtio_net}]
        kernels: {4.18.0-553.el8_10.x86_64: {missing: [], legacy_iptables: true}}
conditions:
  description: The verdicts, as explained in RV(nodemend.kubernetes.node_condition_info#module:conditions).
  returned: success
  type: list
  elements: dict
  sample:
    - condition: kernel_below_minimum
      type: KernelBelowMinimum
      scope: node
      status: faulty
      reason: BelowPolicy
      message: The kernel 4.18.0-553.el8_10.x86_64 is below 4.19, the floor that was given.
      evidence: {minimum_kernel_version: "4.19", policy: true}
      role: nodemend.kubernetes.kernel
      remedy_scope: node
      remediate_on: faulty
      disruption: reboot
      docs: docs/conditions/kernel_below_minimum.md
faulty:
  description: Ids of the conditions that are proved.
  returned: success
  type: list
  elements: str
  sample: [kernel_below_minimum]
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
  sample: {grub_menu: {reason: NeedsRoot, message: "/boot/grub2/grub.cfg: only root may read it"}}
"""

from ansible_collections.nodemend.kubernetes.plugins.module_utils._conditions import kernel_below_minimum, kernel_not_default
from ansible_collections.nodemend.kubernetes.plugins.module_utils._subject_module import run_subject


def main():
    run_subject(
        "kernel",
        (
            "kernel_release",
            "kernel_ownership",
            "os_release",
            "installed_kernels",
            "kernel_candidates",
            "boot_kernels",
            "grub_menu",
            "grub_environment",
            "secure_boot",
            "boot_medium",
            "kernel_features",
            "kernel_drivers",
        ),
        (kernel_below_minimum.CONDITION, kernel_not_default.CONDITION),
    )


if __name__ == "__main__":
    main()
