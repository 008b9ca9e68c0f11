"""scan.yml on this machine, on dead hosts and on staged ones."""

import json
import os
import re
import stat
import sys
import time

import pytest
from ansible_collections.nodemend.kubernetes.plugins.plugin_utils import _play
from conftest import DEAD, LIVE, playbook

SCAN = "nodemend.kubernetes.scan"
LIMITS = {"runtime_nofile_low": {"message": "It may open 1024 files."}}


def test_one_host_dead(tmp_path):
    run = playbook(tmp_path, SCAN, "here %s\ngone %s\n" % (LIVE, DEAD))
    assert "Scanned 1 of 2 hosts" in run.text
    assert "gone: unreachable:" in run.text
    assert run.rc == 2


def test_one_module_call_and_one_session_for_each_host(tmp_path):
    """With Ansible's own word for it, so that facts that are gathered and whatever else is asked of a host would count, too."""
    run = playbook(tmp_path, SCAN, "here %s\nthere %s\n" % (LIVE, LIVE), "-vvv")
    assert re.findall(r"Using module file \S*/(\w+)\.py", run.text) == ["node_condition_info"] * 2
    assert sorted(re.findall(r"<(\w+)> ESTABLISH LOCAL CONNECTION", run.text)) == ["here", "there"]
    assert run.rc == 0


def test_all_hosts_dead(tmp_path):
    run = playbook(tmp_path, SCAN, "gone1 %s\ngone2 %s\n" % (DEAD, DEAD))
    assert "Scanned 0 of 2 hosts" in run.text
    assert "gone1, gone2: unreachable:" in run.text
    assert run.rc == 2


def test_a_host_that_hangs_after_it_has_connected_is_named_and_the_others_are_shown(tmp_path):
    sleeper = tmp_path / "python3"
    sleeper.write_text("#!/bin/sh\nexec sleep 60\n")
    sleeper.chmod(0o755)
    # As much as a whole scan may take there: five seconds.
    soon = "ansible_python_interpreter=%s nodemend_timeout=0 nodemend_dump_timeout=-55" % sleeper
    begun = time.time()
    run = playbook(tmp_path, SCAN, "here %s\nstuck %s %s\n" % (LIVE, LIVE, soon))
    assert "Scanned 1 of 2 hosts" in run.text, run.all
    assert re.search(r"NOT SCANNED\n  stuck: failed: .*(expected time frame|Timed out)", run.text)
    assert time.time() - begun < 50
    assert run.rc == 2


def test_limit_leaves_the_dead_host_out(tmp_path):
    run = playbook(tmp_path, SCAN, "here %s\ngone %s\n" % (LIVE, DEAD), "--limit", "here")
    assert "Scanned 1 of 1 hosts" in run.text
    assert run.rc == 0


def test_an_unknown_condition_is_named_with_those_known(tmp_path):
    run = playbook(tmp_path, SCAN, "here %s\n" % LIVE, "-e", "nodemend_conditions=nonsense")
    assert "nonsense" in run.text and "runtime_nofile_low" in run.text
    assert run.rc == 2


@pytest.mark.parametrize(
    "name, words",
    [
        ("nodemend.kubernetes.scan", ["nodemend_failon=faulty"]),
        ("nodemend.kubernetes.remediate", ["nodemend_planonly=true", "nodemend_max_disruption=restart"]),
    ],
)
def test_a_variable_that_is_misspelt_is_named_and_nothing_is_done(stage, name, words):
    run = stage.run(name, {"w1": {"faulty": LIMITS}, "w2": {"faulty": LIMITS}}, *[word for pair in words for word in ("-e", pair)])
    assert "nodemend.kubernetes has no variable %s. The operator's are nodemend_become, " % words[0].partition("=")[0] in run.all
    assert (run.rc, stage.ran()) == (2, [])


def test_two_playbooks_in_one_may_follow_each_other(tmp_path):
    (tmp_path / "site.yml").write_text("- import_playbook: %s\n- import_playbook: %s\n" % (SCAN, SCAN))
    run = playbook(tmp_path, "site.yml", "here %s\n" % LIVE, "-e", "nodemend_conditions=pid_exhaustion")
    assert run.text.count("Scanned 1 of 1 hosts.") == 2, run.all


