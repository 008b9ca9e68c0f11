# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""The shell of the info modules of one subject of a node: options in, facts and verdicts out."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from ansible.module_utils.basic import AnsibleModule

from . import _subject_catalogue
from ._ansible import end, open_facts, unavailable, values_of
from ._catalogue import options_for
from ._engine import scan
from ._option import argument_spec


def run_subject(subject, names, conditions):
    """Run an info module of one subject: its facts under the subject's name, and its conditions.

    subject     key of the facts in the result
    names       the facts it returns; one that could not be read is null and listed in "unavailable"
    conditions  its conditions
    """
    options = options_for(conditions)
    module = AnsibleModule(argument_spec=argument_spec(options), supports_check_mode=True)
    facts = open_facts(module, options, _subject_catalogue)
    result = scan(facts, conditions)
    result[subject] = values_of(facts, names)
    result["unavailable"] = unavailable(facts, names)
    end(module, facts, result)
