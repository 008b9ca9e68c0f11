# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Options and attributes that the modules which remove netfilter rules share."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type


class ModuleDocFragment(object):
    # What every module that removes rules has.
    DOCUMENTATION = r"""
options:
  directory:
    description: Folder on the host for what is removed or replaced. It is made with mode 0700.
    type: path
    required: true
  timeout:
    description: Seconds that one command on the host may take, such as a listing of the rules.
    type: int
    default: 120
attributes:
  check_mode:
    description: Can run in C(check_mode) and return changed status prediction without modifying the host.
    support: full
  diff_mode:
    description: Returns details on what has changed (or possibly needs changing in C(check_mode)), when in diff mode.
    support: full
notes:
  - Needs root.
author:
  - The nodemend authors (@nodemend)
"""

    # What those have that change the rules in the kernel, where the connection may be lost.
    ARMED = r"""
options:
  backend:
    description: The backend whose rules are removed. Required unless O(state=confirmed).
    type: str
    choices: [legacy, nft]
  rollback:
    description:
      - Seconds until the timer puts everything back; V(0) arms none.
      - They count from the removal. The timer starts before it, and waits longer for each table that another program may hold the lock of.
    type: int
    default: 60
notes:
  - A backend that the kernel has not loaded is not asked; there is nothing in it.
"""
