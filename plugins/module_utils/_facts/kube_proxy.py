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
from .iptables_dumps import lack_of
from .kubelet import flag, parse_flags
from .processes import shares_network
from .systemd_units import unit_of

MODES = ("iptables", "ipvs", "nftables", "userspace", "kernelspace")
EMBEDDING = ("k3s", "k3s-server", "k3s-agent")
# MicroK8s has kubelet, kube-proxy and the control plane in one process; it calls the commands of its own snap.
KUBELITE = "kubelite"
K3S_CONFIGURATION = "/etc/rancher/k3s/config.yaml"

# What k3s does where nothing names another.
K3S_DEFAULTS = {"mode": "iptables", "source": "default", "disabled": False, "bundled": False, "foreign_runtime": False}

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
    reads("/var/snap/microk8s/*/args/kube-proxy", "the mode, of MicroK8s", root=True),
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
    """Return {running, pid, mode, source, k3s, embedded, bundled, foreign_runtime, ebpf_agent}.

    mode             iptables, ipvs, nftables, or None where it cannot be known
    source           what says so: arguments (of k3s: those in its unit), the configuration's path, rules (also where ipvs is named and iptables
                     runs), default
    k3s              whether k3s runs here, whoever programs Services
    embedded         whether it runs inside k3s (that of MicroK8s is told by running, pid and mode alone)
    bundled          k3s only: whether k3s calls its own iptables even where the host has one (prefer-bundled-bin)
    foreign_runtime  k3s only: whether a runtime of the host runs the containers (docker, container-runtime-endpoint), not k3s' containerd
    ebpf_agent       name of a process that can replace kube-proxy by eBPF, or None

    Of k3s, mode, bundled and foreign_runtime are None where a part of its configuration could not be read and no other part names them.
    """
    own, proved = _proxy(host, processes)
    k3s = _k3s(processes)
    kubelite = next((item for item in processes if item["name"] == KUBELITE and not item["nested"]), None)
    cilium = next((item["name"] for item in processes if item["name"] == "cilium-agent" and (item["nested"] or 0) < 2), None)
    result = {"running": False, "pid": None, "mode": None, "source": None, "embedded": False, "bundled": None}
    result.update(k3s=k3s is not None, foreign_runtime=None, ebpf_agent=cilium)
    settings = None if k3s is None else _k3s_settings(host, k3s, systemd_units)
    if settings:
        result.update(bundled=settings["bundled"], foreign_runtime=settings["foreign_runtime"])
    if own is not None:
        result.update(running=True, pid=own["pid"])
        if proved:
            result["mode"], result["source"] = _own_mode(host, own)
    elif settings and not settings["disabled"]:
        result.update(running=True, embedded=True, pid=k3s["pid"], mode=settings["mode"], source=settings["source"])
    elif kubelite is not None:
        mode, source = _kubelite_mode(host, kubelite)
        result.update(running=True, pid=kubelite["pid"], mode=mode, source=source)
    if result["source"] in (None, "default") and iptables_dumps is not None:
        mode, source = _mode_by_rules(iptables_dumps)
        if mode is not None:
            result.update(mode=mode, source=source)
    elif result["mode"] == "ipvs" and iptables_dumps is not None and _fell_back(iptables_dumps):
        result.update(mode="iptables", source="rules")
    return result


def prefers_bundled(host, processes, systemd_units=None):
    """Return whether the k3s that runs calls its own iptables even where the host has one, as it is configured; None where none runs, and
    where a part of its configuration could not be read and no other part names it.
    """
    k3s = _k3s(processes)
    return None if k3s is None else _k3s_settings(host, k3s, systemd_units)["bundled"]


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


def _kubelite_mode(host, process):
    path = flag(process["arguments"] or [], "proxy-args-file")
    try:
        text = host.read(path) if path else None
    except Unavailable:
        return None, None
    return (None, None) if text is None else (_known(parse_flags(text, "proxy-mode") or "iptables"), path)


def _known(mode):
    return mode if mode in MODES else None


