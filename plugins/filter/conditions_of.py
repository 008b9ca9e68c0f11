# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from ansible.errors import AnsibleFilterError
from ansible_collections.nodemend.kubernetes.plugins.plugin_utils._play import listed


def conditions_of(names, scope):
    # Here, as a template that names any filter of the collection loads all of them, in a process of each host: 0.1 s for the catalogue.
    from ansible_collections.nodemend.kubernetes.plugins.module_utils import _catalogue, _cluster_catalogue

    known = {"node": _catalogue.CONDITIONS, "cluster": _cluster_catalogue.CONDITIONS}
    if scope not in known:
        raise AnsibleFilterError("conditions_of: scope %r is not valid; valid are node, cluster." % (scope,))
    ids = dict((key, [condition.id for condition in conditions]) for key, conditions in known.items())
    strange = sorted(set(listed(names)) - set(ids["node"]) - set(ids["cluster"]))
    if strange:
        raise AnsibleFilterError(
            "nodemend_conditions: unknown name%s %s; known are %s."
            % ("s" if len(strange) > 1 else "", ", ".join(strange), ", ".join(sorted(ids["node"] + ids["cluster"])))
        )
    return [name for name in listed(names) if name in ids[scope]]


class FilterModule(object):
    def filters(self):
        return {"conditions_of": conditions_of}
