#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: boot_kernel
short_description: Choose the kernel that GRUB starts by default, and the one that it starts once
version_added: 0.1.0
description:
  - Sets the default kernel and the kernel of the next boot only (the one-shot entry), by release or path, never by a number in the menu.
  - On EL and its relatives the default is set with grubby. Elsewhere it is the entry that grubenv saves; on Debian and Ubuntu the file
    C(/etc/default/grub.d/zz-nodemend-kernel.cfg) makes GRUB start that one (C(GRUB_DEFAULT=saved)), and the menu is written anew.
  - A default counts as set only where it is saved by its name. With a number, or as the first of the menu, it would be another kernel after the
    next installation.
  - What GRUB would do is read from its own files before and after. The module fails where it is not what was asked for.
  - Refuses what would not work, with the reason. That is a kernel that is not installed, has no initramfs, no entry in the menu or, under Secure
    Boot, no signature; a one-shot entry that GRUB could not forget (grubenv on LVM, RAID or a file system that GRUB cannot write); and a boot
    loader other than GRUB.
  - Of the signature only its presence is looked at (the certificate table of the image). Whose it is, whether the firmware, shim or an enrolled key
    (MOK) trusts it, and whether it has been revoked, is for them to decide at the start.
options:
  default:
    description: The kernel that every boot starts, by release or path.
    type: str
  next:
    description: The kernel that only the next boot starts, by release or path. An empty text removes the one-shot entry.
    type: str
  timeout:
    description: Seconds that one command on the host may take. GRUB's menu is written anew within it.
    type: int
    default: 120
attributes:
  check_mode:
    description:
      - Can run in C(check_mode) and return changed status prediction without modifying the host. There a kernel that is not installed is taken for
        one that an earlier task would have installed.
    support: full
  diff_mode:
    description: Returns details on what has changed (or possibly needs changing in C(check_mode)), when in diff mode.
    support: full
notes:
  - Needs root.
  - Nothing is rebooted.
seealso:
  - module: nodemend.kubernetes.kernel_info
author:
  - The nodemend authors (@nodemend)
"""

EXAMPLES = r"""
- name: Read the kernels of the host
  nodemend.kubernetes.kernel_info:
  register: host

- name: Keep the running kernel the default, and start another one at the next boot only
  nodemend.kubernetes.boot_kernel:
    default: "{{ host.kernel.kernel_release.release }}"
    next: 6.12.95+deb12-amd64
  when: (host.kernel.boot_kernels or {}).loader | default('') == 'grub'

- name: Make a kernel the default by its path, and take back a one-shot entry
  nodemend.kubernetes.boot_kernel:
    default: /boot/vmlinuz-5.14.0-427.42.1.el9_4.x86_64
    next: ""
  when: (host.kernel.boot_kernels or {}).loader | default('') == 'grub'
"""

RETURN = r"""
running:
  description: Release of the running kernel.
  returned: success
  type: str
  sample: 6.1.0-50-amd64
default:
  description: Release that every boot starts, or would start; null where GRUB's files do not tell.
  returned: success
  type: str
  sample: 6.1.0-50-amd64
next:
  description: Release that only the next boot starts, or would start; null where no one-shot entry is set.
  returned: success
  type: str
  sample: 6.12.95+deb12-amd64
steps:
  description: The commands that were run and the files that were written, or would be.
  returned: success
  type: list
  elements: str
  sample: ["grub-editenv /boot/grub/grubenv set next_entry=gnulinux-advanced-x>gnulinux-6.12.95+deb12-amd64-advanced-x"]
"""

import os

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.nodemend.kubernetes.plugins.module_utils._boot import Boot, Refused, plan, reached, release_of
from ansible_collections.nodemend.kubernetes.plugins.module_utils._host import Host, Unavailable


def main():
    module = AnsibleModule(
        argument_spec={
            "default": {"type": "str"},
            "next": {"type": "str"},
            "timeout": {"type": "int", "default": 120},
        },
        required_one_of=[("default", "next")],
        supports_check_mode=True,
    )
    default, coming = module.params["default"], module.params["next"]
    if default == "":
        module.fail_json(msg="default: give a release or a path; only next may be empty.")
    host = Host(timeout=module.params["timeout"])
    try:
        if not host.is_root():
            raise Unavailable("NeedsRoot", "only root may read and change what GRUB starts.")
        before = Boot(host)
        steps = plan(before, default, coming, may_be_missing=module.check_mode)
        result = described(before, default, coming, steps)
    except (Refused, Unavailable) as exc:
        module.fail_json(msg="Nothing was changed: %s" % exc)
    if not module._diff:
        del result["diff"]
    if module.check_mode:
        module.exit_json(**result)
    try:
        for step in steps:
            take(host, step)
        failure = reached(Boot(host), default, coming) if steps else None
    except (Refused, Unavailable, EnvironmentError) as exc:
        failure = str(exc)
    if failure:
        module.fail_json(msg=failure, steps=result["steps"])
    module.exit_json(**result)


def described(boot, default, coming, steps):
    """Return the result as it is after the steps."""
    after = {
        "running": boot.running,
        "default": boot.default if default is None else release_of(default),
        "next": boot.next if coming is None else release_of(coming) if coming else None,
    }
    changed = bool(steps) or (after["default"], after["next"]) != (boot.default, boot.next)
    told = [" ".join(step[1]) if step[0] == "run" else "write %s" % step[1] for step in steps]
    diff = {
        "before": listing(boot.default, boot.next, boot.pinned),
        "after": listing(after["default"], after["next"], boot.pinned or default is not None),
    }
    return dict(after, changed=changed, steps=told, diff=diff)


def listing(default, coming, pinned):
    note = "" if pinned else " (not saved by name: another kernel may take its place)"
    return "default: %s%s\nnext boot only: %s\n" % (default or "not known", note, coming or "none")


def take(host, step):
    if step[0] == "run":
        host.output(step[1])
        return
    path, text = step[1:]
    folder = os.path.dirname(path)
    if not os.path.isdir(folder):
        os.makedirs(folder, 0o755)
    new = path + ".nodemend-new"  # grub-mkconfig reads *.cfg only
    with open(new, "w") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    os.chmod(new, 0o644)
    os.rename(new, path)


if __name__ == "__main__":
    main()
