# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from ansible_collections.nodemend.kubernetes.plugins.plugin_utils._cni_token import plan, writer


def cni_token_plan(pods, objects=None, pull_ok=False):
    return {"pod": writer(pods), "refused": []} if objects is None else plan(pods, objects, pull_ok)


class FilterModule(object):
    def filters(self):
        return {"cni_token_plan": cni_token_plan}
