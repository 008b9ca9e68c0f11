# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from ansible.errors import AnsibleFilterError
from ansible_collections.nodemend.kubernetes.plugins.plugin_utils._iptables_backend import plan


def iptables_backend_plan(found, target="auto"):
    if target not in ("auto", "nft", "legacy"):
        raise AnsibleFilterError("iptables_backend_plan: target %r is not valid; valid are auto, nft, legacy." % (target,))
    return plan(found, target)


class FilterModule(object):
    def filters(self):
        return {"iptables_backend_plan": iptables_backend_plan}
