# -*- coding: utf-8 -*-
"""Builds recorded hosts with netfilter rules: what is in the kernel follows from what is dumped."""

from __future__ import absolute_import, division, print_function

from recorded import RecordedHost, recording
from runtime_hosts import SHOW, unit

__metaclass__ = type

KUBELET = {
    "/proc/700/stat": "700 (kubelet) S 1 700 700 0 -1 4194560",
    "/proc/700/cmdline": "/usr/bin/kubelet\0--config=/var/lib/kubelet/config.yaml\0",
    "/proc/700/cgroup": "0::/system.slice/kubelet.service\n",
    "/proc/700/status": "NSpid:\t700\n",
}
NFT_BINARIES = {"/usr/sbin/iptables": "/etc/alternatives/iptables", "/etc/alternatives/iptables": "/usr/sbin/iptables-nft",
                "/usr/sbin/iptables-nft": "xtables-nft-multi"}
LEGACY_BINARIES = dict(NFT_BINARIES, **{"/etc/alternatives/iptables": "/usr/sbin/iptables-legacy",
                                        "/usr/sbin/iptables-legacy": "xtables-legacy-multi"})
CONTAINER = "0123456789abcdef" * 4


# All that a k3s which runs shows of its words (pkg/cli/server of k3s, SetProcTitle).
K3S = {
    "/proc/800/stat": "800 (k3s-server) S 1 800 800 0 -1 4194560",
    "/proc/800/cmdline": "/usr/local/bin/k3s server\0",
    "/proc/800/cgroup": "0::/system.slice/k3s.service\n",
    "/proc/800/status": "NSpid:\t800\n",
}
# The unit as k3s' install.sh writes it.
K3S_UNIT = """[Unit]
Description=Lightweight Kubernetes
Wants=network-online.target

[Service]
Type=notify
EnvironmentFile=-/etc/systemd/system/k3s.service.env
KillMode=process
LimitNOFILE=1048576
ExecStartPre=-/sbin/modprobe overlay
ExecStart=/usr/local/bin/k3s \\
    server \\
%s
"""


def k3s(flags=(), drop_ins=None):
    """Return (files, commands) of a host that runs k3s with these flags in its unit; drop_ins is {path: text}."""
    files = dict(K3S, **{"/run/systemd/system/.keep": ""})
    files["/etc/systemd/system/k3s.service"] = K3S_UNIT % "".join("\t'%s' \\\n" % flag for flag in flags)
    files.update(drop_ins or {})
    properties = {"FragmentPath": "/etc/systemd/system/k3s.service", "DropInPaths": " ".join(sorted(drop_ins or {}))}
    return files, {SHOW: unit("k3s.service", KillMode="process", **properties)}


def systemd(**states):
    """Return the files and the answer of a systemd where these units are loaded ({unit: (ActiveState, UnitFileState)})."""
    blocks = [
        "Id=%s.service\nLoadState=loaded\nActiveState=%s\nUnitFileState=%s\n" % (name.replace("_", "-"), active, enabled)
        for name, (active, enabled) in states.items()
    ]
    return {"/run/systemd/system": None}, {"systemctl show *": "\n".join(blocks)}


def rules(name):
    return recording("iptables/%s.txt" % name)


def process(pid, name, arguments, container=CONTAINER):
    """Return the /proc files of a process in a container."""
    return {
        "/proc/%d/stat" % pid: "%d (%s) S 1 1 1 0 -1 4194560" % (pid, name),
        "/proc/%d/cmdline" % pid: "\0".join(arguments) + "\0",
        "/proc/%d/cgroup" % pid: "0::/kubepods.slice/kubepods-pod1.slice/cri-containerd-%s.scope\n" % container,
        "/proc/%d/status" % pid: "NSpid:\t%d\t1\n" % pid,
    }


def node(nft=None, legacy=None, nft6=None, legacy6=None, files=None, links=None, commands=None, kubelet=True, version="1.8.9", ipv6=True, **more):
    """Return a RecordedHost; each dump is a text, an answer of RecordedHost, or None for a backend that is not loaded."""
    links = dict(NFT_BINARIES if links is None else links)
    answers = {"iptables --version": "iptables v%s (nf_tables)\n" % version}
    tree = {
        "/proc/1/stat": "1 (systemd) S 0 1 1 0 -1 4194560",
        "/proc/sys/kernel/osrelease": "6.1.0-18-amd64\n",
        "/proc/modules": "nf_tables 376832 1 nft_compat, Live 0x0000000000000000\n" if nft is not None or nft6 is not None else "ext4 1 0 - Live 0x0\n",
        "/lib/modules/6.1.0-18-amd64/modules.builtin": "kernel/fs/ext2.ko\n",
        "/lib/modules/6.1.0-18-amd64/modules.dep": "kernel/net/ipv4/netfilter/ip_tables.ko: kernel/net/netfilter/x_tables.ko\n"
        "kernel/net/ipv6/netfilter/ip6_tables.ko: kernel/net/netfilter/x_tables.ko\n",
        "/usr/sbin/xtables-nft-multi": "",
        "/usr/sbin/xtables-legacy-multi": "",
    }
    if nft is not None or nft6 is not None:
        answers.update({"iptables-nft-save": nft or "", "ip6tables-nft-save": nft6 or ""})
    for text, names, command in ((legacy, "ip_tables_names", "iptables"), (legacy6, "ip6_tables_names", "ip6tables")):
        if text is not None:
            tree["/proc/net/" + names] = "filter\nnat\n"
            answers[command + "-legacy-save"] = text
    if kubelet:
        tree.update(KUBELET)
    if ipv6:
        tree["/proc/net/if_inet6"] = "00000000000000000000000000000001 01 80 10 80       lo\n"
    tree.update(files or {})
    answers.update(commands or {})
    answers = dict((words, answer) for words, answer in answers.items() if answer != "missing")
    return RecordedHost(files=tree, links=links, commands=answers, **more)
