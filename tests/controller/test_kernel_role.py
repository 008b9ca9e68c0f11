"""The role kernel on a staged host of EL: its package makes the new kernel the default, as the real ones do."""

import glob
import json
import os
import re

import pytest
import yaml
from conftest import LIVE, ROOT, playbook, staged

ROLE = os.path.join(ROOT, "roles", "kernel")
OLD, NEW = "4.18.0-425.el8.x86_64", "4.18.0-477.el8.x86_64"

# A machine that is a folder: what it holds and does stands in machine.json, what was done to it in log. All of these play modules on it;
# "kill" names the step after which somebody ends the controller; "facts" and "iptables" take the place of what the two modules would tell otherwise.
COMMON = """
import json, os, signal
from ansible.errors import AnsibleConnectionFailure
from ansible.plugins.action import ActionBase
from ansible_collections.nodemend.kubernetes.plugins.module_utils._facts.installed_kernels import newest_first
from ansible_collections.nodemend.kubernetes.plugins.module_utils._facts.kernel_release import flavour_of, parse, vendor_of

class Machine(ActionBase):
    reaches = True

    def run(self, tmp=None, task_vars=None):
        self.folder = task_vars["stub_state"]
        self.path = os.path.join(self.folder, "machine.json")
        self.machine = json.load(open(self.path))
        if self.machine["gone"] and self.reaches:
            raise AnsibleConnectionFailure("no route to host")
        self.check = bool(task_vars.get("ansible_check_mode"))
        result = self.play(self._task.args, task_vars)
        if self.machine.get("lost") and self.machine["lost"] == getattr(self, "step", "").split(" ")[0]:
            self.machine["lost"] = None
            with open(self.path, "w") as stream:
                json.dump(self.machine, stream)
            raise AnsibleConnectionFailure("no route to host")
        return dict({"changed": False}, **result)

    def save(self, step):
        self.step = step
        with open(self.path, "w") as stream:
            json.dump(self.machine, stream)
        with open(os.path.join(self.folder, "log"), "a") as stream:
            stream.write(step + "\\n")
        if self.machine.get("kill") == step.split()[0]:
            os.kill(os.getppid(), signal.SIGKILL)
            os._exit(1)  # on ansible-core 2.16 this process holds the run's output open, and nobody would know the run to be over
"""
KERNEL_INFO = """
class ActionModule(Machine):
    def play(self, args, task_vars):
        m = self.machine
        kernels, running = newest_first(m["kernels"]), m["running"]
        entries = [{"id": "e-" + one, "title": one, "release": one, "panic": m["panic"].get(one), "dracut": m["dracut"].get(one, {})} for one in kernels]
        status = "ok" if running in m["candidates"] else "faulty"
        kernel = {
            "kernel_release": parse(running),
            "kernel_ownership": {"own": True, "kind": None, "because": None},
            "os_release": m["system"],
            "installed_kernels": [
                {"release": one, "vendor": vendor_of(one), "flavour": flavour_of(one), "image": "/boot/vmlinuz-" + one, "initramfs": "/boot/i", "modules": True}
                for one in kernels
            ],
            "kernel_candidates": [one for one in kernels if one in m["candidates"]],
            "boot_kernels": {"loader": "grub", "running": running, "default": m["default"], "next": m["next"]},
            "grub_menu": {"configuration": "/boot/grub2/grub.cfg", "entries": entries, "saved_entry": "e-" + m["default"], "saves": m["saves"]},
            "grub_environment": {"path": "/boot/grub2/grubenv", "file_system": "xfs", "obstacle": m["obstacle"]},
            "secure_boot": {"uefi": False, "enabled": False},
            "boot_medium": {"free_bytes": None, "managed_by": None, "read_only": []},
            "kernel_drivers": {"needed": [], "kernels": {one: {"missing": [], "legacy_iptables": True} for one in kernels}},
        }
        return {
            "unavailable": m["unavailable"],
            "kernel": dict(kernel, **m["facts"], **dict.fromkeys(m["unavailable"])),
            "conditions": [{"condition": "kernel_below_minimum", "status": status}],
        }
"""
NODE_CONDITION_INFO = """
class ActionModule(Machine):
    def play(self, args, task_vars):
        m = self.machine
        if m["cuts"] == m["running"]:
            m["gone"] = True
            self.save("cut")
            raise AnsibleConnectionFailure("no route to host")
        faulty = [] if m["running"] in m["candidates"] else ["kernel_below_minimum"]
        node = {"name": m["node"], "control_plane": False, "etcd": m["etcd"]}
        return {"node": node, "faulty": faulty, "conditions": [{"condition": one, "message": "too old"} for one in faulty]}
"""
BOOT_KERNEL = """
class ActionModule(Machine):
    def play(self, args, task_vars):
        m = self.machine
        wanted = {"default": args.get("default", m["default"]), "next": args.get("next", m["next"]) or None}
        changed = any(m[name] != wanted[name] for name in wanted)
        if changed and m["refuses"]:
            return {"failed": True, "msg": m["refuses"]}
        if changed and not self.check:
            promotes = wanted["default"] != m["default"] and wanted["default"] == m["running"] != m["first"]
            step = "promote" if promotes else "once" if wanted["next"] else "default"
            if m["loses"] == step and (promotes or m["next"]):
                m["loses"] = None
                self.save("lost")
                raise AnsibleConnectionFailure("no route to host")
            m.update(wanted)
            self.save("%s %s %s" % (step, wanted["default"], wanted["next"]))
        return {"changed": changed}
"""
REBOOT = """
class ActionModule(Machine):
    def play(self, args, task_vars):
        m = self.machine
        # As the real one answers: "rebooted" also of a host that was not met again, and "reboot" where nothing was sent.
        timed_out = {"failed": True, "changed": False, "rebooted": True, "elapsed": 9, "msg": "Timed out waiting for last boot time check (timeout=9)"}
        if m["reboots"] == "not sent":
            return {"failed": True, "reboot": False, "msg": "failed to get host boot time info"}
        if m["reboots"] == "hangs":
            return timed_out
        if m["reboots"] == "never":
            m["gone"] = True
            self.save("reboot")
            return timed_out
        started = m["next"] or m["default"]
        m["started"] = {"panic": m["panic"].get(started), "dracut": m["dracut"].get(started, {})}
        m["running"] = m["default"] if started in m["broken"] else started
        m["next"] = None
        with open(os.path.join(self.folder, "boot_id"), "a") as stream:
            stream.write("x")
        self.save("reboot " + started)
        return timed_out if m["reboots"] == "late" else {"changed": True, "rebooted": True, "elapsed": 9}
"""
# These two look at the real files. As modules they would take a fifth of this file's time: each is a Python that compiles Ansible's modules anew.
SLURP = """
import base64

class ActionModule(Machine):
    def play(self, args, task_vars):
        path = args.get("src", args.get("path"))
        if not os.path.exists(path):
            return {"failed": True, "msg": "file not found: " + path}
        return {"content": base64.b64encode(open(path, "rb").read()).decode(), "source": path, "encoding": "base64"}
"""
STAT = """
import hashlib

class ActionModule(Machine):
    def play(self, args, task_vars):
        path = args["path"]
        seen = {"exists": os.path.exists(path), "path": path}
        if os.path.isfile(path):
            seen["checksum"] = hashlib.new(args.get("checksum_algorithm", "sha1"), open(path, "rb").read()).hexdigest()
        return {"stat": seen}
"""
# A host that is gone comes back where its timer runs.
WAIT_FOR_CONNECTION = """
class ActionModule(Machine):
    reaches = False

    def play(self, args, task_vars):
        m = self.machine
        if m["gone"] and not m["returns"]:
            return {"failed": True, "elapsed": args["timeout"], "msg": "timed out waiting for ping module test"}
        if m["gone"]:
            m.update(gone=False, running=m["default"])
            with open(os.path.join(self.folder, "boot_id"), "a") as stream:
                stream.write("x")
            self.save("returned")
        return {"elapsed": 0}
"""
SYSTEMD = """
class ActionModule(Machine):
    def play(self, args, task_vars):
        self.save("timer %s %s" % (args.get("state"), args.get("enabled")))
        return {"changed": True}
"""
IPTABLES_INFO = """
class ActionModule(Machine):
    def play(self, args, task_vars):
        found = {"iptables_dumps": {"legacy": {}}, "iptables_binaries": {"iptables": None}, "host_network_agents": []}
        return {"unavailable": {}, "iptables": dict(found, **self.machine["iptables"])}
"""
PACKAGE = """
class ActionModule(Machine):
    def play(self, args, task_vars):
        m = self.machine
        if self.check:
            return {"changed": True}
        if m["fails"] and args.get("state") == "absent":
            return {"failed": True, "msg": m["fails"]}
        if args.get("state") == "absent":
            m["kernels"] = [one for one in m["kernels"] if not any(one in name for name in args["name"])]
            self.save("remove " + " ".join(args["name"]))
        elif m["brings"] and m["brings"] not in m["kernels"]:
            m["default"] = m["brings"]
            m["kernels"].insert(0, m["brings"])
            m["asked"] = args
            self.save("install " + m["brings"])
        return {"changed": True, "failed": bool(m["fails"]), "msg": m["fails"]}
"""
RPM_KEY = """
class ActionModule(Machine):
    def play(self, args, task_vars):
        if not self.check:
            self.save("key %(key)s %(fingerprint)s" % args)
        return {"changed": True}
"""
YUM_REPOSITORY = """
class ActionModule(Machine):
    def play(self, args, task_vars):
        if not self.check:
            self.save("repository %(name)s %(baseurl)s enabled=%(enabled)s gpgcheck=%(gpgcheck)s" % args)
        return {"changed": True}
"""
# What it is given can be looked at, a line for each time.
TELL = """
class ActionModule(Machine):
    def play(self, args, task_vars):
        with open(os.path.join(self.folder, "told"), "a") as stream:
            stream.write(json.dumps(args) + "\\n")
        return {}
"""
# An archive that does not answer.
APT = """
class ActionModule(Machine):
    def play(self, args, task_vars):
        return {"failed": True, "msg": "Failed to update apt cache: unknown reason"}
"""
STUBS = {
    "kernel_info": KERNEL_INFO,
    "node_condition_info": NODE_CONDITION_INFO,
    "boot_kernel": BOOT_KERNEL,
    "iptables_info": IPTABLES_INFO,
    "stub_apt": APT,
    "stub_package": PACKAGE,
    "stub_reboot": REBOOT,
    "stub_repository": YUM_REPOSITORY,
    "stub_rpm_key": RPM_KEY,
    "stub_slurp": SLURP,
    "stub_stat": STAT,
    "stub_tell": TELL,
    "stub_wait": WAIT_FOR_CONNECTION,
    "stub_systemd": SYSTEMD,
}
# Modules of Ansible that would reach for this machine.
REPLACED = [
    ("ansible.builtin.package:", "nodemend.kubernetes.stub_package:"),
    ("ansible.builtin.apt:", "nodemend.kubernetes.stub_apt:"),
    ("ansible.builtin.reboot:", "nodemend.kubernetes.stub_reboot:"),
    ("ansible.builtin.rpm_key:", "nodemend.kubernetes.stub_rpm_key:"),
    ("ansible.builtin.slurp:", "nodemend.kubernetes.stub_slurp:"),
    ("ansible.builtin.stat:", "nodemend.kubernetes.stub_stat:"),
    ("ansible.builtin.wait_for_connection:", "nodemend.kubernetes.stub_wait:"),
    ("ansible.builtin.systemd_service:", "nodemend.kubernetes.stub_systemd:"),
    ("ansible.builtin.yum_repository:", "nodemend.kubernetes.stub_repository:"),
]
GRUBBY = """#!/usr/bin/env python3
import json, sys
path = "%s/machine.json"
machine = json.load(open(path))
release = sys.argv[2].replace("/boot/vmlinuz-", "")
words = dict(word.split("=") for word in sys.argv[4].split())
added = sys.argv[3] == "--args"
if "panic" in words:
    machine["panic"][release] = int(words["panic"]) if added else None
dracut = dict(machine["dracut"].get(release, {}))
for name in set(words) - {"panic"}:
    dracut.pop(name, None)
    if added:
        dracut[name] = words[name]
machine["dracut"][release] = dracut
json.dump(machine, open(path, "w"))
"""
MAINTENANCE = """
- name: Note it
  ansible.builtin.lineinfile:
    path: "{{ stub_state }}/log"
    line: "{{ maintenance_state }}"
    insertafter: EOF
    regexp: "^never$"

- name: Stop where its pods cannot be moved
  ansible.builtin.fail:
    msg: w1 could not be drained.
  when:
    - maintenance_state == 'drained'
    - not (lookup('ansible.builtin.file', stub_state ~ '/machine.json') | from_json).drains
"""
WAIT = """
- name: Note it
  ansible.builtin.lineinfile:
    path: "{{ stub_state }}/log"
    line: ready
    insertafter: EOF
    regexp: "^never$"

- name: Stop where it is not
  ansible.builtin.fail:
    msg: "{{ maintenance_node }} is not Ready after 300 s."
  when: not (lookup('ansible.builtin.file', stub_state ~ '/machine.json') | from_json).ready
"""


