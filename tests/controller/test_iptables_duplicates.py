"""What the module iptables_duplicates does where others write at the same time, a command fails, or something was kept before."""

import errno
import json
import os
import subprocess

import pytest
from ansible_collections.nodemend.kubernetes.plugins.module_utils import _armed_restore, _host
from ansible_collections.nodemend.kubernetes.plugins.modules import iptables_duplicates
from stub_module import Ended, Module

FLANNEL = '-A FORWARD -s 10.42.0.0/16 -m comment --comment "flanneld forward" -j ACCEPT\n'
SITE = "-A FORWARD -j DROP\n"
ROUTER = "-A KUBE-ROUTER-INPUT -d 10.43.0.0/16 -j RETURN\n"
LOG = "-A KUBE-ROUTER-INPUT -j LOG\n"
MASQ = "-A KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000\n"
# A restore that fails where its input has what the file "refuse" says, and else keeps what it was given, or in "tests".
RESTORE = """#!/bin/sh
cd "$(dirname "$0")"
cat >input
if [ -s refuse ] && grep -q -f refuse input; then echo "line 3 failed" >&2; exit 1; fi
case $* in *--test*) cat input >>tests;; *) cat input >>given;; esac
"""


def saved(forward=FLANNEL + SITE + FLANNEL + FLANNEL, router=(ROUTER + LOG) * 2, nat=MASQ * 2, more=""):
    head = "*filter\n:FORWARD ACCEPT [0:0]\n:KUBE-ROUTER-INPUT - [0:0]\n%s" % more
    return head + forward + router + "COMMIT\n*nat\n:KUBE-MARK-MASQ - [0:0]\n" + nat + "COMMIT\n"


BEFORE = saved()
AFTER = saved(FLANNEL + SITE, ROUTER + LOG + LOG, MASQ)


@pytest.fixture
def host(tmp_path, monkeypatch):
    """A host whose nft IPv4 tables are the texts in saves, one for each look at them; for IPv6 there is nothing."""
    restore = tmp_path / "restore"
    restore.write_text(RESTORE)
    restore.chmod(0o755)
    (tmp_path / "refuse").write_text("")
    (tmp_path / "version").write_text("1.8.9")
    saves = []

    class Host(_armed_restore.Host):
        def is_root(self):
            return True

        def which(self, name):
            return str(restore) if name.endswith("restore") else name

        def output(self, argv, timeout=None):
            return "iptables-nft-save v%s (nf_tables)\n" % (tmp_path / "version").read_text()

        def each_line(self, argv, consume, timeout=None):
            if argv[0] == "nft":
                answer = tmp_path / ("nft-" + argv[-1])
                if not answer.exists():
                    raise _host.Unavailable("CommandMissing", "nft: command not found")
                text = answer.read_text()
            else:
                text = "" if argv[0].startswith("ip6") else saves.pop(0) if len(saves) > 1 else saves[0]
            for line in text.splitlines():
                consume(line)

    monkeypatch.setattr(_armed_restore, "Host", Host)
    loaded = {"unavailable": {"ipv4": None, "ipv6": None}, "legacy": {"ipv4": None, "ipv6": None}, "nft": True}
    monkeypatch.setattr(_armed_restore.netfilter_backends, "collect", lambda host: loaded)
    monkeypatch.setattr(_armed_restore.iptables_binaries, "collect", lambda host: {"iptables": None, "ip6tables": None})
    monkeypatch.setattr(_armed_restore.time, "sleep", lambda seconds: None)
    return tmp_path, Module(backend="nft", directory=tmp_path / "kept" / "nft"), saves


def ended(module, state):
    module.params["state"] = state
    with pytest.raises(Ended) as caught:
        iptables_duplicates.run(module)
    json.dumps(caught.value.args[0])  # no numbers of rules, no arrays
    return caught.value.args[0]


def told(directory, name):
    return (directory / name).read_text() if (directory / name).exists() else ""


def remove(host, *texts):
    host[2][:] = texts
    return ended(host[1], "absent")


