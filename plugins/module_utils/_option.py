# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""Options of the info modules: one table seeds the facts, the argument specs and the checks of bad values."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import collections
import re

from ._version import parse as parse_version

# type     "int", "bool", "path", "version", "dicts" (a list of them), or one of LISTS
# default  None for an option that is not set
# minimum  the least valid number; None for other types
Option = collections.namedtuple("Option", "type default minimum")

# Lists of texts: the form of each, and an example. A port is 1 to 65535.
_PORT = "(?:[1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])"
LISTS = {
    "ports": (re.compile("^%s=[^ =]+$" % _PORT), "4443=metrics-server"),
    "platforms": (re.compile("^linux/(?:386|amd64|arm|arm64|loong64|mips64le|ppc64le|riscv64|s390x)(?:/v[0-9])?$"), "linux/arm64"),
}

# Every info module has these.
COMMON_OPTIONS = {
    "timeout": Option("int", 10, 1),
    "dump_timeout": Option("int", 120, 1),
    "probes": Option("bool", False, None),
}


class BadOption(ValueError):
    """A value that an option cannot have; the text names the option, the value and what is valid."""


def argument_spec(options):
    """Return the AnsibleModule argument spec of {name: Option}."""
    spec = {}
    for name, option in options.items():
        # A version stays as it was given ("raw"), so that an unquoted 6.20, which YAML reads as 6.2, can be told.
        spec[name] = {"type": "raw" if option.type == "version" else option.type}
        if option.type in LISTS:
            spec[name] = {"type": "list", "elements": "str"}
        if option.type == "dicts":
            spec[name] = {"type": "list", "elements": "dict"}
        if option.default is not None:
            spec[name]["default"] = option.default
    return spec


def checked(options, values):
    """Return {name: value} with defaults filled in; raise BadOption for the first bad one."""
    return dict((name, _check(name, option, values.get(name, option.default))) for name, option in options.items())


def _check(name, option, value):
    if value is None:
        return None
    if option.type == "version":
        return check_version(name, value)
    if option.type in LISTS:
        form, example = LISTS[option.type]
        for entry in value:
            if not form.match(entry):
                raise BadOption('%s: %r is not valid; give entries such as "%s".' % (name, entry, example))
        return value
    if option.type == "int" and value < option.minimum:
        raise BadOption("%s: %r is not valid; give a whole number from %d." % (name, value, option.minimum))
    return value


def check_version(name, value):
    """Return the version text; raise BadOption for numbers and for what is no version."""
    if not hasattr(value, "strip"):
        raise BadOption(
            '%s: %r is a number; quote it, for example "%s" (YAML reads an unquoted 6.20 as 6.2).' % (name, value, value)
        )
    if parse_version(value) is None:
        raise BadOption('%s: %r is not a version; give numbers with dots, for example "4.19".' % (name, value))
    return value.strip()
