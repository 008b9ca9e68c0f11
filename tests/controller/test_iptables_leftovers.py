"""What the module iptables_leftovers does where a lock is held, a command fails, or somebody dies in between."""

import errno
import os
import subprocess
import time

import pytest
from ansible_collections.nodemend.kubernetes.plugins.module_utils import _armed_restore, _host
from ansible_collections.nodemend.kubernetes.plugins.module_utils._facts import pending_restores
from ansible_collections.nodemend.kubernetes.plugins.modules import iptables_leftovers
from stub_module import Ended, Module

SAVED = "*nat\n:KUBE-X - [0:0]\n[0:0] -A KUBE-X -j RETURN\nCOMMIT\n*filter\n:INPUT ACCEPT [0:0]\n:KUBE-Y - [0:0]\n[0:0] -A INPUT -j KUBE-Y\nCOMMIT\n"
# A restore that fails as often as the file "failures" says, with the code in "code"; it keeps what it was given.
RESTORE = """#!/bin/sh
cd "$(dirname "$0")"
echo "$*" >>calls
[ -p /dev/stdin ] || echo "not a pipe" >>calls
left=$(cat failures)
if [ "$left" -gt 0 ]; then echo $((left - 1)) >failures; exit $(cat code); fi
cat >>given
"""


@pytest.fixture
def host(tmp_path, monkeypatch):
    """A host whose legacy tables are the texts in tmp_path/saves, one for each look at them; ip6tables is not loaded."""
    restore = tmp_path / "restore"
    restore.write_text(RESTORE)
    restore.chmod(0o755)
    (tmp_path / "failures").write_text("0")
    (tmp_path / "code").write_text("4")
    saves = []

    class Host(_armed_restore.Host):
        def is_root(self):
            return True

        def which(self, name):
            return str(restore) if name.endswith("restore") else name

        def output(self, argv, timeout=None):
            return saves.pop(0) if len(saves) > 1 else saves[0]

    monkeypatch.setattr(_armed_restore, "Host", Host)
    loaded = {"unavailable": {"ipv4": None, "ipv6": None}, "legacy": {"ipv4": ["nat"], "ipv6": None}}
    monkeypatch.setattr(_armed_restore.netfilter_backends, "collect", lambda host: loaded)
    monkeypatch.setattr(_armed_restore.iptables_binaries, "collect", lambda host: {"iptables": None, "ip6tables": None})
    monkeypatch.setattr(_armed_restore.time, "sleep", lambda seconds: None)
    return tmp_path, Module(backend="legacy", directory=tmp_path / "kept", settle=0), saves


def ended(function, module):
    with pytest.raises(Ended) as caught:
        function(module)
    return caught.value.args[0]


def told(directory, name):
    return (directory / name).read_text() if (directory / name).exists() else ""


def script(directory, path=""):
    (directory / "undo.rules").write_text("*nat\nCOMMIT\n")
    text = _armed_restore.roll_back_script(str(directory), [(str(directory / "restore"), str(directory / "undo.rules"))] * 2)
    return subprocess.run(["/bin/sh", "-c", text.replace("sleep 1", "true")], env={"PATH": path + os.environ["PATH"]}, check=False)


@pytest.mark.parametrize("failures, code, calls, given", [(0, 4, 2, 2), (9, 4, 11, 2), (30, 4, 20, 0), (1, 1, 2, 1)])
def test_the_timer_waits_for_the_lock(host, failures, code, calls, given):
    directory = host[0]
    (directory / "failures").write_text(str(failures))
    (directory / "code").write_text(str(code))
    script(directory)
    assert told(directory, "calls").splitlines() == ["--noflush"] * calls
    assert told(directory, "given").count("*nat") == given
    assert os.readlink(str(directory / "decided")) == "timer"


def test_the_timer_does_nothing_once_somebody_has_decided(host):
    assert _armed_restore.decide(str(host[0]), "confirmed") == "confirmed"
    script(host[0])
    assert told(host[0], "calls") == ""


