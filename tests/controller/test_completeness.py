"""Every condition has its page, table, choice, role and scenario; nothing is left over; one default has one source."""

import ast
import os
import re
import subprocess
import sys

import jinja2
import jinja2.meta
import pytest
import yaml
from ansible_collections.nodemend.kubernetes.plugins.module_utils import _ansible, _catalogue, _cluster_catalogue, _module, _option, _subject_catalogue
from ansible_collections.nodemend.kubernetes.plugins.module_utils._condition import as_dict, faulty, parameters
from ansible_collections.nodemend.kubernetes.plugins.plugin_utils import _command, _remedies
from ansible_collections.nodemend.kubernetes.plugins.plugin_utils._variables import OPERATORS, OWN
from conftest import ROOT

CONDITIONS = _catalogue.CONDITIONS + _cluster_catalogue.CONDITIONS
FACTS = dict(_subject_catalogue.FACTS, **_cluster_catalogue.FACTS)
THRESHOLDS = dict(_catalogue.THRESHOLDS, **_cluster_catalogue.THRESHOLDS)
SOURCES = os.path.join(ROOT, "plugins", "module_utils")
GIVEN = set(_cluster_catalogue.OPTIONS) | set(THRESHOLDS) | {"host", "now", "kubectl_client"}
# The role's variable is the one source of a threshold; scan.yml passes it on.
ROLE_VARIABLES = {
    "minimum_nofile": ("runtime_limits", "runtime_limits_minimum_nofile"),
    "minimum_kernel_version": ("kernel", "kernel_minimum_version"),
    "binfmt_platforms": ("binfmt", "binfmt_platforms"),
    # No role has these: the default is the module's.
    "maximum_surplus_rules": (None, "nodemend_maximum_surplus_rules"),
    "container_minimum_nofile": (None, "nodemend_container_minimum_nofile"),
    "certificate_expiry_days": (None, "nodemend_certificate_expiry_days"),
    "expected_ports": (None, "nodemend_expected_ports"),
}
# kubespray and other inventories define variables with these prefixes; ours must not collide with theirs.
ROLES = sorted(name for name in os.listdir(os.path.join(ROOT, "roles")) if not name.startswith("."))


def stems(*path):
    """Names without ending of the files in a folder, private helpers and packages aside."""
    names = [os.path.splitext(name) for name in os.listdir(os.path.join(ROOT, *path))]
    return {stem for stem, ending in names if ending in (".py", ".md") and not stem.startswith("__")}


def text(*path):
    with open(os.path.join(ROOT, *path), encoding="utf-8") as stream:
        return stream.read()


def load(*path):
    return yaml.safe_load(text(*path))


def documentation(module):
    """The DOCUMENTATION, EXAMPLES and RETURN of a module, without importing it."""
    tree = ast.parse(text("plugins", "modules", module + ".py"))
    assigned = [node for node in tree.body if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)]
    texts = {node.targets[0].id: node.value for node in assigned}
    return {name: yaml.safe_load(texts[name].value) for name in ("DOCUMENTATION", "EXAMPLES", "RETURN")}


def defaults_of(role):
    return load("roles", role, "defaults", "main.yml") or {}


def options_of(role):
    return load("roles", role, "meta", "argument_specs.yml")["argument_specs"]["main"]["options"]


