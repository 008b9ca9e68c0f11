# -*- coding: utf-8 -*-
"""GRUB's menu as Debian, Ubuntu, EL 7 to 9, openEuler and SUSE write it, and what is chosen in it."""

from __future__ import absolute_import, division, print_function

import pytest
from ansible_collections.nodemend.kubernetes.plugins.module_utils._facts import grub_menu
from ansible_collections.nodemend.kubernetes.plugins.module_utils._host import Unavailable
from recorded import RecordedHost, fact, recording

__metaclass__ = type

DEBIAN_UUID = "0f2ed4a5-5b1a-4a3e-9a55-8b6b3a5a2d11"
MACHINE = "63d587c2144840dcbb5dff9795a00d50"
EL8_OLD, EL8_NEW = "4.18.0-477.27.1.el8_8.x86_64", "4.18.0-553.16.1.el8_10.x86_64"
BLS = """title Rocky Linux (%(release)s) 8.10 (Green Obsidian)
version %(release)s
linux /vmlinuz-%(release)s
initrd /initramfs-%(release)s.img $tuned_initrd
options $kernelopts $tuned_params
id rocky-20240724010203-%(release)s
grub_users $grub_users
grub_arg --unrestricted
grub_class kernel
"""


def debian(default="0", environment="debian12-new.grubenv", **more):
    text = recording("debian12.grub.cfg").replace('set default="0"', 'set default="%s"' % default)
    files = {"/boot/grub/grub.cfg": text, "/boot/grub/grubenv": recording(environment)}
    files.update(more)
    return RecordedHost(files)


def el8(environment, releases=(EL8_OLD, EL8_NEW, "0-rescue-" + MACHINE), **keywords):
    files = {"/boot/grub2/grub.cfg": recording("el8.grub.cfg"), "/boot/grub2/grubenv": environment}
    for release in releases:
        name = "0-rescue" if "rescue" in release else release
        files["/boot/loader/entries/%s-%s.conf" % (MACHINE, name)] = BLS % {"release": release}
    return RecordedHost(files, **keywords)


def test_debian_default_0_is_the_simple_entry_of_the_newest_kernel():
    menu = fact("grub_menu", debian())
    assert menu["configuration"] == "/boot/grub/grub.cfg"
    assert menu["bls"] is False
    assert menu["default"] == {
        "id": "gnulinux-simple-" + DEBIAN_UUID,
        "title": "Debian GNU/Linux",
        "release": "6.12.95+deb12-cloud-amd64",
    }
    assert menu["next"] is None
    assert [entry["release"] for entry in menu["entries"]] == ["6.12.95+deb12-cloud-amd64"] * 3 + ["6.1.0-50-cloud-amd64"] * 2


def test_debian_saved_entry_and_one_shot_entry_by_submenu_path():
    menu = fact("grub_menu", debian("${saved_entry}", "debian12-one-shot.grubenv"))
    advanced = "gnulinux-advanced-%s>gnulinux-%s-advanced-%s"
    assert menu["default"]["id"] == advanced % (DEBIAN_UUID, "6.1.0-50-cloud-amd64", DEBIAN_UUID)
    assert menu["default"]["release"] == "6.1.0-50-cloud-amd64"
    assert menu["next"]["id"] == advanced % (DEBIAN_UUID, "6.12.95+deb12-cloud-amd64", DEBIAN_UUID)
    assert menu["next"]["release"] == "6.12.95+deb12-cloud-amd64"


@pytest.mark.parametrize(
    "default, release",
    [
        ("0", "6.12.95+deb12-cloud-amd64"),
        ("1>2", "6.1.0-50-cloud-amd64"),
        ("1", "6.12.95+deb12-cloud-amd64"),  # a submenu alone: its first entry
        ("1>0", "6.12.95+deb12-cloud-amd64"),
        ("Advanced options for Debian GNU/Linux>Debian GNU/Linux, with Linux 6.1.0-50-cloud-amd64", "6.1.0-50-cloud-amd64"),
        ("9", "6.12.95+deb12-cloud-amd64"),  # GRUB falls back to the first entry
        ("Debian GNU/Linux, with Linux 6.1.0-50-cloud-amd64", "6.12.95+deb12-cloud-amd64"),  # not at the top: not found
        ("gnulinux-advanced-%s>no such entry" % DEBIAN_UUID, "6.12.95+deb12-cloud-amd64"),
        ("", "6.12.95+deb12-cloud-amd64"),
        ("${saved_entry}", "6.12.95+deb12-cloud-amd64"),  # nothing is saved
    ],
)
def test_debian_ways_to_name_a_default(default, release):
    assert fact("grub_menu", debian(default))["default"]["release"] == release


