"""The role node_prerequisites over folders of files that are read later than its own."""

import json
import os

import pytest
import yaml
from conftest import LIVE, ROOT, playbook

# The role's own proof and its installation, without what comes before and after them.
with open(os.path.join(ROOT, "roles", "node_prerequisites", "tasks", "present.yml"), encoding="utf-8") as stream:
    TASKS = yaml.safe_load(stream)
PROOF = [task for task in TASKS if task["name"].startswith("Prove that")]
INSTALLATION = [task for task in TASKS if "install" in task["name"].lower()]


def play(tasks):
    files = [os.path.join(ROOT, "roles", "node_prerequisites", kind, "main.yml") for kind in ("defaults", "vars")]
    return yaml.safe_dump([{"hosts": "all", "gather_facts": False, "vars_files": files, "tasks": tasks}])


@pytest.fixture
def proof(tmp_path):
    (tmp_path / "play.yml").write_text(play(PROOF))
    for folder in ("etc", "usr"):
        (tmp_path / folder).mkdir()
    variables = {
        "__kernel_sysctls_folders": [str(tmp_path / "etc"), str(tmp_path / "usr")],
        "__kernel_sysctls_procps_file": str(tmp_path / "sysctl.conf"),
    }
    return lambda **more: playbook(tmp_path, str(tmp_path / "play.yml"), "w1 %s\n" % LIVE, "-e", json.dumps(dict(variables, **more)))


def test_what_does_no_harm(proof, tmp_path):
    (tmp_path / "etc" / "99-sysctl.conf").write_text("net.ipv4.ip_forward = 0\n")
    (tmp_path / "etc" / "99-zz-nodemend-prerequisites.conf").write_text("net.ipv4.ip_forward=0\n")
    (tmp_path / "etc" / "k8s.conf").write_text("# net.ipv4.ip_forward = 0\nnet.ipv4.ip_forward = 1 \nnet.ipv4.ip_forward_update_priority = 0\n")
    (tmp_path / "usr" / "z.conf").write_text("net.ipv4.ip_forward = 0\n")
    (tmp_path / "etc" / "z.conf").symlink_to("/dev/null")
    (tmp_path / "sysctl.conf").write_text("net/ipv4/ip_forward=1\n")
    done = proof()
    # ansible-core 2.16 warns of keys that stand twice in the role's variables.
    assert done.rc == 0 and "changed=0 " in done.text and "duplicate" not in done.all, done.all


@pytest.mark.parametrize("name", ["net.ipv4.conf.all.forwarding", "net/ipv4/conf/all/forwarding", "net.ipv4.conf.*.forwarding"])
def test_a_setting_is_taken_back_by_its_other_name_as_well(proof, tmp_path, name):
    path = tmp_path / "etc" / "net_ipv4_conf_all_forwarding.conf"
    path.write_text("# as a STIG has it\n%s = 0\n" % name)
    done = proof()
    assert done.rc != 0 and "%s, read after /etc/sysctl.d/99-zz-nodemend-prerequisites.conf, sets another value" % path in done.text, done.all
    assert "net.ipv4.ip_forward may stand there as net.ipv4.conf.all.forwarding" in done.text


def test_a_setting_that_is_asked_for_by_its_other_name(proof, tmp_path):
    (tmp_path / "etc" / "z.conf").write_text("net.nf_conntrack_max = 65536\nnet.ipv4.conf.all.forwarding = 1\nnet.ipv4.conf.default.forwarding = 0\n")
    assert proof().rc == 0
    done = proof(node_prerequisites_sysctls={"net/ipv4/netfilter/ip_conntrack_max": 1048576})
    assert done.rc != 0 and "net.nf_conntrack_max" in done.text, done.all


@pytest.mark.parametrize(
    "value, same, other",
    [(True, "1", "0"), ("4096 87380  16777216", "4096\t87380 16777216", "4096 87380"), ("|/bin/core %p", "|/bin/core  %p", "core")],
)
def test_a_value_is_compared_as_the_kernel_reads_it(proof, tmp_path, value, same, other):
    for there, told in ((same, False), (other, True)):
        (tmp_path / "etc" / "z.conf").write_text("kernel.lab = %s\n" % there)
        done = proof(node_prerequisites_sysctls={"kernel.lab": value})
        assert ("z.conf, read after" in done.text, done.rc != 0) == (told, told), done.all


