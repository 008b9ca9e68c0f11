# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""A change to one netfilter backend that the host takes back by itself unless a new connection confirms it."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import errno
import os
import time

from . import _nft_rules
from ._facts import iptables_binaries, netfilter_backends
from ._facts.iptables_dumps import COMMANDS
from ._facts.pending_restores import BOOT, DECIDED, DUE, THIS_BOOT
from ._host import Host, Unavailable

# Of the modules that change one backend (doc_fragments/netfilter.py).
ARGUMENTS = {
    "state": {"type": "str", "choices": ["absent", "confirmed", "present"], "default": "absent"},
    "backend": {"type": "str", "choices": ["legacy", "nft"]},
    "directory": {"type": "path", "required": True},
    "rollback": {"type": "int", "default": 60},
    "timeout": {"type": "int", "default": 120},
}
REQUIRED_IF = [("state", "absent", ["backend"]), ("state", "present", ["backend"])]
# Who has decided, as the link DECIDED says, which is made whole or not at all.
CONFIRMED = "confirmed"
TIMER = "timer"
FAILURE = "failure"
PUT_BACK = "put_back"
# kube-proxy holds the lock of the legacy tables for moments, and old commands cannot be told to wait: they end with 4 at once.
ATTEMPTS = 10
LOCKED = 4


class Failed(Exception):
    """A command has not done what it should."""


def confirm(module, result):
    """Stop the timer and end the module with this result; fail where the timer was faster."""
    directory = module.params["directory"]
    if module.check_mode or not os.path.isdir(directory):
        module.exit_json(**result)
    if decide(directory, CONFIRMED) != CONFIRMED:
        module.fail_json(msg="No confirmation came in time: the host has put its rules back from %s." % directory)
    module.exit_json(**result)


def decide(directory, who):
    """Decide what becomes of the change unless somebody has; return who did."""
    path = os.path.join(directory, DECIDED)
    try:
        os.symlink(who, path)
    except OSError as exc:
        if exc.errno != errno.EEXIST:
            raise
    return os.readlink(path)


def disarm(module):
    """Before a removal is undone: where its timer is still to come, as after a run that was broken off, it must not put back the same once more."""
    directory = module.params["directory"]
    if module.check_mode or not os.path.exists(os.path.join(directory, DUE)):
        return
    try:
        decide(directory, PUT_BACK)  # if the timer was faster, what it has put back is there
    except EnvironmentError as exc:  # a file system that is read-only or full: the timer goes on there, and puts everything back
        raise Failed("the timer that puts the rules back cannot be stopped: %s" % exc)


def refuse_used_folder(module):
    """A backup is never overwritten, and a decision of an earlier change would disarm the timer of this one."""
    directory = module.params["directory"]
    names = os.listdir(directory) if os.path.isdir(directory) else []
    used = sorted(name for name in names if name.endswith(".rules") or name == DECIDED)
    if used:
        module.fail_json(msg="%s holds %s of an earlier removal; give a new folder." % (directory, used[0]))


def arm(module, commands, needed):
    """Have the host run commands [(path, its input)] by itself; with systemd outside of the session, which may die with the connection."""
    if not module.params["rollback"]:
        return
    directory = module.params["directory"]
    script = os.path.join(directory, "roll_back.sh")
    write(script, [roll_back_script(directory, commands)])
    seconds = module.params["rollback"] + int(needed)
    write(os.path.join(directory, DUE), ["%d\n" % (time.time() + seconds)])
    # Whoever removes the folder after the confirmation shall not find a failed unit.
    command = "[ ! -e %s ] || exec /bin/sh %s" % (quote(script), quote(script))
    runner = module.get_bin_path("systemd-run") if os.path.isdir("/run/systemd/system") else None
    if runner:
        argv = [runner, "--on-active=%ds" % seconds, "--timer-property=AccuracySec=1s", "/bin/sh", "-c", command]
        # EL 7's systemd has no --timer-property in its first versions; half a minute late is not too late.
        if module.run_command(argv)[0] == 0 or module.run_command(argv[:2] + argv[3:])[0] == 0:
            return
    setsid = module.get_bin_path("setsid", required=True)
    argv = ["/bin/sh", "-c", '%s /bin/sh -c "$0" </dev/null >/dev/null 2>&1 &' % setsid, "sleep %d; %s" % (seconds, command)]
    module.run_command(argv, check_rc=True)


def roll_back_script(directory, commands):
    """Return what the timer runs unless somebody has decided: the commands [(path, its input)], each until it gets the lock.

    Through a pipe: a unit's shell runs as initrc_t under the SELinux policy of EL and its relatives, from where an iptables command goes over to
    iptables_t, which may read an inherited pipe but no file below /var/lib/nodemend; the kernel would give it nothing in its place, without an error.
    """
    decided = quote(os.path.join(directory, DECIDED))
    # A file system that is full or read-only by now has decided nothing.
    lines = ["ln -s %s %s 2>/dev/null || [ ! -L %s ] || exit 0" % (TIMER, decided, decided)]
    for command, path in commands:
        attempt = "cat %s | %s --noflush" % (quote(path), quote(command))
        again = "[ $? -eq %d ] && [ $tries -gt 1 ]; do tries=$((tries - 1)); sleep 1; done" % LOCKED
        lines.append("tries=%d; while %s; %s" % (ATTEMPTS, attempt, again))
    return "".join(line + "\n" for line in lines)


