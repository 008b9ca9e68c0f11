"""The settings of the kernel after the role, and the file that keeps them."""

import pytest

FILE = "/etc/sysctl.d/99-zz-nodemend.conf"


def test_the_primary_interface_is_loose(host):
    assert host.file("/proc/sys/net/ipv4/conf/eth0/rp_filter").content_string.strip() == "2"
    assert "net/ipv4/conf/eth0/rp_filter=2" in host.file(FILE).content_string


def test_there_is_room_for_threads(host):
    if not host.file("/var/tmp/nodemend-lab-pid-max").exists:
        pytest.skip("kernel.pid_max was not lowered: prepare.yml says why")
    assert host.file("/proc/sys/kernel/pid_max").content_string.strip() == "4194304"
    assert "kernel.pid_max=4194304" in host.file(FILE).content_string


def test_what_was_not_asked_for_is_not_set(host):
    content = host.file(FILE).content_string
    assert not host.file("/etc/sysctl.d/99-zz-nodemend-conntrack.conf").exists
    assert "inotify" not in content and "conntrack" not in content and "threads-max" not in content


def test_it_is_read_at_boot(host):
    assert host.file(FILE).mode == 0o644
    assert host.run("sysctl --load %s", FILE).rc == 0
