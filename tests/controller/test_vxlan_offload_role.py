"""The role vxlan_offload and the fact that it goes by know the same drivers and features."""

import os

import yaml
from ansible_collections.nodemend.kubernetes.plugins.module_utils._facts import tunnel_offload

ROLE = os.path.join(os.path.dirname(__file__), "..", "..", "roles", "vxlan_offload")


def test_drivers_and_features_are_the_facts():
    with open(os.path.join(ROLE, "vars", "main.yml"), encoding="utf-8") as stream:
        values = yaml.safe_load(stream)
    assert tuple(values["__vxlan_offload_drivers"]) == tunnel_offload.DRIVERS
    assert tuple(values["__vxlan_offload_features"]) == tunnel_offload.NIC


def test_the_host_takes_it_back_within_the_time_that_is_promised():
    with open(os.path.join(ROLE, "tasks", "turn_off.yml"), encoding="utf-8") as stream:
        (armed,) = [task["ansible.builtin.command"]["argv"] for task in yaml.safe_load(stream) if "by itself" in task["name"]]
    assert "--on-active=" in armed and "--timer-property=AccuracySec=1s" in armed
