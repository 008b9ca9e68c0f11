# -*- coding: utf-8 -*-
"""Whether GRUB can write grubenv: plain partitions, LVM, RAID, encryption, file systems that it only reads."""

from __future__ import absolute_import, division, print_function

import pytest
from ansible_collections.nodemend.kubernetes.plugins.module_utils._facts import grub_environment
from recorded import RecordedHost, fact, recording

__metaclass__ = type

MOUNT = "%d 1 %s / %s rw,relatime shared:1 - %s %s rw\n"
ROOT = MOUNT % (22, "254:0", "/", "xfs", "/dev/mapper/rl-root")


def host(mounts, files=None, links=None):
    tree = {"/boot/grub2/grub.cfg": recording("centos7.grub.cfg"), "/boot/grub2/grubenv": "# GRUB Environment Block\n", "/proc/self/mountinfo": mounts}
    tree.update(files or {})
    return RecordedHost(tree, links=links)


@pytest.mark.parametrize("kind", ["ext4", "xfs", "vfat", "ext2"])
def test_a_plain_partition(kind):
    mounts = ROOT + MOUNT % (30, "253:1", "/boot", kind, "/dev/vda1")
    found = fact("grub_environment", host(mounts, {"/sys/dev/block/253:1/partition": "1\n"}))
    assert found == {"path": "/boot/grub2/grubenv", "file_system": kind, "obstacle": None}


@pytest.mark.parametrize(
    "uuid, obstacle",
    [
        ("LVM-5mGqvWxT2ZZvOEsXQ0cBmPdY4mcmJcZpaPpWc3tWBoJxCyyvH1vT5Y9l1fOZp3fA", "it lies on LVM"),
        ("CRYPT-LUKS2-0f2ed4a55b1a4a3e9a558b6b3a5a2d11-boot", "it lies on an encrypted device"),
        ("part1-mpath-3600508b400105e210000900000490000", None),
        ("something", "it lies on the device mapper (something)"),
    ],
)
def test_the_device_mapper(uuid, obstacle):
    found = fact("grub_environment", host(ROOT, {"/sys/dev/block/254:0/dm/uuid": uuid + "\n"}))
    assert (found["file_system"], found["obstacle"]) == ("xfs", obstacle)


@pytest.mark.parametrize("directory, device", [("/sys/devices/virtual/block/md0", "9:0"), ("/sys/devices/virtual/block/md126/md126p1", "259:0")])
def test_raid(directory, device):
    mounts = ROOT + MOUNT % (30, device, "/boot", "ext4", "/dev/md0")
    array = directory.replace("/md126p1", "")
    files = {array + "/md/level": "raid1\n", directory + "/size": "1\n"}
    found = fact("grub_environment", host(mounts, files, {"/sys/dev/block/" + device: "../../devices" + directory[len("/sys/devices") :]}))
    assert found["obstacle"] == "it lies on RAID"


@pytest.mark.parametrize("kind", ["btrfs", "zfs", "overlay", "nfs4"])
def test_file_systems_that_grub_does_not_write(kind):
    found = fact("grub_environment", host(MOUNT % (22, "0:28", "/", kind, "/dev/vda2")))
    assert (found["file_system"], found["obstacle"]) == (kind, "it lies on %s" % kind)


def test_a_link_to_the_efi_partition():
    mounts = ROOT + MOUNT % (30, "253:2", "/boot", "xfs", "/dev/vda2") + MOUNT % (31, "253:1", "/boot/efi", "vfat", "/dev/vda1")
    files = {
        "/boot/grub2/grub.cfg": recording("centos7.grub.cfg"),
        "/boot/efi/EFI/centos/grubenv": "# GRUB Environment Block\n",
        "/proc/self/mountinfo": mounts,
    }
    found = fact("grub_environment", RecordedHost(files, links={"/boot/grub2/grubenv": "../efi/EFI/centos/grubenv"}))
    assert found == {"path": "/boot/efi/EFI/centos/grubenv", "file_system": "vfat", "obstacle": None}


def test_a_later_mount_covers_an_earlier_one():
    mounts = ROOT + MOUNT % (30, "253:1", "/boot", "autofs", "systemd-1") + MOUNT % (31, "253:1", "/boot", "ext4", "/dev/vda1")
    assert grub_environment.parse_mount(mounts, "/boot/grub/grubenv") == {"device": "253:1", "type": "ext4"}
    assert grub_environment.parse_mount(mounts, "/bootleg/grubenv") == {"device": "254:0", "type": "xfs"}


@pytest.mark.parametrize("text", ["", "garbage\n\x00 - \n", "1 2 3 - ext4"])
def test_garbage(text):
    found = fact("grub_environment", host(text))
    assert found["obstacle"] == "it is not known which device holds it"


def test_no_grub():
    assert fact("grub_environment", RecordedHost({})) is None
