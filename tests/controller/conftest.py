"""Runs the collection's playbooks on this controller, against hosts that are there, dead, or played by a stub."""

import json
import os
import re
import shutil
import subprocess
import sys

import pytest
from stub_scan import ROLES

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(ROOT, ".cache"))  # the copy that ansible_collections are imported from
# Nothing listens on port 1, so the connection is refused at once.
DEAD = "ansible_host=127.0.0.1 ansible_port=1 ansible_connection=ssh"
LIVE = "ansible_connection=local"


class Run:
    """What one ansible-playbook printed and how it ended."""

    def __init__(self, done):
        self.rc = done.returncode
        self.text = done.stdout
        self.all = done.stdout + done.stderr


def playbook(directory, name, inventory, *words, collections=None, become="false"):
    """Run a playbook of the collection over an inventory text; return its Run."""
    hosts = directory / "hosts"
    hosts.write_text(inventory)
    environment = dict(
        os.environ,
        ANSIBLE_NOCOLOR="1",
        ANSIBLE_HOST_KEY_CHECKING="false",
        ANSIBLE_TIMEOUT="5",
        ANSIBLE_PYTHON_INTERPRETER=shutil.which("python3"),
        COLUMNS="500",
        PYTHONPATH=os.path.join(HERE, "python"),
    )
    if collections:
        environment["ANSIBLE_COLLECTIONS_PATH"] = "%s:%s" % (collections, environment["ANSIBLE_COLLECTIONS_PATH"])
    command = ["ansible-playbook", "-i", str(hosts), name, *words]
    if become is not None:
        command += ["-e", "nodemend_become=%s" % become]
    done = subprocess.run(command, env=environment, cwd=str(directory), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=300, check=False)
    return Run(done)


def staged(directory, *parts):
    """Copy the collection, as far as it is plugins and these parts ("roles/calico"), to directory/collections; return where it lies there.

    Tests play modules and roles by others, which they write over its own.
    """
    target = directory / "collections" / "ansible_collections" / "nodemend" / "kubernetes"
    for name in ("meta", "plugins", *parts):
        shutil.copytree(os.path.join(ROOT, name), str(target / name))
    shutil.copy(os.path.join(ROOT, "galaxy.yml"), str(target))
    return target


def played(target, roles, modules, stub):
    """Have a stub, the text of an action, play these modules of the collection, and in these roles those of Ansible that would reach for this machine."""
    for path in (path for name in roles for path in (target / "roles" / name / "tasks").iterdir()):
        path.write_text(re.sub(r"ansible\.builtin\.(command|copy|find|slurp|stat):", "nodemend.kubernetes.stub:", path.read_text()))
    for module in (*modules, "stub"):
        (target / "plugins" / "action" / (module + ".py")).write_text(stub)


ROLE = """
- name: Play the role %s
  nodemend.kubernetes.node_condition_info:
    role: "{{ nodemend_remedy }}"
  register: played

- name: Report
  ansible.builtin.set_fact:
    kernel_reboot_required: "{{ played.reboot }}"
  when: nodemend_remedy == 'kernel'
"""


class Stage:
    """The collection's own playbooks and actions, with hosts and roles that follow a script.

    The scan's answer for each host, and what its roles do, stand in a JSON file; what ran is written to a log.
    """

    def __init__(self, directory):
        self.directory = directory
        self.state = directory / "state.json"
        self.log = directory / "log"
        self.log.write_text("")
        self.collections = directory / "collections"
        target = staged(directory, "playbooks")
        shutil.copy(os.path.join(HERE, "stub_scan.py"), str(target / "plugins" / "action" / "node_condition_info.py"))
        shutil.copy(os.path.join(HERE, "stub_cluster.py"), str(target / "plugins" / "action" / "cluster_condition_info.py"))
        for name in ROLES:
            tasks = target / "roles" / name / "tasks"
            tasks.mkdir(parents=True)
            # One role may play two remedies; the log has the remedy's name.
            (tasks / "main.yml").write_text(ROLE % name)
        for name, entry in (("iptables_backend", "ask"), ("kernel", "prepare")):
            asked = "- name: Play the answer\n  nodemend.kubernetes.node_condition_info:\n    role: asks %s\n" % name
            (target / "roles" / name / "tasks" / (entry + ".yml")).write_text(asked)
        shutil.copytree(os.path.join(HERE, "stub_maintenance"), str(target / "roles" / "maintenance" / "tasks"))

    def run(self, name, hosts, *words, become="false", outside=None):
        """hosts: {name: {faulty: {condition: verdict keys}, dead: "always" or the step after which it is, fails: [steps], node: {}, no_become: true,
        heard: [variables whose values its roles write to the log], reboot: whether its kernel waits for one,
        dead_after or hangs_after: a line of the log, dies_when_asked or hangs_when_asked: true, variables: {of its own},
        api: "down", "bug" or {faulty: {condition: verdict keys}, nodes: [names], addresses: {name: [addresses]}, seen: {what else}}}}

        A step is a remedy, or one of stub_maintenance. outside: more of them that are not in the inventory."""
        self.state.write_text(json.dumps(dict(hosts, **(outside or {}))))
        own = {host: "".join(" %s=%s" % item for item in script.get("variables", {}).items()) for host, script in hosts.items()}
        inventory = "".join("%s %s%s\n" % (host, LIVE, own[host]) for host in hosts)
        variables = {"stub_state": str(self.state), "stub_log": str(self.log)}
        return playbook(self.directory, name, inventory, "-e", json.dumps(variables), *words, collections=self.collections, become=become)

    def ran(self):
        """What the roles did, in order: "host role"."""
        return self.log.read_text().split("\n")[:-1]

    def scanned(self):
        """The hosts whose module was called, one for each call, by name."""
        return sorted((self.directory / "log.scans").read_text().split())


@pytest.fixture
def stage(tmp_path):
    return Stage(tmp_path)
