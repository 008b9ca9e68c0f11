# -*- coding: utf-8 -*-
from __future__ import absolute_import, division, print_function

import pytest
from ansible_collections.nodemend.kubernetes.plugins.module_utils import _rules

__metaclass__ = type

COMMENTED = '-A FORWARD -m comment --comment "go -j there" -m comment --comment second -j KUBE-FORWARD'


def test_words_comments_and_target():
    words = _rules.words(COMMENTED)
    assert words[4:6] == ["--comment", "go -j there"]
    assert _rules.comments_of(words) == ["go -j there", "second"]
    assert _rules.target_of(words) == "KUBE-FORWARD"
    assert _rules.target_of(_rules.words("-A FORWARD -g mine")) == "mine"
    assert _rules.target_of(_rules.words("-A FORWARD -s 10.0.0.1/32")) is None


@pytest.mark.parametrize(
    "line, family, owner",
    [
        ("-A KUBE-SERVICES -j ACCEPT", "KUBE", "KUBE"),
        ("-A FORWARD -j KUBE-FORWARD", "KUBE", "KUBE"),
        ("-A FORWARD -g cali-FORWARD", "cali", "cali"),
        ('-A FORWARD -m comment --comment "cali:hash" -j ACCEPT', "cali", "cali"),
        ('-A FORWARD -m comment --comment "flanneld forward" -j ACCEPT', "FLANNEL", "FLANNEL"),
        ('-A FORWARD -m comment --comment "not cali: at all" -j ACCEPT', None, "other"),
        ('-A FORWARD -m comment --comment "see -j KUBE-FORWARD" -j ACCEPT', None, "other"),
        ("-A FORWARD -j DOCKER-USER", None, "docker"),
        ("-A ufw-user-input -j ACCEPT", None, "ufw"),
        ("-A FORWARD -j LIBVIRT_FWI", None, "libvirt"),
        ("-A FORWARD -j WEAVE-NPC", "WEAVE", "WEAVE"),
        # kube-vip's, as its "Troubleshooting Egress" shows them: not Kubernetes' own, whatever the name begins with.
        ('-A PREROUTING -m comment --comment "a3ViZS12aXAK=kube-vip" -j KUBE-VIP-EGRESS', "KUBE-VIP", "KUBE-VIP"),
        ("-A KUBE-VIP-EGRESS -s 172.17.88.190/32 -j MARK --set-xmark 0x40/0x40", "KUBE-VIP", "KUBE-VIP"),
    ],
)
def test_whose_a_rule_is(line, family, owner):
    assert (_rules.family_of_rule(line), _rules.owner_of_rule(line)) == (family, owner)
