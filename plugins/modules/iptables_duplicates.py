#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: iptables_duplicates
short_description: Remove superfluous copies of the rules of Kubernetes from a netfilter backend
version_added: 0.1.0
description:
  - Removes rules that stand in their chain once more, from one backend, for IPv4 and IPv6. The first copy and the order of all others stay.
  - Only copies of rules of Kubernetes, Calico, CNI plugins, flannel and Docker, and only where no packet is treated otherwise without them. Rules that
    count, draw lots or log (C(limit), C(statistic), C(LOG) ...), that call such rules, or of which not every word is known to the module stay.
  - Writes anew only the chains that have such copies, each table as a whole or not at all, after a test. The rules are listed again right before; where
    one of these chains has changed meanwhile, it fails and changes nothing. Their counters begin at zero.
  - With O(backend=nft) and an C(iptables-nft-save) before 1.8.9, which prints rules of a newer iptables without what it cannot read and succeeds, it changes
    a table only where C(nft) shows that nothing is missing from what was printed; else it fails, also in check mode.
  - Keeps the chains as they were in O(directory), and arms a timer on the host that puts them back unless the same module is called again with
    O(state=confirmed) over a new connection.
options:
  state:
    description:
      - V(absent) removes the copies. Where that fails half-way, it puts back the chains as they were and fails.
      - V(confirmed) stops the timer. It fails when the timer was faster and everything is back.
      - V(present) puts the copies back in each chain that is still as V(absent) left it. It changes nothing once the host has booted since.
    type: str
    choices: [absent, confirmed, present]
    default: absent
extends_documentation_fragment:
  - nodemend.kubernetes.netfilter
  - nodemend.kubernetes.netfilter.armed
