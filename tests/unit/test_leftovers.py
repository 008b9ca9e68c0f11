# -*- coding: utf-8 -*-
"""What Kubernetes has left in a backend: found, seen to stand still, removed, put back."""

from __future__ import absolute_import, division, print_function

import re

import pytest
from ansible_collections.nodemend.kubernetes.plugins.module_utils import _leftovers
from recorded import recording

__metaclass__ = type


def counted(name, packets=0):
    """A recorded dump as iptables-save -c would print it."""
    return re.sub("^-A", "[%d:%d] -A" % (packets, packets * 60), recording("iptables/%s.txt" % name), flags=re.MULTILINE)


KUBE = counted("bookworm-legacy-kube", 5)
FOREIGN = counted("bookworm-legacy-host-firewall")
MIXED = """*filter
:INPUT ACCEPT [0:0]
:FORWARD DROP [9:9]
:KUBE-FORWARD - [0:0]
:cali-FORWARD - [0:0]
:mine - [0:0]
[1:1] -A INPUT -s 198.51.100.7/32 -j DROP
[2:2] -A FORWARD -m comment --comment "cali:x" -j cali-FORWARD
[3:3] -A FORWARD -j mine
[4:4] -A FORWARD -j KUBE-FORWARD
[4:4] -A FORWARD -j KUBE-FORWARD
[5:5] -A KUBE-FORWARD -m mark --mark 0x4000/0x4000 -j ACCEPT
[6:6] -A cali-FORWARD -j mine
[7:7] -A mine -j RETURN
COMMIT
"""


def test_what_is_theirs():
    tables = _leftovers.parse(KUBE)
    assert sorted(tables) == ["filter", "mangle", "nat"]
    assert _leftovers.count(tables) == (14, 22)
    assert _leftovers.count(_leftovers.parse(FOREIGN)) == (0, 0)
    assert _leftovers.count(_leftovers.parse(MIXED)) == (2, 5)


def test_removal_names_nothing_foreign():
    text = _leftovers.removal(_leftovers.parse(MIXED))["filter"]
    assert text.splitlines() == [
        "*filter",
        '-D FORWARD -m comment --comment "cali:x" -j cali-FORWARD',
        "-D FORWARD -j KUBE-FORWARD",
        "-D FORWARD -j KUBE-FORWARD",
        "-F KUBE-FORWARD",
        "-F cali-FORWARD",
        "-X KUBE-FORWARD",
        "-X cali-FORWARD",
        "COMMIT",
    ]
    assert _leftovers.removal(_leftovers.parse(FOREIGN)) == {}


VIP = """*mangle
:PREROUTING ACCEPT [9:9]
:KUBE-KUBELET-CANARY - [0:0]
:KUBE-VIP-EGRESS - [0:0]
[9:9] -A PREROUTING -m comment --comment "a3ViZS12aXAK=kube-vip" -j KUBE-VIP-EGRESS
[3:3] -A KUBE-VIP-EGRESS -s 172.17.88.190/32 -m comment --comment "a3ViZS12aXAK=kube-vip" -j MARK --set-xmark 0x40/0x40
COMMIT
"""


def test_what_kube_vip_uses_stays():
    tables = _leftovers.parse(VIP)
    assert _leftovers.count(tables) == (1, 0)
    assert _leftovers.removal(tables)["mangle"].splitlines() == ["*mangle", "-F KUBE-KUBELET-CANARY", "-X KUBE-KUBELET-CANARY", "COMMIT"]
    assert _leftovers.without(tables)["mangle"]["rules"] == tables["mangle"]["rules"]