class Host:
    def __init__(self, directory):
        self.directory = directory
        self.collections = directory / "collections"
        target = staged(directory, "roles/kernel")
        for name, text in STUBS.items():
            (target / "plugins" / "action" / (name + ".py")).write_text(COMMON + text)
        (target / "roles" / "maintenance" / "tasks").mkdir(parents=True)
        (target / "roles" / "maintenance" / "tasks" / "main.yml").write_text(MAINTENANCE)
        (target / "roles" / "maintenance" / "tasks" / "wait.yml").write_text(WAIT)
        for folder in ("tasks", "vars"):
            for path in (target / "roles" / "kernel" / folder).iterdir():
                text = path.read_text()
                for old, new in REPLACED:
                    text = text.replace(old, new)
                text = text.replace("/etc/systemd/system", str(directory / "units")).replace("/proc/sys/kernel/random", str(directory))
                text = text.replace("/etc/apt/sources.list.d", str(directory / "sources"))
                text = text.replace("/var/lib/nodemend", str(directory / "kept")).replace("/var/lib/dkms", str(directory / "dkms"))
                text = text.replace("[/etc/dnf/dnf.conf, /etc/yum.conf, /etc/yum.repos.d]", "[%s/dnf.conf, %s/repositories]" % (directory, directory))
                text = text.replace("/etc/yum.repos.d/", "%s/" % (directory / "repositories")).replace("/lib/modules", str(directory / "modules"))
                path.write_text(re.sub(r" +(owner|group): root\n", "", text))
        self.programs = directory / "bin"
        self.programs.mkdir()
        (directory / "units").mkdir()
        (directory / "sources").mkdir()
        (directory / "boot_id").write_text("x")
        (directory / "log").write_text("")
        self.program("dnf", "echo 'kernel.x86_64    4.18.0-477.el8    lab'")
        self.program("rpm", 'basename "$3" | sed "s/^vmlinuz-/kernel-core-/"')
        self.program("journalctl", "exit 1")
        self.program("systemctl", "echo enabled")
        (self.programs / "grubby").write_text(GRUBBY % directory)
        (self.programs / "grubby").chmod(0o755)
        self.machine = None

    def program(self, name, text):
        path = self.programs / name
        path.write_text("#!/bin/sh\n%s\n" % text)
        path.chmod(0o755)

    def look(self):
        return json.loads((self.directory / "machine.json").read_text())

    def change(self, **keys):
        (self.directory / "machine.json").write_text(json.dumps(dict(self.look(), **keys)))

    def fresh(self, kernels=(OLD,), folder=None, **keys):
        machine = {
            "running": OLD,
            "first": OLD,
            "default": OLD,
            "next": None,
            "kernels": kernels,
            "candidates": [],
            "brings": NEW,
            "fails": "",
            "refuses": "",
            "panic": {},
            "dracut": {},
            "broken": [],
            "gone": False,
            "cuts": None,
            "returns": True,
            "ready": True,
            "drains": True,
            "loses": None,
            "reboots": "at once",
            "obstacle": None,
            "node": None,
            "etcd": False,
            "system": {"id": "rocky", "family": "redhat", "major": 8, "name": "Rocky Linux 8", "codename": None, "version_id": "8.10"},
            "facts": {},
            "unavailable": {},
            "iptables": {},
            "saves": True,
            "kill": None,
        }
        ((folder or self.directory) / "machine.json").write_text(json.dumps(dict(machine, **keys)))

    def run(self, *words, brings=NEW, fails="", candidates=(), kernels=(OLD,), **variables):
        self.fresh(brings=brings, fails=fails, candidates=candidates, kernels=kernels, refuses=variables.pop("refuses", ""))
        return self.again(*words, **variables)

    def again(self, *words, entry="main", ignore_unreachable=False, failed_before=None, **variables):
        variables = dict(
            {"kernel_minimum_version": "4.18.0-477" if self.look()["candidates"] else "4.18.0-553"},
            stub_state=str(self.directory),
            __kernel_sentinel=str(self.directory / "reboot-required"),
            **variables,
        )
        tasks = [
            {"name": "Run the role", "ansible.builtin.include_role": {"name": "nodemend.kubernetes.kernel", "tasks_from": entry}},
            {"name": "Tell", "ansible.builtin.debug": {"msg": "target={{ kernel_target }} reboot={{ kernel_reboot_required }}"}},
        ]
        play = {"name": "Play", "hosts": "all", "gather_facts": False, "tasks": tasks}
        play["ignore_unreachable"] = ignore_unreachable  # as in remediate
        if failed_before:
            play["vars"] = {"__kernel_failure": failed_before}  # of another run of the role in the same playbook
        play["environment"] = {"PATH": "%s:%s" % (self.programs, os.environ["PATH"])}
        path = self.directory / "play.yml"
        path.write_text(yaml.safe_dump([play], sort_keys=False))
        host = "one %s\n" % LIVE
        return playbook(self.directory, str(path), host, "-e", json.dumps(variables), *words, collections=self.collections)

    def default(self):
        return self.look()["default"]

    def log(self):
        return (self.directory / "log").read_text().split("\n")[:-1]

    def left(self):
        """What a trial leaves behind while it lasts."""
        return sorted(path.name for path in [*(self.directory / "units").iterdir(), self.directory / "kept" / "kernel-trial.json"] if path.exists())


@pytest.fixture
def host(tmp_path):
    return Host(tmp_path)


def test_a_kernel_that_is_too_old_is_not_left_the_default(host):
    run = host.run()
    assert run.rc != 0 and "brought no kernel from 4.18.0-553 on" in run.all
    assert host.default() == OLD
    assert OLD + " is still the default." in run.all


def test_an_installation_that_fails_after_the_scriptlet(host):
    run = host.run(fails="dnf broke")
    assert run.rc != 0 and "dnf broke. %s is still the default." % OLD in run.all
    assert host.default() == OLD


def test_it_is_not_called_the_default_where_it_is_not(host):
    run = host.run(fails="dnf broke", refuses="grubby: no")
    assert run.rc != 0 and "dnf broke. GRUB would start %s instead of %s" % (NEW, OLD) in run.all
    assert "is still the default" not in run.all


def test_a_kernel_that_is_new_enough(host):
    run = host.run(candidates=[NEW])
    assert run.rc == 0 and "target=%s reboot=True" % NEW in run.all
    assert host.default() == OLD
    run = host.run(candidates=[NEW], kernel_make_default="true")
    assert run.rc == 0 and host.default() == NEW


def test_check_mode_asks_for_a_reboot_only_where_a_kernel_is_there_already(host):
    run = host.run("--check", candidates=[NEW])
    assert run.rc == 0 and "target= reboot=False" in run.all
    run = host.run("--check", candidates=[NEW], kernels=(NEW, OLD))
    assert run.rc == 0 and "target=%s reboot=True" % NEW in run.all


# SUSE


LEAP = {"id": "opensuse-leap", "family": "suse", "major": 15, "name": "openSUSE Leap 15.5", "codename": None, "version_id": "15.5"}
SLES = {"id": "sles", "family": "suse", "major": 15, "name": "SUSE Linux Enterprise Server 15 SP4", "codename": None, "version_id": "15.4"}
# The releases are those of a SLES 15 SP4 (grub2-once --list in public notes); flavours other than default are azure and rt.
RUNNING = "5.14.21-150400.24.41-%s"
NEWER = "5.14.21-150400.24.100-%s"
# What zypper 1.14.42 answered in Debian, but for the version.
FOUND = """<search-result version="0.0"><solvable-list>
<solvable status="not-installed" name="kernel-%s" kind="package" edition="5.14.21-150400.24.100.2" arch="x86_64" repository="lab"/>
</solvable-list></search-result>"""
NOTHING = '<message type="info">No matching items found.</message>'
SIMULATED = """<install-summary download-size="6716" space-usage-diff="0" packages-to-change="1">
<%s>
<solvable type="package" name="%s" edition="99.1.0-1" arch="x86_64" edition-old="98.0.0-1" arch-old="x86_64" summary="Stands for a kernel">
<description>Stands for a kernel.</description></solvable>
</%s>
</install-summary>"""
# Its install brings a kernel with what the kernel's own scripts do: become the default, and ask for a purge.
ZYPPER = """#!/usr/bin/env python3
import json, sys
folder = %r
machine = json.load(open(folder + "/machine.json"))
if "search" in sys.argv:
    print(machine["found"])
    sys.exit(0 if "solvable" in machine["found"] else 104)
with open(folder + "/log", "a") as log:
    log.write(" ".join(sys.argv[1:]).replace(folder, "") + "\\n")
if "--dry-run" in sys.argv:
    print(machine["simulated"])
    sys.exit(0)
machine["default"] = machine["brings"]
machine["kernels"].insert(0, machine["brings"])
json.dump(machine, open(folder + "/machine.json", "w"))
open(folder + "/do_purge_kernels", "w").close()
sys.exit(machine["ends"])
"""
# Its grub2-mkconfig writes a menu with the arguments of /etc/default/grub.
MKCONFIG = """#!/usr/bin/env python3
import json
folder = %r
machine = json.load(open(folder + "/machine.json"))
added = 'GRUB_CMDLINE_LINUX="$GRUB_CMDLINE_LINUX panic=30 rd.shell=0 rd.emergency=reboot"' in open(folder + "/default-grub").read()
machine["panic"] = dict((one, 30 if added else None) for one in machine["kernels"])
machine["dracut"] = dict((one, {"rd.shell": "0", "rd.emergency": "reboot"} if added else {}) for one in machine["kernels"])
json.dump(machine, open(folder + "/machine.json", "w"))
"""
DEFAULT_GRUB = 'GRUB_DEFAULT=saved\nGRUB_CMDLINE_LINUX="quiet"\n'


@pytest.fixture
def suse(host):
    """A host of SUSE: suse(flavour, keys of the machine) makes it fresh."""
    for path in (host.collections / "ansible_collections" / "nodemend" / "kubernetes" / "roles" / "kernel" / "tasks").iterdir():
        text = path.read_text()
        for old, new in (("/etc/default/grub\n", "default-grub\n"), ("/boot/do_purge_kernels\n", "do_purge_kernels\n")):
            text = text.replace("path: " + old, "path: %s/%s" % (host.directory, new))
        path.write_text(text)
    for name, text in (("zypper", ZYPPER), ("grub2-mkconfig", MKCONFIG)):
        (host.programs / name).write_text(text % str(host.directory))
        (host.programs / name).chmod(0o755)
    host.program("grub2-editenv", 'echo "editenv $*" >>"%s/log"' % host.directory)
    host.program("rpm", 'echo "rpm $*" >>"%s/log"; basename "$3" | sed "s/^vmlinuz-/kernel-default-/"' % host.directory)
    (host.directory / "default-grub").write_text(DEFAULT_GRUB)

    def fresh(flavour="default", system=None, **keys):
        old, new = RUNNING % flavour, NEWER % flavour
        name = "kernel-" + flavour
        known = {"found": FOUND % flavour, "simulated": SIMULATED % ("to-install", name, "to-install"), "ends": 0}
        known.update(kernels=[old], running=old, first=old, default=old, brings=new, candidates=[new], system=system or LEAP)
        host.fresh(**dict(known, **keys))
        return old, new

    return fresh


