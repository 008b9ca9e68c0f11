# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""The shell of node_condition_info: options in, facts and verdicts of a node out."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from ansible.module_utils.basic import AnsibleModule

from . import _catalogue
from ._ansible import end, open_facts, values_of
from ._engine import chosen, scan
from ._option import argument_spec

# What is returned of a node, whatever was asked.
RETURNED = ("node", "node_identity", "addresses", "blackholes", "blackholes_ipv6")


def run_node_scan():
    """Run an info module over all node conditions, or those named in its option "conditions"."""
    conditions = _catalogue.CONDITIONS
    options = _catalogue.options_for(conditions)
    spec = argument_spec(options)
    spec["conditions"] = {"type": "list", "elements": "str", "choices": sorted(item.id for item in conditions)}
    spec["symptoms"] = {"type": "bool", "default": False}
    module = AnsibleModule(argument_spec=spec, supports_check_mode=True)
    wanted = module.params["conditions"]
    facts = open_facts(module, options, _catalogue)
    result = scan(facts, conditions if wanted is None else chosen(conditions, wanted))
    result["symptoms"] = None
    if module.params["symptoms"]:
        _catalogue.add_symptoms(facts, result)
    node = values_of(facts, RETURNED)
    result["node"] = _catalogue.overview(facts)
    result["node"].update((fact, node[fact]) for fact in ("addresses", "blackholes", "blackholes_ipv6"))
    for fact in ("node_identity", "node"):
        result["node"].update(node[fact] or {})
    end(module, facts, result)
