#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: iptables_saved_duplicates
short_description: Remove superfluous copies of the rules of Kubernetes from a file that is restored at boot
version_added: 0.1.0
description:
  - Removes the lines of rules that stand in their chain once more from a file that C(iptables-save) has written. All other lines stay as they are, comments
    and counters too.
  - The same copies as M(nodemend.kubernetes.iptables_duplicates) removes from the kernel, and no others.
  - A file that holds anything that C(iptables-save) does not write is refused, as are files in the format of C(nft).
  - The new file is first tried with the host's own C(iptables-restore --test), a table at a time. It takes the place of the old one as a whole or not at all,
    with the same owner, mode and SELinux context.
  - Keeps the old one in O(directory). The rules in the kernel stay as they are.
options:
  state:
    description:
      - V(absent) removes the copies.
      - V(present) puts the file in O(directory) back where the one in place is still as V(absent) left it.
    type: str
    choices: [absent, present]
    default: absent
  path:
    description: The file, F(/etc/iptables/rules.v4) for instance; links are followed. Required with O(state=absent).
    type: path
  version:
    description: Whose rules these are, and so which command tries them. Required with O(state=absent).
    type: str
    choices: [ipv4, ipv6]
extends_documentation_fragment:
  - nodemend.kubernetes.netfilter
notes:
  - On a host whose C(iptables) speaks the legacy backend the try has the kernel register the tables of the file, as its restoration at boot does.
seealso:
  - module: nodemend.kubernetes.iptables_duplicates
  - module: nodemend.kubernetes.node_condition_info
"""

EXAMPLES = r"""
- name: Remove the copies
  nodemend.kubernetes.iptables_saved_duplicates:
    path: /etc/iptables/rules.v4
    version: ipv4
    directory: /var/lib/nodemend/20261120T120000Z/iptables_duplicates/saved-etc-iptables-rules.v4

- name: Put them back
  nodemend.kubernetes.iptables_saved_duplicates:
    state: present
    directory: /var/lib/nodemend/20261120T120000Z/iptables_duplicates/saved-etc-iptables-rules.v4
"""

RETURN = r"""
path:
  description: The file, links followed; null where there is none.
  returned: success
  type: str
  sample: /etc/iptables/rules.v4
rules:
  description: How many rules were removed or put back, or would be.
  returned: success
  type: int
  sample: 179999
places:
  description: Where they were, at most 50 chains.
  returned: success
  type: list
  elements: dict
  sample:
    - {table: filter, chain: FORWARD, rules: 179999}
left:
  description: Copies that stay, at most 50 chains, and why. With O(state=present) the file, where it has changed since.
  returned: success
  type: list
  elements: dict
  sample:
    - table: filter
      chain: KUBE-FIREWALL
      rules: 12
      why: they count, draw lots, log or do what is not known here
backup:
  description: The folder with the file as it was; null where nothing was removed.
  returned: success
  type: str
  sample: /var/lib/nodemend/20261120T120000Z/iptables_duplicates/saved-etc-iptables-rules.v4
reason:
  description: Why nothing was changed in one word, V(FileChanged) where another program has written meanwhile.
  returned: failure
  type: str
  sample: FileChanged