def floor(**more):
    return dict({"kernel_minimum_version": "5.14.21-150400.24.100"}, **more)


@pytest.mark.parametrize("system, flavour, keys", [(SLES, "default", {"obstacle": "it lies on btrfs"}), (LEAP, "azure", {}), (SLES, "rt", {"ends": 102})])
def test_suse_gets_its_flavour_and_keeps_the_running_kernel_the_default(host, suse, system, flavour, keys):
    old, new = suse(flavour, system, **keys)
    run = host.again(**floor())
    assert run.rc == 0 and "target=%s reboot=True" % new in run.all, run.all
    assert host.log() == [
        "--xmlout --non-interactive install --dry-run kernel-" + flavour,
        "--non-interactive install kernel-" + flavour,
        "default %s None" % old,
    ]
    assert host.default() == old and not (host.directory / "do_purge_kernels").exists()
    assert (host.directory / "default-grub").read_text() == DEFAULT_GRUB
    assert "grub2-reboot 'e-%s'" % new in run.all
    assert host.again(**floor()).rc == 0 and len(host.log()) == 3


def test_suse_check_mode_installs_nothing(host, suse):
    suse()
    run = host.again("--check", **floor(kernel_reboot_ok=True))
    assert run.rc == 0 and "Would install kernel-default from vendor" in run.all
    assert host.log() == ["--xmlout --non-interactive install --dry-run kernel-default"]


def test_suse_exactly_one_release(host, suse):
    unused, new = suse()
    assert host.again(**floor(kernel_target_release=new)).rc == 0
    assert host.log()[1] == "--non-interactive install kernel-default=5.14.21-150400.24.100"


def test_suse_the_whole_way_and_back(host, suse):
    old, new = suse()
    run = host.again(**floor(kernel_reboot_ok=True))
    assert run.rc == 0 and "target=%s reboot=False" % new in run.all, run.all
    machine = host.look()
    assert (machine["running"], machine["default"], machine["next"], machine["panic"]) == (new, new, None, {new: None, old: None})
    assert "reboot " + new in host.log() and host.left() == []
    assert (host.directory / "default-grub").read_text() == DEFAULT_GRUB
    # Rolled back to a kernel that is not the newest, it stays named; nothing else keeps the newest from starting.
    assert host.again(**floor(kernel_state="rolled_back")).rc == 0
    assert host.default() == old and not any(line.startswith("editenv") for line in host.log())


def test_suse_a_newer_kernel_takes_the_place_of_one_that_waits(host, suse):
    old, new = suse()
    assert host.again(**floor(kernel_reboot_ok=True, kernel_reboot_by="kured")).rc == 0
    newer = NEWER.replace("24.100", "24.111") % "default"
    # Its menu is made with what stands in /etc/default/grub, for all kernels.
    all_of_them = [newer, new, old]
    trial = {"rd.shell": "0", "rd.emergency": "reboot"}
    host.change(kernels=all_of_them, candidates=[newer, new], panic=dict.fromkeys(all_of_them, 30), dracut=dict.fromkeys(all_of_them, trial))
    assert host.again(**floor(kernel_reboot_ok=True, kernel_reboot_by="kured")).rc == 0
    machine = host.look()
    assert (machine["next"], machine["default"], machine["panic"][newer]) == (newer, old, 30)


def test_suse_on_trial_keeps_the_kernel_that_it_returns_to(host, suse):
    old, new = suse(kernels=[NEWER % "default", RUNNING % "default"], broken=[NEWER % "default"])
    (host.directory / "do_purge_kernels").write_text("")
    run = host.again(**floor(kernel_reboot_ok=True))
    assert run.rc != 0 and host.look()["running"] == old == host.default() and "reboot " + new in host.log()
    assert not (host.directory / "do_purge_kernels").exists()
    assert (host.directory / "default-grub").read_text() == DEFAULT_GRUB and host.left() == []


def test_suse_gets_the_entry_back_that_it_had_saved(host, suse):
    old, unused = suse()
    kept = host.directory / "kept"
    kept.mkdir()
    (kept / "kernel.json").write_text(json.dumps({"default": old, "saved_entry": "openSUSE Leap 15.5", "running": old}))
    assert host.again(**floor(kernel_state="rolled_back")).rc == 0
    assert host.log() == ["editenv /boot/grub2/grubenv set saved_entry=openSUSE Leap 15.5"]


def test_suse_removes_surplus_kernels_by_their_packages(host, suse):
    old, new = suse(kernels=[RUNNING % "default", "5.14.21-150400.24.11-default"])
    assert host.again(**floor(kernel_reboot_ok=True, kernel_keep=2)).rc == 0
    assert host.log()[-1] == "rpm --erase kernel-default-5.14.21-150400.24.11-default"


@pytest.mark.parametrize("change, name", [("to-upgrade", "kernel-default"), ("to-remove", "kernel-default-base")])
def test_suse_whose_zypper_would_replace_the_running_kernel(host, suse, change, name):
    suse(simulated=SIMULATED % (change, name, change))
    run = host.again(**floor())
    assert run.rc != 0 and "zypper would replace or remove %s instead" % name in " ".join(run.all.split())
    assert [line for line in host.log() if "--dry-run" not in line] == []


def test_suse_an_upgrade_of_firmware_replaces_no_kernel(host, suse):
    unused, new = suse(simulated=SIMULATED % ("to-upgrade", "kernel-firmware-all", "to-upgrade"))
    run = host.again(**floor())
    assert run.rc == 0 and "target=" + new in run.all


def test_suse_a_source_without_the_kernel(host, suse):
    suse(found=NOTHING)
    run = host.again(**floor())
    assert run.rc != 0 and "is not offered at all" in run.all and "zypper ended with 104" in " ".join(run.all.split())
    assert host.log() == []


# zypper(8): 107 is a script of a package that failed, such as that which makes the initramfs.
@pytest.mark.parametrize("code", [8, 107])
def test_suse_an_installation_that_fails(host, suse, code):
    old, unused = suse(ends=code)
    run = host.again(**floor())
    assert run.rc != 0 and old + " is still the default." in run.all and host.default() == old


@pytest.mark.parametrize("obstacle", ["it lies on btrfs", "it lies on LVM"])
def test_suse_a_one_shot_start_that_would_last(host, suse, obstacle):
    suse(obstacle=obstacle)
    run = host.again(**floor(kernel_reboot_ok=True))
    assert run.rc != 0 and "(%s), so it could not forget" % obstacle in " ".join(run.all.split()) and host.log() == []


def test_a_transactional_suse_is_refused_with_what_a_person_does(host):
    micro = {"id": "sl-micro", "family": "suse", "major": 6, "name": "SUSE Linux Micro 6.0", "codename": None, "version_id": "6.0"}
    host.fresh(system=micro, facts={"boot_medium": {"free_bytes": None, "managed_by": "transactional-update", "read_only": ["/"]}})
    run = host.again()
    text = " ".join(run.all.split())
    assert run.rc != 0 and host.log() == []
    assert "SUSE Linux Micro 6.0 is managed by transactional-update" in text and "transactional-update pkg install kernel-default" in text
    assert "transactional-update rollback last && systemctl reboot" in text


def test_an_archive_that_does_not_answer_is_not_left_behind(host):
    buster = {"id": "debian", "family": "debian", "major": 10, "name": "Debian GNU/Linux 10", "codename": "buster", "version_id": "10"}
    host.program("apt-cache", "true")
    kept = host.directory / "sources" / "nodemend-kernel.list"
    old = "4.19.0-27-amd64"
    host.fresh(system=buster, kernels=[old], running=old, first=old, default=old)
    run = host.again(kernel_source="backports", kernel_backports_url="http://gone.invalid/debian")
    assert run.rc != 0 and "Failed to update apt cache: unknown reason" in run.all
    assert not kept.exists() and host.log() == []
    # One that an installation has left stays.
    kept.write_text("")
    run = host.again(kernel_source="backports", kernel_backports_url="http://gone.invalid/debian")
    assert run.rc != 0 and "gone.invalid" in kept.read_text()


# What the role refuses before it does anything


def fact(name, **what):
    """Keys of a machine whose fact is this."""
    return {"facts": {name: what}}


def medium(**what):
    return fact("boot_medium", **dict({"free_bytes": None, "managed_by": None, "read_only": []}, **what))


def loader(name):
    return fact("boot_kernels", loader=name, running=OLD, default=None, next=None)


def unavailable(reason, message, *facts):
    return {"unavailable": {name: {"reason": reason, "message": message} for name in facts}}


def drivers(missing=(), legacy=True):
    kernels = {one: {"missing": [], "legacy_iptables": True} for one in (OLD, NEW)}
    return {"needed": [], "kernels": dict(kernels, **{NEW: {"missing": list(missing), "legacy_iptables": legacy}})}


def installed(**of_the_new):
    """Keys of a machine that has the new kernel installed, with what is wrong with it."""
    kernels = [
        {"release": one, "vendor": "redhat", "flavour": "", "image": "/boot/vmlinuz-" + one, "initramfs": "/boot/i", "modules": True} for one in (NEW, OLD)
    ]
    kernels[0].update(of_the_new)
    return {"installed_kernels": kernels}


VOID = {"id": "void", "family": None, "major": None, "name": "Void", "codename": None, "version_id": None}
EL_11 = {"id": "rocky", "family": "redhat", "major": 11, "name": "Rocky Linux 11", "codename": None, "version_id": "11.0"}
IN_IMAGE = {"own": False, "kind": "container", "because": "/.dockerenv exists"}
HAS_NEW = {"kernels": (NEW, OLD), "candidates": [NEW]}
ONLY_OLD = {"configuration": "/boot/grub2/grub.cfg", "entries": [{"id": "e", "title": "t", "release": OLD, "panic": None, "dracut": {}}], "saves": True}
SECURE = fact("secure_boot", uefi=True, enabled=True)
SECURE_PERHAPS = unavailable("Unreadable", "/sys/firmware/efi/efivars is empty: efivarfs is not mounted.", "secure_boot")
NEEDS_ROOT = unavailable("NeedsRoot", "/boot/grub2/grub.cfg: only root may read it", "boot_kernels", "grub_menu", "grub_environment")
TABLE = {"chains": {}, "rules": {"KUBE": 3}, "foreign": 0}
USED = {"iptables_dumps": {"legacy": {"ipv4": {"tables": {"nat": TABLE}, "unavailable": None}}}}
ELREPO_LT = {"kernel_source": "elrepo-lt"}
NO_TABLES = "it has no tables of the legacy iptables, and they are or may be needed "

