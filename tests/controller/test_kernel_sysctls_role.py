"""The role kernel_sysctls over folders of files that set the same limits, in check mode, and over files that play the kernel's."""

import json
import os

import pytest
from conftest import LIVE, playbook

PLAY = """
- hosts: all
  gather_facts: false
  environment: {PATH: "{{ bin }}:/usr/sbin:/usr/bin:/sbin:/bin"}
  tasks:
    - ansible.builtin.include_role:
        name: nodemend.kubernetes.kernel_sysctls
        tasks_from: "{{ item }}.yml"
      loop: "{{ tasks }}"
"""
# Reads and writes the files that play the kernel's: sysctl -e -n NAME, sysctl -w NAME=VALUE.
SYSCTL = """#!/bin/sh
cd '%s' || exit 1
case $1 in
    -w) echo "${2#*=}" >"${2%%%%=*}" ;;
    *) [ ! -e "$3" ] || cat "$3" ;;
esac
"""
INOTIFY = "fs.inotify.max_user_instances"
CONNTRACK = "net.netfilter.nf_conntrack_max"


@pytest.fixture
def role(tmp_path):
    (tmp_path / "play.yml").write_text(PLAY)
    for folder in ("etc", "usr", "kernel"):
        (tmp_path / folder).mkdir()
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "sysctl").write_text(SYSCTL % (tmp_path / "kernel"))
    (tmp_path / "bin" / "sysctl").chmod(0o755)
    limits = []
    # Below what is asked for, whatever this machine has.
    for name, condition in (("kernel.pid_max", "pid_exhaustion"), (INOTIFY, "inotify_instances_exhausted")):
        (tmp_path / "kernel" / name).write_text("128\n")
        limits.append({"name": name, "path": str(tmp_path / "kernel" / name), "condition": condition, "least": 8192, "variable": "its variable", "most": 9999})
    # 0 is no limit of tracked connections.
    conntrack = {"name": CONNTRACK, "path": str(tmp_path / "kernel" / CONNTRACK), "condition": "conntrack_table_full", "least": 8192, "none": 0}
    conntrack["variable"] = "kernel_sysctls_conntrack_max"
    limits.append(dict(conntrack, file=str(tmp_path / "etc" / "99-zz-nodemend-conntrack.conf")))
    variables = {
        "bin": str(tmp_path / "bin"),
        "__kernel_sysctls_folders": [str(tmp_path / "etc"), str(tmp_path / "usr")],
        "__kernel_sysctls_file": str(tmp_path / "etc" / "99-zz-nodemend.conf"),
        "__kernel_sysctls_conntrack_file": str(tmp_path / "etc" / "99-zz-nodemend-conntrack.conf"),
        "__kernel_sysctls_procps_file": str(tmp_path / "sysctl.conf"),
        "__kernel_sysctls_limits": limits,
        "__kernel_sysctls_settings": str(tmp_path / "names"),
        "__kernel_sysctls_modules_file": str(tmp_path / "modules.conf"),
        "__kernel_sysctls_modprobe_file": str(tmp_path / "modprobe.conf"),
        "__kernel_sysctls_hash_path": str(tmp_path / "kernel" / "hashsize"),
    }

    def run(tasks, *words, **more):
        words = ("-e", json.dumps(dict(variables, tasks=tasks, **more)), *words)
        return playbook(tmp_path, str(tmp_path / "play.yml"), "w1 %s\n" % LIVE, *words)

    return run


def test_a_lower_limit_that_is_read_later_is_refused_and_the_rest_is_done(role, tmp_path):
    (tmp_path / "etc" / "99-zzz.conf").write_text("kernel.pid_max = 9000\n# kernel.pid_max = 5\n -kernel/pid_max=4096\n")
    done = role(["main"], "--check")
    assert done.rc != 0 and "kernel.pid_max is set to 4096 by %s/etc/99-zzz.conf, read after" % tmp_path in done.text
    assert "changed=1 " in done.text and "Note a file that would take it back" in done.text and "max_inotify_instances) is set" not in done.text


