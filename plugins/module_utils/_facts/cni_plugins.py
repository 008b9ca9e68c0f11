# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""Fact: the CNI plugins that the runtime calls on this host."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import json

from .._source import reads

DIRECTORIES = (
    "/etc/cni/net.d",
    "/var/lib/rancher/k3s/agent/etc/cni/net.d",
    "/var/lib/rancher/rke2/agent/etc/cni/net.d",
)
EXTENSIONS = (".conf", ".conflist", ".json")

SOURCES = tuple(
    [reads(path, "which network configuration comes first") for path in DIRECTORIES]
    + [reads(path + "/*", "the types of its plugins; nothing else is kept, it may hold a token") for path in DIRECTORIES]
)


def parse(text):
    """Return [{type, backend, masquerades}] of a network configuration, a list of plugins or a single one.

    backend      what portmap or firewall is told to write, "iptables" or "nftables", None where it is left to them
    masquerades  ipMasq of the plugin bridge and its kind, which write CNI- chains themselves
    """
    configuration = json.loads(text)
    if not isinstance(configuration, dict):
        raise ValueError("not a network configuration")
    plugins = configuration.get("plugins", [configuration])
    if not isinstance(plugins, list) or not all(isinstance(plugin, dict) for plugin in plugins):
        raise ValueError("not a network configuration")
    return [
        {
            "type": str(plugin.get("type", "")),
            "backend": _word(plugin.get("backend")),
            "masquerades": plugin.get("ipMasq") is True,
        }
        for plugin in plugins
    ]


def _word(value):
    return str(value) if value else None


def collect(host):
    """Return {path, plugins} of the first configuration by name, as the runtimes choose it; {path: None, plugins: []} without one."""
    for directory in DIRECTORIES:
        for name in host.listdir(directory) or []:
            if name.endswith(EXTENSIONS):
                text = host.read(directory + "/" + name)
                if text:
                    return {"path": directory + "/" + name, "plugins": parse(text)}
    return {"path": None, "plugins": []}