# What the machine is like, what is asked of the role, and its words.
REFUSALS = {
    "nothing read": (NEEDS_ROOT, {}, "so nothing was changed: /boot/grub2/grub.cfg: only root may read it."),
    "no drivers read": (unavailable("TimedOut", "it hung", "kernel_drivers"), {}, "could not be read, so nothing was changed: it hung."),
    "container": ({"facts": {"kernel_ownership": IN_IMAGE}}, {}, "belongs to the machine around this container (/.dockerenv exists)"),
    "no image": ({}, {"kernel_image_build": True}, "kernel_image_build is true, but this host runs its own kernel"),
    "ostree": (medium(managed_by="ostree"), {}, "Rocky Linux 8 is managed by ostree: its kernel comes with a new deployment"),
    "read-only": (medium(read_only=["/", "/usr"]), {}, "Rocky Linux 8 is mounted read-only at /, /usr: its kernel comes with a new deployment"),
    "systemd-boot": (loader("systemd-boot"), {}, "The boot loader of this host is systemd-boot. The role is made for GRUB only"),
    "no loader": (loader(None), {}, "The boot loader of this host is not known. The role is made for GRUB only"),
    "no known distribution": ({"system": VOID}, {}, "Void (ID void, family not known) is none that this role was made for"),
    "no known release of it": ({"system": EL_11}, {}, "Rocky Linux 11 (ID rocky, family redhat) is none that this role was made for"),
    "no such source": ({}, {"kernel_source": "backports"}, "Rocky Linux 8 has no kernel_source backports; it has vendor, elrepo-lt, elrepo-ml, files."),
    "batch": ({}, {"kernel_max_batch": 0}, "1 hosts are in this batch; kernel_max_batch allows 0."),
    "/boot": (medium(free_bytes=199 << 20), {}, "/boot has 199 MB free, and a kernel with its initramfs may take 200"),
    "one-shot": ({"obstacle": "it lies on LVM"}, {}, "(it lies on LVM), so it could not forget a one-shot entry"),
    "Secure Boot, elrepo-lt": (SECURE, ELREPO_LT, "Secure Boot is on, and kernels from elrepo-lt are not signed for it"),
    "Secure Boot, elrepo-ml": (SECURE, {"kernel_source": "elrepo-ml"}, "Secure Boot is on, and kernels from elrepo-ml are not signed for it"),
    "Secure Boot, files": (
        SECURE,
        {"kernel_source": "files", "kernel_files": ["kernel.rpm"]},
        "Secure Boot is on, and nobody has said that the kernels of kernel_files are signed for it",
    ),
    "Secure Boot not read": (
        SECURE_PERHAPS,
        ELREPO_LT,
        "Secure Boot is perhaps on (/sys/firmware/efi/efivars is empty: efivarfs is not mounted.), and kernels from elrepo-lt are not",
    ),
    # From here on somebody has installed the new kernel already.
    "drivers": (
        dict(HAS_NEW, facts={"kernel_drivers": drivers(["virtio_blk", "virtio_net"])}),
        {},
        "must not be booted here: it lacks virtio_blk, virtio_net, which the root disk or the uplink needs. %s is still the default." % OLD,
    ),
    "no modules": (dict(HAS_NEW, facts={"kernel_drivers": {"needed": [], "kernels": {}}}), {}, "must not be booted here: it lacks modules.dep, which"),
    "no initramfs": (dict(HAS_NEW, facts=installed(initramfs=None)), {}, "must not be booted here: it has no initramfs. %s" % OLD),
    "no entry": (dict(HAS_NEW, facts={"grub_menu": dict(ONLY_OLD, saved_entry="e")}), {}, "must not be booted here: GRUB has no entry for it. %s" % OLD),
    "legacy rules": (
        dict(HAS_NEW, facts={"kernel_drivers": drivers(legacy=False)}, iptables=USED),
        {},
        NO_TABLES + "(legacy ipv4 rules in the table nat). %s" % OLD,
    ),
    "legacy required": (
        dict(HAS_NEW, facts={"kernel_drivers": drivers(legacy=False)}),
        {"kernel_legacy_iptables": "required"},
        NO_TABLES + "(kernel_legacy_iptables is ",
    ),
    "not made the default": (
        dict(HAS_NEW, facts={"kernel_drivers": drivers(["virtio_blk"])}),
        {"kernel_reboot_ok": False, "kernel_make_default": True},
        "it lacks virtio_blk, which",
    ),
}


@pytest.mark.both_cores
@pytest.mark.parametrize("name", REFUSALS)
def test_what_would_not_end_well_is_refused_before_anything_is_done(host, name):
    keys, variables, words = REFUSALS[name]
    host.fresh(**dict({"candidates": [NEW]}, **keys))
    run = host.again(**arguments(**variables))
    assert run.rc != 0 and words in " ".join(run.all.split()), run.all
    assert host.log() == [] and not (host.directory / "kept").exists()
    assert (host.default(), host.look()["next"]) == (OLD, None)


def test_a_kernel_that_is_no_good_once_it_is_installed_is_not_started(host):
    host.fresh(candidates=[NEW], facts={"kernel_drivers": drivers(["virtio_blk"])})
    run = host.again(**arguments())
    assert run.rc != 0 and "%s is installed, but it must not be booted here: it lacks virtio_blk, which" % NEW in run.all
    assert host.log() == WAY[:2] and host.left() == []


# Before a drain: one of each place in which the role refuses.
@pytest.mark.parametrize("name", ["/boot", "Secure Boot not read", "drivers"])
def test_prepare_refuses_what_the_role_refuses(host, name):
    keys, variables, words = REFUSALS[name]
    host.fresh(**dict({"candidates": [NEW]}, **keys))
    run = host.again(entry="prepare", **arguments(**variables))
    assert run.rc != 0 and words in " ".join(run.all.split()), run.all
    assert host.log() == []


# What is near to a refusal and is none.
ACCEPTED = {
    "Secure Boot": (SECURE, {}),
    "Secure Boot not read": (SECURE_PERHAPS, {}),
    "Secure Boot, signer enrolled": (SECURE, dict(ELREPO_LT, kernel_signer_enrolled="true")),
    "UEFI": (fact("secure_boot", uefi=True, enabled=False), ELREPO_LT),
    "image": ({"facts": dict(SECURE["facts"], kernel_ownership=IN_IMAGE)}, dict(ELREPO_LT, kernel_image_build="true")),
    "/boot": (medium(free_bytes=200 << 20), {}),
    "no one-shot": ({"obstacle": "it lies on LVM"}, {"kernel_reboot_ok": "false"}),
    "legacy unused": (dict(HAS_NEW, facts={"kernel_drivers": drivers(legacy=False)}), {}),
    "legacy not needed": (dict(HAS_NEW, facts={"kernel_drivers": drivers(legacy=False)}, iptables=USED), {"kernel_legacy_iptables": "not_needed"}),
}


@pytest.mark.parametrize("name", ACCEPTED)
def test_what_may_end_well_is_not_refused(host, name):
    keys, variables = ACCEPTED[name]
    host.fresh(**dict({"candidates": [NEW]}, **keys))
    run = host.again("--check", **arguments(**variables))
    assert run.rc == 0 and ("Would install" in run.all or "target=%s reboot=True" % NEW in run.all), run.all


# The build machine's drivers, rules and boot loader say nothing about the machines that will boot an image; a kernel without modules is none for any.
@pytest.mark.parametrize("missing, refused", [(["virtio_blk"], False), (["modules.dep"], True)])
def test_in_an_image_only_the_kernel_itself_counts(host, missing, refused):
    host.fresh(facts={"kernel_ownership": IN_IMAGE, "kernel_drivers": drivers(missing, legacy=False)}, candidates=[NEW], iptables=USED, **NEEDS_ROOT)
    run = host.again(**arguments(kernel_image_build="true"))
    assert (run.rc != 0) == refused and ("it lacks modules.dep, which" in run.all) == refused, run.all
    assert host.log() == ["install " + NEW]


# Every family and source


def system(identity, family, version, name, codename=None):
    return {"id": identity, "family": family, "major": int(version.split(".")[0]), "name": name, "codename": codename, "version_id": version}


CENTOS_7 = system("centos", "redhat", "7", "CentOS Linux 7 (Core)")
# A system and the kernel that it runs; the variables of its family, and how these have packages, arguments and a one-shot start made.
SYSTEMS = {
    "debian": (system("debian", "debian", "12", "Debian GNU/Linux 12", "bookworm"), "6.1.0-26-cloud-amd64", "debian apt drop_in grub-reboot"),
    "ubuntu": (system("ubuntu", "ubuntu", "22.04", "Ubuntu 22.04", "jammy"), "5.15.0-91-generic", "ubuntu apt drop_in grub-reboot"),
    "lowlatency": (system("ubuntu", "ubuntu", "24.04", "Ubuntu 24.04", "noble"), "6.8.0-45-lowlatency", "ubuntu apt drop_in grub-reboot"),
    "aws": (system("ubuntu", "ubuntu", "22.04", "Ubuntu 22.04", "jammy"), "6.8.0-1015-aws", "ubuntu apt drop_in grub-reboot"),
    "el7": (CENTOS_7, "3.10.0-1160.el7.x86_64", "redhat_7 yum grubby grub2-reboot"),
    "el8": (system("rocky", "redhat", "8.10", "Rocky Linux 8"), OLD, "redhat_8 dnf grubby grub2-reboot"),
    "el9": (system("almalinux", "redhat", "9.4", "AlmaLinux 9"), "5.14.0-427.13.1.el9_4.x86_64", "redhat_9 dnf grubby grub2-reboot"),
    "el10": (system("rhel", "redhat", "10.0", "RHEL 10"), "6.12.0-55.9.1.el10_0.x86_64", "redhat_10 dnf grubby grub2-reboot"),
    "openeuler": (system("openeuler", "openeuler", "22.03", "openEuler 22.03"), "5.10.0-60.18.0.50.oe2203.x86_64", "openeuler dnf grubby grub2-reboot"),
    "amazon2": (system("amzn", "amazon", "2", "Amazon Linux 2"), "4.14.355-275.572.amzn2.x86_64", "amazon_2 yum grubby grub2-reboot"),
    "amazon2023": (system("amzn", "amazon", "2023", "Amazon Linux 2023"), "6.1.112-122.189.amzn2023.x86_64", "amazon_2023 dnf grubby grub2-reboot"),
    "suse": (LEAP, RUNNING % "azure", "suse zypper block grub2-reboot"),
}
END_OF_LIFE = {
    "el7": "CentOS Linux 7 (Core) is end of life since 30 June 2024. Neither its own kernels nor ELRepo's for it (the last are 5.4.278 and 6.9.7 of June 2024)"
    " will ever be fixed again. Use this only to get through to a supported system.",
    "amazon2": "Amazon Linux 2 is end of life since 30 June 2026: move to Amazon Linux 2023.",
}
# Written a second time, so that a slip in either shows. CentOS' is also on its page of keys (git.centos.org, centos.org/keys.md).
V1 = {"url": "https://www.elrepo.org/RPM-GPG-KEY-elrepo.org", "fingerprint": "96C0 104F 6315 4731 1E0B B1AE 309B C305 BAAD AE52"}
V2 = {"url": "https://www.elrepo.org/RPM-GPG-KEY-v2-elrepo.org", "fingerprint": "B8A7 5587 4DA2 40C9 DAC4 E715 5160 0989 EAA3 1D4A"}
CENTOS = {"url": "/etc/pki/rpm-gpg/RPM-GPG-KEY-CentOS-7", "fingerprint": "6341 AB27 53D7 8A78 A7C2 7BB1 24C6 A8A7 F4A8 0EB5"}
MINE = {"url": "https://mirror.example/key", "fingerprint": "0000"}
EL7_LAST = "https://mirrors.coreix.net/elrepo-archive-archive/kernel/el7/x86_64/"
VAULT = "https://vault.centos.org/7.9.2009/updates/$basearch/"
ELREPO_OF = "https://elrepo.org/linux/kernel/el%d/$basearch/"
IMAGE = {"kernel_image_build": True}
OWN_ELREPO, OWN_VAULT = "https://mirror.example/elrepo/", "https://mirror.example/7.9.2009/updates/$basearch/"
OWN = {"kernel_elrepo_url": OWN_ELREPO, "kernel_elrepo_keys": [MINE], "kernel_vault_url": "https://mirror.example/7.9.2009"}

FILES = {"files": ("", "", [])}

