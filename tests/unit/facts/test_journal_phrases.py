# -*- coding: utf-8 -*-
from __future__ import absolute_import, division, print_function

import json
import os
import re

import pytest
from ansible_collections.nodemend.kubernetes.plugins.module_utils import _catalogue, _cluster_catalogue, _engine
from ansible_collections.nodemend.kubernetes.plugins.module_utils._facts import journal_phrases
from ansible_collections.nodemend.kubernetes.plugins.module_utils._host import Unavailable
from recorded import TIMED_OUT, RecordedHost, fact, facts_of, recording

__metaclass__ = type

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
COMMAND = " ".join(journal_phrases.JOURNAL)
RECORDED = recording("journal/bookworm.json")


def journal(answer, **options):
    return RecordedHost(commands={COMMAND: answer}, **options)


def entry(message, unit="kubelet.service", when="1795211520000000"):
    return json.dumps({"_SYSTEMD_UNIT": unit, "MESSAGE": message, "__REALTIME_TIMESTAMP": when})


def test_what_a_real_journal_holds():
    found = fact("journal_phrases", journal(RECORDED))
    assert [(row["condition"], row["unit"], row["phrase"], row["count"]) for row in found["found"]] == [
        ("inotify_instances_exhausted", "crio.service", "failed to create fsnotify watcher: too many open files", 1),
        ("runtime_nofile_low", "crio.service", "too many open files", 2),
        ("runtime_nofile_low", "kubelet.service", "too many open files", 2),
        ("cni_token_expiring", "kubelet.service", "connection is unauthorized: unauthorized", 1),
        ("ipvs_connection_reuse", "kube-proxy.service", "can't set sysctl net/ipv4/vs/conn_reuse_mode", 1),
    ]
    kubelet = found["found"][2]
    assert (kubelet["first"], kubelet["last"]) == ("2026-11-20T21:52:01Z", "2026-11-20T21:52:02Z")
    assert found["lines"] == len(RECORDED.splitlines())
    assert found["complete"]


def test_no_other_text_of_a_line_is_kept():
    """The recording has an address with a password and a token in the very line that is found."""
    assert "admin:secret@" in RECORDED and "token=abc.def" in RECORDED
    kept = json.dumps(fact("journal_phrases", journal(RECORDED)))
    assert not re.search("secret|token=|web-0|10[.]96|proxier", kept)


def test_an_api_server_that_is_a_unit():
    """kubeasz makes control planes of units; the words are cluster_facts 12.1's."""
    line = entry("admission-control and enable-admission-plugins/disable-admission-plugins flags are mutually exclusive", unit="kube-apiserver.service")
    (row,) = fact("journal_phrases", journal(line + "\n"))["found"]
    assert (row["condition"], row["unit"]) == ("admission_flags_conflict", "kube-apiserver.service")


def test_what_systemd_says_of_a_unit_is_not_the_units_own():
    """systemd repeats a unit's command line in its description."""
    line = next(line for line in RECORDED.splitlines() if '"init.scope"' in line and "fsnotify" in line)
    assert journal_phrases.parse_entry(line) is None


@pytest.mark.parametrize(
    "line",
    [
        "-- No entries --",
        "",
        "[]",
        '"text"',
        "{}",
        entry(None),
        entry(7),
        entry([300]),
        entry(["too many open files"]),
        entry("too many open files", unit=["kubelet.service", "kubelet.service"]),
        entry("too many open files", unit="sshd.service"),
        entry("too many open files", when="soon"),
    ],
)
def test_what_is_no_entry_of_these_units(line):
    assert fact("journal_phrases", journal(line + "\n"))["found"] == []


@pytest.mark.parametrize(
    "message, condition",
    [
        ("accept4: Too many open files", "runtime_nofile_low"),
        ("inotify_init: too many open files", "inotify_instances_exhausted"),
        ("Part of the existing bootstrap client certificate in /etc/kubernetes/kubelet.conf is expired", "kubelet_certificate_expiring"),
        ("ipset v7.1: Kernel and userspace incompatible: settype hash:ip,port", "calico_ipset_incompatible"),
        ("all is well", None),
    ],
)
def test_a_line_counts_for_the_words_that_say_most(message, condition):
    known = journal_phrases.phrase_in(message.lower())
    assert (known and known[1]) == condition


def test_an_empty_journal():
    assert fact("journal_phrases", journal("")) == {"found": [], "lines": 0, "complete": True}


def test_only_so_many_lines():
    lines = (entry("all is well") + "\n") * journal_phrases.MAXIMUM_LINES
    assert not fact("journal_phrases", journal(lines))["complete"]


def test_only_so_much_text(monkeypatch):
    monkeypatch.setattr(journal_phrases, "MAXIMUM_CHARACTERS", 200)
    found = fact("journal_phrases", journal((entry("too many open files") + "\n") * 9))
    assert (found["complete"], found["lines"], found["found"][0]["count"]) == (False, 2, 2)


@pytest.mark.parametrize(
    "host, reason",
    [
        (journal("", root=False), "NeedsRoot"),
        (journal(TIMED_OUT), "TimedOut"),
        (journal((1, "", "Failed to open journal: Bad message\n")), "Unreadable"),
        (RecordedHost(), "CommandMissing"),
    ],
)
def test_where_it_cannot_be_read(host, reason):
    facts = facts_of(host)
    report = {"conditions": [{"condition": "runtime_nofile_low", "status": "ok", "evidence": {}}]}
    _catalogue.add_symptoms(facts, report)
    assert report["symptoms"]["unavailable"]["reason"] == reason
    assert report["conditions"] == [{"condition": "runtime_nofile_low", "status": "ok", "evidence": {}}]
    with pytest.raises(Unavailable):
        facts.get("journal_phrases")
    host.close()


def test_evidence_grows_and_verdicts_stay():
    host = journal(RECORDED)
    report = _engine.scan(facts_of(host), _engine.chosen(_catalogue.CONDITIONS, ["cni_token_expiring", "pid_exhaustion"]))
    before = json.loads(json.dumps(report))
    assert ("command", COMMAND) not in host.touched, "a scan that is not asked must not read journals"
    _catalogue.add_symptoms(facts_of(host), report)
    host.close()
    (symptom,) = report["conditions"][-1]["evidence"].pop("symptoms")
    assert symptom["phrase"] == "connection is unauthorized: unauthorized"
    assert report.pop("symptoms")["unavailable"] is None
    assert report == before


def test_every_phrase_is_lower_case_points_to_a_condition_and_can_be_found():
    ids = [condition.id for condition in _catalogue.CONDITIONS + _cluster_catalogue.CONDITIONS]
    for known in journal_phrases.PHRASES:
        phrase, condition, source = known
        assert phrase == phrase.lower() and condition in ids and source
        assert journal_phrases.phrase_in("x " + phrase + " y") == known, "hidden by one above it"


def test_the_page_has_the_same_table_and_tells_of_each_phrase():
    with open(os.path.join(ROOT, "docs", "symptoms.md")) as stream:
        page, unused, table = stream.read().partition("## What `symptoms: true` looks for")
    assert re.findall(r"^\| `([^`]+)` \| \[(\w+)\]", table, re.M) == [known[:2] for known in journal_phrases.PHRASES]
    rows = [line.lower() for line in page.splitlines() if line.startswith("| ")]
    for phrase, condition, unused in journal_phrases.PHRASES:
        assert any(phrase in row and "conditions/%s.md" % condition in row for row in rows), phrase
