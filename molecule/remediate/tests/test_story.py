"""The state of the hosts after remediate.yml, read without it."""

import re

import pytest

DROP_IN = "/etc/systemd/system/containerd.service.d/zz-nodemend.conf"


@pytest.fixture
def debian(host):
    """Whether this is one of the nodes that were broken; the EL-like one was healthy."""
    return host.file("/etc/debian_version").exists


def test_the_runtime_runs_with_the_new_limit(host, debian):
    if not debian:
        assert not host.file(DROP_IN).exists
        return
    pid = host.check_output("systemctl show --property=MainPID containerd.service").split("=")[1]
    (line,) = re.findall("^Max open files.*$", host.file("/proc/%s/limits" % pid).content_string, re.M)
    assert line.split()[3:5] == ["16384", "16384"]


def test_one_backend_has_the_rules_and_the_sites_own_are_in_both(host, debian):
    if not debian:
        return
    nft, legacy = host.check_output("iptables-nft-save"), host.check_output("iptables-legacy-save")
    assert "-A KUBE-SERVICES" in nft
    assert ":KUBE-" not in legacy and "-A KUBE-" not in legacy
    assert "mine, see" in nft and "mine, see" in legacy


def test_what_was_removed_is_kept_for_root_only(host, debian):
    if not debian:
        assert not host.file("/var/lib/nodemend").exists
        return
    (run,) = host.check_output("ls /var/lib/nodemend").split()
    folder = host.file("/var/lib/nodemend/%s" % run)
    assert (folder.mode, folder.user) == (0o700, "root")