def quote(path):
    return "'%s'" % path.replace("'", "'\\''")


def write(path, texts):
    """Write texts to a file that only root may read, as a whole or not at all."""
    descriptor = os.open(path + ".new", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        for text in texts:
            stream.write(text.encode("utf-8"))
        stream.flush()
        os.fsync(stream.fileno())
    os.rename(path + ".new", path)


def make_private(directory):
    """Make a folder and its missing parents for root only; os.makedirs gives its mode to the last one alone (Python 3.7)."""
    if not os.path.isdir(directory):
        make_private(os.path.dirname(directory))
        os.mkdir(directory, 0o700)


class Backend(object):
    """One netfilter backend of this host."""

    def __init__(self, module):
        self._module = module
        self.host = Host(timeout=module.params["timeout"])
        self.name = module.params["backend"]
        if not self.host.is_root():
            raise Unavailable("NeedsRoot", "only root may list and change rules.")
        self._loaded = netfilter_backends.collect(self.host)
        self._binaries = iptables_binaries.collect(self.host)

    def command(self, version, verb):
        """Return the path of iptables-legacy-save and its kind; the plain name where it speaks this backend."""
        base = COMMANDS[version]
        path = self.host.which("%s-%s-%s" % (base, self.name, verb))
        plain = self._binaries[base]
        if path is None and plain is not None and plain["backend"] == self.name:
            path = self.host.which("%s-%s" % (base, verb))
        if path is None:
            raise Unavailable("CommandMissing", "%s-%s-%s is not installed." % (base, self.name, verb))
        return path

    def present(self, version):
        """Return whether the kernel has this backend; a listing would make it load what it has not."""
        if self.name == "legacy":
            lack = self._loaded["unavailable"][version]
            if lack:
                raise Unavailable(lack["reason"], lack["message"])
            return bool(self._loaded["legacy"][version])
        if self._loaded["nft"] is None:
            raise Unavailable("Unreadable", "whether nf_tables is in the kernel cannot be told.")
        return self._loaded["nft"]

    def refuse_hidden(self, version, table, lines):
        """Give up where the rules of a table may say more than the lines [("-A CHAIN ...", number)] that were printed: none may be written back so."""
        if self.name != "nft":
            return
        told = self.host.output([self.command(version, "save"), "--version"]).strip()
        if _nft_rules.is_complete(told):
            return
        rules = _nft_rules.Rules(version, table)
        why = "%s prints rules that a newer iptables has written without what it cannot read" % told
        ways = "Install iptables 1.8.9 or newer, or reboot the node, which takes all of them away"
        try:
            self.host.each_line(["nft", "--debug=netlink", "list", "table", _nft_rules.FAMILIES[version], table], rules.feed)
        except Unavailable as exc:
            message = "%s, and nft, which would tell, gives no answer (%s). Install nftables (it need not be enabled). %s." % (why, exc.message, ways)
            raise Unavailable("MayBeHidden", message)
        if rules.unknown:
            raise Unavailable("Hidden", "%s, and %s %s %s has such: %s. %s." % ((why, version, table) + rules.unknown + (ways,)))
        if rules.differs(lines):
            raise Unavailable("RulesChanged", "%s, and in %s %s nft shows others, or they have just changed; try again. %s." % (why, version, table, ways))

    def path(self, name):
        return os.path.join(self._module.params["directory"], name)

    def make_directory(self):
        """Have the folder for what is kept, for root only, and take note of the boot."""
        directory = self._module.params["directory"]
        make_private(directory)
        os.chmod(directory, 0o700)
        write(self.path(BOOT), [self._boot()])

    def booted_since(self):
        """Return whether the rules were removed before the host last started."""
        kept = self.host.read(self.path(BOOT))
        return bool(kept) and kept != self._boot()

    def _boot(self):
        return self.host.read(THIS_BOOT) or ""

    def restore(self, version, options, told, data=None, path=None):
        """Run iptables-restore --noflush on a text or a file until it gets the lock."""
        restore(self._module, [self.command(version, "restore"), "--noflush"] + options, told, data, path)


def restore(module, argv, told, data=None, path=None):
    """Run a restoring command on a text or a file until it gets the lock."""
    words = " ".join(argv)
    if path is not None:  # run_command would have all of it in memory; a pipe, see roll_back_script
        argv = ["/bin/sh", "-c", '[ -r {0} ] && cat {0} | "$@"'.format(quote(path)), "sh"] + argv
    for attempt in range(ATTEMPTS):
        rc, out, err = module.run_command(argv, data=data, environ_update={"LC_ALL": "C", "LANGUAGE": "C"})
        if rc != LOCKED or attempt == ATTEMPTS - 1:
            break
        time.sleep(1)
    if rc != 0:
        raise Failed("%s %s: %s" % (words, told, (err or out).strip()))
