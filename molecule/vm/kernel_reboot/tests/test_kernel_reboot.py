"""The machine runs the newer kernel, which has proved itself and is the default, and was started once for it."""


def test_it_runs_the_new_kernel(host):
    assert host.check_output("uname -r").startswith("6.12.")
    assert float(host.file("/proc/uptime").content_string.split()[0]) < 3600


def test_it_was_started_twice(boots, host):
    assert boots() == ["6.1", "6.12"]


def test_the_new_kernel_is_the_default_and_nothing_is_on_trial(host):
    environment = host.check_output("grub-editenv list")
    assert "saved_entry=gnulinux-advanced-" in environment
    assert "gnulinux-6.12." in environment
    assert "next_entry=gnulinux" not in environment
    assert not host.file("/etc/systemd/system/nodemend-kernel.timer").exists
    assert "panic=" not in host.file("/boot/grub/grub.cfg").content_string


def test_the_old_kernel_is_kept(host):
    assert host.run("ls /boot/vmlinuz-6.1.*").rc == 0


def test_a_scan_says_ok(host):
    scan = host.ansible("nodemend.kubernetes.kernel_info", "minimum_kernel_version=6.12", check=False)
    assert scan["faulty"] == []
    assert scan["kernel"]["boot_kernels"]["default"] == host.check_output("uname -r")