def test_the_way_back_keeps_positions():
    tables = _leftovers.parse(MIXED)
    rest = _leftovers.without(tables)
    assert _leftovers.count(rest) == (0, 0)
    assert [rule.line for rule in rest["filter"]["rules"]] == ["-A INPUT -s 198.51.100.7/32 -j DROP", "-A FORWARD -j mine", "-A mine -j RETURN"]
    assert _leftovers.restoration(tables, rest)["filter"].splitlines() == [
        "*filter",
        ":KUBE-FORWARD - [0:0]",
        ":cali-FORWARD - [0:0]",
        '-I FORWARD 1 -m comment --comment "cali:x" -j cali-FORWARD',
        "-I FORWARD 3 -j KUBE-FORWARD",
        "-I FORWARD 4 -j KUBE-FORWARD",
        "-A KUBE-FORWARD -m mark --mark 0x4000/0x4000 -j ACCEPT",
        "-A cali-FORWARD -j mine",
        "COMMIT",
    ]


def test_the_way_back_never_points_behind_the_end_of_a_chain():
    tables = _leftovers.parse(MIXED)
    empty = _leftovers.parse("*filter\n:FORWARD ACCEPT [0:0]\nCOMMIT\n")
    lines = _leftovers.restoration(tables, empty)["filter"].splitlines()
    assert [line.split()[2] for line in lines if line.startswith("-I FORWARD")] == ["1", "2", "3"]


def test_what_is_there_is_not_put_back_twice():
    assert _leftovers.restoration(_leftovers.parse(KUBE), _leftovers.parse(KUBE)) == {}


@pytest.mark.parametrize(
    "change, said",
    [
        (lambda text: text, None),
        # A jump is passed by every packet; a foreign rule is none of ours.
        (lambda text: text.replace("[4:4]", "[9:9]"), None),
        (lambda text: text.replace("[1:1]", "[9:9]").replace("[7:7]", "[8:8]"), None),
        (lambda text: text.replace(":FORWARD DROP [9:9]", ":FORWARD DROP [10:10]"), None),
        # What decides, what was written anew, what has come or gone.
        (lambda text: text.replace("[5:5]", "[6:6]"), "1 packets met a rule in filter"),
        (lambda text: text.replace("[4:4]", "[0:0]"), "went back"),
        (lambda text: text.replace("[6:6] -A cali-FORWARD -j mine\n", ""), "have changed (5, then 4)"),
        (lambda text: text.replace(":mine", ":KUBE-NEW - [0:0]\n:mine"), "the chains in filter have changed"),
        (lambda text: "", "the chains in filter have changed"),
        (lambda text: text.replace("-j mine\n", "-j theirs\n"), "have changed (5, then 5)"),
    ],
)
def test_movement(change, said):
    moved = _leftovers.movement(_leftovers.parse(MIXED), _leftovers.parse(change(MIXED)))
    assert (moved == []) if said is None else (said in moved[0])


# Flannel, kube-proxy and the site; %s stand for a policy and for rules of others in FORWARD before and behind those of Kubernetes.
PASSED = """*filter
:INPUT %s [0:0]
:FORWARD %s [0:0]
:KUBE-FIREWALL - [0:0]
:KUBE-FORWARD - [0:0]
:site - [0:0]
[0:0] -A INPUT -j KUBE-FIREWALL
[0:0] -A FORWARD %s
[0:0] -A FORWARD -m comment --comment "kubernetes forwarding rules" -j KUBE-FORWARD
[0:0] -A FORWARD %s
[0:0] -A KUBE-FIREWALL -m mark --mark 0x8000/0x8000 -j DROP
[0:0] -A KUBE-FORWARD -m conntrack --ctstate INVALID -j DROP
[0:0] -A KUBE-FORWARD %s
[0:0] -A site -d 198.51.100.7/32 -j REJECT --reject-with icmp-port-unreachable
COMMIT
"""
ACCEPT = "-m mark --mark 0x4000/0x4000 -j ACCEPT"


