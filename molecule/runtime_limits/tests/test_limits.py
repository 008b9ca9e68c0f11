"""The state of the host after the role, read without it."""

import re

import pytest

DROP_IN = "/etc/systemd/system/containerd.service.d/zz-nodemend.conf"


@pytest.fixture
def daemon(host):
    return int(host.check_output("systemctl show --property=MainPID containerd.service").split("=")[1])


def test_the_daemon_runs_with_the_new_limit(host, daemon):
    (line,) = re.findall("^Max open files.*$", host.file("/proc/%d/limits" % daemon).content_string, re.M)
    assert line.split()[3:5] == ["16384", "16384"]


def test_the_drop_in_is_the_roles_own_and_readable(host):
    drop_in = host.file(DROP_IN)
    assert drop_in.contains("^LimitNOFILE=16384$")
    assert (drop_in.user, drop_in.group, drop_in.mode) == ("root", "root", 0o644)


def test_systemd_has_read_it(host):
    answer = host.check_output("systemctl show --property=NeedDaemonReload,DropInPaths,LimitNOFILE containerd.service")
    assert "NeedDaemonReload=no" in answer
    assert "LimitNOFILE=16384" in answer
    assert DROP_IN in answer


def test_the_vendors_unit_and_the_sites_drop_in_are_untouched(host):
    assert not host.file("/etc/systemd/system/containerd.service").exists
    assert host.file("/etc/systemd/system/containerd.service.d/50-site.conf").contains("LimitNOFILE=1024:4096")


def test_the_shim_survived_the_restart(host):
    shim = host.file("/var/tmp/nodemend-lab-shim").content_string.strip()
    assert host.file("/proc/%s/comm" % shim).content_string.strip() == "containerd-shim"
    assert "containerd.service" in host.file("/proc/%s/cgroup" % shim).content_string


def test_containerd_answers(host):
    assert "Server:" in host.check_output("ctr version")
