"""The command under a finding, as the words that started the scan are repeated; test_scan.py has it in a whole run."""

import shlex

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible_collections.nodemend.kubernetes.plugins.plugin_utils._command import commands

REMEDIATE = "nodemend.kubernetes.remediate"


def command(scope="node", **arguments):
    """Return the words behind the playbook's name."""
    words = shlex.split(commands(REMEDIATE, ["hosts"], arguments, DataLoader())[scope])
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


def test_how_the_hosts_are_reached_is_repeated_and_the_limit_only_for_remedies_of_hosts():
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
    assert command("cluster", **given) == reached
