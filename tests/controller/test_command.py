"""The command under a finding, as the words that started the scan are repeated; test_scan.py has it in a whole run."""

import shlex

import pytest
from ansible.inventory.manager import InventoryManager
from ansible.parsing.dataloader import DataLoader
from ansible_collections.nodemend.kubernetes.plugins.plugin_utils._command import commands
from ansible_collections.nodemend.kubernetes.plugins.plugin_utils._host_patterns import both

REMEDIATE = "nodemend.kubernetes.remediate"


def command(scope="node", hosts="all", **arguments):
    """Return the words behind the playbook's name."""
    words = shlex.split(commands(REMEDIATE, ["hosts"], arguments, DataLoader(), hosts)[scope])
    assert words[:4] == ["ansible-playbook", "-i", "hosts", REMEDIATE]
    return words[4:]


@pytest.mark.parametrize(
    "given, repeated",
    [
        ("nodemend_hosts=w1 ansible_become_password=hunter2", ["nodemend_hosts=w1"]),
        ("ansible_become_password=hunter2 nodemend_become=false", ["nodemend_become=false"]),
        ("ansible_become_password='nodemend_hosts=w1 hunter2'", []),
        ('{"nodemend_hosts": "w1", "ansible_become_password": "hunter2"}', ["nodemend_hosts=w1"]),
        ("{nodemend_hosts: w1, ansible_become_password: hunter2}", ["nodemend_hosts=w1"]),
        ('{"nodemend_kubeconfig": !unsafe "/hunter2"}', ["nodemend_kubeconfig=/hunter2"]),
        ('{"kernel_minimum_version": "5.10"}', ["kernel_minimum_version=5.10"]),
        ("kernel_minimum_version=5.10", ["kernel_minimum_version=5.10"]),
        ('{"nodemend_timeout": 30}', ['{"nodemend_timeout": 30}']),
        ('{"binfmt_platforms": ["linux/arm64"]}', ['{"binfmt_platforms": ["linux/arm64"]}']),
        ("nodemend_hosts='w1 w2'", ['{"nodemend_hosts": "w1 w2"}']),
        ('{"nodemend_hosts": "it\'s"}', ['{"nodemend_hosts": "it\'s"}']),
        ("nodemend_hosts=", ["nodemend_hosts="]),
        ("", []),
        ("@/dev/null", []),
        ("@" + __file__, ["@" + __file__]),
    ],
)
def test_variables_that_decide_are_repeated_and_no_other(given, repeated):
    words = command(extra_vars=[given])
    assert words == [word for item in repeated for word in ("-e", item)]


def test_they_keep_their_order_as_the_last_one_counts():
    assert command(extra_vars=["nodemend_hosts=a", '{"nodemend_hosts": "b"}']) == ["-e", "nodemend_hosts=a", "-e", "nodemend_hosts=b"]


def test_an_encrypted_value_is_left_out():
    secret = '{"nodemend_kubeconfig": !vault "$ANSIBLE_VAULT;1.1;AES256\\n3062\\n", "nodemend_hosts": "w1"}'
    assert command(extra_vars=[secret]) == ["-e", "nodemend_hosts=w1"]


def test_how_the_hosts_are_reached_is_repeated_and_the_limit_as_each_remedy_can_bear_it():
    given = {
        "subset": "w1",
        "remote_user": "root",
        "connection": "local",
        "private_key_file": "/home/me/a key",
        "become_ask_pass": True,
        "ask_pass": False,
        "vault_ids": ("prod@prompt",),
        "ssh_common_args": "-o ProxyCommand='sshpass -p hunter2 ssh bastion'",
        "extra_vars": (),
    }
    reached = ["-u", "root", "-c", "local", "--private-key", "/home/me/a key", "-K", "--vault-id", "prod@prompt"]
    assert command(**given) == ["--limit", "w1"] + reached
    assert command("cluster", **given) == reached + ["-e", "nodemend_hosts=w1"]


