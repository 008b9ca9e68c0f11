# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from ansible.errors import AnsibleFilterError
from ansible_collections.nodemend.kubernetes.plugins.plugin_utils import _node_proof


def proved_node(node, cluster):
    try:
        return _node_proof.proved_node(node, cluster)
    except _node_proof.NotProved as exc:
        raise AnsibleFilterError("No node is proved: %s" % exc)


class FilterModule(object):
    def filters(self):
        return {"proved_node": proved_node}
