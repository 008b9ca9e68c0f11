# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""Fact: kube-proxy: whether it runs, on its own or inside k3s, and how it programs Services."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re

from .. import _exec_start
from .._host import Unavailable
from .._source import reads
from .kubelet import flag
from .processes import shares_network
from .systemd_units import unit_of

MODES = ("iptables", "ipvs", "nftables", "userspace", "kernelspace")
EMBEDDING = ("k3s", "k3s-server", "k3s-agent")
K3S_CONFIGURATION = "/etc/rancher/k3s/config.yaml"

_KEPT = "proxy-mode, disable-kube-proxy, prefer-bundled-bin and the runtime of k3s; nothing else is kept"
K3S_SOURCES = (
    reads(K3S_CONFIGURATION, _KEPT, root=True),
    reads(K3S_CONFIGURATION + ".d", "the same, in parts"),
    reads(K3S_CONFIGURATION + ".d/*.yaml", "the same, in parts", root=True),
    reads("*/systemd/*.service", "the same among the words of ExecStart in k3s' unit"),
    reads("*/systemd/*service.d/*.conf", "the same in the drop-ins of that unit"),
)
SOURCES = (
    reads("/proc/self/ns/net", "the host's network namespace"),
    reads("/proc/[0-9]*/ns/net", "whether a kube-proxy uses it: one in a pod's own may be anybody's", root=True),
    reads("/proc/[0-9]*/root/*", "the mode in the file that kube-proxy's --config names, inside its container", root=True),
) + K3S_SOURCES

# One top-level key of a KubeProxyConfiguration, so no YAML library is needed; kubeadm writes mode: "".
_MODE_LINE = re.compile(r"^mode:[ \t]*[\"']?([A-Za-z0-9]*)[\"']?[ \t]*(?:#.*)?$", re.MULTILINE)
_K3S_MODE = re.compile(r"^[^#\n]*\bproxy-mode=([A-Za-z0-9]+)", re.MULTILINE)
_K3S_ENDPOINT = re.compile(r"^container-runtime-endpoint:[ \t]*[^\s#]", re.MULTILINE)
_K3S_FLAG = r"^%s:[ \t]*[\"']?(true|false)\b"


def parse_configuration(text):
    """Return the mode of a KubeProxyConfiguration; without one kube-proxy on Linux takes iptables."""
    match = _MODE_LINE.search(text)
    return (match.group(1) if match else "") or "iptables"


def parse_k3s(text):
    """Return {mode, disabled, bundled, foreign_runtime} of a k3s config.yaml: only these keys, the file also holds the cluster's token."""
    mode = _K3S_MODE.search(text)
    return {
        "mode": mode.group(1) if mode else None,
        "disabled": _yaml_flag(text, "disable-kube-proxy"),
        "bundled": _yaml_flag(text, "prefer-bundled-bin"),
        "foreign_runtime": True if _K3S_ENDPOINT.search(text) else _yaml_flag(text, "docker"),
    }


def _yaml_flag(text, name):
    match = re.search(_K3S_FLAG % re.escape(name), text, re.MULTILINE)
    return match.group(1) == "true" if match else None


def has_flag(arguments, name):
    """Return whether --name or --name=true stands in a list of arguments."""
    return "--" + name in arguments or "--%s=true" % name in arguments


def collect(host, processes, iptables_dumps=None, systemd_units=None):
    """Return {running, pid, mode, source, embedded, bundled, foreign_runtime, ebpf_agent}.

    mode             iptables, ipvs, nftables, or None where it cannot be known
    source           what says so: arguments (of k3s: those in its unit), the configuration's path, rules, default
    embedded         whether it runs inside k3s
    bundled          k3s only: whether k3s calls its own iptables even where the host has one (prefer-bundled-bin)
    foreign_runtime  k3s only: whether a runtime of the host runs the containers (docker, container-runtime-endpoint), not k3s' containerd
    ebpf_agent       name of a process that can replace kube-proxy by eBPF, or None
    """
    own, proved = _proxy(host, processes)
    k3s = _k3s(processes)
    cilium = next((item["name"] for item in processes if item["name"] == "cilium-agent" and (item["nested"] or 0) < 2), None)
    result = {"running": False, "pid": None, "mode": None, "source": None, "embedded": False, "bundled": None}
    result.update(foreign_runtime=None, ebpf_agent=cilium)
    if own is not None:
        result.update(running=True, pid=own["pid"])
        if proved:
            result["mode"], result["source"] = _own_mode(host, own)
    elif k3s is not None:
        settings = _k3s_settings(host, _k3s_words(host, k3s, systemd_units))
        result.update(bundled=settings["bundled"], foreign_runtime=settings["foreign_runtime"])
        result.update(running=not settings["disabled"], embedded=not settings["disabled"])
        if result["running"]:
            result.update(pid=k3s["pid"], mode=settings["mode"] or "iptables", source=settings["source"])
    if result["source"] in (None, "default") and iptables_dumps is not None:
        mode, source = _mode_by_rules(iptables_dumps)
        if mode is not None:
            result.update(mode=mode, source=source)
    return result