# A system, what is asked of the role, and what each of its sources means: the packages; the folder, archive or flavour that the source stands for; the keys.
# Where something is asked, only the sources that it matters to.
SOURCES = [
    ("debian", {}, {**FILES, "vendor": ("linux-image-cloud-amd64", "", []), "backports": ("linux-image-cloud-amd64", "bookworm-backports", [])}),
    ("debian", IMAGE, {"vendor": ("linux-image-amd64", "", [])}),
    ("debian", {"kernel_target_release": "6.1.0-50-amd64"}, {"vendor": ("linux-image-6.1.0-50-amd64", "", [])}),
    ("ubuntu", {}, {**FILES, "vendor": ("linux-generic", "", []), "hwe": ("linux-generic-hwe-22.04", "generic", [])}),
    ("lowlatency", {}, {**FILES, "vendor": ("linux-lowlatency", "", []), "hwe": ("linux-lowlatency-hwe-24.04", "lowlatency", [])}),
    ("lowlatency", IMAGE, {"vendor": ("linux-generic", "", [])}),
    ("aws", {}, {**FILES, "vendor": ("linux-aws", "", []), "hwe": ("linux-generic-hwe-22.04", "generic", [])}),
    (
        "el7",
        {},
        {
            **FILES,
            "vendor": ("kernel", "", []),
            "centos-vault": ("kernel", VAULT, [CENTOS]),
            "elrepo-lt": ("kernel-lt", EL7_LAST, [V1]),
            "elrepo-ml": ("kernel-ml", EL7_LAST, [V1]),
        },
    ),
    (
        "el7",
        OWN,
        {"centos-vault": ("kernel", OWN_VAULT, [CENTOS]), "elrepo-lt": ("kernel-lt", OWN_ELREPO, [MINE]), "elrepo-ml": ("kernel-ml", OWN_ELREPO, [MINE])},
    ),
    (
        "el8",
        {},
        {**FILES, "vendor": ("kernel", "", []), "elrepo-lt": ("kernel-lt", ELREPO_OF % 8, [V1, V2]), "elrepo-ml": ("kernel-ml", ELREPO_OF % 8, [V1, V2])},
    ),
    ("el8", OWN, {"elrepo-lt": ("kernel-lt", OWN_ELREPO, [MINE]), "elrepo-ml": ("kernel-ml", OWN_ELREPO, [MINE])}),
    ("el8", {"kernel_target_release": NEW}, {"vendor": ("kernel-" + NEW, "", [])}),
    ("el8", {"kernel_package": ["kernel-rt"]}, {"vendor": ("kernel-rt", "", [])}),
    (
        "el9",
        {},
        {**FILES, "vendor": ("kernel", "", []), "elrepo-lt": ("kernel-lt", ELREPO_OF % 9, [V1, V2]), "elrepo-ml": ("kernel-ml", ELREPO_OF % 9, [V1, V2])},
    ),
    ("el9", OWN, {"elrepo-lt": ("kernel-lt", OWN_ELREPO, [MINE]), "elrepo-ml": ("kernel-ml", OWN_ELREPO, [MINE])}),
    (
        "el10",
        {},
        {**FILES, "vendor": ("kernel kernel-modules-extra", "", []), "elrepo-ml": ("kernel-ml kernel-ml-modules-extra", ELREPO_OF % 10, [V2])},
    ),
    ("el10", OWN, {"elrepo-ml": ("kernel-ml kernel-ml-modules-extra", OWN_ELREPO, [MINE])}),
    ("openeuler", {}, {**FILES, "vendor": ("kernel", "", [])}),
    ("amazon2", {}, {**FILES, "vendor": ("kernel", "", [])}),
    ("amazon2023", {}, {**FILES, "vendor": ("kernel", "", [])}),
    ("suse", {}, {**FILES, "vendor": ("kernel-azure", "", [])}),
    ("suse", IMAGE, {"vendor": ("kernel-default", "", [])}),
    ("suse", {"kernel_target_release": NEWER % "azure"}, {"vendor": ("kernel-azure=5.14.21-150400.24.100", "", [])}),
]
# In the place of what the role does once it has learnt how a family does it.
TELLS = """
- name: Tell
  nodemend.kubernetes.stub_tell:
    family: "{{ [__kernel_family, __kernel_method, __kernel_arguments_tool, __kernel_reboot_command] | join(' ') }}"
    end_of_life: "{{ __kernel_end_of_life | default('') }}"
    source: "{{ kernel_source }}"
    signed: "{{ __kernel_chosen.signed }}"
    means:
      - "{{ __kernel_packages | join(' ') }}"
      - "{{ __kernel_chosen.url | default(__kernel_chosen.archive) | default(__kernel_chosen.flavour) | default('') }}"
      - "{{ __kernel_chosen.signers | default([]) }}"
  loop: "{{ __kernel_sources | list }}"
  loop_control:
    loop_var: kernel_source
"""


@pytest.mark.both_cores
def test_what_each_source_of_each_family_brings_from_where(host):
    (host.collections / "ansible_collections" / "nodemend" / "kubernetes" / "roles" / "kernel" / "tasks" / "present.yml").write_text(TELLS)
    hosts = {}
    for number, (name, variables, unused) in enumerate(SOURCES):
        folder = host.directory / str(number)
        folder.mkdir()
        release, running, unused = SYSTEMS[name]
        image = variables.get("kernel_image_build", False)
        host.fresh(folder=folder, system=release, running=running, facts={"kernel_ownership": {"own": not image, "kind": None, "because": None}})
        hosts["%s_%d" % (name, number)] = dict(variables, stub_state=str(folder), ansible_connection="local")
    tasks = [{"name": "Run the role", "ansible.builtin.include_role": {"name": "nodemend.kubernetes.kernel"}}]
    path = host.directory / "play.yml"
    path.write_text(yaml.safe_dump([{"name": "Play", "hosts": "all", "gather_facts": False, "tasks": tasks}], sort_keys=False))
    run = playbook(host.directory, str(path), json.dumps({"all": {"hosts": hosts}}), collections=host.collections)
    assert run.rc == 0, run.all
    for number, (name, variables, sources) in enumerate(SOURCES):
        told = [json.loads(line) for line in (host.directory / str(number) / "told").read_text().splitlines()]
        assert {one["source"]: tuple(one["means"]) for one in told if not variables or one["source"] in sources} == sources, name
        for one in told:
            signed = one["source"] not in ("elrepo-lt", "elrepo-ml", "files")
            assert (one["family"], one["end_of_life"], one["signed"]) == (SYSTEMS[name][2], END_OF_LIFE.get(name, ""), signed)


def test_every_family_is_in_the_table():
    described = {os.path.basename(path)[: -len(".yml")] for path in glob.glob(os.path.join(ROLE, "vars", "*.yml"))} - {"main"}
    with open(os.path.join(ROLE, "vars", "main.yml")) as stream:
        assert described == set(yaml.safe_load(stream)["__kernel_families"]) == {family.split()[0] for unused, unused, family in SYSTEMS.values()}


LAST_OF_CENTOS, LAST_OF_ELREPO = "3.10.0-1160.119.1.el7.x86_64", "5.4.278-1.el7.elrepo.x86_64"
LIST = "yum -q list --showduplicates "
ASKED = {"use": "yum", "state": "latest"}


@pytest.mark.both_cores
@pytest.mark.parametrize(
    "source, brings, log, asked",
    [
        ("vendor", LAST_OF_CENTOS, [LIST + "kernel"], {"name": ["kernel"]}),
        (
            "centos-vault",
            LAST_OF_CENTOS,
            [
                "key /etc/pki/rpm-gpg/RPM-GPG-KEY-CentOS-7 6341AB2753D78A78A7C27BB124C6A8A7F4A80EB5",
                "repository nodemend-kernel %s enabled=False gpgcheck=True" % VAULT,
                LIST + "--enablerepo=nodemend-kernel kernel",
            ],
            {"name": ["kernel"], "enablerepo": ["nodemend-kernel"]},
        ),
        (
            "elrepo-lt",
            LAST_OF_ELREPO,
            [
                "key https://www.elrepo.org/RPM-GPG-KEY-elrepo.org 96C0104F631547311E0BB1AE309BC305BAADAE52",
                "repository nodemend-kernel %s enabled=False gpgcheck=True" % EL7_LAST,
                LIST + "--enablerepo=nodemend-kernel kernel-lt",
            ],
            {"name": ["kernel-lt"], "enablerepo": ["nodemend-kernel"]},
        ),
    ],
)
def test_centos_7_gets_a_kernel_and_is_told_that_it_has_come_to_its_end(host, source, brings, log, asked):
    old = "3.10.0-1127.el7.x86_64"
    host.program("yum", 'echo "yum $*" >>"%s/log"; echo "kernel.x86_64    %s    lab"' % (host.directory, brings))
    host.fresh(system=CENTOS_7, kernels=(old,), running=old, first=old, default=old, brings=brings, candidates=[brings])
    run = host.again(kernel_source=source, kernel_minimum_version="3.10.0-1160")
    assert run.rc == 0 and "target=%s reboot=True" % brings in run.all, run.all
    assert "WARNING: " + END_OF_LIFE["el7"] in run.all
    assert host.log() == [*log, "install " + brings, "default %s None" % old]
    assert host.look()["asked"] == dict(ASKED, **asked)


LEFT_OUT = {
    "dnf.conf": ("[main]\ngpgcheck=1\nexclude=kernel*  bash\n", "dnf.conf:3:exclude=kernel*  bash"),
    "repositories/rocky.repo": ("[baseos]\npassword=kernel-secret\n excludepkgs = kernel-core,kernel\n", "rocky.repo:3: excludepkgs = kernel-core,kernel"),
    "repositories/all.repo": ("[baseos]\nexclude=*\n", "all.repo:2:exclude=*"),
}


@pytest.mark.parametrize("name", sorted(LEFT_OUT))
def test_who_has_kernels_left_out_is_named_where_none_is_offered(host, name):
    text, line = LEFT_OUT[name]
    host.program("dnf", "echo 'Error: No matching Packages to list' >&2; exit 1")
    (host.directory / "repositories").mkdir()
    (host.directory / name).write_text(text)
    run = host.run()
    said = " ".join(run.all.split())
    assert run.rc != 0 and host.log() == [] and "is not offered at all (Error: No matching Packages to list)" in said
    assert "This host has packages left out: %s/%s" % (host.directory, name) in said and " ".join(line.split()) in said and "--disableexcludes" in said
    assert "kernel-secret" not in run.all


@pytest.mark.parametrize("text", ["exclude=docker* kernelshark-x\n#exclude=kernel*\n", "exclude=\n", ""])
def test_what_leaves_out_no_kernel_is_not_blamed(host, text):
    host.program("dnf", "exit 1")
    (host.directory / "dnf.conf").write_text(text)
    run = host.run()
    assert run.rc != 0 and "is not offered at all" in run.all and "left out: /" not in run.all


# Local packages


@pytest.fixture
def package(host, tmp_path):
    """A local package with a signature that the host trusts, and the variables that name it."""
    (tmp_path / "kernel.rpm").write_text("package")
    # What EL 8 prints for a package that a trusted key has signed.
    host.program("rpmkeys", 'echo "$2: digests signatures OK"')
    host.program("rpm", 'case $1 in -qp) echo 4.18.0 ;; *) basename "$3" | sed "s/^vmlinuz-/kernel-core-/" ;; esac')
    return {"kernel_source": "files", "kernel_files": [str(tmp_path / "kernel.rpm")]}


def test_local_packages_leave_no_folder_behind(host, package):
    for release in (NEW, "4.18.0-513.el8.x86_64"):
        host.fresh(candidates=[release], brings=release)
        run = host.again(kernel_minimum_version="4.18.0", kernel_target_release=release, **package)
        assert run.rc == 0 and "install " + release in host.log(), run.all
        assert os.listdir(host.directory / "kept") == ["kernel.json"]


def test_packages_that_are_refused_leave_no_folder_behind(host, package):
    host.program("rpmkeys", 'echo "$2: digests OK"')
    run = host.run(candidates=[NEW], **package)
    assert run.rc != 0 and "is not signed by a key that this host trusts" in run.all and host.log() == []
    assert os.listdir(host.directory / "kept") == []


def test_what_a_killed_run_has_staged_goes_with_the_next(host, package):
    (host.directory / "kept" / "kernel-packages").mkdir(parents=True)
    (host.directory / "kept" / "kernel-packages" / "kernel.rpm").write_text("package")
    host.fresh(kernels=(NEW, OLD), candidates=[NEW])
    run = host.again(**package)
    assert run.rc == 0 and "install " + NEW not in host.log(), run.all
    assert os.listdir(host.directory / "kept") == []


# The whole way


def arguments(**more):
    return dict({"kernel_reboot_ok": True, "kernel_minimum_version": "4.18.0-477"}, **more)


