# -*- coding: utf-8 -*-
"""The most open files a unit of this host can get."""

from __future__ import absolute_import, division, print_function

import pytest
import runtime_hosts
from ansible_collections.nodemend.kubernetes.plugins.module_utils._facts import nofile_ceiling
from ansible_collections.nodemend.kubernetes.plugins.module_utils._host import Unavailable
from recorded import fact
from runtime_hosts import text

__metaclass__ = type


@pytest.mark.parametrize(
    "name, limits",
    [
        ("bullseye-low.limits", (1024, 4096)),  # Go 1.15 leaves the soft limit alone
        ("bookworm-low.limits", (4096, 4096)),  # Go 1.19 raises it
        ("trixie-low.limits", (4095, 4096)),  # later Go leaves one missing
        ("trixie-raised.limits", (19999, 20000)),
        ("pid1-in-docker.limits", (20000, 20000)),
    ],
)
def test_parse_limits(name, limits):
    assert nofile_ceiling.parse_limits(text(name)) == limits


def test_unlimited_is_a_number():
    assert nofile_ceiling.parse_limits("Max open files  unlimited  unlimited  files") == (2**64 - 1, 2**64 - 1)


@pytest.mark.parametrize("content", ["", "Max processes 1 1 processes", "Max open files many many files"])
def test_garbage(content):
    with pytest.raises(ValueError):
        nofile_ceiling.parse_limits(content)


INITIAL = text("pid1-in-docker.uid_map")


@pytest.mark.parametrize(
    "status, uid_map, answer",
    [
        ("CapEff:\t000001ffffffffff\n", INITIAL, True),
        (text("pid1-in-docker.status"), INITIAL, False),
        ("CapEff:\t000001ffffffffff\n", "         0     100000      65536\n", False),  # LXC, rootless
        ("CapEff:\t0000001fffffffff\n", None, True),  # a kernel without user namespaces
    ],
)
def test_parse_may_raise(status, uid_map, answer):
    assert nofile_ceiling.parse_may_raise(status, uid_map) is answer


def test_a_status_without_capabilities():
    with pytest.raises(ValueError):
        nofile_ceiling.parse_may_raise("Name:\tsystemd\n", INITIAL)


@pytest.mark.parametrize(
    "nr_open, hard, capable, ceiling",
    [
        (1048576, 524288, True, 1048576),  # PID 1 may go above its own hard limit
        (1048576, 20000, False, 20000),  # a container
        (1048576, 2097152, False, 1048576),
        (1024000, 524288, True, 1024000),  # k3s issue 4909
        (1073741816, 1073741816, True, 1073741816),
    ],
)
def test_ceiling(nr_open, hard, capable, ceiling):
    host = runtime_hosts.host(nr_open=nr_open, pid1_hard=hard, capable=capable)
    assert fact("nofile_ceiling", host) == {
        "nr_open": nr_open,
        "manager_hard": hard,
        "may_raise": capable,
        "ceiling": ceiling,
    }


@pytest.mark.parametrize(
    "files",
    [{"/proc/sys/fs/nr_open": "many\n"}, {"/proc/1/limits": "garbage"}, {"/proc/1/status": ""}],
)
def test_garbage_is_unreadable(files):
    with pytest.raises(Unavailable) as caught:
        fact("nofile_ceiling", runtime_hosts.host(files=files))
    assert caught.value.reason == "Unreadable"
