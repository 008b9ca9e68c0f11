"""The firmware has started the newer kernel, with Secure Boot still on; it has proved itself and is the default."""


def test_the_firmware_started_it(host, boots):
    assert boots() == ["6.1", "6.12"]
    assert host.check_output("uname -r").startswith("6.12.")


def test_secure_boot_is_still_on(host):
    # Four bytes of attributes, then the value.
    assert host.check_output("od -An -tu1 -j4 /sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c").strip() == "1"
    assert host.run("dmesg | grep 'Secure boot enabled'").rc == 0


def test_the_new_kernel_is_the_default_and_nothing_is_on_trial(host):
    environment = host.check_output("grub-editenv list")
    assert "gnulinux-6.12." in environment
    assert "next_entry=gnulinux" not in environment
    assert not host.file("/etc/systemd/system/nodemend-kernel.timer").exists


def test_the_stub_on_the_system_partition_still_leads_to_the_menu(host):
    assert "configfile $prefix/grub.cfg" in host.file("/boot/efi/EFI/debian/grub.cfg").content_string
