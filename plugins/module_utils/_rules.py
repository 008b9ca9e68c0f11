# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""Whose an iptables rule is: told by the prefixes that Kubernetes, its CNI plugins and Calico give their chains. Pure."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re

# (family, the prefix of its chains). kubelet, kube-proxy and kube-router write KUBE-, Felix cali-, the plugins portmap,
# bridge and firewall CNI-, flannel since 0.20 FLANNEL- (node_facts 2.3).
PREFIXES = (("KUBE", "KUBE-"), ("cali", "cali-"), ("CNI", "CNI-"), ("FLANNEL", "FLANNEL-"))
FAMILIES = tuple(family for family, unused in PREFIXES)
# Others that work for Kubernetes, whose rules are counted, but never prove a fault and are never removed. kube-vip's egress writes KUBE-VIP-EGRESS
# (pkg/egress/egress.go, MangleChainName) into legacy on any host, unless egress_withnftables is set (its issue 1255).
OTHERS = (("WEAVE", "WEAVE"), ("CILIUM", "CILIUM_"), ("KUBE-VIP", "KUBE-VIP-"))
# Programs that share the tables with Kubernetes, named where their rules are found twice.
NEIGHBOURS = (("docker", "DOCKER"), ("ufw", "ufw"), ("libvirt", "LIBVIRT_"))
# Rules in chains that are not theirs carry a comment of their own: Felix's hash, and flannel before it had chains.
COMMENTS = (("cali", "cali:"), ("FLANNEL", "flanneld "))

# Felix's accept of what policy has allowed; its hash and its mark differ between versions and settings (cluster_facts 3.2).
POLICY_ACCEPT = "Policy explicitly accepted packet."

# What counts, draws lots or writes a log each time it is passed: there a second copy may be meant.
_MEANT_TWICE = re.compile(
    r" -m (?:limit|hashlimit|statistic|recent|quota|connlimit|connbytes|rateest|nfacct|time) | -j (?:LOG|NFLOG|ULOG|AUDIT|TRACE|TEE|NFQUEUE)(?: |$)"
)
# Rules of one pod: portmap, and bridge and ptp with ipMasq, name its sandbox (containernetworking/plugins, portmap_iptables.go and
# FormatComment in pkg/utils/iptables.go); firewall has only its address (plugins/meta/firewall/iptables.go).
_CNI_SANDBOX = re.compile(r'--comment "(?:dnat )?name: \\"[^"]*\\" id: \\"([^"\\]+)\\""')
_CNI_ADDRESS = re.compile(r"^-A CNI-FORWARD -[sd] (\S+) ")
# A sandbox's host port, written by CRI-O, and by the kubelet for Docker's kubenet: the name is a hash of sandbox, port and protocol
# (cri-o, internal/hostport/hostport_iptables.go; kubernetes 1.23, pkg/kubelet/dockershim/network/hostport/hostport_manager.go).
_HOST_PORT = re.compile(r"^-A (KUBE-HP-\S+) ")
# What the plugin firewall jumps to first and never fills: "admin overrides" (plugins/meta/firewall/iptables.go).
_ADMIN = "-A CNI-ADMIN "
_COUNTERS = re.compile(r"^\[\d+:\d+\] (?=-A )")
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|\S+')
# The first that fits counts: KUBE-VIP- begins like Kubernetes' own.
_ALL = OTHERS + PREFIXES
# A quick look that spares all other rules the cutting into words: a dump may have 180,000 lines.
_SUSPECT = re.compile("|".join([" -[jg] %s" % re.escape(prefix) for unused, prefix in _ALL] + [text for unused, text in COMMENTS]))


def family_of_chain(name):
    """Return the family that a chain's name belongs to, or None."""
    for family, prefix in _ALL:
        if name.startswith(prefix):
            return family
    return None


def words(line):
    """Return the words of a rule as iptables-save prints it, quotes removed."""
    return [word[1:-1] if word.startswith('"') else word for word in _TOKEN.findall(line)]


def target_of(parts):
    """Return the chain or verdict that a rule's words jump or go to, or None."""
    return _after(parts, ("-j", "-g"))


def comments_of(parts):
    """Return the comments of a rule's words."""
    return [parts[index + 1] for index, word in enumerate(parts[:-1]) if word == "--comment"]


def family_of_rule(line):
    """Return the family that wrote a line "-A CHAIN ...", or None for a foreign rule.

    A rule is a family's when it stands in a chain of its own, jumps to one, or carries its comment.
    """
    family = family_of_chain(line[3:].split(" ", 1)[0])
    if family is not None or not _SUSPECT.search(line):
        return family
    parts = words(line)
    family = family_of_chain(target_of(parts) or "")
    if family is not None:
        return family
    for comment in comments_of(parts):
        for family, start in COMMENTS:
            if comment.startswith(start):
                return family
    return None


def pod_of_rule(line):
    """Return the sandbox's id, or else the address, of the pod that a CNI plugin wrote a line "-A CHAIN ..." for, or None."""
    match = _CNI_SANDBOX.search(line) or _CNI_ADDRESS.match(line)
    return match.group(1) if match else None


def host_port_of_rule(line):
    """Return the chain of a sandbox's host port that a line "-A CHAIN ..." stands in, or None."""
    match = _HOST_PORT.match(line)
    return match.group(1) if match else None


def is_admins(line):
    """Return whether a line "-A CHAIN ..." stands in the chain that CNI plugins leave to the administrator: no program writes it again."""
    return line.startswith(_ADMIN)


def owner_of_rule(line):
    """Return who wrote a line: a family, a neighbour by the chain it stands in or jumps to, or "other"."""
    family = family_of_rule(line)
    if family is not None:
        return family
    names = (line[3:].split(" ", 1)[0], target_of(words(line)) or "")
    for owner, prefix in NEIGHBOURS:
        if any(name.startswith(prefix) for name in names):
            return owner
    return "other"


def without_counters(line):
    """Return a line of iptables-save without the counters that -c writes before a rule: "[12:720] -A FORWARD -j ACCEPT"."""
    return _COUNTERS.sub("", line) if line[:1] == "[" else line


def meant_twice(line):
    """Return whether a second copy of a rule may be on purpose."""
    return bool(_MEANT_TWICE.search(line))


def _after(parts, options):
    # The last one counts: a comment's text is one word and cannot be mistaken for an option, a match's value could.
    for index in range(len(parts) - 2, -1, -1):
        if parts[index] in options:
            return parts[index + 1]
    return None