def test_the_output_stays_json_where_a_program_reads_it(stage, monkeypatch):
    monkeypatch.setenv("ANSIBLE_STDOUT_CALLBACK", "ansible.posix.json")
    run = stage.run(SCAN, {"w1": {"faulty": LIMITS}})
    assert json.loads(run.text)["stats"]["w1"]["failures"] == 0
    assert "  runtime_nofile_low Scripted on w1\n" in run.all[len(run.text) :]


def test_a_python_too_old_for_this_core_is_told_from_a_broken_host(tmp_path):
    old = os.path.expanduser("~/.pyenv/versions/2.7.18/bin/python2.7")
    if not os.path.exists(old):
        pytest.skip("Python 2.7 is not installed on this machine")
    version = os.popen("ansible --version").read()
    run = playbook(tmp_path, SCAN, "here %s ansible_python_interpreter=%s\n" % (LIVE, old))
    if "core 2.16" in version:
        assert "Scanned 1 of 1 hosts" in run.text and run.rc == 0
    else:
        assert "the node's Python is too old for this controller's ansible-core" in run.text and run.rc == 2


def test_findings_are_grouped_with_their_command(stage):
    hosts = {"w%d" % number: {"faulty": LIMITS} for number in range(1, 31)}
    run = stage.run(SCAN, hosts)
    assert "  runtime_nofile_low Scripted on w[1-30]\n" in run.text
    assert "It may open 1024 files. (w1)" in run.text
    assert "nodemend.kubernetes.remediate -e nodemend_become=false -e nodemend_conditions=runtime_nofile_low -e nodemend_max_disruption=restart" in run.text
    assert "Verdicts: 30 faulty, 0 unknown, 0 at risk, 0 ok, 0 not applicable." in run.text
    assert run.rc == 0


@pytest.mark.parametrize("fail_on, rc", [("at_risk", 0), ("faulty", 2), ("at_risk,faulty", 2)])
def test_fail_on(stage, fail_on, rc):
    assert stage.run(SCAN, {"w1": {"faulty": LIMITS}}, "-e", "nodemend_fail_on=%s" % fail_on).rc == rc


def test_fail_on_refuses_a_status_that_does_not_exist(stage):
    run = stage.run(SCAN, {"w1": {"faulty": LIMITS}}, "-e", "nodemend_fail_on=broken")
    assert "nodemend_fail_on: broken is not valid; valid are faulty, unknown, at_risk, ok, not_applicable" in run.all
    assert "  runtime_nofile_low Scripted on w1\n" in run.text  # a typo does not throw away what was found
    assert run.rc == 2


def test_words_that_ansible_makes_only_for_a_template_are_made_for_the_report():
    """ansible-core 2.19 and 2.20 keep what their warnings and errors consist of."""
    full = {"a": {"scan": {"warnings": ["w"], "exception": "e"}}, "b": {"scan": {"warnings": [object()]}}, "c": {"scan": {"exception": object()}}, "d": {}}

    class HostVars(dict):
        def raw_get(self, host):
            return full[host]

    made = HostVars((host, {"scan": "made for a template"}) for host in full)
    found = _play.scans_of({"hostvars": made, "ansible_play_hosts_all": list(full)}, "scan")
    assert found == {"a": full["a"]["scan"], "b": "made for a template", "c": "made for a template", "d": None}


@pytest.mark.parametrize(
    "path, why", [("nowhere/report.json", "there is no directory "), (".", "Is a directory"), ("/proc/report.json", "(No such|Permission)")]
)
def test_a_report_that_cannot_be_written_does_not_throw_away_what_was_found(stage, path, why):
    path = os.path.join(str(stage.directory), path)
    run = stage.run(SCAN, {"w1": {"faulty": LIMITS}}, "-e", "nodemend_report=%s" % path, "-e", "nodemend_fail_on=broken")
    assert re.search(r"nodemend_report: %s cannot be written[:,] %s" % (re.escape(os.path.normpath(path)), why), run.all)
    assert "nodemend_fail_on: broken is not valid" in run.all
    assert "  runtime_nofile_low Scripted on w1\n" in run.text
    assert "Traceback" not in run.all
    assert run.rc == 2
    assert not [name for name in os.listdir(os.path.dirname(str(stage.directory))) + os.listdir(str(stage.directory)) if name.startswith(".nodemend-")]


