# -*- coding: utf-8 -*-
"""A recorded host: a directory plays the file system, recorded answers play the commands.

Everything but the answers is the product's own code (_host.Host with another root), so what a test sees of missing
files, links and denied permissions is what a node would see. A file or command fails the test that touched it where neither
the fact that was being collected nor one that it needs has it in its SOURCES, or where it was denied and is not declared as root's.
"""

from __future__ import absolute_import, division, print_function

import collections
import errno
import fnmatch
import io
import os
import re
import shutil
import tempfile

from ansible_collections.nodemend.kubernetes.plugins.module_utils import (
    _catalogue,
    _certificate,
    _cluster_catalogue,
    _engine,
    _host,
    _kubectl,
    _option,
    _subject_catalogue,
)
from ansible_collections.nodemend.kubernetes.plugins.module_utils._condition import parameters
from ansible_collections.nodemend.kubernetes.plugins.module_utils._option import checked

__metaclass__ = type

RECORDINGS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "recordings")
TIMED_OUT = "TimedOut"
NOW = 1795176000  # 2026-11-20 12:00 UTC
# fact: the one that was being collected, None outside of one. needs_root: it was denied, and the host was looked at without root.
Touch = collections.namedtuple("Touch", "kind what fact needs_root")


def recording(name):
    """Return the text of tests/unit/recordings/NAME; where it is from stands in recordings/README.md."""
    with io.open(os.path.join(RECORDINGS, name), encoding="utf-8") as stream:
        return stream.read()


class RecordedHost(_host.Host):
    """files: {path: text or bytes}; links: {path: target}; denied: paths (fnmatch) that only root may read;
    commands: {"words of argv": stdout text, (rc, out, err) or TIMED_OUT}. A file whose text is None is an empty directory.
    """

    def __init__(self, files=None, links=None, commands=None, denied=(), root=True):
        self._directory = tempfile.mkdtemp(prefix="nodemend-host-")
        super(RecordedHost, self).__init__(root=self._directory)
        self._commands = commands or {}
        self._denied_paths = denied
        self._is_root = root
        self.facts = None  # facts_of() leaves them here
        self.touches = []
        for path, content in (files or {}).items():
            self._write(path, content)
        for path, target in (links or {}).items():
            self._parent(path)
            os.symlink(target, self._directory + path)

    def _parent(self, path):
        parent = os.path.dirname(self._directory + path)
        if not os.path.isdir(parent):
            os.makedirs(parent)

    def _write(self, path, content):
        self._parent(path)
        if content is None:
            os.makedirs(self._directory + path)
            return
        if not isinstance(content, bytes):
            content = content.encode("utf-8")
        with io.open(self._directory + path, "wb") as stream:
            stream.write(content)
        if "/bin/" in path or "/sbin/" in path:
            os.chmod(self._directory + path, 0o755)

    def close(self):
        shutil.rmtree(self._directory, ignore_errors=True)

    def is_root(self):
        return self._is_root

    def _touch(self, kind, what, denied=False):
        collected = self.facts._open if self.facts else []
        self.touches.append(Touch(kind, what, collected[-1] if collected else None, denied and not self._is_root))

    @property
    def touched(self):
        """[(kind, what)] of all that was touched."""
        return [(touch.kind, touch.what) for touch in self.touches]

    def which(self, name):
        path = super(RecordedHost, self).which(name)
        if path is None and any(words.split(" ")[0] == name for words in self._commands):
            return name if name.startswith("/") else "/usr/sbin/" + name
        return path

    def resolve(self, path, root=""):
        self._touch("file", root + path)
        return super(RecordedHost, self).resolve(path, root)

    def _mounted(self):
        """As the product's, which looks for automounts before all others: docs/commands.md says so above its tables."""
        count = len(self.touches)
        mounts = super(RecordedHost, self)._mounted()
        del self.touches[count:]
        return mounts

    def mounted(self, path):
        self._touch("file", "/proc/self/mountinfo")
        return super(RecordedHost, self).mounted(path)

    def _look(self, path, load):
        blocked = any(fnmatch.fnmatchcase(path, pattern) for pattern in self._denied_paths)
        self._touch("file", path, blocked)

        def denied():
            raise EnvironmentError(errno.EACCES, "Permission denied")

        return super(RecordedHost, self)._look(path, denied if blocked else load)

    def _real(self, path, follow_last=True):
        """As the product's, but what a look-up passes on its way is no touch of its own."""
        count = len(self.touches)
        real = super(RecordedHost, self)._real(path, follow_last)
        del self.touches[count:]
        return real

    def peer_certificate(self, address, port, name):
        """The answer recorded for "tls ADDRESS:PORT NAME": PEM text or TIMED_OUT."""
        place = "%s:%d" % (address, port)
        self._touch("connection", place)
        answer = self._commands.get("tls %s %s" % (place, name))
        if answer == TIMED_OUT:
            raise _host.Unavailable("TimedOut", "%s: no answer within %s s" % (place, self.timeout))
        if answer is None:
            raise _host.Unavailable("Unreadable", "%s: Connection refused" % place)
        return _certificate.first(answer)

    def changed(self, path):
        """As modified: no test can set the time of a change."""
        return self.modified(path)

    def ask(self, path, target, timeout=None):
        """The answer recorded for "GET PATH TARGET": text, TIMED_OUT, or an Unavailable to raise."""
        self._touch("connection", path, denied=not self._is_root)
        answer = self._commands.get("GET %s %s" % (path, target), _host.Unavailable("Unreadable", "%s: Connection refused" % path))
        if answer == TIMED_OUT:
            raise _host.Unavailable("TimedOut", "%s: no answer within %s s" % (path, timeout or self.timeout))
        if isinstance(answer, _host.Unavailable):
            raise answer
        return answer

    def _run(self, argv, timeout, on_out, on_err):
        words = " ".join(argv)
        answer = self._commands.get(words)
        if answer is None:
            for pattern, candidate in self._commands.items():
                if fnmatch.fnmatchcase(words, pattern):
                    answer = candidate
        refused = isinstance(answer, tuple) and re.search("permission denied|must be root|not permitted", answer[2].lower())
        self._touch("command", words, bool(refused))
        if answer is None:
            if self.which(argv[0]) is not None:
                raise AssertionError("no answer is recorded for the command %r" % words)
            raise _host.Unavailable("CommandMissing", "%s: command not found" % argv[0])
        if answer == TIMED_OUT:
            raise _host.Unavailable("TimedOut", "%s: no answer within %s s" % (words, timeout or self.timeout))
        rc, out, err = answer if isinstance(answer, tuple) else (0, answer, "")
        on_out(out.encode("utf-8"))
        on_err(err.encode("utf-8"))
        return rc


