"""The state of the node after the role, read without it."""

import pytest


@pytest.fixture
def el(host):
    return host.file("/etc/redhat-release").exists


def test_the_kernel_and_its_modules_are_there(host, el):
    release = "99.1.0-1.el8.x86_64" if el else "99.1.0-1-amd64"
    assert host.file("/boot/vmlinuz-" + release).exists
    assert host.file("/lib/modules/%s/modules.dep" % release).exists


def test_the_package_manager_installed_it(host, el):
    if el:
        assert "kernel-99.1.0-1.el8.x86_64" in host.check_output("rpm -q kernel")
    else:
        assert host.check_output("dpkg-query --show --showformat='${Status}' linux-image-99.1.0-1-amd64") == "install ok installed"


def test_the_older_one_of_the_repository_was_not_taken(host):
    assert host.run("ls /boot/vmlinuz-98*").rc != 0


def test_the_boot_loader_of_an_image_is_left_alone(host):
    assert not host.file("/etc/default/grub.d/zz-nodemend-kernel.cfg").exists
    assert not host.file("/var/lib/nodemend/kernel.json").exists


def test_nothing_is_left_of_the_installation(host):
    assert host.run("find /var/lib/nodemend -mindepth 1").stdout == ""
