"""Options that are lists, given as a text (-e name=a,b): an argument specification splits only its own copy, and a role's tasks see the text."""

import json
import os
import re

import pytest
import yaml
from conftest import ROOT, playbook

# option: the role's own variable that holds it as a list
AS_LISTS = {
    "binfmt_platforms": "__binfmt_platforms",
    "binfmt_packages": "__binfmt_given",
    "evicted_pods_owners": "__evicted_pods_owners",
    "kernel_sysctls_conditions": "__kernel_sysctls_chosen",
    "maintenance_before_tasks": "__maintenance_before",
    "maintenance_after_tasks": "__maintenance_after",
    "node_prerequisites_binaries": "__node_prerequisites_binaries",
    "node_prerequisites_modules": "__node_prerequisites_modules",
    "runtime_limits_runtimes": "__runtime_limits_given",
}
OTHERS = {
    "calico_accepted_risks": "the filter calico_plan takes a text, and a name is looked for in either",
    "calico_discard": "the filter calico_plan takes a text",
    "calico_ipam_node_routes": "a list of dictionaries: a text is refused",
}
# The role kernel looks at its lists with tasks of its own.
ROLES = sorted(set(os.listdir(os.path.join(ROOT, "roles"))) - {"kernel"})
GIVEN = {"text": " a, b/c.d ,,", "empty": "", "blanks": " ", "one": "a", "list": ["a", "b/c.d"], "none": []}
EXPECTED = {"text": ["a", "b/c.d"], "empty": [], "blanks": [], "one": ["a"], "list": ["a", "b/c.d"], "none": []}


def options(role):
    with open(os.path.join(ROOT, "roles", role, "meta", "argument_specs.yml"), encoding="utf-8") as stream:
        return yaml.safe_load(stream)["argument_specs"]["main"]["options"]


def role_of(option):
    return max((role for role in ROLES if option.startswith(role + "_")), key=len)


def test_every_list_is_known_here():
    found = {name for role in ROLES for name, option in options(role).items() if option["type"] == "list"}
    assert found == set(AS_LISTS) | set(OTHERS)


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    folder = tmp_path_factory.mktemp("lists")
    files = [os.path.join(ROOT, "roles", role, "vars", "main.yml") for role in sorted({role_of(name) for name in AS_LISTS})]
    tasks = [{"ansible.builtin.debug": {"msg": "%s - {{ inventory_hostname }} - {{ %s | to_json }}" % (name, AS_LISTS[name])}} for name in sorted(AS_LISTS)]
    routes = {"ansible.builtin.include_role": {"name": "nodemend.kubernetes.calico_ipam"}, "vars": {"calico_ipam_node_routes": "name=w1"}}
    play = {"hosts": "all", "gather_facts": False, "vars_files": files, "tasks": tasks}
    last = {"hosts": "one", "gather_facts": False, "tasks": [routes]}
    (folder / "play.yml").write_text(json.dumps([play, last]))
    hosts = {host: dict({name: value for name in AS_LISTS}, ansible_connection="local") for host, value in GIVEN.items()}
    return playbook(folder, str(folder / "play.yml"), json.dumps({"all": {"hosts": hosts}}))


@pytest.mark.parametrize("host", sorted(GIVEN))
@pytest.mark.parametrize("option", sorted(AS_LISTS))
def test_a_text_is_taken_for_a_list(told, option, host):
    (answer,) = re.findall(r'"msg": "%s - %s - (.*)"' % (option, host), told.text) or [told.all]
    assert json.loads(answer.replace('\\"', '"')) == EXPECTED[host]


def test_a_text_that_passes_for_a_list_of_dictionaries_is_refused(told):
    assert "calico_ipam_node_routes: name=w1 is a text; give the list that scans have told." in told.text, told.all


@pytest.mark.parametrize("option", sorted(AS_LISTS))
def test_no_task_takes_the_option_itself(option):
    """In a template or a condition; a message may name it."""
    folder = os.path.join(ROOT, "roles", role_of(option), "tasks")
    for name in sorted(os.listdir(folder)):
        with open(os.path.join(folder, name), encoding="utf-8") as stream:
            text = stream.read()
        assert not re.search(r"\{\{[^}]*(?<!\w)%s(?!\w)[^}]*\}\}" % option, text), name
        assert not re.search(r"(?m)^ +(?:when: |- )[^#\n]*(?<!\w)%s(?!\w)" % option, text), name