WAY = ["install " + NEW, "default %s None" % OLD, "timer None True", "once %s %s" % (OLD, NEW), "reboot " + NEW]
END = ["timer restarted False", "timer stopped False", "promote %s None" % NEW, "timer stopped False"]


@pytest.mark.both_cores
def test_prepare_brings_a_kernel_and_boots_nothing(host):
    host.fresh(candidates=[NEW])
    for leave in (True, False):  # what every boot starts is not decided either
        run = host.again(entry="prepare", **arguments(kernel_reboot_ok=leave, kernel_make_default=True))
        assert run.rc == 0 and "target=%s reboot=True" % NEW in run.all, run.all
        assert host.log() == WAY[:2] and host.default() == OLD and host.left() == []
    assert host.again(**arguments()).rc == 0 and host.log() == WAY + END


UBUNTU_APT = """
class ActionModule(Machine):
    def play(self, args, task_vars):
        m = self.machine
        if "name" in args:
            m["kernels"].insert(0, m["brings"])
            self.save("apt " + " ".join(args["name"]))
        return {"changed": True}
"""
# As apt-cache of Ubuntu 22.04 writes it, but for the versions.
POLICY = """linux-modules-extra-%s:
  Installed: %s
  Candidate: %s
  Version table:
     5.15.0-113.123 500
        500 http://archive.ubuntu.com/ubuntu jammy-updates/main amd64 Packages
"""


@pytest.mark.parametrize("installed, offered", [("5.15.0-113.123", "5.15.0-119.129"), ("(none)", "5.15.0-119.129"), ("5.15.0-113.123", "(none)")])
def test_the_drivers_of_one_release_of_ubuntus_come_with_it(host, installed, offered):
    running, target = "5.15.0-113-generic", "5.15.0-119-generic"
    folder = host.collections / "ansible_collections" / "nodemend" / "kubernetes" / "plugins" / "action"
    (folder / "stub_apt.py").write_text(COMMON + UBUNTU_APT)
    extra = POLICY % (running, installed, installed) + POLICY % (target, "(none)", offered)
    image = "linux-image-%s:\n  Installed: (none)\n  Candidate: 5.15.0-119.129" % target
    host.program("apt-cache", "case $* in *extra*) echo '%s' ;; *) echo '%s' ;; esac" % (extra, image))
    system = {"id": "ubuntu", "family": "ubuntu", "major": 22, "name": "Ubuntu 22.04", "codename": "jammy", "version_id": "22.04"}
    host.fresh(system=system, running=running, first=running, default=running, kernels=(running,), candidates=[target], brings=target)
    run = host.again(entry="prepare", kernel_minimum_version="5.15.0-119", kernel_target_release=target)
    wanted = ["linux-image-" + target] + (["linux-modules-extra-" + target] if "(none)" not in (installed, offered) else [])
    assert run.rc == 0 and host.log() == ["apt " + " ".join(wanted)], run.all


def test_prepare_tells_of_a_trial_that_has_failed(host):
    """After the drain the node would stay cordoned for it."""
    host.fresh(candidates=[NEW], kill="reboot")
    host.again(**arguments())
    host.change(kill=None, running=OLD)
    run = host.again(entry="prepare", **arguments())
    assert run.rc != 0 and "one is back on %s, which is still the default; %s was started once" % (OLD, NEW) in run.all, run.all
    assert host.left() == [] and host.again(entry="prepare", **arguments()).rc == 0


def test_prepare_refuses_a_kernel_that_calico_does_not_support_only_where_it_is_to_be_booted(host):
    for leave, code in ((True, 2), (False, 0)):
        host.fresh(candidates=[NEW])
        run = host.again(entry="prepare", **arguments(kernel_reboot_ok=leave, kernel_calico_ok=False))
        assert (run.rc, "upgrade Calico first" in run.all) == (code, leave), run.all


@pytest.mark.parametrize("entry", ["main", "prepare"])
@pytest.mark.parametrize(
    "given, words",
    [
        ({"kernel_verify_commands": "systemctl is-active kubelet"}, "kernel_verify_commands is a text; give a list, for example -e '{"),
        ({"kernel_package": "kernel-ml", "kernel_files": "a.rpm"}, "kernel_files, kernel_package are texts; give lists"),
        ({"kernel_reboot_by": "Kured"}, "value of kernel_reboot_by must be one of: ansible, kured, got: Kured"),
    ],
)
def test_a_value_that_would_fail_after_the_drain_is_refused_before(host, entry, given, words):
    host.fresh(candidates=[NEW])
    run = host.again(entry=entry, **arguments(**given))
    assert run.rc != 0 and words in " ".join(run.all.split()), run.all
    assert host.log() == []


def test_no_kernel_is_started_where_the_way_back_is_not_ready(host):
    """As where the connection was lost for one task, in a play that ignores that."""
    host.fresh(candidates=[NEW])
    host.program("systemctl", "echo disabled; exit 1")
    run = host.again(**arguments())
    assert run.rc != 0 and "nodemend-kernel.timer, by which the host would return by itself, is not enabled (disabled)" in " ".join(run.all.split()), run.all
    assert host.log() == WAY[:3] and host.look()["next"] is None
    host.program("systemctl", "echo enabled")
    assert host.again(**arguments()).rc == 0 and host.log()[-len(WAY + END[:-1]) + 2 :] and host.default() == NEW


@pytest.mark.parametrize("step, words", [("install", "the kernel may be half installed"), ("once", "may start once, at its next start")])
def test_a_host_that_is_lost_at_a_step_is_not_taken_any_further(host, step, words):
    host.fresh(candidates=[NEW], lost=step)
    run = host.again(ignore_unreachable=True, **arguments())
    assert run.rc != 0 and words in " ".join(run.all.split()), run.all
    assert "reboot " + NEW not in host.log()


def test_a_proof_that_fails_reboots_nothing_where_only_the_default_was_asked_for(host):
    host.fresh(candidates=[NEW], kill="reboot")
    host.again(**arguments())
    host.change(kill=None)
    asked = {"nodemend_remedied": ["kernel_not_default"], "kernel_make_default": True, "kernel_target_release": NEW}
    run = host.again(**arguments(kernel_verify_commands=["false"], **asked))
    assert run.rc != 0 and "did not prove itself: false ended with 1" in " ".join(run.all.split()), run.all
    assert host.log()[-1] == "timer stopped False" and host.log().count("reboot " + OLD) == 0 and host.look()["running"] == NEW
    assert host.again(**arguments(**asked)).rc == 0 and host.default() == NEW


def test_prepare_leaves_a_trial_to_the_role(host):
    host.fresh(candidates=[NEW], kill="reboot")
    host.again(**arguments())
    assert host.log() == WAY and host.look()["running"] == NEW
    host.change(kill=None)
    for candidate in (NEW, "4.18.0-553.el8.x86_64"):  # of a floor that the one on trial satisfies, and of one that it does not
        host.change(candidates=[candidate], brings=candidate)
        run = host.again(entry="prepare", **arguments())
        assert run.rc == 0 and host.log() == WAY and host.default() == OLD, run.all
    host.change(candidates=[NEW])
    assert host.again(**arguments()).rc == 0 and host.log() == WAY + END


@pytest.mark.parametrize("remedied, coming", [(["kernel_not_default"], None), (["kernel_below_minimum"], NEW)])
def test_the_running_kernel_becomes_the_default_whatever_the_floor(host, remedied, coming):
    """As remediate asks for it. A one-shot start may be somebody's next maintenance."""
    host.fresh(candidates=[NEW], kernels=(NEW, OLD), default=NEW, next=NEW)
    run = host.again(nodemend_remedied=remedied, kernel_target_release=OLD, kernel_make_default=True)
    assert run.rc == 0 and "The running kernel is %s, which is the one that is wanted." % OLD in run.all, run.all
    machine = host.look()
    assert (machine["default"], machine["next"], machine["running"], machine["kernels"]) == (OLD, coming, OLD, [NEW, OLD])


@pytest.mark.both_cores
def test_the_whole_way_and_a_second_run(host):
    host.fresh(candidates=[NEW])
    run = host.again(**arguments())
    assert run.rc == 0 and "target=%s reboot=False" % NEW in run.all
    assert host.log() == WAY + END
    machine = host.look()
    assert (machine["running"], machine["default"], machine["next"], machine["panic"]) == (NEW, NEW, None, {NEW: None})
    assert host.left() == []
    assert json.loads((host.directory / "kept" / "kernel.json").read_text())["previous"] == OLD
    run = host.again(**arguments())
    assert run.rc == 0 and re.search("changed=0 ", run.all) and host.log() == WAY + END


@pytest.mark.parametrize("built, says", [([], "there is none of it."), (["zfs.ko.xz", "spl.ko"], "there are spl.ko, zfs.ko.xz.")])
def test_what_dkms_has_built_for_the_new_kernel_is_named(host, built, says):
    (host.directory / "dkms" / "zfs" / "2.1.5").mkdir(parents=True)
    folder = host.directory / "modules" / NEW / "updates" / "dkms"
    folder.mkdir(parents=True)
    for name in built:
        (folder / name).write_text("")
    host.fresh(kernels=[NEW, OLD], candidates=[NEW])
    run = host.again("--check", **arguments())
    assert run.rc == 0 and "DKMS builds zfs on this host. For %s %s What needs" % (NEW, says) in run.all


def test_a_member_of_a_cluster_is_drained_and_comes_back_before_the_promotion(host):
    host.fresh(candidates=[NEW], node="w1")
    assert host.again(**arguments()).rc == 0
    assert host.log() == [*WAY[:-1], "drained", WAY[-1], END[0], "uncordoned", *END[1:]]


def test_one_that_the_play_has_drained_is_ready_before_the_promotion(host):
    host.fresh(candidates=[NEW], node="w1")
    assert host.again(**arguments(kernel_maintained="true", maintenance_node="w1")).rc == 0
    assert host.log() == [*WAY, END[0], "ready", *END[1:]]


def test_one_that_does_not_become_ready_is_sent_back(host):
    host.fresh(candidates=[NEW], node="w1", ready=False)
    run = host.again(**arguments(kernel_maintained="true", maintenance_node="w1"))
    assert run.rc != 0 and "failed its proof: w1 is not Ready" in run.all
    assert (host.look()["running"], host.default(), host.left()) == (OLD, OLD, [])
    assert not any(line.startswith(("default " + NEW, "promote")) for line in host.log())


def test_one_that_somebody_has_drained_by_hand_is_left_to_them(host):
    host.fresh(candidates=[NEW], node="w1")
    assert host.again(**arguments(kernel_maintained="true")).rc == 0
    assert host.log() == WAY + END


def test_a_member_of_etcd_that_is_no_node_is_not_stopped_unless_somebody_else_has_seen_to_it(host):
    host.fresh(candidates=[NEW], etcd=True)
    run = host.again(**arguments())
    assert run.rc != 0 and "a member of etcd stops with it, so it was not rebooted" in run.all
    assert host.log() == WAY[:2] and host.default() == OLD and host.left() == []
    assert host.again(**arguments(kernel_maintained="true")).rc == 0
    assert host.default() == NEW


def test_a_node_that_cannot_be_drained_has_nothing_on_trial(host):
    host.fresh(candidates=[NEW], node="w1", drains=False)
    run = host.again(**arguments())
    assert run.rc != 0 and "w1 could not be drained. %s is installed and was not booted" % NEW in run.all
    machine = host.look()
    assert (machine["running"], machine["default"], machine["next"], machine["panic"]) == (OLD, OLD, None, {NEW: None})
    assert host.left() == []
    host.change(drains=True)
    assert host.again(**arguments()).rc == 0 and host.default() == NEW


def test_a_trial_that_cannot_be_taken_back_keeps_its_guards(host):
    host.fresh(candidates=[NEW], node="w1", drains=False, loses="default")
    run = host.again(**arguments(), ignore_unreachable=True)
    assert run.rc != 0 and "w1 could not be drained. %s may still start once" % NEW in run.all
    assert host.look()["next"] == NEW and host.look()["panic"] == {NEW: 30} and len(host.left()) == 3


