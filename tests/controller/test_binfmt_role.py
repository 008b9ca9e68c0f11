"""The role binfmt asks which packages are missing, on hosts whose Python has no module of apt as well."""

import json

from conftest import LIVE, playbook

PLAY = """
- hosts: all
  gather_facts: false
  tasks:
    - ansible.builtin.include_role:
        name: nodemend.kubernetes.binfmt
        tasks_from: missing
        public: true
    - ansible.builtin.debug:
        msg: "Missing: {{ __binfmt_new | join(' ') }}."
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


def test_dpkg_is_asked_and_not_apt(tmp_path):
    (tmp_path / "play.yml").write_text(PLAY)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "dpkg-query").write_text(DPKG)
    (tmp_path / "bin" / "dpkg-query").chmod(0o755)
    packages = ["qemu-user-static", "qemu-user-static=1:7.2", "removed", "binfmt-support"]
    variables = {"__binfmt_family": "debian", "__binfmt_packages": packages}
    play = (tmp_path / "play.yml").read_text().replace("  tasks:", "  environment: {PATH: '%s:/usr/bin:/bin'}\n  tasks:" % (tmp_path / "bin"), 1)
    (tmp_path / "play.yml").write_text(play)
    for words in ((), ("--check",)):
        done = playbook(tmp_path, str(tmp_path / "play.yml"), "w1 %s\n" % LIVE, "-e", json.dumps(variables), *words)
        assert done.rc == 0 and "Missing: removed binfmt-support." in done.text and "changed=0 " in done.text, done.all
