# -*- coding: utf-8 -*-
"""The steps to another default or one-shot kernel, per family, and what is refused with which reason."""

from __future__ import absolute_import, division, print_function

import os
import struct

import pytest
from ansible_collections.nodemend.kubernetes.plugins.module_utils import _boot, _pe
from ansible_collections.nodemend.kubernetes.plugins.module_utils._host import Unavailable
from recorded import RecordedHost, recording

__metaclass__ = type

OLD, NEW = "6.1.0-50-cloud-amd64", "6.12.95+deb12-cloud-amd64"
UUID = "0f2ed4a5-5b1a-4a3e-9a55-8b6b3a5a2d11"
MACHINE = "63d587c2144840dcbb5dff9795a00d50"
PARTITION = "22 1 253:1 / / rw,relatime shared:1 - ext4 /dev/vda1 rw\n"
LVM = "LVM-5mGqvWxT2ZZvOEsXQ0cBmPdY4mcmJcZpaPpWc3tWBoJxCyyvH1vT5Y9l1fOZp3fA\n"


def pe(certificates=(1, 8)):
    """The head of a PE32+ file, with its certificate table at (offset, size)."""
    directories = b"".join(struct.pack("<II", *pair) for pair in [(0, 0)] * 4 + [certificates] + [(0, 0)] * 11)
    optional = struct.pack("<H", 0x20B) + b"\0" * 106 + struct.pack("<I", 16) + directories
    return b"MZ" + b"\0" * 58 + struct.pack("<I", 64) + b"PE\0\0" + b"\0" * 20 + optional


def system(identity, version, running, kernels, files, tools=(), mounts=PARTITION, **more):
    """A host with GRUB; kernels with image, initramfs and modules."""
    tree = {
        "/etc/os-release": 'ID=%s\nVERSION_ID="%s"\n' % (identity, version),
        "/proc/sys/kernel/osrelease": running + "\n",
        "/proc/self/mountinfo": mounts,
        "/sys/dev/block/253:1/partition": "1\n",
    }
    initramfs = "initrd.img-%s" if identity in ("debian", "ubuntu") else "initrd-%s" if identity == "opensuse-leap" else "initramfs-%s.img"
    for release in kernels:
        tree["/boot/vmlinuz-" + release] = pe()
        tree["/boot/" + initramfs % release] = "initramfs"
        tree["/lib/modules/%s/modules.dep" % release] = ""
    tree.update(files)
    tree.update(more)
    for tool in tools:
        tree["/usr/sbin/" + tool] = "#!/bin/sh\n"
    return RecordedHost(dict((path, text) for path, text in tree.items() if text != "gone"))


def debian(default="0", environment="debian12-new.grubenv", **more):
    text = recording("debian12.grub.cfg").replace('set default="0"', 'set default="%s"' % default)
    files = {"/boot/grub/grub.cfg": text, "/boot/grub/grubenv": recording(environment)}
    return system("debian", "12", OLD, (OLD, NEW), files, ("grub-editenv", "update-grub"), **more)


def el(major, environment, kernels, **more):
    files = {"/boot/grub2/grub.cfg": recording("el8.grub.cfg"), "/boot/grub2/grubenv": "# GRUB Environment Block\n%s\n###" % environment}
    for release in kernels:
        files["/boot/loader/entries/%s-%s.conf" % (MACHINE, release)] = (
            "title Rocky Linux (%s)\nversion %s\nlinux /vmlinuz-%s\noptions $kernelopts $tuned_params\n" % (release, release, release)
        )
    files.update(more)
    return system("rocky", "%d.4" % major, kernels[0], kernels, files, ("grub2-editenv", "grubby"))


EL8 = ("4.18.0-477.27.1.el8_8.x86_64", "4.18.0-553.16.1.el8_10.x86_64")
EL9 = ("5.14.0-427.13.1.el9_4.x86_64", "5.14.0-427.42.1.el9_4.x86_64")
EL7 = ("3.10.0-1160.el7.x86_64", "5.4.278-1.el7.elrepo.x86_64")
LEAP = ("5.14.21-150500.53-default", "5.14.21-150500.55.83-default")
UBUNTU = ("5.15.0-91-generic", "5.15.0-113-generic")


