# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""Fact: the dates of the service-account tokens that CNI plugins of this host use; never a token."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import base64
import json
import re

from .._source import reads
from .cni_plugins import DIRECTORIES, EXTENSIONS

# They run other plugins: each configuration in the folder may be in use, not the first one alone.
META = ("multus", "multus-shim")

SOURCES = tuple(
    [reads(path, "the network configurations") for path in DIRECTORIES]
    + [reads(path + "/*", "which kubeconfig a plugin uses; nothing else is kept, it may hold a token", root=True) for path in DIRECTORIES]
    + [reads("*kubeconfig*", "the dates inside a CNI plugin's token; the token itself is dropped at once", root=True)]
    + [reads("*token*", "the same, where a kubeconfig names a tokenFile", root=True)]
)

_INLINE = re.compile(r"^[\s-]*token:\s*[\"']?([^\s\"']+)", re.MULTILINE)
_FILE = re.compile(r"^[\s-]*tokenFile:\s*[\"']?([^\s\"']+)", re.MULTILINE)


def kubeconfigs(value):
    """Return the paths under every key "kubeconfig" of a parsed network configuration, Multus' delegates included."""
    if isinstance(value, list):
        return [path for item in value for path in kubeconfigs(item)]
    if not isinstance(value, dict):
        return []
    found = [path for key in sorted(value) for path in kubeconfigs(value[key])]
    path = value.get("kubeconfig")
    return found + ([str(path)] if hasattr(path, "strip") and path.startswith("/") else [])


def parse_claims(token):
    """Return {iat, exp, life, subject, pod} of a JWT, seconds since the epoch or None; None for what is no JWT.

    No exception leaves here: one could carry a piece of the token.
    """
    try:
        body = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(str(body + "=" * (-len(body) % 4))).decode("utf-8"))
        iat, exp = _seconds(claims.get("iat")), _seconds(claims.get("exp"))
        bound = claims.get("kubernetes.io")
        return {
            "iat": iat,
            "exp": exp,
            "life": exp - iat if exp is not None and iat is not None else None,
            "subject": _word(claims.get("sub")),
            "pod": _word(bound["pod"]["name"]) if isinstance(bound, dict) and isinstance(bound.get("pod"), dict) else None,
        }
    except Exception:  # pylint: disable=broad-except
        return None


def _seconds(value):
    """Return a NumericDate (RFC 7519, 2) as whole seconds, None where there is none; raise for anything else."""
    if value is None:
        return None
    seconds = int(value)
    if not 0 <= seconds < 1 << 40:
        raise ValueError("not a date")
    return seconds


def _word(value):
    return value if hasattr(value, "strip") else None


def collect(host, now):
    """Return [{path, iat, exp, life, age, subject, pod, readable}], one for each token of a kubeconfig in use.

    path      of the kubeconfig
    life      seconds from iat to exp, None for a token that never expires
    age       seconds since iat
    pod       the pod that it is bound to, None where it is not
    readable  False where the text is no JWT with dates; the rest is None then
    """
    found = []
    for path in _paths(host):
        token = _token(host, path)
        if token is None:
            continue
        claims = parse_claims(token)
        entry = dict.fromkeys(("iat", "exp", "life", "age", "subject", "pod"), None)
        entry.update(claims or {}, path=path, readable=claims is not None)
        if entry["iat"] is not None:
            entry["age"] = int(now) - entry["iat"]
        found.append(entry)
    return found


def _paths(host):
    """Return the kubeconfigs that the configurations in use name; a file that none of them names is left over from something."""
    for directory in DIRECTORIES:
        in_use = []
        for name in host.listdir(directory) or []:
            configuration = _load(host, directory + "/" + name) if name.endswith(EXTENSIONS) else None
            if configuration is None:
                continue
            in_use.append(configuration)
            if _type(in_use[0]) not in META:
                break  # runtimes take the first by name
        if in_use:
            return sorted(set(path for configuration in in_use for path in kubeconfigs(configuration)))
    return []


def _load(host, path):
    """Return a parsed network configuration, None for an empty file."""
    text = host.read(path)
    try:
        return json.loads(text) if text else None
    except ValueError:
        raise ValueError("%s is not JSON" % path)  # without its text


def _type(configuration):
    if not isinstance(configuration, dict):
        raise ValueError("not a network configuration")
    plugins = configuration.get("plugins") or [configuration]
    first = plugins[0] if isinstance(plugins, list) else None
    return first.get("type") if isinstance(first, dict) else None


def _token(host, path):
    """Return the token of a kubeconfig, its text or the file it names (client-go takes the file where it has both), or None."""
    text = host.read(path)
    named = _FILE.search(text or "")
    if named and named.group(1).startswith("/"):
        text = host.read(named.group(1))
        return text.strip() if text else None
    inline = _INLINE.search(text or "")
    return inline.group(1) if inline else None
