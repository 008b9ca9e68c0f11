# -*- coding: utf-8 -*-
"""Tunnels over NICs that are known for it, and those that only look so."""

from __future__ import absolute_import, division, print_function

import json

import netfilter
import pytest
import recorded
from recorded import TIMED_OUT, recording
from runtime_hosts import KUBELET

__metaclass__ = type

DIRECTORY = "/sys/class/net/"
CONFIG = "/run/containerd/io.containerd.runtime.v2.task/k8s.io/%s/config.json" % netfilter.CONTAINER
ON, OFF = "on", "off"


def features(name, text, state):
    return "Features for %s:\n" % name + "".join(
        line.replace(": on", ": " + state)
        if line.split(":")[0].strip() in ("tx-checksum-ip-generic", "tx-udp_tnl-segmentation", "tx-udp_tnl-csum-segmentation")
        else line
        for line in recording(text).splitlines(True)[1:]
    )


def judge(
    tunnel="vxlan.calico",
    kind="vxlan",
    driver="vmxnet3",
    lower="ens192",
    flags=(ON, ON),
    calico=None,
    felix="",
    kernel="6.1.0-28-amd64",
    second=None,
    node=True,
    answers=None,
):
    """second: driver of another NIC, ens224; answers: commands instead of what ethtool prints."""
    files = {
        "/proc/sys/kernel/osrelease": kernel + "\n",
        DIRECTORY + "ens192/uevent": "INTERFACE=ens192\nIFINDEX=2\n",
        DIRECTORY + "cali1/uevent": "INTERFACE=cali1\nIFINDEX=9\n",
        DIRECTORY + "bonding_masters": "\n",
    }
    links = {DIRECTORY + "ens192/device/driver": "../../../../bus/pci/drivers/" + driver}
    commands = {"ethtool -k ens192": features("ens192", "offload/nic.txt", flags[1])}
    if second:
        links[DIRECTORY + "ens224/device/driver"] = "../../../../bus/pci/drivers/" + second
        commands["ethtool -k ens224"] = features("ens224", "offload/nic.txt", ON)
    if tunnel:
        files[DIRECTORY + tunnel + "/uevent"] = "DEVTYPE=%s\nINTERFACE=%s\nIFINDEX=5\n" % (kind, tunnel)
        commands["ethtool -k " + tunnel] = features(tunnel, "offload/vxlan.txt", flags[0])
        if lower == "bond0":
            links.update({DIRECTORY + tunnel + "/lower_bond0": "../bond0", DIRECTORY + "bond0/lower_ens192": "../ens192"})
        elif lower:
            links[DIRECTORY + tunnel + "/lower_" + lower] = "../" + lower
    if calico:
        files.update(netfilter.process(960, "calico-node", ["calico-node", "-felix"]))
        files[CONFIG] = json.dumps({"annotations": {"io.kubernetes.cri.image-name": "docker.io/calico/node:v" + calico}})
        files["/proc/960/environ"] = felix and "FELIX_FEATUREDETECTOVERRIDE=%s\0" % felix
    if node:
        files.update(KUBELET)
    commands.update(answers or {})
    return recorded.judge("vxlan_checksum_offload", recorded.RecordedHost(files=files, links=links, commands=commands))


TABLE = {
    "flannel, which turns nothing off": ({"tunnel": "flannel.1", "lower": None}, "at_risk", "OffloadOn"),
    "Calico's device, and no Calico that would be known": ({}, "at_risk", "OffloadOn"),
    # calico#9433
    "a Calico that leaves it on": ({"calico": "3.28.2"}, "at_risk", "OffloadOn"),
    "a Calico that turns it off everywhere, but has not": ({"calico": "3.27.3"}, "at_risk", "CalicoLeftItOn"),
    "and has": ({"calico": "3.27.3", "flags": (OFF, ON)}, "ok", "TunnelOff"),
    "the same does not touch flannel's (Canal)": ({"calico": "3.27.3", "tunnel": "flannel.1"}, "at_risk", "OffloadOn"),
    "a Calico that turns it off on old kernels": ({"calico": "3.28.2", "kernel": "4.18.0-553.el8_10.x86_64"}, "at_risk", "CalicoLeftItOn"),
    "a Calico that knows nothing of it": ({"calico": "3.18.0", "kernel": "4.18.0-553.el8_10.x86_64"}, "at_risk", "OffloadOn"),
    "Felix was told to": ({"calico": "3.30.0", "felix": "SNATFullyRandom=true,ChecksumOffloadBroken=true"}, "at_risk", "CalicoLeftItOn"),
    "Felix was told not to": ({"calico": "3.27.3", "felix": "ChecksumOffloadBroken=false"}, "at_risk", "OffloadOn"),
    "Felix was told something else": ({"calico": "3.27.3", "felix": "SNATFullyRandom=true"}, "at_risk", "CalicoLeftItOn"),
    "the tunnel's flag is off": ({"flags": (OFF, ON)}, "ok", "TunnelOff"),
    "the NIC's flags are off": ({"flags": (ON, OFF)}, "ok", "NicOff"),
    "and fixed: nothing to do": ({"flags": (ON, "off [fixed]")}, "ok", "NicOff"),
    "Geneve": ({"tunnel": "genev_sys_6081", "kind": "geneve", "lower": None}, "at_risk", "OffloadOn"),
    "through a bond": ({"lower": "bond0"}, "at_risk", "OffloadOn"),
    "vmxnet3 carries other traffic": ({"driver": "mlx5_core", "second": "vmxnet3"}, "not_applicable", "OtherDriver"),
    "which NIC carries it cannot be told": ({"driver": "mlx5_core", "second": "vmxnet3", "lower": None}, "at_risk", "OffloadOn"),
    "another driver": ({"driver": "virtio_net"}, "not_applicable", "OtherDriver"),
    "no tunnel": ({"tunnel": None}, "not_applicable", "NoTunnel"),
    "a bridge of a tunnel's name": ({"kind": "bridge"}, "not_applicable", "NoTunnel"),
    "no node": ({"node": False}, "not_applicable", "NotANode"),
    "ethtool hangs": ({"answers": {"ethtool -k ens192": TIMED_OUT}}, "unknown", "TimedOut"),
    "a device that went away": ({"answers": {"ethtool -k vxlan.calico": (1, "", "netlink error: No such device\n")}}, "unknown", "Unreadable"),
    "garbage": ({"answers": {"ethtool -k vxlan.calico": "x"}}, "unknown", "Unreadable"),
}


@pytest.mark.parametrize("name", sorted(TABLE))
def test_verdict(name):
    more, status, reason = TABLE[name]
    answer = judge(**more)
    assert (answer.status, answer.reason) == (status, reason), answer.message


def test_nothing_read_here_proves_it():
    assert {status for unused, status, unused in TABLE.values()} == {"at_risk", "ok", "not_applicable", "unknown"}


def test_the_message_names_the_devices():
    assert judge().message.startswith("vxlan.calico leaves its checksums to ens192 (vmxnet3): ")
    assert judge(second="vmxnet3").message.startswith("vxlan.calico leaves its checksums to ens192 (vmxnet3): ")
    assert judge().evidence["tunnel_offload"]["nics"][0]["on"] == ["tx-udp_tnl-segmentation", "tx-udp_tnl-csum-segmentation"]


def test_the_role_sees_the_nics_of_a_blank_host():
    evidence = judge(node=False).evidence
    assert evidence["tunnel_offload"]["nics"] == [{"name": "ens192", "driver": "vmxnet3", "on": None}]
    assert judge(node=False, answers={"ethtool -k ens192": TIMED_OUT}).reason == "NotANode"
