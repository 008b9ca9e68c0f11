# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import json

from ansible_collections.nodemend.kubernetes.plugins.module_utils import _calico_ipam
from ansible_collections.nodemend.kubernetes.plugins.plugin_utils._inert import inert, plain


def calico_ipam_former(kept, config):
    return inert(_former, kept, plain(config))


def _former(kept, config):
    try:
        return _calico_ipam.former(json.loads(kept), config)
    except (ValueError, KeyError, TypeError) as exc:
        raise ValueError("What the role has kept cannot be read: %s" % exc)


def calico_ipam_told(left):
    return inert(lambda: "Left alone: %(holder)s (%(address)s): %(why)s." % left)


def calico_ipam_routes(known, asked):
    return inert(_calico_ipam.fresh, plain(known), plain(asked))


class FilterModule(object):
    def filters(self):
        return {
            "calico_ipam_former": calico_ipam_former,
            "calico_ipam_routes": calico_ipam_routes,
            "calico_ipam_told": calico_ipam_told,
        }