notes:
  - What another program writes into one of these chains between the second listing and the change is lost.
  - The copies come back unless their cause is gone. The role P(nodemend.kubernetes.iptables_duplicates#role) looks at that first.
seealso:
  - module: nodemend.kubernetes.node_condition_info
"""

EXAMPLES = r"""
- name: Remove the copies
  nodemend.kubernetes.iptables_duplicates:
    backend: nft
    directory: /var/lib/nodemend/20261120T120000Z/iptables_duplicates/nft
  register: removed

- name: Do not reuse the connection
  ansible.builtin.meta: reset_connection

- name: Show that the host is still reached
  nodemend.kubernetes.iptables_duplicates:
    state: confirmed
    directory: /var/lib/nodemend/20261120T120000Z/iptables_duplicates/nft
  when: removed is changed

- name: Put them back
  nodemend.kubernetes.iptables_duplicates:
    state: present
    backend: nft
    directory: /var/lib/nodemend/20261120T120000Z/iptables_duplicates/nft
"""

RETURN = r"""
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
    - {version: ipv4, table: filter, chain: FORWARD, rules: 179999}
left:
  description: Copies that stay, at most 50 chains, and why. With O(state=present) the chains that have changed since.
  returned: success
  type: list
  elements: dict
  sample:
    - version: ipv4
      table: filter
      chain: KUBE-FIREWALL
      rules: 12
      why: they count, draw lots, log or do what is not known here
backup:
  description: The folder with the chains as they were; null where nothing was removed.
  returned: success
  type: str
  sample: /var/lib/nodemend/20261120T120000Z/iptables_duplicates/nft
reason:
  description: Why nothing was changed in one word, V(RulesChanged) where another program has written meanwhile.
  returned: failure
  type: str
  sample: RulesChanged
"""

import collections
import math
import os
import time

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.nodemend.kubernetes.plugins.module_utils import _armed_restore, _duplicates
from ansible_collections.nodemend.kubernetes.plugins.module_utils._armed_restore import FAILURE, Failed, decide, write
from ansible_collections.nodemend.kubernetes.plugins.module_utils._facts.netfilter_backends import VERSIONS
from ansible_collections.nodemend.kubernetes.plugins.module_utils._host import Unavailable

PLACES = 50
LINES = 50  # of a diff


class Changed(Exception):
    """Another program has written to the chains in question."""


def main():
    run(AnsibleModule(_armed_restore.ARGUMENTS, required_if=_armed_restore.REQUIRED_IF, supports_check_mode=True))


def run(module):
    try:
        {"absent": remove, "confirmed": confirm, "present": put_back}[module.params["state"]](module)
    except Changed as exc:
        module.fail_json(msg="Nothing was changed: %s" % exc, reason="RulesChanged")
    except (Failed, Unavailable, ValueError) as exc:
        module.fail_json(msg="Nothing was changed: %s" % exc, reason=getattr(exc, "reason", type(exc).__name__))


def remove(module):
    backend = Backend(module)
    changes, left = backend.plan()
    result = described(module, backend, changes, left)
    if not result["changed"]:
        module.exit_json(**result)
    backend.refuse_hidden_in(changes)
    _armed_restore.refuse_used_folder(module)
    if module.check_mode:
        module.exit_json(**result)
    try:
        backend.keep(changes)
        started = time.time()
        backend.test(changes)
        # The change takes about as long as to try it, and each table may have to wait for the lock.
        needed = math.ceil(time.time() - started) + _armed_restore.ATTEMPTS * sum(len(tables) for tables in changes.values())
        refuse_moved(changes, backend.plan()[0])
        _armed_restore.arm(module, backend.undo_commands(changes), needed)
    except (Changed, Failed, Unavailable, ValueError):
        backend.forget(changes)
        raise
    except EnvironmentError as exc:  # a file system that is read-only or full
        backend.forget(changes)
        raise Failed(exc)
    try:
        backend.apply(changes)
        refuse_other(changes, backend.samples())
    except (Failed, Unavailable, ValueError) as exc:
        module.fail_json(msg="%s %s" % (exc, put_back_now(module, backend, changes)), reason="NotApplied")
    module.exit_json(**result)


def refuse_moved(changes, again):
    """Give up where the same look, a moment later, finds other chains to change, or these with other rules."""
    for version in VERSIONS:
        for table in sorted(set(changes[version]) | set(again[version])):
            old, new = (plans[version].get(table, {}) for plans in (changes, again))
            for chain in sorted(set(old) | set(new)):
                if old.get(chain) != new.get(chain):
                    raise Changed("the rules in %s %s %s have changed between two looks; try again." % (version, table, chain))


def refuse_other(changes, now):
    """Fail unless each chain holds what it should; others may have added to it already."""
    for version, tables in changes.items():
        for table, chains in tables.items():
            for chain, change in chains.items():
                if not _duplicates.contains(now[version].get(table, {}).get(chain, ()), change.after):
                    raise Failed("%s %s %s does not hold the rules that it should." % (version, table, chain))


def put_back_now(module, backend, changes):
    """Put back the chains that are not as they were, which the timer does not look at, and return a sentence about it."""
    directory = module.params["directory"]
    if decide(directory, FAILURE) != FAILURE:
        return "The timer has put everything back from %s." % directory
    try:
        now = backend.samples()
        for version, tables in changes.items():
            for table, chains in tables.items():
                there = now[version].get(table, {})
                wrong = dict((chain, change.before) for chain, change in chains.items() if chain in there and there[chain] != change.before)
                backend.restore_chains(version, table, wrong)
    except (Failed, Unavailable, ValueError) as exc:
        return "Not everything could be put back from %s: %s" % (directory, exc)
    return "All chains are as they were."


def put_back(module):
    backend = Backend(module)
    result = {"changed": False, "rules": 0, "places": [], "left": [], "backup": None}
    if backend.booted_since():
        told = "The host has booted since these rules were removed: they would not be there any more."
        module.exit_json(msg=told, **result)
    _armed_restore.disarm(module)
    changes = backend.kept()
    now = backend.samples() if any(changes.values()) else {}
    backs = dict((version, {}) for version in VERSIONS)
    for version in VERSIONS:
        for table, chains in changes[version].items():
            there = now[version].get(table, {})
            back = {}
            for chain, change in chains.items():
                number = len(change.before) - len(change.after)
                place = {"version": version, "table": table, "chain": chain, "rules": number}
                if there.get(chain) == change.after:
                    back[chain] = change.before
                    result["rules"] += number
                    result["places"].append(place)
                elif there.get(chain) != change.before:
                    result["left"].append(dict(place, why="the chain has changed since"))
            backs[version][table] = back
    backend.refuse_hidden_in(dict((version, dict(item for item in tables.items() if item[1])) for version, tables in backs.items()))
    if not module.check_mode:
        for version, table, back in backend.each(backs):
            backend.restore_chains(version, table, back)
    result.update(changed=result["rules"] > 0, places=result["places"][:PLACES], left=result["left"][:PLACES])
    module.exit_json(**result)


def confirm(module):
    _armed_restore.confirm(module, {"changed": False, "rules": 0, "places": [], "left": [], "backup": None})


def described(module, backend, changes, left):
    places = [
        {"version": version, "table": table, "chain": chain, "rules": len(change.before) - len(change.after)}
        for version in VERSIONS
        for table, chains in changes[version].items()
        for chain, change in chains.items()
    ]
    rules = sum(place["rules"] for place in places)
    result = {
        "changed": rules > 0,
        "rules": rules,
        "places": sorted(places, key=lambda place: -place["rules"])[:PLACES],
        "left": sorted(left, key=lambda place: -place["rules"])[:PLACES],
        "backup": module.params["directory"] if rules else None,
    }
    if module._diff:
        result["diff"] = []
        for version in VERSIONS:
            if changes[version]:
                before, after = _duplicates.listing(backend.texts, changes[version], LINES)
                header = "%s %s" % (backend.name, version)
                result["diff"].append({"before_header": header, "after_header": header, "before": before, "after": after})
    return result


class Backend(_armed_restore.Backend):
    """One netfilter backend, of which copies are removed. What is the same in two listings has the same numbers."""

    def __init__(self, module):
        super(Backend, self).__init__(module)
        self.texts = _duplicates.Texts()
        self._now = {}

    def samples(self):
        """Return {ip version: {table: {chain: numbers}}}, empty for one that the kernel has not loaded."""
        self._now = dict((version, self._sample(version)) for version in VERSIONS)
        return self._now

    def counted(self, chains):
        """Return [(text of a rule, how many of it)] of chains {name: numbers}."""
        total = collections.Counter()
        for numbers in chains.values():
            total.update(numbers)
        return [(self.texts.lines[number], times) for number, times in total.items()]

    def refuse_hidden_in(self, changes):
        """Give up where a table that is to be changed may hold more than was printed in the last look."""
        for version, table, unused in self.each(changes):
            self.refuse_hidden(version, table, self.counted(self._now[version][table]))

    def _sample(self, version):
        dump = _duplicates.Dump(self.texts)
        if self.present(version):
            self.host.each_line([self.command(version, "save")], dump.feed)
        return dump.end()

    def plan(self):
        """Return ({ip version: {table: {chain: Change}}}, [places of copies that stay])."""
        changes, left = {}, []
        for version, tables in sorted(self.samples().items()):
            changes[version], stay = _duplicates.plan(self.texts, tables)
            left += [dict(place._asdict(), version=version) for place in stay]
        return changes, left

    def _file(self, kind, version, table):
        return self.path("%s-%s-%s-%s.rules" % (kind, self.name, version, table))

    def each(self, changes):
        return [(version, table, changes[version][table]) for version in VERSIONS for table in changes[version]]

    def keep(self, changes):
        """Write the chains as they were and as they shall be, readable by root only."""
        self.make_directory()
        for version, table, chains in self.each(changes):
            for kind in ("before", "after"):
                numbers = dict((chain, getattr(change, kind)) for chain, change in chains.items())
                write(self._file(kind, version, table), _duplicates.contents(self.texts, table, numbers))

    def forget(self, changes):
        """Remove what was kept for a change that does not come."""
        for version, table, unused in self.each(changes):
            for kind in ("before", "after"):
                if os.path.exists(self._file(kind, version, table)):
                    os.unlink(self._file(kind, version, table))

    def kept(self):
        """Return the changes that keep() has written."""
        changes = dict((version, {}) for version in VERSIONS)
        for name in self.host.listdir(self._module.params["directory"]) or []:
            kind, unused, rest = name.partition("-%s-" % self.name)
            version, unused, rest = rest.partition("-")
            if kind == "after" and version in VERSIONS and rest.endswith(".rules"):
                table = rest[: -len(".rules")]
                before, after = (self._read(kind, version, table) for kind in ("before", "after"))
                changes[version][table] = dict((chain, _duplicates.Change(before[chain], after[chain])) for chain in after)
        return changes

    def _read(self, kind, version, table):
        dump = _duplicates.Dump(self.texts)
        with open(self._file(kind, version, table), "rb") as stream:
            for line in stream:
                dump.feed(line.decode("utf-8").rstrip("\n"))
        return dump.end()[table]

    def undo_commands(self, changes):
        return [(self.command(version, "restore"), self._file("before", version, table)) for version, table, unused in self.each(changes)]

    def test(self, changes):
        """Have the command check its input, a table at a time: nft's --test is wrong about several (Debian bug 960003)."""
        for version, table, unused in self.each(changes):
            self.restore(version, ["--test"], "would not do for %s" % table, path=self._file("after", version, table))

    def apply(self, changes):
        for version, table, unused in self.each(changes):  # a table is changed as a whole or not at all
            self.restore(version, [], "has failed for %s" % table, path=self._file("after", version, table))

    def restore_chains(self, version, table, chains):
        """Have chains {name: numbers} hold these rules."""
        if chains:
            path = self._file("back", version, table)
            write(path, _duplicates.contents(self.texts, table, chains))
            self.restore(version, [], "has failed for %s" % table, path=path)


if __name__ == "__main__":
    main()
