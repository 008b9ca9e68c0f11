"""One machine, one upgrade, everything that goes wrong with it. The tests build on each other, in the order of this file.

What happened is read from the machine: its console tells which kernels have started, dpkg's log what was installed."""

import os
import pathlib
import signal
import subprocess

import pytest

HERE = pathlib.Path(__file__).resolve().parents[1]
OLD, NEW = "6.1", "6.12"


def play(*arguments, confirm_timeout=900):
    """Run converge.yml and return the finished process."""
    process = start(*arguments, confirm_timeout=confirm_timeout)
    output = process.communicate(timeout=2400)[0]
    print(output)
    return subprocess.CompletedProcess(process.args, process.returncode, output)


def start(*arguments, confirm_timeout=900):
    command = ["ansible-playbook", "--inventory", os.environ["NODEMEND_INVENTORY"], *arguments, str(HERE / "converge.yml")]
    environment = dict(os.environ, NODEMEND_CONFIRM_TIMEOUT=str(confirm_timeout))
    # A session of its own: its group is what is killed.
    return subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, text=True, start_new_session=True
    )


def play_killed_at(task, until=lambda: None):
    """Run converge.yml, kill -9 the controller when the task begins and `until` has returned."""
    process = start()
    seen = []
    for line in process.stdout:
        seen.append(line)
        if f"TASK [nodemend.kubernetes.kernel : {task}]" in line:
            until()
            os.killpg(process.pid, signal.SIGKILL)
            break
    rest = process.communicate(timeout=60)[0]
    print("".join(seen), rest)
    assert process.returncode == -signal.SIGKILL, f"it ended before {task!r}"
    return "".join(seen)


def entries(host):
    """GRUB's variables: which kernel it starts by default (saved_entry) and at the next boot (next_entry)."""
    return dict(line.split("=", 1) for line in host.check_output("grub-editenv list").splitlines())


def is_default(host, version):
    return f"gnulinux-{version}." in entries(host)["saved_entry"]


def installations(host):
    return int(host.run("grep -c ' install linux-image-6[.]12' /var/log/dpkg.log").stdout)


def nothing_is_on_trial(host):
    units = [host.file(f"/etc/systemd/system/nodemend-kernel.{kind}").exists for kind in ("timer", "service")]
    return not entries(host).get("next_entry") and units == [False, False]


def answers(host):
    try:
        return host.run("true").rc == 0
    except RuntimeError:  # ssh itself has failed
        return False


def state(host):
    script = host.ansible("script", str(HERE.parent / "shared" / "state.sh") + " print", check=False)
    assert script["rc"] == 0
    return script["stdout"]


@pytest.fixture
def release(host):
    """The new kernel's whole name."""
    return host.check_output("ls /lib/modules | grep '^6[.]12'")


def test_a_tampered_package_is_refused_before_anything_changes(host, tmp_path):
    before = state(host)
    tampered = tmp_path / "kernel.deb"
    tampered.write_bytes(pathlib.Path(os.environ["NODEMEND_VM_PACKAGES"], "kernel.deb").read_bytes()[:-8] + b"tampered")
    done = play("--extra-vars", f"lab_file={tampered}")
    assert done.returncode == 2
    assert "it was altered or is another file" in done.stdout
    assert state(host) == before


def test_a_run_killed_after_the_installation_leaves_the_old_kernel_the_default(host, boots):
    play_killed_at("Learn who needs the legacy iptables")
    assert installations(host) == 1
    assert is_default(host, OLD)
    assert boots() == [OLD]


def test_a_kernel_without_a_network_returns_by_itself(host, boots, release):
    # The driver is gone, and the index of modules does not tell: the role cannot see it beforehand.
    driver = host.check_output("find /lib/modules/%s/kernel/drivers/net -name 'virtio_net.ko*'", release)
    assert "virtio_net" not in host.check_output("lsinitramfs /boot/initrd.img-%s", release)
    host.check_output("mv %s /root/", driver)

    done = play(confirm_timeout=240)

    assert done.returncode == 2
    assert f"is back on {OLD}." in done.stdout
    assert "nobody could confirm it in time" in done.stdout
    assert boots() == [OLD, NEW, OLD]
    assert is_default(host, OLD)
    assert nothing_is_on_trial(host)
    host.check_output("mv /root/%s %s", pathlib.Path(driver).name, driver)


def test_a_kernel_that_panics_falls_back(host, boots, release):
    host.check_output("cp /boot/initrd.img-%s /root/initrd && truncate --size 100K /boot/initrd.img-%s", release, release)

    done = play()

    assert done.returncode == 2
    assert f"is back on {OLD}." in done.stdout
    assert "did not stay up" in done.stdout
    assert boots() == [OLD, NEW, OLD, NEW, OLD]
    assert is_default(host, OLD)
    assert nothing_is_on_trial(host)
    host.check_output("mv /root/initrd /boot/initrd.img-%s", release)


def test_a_run_killed_after_the_one_shot_entry_has_not_rebooted(host, boots):
    play_killed_at("Drain it")
    assert f"gnulinux-{NEW}." in entries(host)["next_entry"]
    assert is_default(host, OLD)
    assert len(boots()) == 5


def test_a_run_killed_during_the_reboot_leaves_the_new_kernel_on_trial(host, boots, eventually):
    play_killed_at("Reboot", until=lambda: eventually(lambda: len(boots()) == 6))
    eventually(lambda: answers(host))
    assert host.check_output("uname -r").startswith(f"{NEW}.")
    assert is_default(host, OLD)
    assert not entries(host).get("next_entry")


def test_a_run_killed_before_the_promotion_has_not_promoted(host):
    play_killed_at("Promote it")
    assert is_default(host, OLD)


def test_the_next_run_completes_and_has_done_no_step_twice(host, boots):
    done = play()
    assert done.returncode == 0
    assert is_default(host, NEW)
    assert nothing_is_on_trial(host)
    assert boots() == [OLD, NEW, OLD, NEW, OLD, NEW]
    assert installations(host) == 1


def test_a_second_run_changes_nothing(host):
    before = state(host)
    assert "changed=0" in play().stdout
    assert state(host) == before