def test_debian_custom_cfg_has_the_last_word():
    host = debian(**{"/boot/grub/custom.cfg": 'set default="1>2"\n'})
    assert fact("grub_menu", host)["default"]["release"] == "6.1.0-50-cloud-amd64"


def test_debian_one_shot_of_old_grub():
    host = debian("${saved_entry}", **{"/boot/grub/grubenv": "# GRUB Environment Block\nsaved_entry=1>2\nprev_saved_entry=0\n####"})
    menu = fact("grub_menu", host)
    assert (menu["default"]["release"], menu["next"]["release"]) == ("6.12.95+deb12-cloud-amd64", "6.1.0-50-cloud-amd64")


def test_debian_without_grubenv():
    host = RecordedHost({"/boot/grub/grub.cfg": recording("debian12.grub.cfg")})
    menu = fact("grub_menu", host)
    assert (menu["saved_entry"], menu["next_entry"], menu["default"]["release"]) == (None, None, "6.12.95+deb12-cloud-amd64")


def test_ubuntu_default_in_a_submenu():
    menu = fact("grub_menu", RecordedHost({"/boot/grub/grub.cfg": recording("ubuntu2204.grub.cfg")}))
    assert menu["default"]["release"] == "5.15.0-91-generic"
    assert menu["default"]["id"].startswith("gnulinux-advanced-84dd1fd5-4b1e-4cf0-a1ba-2a2b2a3b4c5d>gnulinux-5.15.0-91-generic-advanced-")


@pytest.mark.parametrize(
    "added, panic",
    [
        ("ro ", None),  # the line with an initramfs has none
        ("ro panic=30 ", 30),
        ("ro panic=0 ", 0),
        ("ro panic=-1 ", -1),
    ],
)
def test_ubuntu_without_an_initramfs_has_two_kernel_lines_an_entry(added, panic):
    text = recording("ubuntu-partuuid.grub.cfg").replace("ro ", added)
    menu = fact("grub_menu", RecordedHost({"/boot/grub/grub.cfg": text}))
    assert [(entry["release"], entry["panic"]) for entry in menu["entries"]] == [("6.5.0-1020-aws", panic)] * 2


def test_each_entry_has_a_panic_of_its_own():
    text = "menuentry a {\nlinux /vmlinuz-1.0\n}\nmenuentry b {\nlinux /vmlinuz-2.0 panic=5\n}\nmenuentry c {\nlinux /vmlinuz-3.0 panic=9 panic=x\n}\n"
    assert [entry["panic"] for entry in grub_menu.parse_menu(text)] == [None, 5, None]


@pytest.mark.parametrize(
    "first, second, dracut",
    [
        ("rd.shell=0 rd.emergency=reboot", "rd.shell=0 rd.emergency=reboot", {"rd.shell": "0", "rd.emergency": "reboot"}),
        ("rd.shell", "rd.shell=0 rd.shell", {"rd.shell": ""}),
        ("rd.shell=0", "ro", {}),
        ("ro", "rd.shell=0 rd.emergency=halt", {}),
        ("rd.shellfish=0 rd.emergency=reboot", "rd.emergency=halt", {"rd.emergency": "halt"}),
    ],
)
def test_dracut_is_told_what_all_kernel_lines_of_an_entry_tell_it(first, second, dracut):
    text = "menuentry a {\nlinux /vmlinuz-1.0\n}\nmenuentry b {\nlinux /vmlinuz-2.0 %s\nlinux /vmlinuz-2.0 %s\n}\n" % (first, second)
    assert [entry["dracut"] for entry in grub_menu.parse_menu(text)] == [{}, dracut]


def test_arguments_of_a_bls_entry():
    text = BLS % {"release": EL8_NEW}
    entry = grub_menu.parse_bls("x.conf", text, "root=/dev/sda1 rd.shell=0 panic=9")
    assert (entry["panic"], entry["dracut"]) == (9, {"rd.shell": "0"})