def test_only_chains_with_copies_are_written_anew_each_table_at_once(host):
    directory, module, unused = host
    result = remove(host, BEFORE, BEFORE, AFTER)
    assert (result["changed"], result["rules"], result["backup"]) == (True, 4, module.params["directory"])
    assert result["places"][0] == {"version": "ipv4", "table": "filter", "chain": "FORWARD", "rules": 2}
    (left,) = result["left"]
    assert (left["chain"], left["rules"]) == ("KUBE-ROUTER-INPUT", 1) and left["why"].startswith("they count, draw lots, log")
    filters = "*filter\n-F FORWARD\n-F KUBE-ROUTER-INPUT\n" + FLANNEL + SITE + ROUTER + LOG + LOG + "COMMIT\n"
    assert told(directory, "given") == told(directory, "tests") == filters + "*nat\n-F KUBE-MARK-MASQ\n" + MASQ + "COMMIT\n"
    # Two tables, and each may wait ten seconds before the time to confirm begins.
    assert any("--on-active=%ds" % seconds in module.armed[0] for seconds in range(80, 90)) or "sleep 8" in module.armed[0][3]
    script = told(directory, "kept/nft/roll_back.sh")
    assert "before-nft-ipv4-filter.rules" in script and "before-nft-ipv4-nat.rules" in script
    for name in os.listdir(module.params["directory"]):
        assert os.stat(os.path.join(module.params["directory"], name)).st_mode & 0o777 == 0o600


def test_check_mode_writes_nothing_and_tells_the_same(host):
    directory, module, unused = host
    module.check_mode = module._diff = True
    result = remove(host, BEFORE)
    assert result["changed"] and result["rules"] == 4
    assert "3 x filter: " + FLANNEL in result["diff"][0]["before"] and "1 x filter: " + FLANNEL in result["diff"][0]["after"]
    assert not (directory / "kept").exists() and not told(directory, "tests")


def test_nothing_to_remove(host):
    result = remove(host, AFTER)
    assert not result["changed"] and result["rules"] == 0 and result["backup"] is None
    assert not (host[0] / "kept").exists()


@pytest.mark.parametrize(
    "meanwhile",
    [
        saved(forward=FLANNEL + SITE + FLANNEL + FLANNEL + FLANNEL),  # another copy
        saved(forward=FLANNEL + FLANNEL + FLANNEL),  # a rule of the site has gone
        saved(router=(ROUTER + LOG) * 2 + "-A KUBE-ROUTER-INPUT -j ACCEPT\n"),
        saved(nat=MASQ),  # nothing to do any more
        saved(nat=MASQ * 2 + "-A POSTROUTING -s 10.0.0.1/32 -j KUBE-MARK-MASQ\n" * 2),  # more to do
    ],
)
def test_it_gives_up_where_a_chain_changes_meanwhile(host, meanwhile):
    directory, module, unused = host
    result = remove(host, BEFORE, meanwhile)
    assert result["failed"] and result["reason"] == "RulesChanged" and "Nothing was changed" in result["msg"]
    assert not told(directory, "given") and not module.armed
    # It leaves nothing that would stand in the way of the next attempt, or be put back.
    assert not remove(host, BEFORE, BEFORE, AFTER).get("failed")


def test_other_chains_may_change_meanwhile(host):
    other = "-A KUBE-X -j ACCEPT\n"
    assert not remove(host, BEFORE, saved(more=other), saved(FLANNEL + SITE, ROUTER + LOG + LOG, MASQ, other)).get("failed")


def test_what_a_called_chain_does_counts_too(host):
    call = "-A FORWARD -j KUBE-ROUTER-INPUT\n"
    harmless = saved(forward=call * 2, router=ROUTER, nat="")
    assert remove(host, harmless, saved(forward=call * 2, router=ROUTER + LOG, nat=""))["reason"] == "RulesChanged"