@pytest.mark.parametrize("condition", CONDITIONS, ids=lambda condition: condition.id)
class TestCondition:
    def test_its_file_has_its_name(self, condition):
        assert condition.evaluate.__module__.rpartition(".")[2] == condition.id

    def test_its_page_states_its_type_and_its_page_and_tests_every_reason_of_its_code(self, condition):
        page, tests = text(*condition.docs.split("/")), text("tests", "unit", "conditions", "test_%s.py" % condition.id)
        assert condition.type in page
        code = text("plugins", "module_utils", "_conditions", condition.id + ".py")
        for reason in re.findall(r"\b(?:ok|faulty|at_risk|unknown|not_applicable)\(\s*\"(\w+)\"", code):
            assert reason in page, "docs do not explain the reason %s" % reason
            assert '"%s"' % reason in tests, "no test has the reason %s" % reason

    def test_it_has_a_table(self, condition):
        assert "test_%s" % condition.id in stems("tests", "unit", "conditions")

    def test_its_needs_are_known(self, condition):
        for name in sum(parameters(condition.evaluate), ()):
            assert name in GIVEN or name in FACTS

    def test_its_role_exists_with_a_scenario_of_the_same_name(self, condition):
        if condition.role is None:
            assert condition.remedy_scope is None and condition.remediate_on is None
            return
        namespace, collection, role = condition.role.split(".")
        assert (namespace, collection) == ("nodemend", "kubernetes")
        for path in ("README.md", "defaults/main.yml", "meta/argument_specs.yml", "meta/main.yml", "tasks/main.yml"):
            assert os.path.exists(os.path.join(ROOT, "roles", role, path)), path
        scenarios = [os.path.join(ROOT, "molecule", *folder, role, "molecule.yml") for folder in ((), ("cluster",))]
        assert any(os.path.exists(path) for path in scenarios)
        assert condition.remediate_on in ("faulty", "at_risk", "request")
        assert condition.disruption in ("none", "restart", "drain", "reboot")
        remedy = next(item for item in _remedies.REMEDIES if item.name == _remedies.name_of(condition.id, condition.role))
        assert remedy.role == role
        assert (condition.id in _remedies.PARTS) == bool(condition.variables)
        for name, value in condition.variables.items():
            (play,) = [play for play in load("playbooks", "remediate.yml") if play.get("vars", {}).get("nodemend_remedy") == remedy.name]
            assert play["vars"][name] == value
        # The plan decides by it in which kind of play the remedy runs.
        moves = condition.disruption in ("drain", "reboot")
        place = _remedies.CLUSTER if condition.remedy_scope == "cluster" else _remedies.MAINTENANCE if moves else _remedies.HOST
        assert place in remedy.places


def test_no_condition_page_or_table_is_left_over():
    ids = {condition.id for condition in CONDITIONS}
    assert stems("plugins", "module_utils", "_conditions") == ids
    assert stems("docs", "conditions") == ids
    assert {stem for stem in stems("tests", "unit", "conditions") if stem != "conftest"} == {"test_" + name for name in ids}


def test_every_fact_is_in_a_catalogue_and_declares_what_it_touches():
    assert stems("plugins", "module_utils", "_facts") == set(FACTS)
    for name, module in FACTS.items():
        assert isinstance(module.SOURCES, tuple), name
        assert module.__doc__.startswith("Fact: "), name
        for parameter in sum(parameters(module.collect), ()):
            assert parameter in GIVEN or parameter in FACTS, "%s needs %s" % (name, parameter)
        assert "test_%s" % name in stems("tests", "unit", "facts")


def test_no_option_shares_a_name_with_a_fact():
    assert not GIVEN & set(FACTS)


def test_the_documented_choices_are_the_catalogue():
    for module, catalogue in (("node_condition_info", _catalogue), ("cluster_condition_info", _cluster_catalogue)):
        choices = documentation(module)["DOCUMENTATION"]["options"]["conditions"]["choices"]
        assert choices == sorted(condition.id for condition in catalogue.CONDITIONS)


@pytest.mark.parametrize("module", sorted(name for name in stems("plugins", "modules") if name.endswith("_info")))
def test_a_sample_of_a_verdict_is_one_that_can_be(module):
    told = documentation(module)["RETURN"]
    for found in told.get("conditions", {}).get("sample", []):
        condition = next(item for item in CONDITIONS if item.id == found["condition"])
        assert found == as_dict(condition, faulty(found["reason"], found["message"], **found["evidence"]))
        assert told["faulty"]["sample"] == [condition.id]
        assert found["reason"] in text(*condition.docs.split("/"))


