"""Roles that restart units, with a systemctl that is written here (one that never returns, as for a unit that never says that it is ready), or that
end processes, on a host without the program kill."""

import contextlib
import json
import os
import signal
import subprocess
import threading

import pytest
from conftest import LIVE, playbook, staged
from test_iptables_backend_plan import found

# Asks nothing of the machine's own systemd. Who restarts hangs, fails or is done, as the unit is named.
SYSTEMCTL = """#!/bin/sh
case $1 in
    show) echo LoadState=loaded; echo ActiveState=activating; echo SubState=start ;;
    restart | start)
        echo "$2" >>{log}
        case $2 in
            *never*) echo $$ >{pid}; exec sleep 3000 ;;
            *broken*) echo "Job for $2 failed because the control process exited with error code." >&2; exit 1 ;;
        esac ;;
esac
"""
# role: (task file, variable with the units, variable with the seconds)
ROLES = {
    "runtime_limits": ("restart", '{"runtime_limits_restarted": ["%s", "other.service"]}', "runtime_limits_start_timeout"),
    "iptables_backend": ("restart_units", '{"__iptables_backend_restart": {"units": ["%s", "other.service"]}}', "iptables_backend_start_timeout"),
    "control_plane_certificates": (
        "restart_unit",
        '{"__control_plane_certificates_part": {"unit": "%s"}, "control_plane_certificates_renewed": ["a"]}',
        "control_plane_certificates_wait",
    ),
}
PLAY = """
- hosts: all
  gather_facts: false
  tasks:
    - ansible.builtin.include_role:
        name: nodemend.kubernetes.%s
        tasks_from: %s
"""


@pytest.fixture(params=sorted(ROLES))
def restart(request, tmp_path, monkeypatch):
    tasks, units, timeout = ROLES[request.param]
    staged(tmp_path, "roles/" + request.param)
    (tmp_path / "play.yml").write_text(PLAY % (request.param, tasks))
    (tmp_path / "bin").mkdir()
    (tmp_path / "log").write_text("")
    program = tmp_path / "bin" / "systemctl"
    program.write_text(SYSTEMCTL.format(log=tmp_path / "log", pid=tmp_path / "pid"))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", "%s:%s" % (tmp_path / "bin", os.environ["PATH"]))
    monkeypatch.setenv("ANSIBLE_ASYNC_DIR", str(tmp_path / "async"))

    def run(unit, *words):
        words = ("-e", units % unit, "-e", timeout + "=4", *words)
        done = playbook(tmp_path, str(tmp_path / "play.yml"), "w1 %s\n" % LIVE, *words, collections=tmp_path / "collections")
        done.text = " ".join(done.text.split())
        return done, (tmp_path / "log").read_text().split()

    yield run
    # Ansible means to end what still waits on the host, but misses it now and then: its async_wrapper makes the process group that it ends after the process
    # has started (seen on busy machines). It does no harm there, as it waits for a job that is systemd's.
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        pid = (tmp_path / "pid").read_text().strip()
        with open("/proc/%s/cmdline" % pid) as command:
            if command.read() == "sleep\0" + "3000\0":
                os.kill(int(pid), signal.SIGKILL)


def test_a_unit_that_never_gets_ready_does_not_hold_the_role_for_ever(restart):
    done, restarted = restart("never.service")
    assert done.rc != 0 and "never.service has not started within 4 s" in done.text, done.text
    assert "It is activating (start)" in done.text and "journalctl -u never.service" in done.text
    assert "other.service has" not in done.text and restarted[0] == "never.service"


def test_a_unit_that_fails_is_told_with_the_words_of_systemd(restart):
    done, unused = restart("broken.service")
    assert done.rc != 0 and "Job for broken.service failed because the control process exited" in done.text
    assert "has not started within" not in done.text and "journalctl -u broken.service" in done.text


def test_units_that_start_are_restarted_in_their_order(restart):
    done, restarted = restart("good.service")
    assert (done.rc, restarted[0], set(restarted[1:]) - {"other.service"}) == (0, "good.service", set()), done.all


def test_check_mode_restarts_nothing(restart):
    done, restarted = restart("never.service", "--check")
    assert (done.rc, restarted) == (0, []), done.all


INFO = """
from ansible.plugins.action import ActionBase


class ActionModule(ActionBase):
    def run(self, tmp=None, task_vars=None):
        return dict(task_vars["stub_found"], changed=False)
"""


@pytest.mark.parametrize("role, tasks", [("iptables_backend", "end_agents"), ("control_plane_certificates", "end")])
def test_a_process_is_ended_where_there_is_no_program_for_it(tmp_path, monkeypatch, role, tasks):
    target = staged(tmp_path, "roles/" + role)
    (target / "plugins" / "action" / "iptables_info.py").write_text(INFO)
    (tmp_path / "play.yml").write_text(PLAY % (role, tasks))
    (tmp_path / "bin").mkdir()
    for directory in reversed(os.environ["PATH"].split(":")):
        for name in set(os.listdir(directory) if os.path.isdir(directory) else []) - {"kill"}:
            link = tmp_path / "bin" / name
            link.unlink(missing_ok=True)
            link.symlink_to(os.path.join(directory, name))
    process = subprocess.Popen(["sleep", "3000"])
    try:
        agent = {"name": "kube-proxy", "pid": process.pid, "unit": None, "image": True, "backend": "nft", "decides": True}
        words = {
            "stub_found": found(host_network_agents=[agent]),
            "__iptables_backend_restart": {"units": [], "agents": [{"name": "kube-proxy", "pid": process.pid}]},
            "__control_plane_certificates_part": {"pid": process.pid},
        }
        monkeypatch.setenv("PATH", str(tmp_path / "bin"))
        # A child that nobody waits for stays in /proc.
        threading.Thread(target=process.wait, daemon=True).start()
        run = playbook(tmp_path, str(tmp_path / "play.yml"), "w1 %s\n" % LIVE, "-e", json.dumps(words), collections=tmp_path / "collections")
        assert run.rc == 0, run.all
        assert process.wait(1) == -15
    finally:
        process.kill()