def test_without_room_for_a_backup_nothing_is_changed(host, monkeypatch):
    written = []

    def full(path, texts):
        if len(written) == 2:
            raise OSError(errno.ENOSPC, "No space left on device")
        written.append(path)
        write(path, texts)

    write = iptables_duplicates.write
    monkeypatch.setattr(iptables_duplicates, "write", full)
    result = remove(host, BEFORE)
    assert result["failed"] and "Nothing was changed" in result["msg"] and "No space left on device" in result["msg"]
    assert not told(host[0], "given") and not host[1].armed
    monkeypatch.setattr(iptables_duplicates, "write", write)
    assert not remove(host, BEFORE, BEFORE, AFTER).get("failed")


def test_what_the_command_refuses_is_not_tried(host):
    directory, module, unused = host
    (directory / "refuse").write_text("MARK\n")
    result = remove(host, BEFORE)
    assert result["failed"] and "line 3 failed" in result["msg"] and "Nothing was changed" in result["msg"]
    assert not told(directory, "given") and not module.armed


def test_where_the_second_table_fails_the_first_is_put_back_and_no_more(host, monkeypatch):
    directory, module, unused = host
    restore = iptables_duplicates.Backend.restore

    def failing(self, version, options, told, data=None, path=None):
        if not options and path.endswith("after-nft-ipv4-nat.rules"):
            raise _armed_restore.Failed("iptables-nft-restore has failed for nat.")
        restore(self, version, options, told, data, path)

    monkeypatch.setattr(iptables_duplicates.Backend, "restore", failing)
    result = remove(host, BEFORE, BEFORE, saved(FLANNEL + SITE, ROUTER + LOG + LOG))
    assert result["msg"] == "iptables-nft-restore has failed for nat. All chains are as they were."
    given = told(directory, "given").split("COMMIT\n")
    assert given[1] == "*filter\n-F FORWARD\n-F KUBE-ROUTER-INPUT\n" + FLANNEL + SITE + FLANNEL * 2 + (ROUTER + LOG) * 2
    assert "*nat" not in given[2]
    # The timer must not put everything back once more.
    assert os.readlink(os.path.join(module.params["directory"], "decided")) == "failure"


@pytest.mark.parametrize(
    "forward, whole",
    [(FLANNEL + SITE, True), (FLANNEL + "-A FORWARD -j KUBE-X\n" + SITE, True), (SITE + FLANNEL, False), (FLANNEL, False)],
)
def test_what_is_there_afterwards_is_compared(host, forward, whole):
    result = remove(host, BEFORE, BEFORE, saved(forward, ROUTER + LOG + LOG, MASQ))
    assert result.get("failed", False) != whole
    assert whole or "ipv4 filter FORWARD does not hold the rules that it should. All chains are as they were." in result["msg"]


def test_a_backup_is_never_overwritten(host):
    remove(host, BEFORE, BEFORE, AFTER)
    result = remove(host, BEFORE)
    assert result["failed"] and "give a new folder" in result["msg"]


def put_back(host, text):
    (host[0] / "given").write_text("")
    host[2][:] = [text]
    return ended(host[1], "present")


def test_copies_come_back_where_nobody_has_changed_the_chain(host):
    remove(host, BEFORE, BEFORE, AFTER)
    result = put_back(host, saved(FLANNEL, ROUTER + LOG + LOG, MASQ))
    assert (result["changed"], result["rules"]) == (True, 2)
    assert result["left"] == [{"version": "ipv4", "table": "filter", "chain": "FORWARD", "rules": 2, "why": "the chain has changed since"}]
    filters = "*filter\n-F KUBE-ROUTER-INPUT\n" + (ROUTER + LOG) * 2 + "COMMIT\n"
    assert told(host[0], "given") == filters + "*nat\n-F KUBE-MARK-MASQ\n" + MASQ * 2 + "COMMIT\n"


def test_copies_that_are_there_already_are_nothing_to_do(host):
    remove(host, BEFORE, BEFORE, AFTER)
    result = put_back(host, BEFORE)
    assert not result["changed"] and result["left"] == [] and told(host[0], "given") == ""


def test_after_a_reboot_nothing_is_put_back(host):
    remove(host, BEFORE, BEFORE, AFTER)
    (host[0] / "kept" / "nft" / "boot_id").write_text("another\n")
    result = put_back(host, AFTER)
    assert not result["changed"] and "has booted since" in result["msg"]


