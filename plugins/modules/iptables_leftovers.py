#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: iptables_leftovers
short_description: Remove the rules that Kubernetes has left in a netfilter backend it no longer uses
version_added: 0.1.0
description:
  - Removes the chains of Kubernetes and its network (C(KUBE-), C(cali-), C(CNI-), C(FLANNEL-)), and the rules elsewhere that jump to them or
    carry their comment, from one backend. All other rules stay as they are.
  - Does so only when nothing uses them. Two samples are taken; if rules have changed, or a rule that decides over packets was hit, it fails and
    removes nothing. In check mode it warns instead, since a host in service has traffic that one to be changed, which is drained, has not.
  - kube-proxy's accept of known connections in C(KUBE-FORWARD) may be hit where C(FORWARD) has no rule of others and the policy ACCEPT.
  - Nor where a policy, or a rule of others behind them, would stop packets that they let pass; in check mode it warns.
  - With O(backend=nft) and an C(iptables-nft-save) before 1.8.9 it fails unless C(nft) shows that nothing is missing from what that has printed.
  - Keeps what it removes in O(directory), and arms a timer on the host that puts it back unless the same module is called again with
    O(state=confirmed) over a new connection.
  - M(community.general.iptables_state) uses the commands that PATH names, which speak the backend to keep, and its roll-back is ended by the
    time limit of its own asynchronous job before it begins (seen with ansible-core 2.21). Hence a module of its own.
options:
  state:
    description:
      - V(absent) removes the leftovers. Where that fails half-way, or something writes them again, it puts back what is missing and fails.
      - V(confirmed) stops the timer. It fails when the timer was faster and everything is back.
      - V(present) puts back what lies in O(directory) and is missing now. It changes nothing once the host has booted since the removal.
    type: str
    choices: [absent, confirmed, present]
    default: absent
  settle:
    description: Seconds between the two samples.
    type: int
    default: 30
extends_documentation_fragment:
  - nodemend.kubernetes.netfilter
  - nodemend.kubernetes.netfilter.armed