def test_a_folder_of_such_a_name_sets_nothing_and_hides_nothing(proof, tmp_path):
    (tmp_path / "etc" / "z.conf").mkdir()
    (tmp_path / "etc" / "zz.conf").symlink_to(tmp_path / "etc" / "z.conf")
    assert proof().rc == 0
    (tmp_path / "usr" / "z.conf").write_text("net.ipv4.ip_forward = 0\n")
    done = proof()
    assert done.rc != 0 and "usr/z.conf, read after" in done.text, done.all


def test_a_file_that_is_no_text_hides_nothing(proof, tmp_path):
    (tmp_path / "etc" / "a.conf").write_bytes(b"# R\xe9seau\nnet.bridge.bridge-nf-call-iptables = 0\n")
    (tmp_path / "etc" / "b.conf").write_text("net/ipv4/ip_forward = 0\n")
    (tmp_path / "site").write_text("kernel.pid_max = 9\n-net.bridge.bridge-nf-call-ip6tables=0\n")
    (tmp_path / "etc" / "aa.conf").symlink_to(tmp_path / "nowhere")
    (tmp_path / "etc" / "c.conf").symlink_to(tmp_path / "site")
    (tmp_path / "sysctl.conf").write_text("net.ipv4.ip_forward=0\n")
    done = proof()
    named = ", ".join(str(tmp_path / name) for name in ("etc/a.conf", "etc/b.conf", "etc/c.conf", "sysctl.conf"))
    assert done.rc != 0 and named + ", read after /etc/sysctl.d/99-zz-nodemend-prerequisites.conf" in done.text, done.all


def test_check_mode_says_what_would_be_installed_without_apts_module(tmp_path):
    (tmp_path / "play.yml").write_text(play(INSTALLATION))
    found = {"binaries": {"tc": None, "ip": None, "conntrack": None, "mount": "/bin/mount", "touch": None}, "family": {"name": "debian", "major": 12}}
    words = ("--check", "-e", json.dumps({"__node_prerequisites_found": found}))
    done = playbook(tmp_path, str(tmp_path / "play.yml"), "w1 %s\n" % LIVE, *words)
    assert done.rc == 0 and "Would install conntrack, iproute2." in done.text and "changed=1 " in done.text, done.all


# As kmod answers to --show-depends.
MODPROBE = """#!/bin/sh
case $* in
    "--show-depends lab_forbidden") echo "install /bin/true " ;;
    "--show-depends lab_own") echo "install /sbin/modprobe --ignore-install lab_own && /bin/true" ;;
    --show-depends*) echo "insmod /lib/modules/lab.ko " ;;
    *) echo "$*" >>"${0%/*}/loaded" ;;
esac
"""


def test_a_module_that_modprobe_is_told_not_to_load_is_refused(tmp_path):
    with open(os.path.join(ROOT, "roles", "node_prerequisites", "tasks", "load.yml"), encoding="utf-8") as tasks:
        (tmp_path / "play.yml").write_text(play(yaml.safe_load(tasks)).replace("  tasks:", "  environment: {PATH: '%s:/usr/bin:/bin'}\n  tasks:" % tmp_path, 1))
    (tmp_path / "modprobe").write_text(MODPROBE)
    (tmp_path / "modprobe").chmod(0o755)
    for modules, loaded in ((["lab_own", "lab_other"], "lab_own\nlab_other\n"), (["lab_other", "lab_forbidden"], None)):
        variables = {"node_prerequisites_modules": modules, "__node_prerequisites_there": []}
        done = playbook(tmp_path, str(tmp_path / "play.yml"), "w1 %s\n" % LIVE, "-e", json.dumps(variables))
        assert (done.rc != 0, "lab_forbidden cannot be loaded" in done.text) == (loaded is None, loaded is None), done.all
        assert loaded is None or (tmp_path / "loaded").read_text() == loaded
