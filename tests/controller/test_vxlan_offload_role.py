"""The role vxlan_offload: what it shares with its fact, and hosts that are lost, or were left, while it turns the offloads off."""

import json
import os

import pytest
import yaml
from ansible_collections.nodemend.kubernetes.plugins.module_utils._facts import tunnel_offload
from conftest import LIVE, ROOT, playbook, staged

ROLE = os.path.join(ROOT, "roles", "vxlan_offload")
# A machine that stands in a JSON file: {on, timer: whether the offload is on and something would turn it on again, loses: the step that is not answered,
# chroot: whether systemctl says 0 to everything}.
INFO = """
import json
from ansible.plugins.action import ActionBase


class ActionModule(ActionBase):
    def run(self, tmp=None, task_vars=None):
        with open(task_vars["stub_state"]) as stream:
            on = json.load(stream)["on"]
        nic = {"name": "ens192", "driver": "vmxnet3", "on": ["tx-udp_tnl-segmentation"] if on else []}
        verdict = {"reason": "OffloadOn" if on else "NicOff", "message": "told", "evidence": {"tunnel_offload": {"nics": [nic]}}}
        return {"changed": False, "conditions": [verdict]}
"""
COMMAND = """
import json
from ansible.errors import AnsibleConnectionFailure
from ansible.plugins.action import ActionBase


class ActionModule(ActionBase):
    def run(self, tmp=None, task_vars=None):
        with open(task_vars["stub_state"]) as stream:
            machine = json.load(stream)
        argv = self._task.args["argv"]
        step = "arm" if argv[0] == "systemd-run" else argv[1] if argv[0] == "systemctl" else argv[-1]
        if step == "is-active":
            quiet = "--quiet" in argv or not machine["timer"]
            return {"changed": False, "rc": 0 if machine["timer"] or machine["chroot"] else 3, "stdout_lines": [] if quiet else ["active"]}
        if step == machine["loses"]:
            raise AnsibleConnectionFailure("no route to host")
        if task_vars["ansible_check_mode"]:
            return {"changed": False, "skipped": True}
        if step == "arm" and machine["timer"]:
            return {"failed": True, "rc": 1, "msg": "Unit nodemend-vxlan-offload-ens192.timer already exists."}
        machine.update({"arm": {"timer": True}, "stop": {"timer": False}}.get(step, {"on": step == "on"}))
        with open(task_vars["stub_state"], "w") as stream:
            json.dump(machine, stream)
        return {"changed": True, "rc": 0}
"""
PLAY = """
- hosts: all
  gather_facts: false
  ignore_unreachable: true
  tasks:
    - ansible.builtin.include_role:
        name: nodemend.kubernetes.vxlan_offload
        tasks_from: present
    - ansible.builtin.debug:
        msg: The role has gone through
"""


@pytest.fixture
def role(tmp_path):
    collections = tmp_path / "collections"
    target = staged(tmp_path, "roles/vxlan_offload")
    for name, text in (("node_condition_info", INFO), ("stub_command", COMMAND)):
        (target / "plugins" / "action" / (name + ".py")).write_text(text)
    for path in (target / "roles" / "vxlan_offload" / "tasks").iterdir():
        path.write_text(path.read_text().replace("ansible.builtin.command:", "nodemend.kubernetes.stub_command:"))
    (tmp_path / "play.yml").write_text(PLAY)
    state = tmp_path / "machine.json"
    variables = {
        "stub_state": str(state),
        "__vxlan_offload_rule": str(tmp_path / "udev.rules"),
        "__vxlan_offload_record": str(tmp_path / "kept" / "vxlan_offload.json"),
        "__vxlan_offload_ethtool": "/usr/sbin/ethtool",
        "__vxlan_offload_udev": "/usr/bin/udevadm",
    }

    def run(*words, **machine):
        state.write_text(json.dumps(dict({"on": True, "timer": False, "loses": None, "chroot": False}, **machine)))
        done = playbook(tmp_path, str(tmp_path / "play.yml"), "w1 %s\n" % LIVE, "-e", json.dumps(variables), *words, collections=collections)
        return done, json.loads(state.read_text())

    return run


def test_it_is_turned_off_and_stays_so(role, tmp_path):
    done, machine = role()
    assert done.rc == 0 and (machine["on"], machine["timer"]) == (False, False), done.all
    assert json.loads((tmp_path / "kept" / "vxlan_offload.json").read_text()) == {"ens192": ["tx-udp_tnl-segmentation"]}


def test_what_an_earlier_run_has_turned_off_is_remembered_as_well(role, tmp_path):
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "vxlan_offload.json").write_text('{"ens192": ["tx-udp_tnl-csum-segmentation"], "ens224": ["tx-udp_tnl-segmentation"]}')
    done, unused = role()
    assert done.rc == 0, done.all
    kept = json.loads((tmp_path / "kept" / "vxlan_offload.json").read_text())
    assert kept == {"ens192": ["tx-udp_tnl-csum-segmentation", "tx-udp_tnl-segmentation"], "ens224": ["tx-udp_tnl-segmentation"]}


def test_in_a_chroot_no_earlier_run_is_waited_for(role):
    # systemd's systemctl: "Running in chroot, ignoring command 'is-active'", and 0; "stop" would not be answered here.
    done, unused = role(on=False, chroot=True, loses="stop")
    assert done.rc == 0 and "changed=1 " in done.text, done.all


@pytest.mark.parametrize(
    "loses, on, told",
    [
        ("arm", True, "no route to host); the offloads are still on."),
        ("stop", False, "No new connection could be made, so the host turns the offloads on again by itself."),
    ],
)
def test_a_host_that_is_lost_on_the_way_has_failed(role, loses, on, told):
    done, machine = role(loses=loses)
    assert done.rc != 0 and told in done.text and machine["on"] == on, done.all
    assert "The role has gone through" not in done.text


@pytest.mark.parametrize("on", [False, True])
def test_what_a_run_that_was_cut_off_has_left_is_confirmed_by_the_next(role, tmp_path, on):
    done, machine = role("--check", on=on, timer=True)
    assert done.rc == 0 and (machine["on"], machine["timer"]) == (on, True), done.all
    done, machine = role(on=on, timer=True)
    assert done.rc == 0 and (machine["on"], machine["timer"]) == (False, False), done.all
    assert (tmp_path / "udev.rules").exists()
    done, unused = role(on=False)
    assert "changed=0 " in done.text, done.all


def test_drivers_and_features_are_the_facts():
    with open(os.path.join(ROLE, "vars", "main.yml"), encoding="utf-8") as stream:
        values = yaml.safe_load(stream)
    assert tuple(values["__vxlan_offload_drivers"]) == tunnel_offload.DRIVERS
    assert tuple(values["__vxlan_offload_features"]) == tunnel_offload.NIC


def test_the_host_takes_it_back_within_the_time_that_is_promised():
    with open(os.path.join(ROLE, "tasks", "turn_off.yml"), encoding="utf-8") as stream:
        (armed,) = [task["ansible.builtin.command"]["argv"] for task in yaml.safe_load(stream) if "by itself" in task["name"]]
    assert "--on-active=" in armed and "--timer-property=AccuracySec=1s" in armed