def test_one_that_cannot_be_drained_on_the_way_back_is_left_to_a_person(host):
    host.fresh(candidates=[NEW], node="w1", kill="reboot")
    assert host.again(**arguments()).rc != 0
    host.change(kill=None, drains=False)
    run = host.again(**arguments(kernel_verify_commands=["false"]))
    assert run.rc != 0 and "did not prove itself: false ended with 1" in run.all
    assert "It could not be sent back: w1 could not be drained. %s is still the default" % OLD in run.all
    assert host.log()[-1] == "timer stopped False" and host.look()["running"] == NEW
    host.change(drains=True)
    assert host.again(**arguments()).rc == 0 and (host.default(), host.left()) == (NEW, [])


def test_a_default_that_nobody_has_proved_is_proved_and_is_nothing_to_return_to(host):
    host.fresh(candidates=[NEW], kill="timer")
    assert host.again(**arguments()).rc != 0
    # Somebody has made it the default and started it, before the trial was armed.
    host.change(kill=None, running=NEW, default=NEW)
    (host.directory / "boot_id").write_text("xx")
    run = host.again(**arguments(kernel_verify_commands=["false"]))
    assert run.rc != 0 and "failed its proof: false ended with 1" in run.all
    assert (host.look()["running"], host.default(), host.left()) == (OLD, OLD, [])


def test_a_promotion_that_was_not_heard_of_is_none(host):
    host.fresh(candidates=[NEW], loses="promote")
    run = host.again(**arguments(kernel_maintained="true"), ignore_unreachable=True)
    assert run.rc != 0 and "%s has proved itself and may not be the default yet" % NEW in run.all
    assert host.default() == OLD and host.left() != []
    assert host.again(**arguments(kernel_maintained="true")).rc == 0 and (host.default(), host.left()) == (NEW, [])


def test_a_kernel_that_is_going_to_be_on_trial_is_not_the_default_before(host):
    host.fresh(candidates=[NEW])
    run = host.again(**arguments(kernel_make_default="true", kernel_calico_ok="false"))
    assert run.rc != 0 and "%s stays the default, but the installed Calico does not support it" % OLD in run.all
    assert host.log() == WAY[:2]
    assert host.again(**arguments(kernel_make_default="true")).rc == 0 and host.log() == WAY + END


def test_kured_meets_no_timer_of_an_earlier_run(host):
    host.fresh(candidates=[NEW], kill="timer")
    assert host.again(**arguments()).rc != 0 and len(host.left()) == 3
    host.change(kill=None)
    assert host.again(**arguments(kernel_reboot_by="kured")).rc == 0
    assert host.left() == ["kernel-trial.json"] and host.look()["next"] == NEW


def test_a_newer_kernel_takes_the_place_of_one_that_waits(host):
    newer = "4.18.0-500.el8.x86_64"
    host.fresh(candidates=[NEW])
    assert host.again(**arguments(kernel_reboot_by="kured")).rc == 0
    assert host.look()["panic"] == {NEW: 30}
    host.change(candidates=[newer, NEW], kernels=[newer, NEW, OLD])
    assert host.again(**arguments(kernel_reboot_by="kured")).rc == 0
    machine = host.look()
    assert (machine["next"], machine["default"], machine["panic"], machine["dracut"][NEW]) == (newer, OLD, {NEW: None, newer: 30}, {})


@pytest.mark.both_cores
def test_a_controller_that_is_killed_after_every_step(host):
    host.fresh(candidates=[NEW])
    for step in ("install", "default", "timer", "once", "reboot", "promote"):
        host.change(kill=step)
        assert host.again(**arguments()).rc != 0
        assert host.log()[-1].split()[0] == step
    host.change(kill=None)
    run = host.again(**arguments())
    assert run.rc == 0, run.all
    done = [line for line in host.log() if not line.startswith("timer")]
    assert done == [line for line in WAY + END if not line.startswith("timer")]
    machine = host.look()
    assert (machine["running"], machine["default"], machine["next"], machine["panic"]) == (NEW, NEW, None, {NEW: None})
    assert host.left() == []


@pytest.mark.parametrize(
    "panic, dracut",
    [(None, {}), (10, {}), (0, {"rd.shell": "0"}), (10, {"rd.shell": "1", "rd.emergency": "halt"})],
)
def test_arguments_are_added_as_far_as_they_are_missing_and_taken_back(host, panic, dracut):
    host.fresh(candidates=[NEW], panic={NEW: panic}, dracut={NEW: dracut})
    assert host.again(**arguments()).rc == 0
    machine = host.look()
    assert machine["started"] == {"panic": panic or 30, "dracut": dict({"rd.shell": "0", "rd.emergency": "reboot"}, **dracut)}
    assert (machine["panic"][NEW], machine["dracut"].get(NEW, {})) == (panic or None, dracut)


def test_a_menu_that_does_not_take_the_arguments(host):
    host.program("grubby", "true")
    host.fresh(candidates=[NEW], panic={NEW: 10}, dracut={NEW: {"rd.shell": "0"}})
    run = host.again(**arguments())
    assert run.rc != 0 and "has no rd.emergency=reboot, so a failed start" in " ".join(run.all.split())
    assert host.look()["next"] is None


@pytest.mark.both_cores
def test_a_kernel_that_does_not_come_up(host):
    host.fresh(candidates=[NEW], broken=[NEW], node="w1")
    run = host.again(**arguments())
    assert run.rc != 0 and "one is back on %s, which is still the default; %s was started once and did not stay up." % (OLD, NEW) in run.all
    machine = host.look()
    assert (machine["running"], machine["default"], machine["next"], machine["panic"]) == (OLD, OLD, None, {NEW: None})
    assert host.left() == [] and host.log()[-2:] == ["uncordoned", "timer stopped False"]
    # Mended, it is tried again.
    host.change(broken=[])
    assert host.again(**arguments()).rc == 0 and host.look()["default"] == NEW


def test_a_failure_of_an_earlier_run_is_not_taken_for_this_one(host):
    host.fresh(candidates=[NEW], broken=[NEW])
    run = host.again(**arguments(), failed_before="w1 could not be drained.")
    assert run.rc != 0 and "was started once and did not stay up." in run.all and "could not be drained" not in run.all


def test_it_is_said_also_where_the_controller_was_killed_meanwhile(host):
    host.fresh(candidates=[NEW], broken=[NEW], kill="reboot")
    assert host.again(**arguments()).rc != 0
    host.change(kill=None)
    run = host.again(**arguments())
    assert run.rc != 0 and "was started once and did not stay up" in run.all
    assert host.log().count("reboot " + NEW) == 1 and host.left() == []


def test_a_kernel_that_loses_the_network_under_its_proof_returns_by_itself(host):
    host.fresh(candidates=[NEW], node="w1", cuts=NEW)
    run = host.again(**arguments())
    assert run.rc == 2 and "is back on %s" % OLD in run.all and "failed its proof: one does not answer any more: " in run.all
    assert host.log() == [*WAY[:-1], "drained", WAY[-1], END[0], "cut", "returned", "uncordoned", "timer stopped False"]
    assert (host.look()["running"], host.default(), host.left()) == (OLD, OLD, [])


def test_one_that_does_not_return_either_is_named(host):
    host.fresh(candidates=[NEW], cuts=NEW, returns=False)
    run = host.again(**arguments())
    assert run.rc == 2 and "one does not answer (timed out waiting for ping module test). Look at its console and reset it: %s is the default" % OLD in run.all
    assert host.log() == [*WAY, END[0], "cut"]


@pytest.mark.parametrize("variables", [{"kernel_reboot_ok": False}, {"kernel_max_batch": 0}])
def test_no_timer_reboots_where_that_is_left_to_a_person(host, variables):
    host.fresh(candidates=[NEW], kill="reboot")
    assert host.again(**arguments()).rc != 0
    host.change(kill=None)
    run = host.again(**arguments(kernel_verify_commands=["false"], **variables))
    assert run.rc != 0 and "%s is still the default: a reboot returns to it" % OLD in run.all
    assert host.log() == [*WAY, END[0], "timer stopped False"] and host.look()["running"] == NEW


def test_a_start_before_the_one_shot_entry_is_not_held_against_the_kernel(host):
    host.fresh(candidates=[NEW], kill="timer")
    assert host.again(**arguments()).rc != 0
    host.change(kill=None)
    (host.directory / "boot_id").write_text("somebody has restarted it")
    run = host.again(**arguments())
    assert run.rc == 0 and "stay up" not in run.all and host.default() == NEW and host.left() == []


def test_a_third_kernel_does_not_become_the_default(host):
    third = "4.18.0-420.el8.x86_64"
    host.fresh(candidates=[NEW], kernels=(OLD, third), kill="reboot")
    assert host.again(**arguments()).rc != 0
    host.change(kill=None, running=third)
    run = host.again(**arguments())
    assert run.rc != 0 and "one runs %s instead of %s, which is the default; %s was to be started once and was not proved." % (third, OLD, NEW) in run.all
    assert "is back on" not in run.all and host.default() == OLD and host.left() == []


def test_what_the_journal_says(host):
    host.program(
        "journalctl", 'case "$*" in *nodemend*) echo "was not confirmed.";; *err*) echo "e1000: no carrier";; *) echo "Linux version %s (x)";; esac' % NEW
    )
    host.fresh(candidates=[NEW], broken=[NEW])
    run = host.again(**arguments())
    assert "nobody could confirm it in time: was not confirmed. Errors of that start: e1000: no carrier" in run.all


def test_a_proof_that_fails_sends_it_back(host):
    host.fresh(candidates=[NEW])
    run = host.again(**arguments(kernel_verify_commands=["true", "false"]))
    assert run.rc != 0 and "failed its proof: false ended with 1" in run.all
    assert not any(line.startswith(("default " + NEW, "promote")) for line in host.log())
    assert [line for line in host.log() if line.startswith("reboot")] == ["reboot " + NEW, "reboot " + OLD]
    machine = host.look()
    assert (machine["running"], machine["default"], host.left()) == (OLD, OLD, [])


def test_a_machine_that_does_not_come_back(host):
    host.fresh(candidates=[NEW], reboots="never")
    run = host.again(**arguments())
    assert run.rc == 2 and "one did not come back within 9 s after it was sent to start %s (Timed out waiting" % NEW in run.all
    assert "%s is the default and starts" % OLD in run.all
    # It was reset, and is on the old one: the next run says so.
    host.change(gone=False, next=None)
    (host.directory / "boot_id").write_text("reset")
    assert "did not stay up" in host.again(**arguments()).all


def test_a_machine_that_comes_back_after_the_time_given(host):
    host.fresh(candidates=[NEW], reboots="late")
    assert host.again(**arguments()).rc == 0 and host.default() == NEW


@pytest.mark.parametrize("reboots, says", [("hangs", "was sent to start %s, and 9 s later it has not gone down"), ("not sent", "was not sent to start %s")])
def test_a_machine_that_does_not_go_down(host, reboots, says):
    host.fresh(candidates=[NEW], reboots=reboots, node="w1")
    run = host.again(**arguments())
    assert run.rc != 0 and says % NEW in run.all and "its next start is of " + NEW in run.all and "stay up" not in run.all
    assert host.look()["next"] == NEW and "uncordoned" not in host.log() and "kernel-trial.json" in host.left()
    host.change(reboots="at once")
    assert host.again(**arguments()).rc == 0 and host.default() == NEW


def test_kured_reboots(host):
    host.fresh(candidates=[NEW])
    run = host.again(**arguments(kernel_reboot_by="kured"))
    assert run.rc == 0 and "target=%s reboot=True" % NEW in run.all
    assert (host.directory / "reboot-required").exists() and host.look()["next"] == NEW and host.left() == ["kernel-trial.json"]
    run = host.again(**arguments(kernel_reboot_by="kured"))
    assert run.rc == 0 and re.search("changed=0 ", run.all)
    host.change(running=NEW, next=None)
    (host.directory / "boot_id").write_text("kured was here")
    assert host.again(**arguments(kernel_reboot_by="kured")).rc == 0
    assert host.default() == NEW and host.left() == []


