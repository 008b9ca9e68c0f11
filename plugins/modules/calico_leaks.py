#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: calico_leaks
short_description: Release leaked addresses of Calico, and never leave its datastore locked
version_added: 0.1.0
description:
  - Releases addresses that nobody has any more, by calicoctl and in the order that Calico's documentation gives, C(datastore migrate lock),
    C(ipam check -o), C(ipam release --from-report), C(datastore migrate unlock).
  - While the datastore is locked no pod gets an address. So nothing is locked where a first C(ipam check) finds no leak, and it is unlocked whatever
    fails in between, by calicoctl or, where that cannot, through kubectl. That it is unlocked is read from ClusterInformation.
  - A file in O(directory) tells the next run that this one has locked, should it be killed; that run unlocks first. What somebody else has locked is
    left alone, and an error for V(released).
options:
  state:
    description: V(unlocked) only unlocks what a run that was killed has locked.
    type: str
    choices: [released, unlocked]
    default: released
  calicoctl:
    description: Path of calicoctl on the host, of the version of the cluster's Calico. Required for V(released).
    type: path
  report:
    description: A file on the host for what C(ipam check) has found. It is made with mode 0600, its folder with 0700. Required for V(released).
    type: path
  directory:
    description: The folder on the host for the file that tells of the lock.
    type: path
    default: /var/lib/nodemend
  command_timeout:
    description: Seconds that one command of calicoctl may take.
    type: int
    default: 300
extends_documentation_fragment:
  - nodemend.kubernetes.kubectl
attributes:
  check_mode:
    description: Can run in C(check_mode) and return changed status prediction without modifying the host.
    support: full
  diff_mode:
    description: Returns details on what has changed (or possibly needs changing in C(check_mode)), when in diff mode.
    support: none
notes:
  - calico-kube-controllers frees leaked addresses by itself, by default after 15 minutes. Look first why it does not.
seealso:
  - module: nodemend.kubernetes.calico_ipam_info
author:
  - The nodemend authors (@nodemend)
"""

EXAMPLES = r"""
- name: Release what nobody has any more
  nodemend.kubernetes.calico_leaks:
    kubeconfig: /etc/kubernetes/admin.conf
    calicoctl: /usr/local/bin/calicoctl
    report: /var/lib/nodemend/20261120T120000Z/calico_ipam-0123456789abcdef/report.json

- name: Unlock what a run that was killed has locked
  nodemend.kubernetes.calico_leaks:
    kubeconfig: /etc/kubernetes/admin.conf
    state: unlocked
"""

RETURN = r"""
leaks:
  description: How many leaked addresses and handles there were, before anything was released.
  returned: state is released
  type: int
  sample: 12
left:
  description: How many there still are.
  returned: state is released
  type: int
  sample: 0
unlocked:
  description: Whether the lock of a run that was killed was taken away, or would be.
  returned: success
  type: bool
  sample: false
