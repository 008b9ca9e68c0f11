# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""What a condition is and what it may answer. Pure: no host, no Ansible."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import collections

OK = "ok"
FAULTY = "faulty"
AT_RISK = "at_risk"
UNKNOWN = "unknown"
NOT_APPLICABLE = "not_applicable"
STATUSES = (FAULTY, UNKNOWN, AT_RISK, OK, NOT_APPLICABLE)

# From the least to the most that a remedy does to a host.
DISRUPTIONS = ("none", "restart", "drain", "reboot")


class Condition(
    collections.namedtuple("Condition", "id evaluate scope role remedy_scope remediate_on disruption node_only variables")
):
    """One known fault and the pure function that judges it.

    id            snake_case; also the name of its file, its docs page and its unit test
    evaluate      plain function; its parameter names are the facts and options it needs,
                  a parameter with a default is a fact it can do without; returns a Verdict
    scope         "node" or "cluster": where it is looked for
    role          the FQCN of the role that remediates it, or None
    remedy_scope  "node" or "cluster": where the role runs; None without a role
    remediate_on  the status from which remediate.yml plans the role: "faulty", "at_risk",
                  "request" (only when the condition is named), None without a role
    disruption    of the role, unless the verdict says otherwise for this host
    node_only     not_applicable NotANode on a host that runs neither Kubernetes nor a runtime
    variables     {name: value} that the role gets for this condition: a remedy is a role with its variables
    """

    __slots__ = ()

    def __new__(
        cls,
        id,
        evaluate,
        scope="node",
        role=None,
        remedy_scope=None,
        remediate_on=None,
        disruption=None,
        node_only=True,
        variables=None,
    ):
        return super(Condition, cls).__new__(
            cls, id, evaluate, scope, role, remedy_scope, remediate_on, disruption, node_only, variables or {}
        )

    @property
    def type(self):
        """The id in PascalCase, the form of a Kubernetes NodeCondition."""
        return "".join(part.capitalize() for part in self.id.split("_"))

    @property
    def docs(self):
        """Path of the condition's page inside the collection."""
        return "docs/conditions/%s.md" % self.id


# disruption  of the remedy on this host, None where it is the condition's
Verdict = collections.namedtuple("Verdict", "status reason message evidence disruption")


def _verdict(status, reason, message, evidence):
    return Verdict(status, reason, message, evidence, None)


def ok(reason, message, **evidence):
    """Looked at and healthy."""
    return _verdict(OK, reason, message, evidence)


def faulty(reason, message, **evidence):
    """Proved."""
    return _verdict(FAULTY, reason, message, evidence)


def at_risk(reason, message, **evidence):
    """Will fail under load, with time or at the next upgrade, or cannot be proved passively."""
    return _verdict(AT_RISK, reason, message, evidence)


def unknown(reason, message, **evidence):
    """Could not be read; the message says why."""
    return _verdict(UNKNOWN, reason, message, evidence)


def not_applicable(reason, message, **evidence):
    """The question does not arise on this host."""
    return _verdict(NOT_APPLICABLE, reason, message, evidence)


def parameters(function):
    """Return (required, optional) parameter names of a condition or a collector.

    Raises TypeError for what the engine cannot see through: decorated functions, partials,
    ``*args`` and ``**kwargs`` would hide the facts that are needed.
    """
    code = getattr(function, "__code__", None)
    if code is None or code.co_flags & 0x0C:
        raise TypeError("%r must be a plain function without *args, **kwargs or decorators" % (function,))
    names = code.co_varnames[: code.co_argcount]
    split = len(names) - len(function.__defaults__ or ())
    return names[:split], names[split:]


def as_dict(condition, verdict):
    """Return the verdict as the contract's plain dict (docs/architecture.md, "The contract")."""
    return {
        "condition": condition.id,
        "type": condition.type,
        "scope": condition.scope,
        "status": verdict.status,
        "reason": verdict.reason,
        "message": verdict.message,
        "evidence": verdict.evidence,
        "role": condition.role,
        "remedy_scope": condition.remedy_scope,
        "remediate_on": condition.remediate_on,
        "disruption": verdict.disruption or condition.disruption,
        "docs": condition.docs,
    }
