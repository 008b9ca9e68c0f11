"""Which daemons the role runtime_limits restarts, by its variables over facts that are written here: before a change, after it, and again."""

import json
import os

import pytest
from conftest import LIVE, ROOT, playbook

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
