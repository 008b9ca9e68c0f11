# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""What the controller-side actions share: the scans of all hosts of a play, and plain lines on the screen."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import json
import os
import tempfile

from ansible import constants, context
from ansible.errors import AnsibleActionFail
from ansible.module_utils.parsing.convert_bool import boolean
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from . import _command

# Where the collection lies, with its docs/.
HOME = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


class PlayAction(ActionBase):
    """An action that runs on the controller, once, over every host of the play, the dead ones included."""

    TRANSFERS_FILES = False
    _requires_connection = False
    _supports_check_mode = True

    def run(self, tmp=None, task_vars=None):
        super(PlayAction, self).run(tmp, task_vars)
        try:
            return dict(self.result(task_vars or {}, dict(self._task.args)), changed=False)
        except ValueError as exc:  # a bad value of the operator's, named in the text
            raise AnsibleActionFail(str(exc))

    def result(self, task_vars, arguments):
        """Return the action's result; subclasses say what it is."""
        raise NotImplementedError()


def failed_if(failures, result, task_vars):
    """Return the result as that of a failed task where there are failures: the playbook then ends with exit code 2.

    Without the lines, which have been printed: Ansible shows the whole result of a failed task, under the name of the play's first host
    that is reached, which may be the one that is well.
    """
    if not failures:
        return result
    result = dict(result, failed=True, msg="; ".join(failures))
    if len(task_vars["ansible_play_hosts_all"]) > 1:
        result["msg"] += " (said of all hosts, whatever name Ansible puts before it)"
    del result["lines"]
    return result


def scans_of(task_vars, register, hosts=None):
    """Return {host: what the scan registered, or None} for these hosts, all of the play by default, in the inventory's order.

    Raw: hostvars[host] goes through the whole answer for templates, which text from a host never is (4 ms a host each time).
    """
    hostvars = task_vars["hostvars"]
    scans = {}
    for host in hosts or task_vars["ansible_play_hosts_all"]:
        scan = hostvars.raw_get(host).get(register)
        scans[str(host)] = scan if _is_text(scan or {}) else hostvars[host][register]
    return scans


def _is_text(result):
    """Whether Ansible's own words in a result are text: ansible-core 2.19 and 2.20 keep what they are made of, and hostvars[host] makes it."""
    words = list(result.get("warnings") or []) + list(result.get("deprecations") or []) + [result.get("exception") or ""]
    return all(isinstance(word, (str, dict)) for word in words)


def variables_of(task_vars, hosts, names):
    """Return {host: {name: value}} of the operator's variables."""
    return dict((host, dict((name, task_vars["hostvars"][host].get(name)) for name in names)) for host in hosts)


def cluster_hosts_of(task_vars, register):
    """Return {host: what _clusters.py asks of it} for all hosts of the play."""
    hosts = {}
    for host, scan in scans_of(task_vars, register).items():
        variables = task_vars["hostvars"][host]
        group, runner = variables.get("nodemend_control_plane_group"), variables.get("nodemend_cluster_host")
        hosts[host] = {
            "scan": scan,
            "runner": runner,
            "nowhere": bool(runner) and runner != "localhost" and runner not in task_vars["groups"]["all"],
            "kubeconfig": variables.get("nodemend_kubeconfig"),
            "listed": host in task_vars["groups"].get(group, ()) if group else None,
        }
    return hosts


def becomes(task_vars, host):
    """Return whether to become root on a host that may be outside the play, None where only a variable of the play may tell.

    On this machine the operator's kubeconfig will do.
    """
    said = task_vars["hostvars"][host].get("nodemend_become", False if host == "localhost" else None)
    return None if said is None else boolean(said)


def commands_of(task_vars, playbook, loader):
    """Return {scope of a remedy: the command line that starts a playbook of the collection as this one was started}."""
    sources = task_vars.get("ansible_inventory_sources") or []
    return _command.commands(playbook, sources, context.CLIARGS, loader, task_vars.get("nodemend_hosts", "all"))


def show(lines):
    """Print lines as they are; a debug task would print them as JSON. Where a program reads JSON from the output, they go beside it."""
    display = Display()
    beside = constants.DEFAULT_STDOUT_CALLBACK.rpartition(".")[2] in ("json", "jsonl")
    for line in [""] + lines + [""]:
        display.display(line, stderr=beside)


def write_report(path, report):
    """Write a report as JSON, readable for its owner only, whole or not at all."""
    path = os.path.abspath(os.path.expanduser(path))
    directory = os.path.dirname(path)
    if not os.path.isdir(directory):
        raise ValueError("nodemend_report: %s cannot be written, there is no directory %s." % (path, directory))
    try:
        _write(path, directory, report)
    except EnvironmentError as exc:
        raise ValueError("nodemend_report: %s cannot be written: %s." % (path, exc.strerror))
    return path


def _write(path, directory, report):
    descriptor, temporary = tempfile.mkstemp(dir=directory, prefix=".nodemend-")
    try:
        with os.fdopen(descriptor, "w") as stream:
            json.dump(report, stream, indent=2, sort_keys=True, default=str)
            stream.write("\n")
        os.rename(temporary, path)
    except EnvironmentError:  # no space, or the path is a directory
        os.unlink(temporary)
        raise


def listed(value):
    """Return a list from a list, a text with commas (-e name=a,b) or nothing."""
    if value is None:
        return None
    if hasattr(value, "split"):
        value = value.split(",")
    return [str(item).strip() for item in value if str(item).strip()]
