# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from ansible_collections.nodemend.kubernetes.plugins.plugin_utils import _calico_gates, _calico_plan, _calico_roles, _calico_rollback
from ansible_collections.nodemend.kubernetes.plugins.plugin_utils._inert import inert, plain

OPTIONS = {"accepted": [], "discard": [], "image_prefix": None, "target_version": None, "backup": None, "host": None}


def options_of(given):
    options = dict(OPTIONS, **(given or {}))
    unknown = set(options) - set(OPTIONS)
    if unknown:
        raise ValueError("unknown options: %s." % ", ".join(sorted(unknown)))
    for name in ("accepted", "discard"):
        # -e gives text.
        if isinstance(options[name], str):
            options[name] = [part.strip() for part in options[name].split(",") if part.strip()]
    unknown = set(options["accepted"]) - set(_calico_gates.OVERRIDES)
    if unknown:
        known = ", ".join(_calico_gates.OVERRIDES)
        raise ValueError("calico_accepted_risks: %s is no gate that can be opened; these can: %s." % (", ".join(sorted(unknown)), known))
    return options


def calico_plan(text, found, options=None, looked=None):
    return inert(lambda: _calico_plan.plan(text, plain(found), options_of(plain(options)), plain(looked)))


def calico_rbac_plan(text, found, options=None):
    return inert(lambda: _calico_roles.rbac(text, plain(found), options_of(plain(options))))


def calico_rollback_plan(kept, found, backup, host, written=None):
    return inert(_calico_rollback.rollback, kept, plain(found), backup, host, written)


def calico_forward(hosts, rules, cluster):
    return inert(_calico_gates.looked_at, plain(hosts), plain(rules), plain(cluster))


def calico_suitable(found):
    return inert(_calico_plan.suitable, plain(found))


class FilterModule(object):
    def filters(self):
        return {
            "calico_plan": calico_plan,
            "calico_rbac_plan": calico_rbac_plan,
            "calico_rollback_plan": calico_rollback_plan,
            "calico_forward": calico_forward,
            "calico_suitable": calico_suitable,
        }
