# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""Fact: whether iptables -C tells the truth, tried in a network namespace of its own."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from .._host import Unavailable
from .._source import reads, runs
from .addresses import IF_INET6
from .iptables_binaries import BACKENDS
from .kube_proxy import K3S_SOURCES, prefers_bundled

# k3s keeps its own at the end of its PATH; RKE2 has a folder for each of its versions.
K3S = "/var/lib/rancher/k3s/data/current/bin/aux/"
BUNDLED = (K3S, "/var/lib/rancher/rke2/bin/")
RKE2_DATA = "/var/lib/rancher/rke2/data"
NAMES = ("iptables", "ip6tables")
# Until k3s first calls one of its names, each leads to a script that counts the rules it sees, chooses a backend and makes
# all six lead there for good (k3s-io/k3s-root, iptables-detect). Where it is run decides, so it is never run here.
CHOICES = ("xtables-nft-multi", "xtables-legacy-multi")
# Some defects read memory that nobody has set, and come and go.
ROUNDS = 5

SOURCES = (
    reads("*bin/ip*tables", "which commands there are, the host's and those that k3s and RKE2 bring along"),
    reads("*/bin/aux/*tables*", "the commands that k3s brings along"),
    reads(RKE2_DATA, "the versions whose commands RKE2 has unpacked"),
    reads(IF_INET6, "whether the kernel knows IPv6; without (ipv6.disable=1) nothing calls ip6tables"),
    runs("unshare -n -- /bin/sh -c *", "with probes only: -C on rules that are there and that are not, in a network namespace of its own", root=True),
) + K3S_SOURCES

# What it was that answered wrongly: (table, rule, a rule that is not there). One field differs.
RULES = {
    "iptables": (
        (
            "filter",
            '-m comment --comment "kubernetes firewall for dropping marked packets" -m mark --mark 0x8000/0x8000 -j DROP',
            '-m comment --comment "kubernetes firewall for dropping marked packets" -m mark --mark 0x4000/0x4000 -j DROP',
        ),
        ("filter", "-d 10.20.30.40 -p tcp --dport 53 -j ACCEPT", "-d 10.20.30.40 -p tcp --dport 54 -j ACCEPT"),
        (
            "filter",
            '-p tcp -m comment --comment "allow LOCAL TCP" -m addrtype --dst-type LOCAL -m multiport --dports 30000:32767 -j RETURN',
            '-p tcp -m comment --comment "allow LOCAL TCP" -m addrtype --dst-type LOCAL -m multiport --dports 30000:32766 -j RETURN',
        ),
        ("filter", "-i eth0 -j ACCEPT", "-i eth1 -j ACCEPT"),
    ),
    "ip6tables": (
        ("filter", "-d fd00::40 -p tcp --dport 53 -j ACCEPT", "-d fd00::40 -p tcp --dport 54 -j ACCEPT"),
        ("filter", "-i eth0 -j ACCEPT", "-i eth1 -j ACCEPT"),
        (
            "nat",
            '-p tcp --dport 8080 -j DNAT --to-destination "[fd00::1]:80"',
            '-p tcp --dport 8081 -j DNAT --to-destination "[fd00::1]:80"',
        ),
    ),
}


def script(name):
    """Return what the shell runs, $0 and its arguments being the command: for each rule and round a line "INDEX present|absent EXIT-CODE"."""
    lines = []
    for index, (table, rule, other) in enumerate(RULES[name]):
        call = '"$0" "$@" -w -t %s' % table
        lines += [
            "%s -N NODEMEND && for round in %s; do" % (call, " ".join(str(number) for number in range(ROUNDS))),
            "%s -A NODEMEND %s || break" % (call, rule),
            # 1.8.7 prints the rule that it has found.
            "%s -C NODEMEND %s >/dev/null; echo %d present $?" % (call, rule, index),
            "%s -C NODEMEND %s >/dev/null; echo %d absent $?" % (call, other, index),
            "%s -F NODEMEND" % call,
            "done",
            "%s -F NODEMEND; %s -X NODEMEND" % (call, call),
        ]
    return "exec 2>/dev/null\n" + "\n".join(lines) + "\ntrue\n"