notes:
  - Only the role P(nodemend.kubernetes.iptables_backend#role) should call it. It makes sure that the other backend has taken over.
seealso:
  - module: nodemend.kubernetes.iptables_info
"""

EXAMPLES = r"""
- name: Remove what Kubernetes has left in legacy tables
  nodemend.kubernetes.iptables_leftovers:
    backend: legacy
    directory: /var/lib/nodemend/20261120T120000Z/iptables_backend
  register: removed

- name: Do not reuse the connection
  ansible.builtin.meta: reset_connection

- name: Show that the host is still reached
  nodemend.kubernetes.iptables_leftovers:
    state: confirmed
    directory: /var/lib/nodemend/20261120T120000Z/iptables_backend
  when: removed is changed

- name: Put it back
  nodemend.kubernetes.iptables_leftovers:
    state: present
    backend: legacy
    directory: /var/lib/nodemend/20261120T120000Z/iptables_backend
"""

RETURN = r"""
chains:
  description: How many chains were removed or put back, or would be.
  returned: success
  type: int
  sample: 11
rules:
  description: How many rules were removed or put back, or would be.
  returned: success
  type: int
  sample: 22
moved:
  description: How the rules changed between the two samples, where the module fails because of that, or would.
  returned: failure, or in check mode
  type: list
  elements: str
  sample: ["12 packets met a rule in nat: -A KUBE-SEP-X -p tcp -j DNAT --to-destination 10.244.0.2:53"]
"""

import math
import time

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.nodemend.kubernetes.plugins.module_utils import _armed_restore, _leftovers
from ansible_collections.nodemend.kubernetes.plugins.module_utils._armed_restore import FAILURE, Failed, decide, write
from ansible_collections.nodemend.kubernetes.plugins.module_utils._facts import netfilter_backends
from ansible_collections.nodemend.kubernetes.plugins.module_utils._host import Unavailable


def main():
    module = AnsibleModule(
        dict(_armed_restore.ARGUMENTS, settle={"type": "int", "default": 30}),
        required_if=_armed_restore.REQUIRED_IF,
        supports_check_mode=True,
    )
    try:
        {"absent": remove, "confirmed": confirm, "present": put_back}[module.params["state"]](module)
    except (Failed, Unavailable, ValueError) as exc:
        module.fail_json(msg="No rule was changed: %s" % exc)


def remove(module):
    """Remove the leftovers and end the module, which keeps the way back and has armed the timer; raise Failed, Unavailable or ValueError before that."""
    backend = Backend(module)
    before = backend.samples()
    if not any(any(_leftovers.count(tables)) for tables in before.values()):
        module.exit_json(changed=False, chains=0, rules=0)
    time.sleep(module.params["settle"])
    now = backend.samples()
    moved = [
        "%s: %s" % (version, told)
        for version in netfilter_backends.VERSIONS
        for told in _leftovers.movement(before[version], now[version])
    ]
    if moved:
        used = "Something still uses the %s rules of Kubernetes" % backend.name
        if not module.check_mode:
            module.fail_json(msg="%s, none was removed: %s" % (used, "; ".join(moved[:5])), moved=moved[:50])
        module.warn("%s now, and none would be removed while it does: %s" % (used, "; ".join(moved[:5])))
    exposed = ["%s: %s" % (version, told) for version in netfilter_backends.VERSIONS for told in _leftovers.exposed(now[version])]
    if exposed:
        kept = "Without the %s rules of Kubernetes packets would be stopped that they let pass" % backend.name
        if not module.check_mode:
            module.fail_json(msg="%s, none was removed: %s." % (kept, "; ".join(exposed[:5])))
        module.warn("%s, and none would be removed: %s." % (kept, "; ".join(exposed[:5])))
    _armed_restore.refuse_used_folder(module)
    changes = dict((version, _leftovers.removal(tables)) for version, tables in now.items())
    for version in netfilter_backends.VERSIONS:
        for table in changes[version]:  # the way back has the text of their rules
            backend.refuse_hidden(version, table, [(rule.line, 1) for rule in now[version][table]["rules"]])
    after = dict((version, _leftovers.without(tables)) for version, tables in now.items())
    result = described(module, now, after, sum_of(now))
    if module.check_mode:
        module.exit_json(moved=moved[:50], **result)
    started = time.time()
    backend.test(changes)
    # To remove takes about as long as to try it, and each table may have to wait for the lock.
    needed = math.ceil(time.time() - started) + _armed_restore.ATTEMPTS * sum(len(inputs) for inputs in changes.values())
    undo = dict((version, _leftovers.restoration(now[version], after[version])) for version in now)
    try:
        backend.keep(undo)
        arm(module, backend, undo, needed)
    except EnvironmentError as exc:  # a file system that is read-only or full
        raise Failed(exc)
    try:
        backend.apply(changes)
        left = sum_of(backend.samples())
        if any(left):
            raise Failed("%d chains and %d rules are still there or again: something writes them to %s." % (left + (backend.name,)))
    except (Failed, Unavailable, ValueError) as exc:
        module.fail_json(msg="%s %s" % (exc, put_back_now(module, backend, now)))
    module.exit_json(**result)


def put_back_now(module, backend, saved):
    """Put back what is missing now, which the timer does not look at, and return a sentence about it."""
    if decide(module.params["directory"], FAILURE) != FAILURE:
        return "The timer has put everything back from %s." % module.params["directory"]
    try:
        present = backend.samples()
        backend.apply(dict((version, _leftovers.restoration(saved[version], present[version])) for version in saved))
    except (Failed, Unavailable, ValueError) as exc:
        return "Not everything could be put back from %s: %s" % (module.params["directory"], exc)
    return "What had been removed was put back."


def put_back(module):
    """Put back what lies in the folder and is missing now, and end the module with the numbers of chains and rules."""
    backend = Backend(module)
    if backend.booted_since():
        told = "The host has booted since these rules were removed: they would not be there any more."
        module.exit_json(changed=False, chains=0, rules=0, msg=told)
    _armed_restore.disarm(module)
    now = backend.samples()
    changes, count = {}, [0, 0]
    for version in netfilter_backends.VERSIONS:
        saved = backend.kept(version)
        changes[version] = _leftovers.restoration(saved, now[version]) if saved else {}
        for text in changes[version].values():
            lines = text.splitlines()
            count[0] += len([line for line in lines if line.startswith(":")])
            count[1] += len([line for line in lines if line.startswith("-")])
    # The tables as they will be are not computed; the commands themselves are the difference.
    result = {"changed": any(changes.values()), "chains": count[0], "rules": count[1]}
    if module._diff and result["changed"]:
        after = "".join(text for version in sorted(changes) for text in changes[version].values())
        result["diff"] = {"before": "", "after": after}
    if result["changed"] and not module.check_mode:
        backend.test(changes)
        try:
            backend.apply(changes)
        except (Failed, Unavailable, ValueError) as exc:
            told = "Not everything could be put back from %s, what could be stays: %s. Run it again." % (module.params["directory"], str(exc).rstrip("."))
            module.fail_json(msg=told)
    module.exit_json(**result)


def confirm(module):
    _armed_restore.confirm(module, {"changed": False, "chains": 0, "rules": 0})


def arm(module, backend, undo, needed):
    commands = [(backend.command(version, "restore"), backend.undo_file(version)) for version in sorted(undo) if undo[version]]
    _armed_restore.arm(module, commands, needed)


def sum_of(samples):
    """Return (chains, rules), how many are left over in {ip version: tables}."""
    counts = [_leftovers.count(tables) for tables in samples.values()]
    return sum(chains for chains, rules in counts), sum(rules for chains, rules in counts)


def described(module, before, after, count):
    """Return the result of a removal: before and after are {ip version: tables}, count is (chains, rules)."""
    result = {"changed": True, "chains": count[0], "rules": count[1]}
    if module._diff:
        result["diff"] = [
            {
                "before_header": "%s %s" % (module.params["backend"], version),
                "after_header": "%s %s" % (module.params["backend"], version),
                "before": _leftovers.listing(before[version]),
                "after": _leftovers.listing(after[version]),
            }
            for version in netfilter_backends.VERSIONS
            if before[version]
        ]
    return result


class Backend(_armed_restore.Backend):
    """One netfilter backend, of which the rules of Kubernetes are removed."""

    def __init__(self, module):
        super(Backend, self).__init__(module)
        self._texts = {}

    def samples(self):
        """Return {ip version: tables}, empty for one that the kernel has not loaded."""
        return dict((version, self._sample(version)) for version in netfilter_backends.VERSIONS)

    def _sample(self, version):
        text = self.host.output([self.command(version, "save"), "-c"]) if self.present(version) else ""
        self._texts[version] = text
        return _leftovers.parse(text)

    def undo_file(self, version):
        return self.path("undo-%s-%s.rules" % (self.name, version))

    def saved_file(self, version):
        return self.path("%s-%s.rules" % (self.name, version))

    def keep(self, undo):
        """Write the last samples and the way back, readable by root only."""
        self.make_directory()
        for version, inputs in undo.items():
            if inputs:
                write(self.saved_file(version), [self._texts[version]])
                write(self.undo_file(version), inputs.values())

    def kept(self, version):
        """Return the tables that were saved, None where nothing was."""
        text = self.host.read(self.saved_file(version))
        return _leftovers.parse(text) if text else None

    def test(self, changes):
        """Have the command check its input, a table at a time: nft's --test is wrong about several (Debian bug 960003)."""
        for version, inputs in changes.items():
            for table, text in inputs.items():
                self.restore(version, ["--test"], "would not do for %s" % table, data=text)

    def apply(self, changes):
        for version, inputs in changes.items():
            for table, text in inputs.items():  # a table is changed as a whole or not at all
                self.restore(version, [], "has failed for %s" % table, data=text)


if __name__ == "__main__":
    main()