@pytest.mark.parametrize(
    "saved, pinned",
    [
        ("openSUSE Leap 15.5", False),
        ("gnulinux-simple-102a6fce-8985-4896-a5f9-e5980cb21fdb", False),
        ("Advanced options for openSUSE Leap 15.5>openSUSE Leap 15.5, with Linux 5.14.21-150500.55.83-default", True),
    ],
)
def test_the_entry_at_the_top_is_no_kernels_own(saved, pinned):
    """A SLES 15 SP4 as installed has "saved_entry=SLES 15-SP4" and "0 SLES 15-SP4" in grub2-once --list (public notes on SLES, found by code search)."""
    files = {"/boot/grub2/grub.cfg": recording("opensuse-leap15.grub.cfg"), "/boot/grub2/grubenv": "saved_entry=%s\n####" % saved}
    menu = fact("grub_menu", RecordedHost(files))
    assert menu["default"]["release"] == "5.14.21-150500.55.83-default" and menu["pinned"] is pinned


def test_suse_saved_title_in_a_submenu():
    files = {
        "/boot/grub2/grub.cfg": recording("opensuse-leap15.grub.cfg"),
        "/boot/grub2/grubenv": "# GRUB Environment Block\n"
        "saved_entry=Advanced options for openSUSE Leap 15.5>openSUSE Leap 15.5, with Linux 5.14.21-150500.53-default\n####",
    }
    assert fact("grub_menu", RecordedHost(files))["default"]["release"] == "5.14.21-150500.53-default"


@pytest.mark.parametrize(
    "environment, default, coming",
    [
        ("saved_entry=%s-%s" % (MACHINE, EL8_OLD), EL8_OLD, None),
        ("saved_entry=%s-%s\nnext_entry=%s-%s" % (MACHINE, EL8_OLD, MACHINE, EL8_NEW), EL8_OLD, EL8_NEW),
        ("saved_entry=%s-%s\nboot_success=0\nboot_indeterminate=1" % (MACHINE, EL8_NEW), EL8_NEW, None),
        ("saved_entry=0", EL8_NEW, None),
        ("saved_entry=1", EL8_OLD, None),
        ("saved_entry=2", "0-rescue-" + MACHINE, None),
        ("kernelopts=root=/dev/mapper/rl-root ro", EL8_NEW, None),  # saved_entry is missing: the newest
        ("saved_entry=%s-4.18.0-1.el8.x86_64" % MACHINE, EL8_NEW, None),  # its kernel was removed
        ("saved_entry=Rocky Linux (%s) 8.10 (Green Obsidian)" % EL8_OLD, EL8_OLD, None),
    ],
)
def test_el8_bls(environment, default, coming):
    menu = fact("grub_menu", el8("# GRUB Environment Block\n%s\n######" % environment))
    assert menu["bls"] is True
    assert menu["default"]["release"] == default
    assert (menu["next"] or {}).get("release") == coming


def test_el8_bls_is_sorted_as_grub_sorts_it():
    releases = ["5.14.0-9.el9.x86_64", "5.14.0-70.el9.x86_64", "5.14.0-427.42.1.el9_4.x86_64", "5.14.0-427.13.1.el9_4.x86_64", "6.9.7-1.el9.elrepo.x86_64"]
    menu = fact("grub_menu", el8("", releases + ["0-rescue-" + MACHINE]))
    assert [entry["release"] for entry in menu["entries"]][:6] == [
        "6.9.7-1.el9.elrepo.x86_64",
        "5.14.0-427.42.1.el9_4.x86_64",
        "5.14.0-427.13.1.el9_4.x86_64",
        "5.14.0-70.el9.x86_64",
        "5.14.0-9.el9.x86_64",
        "0-rescue-" + MACHINE,
    ]
    assert menu["entries"][6] == {"id": "uefi-firmware", "title": "System setup", "release": None, "panic": None, "dracut": {}}


def test_rocky9_stub_on_the_efi_partition_leads_to_boot():
    host = el8("saved_entry=%s-%s" % (MACHINE, EL8_OLD))
    host._write("/sys/firmware/efi/fw_platform_size", "64\n")
    host._write("/boot/efi/EFI/rocky/grub.cfg", recording("rocky9-efi-stub.grub.cfg"))
    host._write("/boot/efi/EFI/BOOT/BOOTX64.EFI", "")
    menu = fact("grub_menu", host)
    assert (menu["configuration"], menu["default"]["release"]) == ("/boot/grub2/grub.cfg", EL8_OLD)