@pytest.mark.parametrize("name", ["net.nf_conntrack_max", "net.ipv4.netfilter.ip_conntrack_max", "net/nf_conntrack_max"])
def test_a_limit_is_taken_back_by_its_other_name_as_well(role, tmp_path, name):
    (tmp_path / "kernel" / CONNTRACK).write_text("4096\n")
    (tmp_path / "etc" / "99-zzz.conf").write_text("%s = 4096\nuser.max_inotify_instances=9000\n" % name)
    (tmp_path / "sysctl.conf").write_text("user.max_inotify_instances=128\n")
    done = role(["main"], "--check")
    told = "%s (also called net.nf_conntrack_max, net.ipv4.netfilter.ip_conntrack_max) is set to 4096 by %s/etc/99-zzz.conf, read after" % (CONNTRACK, tmp_path)
    assert done.rc != 0 and told in done.text, done.all
    assert "user.max_inotify_instances) is set to" not in done.text and "sysctl.conf sets %s to 128" % INOTIFY in done.text
    # The two other limits are set all the same, and nothing of connections is.
    assert "changed=2 " in done.text, done.all


# systemd-sysctl applies a name where it was met first, unless a later file gives it another value: then where that stands.
def test_each_name_counts_where_later_files_have_several(role, tmp_path):
    (tmp_path / "etc" / "99-zzz.conf").write_text("user/max_inotify_instances = 128\nkernel.pid_max = 4096\n")
    (tmp_path / "etc" / "99-zzzz.conf").write_text("%s = 8192\nkernel/pid_max = 8192\n" % INOTIFY)
    done = role(["main"], "--check")
    assert done.rc != 0 and "%s (also called user.max_inotify_instances) is set to 128 by" % INOTIFY in done.text, done.all
    assert "kernel.pid_max is set to" not in done.text and "changed=1 " in done.text, done.all


def test_a_limit_is_written_by_each_name_that_the_kernel_has(role, tmp_path):
    (tmp_path / "names" / "net").mkdir(parents=True)
    (tmp_path / "names" / "net" / "nf_conntrack_max").write_text("4096\n")
    for name in (CONNTRACK, "net.nf_conntrack_max"):
        (tmp_path / "kernel" / name).write_text("4096\n")
    own = tmp_path / "etc" / "99-zz-nodemend-conntrack.conf"
    for changed in (3, 0):
        done = role(["main"], kernel_sysctls_conditions=["conntrack_table_full"])
        assert done.rc == 0 and "changed=%d " % changed in done.text, done.all
        assert own.read_text() == CONNTRACK + "=8192\nnet.nf_conntrack_max=8192\n"


def test_a_limit_that_gets_its_other_name_was_not_raised_now(role, tmp_path):
    (tmp_path / "names" / "net").mkdir(parents=True)
    (tmp_path / "names" / "net" / "nf_conntrack_max").write_text("8192\n")
    for name in (CONNTRACK, "net.nf_conntrack_max"):
        (tmp_path / "kernel" / name).write_text("8192\n")
    (tmp_path / "modules.conf").write_text("nf_conntrack\n")
    own = tmp_path / "etc" / "99-zz-nodemend-conntrack.conf"
    own.write_text(CONNTRACK + "=8192\n")
    os.utime(str(own), (1000000000, 1000000000))
    done = role(["main"], kernel_sysctls_conditions=["conntrack_table_full"])
    assert done.rc == 0 and own.read_text() == CONNTRACK + "=8192\nnet.nf_conntrack_max=8192\n", done.all
    assert own.stat().st_mtime == 1000000000


