"""The rules of the host after the role, read without it."""

import re

import pytest

SITE = "-A FORWARD -d 198.51.100.7/32 -j DROP"
FLANNEL = '-A FORWARD -s 10.42.0.0/16 -m comment --comment "flanneld forward" -j ACCEPT'
JUMP = "-A FORWARD -j KUBE-FIREWALL"
FIREWALL = '-A KUBE-FIREWALL -m comment --comment "kubernetes firewall" -m mark --mark 0x8000/0x8000 -j DROP'
ROUTER = '-A KUBE-ROUTER-INPUT -d 10.43.0.0/16 -m comment --comment "allow traffic to primary cluster IP range" -j RETURN'
LOTS = "-A KUBE-ROUTER-INPUT -m statistic --mode random --probability 0.50000000000 -j RETURN"
LOG = '-A KUBE-ROUTER-INPUT -j LOG --log-prefix "lab "'
FLANNEL6 = '-A FORWARD -s fd00:42::/56 -m comment --comment "flanneld forward" -j ACCEPT'
LOG6 = '-A FORWARD -j LOG --log-prefix "lab "'


@pytest.fixture(params=["nft", "legacy"])
def backend(request, host):
    if request.param == "legacy" and not host.file("/etc/debian_version").exists:
        pytest.skip("EL 8 has no legacy commands to ask")
    return request.param


def rules(host, command, table, chain):
    text = host.check_output("%s-save -t %s" % (command, table))
    # Old versions print one digit of a probability more or less.
    return [re.sub(r"0\.5\d*", "0.50000000000", line) for line in text.splitlines() if line.startswith("-A %s " % chain)]


def test_one_of_each_is_left_and_the_order_is_kept(host, backend):
    command = "iptables-" + backend
    # What the site wants three times stays three times, where it was.
    assert rules(host, command, "filter", "FORWARD") == [SITE, FLANNEL, JUMP, SITE, SITE]
    assert rules(host, command, "filter", "KUBE-FIREWALL") == [FIREWALL]
    assert rules(host, command, "nat", "POSTROUTING") == ['-A POSTROUTING -m comment --comment "CNI portfwd requiring masquerade" -j CNI-HOSTPORT-MASQ']
    assert len(rules(host, command, "nat", "CNI-HOSTPORT-MASQ")) == 1
    assert len(rules(host, command, "nat", "CNI-HOSTPORT-SETMARK")) == 1


def test_what_logs_or_draws_lots_is_kept(host, backend):
    assert rules(host, "iptables-" + backend, "filter", "KUBE-ROUTER-INPUT") == [ROUTER] + [LOTS, LOG] * 51
    assert rules(host, "ip6tables-" + backend, "filter", "FORWARD") == [FLANNEL6] + [LOG6] * 50


def test_the_policies_are_as_they_were(host, backend):
    for chain in ("INPUT", "FORWARD", "OUTPUT"):
        assert ":%s ACCEPT" % chain in host.check_output("iptables-%s-save -t filter", backend)


def test_the_scan_is_clean(host):
    answer = host.ansible("nodemend.kubernetes.node_condition_info", "conditions=iptables_rules_duplicated", check=False)
    assert answer["conditions"][0]["reason"] == "FewCopies"


def test_what_was_there_is_kept_for_root_only(host, backend):
    (folder,) = host.check_output("ls -d /var/lib/nodemend/*/iptables_duplicates/%s", backend).splitlines()
    assert host.file(folder).mode == 0o700
    kept = host.file("%s/before-%s-ipv4-filter.rules" % (folder, backend))
    assert kept.mode == 0o600
    assert kept.content_string.count(FLANNEL) == 51
    assert host.check_output("readlink %s/decided", folder) == "confirmed"


@pytest.fixture
def persisted(host):
    """The files that are restored at boot, with the commands that restore and list them, and the mode they had."""
    if host.file("/etc/debian_version").exists:
        return {"iptables": ("/etc/iptables/rules.v4", 0o640), "ip6tables": ("/etc/iptables/rules.v6", 0o640)}
    return {"iptables": ("/etc/sysconfig/iptables", 0o600), "ip6tables": ("/etc/sysconfig/ip6tables", 0o600)}


@pytest.mark.parametrize("command", ["iptables", "ip6tables"])
def test_what_is_restored_at_boot_has_one_of_each(host, persisted, command):
    path, mode = persisted[command]
    assert (host.file(path).mode, host.file(path).user) == (mode, "root")
    # As at boot, in a network namespace of its own, which begins without rules.
    text = host.check_output("unshare --net sh -c '%s-restore <%s && %s-save'", command, path, command)
    restored = [re.sub(r"0\.5\d*", "0.50000000000", line) for line in text.splitlines() if line.startswith("-A ")]
    if command == "ip6tables":
        assert restored == [FLANNEL6] + [LOG6] * 50
        return
    assert [line for line in restored if line.startswith("-A FORWARD")] == [SITE, FLANNEL, JUMP, SITE, SITE]
    assert [line for line in restored if line.startswith("-A KUBE-ROUTER-INPUT")] == [ROUTER] + [LOTS, LOG] * 51
    assert len([line for line in restored if line.startswith("-A CNI-HOSTPORT-SETMARK")]) == 1


def test_the_files_as_they_were_are_kept_for_root_only(host, persisted):
    for path, unused in persisted.values():
        # One after the first round, two after that of saved.yml.
        folders = host.check_output("ls -d /var/lib/nodemend/*/iptables_duplicates/saved%s", path.replace("/", "-")).splitlines()
        for folder in folders:
            assert host.file(folder).mode == 0o700
            assert host.file(folder + "/before").mode == 0o600
            assert "flanneld forward" in host.file(folder + "/before").content_string
        assert host.check_output("ls -A %s", path.rpartition("/")[0]).split() == host.check_output("ls %s", path.rpartition("/")[0]).split()


def test_the_scan_tells_no_file_any_more(host):
    answer = host.ansible("nodemend.kubernetes.node_condition_info", "conditions=iptables_rules_duplicated", check=False)
    assert answer["conditions"][0]["evidence"]["persisted"]["duplicated"] == []
    assert "at boot" not in answer["conditions"][0]["message"]
