# -*- coding: utf-8 -*-
from __future__ import absolute_import, division, print_function

from collections import OrderedDict

import pytest
from ansible_collections.nodemend.kubernetes.plugins.plugin_utils import _findings
from scans import UNREACHABLE, scan, verdict

__metaclass__ = type

# Recorded: ansible-core 2.21.5 and Python 2.7.18 or 3.6.15 on the host, and ansible-core 2.16.19 without an interpreter.
OLD_27 = {
    "failed": True,
    "msg": "Module result deserialization failed: No start of json char found",
    "module_stderr": '  File "/root/.ansible/tmp/ansible-tmp-1/AnsiballZ_node_condition_info.py", line 40\n    zip_data: str,\n'
    "            ^\nSyntaxError: invalid syntax\n",
    "module_stdout": "",
}
OLD_36 = {
    "failed": True,
    "msg": "Module result deserialization failed: No start of json char found",
    "module_stderr": '  File "/root/.ansible/tmp/ansible-tmp-2/AnsiballZ_node_condition_info.py", line 3\n'
    "    from __future__ import annotations\n    ^\nSyntaxError: future feature annotations is not defined\n",
}
NO_INTERPRETER = {
    "failed": True,
    "msg": "MODULE FAILURE\nSee stdout/stderr for the exact error",
    "module_stderr": "/bin/sh: 1: /usr/bin/python9: not found\n",
}
# ansible-core 2.21.5 and Python 3.8.18; 3.7.16, of whose traceback this is the end.
TOLD = {"failed": True, "msg": "Ansible requires Python 3.9 or newer on the target. Current version: 3.8.18 (default, May  9 2026, 07:33:04) [GCC 12.2.0]"}
OLD_37 = {
    "failed": True,
    "msg": "Module result deserialization failed: No start of json char found",
    "module_stderr": 'Traceback (most recent call last):\n  File "/root/.ansible/tmp/ansible-tmp-4/AnsiballZ_node_condition_info.py", line 274, in <module>\n'
    '  File "/tmp/ansible_x/ansible/module_utils/_internal/__init__.py", line 50\n    def import_controller_module(_module_name: str, /) -> t.Any:\n'
    "                                                    ^\nSyntaxError: invalid syntax\n",
}
# The text of basic.py in ansible-core 2.16, which is read there by a Python older than 2.7.
TOLD_BEFORE = {
    "failed": True,
    "msg": "ansible-core requires a minimum of Python2 version 2.7 or Python3 version 3.6. Current version: 2.6.6",
}
OUT_OF_MEMORY = {
    "failed": True,
    "msg": "Module result deserialization failed: No start of json char found",
    "module_stderr": '  File "/root/.ansible/tmp/ansible-tmp-3/AnsiballZ_node_condition_info.py", line 107\nMemoryError\n',
}
OWN_SYNTAX_ERROR = {"failed": True, "msg": "boom", "module_stderr": "SyntaxError: invalid syntax in /etc/x"}


@pytest.mark.parametrize(
    "result, why",
    [
        (scan(), None),
        (None, "not reached by the play"),
        (UNREACHABLE, "unreachable: Failed to connect to the host via ssh: Connection refused"),
        (OLD_27, _findings.TOO_OLD),
        (OLD_36, _findings.TOO_OLD),
        (OLD_37, _findings.TOO_OLD),
        (TOLD, _findings.TOO_OLD),
        (TOLD_BEFORE, _findings.TOO_OLD),
        ({"failed": True, "exception": OLD_27["module_stderr"]}, _findings.TOO_OLD),
        (OUT_OF_MEMORY, 'failed: File "/root/.ansible/tmp/ansible-tmp-3/AnsiballZ_node_condition_info.py", line 107'),
        ({"failed": True, "msg": "MODULE FAILURE", "module_stdout": "Segmentation fault"}, "failed: Segmentation fault"),
        ({"failed": True, "msg": "MODULE FAILURE"}, "failed: MODULE FAILURE"),
        ({"failed": True, "msg": "\n  \n boom \nmore"}, "failed: boom"),
        ({"failed": True, "msg": "x" * 301}, "failed: " + "x" * 300),
        (NO_INTERPRETER, "failed: /bin/sh: 1: /usr/bin/python9: not found"),
        (OWN_SYNTAX_ERROR, "failed: boom"),
        ({"failed": True}, "failed: no message"),
        ({"failed": True, "msg": "Task failed: Action failed: boom"}, "failed: boom"),
    ],
)
def test_not_scanned(result, why):
    assert _findings.not_scanned(result) == why


