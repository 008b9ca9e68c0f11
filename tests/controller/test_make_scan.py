"""make scan, the first command of a newcomer: on this machine, in a copy of the checkout that holds nothing but the collection."""

import glob
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

import pytest
from conftest import ROOT


@pytest.fixture
def temporary():
    # Not below pytest's own: ansible-core makes a UNIX socket in it, whose path may have 107 characters (unix(7), sun_path).
    with tempfile.TemporaryDirectory(dir="/tmp") as path:
        yield path


def is_a_node():
    """Whether this machine has a kubelet or a runtime, by a look of the test's own."""
    names = "kubelet k3s k3s-server k3s-agent rke2 rke2-server rke2-agent containerd docker dockerd crio cri-o".split()
    folders = ("/etc", "/run", "/lib", "/usr/lib", "/usr/local/lib")
    units = [path for path in ("%s/systemd/system/%s.service" % (folder, name) for folder in folders for name in names) if os.path.exists(path)]
    running = [path for path in glob.glob("/proc/[0-9]*/comm") if read(path).strip() in names]
    return bool(units or running)


def read(path):
    try:
        with open(path, encoding="utf-8", errors="replace") as stream:
            return stream.read()
    except OSError:  # the process has ended
        return ""


def test_it_answers_and_writes_nothing_outside_its_folder(tmp_path, temporary):
    copy, home, report = (tmp_path / name for name in ("copy", "home", "report.json"))
    shutil.copytree(os.path.join(ROOT, ".cache", "ansible_collections", "nodemend", "kubernetes"), str(copy), symlinks=True)
    # With the ansible-core that these tests run on; make has nothing to install.
    (copy / ".venv").symlink_to(sys.prefix)
    home.mkdir()
    environment = {"PATH": os.environ["PATH"], "HOME": str(home), "TMPDIR": temporary, "LC_ALL": "C.UTF-8"}
    command = ["make", "-C", str(copy), "-o", ".venv/.controller", "scan", "SCAN_ARGS=-e nodemend_report=%s" % report]
    begun = time.monotonic()
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout
    # What is set up before the first scan (a venv, from the network) takes its own time.
    assert time.monotonic() - begun < 60
    kernel = os.uname().release
    assert re.search(r"^Scanned 1 of 1 hosts(\.|, without root on localhost:.*)\n", done.stdout, re.MULTILINE), done.stdout
    assert re.search(r"^  Kernel: +%s$" % re.escape(kernel), done.stdout, re.MULTILINE), done.stdout
    scanned = json.loads(report.read_text())["hosts"]
    assert list(scanned) == ["localhost"]
    assert scanned["localhost"]["node"]["kernel"] == kernel
    reasons = [verdict["reason"] for verdict in scanned["localhost"]["conditions"]]
    assert reasons and "InternalError" not in reasons, scanned
    assert ("NotANode" in reasons) is not is_a_node(), scanned["localhost"]["node"]
    assert (os.listdir(str(home)), os.listdir(temporary)) == ([], [])
