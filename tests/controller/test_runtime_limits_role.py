"""The role runtime_limits over facts that are written here: which daemons it restarts, by its variables, and what the whole role refuses, changes and says."""

import json
import os
import re

import pytest
from conftest import LIVE, ROOT, playbook, staged

PLAY = """
- hosts: all
  gather_facts: false
  vars_files: [{role}/defaults/main.yml, {role}/vars/main.yml]
  tasks:
    - ansible.builtin.debug:
        msg: "{{{{ item.name }}}}: {{{{ __runtime_limits_to_restart | map(attribute='unit') | list | length }}}}"
      loop: "{{{{ cases }}}}"
      loop_control:
        label: ""
      vars:
        __runtime_limits_found: {{runtime_limits: {{runtime_units: ["{{{{ item.found }}}}"], runtimes: "{{{{ item.runtimes }}}}"}}}}
        __runtime_limits_now: {{runtime_limits: {{runtime_units: ["{{{{ item.now }}}}"], runtimes: "{{{{ item.runtimes }}}}"}}}}
        __runtime_limits_before: "{{{{ item.before }}}}"
        runtime_limits_state: "{{{{ item.state }}}}"
        runtime_limits_nofile: "{{{{ item.nofile }}}}"
"""


def unit(soft=524287, hard=524288, started=None, outdated=False, configured=(65536, 524288), own=True, as_configured=True, removed=False):
    """containerd.service, as runtime_limits_info tells of it; started is None where the fact cannot tell."""
    return {
        "unit": "containerd.service",
        "used": True,
        "soft": soft,
        "hard": hard,
        "outdated": outdated,
        "started_soft": started,
        "configured": {"soft": configured[0], "hard": configured[1]},
        "as_configured": as_configured,
        "need_daemon_reload": False,
        "own_drop_in": {"present": own, "loaded": own, "removed": removed},
        "restart": {"kills_pods": False, "stops_control_plane": False, "because": []},
    }


# Same hard limit, another soft one: the daemon of the vendor's unit has raised itself.
VENDOR = unit(started=1024, configured=(1024, 524288), own=False)
WRITTEN = unit(outdated=True)
RESTARTED = unit(started=65536)
NO_RESTART = unit(soft=65536, outdated=True)
EQUAL = unit(1048576, 1048576, 1048576, configured=(1048576, 1048576), own=False)
OWN = dict(EQUAL, own_drop_in={"present": True, "loaded": True, "removed": False})
# A daemon of the vendor's unit, 1024:1048576, that raised itself to what the drop-in says: only containers show what it hands out.
UNFINISHED = dict(OWN, outdated=True, started_soft=None)
KILLED = unit(outdated=True, configured=(1024, 524288), own=False, as_configured=None, removed=True)
REMOVED = unit(outdated=True, configured=(1024, 524288), own=False, as_configured=None)
# name: (state, nofile, found, now, before, restarts)
CASES = {
    "raised, foreseen": ("present", "65536:524288", VENDOR, VENDOR, True, 1),
    "raised, the drop-in is written": ("present", "65536:524288", VENDOR, WRITTEN, False, 1),
    "raised, proved after the restart": ("present", "65536:524288", VENDOR, RESTARTED, False, 0),
    "raised, a second run foresees": ("present", "65536:524288", RESTARTED, RESTARTED, True, 0),
    "raised, a second run": ("present", "65536:524288", RESTARTED, RESTARTED, False, 0),
    "raised, after a run that was killed": ("present", "65536:524288", WRITTEN, WRITTEN, True, 1),
    "raised, when nothing tells": ("present", "65536:524288", unit(outdated=None), unit(outdated=None), False, 0),
    "not raised, and right": ("present", "65536:524288", unit(soft=65536, own=False, started=65536), NO_RESTART, False, 0),
    "not raised, and right, again": ("present", "65536:524288", NO_RESTART, NO_RESTART, True, 0),
    "another hard limit": ("present", "65536:524288", unit(hard=4096, soft=4096), WRITTEN, True, 1),
    "one number, and right": ("present", 1048576, EQUAL, EQUAL, True, 0),
    "one number, and right, written": ("present", 1048576, EQUAL, dict(EQUAL, outdated=True, started_soft=None), False, 0),
    "one number, raised up to it": ("present", 1048576, dict(EQUAL, started_soft=1024), dict(EQUAL, started_soft=1024), True, 1),
    "one number, raised up to it, written": ("present", 1048576, dict(EQUAL, started_soft=1024), dict(EQUAL, outdated=True, started_soft=None), False, 1),
    "one number, raised up to it, restarted": ("present", 1048576, dict(EQUAL, started_soft=1024), OWN, False, 0),
    "one number, a run was killed, foreseen": ("present", 1048576, UNFINISHED, UNFINISHED, True, 1),
    "one number, a run was killed": ("present", 1048576, UNFINISHED, UNFINISHED, False, 1),
    "one number, a run was killed, restarted": ("present", 1048576, UNFINISHED, OWN, False, 0),
    "one number, a second run": ("present", 1048576, UNFINISHED, UNFINISHED, True, 0),
    "one number, a second run without containers": ("present", 1048576, UNFINISHED, UNFINISHED, True, 0),
    "one number, a file of somebody else": ("present", 1048576, dict(EQUAL, outdated=True), dict(EQUAL, outdated=True), True, 0),
    "one number, and right, written, older containers": ("present", 1048576, EQUAL, UNFINISHED, False, 0),
    "one number, and right, again, other containers": ("present", 1048576, OWN, OWN, True, 0),
    "absent, foreseen": ("absent", "65536:524288", RESTARTED, RESTARTED, True, 1),
    "absent, the drop-in is removed": ("absent", "65536:524288", RESTARTED, REMOVED, False, 1),
    "absent, proved after the restart": ("absent", "65536:524288", RESTARTED, VENDOR, False, 0),
    "absent, a second run": ("absent", "65536:524288", VENDOR, VENDOR, True, 0),
    "absent, after a run that was killed": ("absent", "65536:524288", KILLED, KILLED, True, 1),
    "absent, never ours": ("absent", "65536:524288", REMOVED, REMOVED, True, 0),
    "absent, other files were written": ("absent", 1048576, REMOVED, REMOVED, False, 0),
}
# The soft limit that containers were seen with; none of the others has any.
HANDED = {
    "one number, a run was killed, foreseen": 1024,
    "one number, a run was killed": 1024,
    "one number, a run was killed, restarted": 1024,
    "one number, a second run": 1048576,
    "one number, a file of somebody else": 1024,
    "one number, and right, written, older containers": 1024,
    "one number, and right, again, other containers": 1024,
}