def test_each_scope_has_its_catalogue():
    assert {condition.scope for condition in _catalogue.CONDITIONS} == {"node"}
    assert {condition.scope for condition in _cluster_catalogue.CONDITIONS} <= {"cluster"}
    assert not set(_subject_catalogue.FACTS) & set(_cluster_catalogue.FACTS)
    assert not set(_subject_catalogue.EXTRA) & set(_catalogue.FACTS)


def test_the_catalogue_of_a_node_holds_the_facts_that_a_scan_needs_and_no_other():
    needed = set(_module.RETURNED) | {"journal_phrases"}  # the latter with symptoms: true
    todo = [condition.evaluate for condition in _catalogue.CONDITIONS] + [_subject_catalogue.FACTS[name].collect for name in needed]
    while todo:
        found = set(sum(parameters(todo.pop()), ())) & set(_subject_catalogue.FACTS) - needed
        needed |= found
        todo += [_subject_catalogue.FACTS[name].collect for name in found]
    assert needed == set(_catalogue.FACTS)


def test_a_scan_is_not_sent_what_only_a_subject_returns():
    """AnsiballZ sends what imports reach, a helper that a needed fact takes from another fact's file included."""
    package = _catalogue.__name__.rpartition(".")[0]
    program = "import sys, %s._module; print(*[name for name in sys.modules if name.startswith(%r)])" % (package, package + "._facts.")
    path = os.pathsep.join(sys.path)
    loaded = subprocess.run([sys.executable, "-c", program], env=dict(os.environ, PYTHONPATH=path), check=True, capture_output=True, text=True).stdout.split()
    assert {name.rpartition(".")[2] for name in loaded} == set(_catalogue.FACTS)


def test_what_only_a_subject_returns_is_returned_by_one():
    returned = {fact for name in stems("plugins", "modules") for value in documentation(name)["RETURN"].values() for fact in value.get("contains", ())}
    assert set(_subject_catalogue.EXTRA) <= returned


@pytest.mark.parametrize("place, title", [("cluster", "Remediate clusters with "), ("host", "Remediate with ")])
def test_the_plays_of_remediate_are_the_remedies_in_their_order(place, title):
    plays = [play for play in load("playbooks", "remediate.yml") if play["name"].startswith(title)]
    names = [remedy.name for remedy in _remedies.of_place(place)]
    assert [play["name"][len(title) :] for play in plays] == [play["vars"]["nodemend_remedy"] for play in plays] == names
    for play, name in zip(plays, names):
        assert "groups['nodemend_remedy_%s']" % name in play["hosts"]


def test_no_remedy_is_left_over():
    named = {_remedies.name_of(condition.id, condition.role) for condition in CONDITIONS if condition.role}
    assert {remedy.name for remedy in _remedies.REMEDIES} == named


def test_the_remedies_of_a_maintenance_are_those_of_the_table_in_their_order():
    (block,) = [task["block"] for task in load("playbooks", "tasks", "maintenance.yml") if "block" in task]
    tasks = [task for task in block if task["name"].startswith("Remediate with ")]
    names = [remedy.name for remedy in _remedies.of_place(_remedies.MAINTENANCE)]
    assert [task["name"][len("Remediate with ") :] for task in tasks] == [task["vars"]["nodemend_remedy"] for task in tasks] == names
    for task, name in zip(tasks, names):
        assert task["when"] == "'%s' in nodemend_maintenance.remedies" % name


@pytest.mark.parametrize("playbook", ["scan.yml", "remediate.yml"])
def test_no_ansible_cfg_changes_how_a_play_goes(playbook):
    """Batches, turns and the summary need hosts that go task by task; a host that fails must not end the others' play."""
    for play in load("playbooks", playbook):
        assert (play["strategy"], play["any_errors_fatal"]) == ("ansible.builtin.linear", False), play["name"]


def tasks_of(tasks):
    for task in tasks:
        yield task
        for part in ("block", "rescue", "always"):
            yield from tasks_of(task.get(part, []))


