# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""Fact: the kubelet: whether it is meant to run, does run, and which runtime it uses."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re

from .._source import reads

CONFIGURATION = "/var/lib/kubelet/config.yaml"
KUBEADM_FLAGS = "/var/lib/kubelet/kubeadm-flags.env"
UNITS = ("kubelet.service", "k3s.service", "k3s-agent.service", "rke2-server.service", "rke2-agent.service")

SOURCES = (
    reads("/etc/systemd/system/multi-user.target.wants/*.service", "whether the kubelet, k3s or RKE2 is enabled"),
    reads(CONFIGURATION, "containerRuntimeEndpoint", root=True),
    reads(KUBEADM_FLAGS, "--container-runtime-endpoint, where the kubelet is down", root=True),
    reads("*kubelet*", "the file that the kubelet's --config names"),
)

# One key of a KubeletConfiguration, so no YAML library is needed: at the start of a line, or in quotes, since it may be JSON as well (EKS).
_SETTING = r"(?m)(?:^%s|\"%s\")[ \t]*:[ \t]*[\"']?([^\"'#\s,}]+)"
_FLAG = r"--%s[= ][\"']?([^\"'\s]+)"


def setting(text, name, indented=""):
    """Return a setting of a KubeletConfiguration, YAML or JSON, or None; indented: what may stand before the name in YAML, nothing at the top level."""
    match = re.search(_SETTING % (indented + name, name), text)
    return match.group(1) if match else None


def flag(arguments, name):
    """Return the last value of --name in a list of arguments (--name=value or --name value), or None."""
    value = None
    for index, word in enumerate(arguments):
        if word.startswith("--%s=" % name):
            value = word.split("=", 1)[1]
        elif word == "--" + name and index + 1 < len(arguments):
            value = arguments[index + 1]
    return value


def parse_flags(text, name):
    """Return the last value of --name in a shell line such as kubeadm-flags.env, or None."""
    found = re.findall(_FLAG % re.escape(name), text)
    return found[-1] if found else None


def is_kubelet(process):
    """Return whether a process is a kubelet of this host."""
    hyperkube = process["name"] == "hyperkube" and "kubelet" in (process["arguments"] or [])[:2]
    return not process["nested"] and (process["name"] == "kubelet" or hyperkube)


def collect(host, processes):
    """Return {running, enabled, endpoint, dockershim, hostname_override, standalone}.

    endpoint    the CRI socket as configured, without a scheme; None where nothing names one
    dockershim  a kubelet before 1.24 that talks to Docker itself (no endpoint, or dockershim.sock)
    standalone  one that runs has no API server: neither --kubeconfig nor --bootstrap-kubeconfig, which no file of --config can give
    """
    process = next((item for item in processes if is_kubelet(item)), None)
    arguments = process["arguments"] if process else []
    endpoint = flag(arguments, "container-runtime-endpoint")
    if endpoint is None:
        text = host.read(flag(arguments, "config") or CONFIGURATION)
        endpoint = setting(text, "containerRuntimeEndpoint") if text else None
    if endpoint is None and process is None:
        text = host.read(KUBEADM_FLAGS)
        endpoint = parse_flags(text, "container-runtime-endpoint") if text else None
    enabled = any(host.exists("/etc/systemd/system/multi-user.target.wants/" + unit) for unit in UNITS)
    if endpoint is not None and "://" in endpoint:
        endpoint = endpoint.split("://", 1)[1]
    return {
        "running": process is not None,
        "enabled": enabled,
        "endpoint": endpoint,
        "dockershim": _dockershim(processes, process, endpoint, flag(arguments, "container-runtime")),
        "hostname_override": flag(arguments, "hostname-override"),
        "standalone": bool(arguments) and not any(flag(arguments, name) for name in ("kubeconfig", "bootstrap-kubeconfig")),
    }


def _dockershim(processes, kubelet, endpoint, runtime):
    """Return whether the kubelet talks to Docker itself; from 1.27 on no endpoint means containerd's, so dockerd must run."""
    if kubelet is None or runtime not in (None, "docker"):
        return False
    if endpoint is not None:
        return "dockershim" in endpoint
    return any(item["name"] in ("dockerd", "dockerd-current") and not item["nested"] for item in processes)
