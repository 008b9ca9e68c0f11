"""The state of the node after the role, read without it."""

import pytest

# The release of the kernel and its package, where the package manager is this one.
KERNELS = {
    "/usr/bin/dnf": ("99.1.0-1.el8.x86_64", "kernel-99.1.0-1.el8.x86_64"),
    "/usr/bin/zypper": ("99.1.0-1-default", "kernel-default-99.1.0-1.1.x86_64"),
    "/usr/bin/apt-get": ("99.1.0-1-amd64", None),
}


@pytest.fixture
def kernel(host):
    return next(KERNELS[path] for path in KERNELS if host.file(path).exists)


def test_the_kernel_and_its_modules_are_there(host, kernel):
    release = kernel[0]
    assert host.file("/boot/vmlinuz-" + release).exists
    assert host.file("/lib/modules/%s/modules.dep" % release).exists


def test_the_package_manager_installed_it(host, kernel):
    if kernel[1]:
        assert host.run("rpm -q %s", kernel[1]).rc == 0
    else:
        assert host.check_output("dpkg-query --show --showformat='${Status}' linux-image-99.1.0-1-amd64") == "install ok installed"


def test_the_older_one_of_the_repository_was_not_taken(host):
    assert host.run("ls /boot/vmlinuz-98*").rc != 0


def test_the_boot_loader_of_an_image_is_left_alone(host):
    assert not host.file("/etc/default/grub.d/zz-nodemend-kernel.cfg").exists
    assert not host.file("/var/lib/nodemend/kernel.json").exists


def test_nothing_is_left_of_the_installation(host):
    assert host.run("find /var/lib/nodemend -mindepth 1").stdout == ""
