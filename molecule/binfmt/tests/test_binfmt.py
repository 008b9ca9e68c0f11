"""Programs of another CPU run in a container's files, now and after what a boot does."""

import pytest

LAB = "/var/tmp/nodemend-lab-binfmt"
HANDLERS = "/proc/sys/fs/binfmt_misc"


@pytest.fixture
def inside(host):
    """Run a command in the namespace that has the binfmt_misc."""
    if not host.file(LAB + "/shell").exists:
        pytest.skip("no Debian, or a kernel before 6.7: no binfmt_misc of its own")
    return lambda command: host.run("%s -c %%s" % (LAB + "/shell"), command)


def works(inside):
    flags = inside("sed -n 's/^flags: //p' %s/qemu-aarch64 %s/qemu-s390x" % (HANDLERS, HANDLERS)).stdout.split()
    return len(flags) == 2 and all("F" in flag for flag in flags) and inside("chroot %s/image /program" % LAB).rc == 42


def test_a_program_of_another_cpu_runs_in_a_containers_files(inside):
    assert works(inside)


def test_a_boot_registers_them_again(inside):
    assert inside("echo -1 >%s/status" % HANDLERS).rc == 0
    assert not works(inside)
    assert inside("/lib/systemd/systemd-binfmt").rc == 0
    assert works(inside)


def test_the_machines_own_handlers_were_left_alone(host, inside):
    assert not host.file(HANDLERS + "/qemu-aarch64").exists


def test_what_earlier_runs_have_installed_is_remembered_too(host, inside):
    noted = host.file("/var/lib/nodemend/binfmt/packages").content_string.split()
    assert noted[0] == "lab-earlier" and len(noted) > 1