def test_the_timer_goes_on_where_it_cannot_say_so(host):
    """On a file system that has become full or read-only since nobody has confirmed anything either."""
    (host[0] / "bin").mkdir()
    (host[0] / "bin" / "ln").symlink_to("/bin/false")
    script(host[0], "%s/bin:" % host[0])
    assert told(host[0], "given").count("*nat") == 2
    assert _armed_restore.decide(str(host[0]), "confirmed") == "confirmed"
    script(host[0], "%s/bin:" % host[0])
    assert told(host[0], "given").count("*nat") == 2


def test_a_file_that_is_not_there_is_not_taken_for_an_empty_one(host):
    directory, module, unused = host
    with pytest.raises(_armed_restore.Failed):
        _armed_restore.restore(module, [str(directory / "restore")], "has failed", path=str(directory / "gone"))
    assert told(directory, "given") == ""


def test_a_confirmation_can_be_repeated(host):
    directory, module, unused = host
    module.params["directory"] = str(directory)
    for unused in range(2):
        assert not ended(iptables_leftovers.confirm, module).get("failed")


def test_a_confirmation_that_comes_too_late_fails(host):
    directory, module, unused = host
    module.params["directory"] = str(directory)
    script(directory)
    assert "put its rules back" in ended(iptables_leftovers.confirm, module)["msg"]


def test_a_removal_waits_for_the_lock(host):
    directory, module, saves = host
    saves += [SAVED, SAVED, ""]
    (directory / "failures").write_text("9")
    assert ended(iptables_leftovers.remove, module) == {"changed": True, "chains": 2, "rules": 2}
    assert "-X KUBE-X" in told(directory, "given") and "-X KUBE-Y" in told(directory, "given")
    # Two tables, and each may wait ten seconds before the time to confirm begins.
    assert any("--on-active=%ds" % seconds in module.armed[0] for seconds in range(80, 90)) or "sleep 8" in module.armed[0][3]


def test_a_removal_that_waits_for_its_confirmation_is_seen_by_a_scan(host, monkeypatch):
    directory, module, saves = host
    kept = directory / "20261120T115930Z" / "iptables_backend"
    module.params["directory"] = str(kept)
    saves += [SAVED, SAVED, ""]
    ended(iptables_leftovers.remove, module)
    monkeypatch.setattr(pending_restores, "KEPT", str(directory))
    (found,) = pending_restores.collect(_host.Host(), time.time())
    assert (found["role"], found["directory"]) == ("iptables_backend", str(kept)) and 75 < found["seconds"] < 95
    ended(iptables_leftovers.confirm, module)
    assert pending_restores.collect(_host.Host(), time.time()) == []


def full(unused_path, unused_texts):
    raise OSError(errno.ENOSPC, "No space left on device")


def test_a_removal_without_room_for_a_backup_says_so(host, monkeypatch):
    directory, module, saves = host
    saves += [SAVED]
    monkeypatch.setattr(_armed_restore, "write", full)
    with pytest.raises(_armed_restore.Failed, match="No space left on device"):
        iptables_leftovers.remove(module)
    assert told(directory, "calls").splitlines() == ["--noflush --test"] * 2 and not module.armed


def test_a_removal_that_fails_half_way_puts_back_what_is_missing_and_no_more(host):
    directory, module, saves = host
    # nat is removed, filter fails: what is there then is SAVED without nat.
    saves += [SAVED, SAVED, SAVED[SAVED.index("*filter") :]]
    apply = iptables_leftovers.Backend.apply
    seen = []

    def half(self, changes):
        seen.append(changes)
        if len(seen) == 1:
            raise _armed_restore.Failed("iptables-legacy-restore has failed for filter.")
        apply(self, changes)

    iptables_leftovers.Backend.apply, result = half, None
    try:
        result = ended(iptables_leftovers.remove, module)
    finally:
        iptables_leftovers.Backend.apply = apply
    assert result["failed"] and result["msg"] == "iptables-legacy-restore has failed for filter. What had been removed was put back."
    assert list(seen[1]["ipv4"]) == ["nat"]
    # The timer must not put everything back once more.
    assert os.readlink(os.path.join(module.params["directory"], "decided")) == "failure"


