"""Stands in for AnsibleModule in the tests of the modules that change netfilter rules: a host that is a directory."""

import os
import shutil
import subprocess


class Ended(Exception):
    """The module has ended with this result."""


class Module:
    check_mode = False
    _diff = False

    def __init__(self, **params):
        self.params = dict({"rollback": 60, "timeout": 5}, **{name: str(value) if name == "directory" else value for name, value in params.items()})
        self.armed = []
        self.warned = []

    def run_command(self, argv, data=None, environ_update=None, check_rc=False):
        if argv[0].endswith("systemd-run") or "exec /bin/sh" in argv[-1]:
            self.armed.append(argv)
            return 0, "", ""
        done = subprocess.run(argv, input=data, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
        return done.returncode, done.stdout, done.stderr

    def atomic_move(self, source, target):
        shutil.copymode(target, source)
        os.rename(source, target)

    def get_bin_path(self, name, required=False):
        return "/bin/" + name

    def warn(self, text):
        self.warned.append(text)

    def fail_json(self, **result):
        raise Ended(dict(result, failed=True))

    def exit_json(self, **result):
        raise Ended(result)