def test_a_sites_strategy_and_any_errors_fatal_change_nothing(stage, monkeypatch):
    monkeypatch.setenv("ANSIBLE_STRATEGY", "free")
    monkeypatch.setenv("ANSIBLE_ANY_ERRORS_FATAL", "1")
    control = {"node": {"kubernetes": True, "control_plane": True, "cluster": "a", "admin_kubeconfig": "/admin.conf"}}
    run = stage.run(SCAN, {"w1": {"dead": "always"}, "c1": control, "w2": {"faulty": LIMITS}})
    assert "Scanned 2 of 3 hosts" in run.text, run.all
    assert "  runtime_nofile_low Scripted on w2\n" in run.text
    assert "cluster of c1: Kubernetes v1.20.2" in run.text
    assert run.rc == 2


def test_report(stage, tmp_path):
    path = tmp_path / "report.json"
    stage.run(SCAN, {"w1": {"faulty": LIMITS}, "w2": {"dead": "always"}}, "-e", "nodemend_report=%s" % path)
    report = json.loads(path.read_text())
    assert report["findings"][0]["hosts"] == ["w1"]
    assert report["hosts"]["w2"]["unreachable"] is True
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_text_from_a_host_is_never_a_template(stage):
    """A message with Jinja in it is printed, not run (style/ansible_traps.md 1.9)."""
    evil = "{{ lookup('pipe', 'touch %s') }}" % (stage.directory / "owned")
    run = stage.run(SCAN, {"w1": {"faulty": {"runtime_nofile_low": {"message": evil}}}})
    assert "lookup('pipe'" in run.text
    assert not (stage.directory / "owned").exists()


NO_SUDO = LIVE + " ansible_become_exe=/nonexistent/sudo ansible_become_allow_same_user=true"


def test_where_become_fails_the_host_answers_without_it(tmp_path):
    """Root by login on a host without sudo, as in most containers; and a user who may not use sudo."""
    run = playbook(tmp_path, SCAN, "here %s\n" % NO_SUDO, become=None)
    assert "Scanned 1 of 1 hosts" in run.text
    assert run.rc == 0


def test_a_host_that_cannot_become_is_not_remediated_with_become(stage):
    run = stage.run("nodemend.kubernetes.remediate", {"w1": {"faulty": LIMITS, "no_become": True}}, "-e", "nodemend_max_disruption=restart", become=None)
    assert stage.ran() == ["w1 runtime_limits"]
    assert run.rc == 0


def test_the_command_repeats_what_the_scan_was_given_and_no_secret(stage):
    given = ("--limit", "w1", "-e", "runtime_limits_minimum_nofile=10000", "-e", "ansible_become_password=hunter2")
    run = stage.run(SCAN, {"w1": {"faulty": LIMITS}, "w2": {}}, *given)
    assert "nodemend.kubernetes.remediate --limit w1 -e runtime_limits_minimum_nofile=10000 -e nodemend_become=false" in run.text
    assert "hunter2" not in run.all


def test_the_command_can_work_where_make_scan_has_given_all_in_one_word(stage):
    """As tests/tools/scan starts it: without these the hosts would be asked by SSH, and with sudo."""
    given = ("--connection", "local", "--extra-vars", "ansible_python_interpreter=%s nodemend_become=false" % sys.executable)
    run = stage.run(SCAN, {"w1": {"faulty": LIMITS}}, *given, become=None)
    assert "remediate -c local -e ansible_python_interpreter=%s -e nodemend_become=false -e nodemend_conditions=" % sys.executable in run.text


def test_no_secret_of_a_word_with_several_variables_is_printed(stage):
    words = ["nodemend_hosts=w1 ansible_become_password=hunter2", json.dumps({"kernel_minimum_version": "5.10", "ansible_password": "hunter2"})]
    run = stage.run(SCAN, {"w1": {"faulty": LIMITS}}, *[word for given in words for word in ("-e", given)])
    assert "remediate -e nodemend_hosts=w1 -e kernel_minimum_version=5.10 -e nodemend_become=false" in run.text
    assert "hunter2" not in run.all