def el7(saved, **more):
    files = {"/boot/grub2/grub.cfg": recording("centos7.grub.cfg"), "/boot/grub2/grubenv": "# GRUB Environment Block\nsaved_entry=%s\n###" % saved}
    files.update(more)
    return system("centos", "7", EL7[0], EL7, files, ("grub2-editenv", "grubby"))


def leap(saved, **more):
    files = {
        "/boot/grub2/grub.cfg": recording("opensuse-leap15.grub.cfg"),
        "/boot/grub2/grubenv": "# GRUB Environment Block\nsaved_entry=%s\n###" % saved,
    }
    return system("opensuse-leap", "15.5", LEAP[0], LEAP, files, ("grub2-editenv", "grub2-once"), **more)


def ubuntu(**more):
    files = {"/boot/grub/grub.cfg": recording("ubuntu2204.grub.cfg"), "/boot/grub/grubenv": recording("debian12-new.grubenv")}
    return system("ubuntu", "22.04", UBUNTU[0], UBUNTU, files, ("grub-editenv", "update-grub"), **more)


def openeuler():
    releases = ("4.19.90-2109.1.0.0108.oe1.x86_64", "4.19.90")
    files = {
        "/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c": b"\x06\0\0\0\0",
        "/boot/efi/EFI/openEuler/grub.cfg": recording("openeuler2003.grub.cfg"),
        "/boot/efi/EFI/openEuler/grubenv": "# GRUB Environment Block\nsaved_entry=openEuler (4.19.90) 20.03 (LTS-SP1)\n###",
    }
    mounts = PARTITION + "31 22 253:2 / /boot/efi rw,relatime shared:2 - vfat /dev/vda2 rw\n"
    return system("openEuler", "20.03", releases[0], releases, files, ("grub2-editenv", "grubby"), mounts)


def steps(host, default=None, coming=None, **keywords):
    try:
        return _boot.plan(_boot.Boot(host), default, coming, **keywords)
    finally:
        host.close()


def refusal(host, default=None, coming=None, **keywords):
    with pytest.raises((_boot.Refused, Unavailable)) as caught:
        steps(host, default, coming, **keywords)
    return str(caught.value)


def entry(release):
    return "gnulinux-advanced-%s>gnulinux-%s-advanced-%s" % (UUID, release, UUID)


def editenv(tool, path, *words):
    return ("run", [tool, path] + list(words))


DEBIAN_ENV = ("grub-editenv", "/boot/grub/grubenv")
GRUB2_ENV = ("grub2-editenv", "/boot/grub2/grubenv")
DROP_IN = [("write", _boot.DROP_IN, _boot.DROP_IN_TEXT), ("run", ["update-grub"])]


# Debian and Ubuntu


def test_debian_where_0_means_whatever_is_newest():
    assert steps(debian(), OLD) == [editenv(*(DEBIAN_ENV + ("set", "saved_entry=" + entry(OLD))))] + DROP_IN
    # The newest is what GRUB starts already, but only as long as it is the newest.
    assert steps(debian(), NEW) == [editenv(*(DEBIAN_ENV + ("set", "saved_entry=" + entry(NEW))))] + DROP_IN


def test_debian_that_starts_the_saved_entry():
    saved = ("${saved_entry}", "debian12-one-shot.grubenv")
    assert steps(debian(*saved), OLD) == []
    assert steps(debian(*saved), "/boot/vmlinuz-" + OLD) == []
    assert steps(debian(*saved), NEW) == [editenv(*(DEBIAN_ENV + ("set", "saved_entry=" + entry(NEW))))]


def test_debian_once():
    assert steps(debian(), coming=NEW) == [editenv(*(DEBIAN_ENV + ("set", "next_entry=" + entry(NEW))))]
    assert steps(debian("0", "debian12-one-shot.grubenv"), coming="/boot/vmlinuz-" + NEW) == []
    assert steps(debian("0", "debian12-one-shot.grubenv"), coming="") == [editenv(*(DEBIAN_ENV + ("unset", "next_entry")))]
    assert steps(debian(), coming="") == []


def test_a_number_is_replaced_by_the_id():
    number = {"/boot/grub/grubenv": "# GRUB Environment Block\nsaved_entry=1>2\nnext_entry=1>0\n###"}
    found = steps(debian("${saved_entry}", **number), OLD, NEW)
    assert found == [editenv(*(DEBIAN_ENV + ("set", "saved_entry=" + entry(OLD)))), editenv(*(DEBIAN_ENV + ("set", "next_entry=" + entry(NEW))))]


