"""The role binfmt asks which packages are missing, on hosts whose Python has no module of apt as well."""

import json

import pytest
from conftest import LIVE, playbook

PLAY = """
- hosts: all
  gather_facts: false
  tasks:
    - ansible.builtin.include_role:
        name: nodemend.kubernetes.binfmt
        tasks_from: "{{ tasks_from }}"
        public: true
    - ansible.builtin.debug:
        msg: "Missing: {{ __binfmt_new | join(' ') }}."
      when: tasks_from == 'missing'
"""
# As dpkg-query of Debian 12 answers.
DPKG = """#!/bin/sh
[ "$1 $2" = '--show --showformat=${db:Status-Status}\\n' ] || exit 2
case $3 in
    qemu-user-static) echo installed ;;
    removed) echo config-files ;;
    *) echo "dpkg-query: no packages found matching $3" >&2; exit 1 ;;
esac
"""


@pytest.fixture
def role(tmp_path):
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "dpkg-query").write_text(DPKG)
    (tmp_path / "bin" / "dpkg-query").chmod(0o755)
    packages = ["qemu-user-static", "qemu-user-static=1:7.2", "removed", "binfmt-support"]
    found = {"emulators": {"masked": False}, "lacking_now": [], "lacking_at_boot": ["aarch64"]}
    variables = {"__binfmt_family": "debian", "__binfmt_packages": packages, "__binfmt_found": found, "__binfmt_folder": str(tmp_path / "kept")}
    (tmp_path / "play.yml").write_text(PLAY.replace("  tasks:", "  environment: {PATH: '%s:/usr/bin:/bin'}\n  tasks:" % (tmp_path / "bin"), 1))

    def run(tasks, *words):
        words = ("-e", json.dumps(dict(variables, tasks_from=tasks)), *words)
        return playbook(tmp_path, str(tmp_path / "play.yml"), "w1 %s\n" % LIVE, *words)

    return run


def test_dpkg_is_asked_and_not_apt(role):
    for words in ((), ("--check",)):
        done = role("missing", *words)
        assert done.rc == 0 and "Missing: removed binfmt-support." in done.text and "changed=0 " in done.text, done.all


def test_check_mode_says_what_would_be_installed_without_apts_module(role):
    done = role("mend", "--check")
    # The folder, the record and the packages.
    assert done.rc == 0 and "Would install removed, binfmt-support." in done.text and "changed=3 " in done.text, done.all


def test_check_mode_says_what_would_be_removed_without_apts_module(role, tmp_path):
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "packages").write_text("removed\nbinfmt-support\n")
    done = role("absent", "--check")
    assert done.rc == 0 and "Would remove removed, binfmt-support." in done.text and "changed=2 " in done.text, done.all
