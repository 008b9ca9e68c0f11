# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""Collects each fact once and judges conditions by them. Knows no fact and no condition by name but "node"."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import traceback

from ._condition import Verdict, as_dict, not_applicable, parameters, unknown
from ._host import Unavailable


class FactCycle(Exception):
    """Two facts need each other: a mistake in the collection that no host can cause."""


class Facts(object):
    """The facts of one host by name, each collected when it is first asked for.

    collectors  {name: plain function}; its parameters are other facts, options, or "host"
    given       {name: value}: the host and the options
    """

    def __init__(self, collectors, given):
        self._collectors = collectors
        self._values = dict(given)
        self._open = []
        self.unavailable = {}
        self.bugs = []

    def get(self, name):
        """Return the fact, or raise Unavailable with the reason it could not be read."""
        if name in self._values:
            return self._values[name]
        if name not in self.unavailable:
            self._collect(name)
        if name in self.unavailable:
            raise self.unavailable[name]
        return self._values[name]

    def seen(self, name):
        """Return the fact if something has asked for it and it could be read, else None: never collects."""
        return self._values.get(name)

    def arguments(self, function):
        """Return the keyword arguments for a condition or collector; raise Unavailable if a required one is."""
        required, optional = parameters(function)
        arguments = dict((name, self.get(name)) for name in required)
        for name in optional:
            try:
                arguments[name] = self.get(name)
            except Unavailable:
                pass
        return arguments

    def _collect(self, name):
        if name in self._open:
            raise FactCycle(" -> ".join(self._open + [name]))
        collect = self._collectors[name]
        self._open.append(name)
        try:
            self._values[name] = collect(**self.arguments(collect))
        except Unavailable as exc:
            self.unavailable[name] = exc
        except ValueError as exc:  # a parser met text it does not know
            self.unavailable[name] = Unavailable("Unreadable", "%s: %s" % (name, exc))
        except FactCycle:
            raise
        except Exception as exc:  # pylint: disable=broad-except
            # One bug must not hide the other facts; it is reported as what it is.
            self.bugs.append("fact %s: %s" % (name, traceback.format_exc()))
            self.unavailable[name] = Unavailable(
                "InternalError", "%s: %s: %s (please report it)" % (name, type(exc).__name__, exc)
            )
        finally:
            self._open.pop()


def judge(condition, facts):
    """Return the condition's Verdict; what could not be read or computed is unknown with the reason."""
    try:
        if condition.scope == "node" and condition.node_only and not facts.get("node")["present"]:
            return not_applicable("NotANode", "This host runs neither Kubernetes nor a container runtime.")
        verdict = condition.evaluate(**facts.arguments(condition.evaluate))
        if not isinstance(verdict, Verdict):
            raise TypeError("%s answered %r instead of a Verdict" % (condition.id, verdict))
        return verdict
    except Unavailable as exc:
        return unknown(exc.reason, exc.message)
    except FactCycle:
        raise
    except Exception as exc:  # pylint: disable=broad-except
        facts.bugs.append("condition %s: %s" % (condition.id, traceback.format_exc()))
        return unknown("InternalError", "%s: %s (please report it)" % (type(exc).__name__, exc))


def facts_of(modules, options, **given):
    """Return the Facts that these modules collect; options and what else is given are facts like any other.

    modules  {fact: module}
    options  {name: value}, checked
    """
    return Facts(dict((name, module.collect) for name, module in modules.items()), dict(options, **given))


def thresholds_of(conditions, modules, thresholds):
    """Return those of {name: Option} that the conditions or their facts ask for."""
    wanted = {}
    todo = [condition.evaluate for condition in conditions]
    seen = set()
    while todo:
        for name in sum(parameters(todo.pop()), ()):
            if name in thresholds:
                wanted[name] = thresholds[name]
            elif name in modules and name not in seen:
                seen.add(name)
                todo.append(modules[name].collect)
    return wanted


def chosen(conditions, ids):
    """Return the conditions with these ids, in catalogue order; raise ValueError for an unknown one."""
    known = [condition.id for condition in conditions]
    strange = sorted(set(ids) - set(known))
    if strange:
        raise ValueError(
            "conditions: unknown name%s %s; known are %s."
            % ("s" if len(strange) > 1 else "", ", ".join(strange), ", ".join(sorted(known)))
        )
    return tuple(condition for condition in conditions if condition.id in ids)


def scan(facts, conditions):
    """Judge conditions by the facts of one host or cluster and return the contract's lists.

    {conditions: [verdict dicts], faulty: [ids], at_risk: [ids], unknown: [ids]}
    """
    verdicts = [as_dict(condition, judge(condition, facts)) for condition in conditions]
    report = {"conditions": verdicts}
    for status in ("faulty", "at_risk", "unknown"):
        report[status] = [verdict["condition"] for verdict in verdicts if verdict["status"] == status]
    return report