@pytest.mark.parametrize(
    "files",
    [
        {"etc/99-zzz.conf": "kernel.pid_max = 8192\n"},
        {"etc/99-zzz.conf": "kernel.pid_max = 4194304\n"},
        {"etc/99-zzz.conf": "kernel.pid_max_of_another = 1\nkernel.*_max = 1\n"},
        {"etc/99-sysctl.conf": "kernel.pid_max = 1\n", "etc/99-ZZZ.conf": "kernel.pid_max = 1\n"},
        {"usr/99-zzz.conf": "kernel.pid_max = 1\n", "etc/99-zzz.conf": "# hides its namesake\n"},
    ],
    ids=["equal", "higher", "others", "earlier", "hidden"],
)
def test_what_does_no_harm(role, tmp_path, files):
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    (tmp_path / "etc" / "99-zzzz.conf").symlink_to(tmp_path / "nowhere")
    done = role(["main"], "--check")
    assert done.rc == 0 and "changed=2 " in done.text, done.all


def test_procps_own_file_is_told_of(role, tmp_path):
    (tmp_path / "sysctl.conf").write_text("kernel.pid_max = 4096\n%s = 9000\n" % INOTIFY)
    done = role(["main"], "--check")
    assert done.rc == 0 and "changed=2 " in done.text, done.all
    assert "sysctl.conf sets kernel.pid_max to 4096." in done.text and "sets %s" % INOTIFY not in done.text


@pytest.mark.parametrize("value", [0, 2])
def test_the_reverse_path_filter_is_looked_for_as_well(role, tmp_path, value):
    (tmp_path / "etc" / "99-zzz.conf").write_text("net.ipv4.conf.all.rp_filter = %d\n" % value)
    names = {"__kernel_sysctls_rp_filter_name": "net/ipv4/conf/all/rp_filter", "__kernel_sysctls_rp_filter_value": 0}
    done = role(["later", "rp_filter"], "--check", "-v", __kernel_sysctls_refused=[], **names)
    assert done.rc == 0, done.all
    assert ("net/ipv4/conf/all/rp_filter is set to 2 by" in done.text, "changed=0 " in done.text) == (value == 2, value == 2)


def test_the_table_has_a_bucket_for_every_four_entries(role, tmp_path):
    (tmp_path / "kernel" / "hashsize").write_text("65536\n")
    done = role(["conntrack"])
    assert done.rc == 0 and "changed=3 " in done.text, done.all
    assert (tmp_path / "modules.conf").read_text() == "nf_conntrack\n"
    assert (tmp_path / "modprobe.conf").read_text() == "options nf_conntrack hashsize=262144\n"
    assert (tmp_path / "kernel" / "hashsize").read_text() == "262144\n"
    assert "changed=0 " in role(["conntrack"]).text


def test_a_table_that_is_large_enough_is_left_alone(role, tmp_path):
    (tmp_path / "kernel" / "hashsize").write_text("262144\n")
    done = role(["conntrack"])
    assert done.rc == 0 and "changed=1 " in done.text, done.all
    assert not (tmp_path / "modprobe.conf").exists()


@pytest.mark.parametrize(
    "now, later, changed",
    [(4096, None, 4), (4096, 8192, 4), (4096, 0, 4), (0, None, 2), (9000, None, 2)],
    ids=["too low", "a later file has as much", "a later file has none", "none", "higher"],
)
def test_no_limit_of_connections_is_not_a_low_one(role, tmp_path, now, later, changed):
    (tmp_path / "kernel" / CONNTRACK).write_text("%d\n" % now)
    if later is not None:
        (tmp_path / "etc" / "99-zzz.conf").write_text("%s = %d\n" % (CONNTRACK, later))
        (tmp_path / "sysctl.conf").write_text("%s = %d\n" % (CONNTRACK, later))
    done = role(["main"], "--check")
    # With the module that is to be loaded, and the two limits that are too low as well.
    assert done.rc == 0 and "changed=%d " % changed in done.text and "sysctl.conf sets" not in done.text, done.all


