# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""What every info module does with Ansible: its options made facts, its result handed over."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import time

from ._host import Host, Unavailable
from ._option import BadOption, checked

# The whole scan may take this many times the timeout of one command, so that a host where everything hangs still answers.
BUDGET = 6


def open_facts(module, options, catalogue):
    """Return the catalogue's Facts of this host; ends the module where an option has a bad value."""
    try:
        values = checked(options, module.params)
    except BadOption as exc:
        module.fail_json(msg=str(exc))
    budget = BUDGET * values["timeout"] + values["dump_timeout"]
    return catalogue.facts_of(Host(timeout=values["timeout"], budget=budget), values, time.time())


def values_of(facts, names):
    """Return {name: fact}; one that could not be read is None."""
    values = {}
    for name in names:
        try:
            values[name] = facts.get(name)
        except Unavailable:
            values[name] = None
    return values


def unavailable(facts, names):
    """Return {name: {reason, message}} of those facts that could not be read."""
    return dict(
        (name, {"reason": exc.reason, "message": exc.message})
        for name, exc in facts.unavailable.items()
        if name in names
    )


def end(module, facts, result):
    """Hand the result over; bugs become warnings."""
    for bug in facts.bugs:
        module.warn("A bug of nodemend.kubernetes, please report it: %s" % bug)
    module.exit_json(changed=False, **result)