def test_rules_that_are_written_again_are_left_as_they_are(host):
    directory, module, saves = host
    saves += [SAVED]
    result = ended(iptables_leftovers.remove, module)
    assert "2 chains and 2 rules are still there or again" in result["msg"]
    assert "-A KUBE-X" not in told(directory, "given") and "-I INPUT" not in told(directory, "given")


USED = "*filter\n:KUBE-Y - [0:0]\n[%d:60] -A KUBE-Y -p udp -j REJECT --reject-with icmp-port-unreachable\nCOMMIT\n"


@pytest.mark.parametrize("check_mode", [False, True])
def test_rules_that_are_used_stop_the_real_run_only(host, check_mode):
    directory, module, saves = host
    saves += [USED % 1, USED % 3]
    module.check_mode = check_mode
    result = ended(iptables_leftovers.remove, module)
    assert result["moved"] == ["ipv4: 2 packets met a rule in filter: -A KUBE-Y -p udp -j REJECT --reject-with icmp-port-unreachable"]
    said = module.warned[0] if check_mode else result["msg"]
    assert "Something still uses the legacy rules of Kubernetes" in said and result["moved"][0] in said
    assert bool(result.get("failed")) != check_mode and bool(result.get("changed")) == check_mode
    assert not (directory / "kept").exists() and told(directory, "calls") == ""


@pytest.mark.parametrize("check_mode", [False, True])
@pytest.mark.parametrize("end", ["policy DROP", "-A FORWARD -j DROP"])
def test_rules_that_let_packets_pass_which_others_would_stop_are_kept(host, end, check_mode):
    directory, module, saves = host
    rule, policy = ("", "DROP") if end == "policy DROP" else ("[0:0] %s\n" % end, "ACCEPT")
    text = "*filter\n:FORWARD %s [0:0]\n:FLANNEL-FWD - [0:0]\n[0:0] -A FORWARD -j FLANNEL-FWD\n%s[0:0] -A FLANNEL-FWD -s 10.42.0.0/16 -j ACCEPT\nCOMMIT\n"
    saves += [text % (policy, rule)]
    module.check_mode = check_mode
    result = ended(iptables_leftovers.remove, module)
    said = module.warned[0] if check_mode else result["msg"]
    assert "Without the legacy rules of Kubernetes packets would be stopped" in said
    assert said.endswith("none %s removed: ipv4: FORWARD in filter stops what they let pass: %s." % ("would be" if check_mode else "was", end))
    assert bool(result.get("failed")) != check_mode and bool(result.get("changed")) == check_mode
    assert not (directory / "kept").exists() and told(directory, "calls") == ""


@pytest.mark.parametrize("version, shown, kept", [("1.8.7", "[ meta load mark => reg 1 ]", True), ("1.8.7", "", False), ("1.8.9", None, False)])
def test_what_an_old_command_may_have_left_out_is_never_kept_as_the_way_back(host, monkeypatch, version, shown, kept):
    directory, module, saves = host
    saves += ["*filter\n:KUBE-FIREWALL - [0:0]\n[0:0] -A KUBE-FIREWALL -j DROP\nCOMMIT\n"] * 2 + [""]
    module.params["backend"] = "nft"
    monkeypatch.setattr(iptables_leftovers.Backend, "present", lambda self, version: version == "ipv4")
    listing = _armed_restore.Host.output

    def output(self, argv, timeout=None):
        return "iptables-nft-save v%s (nf_tables)" % version if "--version" in argv else listing(self, argv)

    def each_line(self, argv, consume, timeout=None):
        for line in ["ip filter KUBE-FIREWALL 4", shown or "[ counter pkts 0 bytes 0 ]", "[ immediate reg 0 drop ]"]:
            consume(line)

    monkeypatch.setattr(_armed_restore.Host, "output", output)
    monkeypatch.setattr(_armed_restore.Host, "each_line", each_line)
    if kept:
        with pytest.raises(_host.Unavailable, match="KUBE-FIREWALL has such"):
            iptables_leftovers.remove(module)
        assert not (directory / "kept").exists()
    else:
        assert ended(iptables_leftovers.remove, module)["changed"]