def test_what_an_older_version_wrote_is_moved_with_its_time(role, tmp_path):
    shared, own = tmp_path / "etc" / "99-zz-nodemend.conf", tmp_path / "etc" / "99-zz-nodemend-conntrack.conf"
    shared.write_text("%s=4096\nkernel.pid_max=4096\n" % CONNTRACK)
    os.utime(str(shared), (1000000000, 1000000000))
    (tmp_path / "kernel" / CONNTRACK).write_text("4096\n")
    done = role(["main"], "--check")
    # The role's other file is no obstacle, although it is read later and has less.
    assert done.rc == 0 and "read after" not in done.text, done.all
    done = role(["move"], __kernel_sysctls_moving=["4096"])
    assert done.rc == 0 and own.read_text() == CONNTRACK + "=4096\n" and shared.read_text() == "kernel.pid_max=4096\n", done.all
    assert own.stat().st_mtime == 1000000000


def test_a_limit_that_is_raised_again_was_raised_now(role, tmp_path):
    own = tmp_path / "etc" / "99-zz-nodemend-conntrack.conf"
    own.write_text(CONNTRACK + "=8192\n")
    (tmp_path / "kernel" / CONNTRACK).write_text("4096\n")  # as kube-proxy has set it since
    for words, changed, value in ((["--check"], 2, "4096"), ([], 3, "8192"), ([], 0, "8192")):
        os.utime(str(own), (1000000000, 1000000000))
        done = role(["main"], *words, kernel_sysctls_conditions=["conntrack_table_full"])
        assert done.rc == 0 and "changed=%d " % changed in done.text, done.all
        assert (own.stat().st_mtime > 1000000000) == (changed == 3)
        assert (tmp_path / "kernel" / CONNTRACK).read_text() == value + "\n" and own.read_text() == CONNTRACK + "=8192\n"


@pytest.mark.parametrize(
    "name, now, faulty, told",
    [
        (CONNTRACK, 9000, "conntrack_table_full", CONNTRACK + " is 9000, which is not below kernel_sysctls_conntrack_max: ask for more."),
        (INOTIFY, 8192, "inotify_instances_exhausted", INOTIFY + " is 8192, which is not below its variable: ask for more."),
        ("kernel.pid_max", 9999, "pid_exhaustion", "kernel.pid_max is 9999, and no kernel takes more: look for what starts so many threads."),
        (CONNTRACK, 9000, "inotify_instances_exhausted", None),
        (CONNTRACK, 8191, "conntrack_table_full", None),
        ("kernel.pid_max", 9999, "pid_exhaustion by kernel.threads-max", "Set kernel_sysctls_threads_max"),
    ],
)
def test_a_fault_at_a_limit_that_is_high_enough_is_told_of(role, tmp_path, name, now, faulty, told):
    (tmp_path / "kernel" / name).write_text("%d\n" % now)
    condition, unused, limit = faulty.partition(" by ")
    verdicts = {"pid_exhaustion": {"limit": limit or "kernel.pid_max"}}
    done = role(["main"], "--check", __kernel_sysctls_faulty=[condition], __kernel_sysctls_verdicts=verdicts)
    assert (done.rc != 0, told is None or told in done.text) == (told is not None, True), done.all
    assert told is None or not told.startswith("Set ") or "look for" not in done.text


@pytest.mark.parametrize("there", [True, False], ids=["there", "renamed"])
def test_the_reverse_path_filter_of_an_interface_that_is_gone_is_no_obstacle(role, tmp_path, there):
    name = "net/ipv4/conf/lab0/rp_filter"
    for folder in ("names", "kernel"):
        (tmp_path / folder / os.path.dirname(name)).mkdir(parents=True)
        if there:
            (tmp_path / folder / name).write_text("2\n")
    record = tmp_path / "record.json"
    record.write_text(json.dumps({"name": name, "value": "1"}))
    (tmp_path / "etc" / "99-zz-nodemend.conf").write_text(name + "=2\n")
    done = role(["absent"], __kernel_sysctls_record=str(record))
    assert done.rc == 0 and not record.exists() and not (tmp_path / "etc" / "99-zz-nodemend.conf").exists(), done.all
    assert (tmp_path / "kernel" / name).exists() == there
    assert not there or (tmp_path / "kernel" / name).read_text() == "1\n"
