# -*- coding: utf-8 -*-
"""Drivers in use and which installed kernels have them."""

from __future__ import absolute_import, division, print_function

import pytest
from ansible_collections.nodemend.kubernetes.plugins.module_utils._facts import kernel_drivers
from recorded import RecordedHost, fact

__metaclass__ = type

OLD, NEW = "5.14.0-427.13.1.el9_4.x86_64", "6.9.7-1.el9.elrepo.x86_64"
ROUTE = (
    "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n"
    "cali0\t0101A8C0\t00000000\t0005\t0\t0\t0\tFFFFFFFF\t0\t0\t0\n"
    "ens9\t00000000\t0101A8C0\t0003\t0\t0\t200\t00000000\t0\t0\t0\n"
    "ens192\t00000000\t0101A8C0\t0003\t0\t0\t100\t00000000\t0\t0\t0\n"
)
IPV6 = (
    "00000000000000000000000000000000 00 00000000000000000000000000000000 00 "
    "fe800000000000000000000000000001 00000400 00000001 00000000 00450003 ens7\n"
    "00000000000000000000000000000000 00 00000000000000000000000000000000 00 "
    "00000000000000000000000000000000 ffffffff 00000001 00000000 00200200       lo\n"
)
MODULES = "kernel/drivers/net/vmxnet3/vmxnet3.ko.xz:\nkernel/fs/xfs/xfs.ko.xz: kernel/lib/libcrc32c.ko.xz\nkernel/net/ipv4/netfilter/iptable_nat.ko.xz:\n"


def vmware(**files):
    """A VMware guest as sysfs shows it: xfs on LVM on a paravirtual SCSI disk, vmxnet3."""
    scsi = "/sys/devices/pci0000:00/0000:00:15.0/0000:03:00.0"
    disk = scsi + "/host0/target0:0:0/0:0:0:0"
    nic = "/sys/devices/pci0000:00/0000:00:16.0/0000:0b:00.0"
    base = {
        "/proc/sys/kernel/osrelease": OLD + "\n",
        "/proc/self/mountinfo": "27 1 253:0 / / rw,relatime - xfs /dev/mapper/rl-root rw\n",
        "/proc/net/route": ROUTE,
        "/sys/devices/virtual/block/dm-0/dev": "253:0\n",
        disk + "/block/sda/sda2/partition": "2\n",
        nic + "/net/ens192/uevent": "INTERFACE=ens192\nIFINDEX=2\n",
        "/sys/bus/pci/drivers/vmw_pvscsi/new_id": "",
        "/sys/bus/pci/drivers/vmxnet3/new_id": "",
        "/sys/bus/scsi/drivers/sd/bind": "",
        "/sys/bus/pci/drivers/pcieport/bind": "",
        "/lib/modules/%s/modules.dep" % OLD: MODULES
        + "kernel/drivers/scsi/vmw_pvscsi.ko.xz:\nkernel/drivers/scsi/sd_mod.ko.xz:\nkernel/drivers/md/dm-mod.ko.xz:\n",
        "/lib/modules/%s/modules.builtin" % OLD: "kernel/drivers/scsi/scsi_mod.ko\n",
    }
    base.update(files)
    links = {
        "/sys/dev/block/253:0": "../../devices/virtual/block/dm-0",
        "/sys/devices/virtual/block/dm-0/slaves/sda2": "../../../../pci0000:00/x",
        "/sys/class/block/sda2": disk + "/block/sda/sda2",
        "/sys/class/net/ens192": nic + "/net/ens192",
        disk + "/driver": "/sys/bus/scsi/drivers/sd",
        scsi + "/driver": "/sys/bus/pci/drivers/vmw_pvscsi",
        "/sys/bus/pci/drivers/vmw_pvscsi/module": "/sys/module/vmw_pvscsi",
        "/sys/devices/pci0000:00/0000:00:15.0/driver": "/sys/bus/pci/drivers/pcieport",
        nic + "/driver": "/sys/bus/pci/drivers/vmxnet3",
        "/sys/bus/pci/drivers/vmxnet3/module": "/sys/module/vmxnet3",
    }
    return RecordedHost(base, links=links)


def test_in_use():
    found = fact("kernel_drivers", vmware())
    assert set((item["purpose"], item["module"]) for item in found["needed"]) == set(
        [("root", "dm_mod"), ("root", "sd_mod"), ("root", "vmw_pvscsi"), ("root", "xfs"), ("uplink", "vmxnet3")]
    )
    assert found["kernels"] == {OLD: {"missing": [], "legacy_iptables": True}}


@pytest.mark.parametrize(
    "listed, builtin, missing, legacy",
    [
        (MODULES + "k/vmw_pvscsi.ko.zst:\nk/dm-mod.ko.zst:\n", "kernel/drivers/scsi/sd_mod.ko\n", [], True),
        (MODULES.replace("vmxnet3", "e1000e") + "k/dm-mod.ko.zst:\n", "k/sd_mod.ko\n", ["vmw_pvscsi", "vmxnet3"], True),
        ("k/vmw_pvscsi.ko:\nk/vmxnet3.ko:\n", "k/sd_mod.ko\nk/dm-mod.ko\nk/xfs.ko\n", [], False),
    ],
)
def test_target(listed, builtin, missing, legacy):
    found = fact(
        "kernel_drivers",
        vmware(**{"/lib/modules/%s/modules.dep" % NEW: listed, "/lib/modules/%s/modules.builtin" % NEW: builtin}),
    )
    assert found["kernels"][NEW] == {"missing": missing, "legacy_iptables": legacy}


def test_bond_with_vlan():
    nic = "/sys/devices/pci0000:00/0000:00:03.0"
    host = RecordedHost(
        {
            "/proc/sys/kernel/osrelease": OLD + "\n",
            "/proc/net/route": ROUTE.replace("ens192", "bond0.7"),
            "/sys/devices/virtual/net/bond0.7/uevent": "DEVTYPE=vlan\nINTERFACE=bond0.7\n",
            "/sys/devices/virtual/net/bond0/uevent": "DEVTYPE=bond\nINTERFACE=bond0\n",
            nic + "/net/eth0/uevent": "INTERFACE=eth0\n",
            "/sys/bus/pci/drivers/ixgbe/new_id": "",
        },
        links={
            "/sys/class/net/bond0.7": "/sys/devices/virtual/net/bond0.7",
            "/sys/class/net/bond0": "/sys/devices/virtual/net/bond0",
            "/sys/class/net/eth0": nic + "/net/eth0",
            "/sys/devices/virtual/net/bond0.7/lower_bond0": "../bond0",
            "/sys/devices/virtual/net/bond0/lower_eth0": nic + "/net/eth0",
            nic + "/driver": "/sys/bus/pci/drivers/ixgbe",
        },
    )
    assert [(item["device"], item["module"]) for item in fact("kernel_drivers", host)["needed"]] == [
        ("bond0.7", "8021q"),
        ("bond0", "bonding"),
        ("eth0", "ixgbe"),
    ]


def test_nothing_to_see():
    assert fact("kernel_drivers", RecordedHost({"/proc/sys/kernel/osrelease": OLD + "\n"})) == {"needed": [], "kernels": {}}


@pytest.mark.parametrize(
    "route, ipv6, interface",
    [
        (ROUTE, "", "ens192"),
        ("Iface\tDestination\n", IPV6, "ens7"),
        ("", "", None),
        ("garbage\nmore garbage\n", "garbage\n", None),
    ],
)
def test_uplink(route, ipv6, interface):
    assert kernel_drivers.parse_uplink(route, ipv6) == interface