def runtimes(name):
    handed = {"soft": HANDED[name], "pid": 4101, "name": "pause"} if name in HANDED else None
    # A dockerd beside it starts no shim.
    return [{"unit": "containerd.service", "handed": handed}, {"unit": "docker.service", "handed": None}]


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runtime_limits")
    (folder / "play.yml").write_text(PLAY.format(role=os.path.join(ROOT, "roles", "runtime_limits")))
    names = ("state", "nofile", "found", "now", "before")
    cases = [dict(zip(names, CASES[name][:5]), name=name, runtimes=runtimes(name)) for name in sorted(CASES)]
    return playbook(folder, str(folder / "play.yml"), "w1 %s\n" % LIVE, "-e", json.dumps({"cases": cases}))


@pytest.mark.parametrize("name", sorted(CASES))
def test_restarts(told, name):
    assert '"msg": "%s: %d"' % (name, CASES[name][5]) in told.text, told.all


# The role as a whole: each host is a case, whose facts follow a script, one answer for each time that the role reads them; the last stays.
INFO = """
import json

from ansible.plugins.action import ActionBase


class ActionModule(ActionBase):
    def run(self, tmp=None, task_vars=None):
        with open(task_vars["kernel"] + "/readings", "a+") as stream:
            stream.write("x")
            read = stream.tell()
        return dict(json.loads(json.dumps(task_vars["answers"][:read][-1])), changed=False)
"""
# A folder plays the kernel: its fs.nr_open is what a daemon that is restarted now could be given.
SYSTEMCTL = """#!/bin/sh
case $1 in
    show) echo LoadState=loaded; echo ActiveState=active; echo SubState=running ;;
    restart) echo "fs.nr_open was $(cat "$KERNEL/fs.nr_open")" >>"$KERNEL/restarted" ;;
esac
"""
SYSCTL = """#!/bin/sh
case $1 in
    -w) echo "${2#*=}" >"$KERNEL/${2%%=*}" ;;
    *) cat "$KERNEL/$3" ;;
esac
"""
ROLE_PLAY = """
- hosts: all
  gather_facts: false
  environment: {PATH: "%s:/usr/sbin:/usr/bin:/sbin:/bin", KERNEL: "{{ kernel }}", ANSIBLE_ASYNC_DIR: "{{ kernel }}"}
  tasks:
    - ansible.builtin.include_role:
        name: nodemend.kubernetes.runtime_limits
"""
SHORT = dict(EQUAL, soft=1024, hard=4096, started_soft=1024, configured={"soft": 1024, "hard": 4096})
SET = dict(SHORT, configured=EQUAL["configured"], own_drop_in=OWN["own_drop_in"], started_soft=None, outdated=True)