def prefers_bundled(host, processes, systemd_units=None):
    """Return whether the k3s that runs calls its own iptables even where the host has one, as it is configured; None where none runs."""
    k3s = _k3s(processes)
    return None if k3s is None else _k3s_settings(host, _k3s_words(host, k3s, systemd_units))["bundled"]


def _k3s(processes):
    return next((item for item in processes if item["name"] in EMBEDDING and not item["nested"]), None)


def _proxy(host, processes):
    """Return (the host's kube-proxy or None, whether it is proved to be): any pod may call its process kube-proxy."""
    for process in processes:
        # Deeper than one PID namespace below ours it is another node's, in a container of this host (kind).
        if not process["watched"] or (process["nested"] or 0) > 1 or not is_proxy(process):
            continue
        try:
            if shares_network(host, process["pid"]):
                return process, True
        except Unavailable:  # without root that of a pod cannot be told; it most likely is, so its arguments prove nothing
            return process, not process["nested"]
    return None, False


def is_proxy(process):
    """Return whether a watched process is a kube-proxy of its own."""
    words = process["arguments"] or []
    return process["name"] == "kube-proxy" or process["name"] == "hyperkube" and ("proxy" in words[:2] or "kube-proxy" in words[:2])


def _own_mode(host, process):
    words = process["arguments"] or []
    mode = flag(words, "proxy-mode")
    path = flag(words, "config")
    if path is None:
        return _known(mode or "iptables"), "arguments"
    root = "/proc/%d/root" % process["pid"]
    try:
        # The file is a mounted ConfigMap of links; they must be read as the container sees them.
        text = host.read(host.resolve(path, root=root))
    except Unavailable:
        return None, None
    # With --config the other arguments are ignored, apart from a few that do not matter here.
    return (_known(parse_configuration(text)), path) if text else (None, None)


def _known(mode):
    return mode if mode in MODES else None


def _k3s_words(host, process, systemd_units):
    """Return the words that started a k3s, from its unit: they may hold secrets, so k3s writes "k3s server" or "k3s agent"
    over its own arguments (pkg/cli/server, pkg/cli/agent), and they are kept nowhere here.
    """
    unit = (systemd_units or {}).get(unit_of(process["cgroup"])) or {}
    texts = []
    for path in [unit.get("FragmentPath") or ""] + unit.get("DropInPaths", []):
        try:
            texts.append(host.read(path) or "" if path else "")
        except Unavailable:
            pass  # the others and the configuration still say something
    return _exec_start.command(texts) + (process["arguments"] or [])


def _k3s_settings(host, arguments):
    settings = {"mode": None, "disabled": None, "bundled": None, "foreign_runtime": None, "source": "default"}
    for path in [K3S_CONFIGURATION] + _parts(host):
        try:
            text = host.read(path)
        except Unavailable:
            continue  # the arguments and the default still say something
        for name, value in parse_k3s(text or "").items():
            if value is not None:
                settings[name] = value
                settings["source"] = path if name == "mode" else settings["source"]
    for before, word in zip([""] + arguments, arguments):
        value = word.partition("=")[2] if word.startswith("--kube-proxy-arg=") else word
        if (word.startswith("--kube-proxy-arg=") or before == "--kube-proxy-arg") and value.startswith("proxy-mode="):
            settings.update(mode=value.partition("=")[2], source="arguments")
    settings["disabled"] = has_flag(arguments, "disable-kube-proxy") or bool(settings["disabled"])
    settings["bundled"] = has_flag(arguments, "prefer-bundled-bin") or bool(settings["bundled"])
    by_argument = has_flag(arguments, "docker") or flag(arguments, "container-runtime-endpoint")
    settings["foreign_runtime"] = bool(by_argument or settings["foreign_runtime"])
    settings["mode"] = _known(settings["mode"])
    return settings


def _parts(host):
    directory = K3S_CONFIGURATION + ".d"
    try:
        return ["%s/%s" % (directory, name) for name in host.listdir(directory) or [] if name.endswith(".yaml")]
    except Unavailable:
        return []


def _mode_by_rules(iptables_dumps):
    dumps = [dump for versions in iptables_dumps.values() for dump in versions.values()]
    if any(dump["ipvs"] for dump in dumps):
        return "ipvs", "rules"
    if any(dump["kube_services"] for dump in dumps):
        return "iptables", "rules"
    return None, None