def parse_answers(text, name):
    """Return {tried, missed, imagined}: how many rules were asked for, and those denied though there, or affirmed though not."""
    tried, missed, imagined = set(), set(), set()
    known = [str(number) for number in range(len(RULES[name]))]
    for line in text.splitlines():
        index, what, code = (line.split(" ") + ["", "", ""])[:3]
        if what not in ("present", "absent") or index not in known:
            raise ValueError("not an answer of the self-test: %r" % line[:80])
        if code not in ("0", "1"):
            continue  # it could not tell
        rule, other = RULES[name][int(index)][1:]
        tried.add(rule)
        if what == "present" and code == "1":
            missed.add(rule)
        elif what == "absent" and code == "0":
            imagined.add(other)
    return {"tried": len(tried), "missed": sorted(missed), "imagined": sorted(imagined)}


def collect(host, timeout, probes, processes, host_network_agents=None, systemd_units=None):
    """Return [{path, name, command, bundled, called, tried, missed, imagined, error}], for iptables and ip6tables of the host and of k3s or RKE2.

    command   its words: the path, and the name where the path is a binary of many names
    called    False where another one is called instead: the host's while k3s prefers its own, or k3s' own while it does not; and for
              ip6tables where the kernel knows no IPv6 (ipv6.disable=1)
    tried     how many rules were asked for; None without probes
    missed    rules that are there and -C denies: they are appended again and again
    imagined  rules that are not there and -C affirms: they are never written
    error     why nothing could be tried, or None
    """
    found = []
    for name in NAMES:
        own = host.which(name)
        if own is not None and not own.startswith("/var/lib/rancher/"):
            found.append(_answer([own], name, False))
        for directory in _directories(host):
            path = host.which(directory + name)
            if path is not None:
                found.extend(_answer(command, name, True) for command in _bundled(host, directory, path, name))
    preferred = prefers_bundled(host, processes, systemd_units)
    alone = [agent["name"] for agent in host_network_agents or [] if not agent["image"] and not agent["decides"]]
    ipv6 = host.exists(IF_INET6)
    for answer in found:
        answer["called"] = _called(answer, found, preferred, bool(alone)) and (ipv6 or answer["name"] != "ip6tables")
        if probes:
            _try(host, answer, timeout)
    return found


def _directories(host):
    versions = host.listdir(RKE2_DATA) or [] if host.is_root() else []
    return BUNDLED + tuple("%s/%s/bin/" % (RKE2_DATA, version) for version in versions)


def _bundled(host, directory, path, name):
    """Return the commands to try for a bundled path: itself, or what its script chooses from."""
    if not _chooses(host, path):
        return [[path]]
    return [[directory + choice, name] for choice in CHOICES if host.which(directory + choice)] or [[path]]


def _called(answer, found, preferred, agents):
    """Return whether something may call a command: k3s calls either the host's or its own, and agents of the host the host's."""
    own = [item for item in found if item["name"] == answer["name"] and item["path"].startswith(K3S)]
    theirs = [item for item in found if item["name"] == answer["name"] and not item["bundled"]]
    # One that has not chosen yet was never called: k3s was not restarted since it was told to prefer its own.
    prefers = bool(preferred and own and len(own[0]["command"]) == 1)
    if answer in own:
        return prefers or not theirs
    return answer["bundled"] or agents or not prefers


def _chooses(host, path):
    return host.resolve(path).rsplit("/", 1)[-1] not in BACKENDS


def _answer(command, name, bundled):
    return {
        "path": command[0],
        "name": name,
        "command": command,
        "bundled": bundled,
        "called": None,
        "tried": None,
        "missed": [],
        "imagined": [],
        "error": None,
    }


def _try(host, answer, timeout):
    path, name = answer["path"], answer["name"]
    try:
        if not host.is_root():
            raise Unavailable("NeedsRoot", "%s: only root may have a network namespace of its own." % path)
        if answer["bundled"] and _chooses(host, path):
            raise Unavailable("Unreadable", "%s: chooses a backend when it is run, and lies beside none." % path)
        # Three times the time of a command: it runs some fifty of them.
        text = host.output(["unshare", "-n", "--", "/bin/sh", "-c", script(name)] + answer["command"], 3 * timeout)
        answer.update(parse_answers(text, name))
        if not answer["tried"]:
            raise Unavailable("Unreadable", "%s: none of the rules could be tried." % path)
    except Unavailable as exc:
        answer["error"] = {"reason": exc.reason, "message": exc.message.replace(script(name), "...")}
    except ValueError as exc:
        answer["error"] = {"reason": "Unreadable", "message": str(exc)}