def test_findings_are_grouped_by_condition_and_reason_worst_first():
    scans = OrderedDict(
        [
            ("a", scan(verdict(status="ok"), verdict("other", status="at_risk"))),
            ("b", scan(verdict(message="on b"))),
            ("c", scan(verdict(message="on c"))),
            ("d", scan(verdict(reason="Else"))),
            ("e", UNREACHABLE),
        ]
    )
    found = [(item["condition"], item["reason"], item["hosts"]) for item in _findings.findings(scans)]
    assert found == [
        ("runtime_nofile_low", "Because", ["b", "c"]),
        ("runtime_nofile_low", "Else", ["d"]),
        ("other", "Because", ["a"]),
        ("runtime_nofile_low", "Because", ["a"]),
    ]
    assert _findings.findings(scans)[0]["message"] == "on b"
    assert _findings.counts(scans) == {"faulty": 3, "unknown": 0, "at_risk": 1, "ok": 1, "not_applicable": 0}


def test_findings_of_one_condition_stay_together():
    scans = OrderedDict([("a", scan(verdict(), verdict("other"))), ("b", scan(verdict(disruption="drain"), verdict("other")))])
    assert [item["condition"] for item in _findings.findings(scans)] == ["runtime_nofile_low", "runtime_nofile_low", "other"]


@pytest.mark.parametrize(
    "fail_on, sentences",
    [
        ([], ["1 of 2 hosts could not be scanned"]),
        (["at_risk"], ["1 of 2 hosts could not be scanned"]),
        (["faulty", "at_risk"], ["1 of 2 hosts could not be scanned", "1 faulty (nodemend_fail_on)"]),
    ],
)
def test_failures(fail_on, sentences):
    assert _findings.failures({"a": scan(verdict()), "b": None}, fail_on) == sentences


def test_hosts_are_told_by_the_reason():
    assert _findings.not_scanned_lines({"n1": {"failed": True, "msg": "boom"}, "n2": scan(), "n3": UNREACHABLE, "n4": {"failed": True, "msg": "boom"}}) == [
        "  n1, n4: failed: boom",
        "  n3: unreachable: Failed to connect to the host via ssh: Connection refused",
    ]


def test_failures_of_clusters():
    clusters = [
        {"name": "cluster of a", "asked": True, "scan": scan(verdict())},
        {"name": "cluster of b", "asked": True, "scan": None},
        {"name": "cluster of c", "asked": False, "scan": None},
        {"name": "cluster of d", "asked": True, "scan": None},
    ]
    told = ["cluster of b, cluster of d could not be scanned", "2 faulty (nodemend_fail_on)"]
    assert _findings.failures({"n1": scan(verdict())}, ["faulty"], clusters) == told
    assert _findings.failures({"n1": scan(verdict())}, [], clusters[::2]) == []


def test_failures_refuses_an_unknown_status():
    with pytest.raises(ValueError) as caught:
        _findings.failures({}, ["sick"])
    assert "nodemend_fail_on: sick is not valid; valid are faulty" in str(caught.value)


@pytest.mark.parametrize(
    "status, remediate_on, answer",
    [
        ("faulty", "faulty", True),
        ("at_risk", "faulty", False),
        ("at_risk", "at_risk", True),
        ("at_risk", "request", True),
        ("unknown", "at_risk", False),
        ("ok", "request", False),
        ("faulty", None, False),
    ],
)
def test_remediable(status, remediate_on, answer):
    assert _findings.remediable(verdict(status=status, remediate_on=remediate_on)) is answer
    assert _findings.remediable(verdict(status=status, remediate_on=remediate_on, role=None)) is False
