"""make scan, the first command of a newcomer: on this machine, in a copy of the checkout that holds nothing but the collection."""

import json
import os
import shutil
import subprocess
import sys
import tempfile

import pytest
from conftest import ROOT


@pytest.fixture
def temporary():
    # Not below pytest's own: ansible-core makes a UNIX socket in it, whose path may have 107 characters (unix(7), sun_path).
    with tempfile.TemporaryDirectory(dir="/tmp") as path:
        yield path


def test_it_answers_and_writes_nothing_outside_its_folder(tmp_path, temporary):
    copy, home, report = (tmp_path / name for name in ("copy", "home", "report.json"))
    shutil.copytree(os.path.join(ROOT, ".cache", "ansible_collections", "nodemend", "kubernetes"), str(copy), symlinks=True)
    # With the ansible-core that these tests run on; make has nothing to install.
    (copy / ".venv").symlink_to(sys.prefix)
    home.mkdir()
    environment = {"PATH": os.environ["PATH"], "HOME": str(home), "TMPDIR": temporary, "LC_ALL": "C.UTF-8"}
    command = ["make", "-C", str(copy), "-o", ".venv/.controller", "scan", "SCAN_ARGS=-e nodemend_report=%s" % report]
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout
    scanned = json.loads(report.read_text())["hosts"]
    assert list(scanned) == ["localhost"]
    reasons = [verdict["reason"] for verdict in scanned["localhost"]["conditions"]]
    assert reasons and "InternalError" not in reasons, scanned
    assert (os.listdir(str(home)), os.listdir(temporary)) == ([], [])