def test_a_calico_that_does_not_live_on_it(host):
    host.fresh(candidates=[NEW])
    run = host.again(**arguments(kernel_calico_ok="false"))
    assert run.rc != 0 and "upgrade Calico first" in run.all
    assert (host.look()["running"], host.look()["default"], host.look()["next"]) == (OLD, OLD, None)


def test_check_mode_tells_the_plan_and_changes_nothing(host):
    host.fresh(candidates=[NEW])
    run = host.again("--check", **arguments())
    assert run.rc == 0 and "Would install kernel from vendor, with %s kept the default; then drain" % OLD in run.all
    host.fresh(candidates=[NEW], kernels=(NEW, OLD))
    run = host.again("--check", **arguments())
    assert run.rc == 0 and "Would drain the node if it is a member of a cluster, reboot, prove %s" % NEW in run.all
    assert host.log() == [] and host.left() == []


RT, DEBUG, ELREPO = "4.18.0-477.rt7.240.el8.x86_64", NEW + "+debug", "5.4.278-1.el8.elrepo.x86_64"


# What the machine has installed besides the running kernel, all above the floor, the newest first.
@pytest.mark.parametrize(
    "running, installed, variables, target",
    [
        (OLD, (ELREPO, RT, DEBUG, NEW), {}, NEW),
        (OLD, (DEBUG,), {}, NEW),  # the plain one is installed
        (OLD, (RT, DEBUG, NEW), {"kernel_package": ["kernel-rt"]}, RT),
        (OLD, (DEBUG, NEW), {"kernel_target_release": DEBUG}, DEBUG),
        (OLD, (ELREPO, NEW), {"kernel_source": "elrepo-lt"}, ELREPO),
        ("5.4.1-1.el8.elrepo.x86_64", (ELREPO, NEW), {}, ELREPO),
        ("4.18.0-425.rt7.1.el8.x86_64", (NEW, RT), {}, RT),
    ],
)
def test_another_flavour_is_taken_only_where_it_is_named(host, running, installed, variables, target):
    host.fresh(kernels=(*installed, running), candidates=[*installed, NEW], running=running, first=running, default=running)
    run = host.again(kernel_minimum_version="4.18.0-477", **variables)
    assert run.rc == 0 and "target=%s reboot=True" % target in run.all, run.all
    assert host.default() == running


UBUNTU = {"id": "ubuntu", "family": "ubuntu", "major": 22, "name": "Ubuntu 22.04", "codename": "jammy", "version_id": "22.04"}
PROXMOX = {"id": "debian", "family": "debian", "major": 12, "name": "Debian GNU/Linux 12", "codename": "bookworm", "version_id": "12"}


@pytest.mark.parametrize(
    "system, running, flavour",
    [
        (UBUNTU, "6.8.0-1015-azure-fde", "azure-fde"),
        (PROXMOX, "6.8.12-4-pve", "pve"),
        (None, "5.15.0-3.60.5.1.el8uek.x86_64", "uek"),
    ],
)
def test_a_flavour_without_a_known_package_is_not_replaced_unasked(host, system, running, flavour):
    host.fresh(kernels=(running,), running=running, first=running, default=running, **({"system": system} if system else {}))
    run = host.again(kernel_minimum_version="99")
    assert run.rc != 0 and "%s is of the flavour %s, for which" % (running, flavour) in " ".join(run.all.split()), run.all
    assert host.log() == []
    if system is None:
        assert "is of the flavour" not in host.again(kernel_minimum_version="99", kernel_package=["kernel-uek"]).all


def test_a_patch_level_that_ubuntu_does_not_tell(host):
    running = "5.15.0-91-generic"
    host.fresh(kernels=(running,), running=running, first=running, default=running, system=UBUNTU)
    run = host.again(kernel_minimum_version="5.15.149")
    assert run.rc != 0 and "Name the build in its place, as 5.15.0-91-generic has it (5.15.0-91 or newer)" in " ".join(run.all.split()), run.all
    assert host.log() == []


FLAVOURS = [
    ("debian", "amd64 cloud-amd64 rt-amd64 arm64 arm64-16k armmp-lpae 686-pae powerpc64le s390x", "pve rpi-v8 rt amd64-fips 4kc-malta"),
    ("ubuntu", "generic lowlatency aws azure gke gkeop raspi", "azure-fde aws-fips fips realtime oem generic-64k nvidia-lowlatency"),
    ("suse", "default azure rt preempt 64kb rt_debug", "microsoft-standard-WSL2"),
]


@pytest.mark.parametrize("family, known, unknown", FLAVOURS)
def test_flavours_whose_package_is_known(family, known, unknown):
    with open(os.path.join(ROLE, "vars", family + ".yml")) as stream:
        pattern = yaml.safe_load(stream)["__kernel_flavours"]
    assert [one for one in known.split() if not re.match("^(%s)$" % pattern, one)] == []
    assert [one for one in unknown.split() if re.match("^(%s)$" % pattern, one)] == []


def test_a_given_release(host):
    older = "4.18.0-448.el8.x86_64"
    host.fresh(candidates=[NEW, older], kernels=(NEW, older, OLD))
    assert host.again(**arguments(kernel_target_release=older)).rc == 0
    assert host.look()["running"] == older and host.default() == older


def test_rolled_back_boots_the_kernel_before(host):
    host.fresh(candidates=[NEW])
    assert host.again(**arguments()).rc == 0
    run = host.again(**arguments(kernel_state="rolled_back"))
    assert run.rc == 0 and host.log()[-1] == "reboot " + OLD
    assert (host.look()["running"], host.default()) == (OLD, OLD)
    count = len(host.log())
    assert host.again(**arguments(kernel_state="rolled_back")).rc == 0 and len(host.log()) == count


def test_rolled_back_ends_a_trial_that_has_not_begun(host):
    host.fresh(candidates=[NEW], kill="once")
    assert host.again(**arguments()).rc != 0
    host.change(kill=None)
    assert host.again(**arguments(kernel_state="rolled_back")).rc == 0
    assert (host.look()["next"], host.default(), host.look()["panic"], host.left()) == (None, OLD, {NEW: None}, [])


def test_old_kernels_beyond_those_to_keep_are_removed(host):
    kernels = (OLD, "4.18.0-420.el8.x86_64", "4.18.0-410.el8.x86_64")
    host.fresh(candidates=[NEW], kernels=kernels)
    assert host.again(**arguments(kernel_keep=3)).rc == 0
    assert host.look()["kernels"] == [NEW, *kernels[:2]]
    # The running one and the one before it stay, whatever is asked for.
    host.fresh(candidates=[NEW], kernels=kernels)
    assert host.again(**arguments(kernel_keep=1)).rc == 0
    assert host.look()["kernels"] == [NEW, OLD]


def test_the_kernel_before_stays_rather_than_a_newer_one_that_never_ran(host):
    host.fresh(candidates=[NEW], kernels=("4.18.0-448.el8.x86_64", OLD))
    assert host.again(**arguments(kernel_keep=2)).rc == 0
    assert host.look()["kernels"] == [NEW, OLD]
    assert host.again(**arguments(kernel_state="rolled_back")).rc == 0 and host.default() == OLD


def test_a_kernel_that_is_newer_than_the_one_asked_for_stays(host):
    """linux-image-amd64 depends on it, and would go with it."""
    newer = "4.18.0-553.el8.x86_64"
    host.fresh(candidates=[NEW], kernels=(newer, OLD, "4.18.0-420.el8.x86_64"))
    assert host.again(**arguments(kernel_keep=2, kernel_target_release=NEW)).rc == 0
    assert sorted(host.look()["kernels"]) == sorted([newer, NEW, OLD])


def test_kernels_that_could_not_be_removed_are_by_the_next_run(host):
    host.fresh(candidates=[NEW], kernels=(NEW, OLD, "4.18.0-420.el8.x86_64"), fails="the database is locked")
    run = host.again(**arguments(kernel_keep=2))
    assert run.rc != 0 and "the database is locked" in run.all and host.default() == NEW
    host.change(fails="")
    assert host.again(**arguments(kernel_keep=2)).rc == 0
    assert host.look()["kernels"] == [NEW, OLD] and host.left() == []
    assert [line for line in host.log() if line.startswith("reboot")] == ["reboot " + NEW]


EMPTY = {"tables": {}, "unavailable": None}
NOBODY = {"iptables_dumps": {"legacy": {"ipv4": EMPTY, "ipv6": EMPTY}}, "iptables_binaries": {"iptables": None}, "host_network_agents": []}
TIMED_OUT = {"tables": {}, "unavailable": {"reason": "TimedOut", "message": "it hung"}}
LEGACY = [
    ({}, ""),
    ({"iptables_dumps": {"legacy": {"ipv4": TIMED_OUT, "ipv6": EMPTY}}}, "the legacy ipv4 rules could not be read (it hung)"),
    ({"iptables_dumps": None}, "the legacy rules could not be read (no rights)"),
    ({"iptables_binaries": None}, "the commands of iptables could not be read (no reason known)"),
    ({"host_network_agents": None}, "the network agents could not be read (no reason known)"),
    ({"iptables_dumps": {"legacy": {"ipv4": {"tables": {"nat": TABLE}, "unavailable": None}}}}, "legacy ipv4 rules in the table nat"),
    ({"host_network_agents": [{"name": "x", "pid": 5, "backend": "legacy", "decides": False}]}, "x (PID 5) calls a legacy iptables"),
]


def test_what_could_not_be_read_may_need_the_legacy_tables(tmp_path):
    unavailable = {"iptables_dumps": {"reason": "NeedsRoot", "message": "no rights"}}
    cases = [{"found": {"iptables": dict(NOBODY, **facts), "unavailable": unavailable}, "says": says} for facts, says in LEGACY]
    task = {
        "name": "Tell",
        "ansible.builtin.assert": {"that": "__kernel_legacy_reasons == item.says", "fail_msg": "{{ __kernel_legacy_reasons }} / {{ item.says }}"},
        "loop": cases,
        "vars": {"__kernel_iptables": "{{ item.found }}"},
    }
    play = {"name": "Play", "hosts": "all", "gather_facts": False, "vars_files": [os.path.join(ROLE, "vars", "main.yml")], "tasks": [task]}
    path = tmp_path / "play.yml"
    path.write_text(yaml.safe_dump([play], sort_keys=False))
    run = playbook(tmp_path, str(path), "one %s\n" % LIVE)
    assert run.rc == 0, run.all


@pytest.mark.parametrize("path", glob.glob(os.path.join(ROLE, "vars", "*.yml")), ids=os.path.basename)
def test_keys_are_where_rpm_key_finds_them(path):
    # It fetches URLs of the web, whose answer is 200; a file is named by its path.
    with open(path) as stream:
        assert "url: file:" not in stream.read()


def expressions(node, key=None):
    """Yield the Jinja expressions of a tasks or variables file, without the texts in them."""
    if isinstance(node, dict):
        for name, value in node.items():
            yield from expressions(value, name)
    elif isinstance(node, list):
        for value in node:
            yield from expressions(value, key)
    elif isinstance(node, str):
        found = [node] if key in ("when", "that", "failed_when") else re.findall(r"{[{%](.*?)[%}]}", node, re.DOTALL)
        for expression in found:
            yield re.sub(r"'[^']*'", "''", expression).strip()


def test_text_of_the_command_line_is_cast():
    with open(os.path.join(ROLE, "meta", "argument_specs.yml")) as stream:
        options = yaml.safe_load(stream)["argument_specs"]["main"]["options"]
    casts = {name: option["type"] for name, option in options.items() if option["type"] in ("bool", "int")}
    assert casts
    for path in glob.glob(os.path.join(ROLE, "tasks", "*.yml")) + glob.glob(os.path.join(ROLE, "vars", "*.yml")):
        with open(path) as stream:
            found = list(expressions(yaml.safe_load(stream)))
        for name, cast in casts.items():
            # What is only printed, or handed to a module, may stay text.
            bare = [text for text in found if re.search(r"\b%s\b(?! \| %s\b)" % (name, cast), text) and text != name]
            assert bare == [], path