"""

import errno
import fcntl
import json
import os
import re
import signal

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.nodemend.kubernetes.plugins.module_utils import _calico_ipam
from ansible_collections.nodemend.kubernetes.plugins.module_utils._kubectl_module import ARGUMENTS, Kubectl, KubectlFailed

UNLOCK = {"spec": {"datastoreReady": True}}
# A connection that ends, or an operator who is tired of waiting: the lock is given back first.
SIGNALS = (signal.SIGHUP, signal.SIGINT, signal.SIGTERM)


class Failed(Exception):
    """What went wrong, as a sentence."""


def marker_of(directory, cluster):
    """Return the path of the marker for a cluster (its GUID): a bastion may serve several."""
    return os.path.join(directory, "calico_ipam-%s.locked" % (re.sub(r"[^0-9A-Za-z-]", "", cluster) or "cluster"))


class Marker(object):
    """The file that tells of a lock of ours. Held (flock) by the run that may have locked; that ends with the run, however it ends."""

    def __init__(self, path):
        if not os.path.isdir(os.path.dirname(path)):
            os.makedirs(os.path.dirname(path), 0o700)
        self.path = path
        self._file = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except (IOError, OSError) as exc:
            os.close(self._file)
            if exc.errno not in (errno.EACCES, errno.EAGAIN):
                raise
            raise Failed("Another run releases leaked addresses at this moment (%s)." % self.path)
        if os.fstat(self._file).st_nlink == 0:
            os.close(self._file)
            raise Failed("Another run has released leaked addresses at this moment. Run again.")

    def left(self):
        """Return whether a run that has ended has left it."""
        return os.fstat(self._file).st_size > 0

    def write(self):
        os.write(self._file, b"Calico's datastore is locked (ClusterInformation, datastoreReady) by nodemend.kubernetes.calico_leaks.\n")
        os.fsync(self._file)
        folder = os.open(os.path.dirname(self.path), os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def clear(self):
        """Tell of no lock any more. The file goes at the end, for this run may lock again."""
        os.ftruncate(self._file, 0)
        os.lseek(self._file, 0, os.SEEK_SET)

    def end(self):
        if not self.left():
            os.unlink(self.path)
        os.close(self._file)


class Leaks(object):
    def __init__(self, module):
        self._module = module
        self._params = module.params
        self._kubectl = Kubectl(module)
        self.result = {"changed": False, "unlocked": False}

    def run(self):
        released = self._params["state"] == "released"
        if not released and self._kubectl.get(_calico_ipam.INFORMATION) is None:
            return
        information = self._information()
        path = marker_of(self._params["directory"], information.get("clusterGUID") or "")
        if not os.path.exists(path) and not (released and not self._module.check_mode):
            if released:
                self._release(None, information)
            return
        marker = Marker(path)
        try:
            if marker.left():
                information = self._recover(marker, information)
            if released:
                self._release(marker, information)
        finally:
            marker.end()

    def _information(self):
        found = self._kubectl.get(_calico_ipam.INFORMATION)
        if found is None:
            raise Failed("There is no ClusterInformation default: Calico does not keep its objects in this API server.")
        return found.get("spec") or {}

    def _recover(self, marker, information):
        if _calico_ipam.locked(information):
            self.result.update(changed=True, unlocked=True)
            if self._module.check_mode:
                return dict(information, datastoreReady=True)
            self._unlock()
        if not self._module.check_mode:
            marker.clear()
        return self._information()

    def _release(self, marker, information):
        if _calico_ipam.locked(information):
            raise Failed(
                "The datastore of Calico is locked already (ClusterInformation, datastoreReady), and not by this role on this host: somebody migrates or "
                "repairs it. When nobody does: calicoctl datastore migrate unlock."
            )
        # Without the lock, so that nothing is locked for nothing.
        found = self._check(os.path.join(self._module.tmpdir, "report.json"))
        self.result.update(leaks=found, left=found)
        if not found or self._module.check_mode:
            self.result["changed"] = self.result["changed"] or bool(found)
            return
        marker.write()
        try:
            self._calicoctl("datastore", "migrate", "lock")
            if not _calico_ipam.locked(self._information()):
                raise Failed("calicoctl has locked, but not this cluster's datastore: look at its configuration (/etc/calico/calicoctl.cfg).")
            self.result["leaks"] = self._check(self._params["report"])
            if self.result["leaks"]:
                self.result["changed"] = True
                self._calicoctl("ipam", "release", "--from-report=" + self._params["report"])
                self.result["left"] = self._check(self._params["report"] + ".after")
            else:
                self.result["left"] = 0
        finally:
            self._unlock()
            marker.clear()
        if self.result["left"]:
            raise Failed("%(left)d of %(leaks)d leaks are still there; run again." % self.result)

    def _check(self, path):
        folder = os.path.dirname(path)
        if not os.path.isdir(folder):
            os.makedirs(folder, 0o700)
        mask = os.umask(0o077)
        try:
            self._calicoctl("ipam", "check", "-o", path)
            with open(path) as stream:
                return _calico_ipam.leaks(stream.read())
        except (IOError, OSError, ValueError, AttributeError) as exc:
            raise Failed("What calicoctl ipam check has found cannot be read: %s" % exc)
        finally:
            os.umask(mask)

    def _calicoctl(self, *words):
        limit = ["timeout", "-k", "10", str(self._params["command_timeout"])]
        environment = {"LC_ALL": "C", "DATASTORE_TYPE": "kubernetes", "KUBECONFIG": self._params["kubeconfig"]}
        command = limit + [self._params["calicoctl"]] + list(words)
        code, out, error = self._module.run_command(command, environ_update=environment, handle_exceptions=False)
        if code != 0:
            said = (error.strip() or out.strip() or "no message")[-500:]
            raise Failed("calicoctl %s ended with %d: %s" % (" ".join(words), code, said))

    def _unlock(self):
        """Unlock, and see that it is. Nothing interrupts that."""
        before = [signal.signal(handled, signal.SIG_IGN) for handled in SIGNALS]
        try:
            self._unlocked()
        finally:
            for handled, handler in zip(SIGNALS, before):
                signal.signal(handled, handler)

    def _unlocked(self):
        """By the command of Calico's own first; where that fails, the object is what it would have changed."""
        said = []
        if self._params["calicoctl"]:
            try:
                self._calicoctl("datastore", "migrate", "unlock")
            except Failed as exc:
                said.append(str(exc))
        try:
            if _calico_ipam.locked(self._information()):
                patch = ["patch", "clusterinformations.crd.projectcalico.org", "default", "--type=merge", "--patch=" + json.dumps(UNLOCK)]
                self._kubectl.run(patch)
            if not _calico_ipam.locked(self._information()):
                return
        except KubectlFailed as exc:
            said.append(str(exc))
        raise Failed(
            "THE DATASTORE OF CALICO IS STILL LOCKED, and no pod gets an address: %s Unlock it: calicoctl datastore migrate unlock. The next run tries again."
            % " ".join(said)
        )


def interrupted(number, unused):
    raise Failed("Ended by signal %d." % number)


def main():
    module = AnsibleModule(
        dict(
            ARGUMENTS,
            state={"type": "str", "choices": ["released", "unlocked"], "default": "released"},
            calicoctl={"type": "path"},
            report={"type": "path"},
            directory={"type": "path", "default": "/var/lib/nodemend"},
            command_timeout={"type": "int", "default": 300},
        ),
        required_if=[("state", "released", ("calicoctl", "report"))],
        supports_check_mode=True,
    )
    for handled in SIGNALS:
        signal.signal(handled, interrupted)
    leaks = Leaks(module)
    try:
        leaks.run()
    except (Failed, KubectlFailed) as exc:
        module.fail_json(msg=str(exc), **leaks.result)
    module.exit_json(**leaks.result)


if __name__ == "__main__":
    main()
