# -*- coding: utf-8 -*-
from __future__ import absolute_import, division, print_function

import pytest
from ansible_collections.nodemend.kubernetes.plugins.module_utils._facts.rule_writers import parse_docker, parse_firewalld
from netfilter import LEGACY_BINARIES, node, systemd
from recorded import fact

__metaclass__ = type

DOCKERD = {
    "/proc/500/stat": "500 (dockerd) S 1 1 1 0 -1 4194560",
    "/proc/500/cmdline": "/usr/sbin/dockerd\0",
    "/proc/500/status": "NSpid:\t500\n",
}


@pytest.mark.parametrize(
    "files, units, expected",
    [
        ({}, {}, []),
        (DOCKERD, {}, ["docker"]),
        (dict(DOCKERD, **{"/etc/docker/daemon.json": '{"iptables": false}'}), {}, []),
        ({}, {"fail2ban": ("active", "enabled")}, ["fail2ban"]),
        ({}, {"fail2ban": ("inactive", "disabled")}, []),
        ({"/etc/firewalld/firewalld.conf": "FirewallBackend=nftables\n"}, {"firewalld": ("active", "enabled")}, []),
        ({"/etc/firewalld/firewalld.conf": "#x\nFirewallBackend=iptables\n"}, {"firewalld": ("active", "enabled")}, ["firewalld"]),
        ({"/etc/ufw/ufw.conf": "# x\nENABLED=yes\n"}, {}, ["ufw"]),
        ({"/etc/ufw/ufw.conf": "ENABLED=no\n"}, {"ufw": ("active", "enabled")}, []),
        ({"/etc/iptables/rules.v4": ""}, {"netfilter_persistent": ("active", "enabled")}, ["netfilter-persistent.service"]),
        ({"/etc/iptables/rules.v4": ""}, {}, []),
        ({"/etc/sysconfig/iptables": ""}, {"iptables": ("inactive", "enabled")}, ["iptables.service"]),
        ({}, {"iptables": ("active", "enabled")}, []),
        ({}, {"nftables": ("inactive", "enabled")}, ["nftables.service"]),
        ({}, {"nftables": ("active", "disabled")}, ["nftables.service"]),
        ({"/etc/nftables.conf": "flush ruleset\n"}, {"nftables": ("inactive", "disabled")}, []),
    ],
)
def test_writers(files, units, expected):
    more, commands = systemd(**units) if units else ({}, {})
    found = fact("rule_writers", node(nft="", files=dict(files, **more), commands=commands))
    assert [writer["who"] for writer in found] == expected
    assert all(writer["backend"] == "nft" for writer in found)


@pytest.mark.parametrize(
    "path, text, flushes",
    [
        ("/etc/nftables.conf", "#!/usr/sbin/nft -f\nflush ruleset\ntable inet filter {\n}\n", True),
        ("/etc/sysconfig/nftables.conf", " flush  ruleset ip", True),
        ("/etc/nftables.conf", "# flush ruleset\nflush ruleset inet\nflush table ip mine\n", False),
    ],
)
def test_a_service_that_empties_all_rules(path, text, flushes):
    more, commands = systemd(nftables=("active", "enabled"))
    (found,) = fact("rule_writers", node(links=LEGACY_BINARIES, files=dict(more, **{path: text}), commands=commands))
    assert (found["backend"], found["flushes"]) == ("nft", flushes)
    assert not flushes or path in found["why"]


def test_backend_is_that_of_the_host_s_command():
    assert fact("rule_writers", node(files=DOCKERD, links=LEGACY_BINARIES))[0]["backend"] == "legacy"
    assert fact("rule_writers", node(files=DOCKERD, links={}))[0]["backend"] is None


@pytest.mark.parametrize(
    "text, expected",
    [(None, True), ("{}", True), ('{"iptables": true}', True), ('{"iptables": false}', False), ('{"firewall-backend": "nftables"}', False)],
)
def test_docker(text, expected):
    assert parse_docker(text) is expected


@pytest.mark.parametrize("text", ["[]", "{"])
def test_docker_garbage(text):
    with pytest.raises(ValueError):
        parse_docker(text)


@pytest.mark.parametrize("text, expected", [(None, "iptables"), ("FirewallBackend=nftables", "nftables"), ("FirewallBackend = iptables", "iptables")])
def test_firewalld(text, expected):
    assert parse_firewalld(text) == expected
