"""What the pages show works: plays set only variables that there are, filters find what they are for, inventories hold what they say."""

import json
import os
import re
import shutil
import subprocess

import pytest
import yaml
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.nodemend.kubernetes.plugins.plugin_utils._variables import OPERATORS
from conftest import LIVE, ROOT, playbook
from test_completeness import ROLES, load, tasks_of, text

SCAN = "nodemend.kubernetes.scan"
FOLDERS = (".", "docs", "docs/conditions", *("roles/" + role for role in ROLES))
PAGES = sorted(
    os.path.normpath(os.path.join(folder, name))
    for folder in FOLDERS
    for name in os.listdir(os.path.join(ROOT, folder))
    if name.endswith(".md") and name != "CHANGELOG.md"
)
ENTRIES = {role: load("roles", role, "meta", "argument_specs.yml")["argument_specs"] for role in ROLES}
INCLUDES = ("ansible.builtin.include_role", "ansible.builtin.import_role")
# What may stand beside a role's name in a play and is no variable.
KEYWORDS = {"role", "vars", "when", "tags"}


def owner(name):
    """The role whose prefix a variable has: of calico_ and calico_ipam_ the longer."""
    return max((role for role in ROLES if name.startswith(role + "_")), key=len, default=None)


def options(role, entry="main"):
    return ENTRIES[role][entry]["options"]


def known(name):
    """Whether an operator or a play may set it."""
    return name in OPERATORS or name.startswith("ansible_") or owner(name) is not None and name in options(owner(name))


def uses(play):
    """Yield (role, entry point, variables in sight) for each role that a play of a page uses."""
    own = play.get("vars", {})
    for item in play.get("roles", []):
        item = item if isinstance(item, dict) else {"role": item}
        beside = {name: value for name, value in item.items() if name not in KEYWORDS}
        yield item["role"], "main", {**own, **item.get("vars", {}), **beside}
    for task, around in within(play.get("tasks", []), own):
        for include in INCLUDES:
            if include in task:
                yield task[include]["name"], task[include].get("tasks_from", "main"), around


def within(tasks, around):
    """Yield (task, its variables and those of what is around it)."""
    for task in tasks:
        seen = {**around, **task.get("vars", {})}
        yield task, seen
        for part in ("block", "rescue", "always"):
            yield from within(task.get(part, []), seen)


def complaints(play):
    """What is wrong with the variables of a play: names that nothing reads, and values that a role refuses. Of templates only the name is known."""
    used = [(name.removeprefix("nodemend.kubernetes."), entry, given) for name, entry, given in uses(play)]
    tasks = list(tasks_of(play.get("tasks", [])))
    names = set(play.get("vars", {})).union(*(task.get("vars", {}) for task in tasks), *(given for unused, unused, given in used))
    readers = set().union(*(options(role, entry) for role, entry, unused in used))
    wrong = ["nothing reads %s" % name for name in sorted(names) if name not in readers and name not in OPERATORS]
    for role, entry, given in used:
        values = {name: value for name, value in given.items() if name in options(role, entry) and "{{" not in str(value)}
        spec = {name: dict(option, required=option.get("required") and name not in given) for name, option in options(role, entry).items()}
        wrong += ArgumentSpecValidator(spec).validate(values).error_messages
    return wrong


def blocks(page, language):
    return re.findall(r"^```%s\n(.*?)^```" % language, text(page), re.MULTILINE | re.DOTALL)


def is_play(document):
    return isinstance(document, list) and "hosts" in document[0]


@pytest.mark.parametrize("page", PAGES)
def test_plays(tmp_path, page):
    for document in map(yaml.safe_load, blocks(page, "yaml")):
        if is_play(document):
            (tmp_path / "play.yml").write_text(yaml.safe_dump(document))
            run = playbook(tmp_path, "play.yml", "here %s\n" % LIVE, "--syntax-check")
            assert run.rc == 0, run.all
            assert [complaints(play) for play in document] == [[]] * len(document)
        elif isinstance(document, dict):  # variables
            assert [name for name in document if not known(name)] == []


@pytest.mark.parametrize(
    "play, wrong",
    [
        ({"roles": [{"role": "kernel", "vars": {"kernel_reboot_okay": True}}]}, "nothing reads kernel_reboot_okay"),
        ({"roles": [{"role": "kernel_sysctls", "kernel_sysctl_inotify_instances": 1}]}, "nothing reads kernel_sysctl_inotify_instances"),
        ({"tasks": [{"block": [{INCLUDES[0]: {"name": "kernel"}}], "vars": {"kernel_source": "nowhere"}}]}, "value of kernel_source must be one of: .*"),
        ({"tasks": [{INCLUDES[0]: {"name": "maintenance", "tasks_from": "lock"}}], "vars": {"maintenance_force": True}}, "nothing reads maintenance_force"),
    ],
)
def test_a_play_that_would_not_do_what_it_says_is_seen(play, wrong):
    (said,) = complaints(play)
    assert re.match(wrong, said)


@pytest.mark.parametrize("page", PAGES)
def test_variables_that_commands_and_tables_name(page):
    given = re.findall(r"-e '?(?:\{\s*\"?)?(\w+)[=\"]", text(page)) + re.findall(r"(?<!-p )'\{\"(\w+)\":", text(page))
    assert [name for name in given if not known(name)] == []
    rows = "".join(re.findall(r"^\| (`[^|]*) \|", text(page), re.MULTILINE)) if page.startswith("roles/") else ""
    role = page.split("/")[-2] if rows else None
    assert [name for name in re.findall(r"`(\w+)`", rows) if name.startswith(role + "_") and name not in options(role)] == []


