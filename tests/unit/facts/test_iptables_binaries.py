# -*- coding: utf-8 -*-
from __future__ import absolute_import, division, print_function

import pytest
from ansible_collections.nodemend.kubernetes.plugins.module_utils._facts.iptables_binaries import parse_administration, parse_version
from netfilter import LEGACY_BINARIES, NFT_BINARIES, node
from recorded import TIMED_OUT, fact, recording

__metaclass__ = type


@pytest.mark.parametrize(
    "text, expected",
    [  # node_facts 2.1
        ("iptables v1.8.9 (nf_tables)\n", ("1.8.9", "nft")),
        ("iptables v1.8.9 (legacy)\n", ("1.8.9", "legacy")),
        ("iptables v1.4.21\n", ("1.4.21", "legacy")),
        ("ebtables 1.8.9 (nf_tables)\n", ("1.8.9", "nft")),
        ("arptables v1.8.9 (nf_tables)\n", ("1.8.9", "nft")),
    ],
)
def test_version(text, expected):
    assert parse_version(text) == expected


@pytest.mark.parametrize("text", ["", "iptables", "bash: iptables: not found", "nftables v1.0.6"])
def test_version_garbage(text):
    with pytest.raises(ValueError):
        parse_version(text)


def test_administration():
    choices = ["/usr/sbin/iptables-legacy", "/usr/sbin/iptables-nft"]
    text = recording("iptables/dpkg-alternatives-iptables.txt")
    followers = dict(("iptables-" + name, ["%s-%s" % (choice, name) for choice in choices]) for name in ("restore", "save"))
    assert parse_administration(text) == {"status": "auto", "choices": choices, "followers": followers}
    assert parse_administration(text.replace("auto", "manual", 1))["status"] == "manual"
    text = recording("iptables/dpkg-alternatives-arptables.txt")
    assert parse_administration(text)["choices"] == ["/usr/sbin/arptables-nft"]
    for garbage in ("", "auto", "auto\n/x", "yes\n/x\n\n"):
        with pytest.raises(ValueError):
            parse_administration(garbage)


@pytest.mark.parametrize(
    "links, backend",
    [
        (NFT_BINARIES, "nft"),
        (LEGACY_BINARIES, "legacy"),
        ({"/usr/sbin/iptables": "xtables-nft-multi"}, "nft"),
        # k3s brings a script along that decides when it runs.
        ({"/var/lib/rancher/k3s/data/current/bin/aux/iptables": "iptables-detect.sh"}, None),
    ],
)
def test_backend(links, backend):
    files = {"/var/lib/rancher/k3s/data/current/bin/aux/iptables-detect.sh": ""}
    found = fact("iptables_binaries", node(nft="", links=links, files=files))
    assert found["iptables"]["backend"] == backend
    assert found["iptables"]["version"] == ("1.8.9" if backend else None)
    assert found["ebtables"] is None


def test_alternative():
    path = "/var/lib/dpkg/alternatives/iptables"
    host = node(nft="", files={path: recording("iptables/dpkg-alternatives-iptables.txt")})
    assert fact("iptables_binaries", host)["iptables"]["alternative"] == {
        "value": "/usr/sbin/iptables-nft",
        "status": "auto",
        "choices": ["/usr/sbin/iptables-legacy", "/usr/sbin/iptables-nft"],
        "leader": None,
    }


# As writeState in chkconfig's alternatives.c writes what Fedora's iptables.spec installs: a priority may be preceded by a family, a
# follower may be missing.
FEDORA = """manual
/usr/sbin/iptables
ip6tables
/usr/sbin/ip6tables
iptables-save
/usr/sbin/iptables-save

/usr/sbin/iptables-legacy
10
/usr/sbin/ip6tables-legacy
/usr/sbin/iptables-legacy-save
/usr/sbin/iptables-nft
@nft@20
/usr/sbin/ip6tables-nft

"""


def test_a_follower_has_the_choices_of_its_leader():
    links = dict(LEGACY_BINARIES, **{"/usr/sbin/ip6tables": "/etc/alternatives/ip6tables", "/etc/alternatives/ip6tables": "/usr/sbin/ip6tables-legacy",
                                     "/usr/sbin/ip6tables-legacy": "xtables-legacy-multi"})
    found = fact("iptables_binaries", node(nft="", links=links, files={"/var/lib/alternatives/iptables": FEDORA}))
    assert found["iptables"]["alternative"]["choices"] == ["/usr/sbin/iptables-legacy", "/usr/sbin/iptables-nft"]
    assert found["ip6tables"]["alternative"] == {
        "value": "/usr/sbin/ip6tables-legacy",
        "status": "manual",
        "choices": ["/usr/sbin/ip6tables-legacy", "/usr/sbin/ip6tables-nft"],
        "leader": "iptables",
    }
    assert parse_administration(FEDORA)["followers"]["iptables-save"] == ["/usr/sbin/iptables-legacy-save", None]


def test_version_is_not_asked_where_that_could_load_a_module():
    host = node(nft=None)
    assert fact("iptables_binaries", host)["iptables"]["version"] is None
    assert not [what for kind, what in host.touched if kind == "command"]


@pytest.mark.parametrize("answer", [TIMED_OUT, "garbage", (1, "", "no")])
def test_a_version_that_cannot_be_had(answer):
    host = node(nft="", commands={"iptables --version": answer})
    assert fact("iptables_binaries", host)["iptables"]["backend"] == "nft"