def _k3s_words(host, process, systemd_units):
    """Return (the words that started a k3s, whether they are all), from its unit: they may hold secrets, so k3s writes "k3s server" or
    "k3s agent" over its own arguments (pkg/cli/server, pkg/cli/agent), and they are kept nowhere here.
    """
    unit = (systemd_units or {}).get(unit_of(process["cgroup"])) or {}
    texts, every = _texts(host, [unit.get("FragmentPath")] + unit.get("DropInPaths", []))
    words = _exec_start.command([text for unused, text in texts])
    return words + (process["arguments"] or []), every and bool(words)


def _k3s_settings(host, process, systemd_units):
    """Return {mode, source, disabled, bundled, foreign_runtime}; where a part could not be read, what no other part names is None."""
    words, every_word = _k3s_words(host, process, systemd_units)
    texts, every_text = _k3s_texts(host)
    settings = dict(K3S_DEFAULTS) if every_word and every_text else dict.fromkeys(K3S_DEFAULTS)
    for source, named in [(path, parse_k3s(text)) for path, text in texts] + [("arguments", parse_k3s_words(words))]:
        settings.update((name, value) for name, value in named.items() if value is not None)
        settings["source"] = source if named["mode"] is not None else settings["source"]
    settings["mode"] = _known(settings["mode"])
    return settings


def parse_k3s_words(words):
    """Return {mode, disabled, bundled, foreign_runtime} of the words that start a k3s; None where they do not name it."""
    mode = None
    for before, word in zip([""] + words, words):
        value = word.partition("=")[2] if word.startswith("--kube-proxy-arg=") else word
        if (word.startswith("--kube-proxy-arg=") or before == "--kube-proxy-arg") and value.startswith("proxy-mode="):
            mode = value.partition("=")[2]
    return {
        "mode": mode,
        "disabled": has_flag(words, "disable-kube-proxy") or None,
        "bundled": has_flag(words, "prefer-bundled-bin") or None,
        "foreign_runtime": bool(has_flag(words, "docker") or flag(words, "container-runtime-endpoint")) or None,
    }


def _k3s_texts(host):
    directory = K3S_CONFIGURATION + ".d"
    try:
        parts = ["%s/%s" % (directory, name) for name in host.listdir(directory) or [] if name.endswith(".yaml")]
    except Unavailable:
        return _texts(host, [K3S_CONFIGURATION])[0], False
    return _texts(host, [K3S_CONFIGURATION] + parts)


def _texts(host, paths):
    """Return ([(path, text)] of the files that could be read, whether these are all of them); what is not there has no text."""
    texts = []
    every = True
    for path in paths:
        try:
            texts.append((path, (host.read(path) if path else None) or ""))
        except Unavailable:
            every = False
    return texts, every


def _fell_back(iptables_dumps):
    """Return whether the rules prove that a kube-proxy that is told to use ipvs runs in the mode iptables.

    Before Kubernetes 1.26 it does so, with a word in its log only, where a module of the kernel or ipset is missing (tryIPVSProxy in
    cmd/kube-proxy/app/server_others.go; issue 70304, pull request 111806), and so does one that has not started since its configuration changed.
    In the mode ipvs it writes the chain KUBE-SERVICES of nat anew, but leaves that of filter as another mode left it.
    """
    dumps = [dump for versions in iptables_dumps.values() for dump in versions.values()]
    if any(lack_of(dump) or dump["ipvs"] for dump in dumps):
        return False
    return any(dump["services"] for dump in dumps)


def _mode_by_rules(iptables_dumps):
    """Return (mode, "rules"), or (None, None) where the rules do not tell: kube-proxy has none, or one backend has those of ipvs and the other
    has others, one of which nobody writes any more.
    """
    dumps = dict((backend, list(versions.values())) for backend, versions in iptables_dumps.items())
    ipvs = [backend for backend in dumps if any(dump["ipvs"] for dump in dumps[backend])]
    others = [backend for backend in dumps if backend not in ipvs and any(dump["services"] for dump in dumps[backend])]
    if ipvs:
        return (None, None) if others else ("ipvs", "rules")
    if any(dump["kube_services"] for backend in dumps for dump in dumps[backend]):
        return "iptables", "rules"
    return None, None