def test_openeuler_on_uefi_with_two_entries_of_one_id():
    files = {
        "/sys/firmware/efi/fw_platform_size": "64\n",
        "/boot/efi/EFI/openEuler/grub.cfg": recording("openeuler2003.grub.cfg"),
        "/boot/efi/EFI/openEuler/grubenv": "# GRUB Environment Block\n"
        "saved_entry=openEuler (4.19.90-2109.1.0.0108.oe1.x86_64) 20.03 (LTS-SP1)\nboot_success=0\n###",
    }
    menu = fact("grub_menu", RecordedHost(files))
    assert menu["default"] == {
        "id": "openEuler (4.19.90-2109.1.0.0108.oe1.x86_64) 20.03 (LTS-SP1)",
        "title": "openEuler (4.19.90-2109.1.0.0108.oe1.x86_64) 20.03 (LTS-SP1)",
        "release": "4.19.90-2109.1.0.0108.oe1.x86_64",
    }


@pytest.mark.parametrize(
    "saved, release",
    [
        ("CentOS Linux (3.10.0-1160.el7.x86_64) 7 (Core)", "3.10.0-1160.el7.x86_64"),
        ("0", "5.4.278-1.el7.elrepo.x86_64"),
        ("1", "3.10.0-1160.el7.x86_64"),
        ("CentOS Linux (3.10.0-957.el7.x86_64) 7 (Core)", "5.4.278-1.el7.elrepo.x86_64"),  # removed: the first
    ],
)
def test_el7_titles(saved, release):
    files = {
        "/boot/grub2/grub.cfg": recording("centos7.grub.cfg"),
        "/boot/grub2/grubenv": "# GRUB Environment Block\nsaved_entry=%s\n####" % saved,
    }
    assert fact("grub_menu", RecordedHost(files))["default"]["release"] == release


def test_el8_grubenv_is_a_link_to_the_efi_partition():
    host = RecordedHost(
        {
            "/boot/grub2/grub.cfg": recording("centos7.grub.cfg"),
            "/boot/efi/EFI/centos/grubenv": "# GRUB Environment Block\nsaved_entry=1\n####",
        },
        links={"/boot/grub2/grubenv": "../efi/EFI/centos/grubenv"},
    )
    assert fact("grub_menu", host)["saved_entry"] == "1"


def test_no_grub():
    assert fact("grub_menu", RecordedHost({"/boot/vmlinuz-6.1.0-50-amd64": ""})) is None
    assert fact("grub_menu", RecordedHost({})) is None


def test_a_menu_without_entries_is_no_menu():
    assert fact("grub_menu", RecordedHost({"/boot/grub/grub.cfg": "garbage {{{\n\x00\x01 } } set default=\n"})) is None


def test_empty_bls_folder():
    menu = fact("grub_menu", el8("", ()))
    assert menu["default"] == {"id": "uefi-firmware", "title": "System setup", "release": None}


@pytest.mark.parametrize("denied", ["/boot/grub2/grub.cfg", "/boot/grub2/grubenv", "/boot/loader/entries"])
def test_without_root(denied):
    host = el8("saved_entry=0", denied=(denied,), root=False)
    with pytest.raises(Unavailable) as caught:
        fact("grub_menu", host)
    assert caught.value.reason == "NeedsRoot"


@pytest.mark.parametrize(
    "text, words",
    [
        (r"""menuentry 'It'\''s' --id "a b" {""", ["menuentry", "It's", "--id", "a b", "{"]),
        ("", []),
    ],
)
def test_words(text, words):
    assert grub_menu._words(text) == words


@pytest.mark.parametrize(
    "path, release",
    [
        ("/boot/vmlinuz-5.14.21-150500.53-default", "5.14.21-150500.53-default"),
        ("/@/.snapshots/1/snapshot/boot/vmlinuz-6.4.0-1-default", "6.4.0-1-default"),
        ("($root)/vmlinuz-4.18.0-553.el8_10.x86_64", "4.18.0-553.el8_10.x86_64"),
        ("/boot/Image-5.14.21-150500.53-default", "5.14.21-150500.53-default"),
        ("/boot/vmlinuz", None),
        ("/boot/memtest86+x64.bin", None),
    ],
)
def test_release_of(path, release):
    assert grub_menu.release_of(path) == release