def test_ubuntu():
    path = "gnulinux-advanced-84dd1fd5-4b1e-4cf0-a1ba-2a2b2a3b4c5d>gnulinux-%s-advanced-84dd1fd5-4b1e-4cf0-a1ba-2a2b2a3b4c5d"
    found = steps(ubuntu(), UBUNTU[0], UBUNTU[1])
    assert found[0] == editenv(*(DEBIAN_ENV + ("set", "saved_entry=" + path % UBUNTU[0])))
    assert found[1:3] == DROP_IN
    assert found[3] == editenv(*(DEBIAN_ENV + ("set", "next_entry=" + path % UBUNTU[1])))


# EL, SUSE, openEuler


def test_el8_by_path_with_grubby():
    assert steps(el(8, "saved_entry=%s-%s" % (MACHINE, EL8[1]), EL8), EL8[0]) == [("run", ["grubby", "--set-default", "/boot/vmlinuz-" + EL8[0]])]
    assert steps(el(8, "saved_entry=%s-%s" % (MACHINE, EL8[0]), EL8), EL8[0]) == []
    # Nothing is saved, or a number: the newest is the default until a newer one comes.
    assert steps(el(8, "saved_entry=0", EL8), EL8[1]) == [("run", ["grubby", "--set-default", "/boot/vmlinuz-" + EL8[1]])]
    assert steps(el(8, "kernelopts=ro", EL8), EL8[1]) == [("run", ["grubby", "--set-default", "/boot/vmlinuz-" + EL8[1]])]


@pytest.mark.parametrize("major, kernels", [(8, EL8), (9, EL9), (10, EL9)])
def test_el_once_by_the_name_of_the_bls_entry(major, kernels):
    saved = "saved_entry=%s-%s" % (MACHINE, kernels[0])
    assert steps(el(major, saved, kernels), kernels[0], kernels[1]) == [editenv(*(GRUB2_ENV + ("set", "next_entry=%s-%s" % (MACHINE, kernels[1]))))]
    both = "%s\nnext_entry=%s-%s" % (saved, MACHINE, kernels[1])
    assert steps(el(major, both, kernels), kernels[0], kernels[1]) == []
    assert steps(el(major, both, kernels), coming="") == [editenv(*(GRUB2_ENV + ("unset", "next_entry")))]


def test_el7_by_title_where_ids_are_copied():
    title = "CentOS Linux (%s) 7 (Core)"
    assert steps(el7(title % EL7[1]), EL7[0]) == [("run", ["grubby", "--set-default", "/boot/vmlinuz-" + EL7[0]])]
    assert steps(el7(title % EL7[0]), EL7[0], EL7[1]) == [editenv(*(GRUB2_ENV + ("set", "next_entry=" + title % EL7[1])))]
    assert steps(el7("0"), EL7[1]) == [("run", ["grubby", "--set-default", "/boot/vmlinuz-" + EL7[1]])]


def test_suse():
    saved = "Advanced options for openSUSE Leap 15.5>openSUSE Leap 15.5, with Linux 5.14.21-150500.53-default"
    path = "gnulinux-advanced-102a6fce-8985-4896-a5f9-e5980cb21fdb>gnulinux-%s-advanced-102a6fce-8985-4896-a5f9-e5980cb21fdb"
    assert steps(leap(saved), LEAP[0]) == []
    assert steps(leap(saved), LEAP[1]) == [editenv(*(GRUB2_ENV + ("set", "saved_entry=" + path % LEAP[1])))]
    assert steps(leap(saved), LEAP[0], LEAP[1]) == [editenv(*(GRUB2_ENV + ("set", "next_entry=" + path % LEAP[1])))]


def test_suse_as_installed_would_start_whatever_is_newest():
    path = "gnulinux-advanced-102a6fce-8985-4896-a5f9-e5980cb21fdb>gnulinux-%s-advanced-102a6fce-8985-4896-a5f9-e5980cb21fdb"
    assert steps(leap("openSUSE Leap 15.5"), LEAP[1]) == [editenv(*(GRUB2_ENV + ("set", "saved_entry=" + path % LEAP[1])))]