def test_the_variables_are_those_of_the_guides_and_the_playbooks():
    guides = text("docs", "guide_scan.md") + text("docs", "guide_remediate.md")
    assert list(OPERATORS) == sorted(set(re.findall(r"^\| `(nodemend_\w+)`", guides, re.MULTILINE)))
    folder = os.path.join(ROOT, "playbooks")
    files = [os.path.join(where, name) for where, unused, names in os.walk(folder) for name in names]
    used = set(re.findall(r"\bnodemend_[a-z_]*[a-z]\b", "".join(text(path) for path in files)))
    groups = {name for name in used if re.match("nodemend_(remedy|proof)_", name)}  # of the inventory
    assert set(OWN) == used - set(OPERATORS) - groups


def test_the_tasks_before_which_a_test_kills_the_controller_are_there():
    """It runs on a virtual machine, for three quarters of an hour, so a name that was forgotten there is found late."""
    killed = re.findall(r'play_killed_at\("([^"]+)"', text("molecule", "vm", "kernel_trouble", "tests", "test_kernel_trouble.py"))
    folder = os.path.join(ROOT, "roles", "kernel", "tasks")
    names = re.findall(r"^ *- name: (.*)$", "".join(text(folder, name) for name in os.listdir(folder)), re.MULTILINE)
    assert len(killed) >= 4 and set(killed) <= set(names)


def test_every_scan_ends_even_where_a_host_hangs():
    """The time a module gives itself, and a minute to get there."""
    wanted = "{{ %d * nodemend_timeout | default(%d) | int + nodemend_dump_timeout | default(%d) | int + 60 }}"
    wanted %= (_ansible.BUDGET, _option.COMMON_OPTIONS["timeout"].default, _option.COMMON_OPTIONS["dump_timeout"].default)
    scans = [
        task
        for name in os.listdir(os.path.join(ROOT, "playbooks", "tasks"))
        for task in tasks_of(load("playbooks", "tasks", name))
        if set(task) & {"nodemend.kubernetes.node_condition_info", "nodemend.kubernetes.cluster_condition_info"}
    ]
    assert [task["timeout"] for task in scans] == [wanted] * 5
    for task in scans:
        (given,) = [value for key, value in task.items() if key.endswith("_condition_info")]
        for option in ("timeout", "dump_timeout"):
            assert given[option] == "{{ nodemend_%s | default(omit) }}" % option, task["name"]


def test_what_an_operator_prefers_is_nothing_to_a_role():
    """From 1.34 on kubectl takes defaults of its options from ~/.kube/kuberc: delete that asks, drain that deletes what is in an emptyDir."""
    found = []
    for folder, unused, names in os.walk(os.path.join(ROOT, "roles")):
        for name in names:
            if name.endswith(".yml"):
                with open(os.path.join(folder, name), encoding="utf-8") as stream:
                    found += [(name, line) for line in stream if "kubectl.split()" in line]
    assert found and [(name, line) for name, line in found if "['env', 'KUBERC=off'] + " not in line] == []


def test_the_action_group_holds_every_module_that_has_common_options():
    group = load("meta", "runtime.yml")["action_groups"]["nodemend"]
    fragments = {name: documentation(name)["DOCUMENTATION"].get("extends_documentation_fragment", []) for name in stems("plugins", "modules")}
    assert sorted(group) == sorted(name for name in fragments if "nodemend.kubernetes.info" in fragments[name])


