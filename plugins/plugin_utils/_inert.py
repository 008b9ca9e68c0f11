# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""What filters need that are given data from a cluster and give it back."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from ansible.errors import AnsibleFilterError
from ansible.utils.unsafe_proxy import wrap_var


def plain(value):
    """Return the same as plain containers: ansible-core's own cannot be copied."""
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value


def inert(function, *arguments):
    """What comes from a manifest or a cluster must never be taken for a template: ansible-core 2.16 forgets that in a filter."""
    try:
        return wrap_var(function(*arguments))
    except ValueError as exc:
        raise AnsibleFilterError(str(exc))