UNTOLD = dict(SHORT, restart={"kills_pods": None, "stops_control_plane": False, "because": ["dockerd may stop its containers on a restart"]})


def facts(now=None, ceiling=2097152, may_raise=True, **more):
    """What runtime_limits_info returns; now is the unit of the host's only runtime."""
    limits = {"nr_open": ceiling, "manager_hard": 524288, "may_raise": may_raise, "ceiling": ceiling if may_raise else 524288}
    runtimes = [{"name": "containerd", "unit": "containerd.service", "handed": None}]
    return dict({"runtime_limits": {"runtime_units": [now] if now else [], "runtimes": runtimes, "nofile_ceiling": limits}, "unavailable": {}}, **more)


def unreadable():
    lack = {"reason": "NeedsRoot", "message": "/proc/811/limits can be read by root only"}
    answer = facts(unavailable={"runtimes": lack, "runtime_units": lack})
    answer["runtime_limits"].update(runtimes=None, runtime_units=None)
    return answer


def taken(now, written=None, **more):
    """The role reads before it changes anything, once its files are written, once systemd has read them, and after the restart."""
    written = written or SET
    return [facts(unit, **more) for unit in (SHORT, written, written, now)]


RAISE = {"runtime_limits_raise_nr_open": True}
AT_MOST = "Set runtime_limits_nofile to %d at the most (and runtime_limits_minimum_nofile no higher)%s."
OR_RAISE = AT_MOST % (1048575, ", or runtime_limits_raise_nr_open to true")
NO_MORE = "the hard limit of PID 1 is 524288, which it may not exceed (no CAP_SYS_RESOURCE). " + AT_MOST % (524288, "")
STRANGE = "runtime_limits_runtimes: ../cri o, a;b is not valid; give units or runtimes, for example containerd.service or cri-o, of letters, digits"
# name: (variables, answers, what is said)
REFUSED = {
    "unreadable": ({}, [unreadable()], "could not be read, so nothing was changed: /proc/811/limits can be read by root only."),
    "by-hand": ({}, [facts()], "containerd runs here, but no systemd unit starts it for the kubelet"),
    "upside-down": ({"runtime_limits_nofile": "1048576:65536"}, [facts(SHORT)], "runtime_limits_nofile: 1048576:65536 is not valid"),
    "too-low": ({"runtime_limits_nofile": "1024:65535"}, [facts(SHORT)], "1024:65535 is below runtime_limits_minimum_nofile (65536)."),
    "above-nr-open": ({"runtime_limits_raise_nr_open": "false"}, [facts(SHORT, ceiling=1048575)], OR_RAISE),
    "strange-name": ({"runtime_limits_runtimes": "containerd, ../cri o,a;b"}, [facts(SHORT)], STRANGE),
    "strange-names": ({"runtime_limits_runtimes": ["a/b"]}, [facts(SHORT)], "runtime_limits_runtimes: a/b is not valid"),
    "nobody-knows": ({}, [facts(UNTOLD)], "and that is not safe: dockerd may stop its containers on a restart."),
    "in-a-container": (RAISE, [facts(SHORT, may_raise=False)], NO_MORE),
}
NEW = "containerd.service runs with the new limit. Containers that were running before keep the old one until their pods are recreated"
NOT_TAKEN = "The limit did not take. containerd.service %s, its configuration says 1048576:1048576. This host gives 2097152 at the most"
OVERRULED = dict(SET, configured={"soft": 2048, "hard": 4096}, drop_ins=["/etc/a.conf", "/etc/zzz.conf"])
LAST_WORD = "is still configured for 2048:4096 open files instead of 1048576: a drop-in read after zz-nodemend.conf overrules it"
CHANGED = {
    "taken": ({}, taken(OWN), NEW),
    "lower": ({}, taken(dict(SET, active=True)), NOT_TAKEN % "runs with 1024:4096"),
    "empty": ({}, taken(dict(SET, soft=None, hard=None, active=True)), NOT_TAKEN % "is active, but no runtime is in it yet"),
    "down": ({}, taken(dict(SET, soft=None, hard=None, active=False)), NOT_TAKEN % "is not running"),
    "overruled": ({}, taken(OVERRULED, written=OVERRULED), LAST_WORD),
    "raised": (RAISE, taken(OWN, ceiling=1048575), NEW),
    "raised-before": (RAISE, taken(OWN, ceiling=1048576), NEW),
    "high-enough": (RAISE, taken(OWN, ceiling=1048577), NEW),
    "named": ({"runtime_limits_runtimes": "containerd, cri-o ,"}, taken(OWN), NEW),
    "named-empty": ({"runtime_limits_runtimes": ""}, taken(OWN), NEW),
}