@pytest.mark.parametrize("page", PAGES)
def test_links_between_pages_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", text(page)):
        if "://" not in target:
            assert os.path.exists(os.path.join(ROOT, os.path.dirname(page), target)), target


EVICTED = {"metadata": {"namespace": "web", "name": "front"}, "spec": {"nodeName": "w1"}, "status": {"reason": "Evicted", "message": "low on memory"}}
SECONDARY = [{"node": "w1", "namespace": "web", "pod": "own"}, {"node": "w2", "namespace": "web", "pod": "borrower"}, {}]
BLOCK = {"spec": {"cidr": "192.0.2.0/26", "affinity": "host:w1", "attributes": [{"secondary": item} for item in SECONDARY]}}
# What a page's filter is given, and what it finds there; the report of a scan is written by one.
FILTERED = {
    "docs/guide_scan.md": (None, "runtime_nofile_low w1,w2"),
    "docs/conditions/evicted_pods_accumulated.md": ({"items": [EVICTED, {"status": {}}]}, "web\tfront\tw1\tlow on memory"),
    "docs/conditions/calico_address_borrowed.md": ({"items": [BLOCK]}, "192.0.2.0/26\thost:w1\tw2\tweb\tborrower"),
}


@pytest.mark.skipif(not shutil.which("jq"), reason="jq is not installed")
@pytest.mark.parametrize("page", FILTERED)
def test_what_the_filters_of_the_pages_find(stage, tmp_path, page):
    (wanted,) = re.findall(r"jq -r '(.*?)'", text(page), re.DOTALL)
    given, answer = FILTERED[page]
    report = tmp_path / "scan.json"
    if given:
        report.write_text(json.dumps(given))
    else:
        low = {"runtime_nofile_low": {}, "kernel_below_minimum": {"status": "at_risk"}}
        stage.run(SCAN, {"w1": {"faulty": low}, "w2": {"faulty": low}}, "-e", "nodemend_report=%s" % report)
    assert subprocess.run(["jq", "-r", wanted, str(report)], check=True, capture_output=True, text=True).stdout == answer + "\n"


def test_no_filter_is_left_out():
    assert {page for page in PAGES if "jq -r" in text(page)} == set(FILTERED)


# Groups and their hosts, as each file shows them.
INVENTORIES = {
    "k3s.yml": {"server": ["192.0.2.11"], "agent": ["192.0.2.12", "192.0.2.13"]},
    "kubeadm.yml": {
        "control_plane": ["cp%d.example.org" % number for number in (1, 2, 3)],
        "workers": ["worker%02d.example.org" % number for number in range(1, 13)],
        "legacy_workers": ["old1.example.org", "old2.example.org"],
    },
    "kubekey.ini": {"control_plane": ["master"], "workers": ["node1", "node2"]},
    "kubespray.ini": {"kube_control_plane": ["node1"], "etcd": ["etcd1"], "kube_node": ["node2", "node3"]},
    "rke2.yml": {
        "rke2_servers": ["rke2-server%d.example.org" % number for number in (1, 2, 3)],
        "rke2_agents": ["rke2-agent%d.example.org" % number for number in range(1, 6)],
    },
}


def test_no_inventory_is_left_out():
    assert set(os.listdir(os.path.join(ROOT, "docs", "inventories"))) == set(INVENTORIES)


@pytest.mark.parametrize("name", INVENTORIES)
def test_inventories(name):
    path = os.path.join(ROOT, "docs", "inventories", name)
    done = subprocess.run(["ansible-inventory", "-i", path, "--list"], check=True, capture_output=True, text=True)
    groups = json.loads(done.stdout)
    assert "Unable to parse" not in done.stderr
    assert {group: found["hosts"] for group, found in groups.items() if found.get("hosts") and group != "ungrouped"} == INVENTORIES[name]
    variables = groups["_meta"]["hostvars"]
    assert [host for host, given in variables.items() if [key for key in given if not key.startswith("ansible_") and key != "ip"]] == []
    # A host beyond a jump host is not reached without it: all of them, or none.
    inside = sum(INVENTORIES[name].values(), [])
    assert len({"ansible_ssh_common_args" in variables.get(host, {}) for host in inside}) == 1


def test_the_command_in_the_inventory_of_kubespray_reaches_etcd_and_no_bastion():
    """Hosts of etcd alone are in no other group of kubespray's, and their certificates are judged, too."""
    (command,) = re.findall(r"^# +(ansible-playbook .*)", text("docs", "inventories", "kubespray.ini"), re.MULTILINE)
    folder = os.path.join(ROOT, "docs", "inventories")
    for name in ("scan", "remediate"):
        words = command.replace(SCAN, "nodemend.kubernetes." + name).split()
        done = subprocess.run([*words, "--list-hosts"], cwd=folder, check=True, capture_output=True, text=True)
        plays = [set(re.findall(r"^      (\S+)$", play, re.MULTILINE)) for play in done.stdout.split("  play #")[1:]]
        asked = [play for play in plays if play]
        assert asked and all(play == {"node1", "node2", "node3", "etcd1"} for play in asked), done.stdout