_compiled = {}


def _matches(what, pattern):
    """fnmatchcase, which forgets its patterns when it has seen 100 of them (Python 2.7): there are more."""
    if pattern not in _compiled:
        _compiled[pattern] = re.compile(fnmatch.translate(pattern))
    return _compiled[pattern].match(what) is not None


# What nobody but root may look at on some hosts only, so that no fact declares it as root's.
CLOSED_ON_SOME_HOSTS = (
    "/proc/[0-9]*/stat",  # where /proc is mounted with hidepid
    "/proc/version",  # where it is kept from a container
    "/boot",  # hardened hosts have 0700
    "/etc/docker/daemon.json",  # these may hold a proxy's password
    "/etc/systemd/system/*.service*",
    "/etc/rancher/*",  # made by hand, with root's umask of 077
)


_declared = {}


def declared_for(fact, catalogue):
    """Return the SOURCES of a fact and of all that it needs: these may hand it what looks for them, as the client of a cluster."""
    if (fact, catalogue) not in _declared:
        modules = dict(catalogue.FACTS, kubectl_client=_kubectl)
        sources, todo, seen = [], [fact], set()
        while todo:
            name = todo.pop()
            if name in modules and name not in seen:
                seen.add(name)
                sources += modules[name].SOURCES
                todo += sum(parameters(modules[name].collect), ()) if name in catalogue.FACTS else ()
        _declared[fact, catalogue] = sources
    return _declared[fact, catalogue]


def undeclared(host, catalogue=_catalogue):
    """Return what was touched without being declared by the fact that touched it, or without root's where it was denied."""
    strange = []
    for touch in host.touches:
        sources = [source for source in declared_for(touch.fact, catalogue) if source.kind == touch.kind and _matches(touch.what, source.pattern)]
        open_to_all = not touch.needs_root or any(_matches(touch.what, pattern) for pattern in CLOSED_ON_SOME_HOSTS)
        if not any(source.root or open_to_all for source in sources):
            strange.append(touch)
    return strange


def facts_of(host, catalogue=_catalogue, **options):
    """Return the engine's Facts of a recorded host, with the options' defaults filled in."""
    table = dict(_option.COMMON_OPTIONS, **_catalogue.THRESHOLDS)
    if catalogue is _cluster_catalogue:
        table = dict(catalogue.OPTIONS, **catalogue.THRESHOLDS)
    host.facts = catalogue.facts_of(host, checked(table, options), NOW)
    return host.facts


def fact(name, host, **options):
    """Return one fact of a recorded host, of its node or its cluster; raises Unavailable as the product does."""
    catalogue = _subject_catalogue if name in _subject_catalogue.FACTS else _cluster_catalogue
    facts = facts_of(host, catalogue, **options)
    try:
        return facts.get(name)
    finally:
        assert facts.bugs == []
        assert undeclared(host, catalogue) == []
        host.close()


def judge(condition_id, host, **options):
    """Return the Verdict of one condition on a recorded host."""
    cluster = [condition.id for condition in _cluster_catalogue.CONDITIONS]
    catalogue = _cluster_catalogue if condition_id in cluster else _catalogue
    (condition,) = _engine.chosen(catalogue.CONDITIONS, [condition_id])
    facts = facts_of(host, catalogue, **options)
    try:
        verdict = _engine.judge(condition, facts)
        assert facts.bugs == []
        assert undeclared(host, catalogue) == []
        return verdict
    finally:
        host.close()