@pytest.mark.parametrize(
    "values, end",
    [
        (("ACCEPT", "ACCEPT", "-j site", "-j RETURN", ACCEPT), None),
        (("ACCEPT", "DROP", "-j site", "-j RETURN", ACCEPT), "policy DROP"),
        (("ACCEPT", "ACCEPT", "-j RETURN", "-j DROP", ACCEPT), "-A FORWARD -j DROP"),
        (("ACCEPT", "ACCEPT", "-j RETURN", "-o eth1 -j REJECT --reject-with icmp-port-unreachable", ACCEPT), "-A FORWARD -o eth1 -j REJECT"),
        # In a chain of others behind it, not in one before it.
        (("ACCEPT", "ACCEPT", "-j RETURN", "-j site", ACCEPT), "-A site -d 198.51.100.7/32 -j REJECT"),
        (("ACCEPT", "ACCEPT", "-j DROP", "-j RETURN", ACCEPT), None),
        # A rule with their comment, or one that calls a chain of others, lets pass as well; a mark may have others do so.
        (("ACCEPT", "DROP", '-s 10.42.0.0/16 -m comment --comment "flanneld forward" -j ACCEPT', "-j RETURN", "-j DROP"), "policy DROP"),
        (("ACCEPT", "DROP", "-j RETURN", "-j RETURN", "-j site"), "policy DROP"),
        (("ACCEPT", "DROP", "-j RETURN", "-j RETURN", "-j MARK --set-xmark 0x20000/0x20000"), "policy DROP"),
        # A return from a chain of theirs comes back; one from FORWARD itself goes past the rest.
        (("ACCEPT", "DROP", "-j RETURN", "-j RETURN", "-j RETURN"), None),
        (("ACCEPT", "ACCEPT", "-m comment --comment cali:x -j RETURN", "-j DROP", "-j RETURN"), "-A FORWARD -j DROP"),
        # What only stops packets, as KUBE-FIREWALL, shields nothing.
        (("DROP", "ACCEPT", "-j RETURN", "-j RETURN", ACCEPT), None),
        (("DROP", "DROP", "-j RETURN", "-j LOG", "-j REJECT --reject-with icmp-port-unreachable"), None),
    ],
)
def test_what_stops_the_packets_that_they_let_pass(values, end):
    told = _leftovers.exposed(_leftovers.parse(PASSED % values))
    assert (told == []) if end is None else (len(told) == 1 and ("FORWARD in filter stops what they let pass: " + end) in told[0])


def test_chains_of_others_that_call_each_other_end_the_look():
    looped = (PASSED % ("ACCEPT", "DROP", "-j site", "-j RETURN", ACCEPT)).replace("-j REJECT --reject-with icmp-port-unreachable", "-j site")
    assert len(_leftovers.exposed(_leftovers.parse(looped))) == 1
    assert _leftovers.exposed(_leftovers.parse(FOREIGN)) == [] and len(_leftovers.exposed(_leftovers.parse(MIXED))) == 1


# As kube-proxy 1.17 and 1.2x write them.
KNOWN = """*filter
:FORWARD ACCEPT [0:0]
:KUBE-FORWARD - [0:0]
[9:9] -A FORWARD -m comment --comment "kubernetes forwarding rules" -j KUBE-FORWARD
[1:1] -A KUBE-FORWARD -m comment --comment "kubernetes forwarding rules" -m mark --mark 0x4000/0x4000 -j ACCEPT
[5:5] -A KUBE-FORWARD%s -m comment --comment "kubernetes forwarding conntrack %s" -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
COMMIT
"""


@pytest.mark.parametrize("words", [("", "rule"), (" -s 10.48.0.0/14", "pod source rule"), (" -d 10.48.0.0/14", "pod destination rule")])
@pytest.mark.parametrize(
    "change, used",
    [
        (lambda text: text, False),
        # Where FORWARD would end what the rule lets pass, or might, it does decide.
        (lambda text: text.replace(":FORWARD ACCEPT", ":FORWARD DROP"), True),
        (lambda text: text.replace("COMMIT", "[0:0] -A FORWARD -j REJECT --reject-with icmp-port-unreachable\nCOMMIT"), True),
        (lambda text: text.replace("COMMIT", "[0:0] -A FORWARD -j site-rules\nCOMMIT"), True),
        (lambda text: text.replace("COMMIT", "[0:0] -A INPUT -j DROP\nCOMMIT"), False),
    ],
)
def test_packets_of_known_connections_are_no_use(words, change, used):
    before = change(KNOWN % words)
    assert bool(_leftovers.movement(_leftovers.parse(before), _leftovers.parse(before.replace("[5:5]", "[900:900]")))) == used
    assert _leftovers.movement(_leftovers.parse(before), _leftovers.parse(before.replace("[1:1]", "[2:2]")))