class Played:
    """What the role has said to each host, and left in the folder that plays its kernel."""

    def __init__(self, folder, cases):
        target = staged(folder, "roles/runtime_limits")
        (target / "plugins" / "action" / "runtime_limits_info.py").write_text(INFO)
        for path in (target / "roles" / "runtime_limits" / "tasks").iterdir():
            text = path.read_text().replace("/etc/systemd/system/", "{{ kernel }}/").replace("/var/lib/nodemend/", "{{ kernel }}/kept/")
            path.write_text(re.sub(" +(owner|group): root\n", "", text))
        (folder / "bin").mkdir()
        for name, text in (("systemctl", SYSTEMCTL), ("sysctl", SYSCTL)):
            (folder / "bin" / name).write_text(text)
            (folder / "bin" / name).chmod(0o755)
        self.folder = folder
        hosts = {}
        for name, (variables, answers, unused) in cases.items():
            (folder / name).mkdir()
            (folder / name / "fs.nr_open").write_text("%d\n" % answers[0]["runtime_limits"]["nofile_ceiling"]["nr_open"])
            hosts[name] = dict(variables, answers=answers, kernel=str(folder / name), ansible_connection="local")
        (folder / "play.yml").write_text(ROLE_PLAY % (folder / "bin"))
        words = {"__runtime_limits_sysctl_file": "{{ kernel }}/sysctl.conf", "runtime_limits_restart_timeout": 2}
        inventory = json.dumps({"all": {"hosts": hosts}})
        self.run = playbook(folder, str(folder / "play.yml"), inventory, "-e", json.dumps(words), collections=folder / "collections")

    def said(self, name):
        """The last message that the host was given."""
        pattern = r'(?:fatal: \[%s\]: FAILED! => {.*|ok: \[%s\] => {\s+)"msg": (".*?")}?$' % (name, name)
        return json.loads(re.findall(pattern, self.run.text, re.MULTILINE)[-1])

    def left(self, name, file):
        path = self.folder / name / file
        return path.read_text() if path.exists() else None


@pytest.fixture(scope="module")
def refused(tmp_path_factory):
    return Played(tmp_path_factory.mktemp("refused"), REFUSED)


@pytest.fixture(scope="module")
def changed(tmp_path_factory):
    return Played(tmp_path_factory.mktemp("changed"), CHANGED)


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_what_cannot_be_done_is_refused_before_anything_is_changed(refused, name):
    assert REFUSED[name][2] in refused.said(name), refused.run.all
    assert {path.name for path in (refused.folder / name).iterdir()} <= {"fs.nr_open", "readings"}


@pytest.mark.parametrize("name", sorted(CHANGED))
def test_what_the_role_says_at_its_end(changed, name):
    assert CHANGED[name][2] in changed.said(name), changed.run.all


def test_where_another_drop_in_has_the_last_word_nothing_is_restarted(changed):
    assert changed.said("overruled").endswith("systemd reads /etc/a.conf, /etc/zzz.conf.")
    assert changed.left("overruled", "containerd.service.d/zz-nodemend.conf").endswith("\nLimitNOFILE=1048576\n")
    assert (changed.left("overruled", "restarted"), changed.left("lower", "restarted")) == (None, "fs.nr_open was 2097152\n")


@pytest.mark.parametrize("name, units", [("named", ["containerd", "crio"]), ("named-empty", ["containerd"])])
def test_a_text_names_units_as_a_list_does(changed, name, units):
    folders = [path.name for path in (changed.folder / name).iterdir() if path.name.endswith(".d")]
    assert sorted(folders) == [unit + ".service.d" for unit in units], changed.run.all


@pytest.mark.parametrize(
    "name, file, value",
    [
        ("raised", "fs.nr_open=1048576\n", 1048576),
        # The file says for the next boot what is true now.
        ("raised-before", "fs.nr_open=1048576\n", 1048576),
        ("high-enough", None, 1048577),
        # Nobody has asked for it.
        ("taken", None, 2097152),
    ],
)
def test_fs_nr_open_is_raised_before_the_restart_where_it_is_lower(changed, name, file, value):
    assert changed.left(name, "sysctl.conf") == file, changed.run.all
    assert changed.left(name, "restarted") == "fs.nr_open was %d\n" % value
