# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""The command that goes on from a scan: what decides over its answer is repeated, and nothing that may be a secret."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import json
import os

from ansible import constants
from ansible.errors import AnsibleError
from ansible.parsing.splitter import parse_kv

from ._host_patterns import both

try:
    from shlex import quote
except ImportError:  # Python 2.7 reads this file in the sanity tests only
    from pipes import quote

# What decides which hosts are judged and how: what playbooks/tasks/judge.yml and ask_cluster.yml pass on (a test holds them
# equal). Others of the operator's variables may hold a password and are never repeated.
REPEATED = (
    "nodemend_hosts",
    "nodemend_become",
    "nodemend_control_plane_group",
    "nodemend_cluster_host",
    "nodemend_kubeconfig",
    "nodemend_kubectl",
    "nodemend_timeout",
    "nodemend_dump_timeout",
    "nodemend_probes",
    "nodemend_minimum_calico_version",
    "nodemend_maximum_evicted_pods",
    "nodemend_maximum_surplus_rules",
    "nodemend_container_minimum_nofile",
    "nodemend_certificate_expiry_days",
    "nodemend_expected_ports",
    "runtime_limits_minimum_nofile",
    "kernel_minimum_version",
    "binfmt_platforms",
)
# How the hosts are reached: without it the command cannot work.
REACHED = (
    "ansible_become_method",
    "ansible_become_user",
    "ansible_connection",
    "ansible_port",
    "ansible_python_interpreter",
    "ansible_ssh_private_key_file",
    "ansible_user",
)
# The same on the command line: (its key in CLIARGS, the option, what it is where nobody gives it). Passwords are asked for again.
# Options with words of ssh's (--ssh-common-args ...) may hold one.
_OPTIONS = (
    ("remote_user", "-u", constants.DEFAULT_REMOTE_USER),
    ("connection", "-c", constants.DEFAULT_TRANSPORT),
    ("private_key_file", "--private-key", constants.DEFAULT_PRIVATE_KEY_FILE),
    ("ask_pass", "-k", constants.DEFAULT_ASK_PASS),
    ("connection_password_file", "--connection-password-file", constants.CONNECTION_PASSWORD_FILE),
    ("become_method", "--become-method", constants.DEFAULT_BECOME_METHOD),
    ("become_user", "--become-user", None),
    ("become_ask_pass", "-K", constants.DEFAULT_BECOME_ASK_PASS),
    ("become_password_file", "--become-password-file", constants.BECOME_PASSWORD_FILE),
    ("ask_vault_pass", "-J", constants.DEFAULT_ASK_VAULT_PASS),
    ("vault_ids", "--vault-id", ()),
    ("vault_password_files", "--vault-password-file", ()),
)
# The sources of a --vault-id that are no file.
_PROMPTS = ("prompt", "prompt_ask_vault_pass")


def commands(playbook, inventories, arguments, loader, hosts="all"):
    """Return {scope of a remedy: the command line that starts a playbook of the collection as this one was started}.

    arguments  context.CLIARGS
    loader     Ansible's, which reads a -e '{...}'
    hosts      nodemend_hosts, wherever it came from
    """
    start = ["ansible-playbook"]
    for source in inventories:
        start += ["-i", str(source)]
    start.append(playbook)
    options, given = _options(arguments), _variables(arguments.get("extra_vars") or (), loader)
    variables = _words(given)
    if not arguments.get("subset"):
        return dict.fromkeys(("node", "cluster"), _line(start + options + variables))
    limit = str(arguments["subset"])
    # remediate changes no cluster of which --limit shows a part, and without it every cluster of the inventory. So the limit becomes a part of
    # nodemend_hosts, behind any -e @FILE that may have it too; remediate then asks whether these are all nodes of their clusters.
    chosen = _words([pair for pair in given if pair[0] != "nodemend_hosts"] + [("nodemend_hosts", _chosen(hosts, limit))])
    return {"node": _line(start + ["--limit", limit] + options + variables), "cluster": _line(start + options + chosen)}


def _chosen(hosts, limit):
    """The pattern of what was scanned, or a word for a person to replace: it names no host."""
    known = isinstance(hosts, (str, list))  # not an encrypted one
    return (both(hosts, limit) if known else None) or "GROUP"


def _line(words):
    return " ".join(quote(word) for word in words)


def _options(arguments):
    words = []
    for key, option, usual in _OPTIONS:
        value = arguments.get(key)
        if not value or value == usual:
            continue
        if value is True:
            words.append(option)
        else:
            for item in value if isinstance(value, (list, tuple)) else [value]:
                if _still_there(key, str(item)):
                    words += [option, str(item)]
    return words


def _still_there(key, value):
    """Whether what an option names can be read again: not where it is a file of passwords that was one."""
    if key == "vault_ids":
        source = value.partition("@")[2] if "@" in value else value
        return source in _PROMPTS or _is_file(source)
    return _is_file(value) if "password_file" in key else True


def _is_file(path):
    """One end of a pipe, as of bash's <(...), is none, and gone when the command is run."""
    return os.path.isfile(os.path.expanduser(path))


def _variables(extra_vars, loader):
    """Return [(name, value)] of the -e, (None, text) for -e @FILE; as Ansible reads them (load_extra_vars() of ansible.utils.vars), since one may
    hold several variables."""
    given = []
    for text in extra_vars:
        text = str(text)
        if text.startswith("@"):
            if _is_file(text[1:]):
                given.append((None, text))
            continue
        pairs = loader.load(text) if text[:1] in ("{", "[") else parse_kv(text)
        given += [(str(name), pairs[name]) for name in pairs if name in REPEATED + REACHED]
    return given


def _words(given):
    return [word for name, value in given for word in (["-e", value] if name is None else _variable(name, value))]


def _variable(name, value):
    """A text stays one (5.10 is 5.1 to YAML), and a list or a number what it is. What is encrypted is neither, and left out."""
    try:
        if isinstance(value, str) and parse_kv("%s=%s" % (name, value)) == {name: value}:
            return ["-e", "%s=%s" % (name, value)]
    except AnsibleError:  # a quote without its other half
        pass
    try:
        return ["-e", json.dumps({name: value})]
    except TypeError:
        return []