FELIX = recording("iptables/felix-3.30.3-leftover-before.counted.txt")
ESTABLISHED = '-m comment --comment "cali:6BJqBjBC7crtA-7-" -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT'


def test_what_felix_left_stands_still_on_a_host_with_traffic():
    after = recording("iptables/felix-3.30.3-leftover-after.counted.txt")
    assert re.search(r"\[\d+:\d+\] -A cali-PREROUTING " + re.escape(ESTABLISHED), after).group() not in FELIX
    assert _leftovers.movement(_leftovers.parse(FELIX), _leftovers.parse(after)) == []


@pytest.mark.parametrize(
    "change, used",
    [
        (lambda text: text, False),
        (lambda text: text.replace(":PREROUTING ACCEPT", ":PREROUTING DROP"), True),
        (lambda text: text.replace("-A cali-PREROUTING " + ESTABLISHED, "-A cali-PREROUTING " + ESTABLISHED + "\n[0:0] -A PREROUTING -j mine"), True),
        (lambda text: text.replace(":cali-PREROUTING - [0:0]", ":cali-PREROUTING - [0:0]\n:mine - [0:0]\n[0:0] -A mine -j cali-PREROUTING"), True),
        (lambda text: text.replace("-A cali-PREROUTING " + ESTABLISHED, "-A cali-PREROUTING " + ESTABLISHED + "\n[0:0] -A POSTROUTING -j mine"), False),
        (lambda text: text.replace("COMMIT", "[0:0] -A OUTPUT -j mine\nCOMMIT"), False),
    ],
)
def test_felix_accept_of_known_connections(change, used):
    before = change(FELIX)
    after = re.sub(r"\[\d+:\d+\] (-A cali-PREROUTING %s)" % re.escape(ESTABLISHED), r"[99999:9] \1", before)
    assert before != after
    assert bool(_leftovers.movement(_leftovers.parse(before), _leftovers.parse(after))) == used


@pytest.mark.parametrize("base, used", [("FORWARD", True), ("INPUT", True), ("PREROUTING", False)])
def test_felix_accept_of_a_pods_known_connections(base, used):
    """cali-fw-* is entered from FORWARD, and from INPUT over cali-wl-to-host, by a goto."""
    before = FELIX.replace(":cali-FORWARD - [0:0]", ":cali-FORWARD - [0:0]\n[0:0] -A %s -j mine" % base)
    after = re.sub(r"\[\d+:\d+\] (-A cali-fw-\S+ .*--ctstate RELATED,ESTABLISHED -j ACCEPT)", r"[99999:9] \1", before)
    assert before != after
    assert bool(_leftovers.movement(_leftovers.parse(before), _leftovers.parse(after))) == used


def test_what_felix_decides_else_is_use():
    for words in ("NOTRACK", "--ctstate INVALID -j DROP", '"Unknown interface" -j DROP'):
        after = re.sub(r"\[\d+:\d+\] (-A cali-.*%s\n)" % words, r"[99999:9] \1", FELIX, count=1)
        assert _leftovers.movement(_leftovers.parse(FELIX), _leftovers.parse(after))


@pytest.mark.parametrize(
    "text",
    [
        "garbage",
        "-A INPUT -j ACCEPT",
        "*filter\n-A INPUT -j ACCEPT\n",
        "[1:1] -A INPUT -j ACCEPT",
        "# Table `nat' is incompatible, use 'nft' tool.",
    ],
)
def test_garbage(text):
    with pytest.raises(ValueError):
        _leftovers.parse(text)
