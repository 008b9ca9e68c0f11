# -*- coding: utf-8 -*-
from __future__ import absolute_import, division, print_function

import pytest
from ansible_collections.nodemend.kubernetes.plugins.module_utils import _host
from recorded import NOW, RecordedHost, fact

__metaclass__ = type

BACKEND = "/var/lib/nodemend/20261120T115930Z/iptables_backend"
COPIES = "/var/lib/nodemend/20261120T115930Z/iptables_duplicates/nft"
BOOT = u"5f0c-boot\n"


def folder(path, seconds=40, boot=BOOT, due=None):
    """What a role has left when it had armed its timer."""
    return {path + "/due": u"%d\n" % (NOW + seconds) if due is None else due, path + "/boot_id": boot, path + "/roll_back.sh": u""}


def found(files, links=None, **more):
    return fact("pending_restores", RecordedHost(dict({"/proc/sys/kernel/random/boot_id": BOOT}, **files), links, **more))


def test_a_healthy_host_is_looked_at_once():
    host = RecordedHost()
    assert fact("pending_restores", host) == [] and host.touched == [("file", "/var/lib/nodemend")]


def test_a_timer_that_will_put_rules_back():
    assert found(folder(BACKEND)) == [{"role": "iptables_backend", "directory": BACKEND, "seconds": 40}]


def test_the_first_comes_first():
    both = found(dict(folder(BACKEND, 50), **folder(COPIES, 20)))
    assert [(item["role"], item["seconds"]) for item in both] == [("iptables_duplicates", 20), ("iptables_backend", 50)]


@pytest.mark.parametrize("who", ["confirmed", "timer", "failure"])
def test_what_somebody_has_decided_is_over(who):
    assert found(folder(BACKEND), {BACKEND + "/decided": who}) == []


def test_no_timer_outlives_a_boot():
    assert found(folder(BACKEND, boot=u"another\n")) == []


@pytest.mark.parametrize("seconds, left", [(0, 0), (-1, 0), (-120, 0), (-121, None)])
def test_one_that_is_late_may_come_at_any_moment_and_one_that_is_very_late_never(seconds, left):
    assert [item["seconds"] for item in found(folder(BACKEND, seconds))] == ([] if left is None else [left])


@pytest.mark.parametrize("due", [u"", u"soon\n", u"-5\n"])
def test_garbage_is_no_timer(due):
    assert found(folder(BACKEND, due=due)) == []


def test_other_roles_keep_things_there_too():
    assert found({"/var/lib/nodemend/20261120T115930Z/runtime_limits/etc/x.conf": u""}) == []


def test_without_root():
    with pytest.raises(_host.Unavailable) as caught:
        found(folder(BACKEND), denied=["/var/lib/nodemend*"], root=False)
    assert caught.value.reason == "NeedsRoot"
