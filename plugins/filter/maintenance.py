# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the role maintenance decides, as filters; each has its documentation beside this file."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from ansible.errors import AnsibleFilterError
from ansible_collections.nodemend.kubernetes.plugins.plugin_utils import _lease, _maintenance


def drain_arguments(node, client, **options):
    try:
        return _maintenance.drain_arguments(node, client, **options)
    except ValueError as exc:
        raise AnsibleFilterError("maintenance_drain_arguments: %s" % exc)


def lock(lease, holder, now, duration=None):
    """Without a duration: give it back."""
    if duration is None:
        return _lease.give_back(lease, holder, now)
    return _lease.claim(lease, holder, now, duration)


class FilterModule(object):
    def filters(self):
        return {
            "maintenance_drain_arguments": drain_arguments,
            "maintenance_obstacles": _maintenance.obstacles,
            "maintenance_nowhere_to_go": _maintenance.nowhere_to_go,
            "maintenance_control_plane": _maintenance.control_plane,
            "maintenance_lock": lock,
        }