def test_openeuler_on_uefi_writes_the_file_that_its_menu_reads():
    title = "openEuler (4.19.90-2109.1.0.0108.oe1.x86_64) 20.03 (LTS-SP1)"
    assert steps(openeuler(), coming="4.19.90-2109.1.0.0108.oe1.x86_64") == [
        editenv("grub2-editenv", "/boot/efi/EFI/openEuler/grubenv", "set", "next_entry=" + title)
    ]
    assert steps(openeuler(), "4.19.90") == []


# What would not work


@pytest.mark.parametrize(
    "mounts, told",
    [
        ("22 1 254:0 / / rw shared:1 - ext4 /dev/mapper/vg-root rw\n", "it lies on LVM"),
        ("22 1 0:30 /@ / rw shared:1 - btrfs /dev/vda2 rw\n", "it lies on btrfs"),
        ("", "it is not known which device holds it"),
    ],
)
def test_a_one_shot_entry_that_would_last(mounts, told):
    more = {"/sys/dev/block/254:0/dm/uuid": LVM}
    assert told in refusal(debian(mounts=mounts, **more), coming=NEW)
    assert "again and again" in refusal(leap("0", mounts=mounts, **more), coming=LEAP[1])
    # A default is only read by GRUB.
    assert steps(debian("${saved_entry}", mounts=mounts, **more), NEW) != []


def test_a_menu_that_does_not_know_one_shot_entries():
    text = recording("debian12.grub.cfg").replace("next_entry", "never")
    assert "does not ask for a one-shot entry" in refusal(debian(**{"/boot/grub/grub.cfg": text}), coming=NEW)


@pytest.mark.parametrize("wanted", ["6.5.0-1-amd64", "/boot/vmlinuz-6.5.0-1-amd64"])
def test_a_kernel_that_is_not_installed(wanted):
    assert "6.5.0-1-amd64 is not installed; installed are %s, %s." % (NEW, OLD) in refusal(debian(), wanted)
    assert "is not installed" in refusal(debian(), coming=wanted)
    assert steps(debian(), wanted, wanted, may_be_missing=True) == []


@pytest.mark.parametrize("wanted", ["/boot/bzImage", "/boot/", "/boot/vmlinuz"])
def test_a_path_of_no_kernel(wanted):
    assert "is no path of a kernel" in refusal(debian(), wanted)


def test_modules_without_a_kernel():
    assert "is not installed" in refusal(debian(**{"/boot/vmlinuz-" + NEW: "gone"}), coming=NEW)


def test_a_missing_initramfs():
    host = {"/boot/initrd.img-" + NEW: "gone"}
    assert "has no initramfs" in refusal(debian(**host), coming=NEW)
    assert "has no initramfs" in refusal(debian(**host), NEW)


def test_the_running_kernel_has_proved_that_it_starts():
    host = {"/boot/initrd.img-" + OLD: "gone", "/sys/firmware/efi/efivars": None, "/boot/vmlinuz-" + OLD: "unsigned"}
    assert steps(debian(**host), OLD) != []


SECURE = "/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"


@pytest.mark.parametrize("image", [pe((0, 0)), b"", b"MZ", b"\x1f\x8b garbage", pe()[:100], b"MZ" + b"\xff" * 4094])
def test_an_unsigned_kernel_under_secure_boot(image):
    path = "/boot/vmlinuz-" + NEW
    assert "Secure Boot is on, and %s bears no signature" % path in refusal(debian(**{SECURE: b"\x06\0\0\0\1", path: image}), coming=NEW)
    assert steps(debian(**{SECURE: b"\x06\0\0\0\0", path: image}), coming=NEW) != []
    assert steps(debian(**{path: image}), coming=NEW) != []


def test_a_signed_kernel_under_secure_boot():
    assert steps(debian(**{SECURE: b"\x06\0\0\0\1"}), coming=NEW) != []
    hidden = {"/sys/firmware/efi/efivars": None}
    assert steps(debian(**hidden), coming=NEW) != []
    assert "Secure Boot may be on" in refusal(debian(**dict(hidden, **{"/boot/vmlinuz-" + NEW: "unsigned"})), coming=NEW)


def test_pe32_too():
    head = pe().replace(struct.pack("<H", 0x20B), struct.pack("<H", 0x10B))
    assert not _pe.is_signed(head)  # its directories begin elsewhere
    start = 64 + 24
    assert _pe.is_signed(head[: start + 92] + head[start + 108 :])