@pytest.mark.parametrize("boot, changed", [(None, True), ("another\n", False)])
def test_after_a_reboot_nothing_is_put_back(host, boot, changed):
    directory, module, saves = host
    saves += [SAVED, SAVED, ""]
    ended(iptables_leftovers.remove, module)
    if boot:
        (directory / "kept" / "boot_id").write_text(boot)
    result = ended(iptables_leftovers.put_back, module)
    assert result["changed"] == changed
    assert changed or "has booted since" in result["msg"]


@pytest.mark.parametrize("check_mode", [False, True])
def test_who_puts_back_stops_the_timer_of_a_run_that_was_broken_off(host, check_mode):
    directory, module, saves = host
    saves += [SAVED, SAVED, ""]
    ended(iptables_leftovers.remove, module)
    module.check_mode = check_mode
    assert ended(iptables_leftovers.put_back, module)["changed"]
    (directory / "given").write_text("")
    subprocess.run(["/bin/sh", os.path.join(module.params["directory"], "roll_back.sh")], check=False)
    assert ("-A KUBE-X" in told(directory, "given")) == check_mode


def test_who_puts_back_after_the_timer_goes_on(host):
    directory, module, saves = host
    saves += [SAVED, SAVED, ""]
    ended(iptables_leftovers.remove, module)
    subprocess.run(["/bin/sh", os.path.join(module.params["directory"], "roll_back.sh")], check=False)
    saves[:] = [SAVED]
    assert not ended(iptables_leftovers.put_back, module)["changed"]
    assert os.readlink(os.path.join(module.params["directory"], "decided")) == "timer"


def test_a_timer_that_cannot_be_stopped_is_told_of(host, monkeypatch):
    directory, module, saves = host
    saves += [SAVED, SAVED, ""]
    ended(iptables_leftovers.remove, module)
    monkeypatch.setattr(_armed_restore, "decide", full)
    with pytest.raises(_armed_restore.Failed, match="cannot be stopped.*No space left on device"):
        iptables_leftovers.put_back(module)


def test_a_half_that_is_put_back_is_told_of(host):
    directory, module, saves = host
    saves += [SAVED, SAVED, ""]
    ended(iptables_leftovers.remove, module)
    (directory / "code").write_text("1")
    (directory / "failures").write_text("1")
    test, iptables_leftovers.Backend.test = iptables_leftovers.Backend.test, lambda self, changes: None
    try:
        result = ended(iptables_leftovers.put_back, module)
    finally:
        iptables_leftovers.Backend.test = test
    assert result["failed"] and result["msg"].startswith("Not everything could be put back from %s" % module.params["directory"])


def test_the_timer_runs_its_script_and_is_no_failed_unit_where_the_folder_is_gone(tmp_path):
    module = Module(directory=tmp_path)
    _armed_restore.arm(module, [("touch", str(tmp_path / "nothing"))], 0)
    command = module.armed[0][-1].partition("; ")[2] or module.armed[0][-1]  # without systemd it sleeps first
    (tmp_path / "roll_back.sh").write_text("exit 7")
    assert subprocess.run(["/bin/sh", "-c", command], check=False).returncode == 7
    (tmp_path / "roll_back.sh").unlink()
    assert subprocess.run(["/bin/sh", "-c", command], check=False).returncode == 0