@pytest.mark.parametrize("role", ROLES)
class TestRole:
    def test_defaults_and_argument_specs_are_the_same(self, role):
        defaults, options = defaults_of(role), options_of(role)
        undefined = {name for name, option in options.items() if "default" not in option}
        assert set(defaults) | undefined == set(options)
        assert not set(defaults) & undefined
        for name, value in defaults.items():
            assert options[name]["default"] == value, name

    def test_every_variable_has_the_roles_prefix_and_a_description(self, role):
        for name, option in options_of(role).items():
            assert name.startswith(role + "_"), name
            assert option["description"], name

    def test_every_variable_stands_in_its_readme(self, role):
        page = text("roles", role, "README.md")
        for name in options_of(role):
            assert name in page, name

    def test_it_has_no_handlers_and_becomes_nobody(self, role):
        directory = os.path.join(ROOT, "roles", role)
        assert not os.path.exists(os.path.join(directory, "handlers"))
        for name in os.listdir(os.path.join(directory, "tasks")):
            assert "become:" not in text("roles", role, "tasks", name), name


@pytest.mark.parametrize("option", sorted(_catalogue.THRESHOLDS))
def test_a_threshold_has_one_default(option):
    role, variable = ROLE_VARIABLES[option]
    default = _catalogue.THRESHOLDS[option].default
    if role is not None and default is not None:
        assert defaults_of(role)[variable] == default
    for name in ("judge.yml", "prove.yml"):
        (task,) = [item for item in load("playbooks", "tasks", name) if "nodemend.kubernetes.node_condition_info" in item]
        given = task["nodemend.kubernetes.node_condition_info"][option]
        assert re.search(r"\b%s\b" % variable, given) and "omit" in given


@pytest.mark.parametrize("option", sorted(_cluster_catalogue.THRESHOLDS))
def test_a_threshold_of_clusters_is_passed_on(option):
    (task,) = load("playbooks", "tasks", "ask_cluster.yml")
    given = task["nodemend.kubernetes.cluster_condition_info"][option]
    assert "nodemend_%s" % option in given and "omit" in given


def read_by(task):
    """The operator's variables that a task's templates read."""
    asked = set()
    for template in [*next(value for name, value in task.items() if name.startswith("nodemend.")).values(), task.get("become", "")]:
        asked |= jinja2.meta.find_undeclared_variables(jinja2.Environment().parse(template))
    return {name for name in asked if name.startswith(("nodemend_", *ROLES))} - {"nodemend_clusters", "nodemend_turn"}


def test_the_command_under_a_finding_repeats_what_a_scan_passes_on():
    passed = set().union(*[read_by(task) for name in ("judge.yml", "ask_cluster.yml") for task in load("playbooks", "tasks", name)])
    passed |= {"nodemend_hosts", "nodemend_control_plane_group", "nodemend_cluster_host"}  # who is asked
    # Each command names its own condition; hints in journals have no remedy.
    assert set(_command.REPEATED) == passed - {"nodemend_conditions", "nodemend_symptoms"}


def links(page):
    """[(text, path from the collection's root)] of a page in docs, addresses aside."""
    found = re.findall(r"\[([^\]]+)\]\(([^)#]+)", text("docs", page))
    return [(label, os.path.normpath(os.path.join("docs", target))) for label, target in found if "://" not in target]


def test_symptoms_lead_to_every_condition():
    linked = {os.path.basename(target) for unused, target in links("symptoms.md") if target.startswith("docs/conditions/")}
    assert linked == {condition.id + ".md" for condition in CONDITIONS}


@pytest.mark.parametrize("page", ["cases.md", "symptoms.md"])
def test_links_lead_somewhere_and_tests_are_named_as_they_are(page):
    assert "docs/" + page in text("README.md")
    for label, target in links(page):
        assert os.path.exists(os.path.join(ROOT, target)), target
        if target.startswith("tests/"):
            assert label in text(target), "%s has no %s" % (target, label)


def test_every_replayed_story_is_in_the_table():
    replayed = re.findall(r"^def (test_\w+)", text("tests", "unit", "test_cases.py"), re.M)
    assert set(replayed) == {label for label, target in links("cases.md") if target == "tests/unit/test_cases.py"}


def test_commands_md_is_up_to_date():
    sys.path.insert(0, os.path.join(ROOT, "tests", "tools"))
    import generate_docs

    assert generate_docs.render() == text("docs", "commands.md"), "run `make docs`"