def test_a_kernel_without_an_entry():
    host = {"/boot/vmlinuz-6.5.0-1-amd64": "", "/boot/initrd.img-6.5.0-1-amd64": ""}
    assert "/boot/grub/grub.cfg has no entry of its own for 6.5.0-1-amd64" in refusal(debian(**host), coming="6.5.0-1-amd64")


def test_el9_whose_stub_was_overwritten():
    lost = {"/sys/firmware/efi/fw_platform_size": "64\n", "/sys/firmware/efi/efivars/x": "", "/boot/efi/EFI/rocky/grub.cfg": recording("el8.grub.cfg")}
    saved = "saved_entry=%s-%s" % (MACHINE, EL9[0])
    assert "was overwritten with a menu" in refusal(el(9, saved, EL9, **lost), EL9[0])
    whole = dict(lost)
    whole["/boot/efi/EFI/rocky/grub.cfg"] = recording("rocky9-efi-stub.grub.cfg")
    assert steps(el(9, saved, EL9, **whole), EL9[0]) == []
    # On EL 8 it belongs there.
    assert steps(el(8, "saved_entry=%s-%s" % (MACHINE, EL8[0]), EL8, **lost), EL8[0]) == []


def test_a_menu_that_leads_to_the_efi_partition():
    files = {"/boot/efi/EFI/debian/grub.cfg": recording("debian12.grub.cfg"), "/boot/grub/grub.cfg": "gone"}
    host = debian(**files)
    host._parent("/boot/grub/grub.cfg")
    os.symlink("../efi/EFI/debian/grub.cfg", host._directory + "/boot/grub/grub.cfg")
    assert "update-grub would overwrite what should be a stub" in refusal(host, OLD)


def test_a_menu_that_does_not_start_the_saved_entry():
    for host in (
        leap("x", **{"/boot/grub2/grub.cfg": recording("opensuse-leap15.grub.cfg").replace('"${saved_entry}"', '"0"')}),
        el(8, "", EL8, **{"/boot/grub2/grub.cfg": recording("el8.grub.cfg").replace('"${saved_entry}"', '"0"')}),
    ):
        assert "set GRUB_DEFAULT=saved in /etc/default/grub" in refusal(host, "/boot/vmlinuz-" + host.read("/proc/sys/kernel/osrelease").strip())


@pytest.mark.parametrize("files", [{}, {"/boot/loader/loader.conf": "default x\n"}, {"/boot/grub/grub.cfg": "garbage {{{\n\x00 } }"}])
def test_no_grub(files):
    told = refusal(system("debian", "12", OLD, (OLD,), files), OLD)
    assert "only GRUB is known" in told


@pytest.mark.parametrize("environment", ["", "garbage\x00\xff\n=\n===", "saved_entry=\nnext_entry=\n", "saved_entry=>>>\nnext_entry=%s>"])
def test_garbage_in_grubenv(environment):
    found = steps(debian("${saved_entry}", **{"/boot/grub/grubenv": environment}), OLD)
    assert found == [editenv(*(DEBIAN_ENV + ("set", "saved_entry=" + entry(OLD))))]


def test_no_editenv():
    host = debian(**{"/usr/sbin/grub-editenv": "gone"})
    os.remove(host._directory + "/usr/sbin/grub-editenv")
    assert "grub-editenv is installed" in refusal(host, coming=NEW)


# Afterwards


def look_back(host, default=None, coming=None):
    try:
        return _boot.reached(_boot.Boot(host), default, coming)
    finally:
        host.close()


def test_what_was_reached():
    saved = ("${saved_entry}", "debian12-one-shot.grubenv")
    assert look_back(debian(*saved), OLD, NEW) is None
    assert look_back(debian(*saved), NEW) == "GRUB would start %s by default instead of %s." % (OLD, NEW)
    assert look_back(debian(*saved), coming="") == "GRUB would start %s once instead of none." % NEW
    assert look_back(debian(), NEW) is not None  # the newest, but nothing holds it there
    assert look_back(debian(), coming=OLD) == "GRUB would start no kernel once instead of %s." % OLD
    # An operator's custom.cfg has the last word.
    custom = {"/boot/grub/custom.cfg": 'set default="0"\n'}
    assert look_back(debian(*saved, **custom), OLD) is not None