@pytest.mark.parametrize(
    "given, words",
    [
        ({"become_method": "sudo", "become_user": None}, []),
        ({"become_method": "su", "become_user": "toor"}, ["--become-method", "su", "--become-user", "toor"]),
        ({"become_password_file": __file__}, ["--become-password-file", __file__]),
        ({"connection_password_file": __file__}, ["--connection-password-file", __file__]),
        ({"vault_password_files": (__file__, "/dev/null")}, ["--vault-password-file", __file__]),
        ({"vault_ids": ("prod@" + __file__, "prompt", "dev@prompt")}, ["--vault-id", "prod@" + __file__, "--vault-id", "prompt", "--vault-id", "dev@prompt"]),
        # What bash's <(...) leaves, and the standard input.
        ({"become_password_file": "/dev/null", "connection_password_file": "-", "vault_ids": ("prod@/dev/null", "/dev/null")}, []),
        ({"extra_vars": ["ansible_become_method=su ansible_become_user=toor"]}, ["-e", "ansible_become_method=su", "-e", "ansible_become_user=toor"]),
    ],
)
def test_how_root_is_become_and_files_of_passwords_that_are_still_there_are_repeated(given, words):
    assert command(**given) == words


@pytest.mark.parametrize(
    "hosts, limit, said",
    [
        ("all", "one", "nodemend_hosts=one"),
        ("site", "one", "nodemend_hosts=site,&one"),
        ("site", "one:two", "nodemend_hosts=one,two,&site"),
        ("site", "all:!w1", "nodemend_hosts=site,!w1"),
        ("one,two", "cp1,w1", "nodemend_hosts=GROUP"),
        ("all", "@failed.retry", "nodemend_hosts=GROUP"),
        ("{{ groups.site }}", "one", "nodemend_hosts=GROUP"),
    ],
)
def test_what_changes_a_cluster_changes_none_beyond_the_limit(hosts, limit, said):
    """remediate changes none of which --limit shows a part, and without any limit it would change every cluster of the inventory."""
    given = {"subset": limit, "extra_vars": ["nodemend_hosts=x nodemend_timeout=3"]}
    assert command("cluster", hosts, **given) == ["-e", "nodemend_timeout=3", "-e", said]
    assert command("node", hosts, **given) == ["--limit", limit, "-e", "nodemend_hosts=x", "-e", "nodemend_timeout=3"]


def test_without_a_limit_both_are_one():
    assert command("cluster", "x", extra_vars=["nodemend_hosts=x"]) == command("node", "x", extra_vars=["nodemend_hosts=x"]) == ["-e", "nodemend_hosts=x"]


PATTERNS = ("all", "*", "one", "one,two", "one:two", "one:&cps", "all,!cps", "!cps", "&cps", "one,two,&cps,!w1", "w*", "~w\\d", "cps[0]", ["one", "w3"])


@pytest.mark.parametrize("hosts", PATTERNS, ids=str)
@pytest.mark.parametrize("limit", [pattern for pattern in PATTERNS if not isinstance(pattern, list)])
def test_a_pattern_and_a_limit_are_one_pattern_of_the_same_hosts(hosts, limit, inventory):
    inventory.subset(limit)
    wanted = set(inventory.get_hosts(hosts))
    inventory.subset(None)
    pattern = both(hosts, limit)
    assert (pattern is None) == (hosts == ["one", "w3"] and "two" in limit)  # two unions
    assert pattern is None or set(inventory.get_hosts(pattern)) == wanted


@pytest.fixture(scope="module")
def inventory(tmp_path_factory):
    path = tmp_path_factory.mktemp("inventory") / "hosts"
    path.write_text("[one]\ncp1\nw1\nw2\n[two]\ncp2\nw3\n[cps]\ncp1\ncp2\n[other]\nx\n")
    return InventoryManager(DataLoader(), [str(path)])
