"""Every example in the modules' documentation is run, and what a module returns is what its documentation says."""

import pytest
import yaml
from conftest import LIVE, playbook
from test_completeness import documentation, stems
from test_returns import differences

# What Ansible adds to every result.
ANSIBLES = {"changed", "failed", "ansible_facts", "warnings", "deprecations"}
MODULES = sorted(stems("plugins", "modules"))


def run_play(tmp_path, play, *words):
    (tmp_path / "play.yml").write_text(yaml.safe_dump(play))
    return playbook(tmp_path, "play.yml", "here %s\n" % LIVE, *words)


def needs_a_cluster(told):
    """The fragment has a required option, the kubeconfig."""
    return "nodemend.kubernetes.kubectl" in told.get("extends_documentation_fragment", [])


def needs_a_folder(told):
    """So has this one."""
    return "nodemend.kubernetes.netfilter" in told.get("extends_documentation_fragment", [])


@pytest.mark.parametrize("module", MODULES)
def test_module_examples_run(tmp_path, module):
    if needs_a_cluster(documentation(module)["DOCUMENTATION"]):
        pytest.skip("%s needs a cluster; the scenarios of molecule/cluster run it" % module)
    tasks = documentation(module)["EXAMPLES"]
    run = run_play(tmp_path, [{"hosts": "all", "gather_facts": False, "tasks": tasks}], "--check")
    assert run.rc == 0, run.all


@pytest.mark.parametrize("module", MODULES)
def test_what_a_module_returns_is_documented_and_what_is_documented_is_returned(tmp_path, module):
    if module in ("summary", "plan", "outcome"):
        return  # test_scan.py and test_remediate.py read what these print
    if module == "boot_kernel":
        pytest.skip("boot_kernel needs one of two options and a host with GRUB; tests/controller/test_boot_kernel.py runs it")
    out = tmp_path / "result.json"
    save = {"copy": {"content": "{{ result | to_json }}", "dest": str(out)}}
    look = {"nodemend.kubernetes." + module: None, "register": "result"}
    told = documentation(module)["DOCUMENTATION"]
    if needs_a_cluster(told) or needs_a_folder(told) or any(option.get("required") for option in told.get("options", {}).values()):
        pytest.skip("%s has required options; its molecule scenario runs it" % module)
    run = run_play(tmp_path, [{"hosts": "all", "gather_facts": False, "tasks": [look, save]}])
    assert run.rc == 0, run.all
    returned = {name: value for name, value in yaml.safe_load(out.read_text()).items() if name not in ANSIBLES}
    told = {"type": "dict", "contains": documentation(module)["RETURN"]}
    assert list(differences(returned, told, module)) == []
