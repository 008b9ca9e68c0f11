# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import json

from ansible.errors import AnsibleFilterError
from ansible.utils.unsafe_proxy import wrap_var
from ansible_collections.nodemend.kubernetes.plugins.module_utils import _calico_ipam


def plain(value):
    """Return the same as plain containers: ansible-core's own cannot be copied."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value


def calico_ipam_former(kept, config):
    try:
        return wrap_var(_calico_ipam.former(json.loads(kept), plain(config)))
    except (ValueError, KeyError, TypeError) as exc:
        raise AnsibleFilterError("What the role has kept cannot be read: %s" % exc)


def calico_ipam_told(left):
    """A name from the cluster must never be taken for a template: ansible-core 2.16 forgets that in a filter."""
    return wrap_var("Left alone: %(holder)s (%(address)s): %(why)s." % left)


def calico_ipam_routes(known, asked):
    return wrap_var(_calico_ipam.fresh(plain(known), plain(asked)))


class FilterModule(object):
    def filters(self):
        return {
            "calico_ipam_former": calico_ipam_former,
            "calico_ipam_routes": calico_ipam_routes,
            "calico_ipam_told": calico_ipam_told,
        }