def test_check_mode_puts_nothing_back(host):
    remove(host, BEFORE, BEFORE, AFTER)
    host[1].check_mode = True
    assert put_back(host, AFTER)["rules"] == 4
    assert told(host[0], "given") == ""


def test_a_confirmation_stops_the_timer(host):
    directory, module, unused = host
    remove(host, BEFORE, BEFORE, AFTER)
    assert not ended(module, "confirmed").get("failed")
    (directory / "given").write_text("")
    subprocess.run(["/bin/sh", os.path.join(module.params["directory"], "roll_back.sh")], check=False)
    assert told(directory, "given") == ""


@pytest.mark.parametrize("check_mode", [False, True])
def test_who_puts_back_stops_the_timer_of_a_run_that_was_broken_off(host, check_mode):
    directory, module, unused = host
    remove(host, BEFORE, BEFORE, AFTER)
    module.check_mode = check_mode
    assert put_back(host, AFTER)["changed"]
    (directory / "given").write_text("")
    subprocess.run(["/bin/sh", os.path.join(module.params["directory"], "roll_back.sh")], check=False)
    assert ("-F FORWARD" in told(directory, "given")) == check_mode


def test_nothing_is_decided_where_no_removal_was_armed(host):
    put_back(host, AFTER)
    (host[0] / "kept" / "nft").mkdir(parents=True)
    put_back(host, AFTER)
    assert os.listdir(host[1].params["directory"]) == []


RULE = "ip %s %s 4 \n  %s[ counter pkts 0 bytes 0 ]\n"
HIDDEN = "[ meta load mark => reg 1 ]\n  [ cmp eq reg 1 0x00008000 ]\n  "


def nft(forward="", most=3):
    """What nft says of BEFORE: of the table filter these expressions more, and of its first rules so many."""
    flannel = "[ payload load 2b @ network header + 12 => reg 1 ]\n  [ cmp eq reg 1 0x00002a0a ]\n  [ match name comment rev 0 ]\n  "
    router = "[ payload load 2b @ network header + 16 => reg 1 ]\n  [ cmp eq reg 1 0x00002b0a ]\n  "
    chains = [("FORWARD", flannel)] * most + [("FORWARD", forward)] + [("KUBE-ROUTER-INPUT", words) for words in (router, "") * 2]
    return "".join(RULE % ("filter", chain, words) for chain, words in chains) + (RULE % ("nat", "KUBE-MARK-MASQ", "")) * 2


@pytest.mark.parametrize(
    "version, shown, reason",
    [
        ("1.8.9", None, None),
        ("1.8.11", None, None),
        ("1.8.7", nft(), None),
        ("1.8.8", nft(HIDDEN), "Hidden"),
        ("1.8.7", nft(HIDDEN), "Hidden"),
        ("1.8.7", nft(most=2), "RulesChanged"),
        ("1.8.5", None, "MayBeHidden"),
        ("1.8", None, "MayBeHidden"),
    ],
)
@pytest.mark.parametrize("check_mode", [False, True])
def test_what_an_old_command_may_have_left_out_is_never_written_back(host, version, shown, reason, check_mode):
    directory, module, unused = host
    (directory / "version").write_text(version)
    for table in ("filter", "nat") if shown else ():
        (directory / ("nft-" + table)).write_text(shown)
    module.check_mode = check_mode
    result = remove(host, BEFORE, BEFORE, AFTER)
    assert (result.get("reason"), bool(result.get("changed"))) == (reason, reason is None), result
    assert reason is None or (told(directory, "given"), os.path.exists(module.params["directory"])) == ("", False)
    assert reason != "Hidden" or "ipv4 filter FORWARD has such: [ meta load mark => reg 1 ]. Install iptables 1.8.9" in result["msg"]


def test_what_an_old_command_may_leave_out_is_not_put_back_over(host):
    remove(host, BEFORE, BEFORE, AFTER)
    (host[0] / "version").write_text("1.8.7")
    (host[0] / "nft-filter").write_text(nft(HIDDEN))
    result = put_back(host, AFTER)
    assert result["failed"] and result["reason"] == "Hidden" and told(host[0], "given") == ""