"""

import hashlib
import json
import os

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.nodemend.kubernetes.plugins.module_utils import _armed_restore, _duplicates, _saved_rules
from ansible_collections.nodemend.kubernetes.plugins.module_utils._armed_restore import Failed
from ansible_collections.nodemend.kubernetes.plugins.module_utils._facts.iptables_dumps import COMMANDS
from ansible_collections.nodemend.kubernetes.plugins.module_utils._host import Host, Unavailable

PLACES = 50
LINES = 50  # of a diff
# In the folder: the file as it was and shall be, one of its tables, and what has to be known to put it back.
BEFORE = "before"
AFTER = "after"
TABLE = "table"
RECORD = "saved.json"


class Changed(Exception):
    """Another program has written to the file."""


def main():
    module = AnsibleModule(
        argument_spec={
            "state": {"type": "str", "choices": ["absent", "present"], "default": "absent"},
            "path": {"type": "path"},
            "version": {"type": "str", "choices": ["ipv4", "ipv6"]},
            "directory": {"type": "path", "required": True},
            "timeout": {"type": "int", "default": 120},
        },
        required_if=[("state", "absent", ["path", "version"])],
        supports_check_mode=True,
    )
    run(module)


def run(module):
    """Do what state asks for, and end the module; whatever keeps it from that is told with a reason in one word."""
    try:
        {"absent": remove, "present": put_back}[module.params["state"]](module)
    except Changed as exc:
        module.fail_json(msg="Nothing was changed: %s" % exc, reason="FileChanged")
    except (EnvironmentError, Failed, Unavailable, ValueError) as exc:  # also a file system that is read-only or full
        module.fail_json(msg="Nothing was changed: %s" % exc, reason=getattr(exc, "reason", type(exc).__name__))


def remove(module):
    """Have the file hold no superfluous copies, and end the module with what they were."""
    host = Host(timeout=module.params["timeout"])
    if not host.is_root():
        raise Unavailable("NeedsRoot", "only root may read and replace the file.")
    path = host.resolve(module.params["path"])
    if not os.path.isfile(path):
        module.exit_json(**result_of(None))
    seen = digest(path)
    saved = _saved_rules.SavedRules()
    host.each_line_of(path, saved.feed)
    changes, left, flags = saved.superfluous()
    result = result_of(path, places_of(changes), [place._asdict() for place in left])
    result.update(changed=any(flags), backup=module.params["directory"] if any(flags) else None)
    if module._diff and result["changed"]:
        before, after = _duplicates.listing(saved.texts, changes, LINES)
        result["diff"] = {"before_header": path, "after_header": path, "before": before, "after": after}
    if module.check_mode or not result["changed"]:
        module.exit_json(**result)
    replace(module, host, path, flags, {"path": path, "rules": result["rules"], "before": seen})
    module.exit_json(**result)


def replace(module, host, path, flags, record):
    """Put a tried copy without the flagged lines in the place of a file; record: {path, rules, before}, to which the new digest is added as "after"."""
    refuse_used_folder(module, record)
    _armed_restore.make_private(module.params["directory"])
    os.chmod(module.params["directory"], 0o700)
    copy(path, place(module, BEFORE))
    refuse_changed(place(module, BEFORE), record)
    copy(place(module, BEFORE), place(module, AFTER), flags)
    try_it(module, host)
    record["after"] = digest(place(module, AFTER))
    _armed_restore.write(place(module, RECORD), [json.dumps(record, sort_keys=True)])
    try:
        refuse_changed(path, record)
    except Changed:
        os.unlink(place(module, RECORD))  # there is nothing to put back, and the next attempt needs the folder
        raise
    put(module, path, place(module, AFTER))


def refuse_changed(path, record):
    """Raise Changed unless this file is what the digest in the record says."""
    if digest(path) != record["before"]:
        raise Changed("another program has written %s meanwhile; try again." % record["path"])


def put_back(module):
    """Put the kept file back where the one in place is as this module left it, and end the module."""
    text = read(place(module, RECORD))
    if text is None:
        module.exit_json(**result_of(None))
    record = json.loads(text)
    path = record["path"]
    now = digest(path) if os.path.isfile(path) else None
    result = result_of(path)
    if now == record["after"]:
        result.update(changed=True, rules=record["rules"])
        if not module.check_mode:
            put(module, path, place(module, BEFORE))
    elif now != record["before"]:
        result["left"] = [{"path": path, "rules": record["rules"], "why": "the file has changed since" if now else "the file is gone"}]
    module.exit_json(**result)


def result_of(path, places=(), left=()):
    """Return the module's result, nothing changed; places: [{table, chain, rules}], left: the same with why."""
    def most(found):
        return sorted(found, key=lambda place: -place["rules"])[:PLACES]

    return {
        "changed": False,
        "path": path,
        "rules": sum(place["rules"] for place in places),
        "places": most(places),
        "left": most(left),
        "backup": None,
    }


def places_of(changes):
    """Return [{table, chain, rules}] of the changes of SavedRules.superfluous(), {table: {chain: change}}."""
    return [
        {"table": table, "chain": chain, "rules": len(change.before) - len(change.after)}
        for table, chains in changes.items()
        for chain, change in chains.items()
    ]


def refuse_used_folder(module, record):
    """A backup is never overwritten, unless the run that made it was killed before it replaced the file."""
    text = read(place(module, RECORD))
    if text is not None and json.loads(text)["before"] != record["before"]:
        module.fail_json(msg="%s holds a file of an earlier removal; give a new folder." % module.params["directory"], reason="FolderUsed")


def try_it(module, host):
    """Have the command that restores the file at boot check it, a table at a time: nft's --test is wrong about several (Debian bug 960003)."""
    name = COMMANDS[module.params["version"]] + "-restore"
    command = host.which(name)
    if command is None:
        raise Unavailable("CommandMissing", "%s is not installed." % name)
    for table, lines in tables(place(module, AFTER)):
        _armed_restore.write(place(module, TABLE), lines)
        _armed_restore.restore(module, [command, "--test"], "would not do for %s" % table, path=place(module, TABLE))
    if os.path.exists(place(module, TABLE)):
        os.unlink(place(module, TABLE))


def tables(path):
    """Give (name, lines) of each table of a file."""
    lines = []
    with open(path, "rb") as stream:
        for line in stream:
            text = line.decode("utf-8", "replace")
            if text[:1] == "*":
                lines = []
            lines.append(text)
            if text.rstrip("\n") == "COMMIT":
                yield lines[0][1:].strip(), lines


def put(module, path, source):
    """Have the file hold what source holds, as a whole or not at all."""
    new = os.path.join(os.path.dirname(path), ".%s.nodemend" % os.path.basename(path))
    copy(source, new)
    module.atomic_move(new, path)  # takes over owner, mode and SELinux context


def copy(source, target, flags=None):
    """Copy a file for root only, as a whole or not at all, without the lines that are flagged."""
    descriptor = os.open(target + ".new", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        with open(source, "rb") as lines:
            for number, line in enumerate(lines):
                if flags is None or number >= len(flags) or not flags[number]:
                    stream.write(line)
        stream.flush()
        os.fsync(stream.fileno())
    os.rename(target + ".new", target)


def digest(path):
    """Return the SHA-256 of a file, in hexadecimal digits."""
    found = hashlib.sha256()
    with open(path, "rb") as stream:
        for chunk in iter(lambda: stream.read(1024 * 1024), b""):
            found.update(chunk)
    return found.hexdigest()


def read(path):
    """Return the text of a file that this module has written, or None."""
    if not os.path.exists(path):
        return None
    with open(path, "rb") as stream:
        return stream.read().decode("utf-8")


def place(module, name):
    """Return the path of a file in the folder."""
    return os.path.join(module.params["directory"], name)


if __name__ == "__main__":
    main()
