# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""The one place that reads files, runs commands or asks a server of this host. It only looks: nothing here writes.

A path or command that does not exist is a value (None). What exists and cannot be read raises
Unavailable with one of the reasons of the contract: NeedsRoot, CommandMissing, Unreadable, TimedOut.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import collections
import errno
import os
import re
import select
import signal
import stat
import subprocess
import sys
import time

# sudo on EL drops /usr/local/bin, Flatcar keeps its own tools in /opt/bin, and k3s and RKE2 keep theirs
# out of PATH altogether; they come last so that the host's own binary wins, as it does for k3s itself.
SEARCH_PATH = (
    "/usr/local/sbin",
    "/usr/local/bin",
    "/usr/sbin",
    "/usr/bin",
    "/sbin",
    "/bin",
    "/opt/bin",
    "/var/lib/rancher/rke2/bin",
    "/var/lib/rancher/k3s/data/current/bin",
    "/var/lib/rancher/k3s/data/current/bin/aux",
)

ENVIRONMENT = {
    "PATH": ":".join(SEARCH_PATH),
    "LC_ALL": "C",
    "LANGUAGE": "C",
    "SYSTEMD_COLORS": "0",
    "SYSTEMD_PAGER": "",
    # Else what an operator prefers (~/.kube/kuberc, below the folder we are in where there is no HOME) counts for kubectl from 1.34 on.
    "KUBERC": "off",
}

# As many links as the kernel follows in one look-up (path_resolution(7)).
MAXIMUM_LINKS = 40

# More than any file that a fact reads (a large modules.dep has 2 MB); what a container offers is read for a few lines only.
MAXIMUM_BYTES = 64 * 1024 * 1024
MAXIMUM_BYTES_OF_CONTAINER = 1024 * 1024
# What is read at a time of a file that is handed on line by line.
CHUNK = 1024 * 1024
_OF_CONTAINER = re.compile(r"/proc/\d+/root/")
# Neither a FIFO nor a terminal may stop the scan; 2.7 does not know O_CLOEXEC.
_LOOK_ONLY = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | getattr(os, "O_CLOEXEC", 0)

# No link of the kernel's own file systems leads to an automount, and thousands of their files are read.
_KERNEL = ("/proc/", "/sys/")
_ESCAPED = re.compile(r"\\([0-7]{3})")

_GONE = (errno.ENOENT, errno.ENOTDIR, errno.ESRCH, errno.ENODEV, errno.ENXIO)
_DENIED = (errno.EACCES, errno.EPERM)

_monotonic = getattr(time, "monotonic", time.time)  # Python 2.7 has no monotonic clock

# A session of its own for each command, so that its children can be ended with it. Any preexec_fn has Python copy itself
# for the command (fork instead of vfork), which takes longer than most commands; 2.7 knows nothing else.
_OWN_SESSION = {"preexec_fn": os.setsid} if sys.version_info[0] == 2 else {"start_new_session": True}

Result = collections.namedtuple("Result", "rc out err")


class Unavailable(Exception):
    """A fact that could not be read: a PascalCase reason and a sentence that names the file or command."""

    def __init__(self, reason, message):
        super(Unavailable, self).__init__(message)
        self.reason = reason
        self.message = message


class Host(object):
    """A host as its files and commands.

    root      directory that plays the file system (tests); commands run only on the real one
    timeout   seconds that a command may take unless it asks for more
    budget    seconds that all commands together may take; None for no bound
    """

    def __init__(self, root="/", timeout=10, budget=None):
        self.root = root
        self.timeout = timeout
        self._deadline = None if budget is None else _monotonic() + budget
        self._mounts = None
        self._automounts = ()
        self._linked = False  # whether a link may lead to one of them

    # Files

    def read(self, path):
        """Return the file's text, or None where there is no such file."""
        data = self.read_bytes(path)
        return None if data is None else data.decode("utf-8", "replace")

    def read_bytes(self, path, offset=0, size=-1):
        """Return size bytes from offset (all of the file by default), or None where there is no such file."""

        def load():
            descriptor = os.open(self._real(path), _LOOK_ONLY)
            try:
                if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                    raise Unavailable("Unreadable", "%s: not a regular file" % path)
                if offset:
                    os.lseek(descriptor, offset, os.SEEK_SET)
                return _read(descriptor, path, size)
            finally:
                os.close(descriptor)

        return self._look(path, load)

    def each_line_of(self, path, consume):
        """Hand the lines of a file to consume(line) as they are read, never all at once; return whether there is such a file."""
        size = self.size(path)
        if size is None:
            return False
        if size > MAXIMUM_BYTES:
            raise Unavailable("Unreadable", "%s: larger than the %d bytes that are read at the most" % (path, MAXIMUM_BYTES))
        lines = _Lines(consume)
        for offset in range(0, MAXIMUM_BYTES, CHUNK):
            data = self.read_bytes(path, offset, CHUNK)
            if not data:  # its end, or it is gone meanwhile
                break
            lines.feed(data)
        lines.end()
        return True

    def size(self, path):
        """Return the bytes of a file, or None where there is none."""
        return self._look(path, lambda: os.stat(self._real(path)).st_size)

    def listdir(self, path):
        """Return the sorted names in a directory, or None where there is none."""
        return self._look(path, lambda: sorted(os.listdir(self._real(path))))

    def readlink(self, path):
        """Return the text of a symbolic link, or None where there is none."""

        def load():
            try:
                return os.readlink(self._real(path, follow_last=False))
            except EnvironmentError as exc:
                if exc.errno == errno.EINVAL:  # exists, but is no link
                    return None
                raise

        return self._look(path, load)

    def exists(self, path):
        """Return whether the path exists; a dangling link does not."""
        return self._look(path, lambda: os.stat(self._real(path))) is not None

    def resolve(self, path, root=""):
        """Return the path with every link followed, links read as seen from inside root (/proc/PID/root, say).

        The result still begins with root. A part that does not exist is kept as it is.
        """
        todo = [part for part in path.split("/") if part]
        done = []
        links = 0
        while todo:
            part = todo.pop(0)
            if part == ".":
                continue
            if part == "..":
                done = done[:-1]
                continue
            step = root + "/" + "/".join(done + [part])
            if step in self._mounted():  # no link; an automount that what lies below has been mounted on may be passed
                done.append(part)
                continue
            self._keep_out(step, root + path)
            try:
                target = os.readlink(self._join(step))
            except EnvironmentError as exc:
                if exc.errno in _DENIED:
                    raise self._denied(root + path)
                target = None  # no link, or nothing there
            if target is None:
                done.append(part)
                continue
            links += 1
            if links > MAXIMUM_LINKS:
                raise Unavailable("Unreadable", "%s%s: too many levels of symbolic links" % (root, path))
            if target.startswith("/"):
                done = []
            todo = [name for name in target.split("/") if name] + todo
        found = root + "/" + "/".join(done)
        self._keep_out(found, root + path)
        return found

    def modified(self, path):
        """Return when the path was last modified, in seconds since the epoch, or None where there is no such path."""
        return self._look(path, lambda: os.stat(self._real(path)).st_mtime)

    def changed(self, path):
        """Return when the path was last written, renamed, or had its mode or owner set, in seconds since the epoch, or None where there is none.

        A file that is moved or copied into its place may bring an old time of modification along, never an old one of change.
        """
        return self._look(path, lambda: os.stat(self._real(path)).st_ctime)

    def which(self, name):
        """Return the path of an executable in SEARCH_PATH, or None."""
        if name.startswith("/"):
            return name if self._executable(name) else None
        for directory in SEARCH_PATH:
            path = directory + "/" + name
            if self._executable(path):
                return path
        return None

    def free_bytes(self, path):
        """Return the bytes that root may still write on the path's file system, or None where there is no such path."""

        def load():
            status = os.statvfs(self._real(path))
            return status.f_bavail * status.f_frsize

        return self._look(path, load)

    def mounted(self, path):
        """Return the type of the file system that is mounted last at exactly this path, "autofs" say, or None."""
        return self._mounted().get(path)

    def is_root(self):
        """Return whether this process may read what only root may read."""
        return os.geteuid() == 0

    def _end_of(self, limit):
        """Return when what may take limit seconds has to end, within the budget of all."""
        end = _monotonic() + limit
        return end if self._deadline is None else min(end, self._deadline)

    def peer_certificate(self, address, port, name):
        """Return the DER bytes of the certificate that a TLS server on this host shows to who asks for name.

        A handshake and nothing else: nothing is verified, no request is sent. Raises Unavailable TimedOut or Unreadable.
        """
        place = "%s:%d" % (address, port)
        limit = self.timeout if self._deadline is None else min(self.timeout, self._deadline - _monotonic())
        if limit <= 0:
            raise Unavailable("TimedOut", "%s: not asked, the time for the whole scan is used up" % place)
        try:
            # Few hosts ask, and the module takes longer to load than the answer to come.
            import socket
            import ssl

            context = ssl.SSLContext(getattr(ssl, "PROTOCOL_TLS_CLIENT", ssl.PROTOCOL_SSLv23))
            context.check_hostname = False  # novermin: since 2.7.9, and EL 7 has it in its 2.7.5
            context.verify_mode = ssl.CERT_NONE
            plain = socket.create_connection((address, port), limit)
            try:
                secure = context.wrap_socket(plain, server_hostname=name)
                try:
                    return secure.getpeercert(True)
                finally:
                    secure.close()
            finally:
                plain.close()
        except (AttributeError, ImportError) as exc:
            raise Unavailable("Unreadable", "%s: this Python has no TLS (%s)" % (place, exc))
        except EnvironmentError as exc:
            if "timed out" in str(exc):
                raise Unavailable("TimedOut", "%s: no answer within %d s" % (place, limit))
            raise Unavailable("Unreadable", "%s: %s" % (place, exc.strerror or type(exc).__name__))

    def ask(self, path, target, timeout=None):
        """Return the body, as text, of what an HTTP server on a Unix socket of this host answers to GET target.

        Nothing else is sent. The caller knows that the server runs: where systemd holds the socket for it, to connect would start it.
        Raises Unavailable TimedOut, NeedsRoot or Unreadable.
        """
        limit = self.timeout if timeout is None else min(timeout, self.timeout)
        deadline = self._end_of(limit)
        if deadline <= _monotonic():
            raise Unavailable("TimedOut", "%s: not asked, the time for the whole scan is used up" % path)
        try:
            import socket  # few hosts ask

            connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            try:
                connection.settimeout(deadline - _monotonic())
                connection.connect(self._real(path))
                # HTTP/1.0: the answer ends with the connection, and is not cut into chunks.
                connection.sendall(("GET %s HTTP/1.0\r\nHost: localhost\r\n\r\n" % target).encode("ascii"))
                answer = _receive(connection, deadline, path)
            finally:
                connection.close()
        except EnvironmentError as exc:
            if "timed out" in str(exc):
                raise Unavailable("TimedOut", "%s: no answer within %s s" % (path, limit))
            if exc.errno in _DENIED:
                raise self._denied(path)
            raise Unavailable("Unreadable", "%s: %s" % (path, exc.strerror or type(exc).__name__))
        except UnicodeError:  # Python 2.7 connects to paths of ASCII only
            raise Unavailable("Unreadable", "%s: not a name that can be connected to" % path)
        head, unused, body = answer.partition(b"\r\n\r\n")
        status = head.split(b" ", 2)[1:2]
        if not head.startswith(b"HTTP/") or status != [b"200"]:
            raise Unavailable("Unreadable", "%s: GET %s was not answered with 200" % (path, target))
        return body.decode("utf-8", "replace")

    # Commands

    def run(self, argv, timeout=None):
        """Run a command without a shell and return Result(rc, out, err) as text.

        Raises Unavailable CommandMissing, TimedOut or NeedsRoot (may not be executed).
        """
        out, err = [], []
        rc = self._run(argv, timeout, out.append, err.append)
        return Result(rc, _text(out), _text(err))

    def output(self, argv, timeout=None):
        """Run a command that must succeed and return what it printed."""
        result = self.run(argv, timeout)
        if result.rc != 0:
            raise failed(argv, result)
        return result.out

    def each_line(self, argv, consume, timeout=None):
        """Run a command that must succeed and hand its output to consume(line) as it comes, never all at once."""
        lines, err = _Lines(consume), []
        rc = self._run(argv, timeout, lines.feed, err.append)
        lines.end()
        if rc != 0:
            raise failed(argv, Result(rc, "", _text(err)))

    def _run(self, argv, timeout, on_out, on_err):
        path = self.which(argv[0])
        if path is None:
            raise Unavailable("CommandMissing", "%s: command not found in %s" % (argv[0], ENVIRONMENT["PATH"]))
        limit = self.timeout if timeout is None else timeout
        deadline = self._end_of(limit)
        timed_out = Unavailable("TimedOut", "%s: no answer within %s s" % (" ".join(argv), limit))
        if deadline <= _monotonic():
            raise Unavailable("TimedOut", "%s: not started, the time for the whole scan is used up" % " ".join(argv))
        process = self._start([path] + list(argv[1:]))
        handlers = {process.stdout.fileno(): on_out, process.stderr.fileno(): on_err}
        answered = False
        try:
            while handlers:
                ready = _wait_readable(list(handlers), deadline - _monotonic())
                if _monotonic() >= deadline:  # also where it never stops talking
                    raise timed_out
                for descriptor in ready:
                    data = os.read(descriptor, 65536)
                    if data:
                        handlers[descriptor](data)
                    else:
                        del handlers[descriptor]
            while process.poll() is None:
                if _monotonic() >= deadline:
                    raise timed_out
                time.sleep(0.001)  # its pipes are closed, so it is about to end
            answered = True
        finally:
            _end(process, answered)
        return process.returncode

    def _start(self, argv):
        try:
            with open(os.devnull, "rb") as nothing:
                # AnsibleModule.run_command has no timeout and cannot stream, hence a runner of our own.
                return subprocess.Popen(  # pylint: disable=ansible-bad-function
                    argv,
                    stdin=nothing,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    env=ENVIRONMENT,
                    close_fds=True,
                    **_OWN_SESSION
                )
        except EnvironmentError as exc:
            if exc.errno in _DENIED:
                raise self._denied(argv[0])
            raise Unavailable("Unreadable", "%s: cannot be run: %s" % (argv[0], exc.strerror))

    # Paths

    def _join(self, path):
        return path if self.root == "/" else self.root + path

    def _real(self, path, follow_last=True):
        """Return the path on the real file system; under a root, links must not lead out of it.

        What an automount would have to mount first is refused, also where links lead there (EL's /boot/grub2/grubenv).
        """
        self._keep_out(path, path)
        if self.root == "/" and (not self._linked or path.startswith(_KERNEL)):
            return path
        if follow_last:
            resolved = self.resolve(path)
        else:
            parent, unused, name = path.rpartition("/")
            resolved = self.resolve(parent or "/").rstrip("/") + "/" + name
        return path if self.root == "/" else self.root + resolved

    def _keep_out(self, path, asked):
        """Raise Unavailable where to look at the path would have an automount mount something."""
        mounts = self._mounts if self._mounts is not None else self._mounted()
        for point in self._automounts:
            if path == point or path.startswith(point + "/"):
                place = path
                while place not in mounts:  # what lies below the automount may be mounted
                    place = place.rpartition("/")[0]
                if mounts[place] == "autofs":
                    raise Unavailable("Unreadable", "%s lies below an automount that nobody has entered; looking would mount it" % asked)

    def _mounted(self):
        if self._mounts is None:
            self._mounts = {}  # for the look at mountinfo itself
            try:
                self._mounts = parse_mounts(self.read("/proc/self/mountinfo") or "")
            except Unavailable:
                pass  # whoever asks for the file itself is told why
            self._automounts = tuple(sorted(point for point, kind in self._mounts.items() if kind == "autofs"))
            self._linked = any(not point.startswith(_KERNEL) for point in self._automounts)
        return self._mounts

    def _executable(self, path):
        try:
            return os.access(self._real(path), os.X_OK) and not os.path.isdir(self._real(path))
        except Unavailable:
            return False

    def _look(self, path, load):
        if "\0" in path:  # no name holds one, and Python raises other errors for it
            return None
        try:
            return load()
        except EnvironmentError as exc:
            if exc.errno in _GONE:
                return None
            if exc.errno in _DENIED:
                raise self._denied(path)
            raise Unavailable("Unreadable", "%s: %s" % (path, exc.strerror))

    def _denied(self, path):
        if self.is_root():
            return Unavailable("Unreadable", "%s: permission denied even to root" % path)
        return Unavailable("NeedsRoot", "%s: only root may read it" % path)


def parse_mounts(text):
    """Return {mount point: type} of a mountinfo; a later mount covers an earlier one, as a file system its automount."""
    mounts = {}
    # No fact looks at a path that is not ASCII, and Python 2.7 could not compare it with bytes.
    for line in str(text.encode("ascii", "replace").decode("ascii")).splitlines():
        place, unused, rest = line.partition(" - ")
        words = place.split()
        if len(words) > 4 and rest.strip():
            mounts[_ESCAPED.sub(lambda match: chr(int(match.group(1), 8)), words[4])] = rest.split()[0]
    return mounts


def failed(argv, result):
    """Return the Unavailable for a command that ended with an error, NeedsRoot where it says so."""
    said = (result.err.strip() or result.out.strip()).splitlines()
    last = said[-1][:200] if said else "no message"
    denied = "permission denied" in last.lower() or "must be root" in last.lower() or "not permitted" in last.lower()
    reason = "NeedsRoot" if denied and os.geteuid() != 0 else "Unreadable"
    return Unavailable(reason, "%s: exit code %s: %s" % (" ".join(argv), result.rc, last))


class _Lines(object):
    """Cuts chunks of bytes into lines of text."""

    def __init__(self, consume):
        self._consume = consume
        self._rest = b""

    def feed(self, data):
        lines = (self._rest + data).split(b"\n")
        self._rest = lines.pop()
        for line in lines:
            self._consume(line.decode("utf-8", "replace"))

    def end(self):
        if self._rest:
            self._consume(self._rest.decode("utf-8", "replace"))


def _read(descriptor, path, size):
    """Return size bytes, or all of them where it is negative: the kernel's own files do not tell how many."""
    limit = MAXIMUM_BYTES_OF_CONTAINER if _OF_CONTAINER.match(path) else MAXIMUM_BYTES
    chunks = []
    rest = limit + 1 if size < 0 else min(size, limit)
    while rest > 0:
        chunk = os.read(descriptor, min(rest, 65536))
        if not chunk:
            break
        chunks.append(chunk)
        rest -= len(chunk)
    if size < 0 and not rest:
        raise Unavailable("Unreadable", "%s: larger than the %d bytes that are read at the most" % (path, limit))
    return b"".join(chunks)


def _receive(connection, deadline, path):
    """Return all that a server sends until it hangs up; it may neither take longer nor send more than is read of a container."""
    chunks, size = [], 0
    while size <= MAXIMUM_BYTES_OF_CONTAINER:
        connection.settimeout(max(0.001, deadline - _monotonic()))  # 0 would mean not to wait, and to say so in other words
        chunk = connection.recv(65536)
        if not chunk:
            return b"".join(chunks)
        chunks.append(chunk)
        size += len(chunk)
    raise Unavailable("Unreadable", "%s: more than the %d bytes that are read at the most" % (path, MAXIMUM_BYTES_OF_CONTAINER))


def _text(chunks):
    return b"".join(chunks).decode("utf-8", "replace")


def _wait_readable(descriptors, seconds):
    try:
        return select.select(descriptors, [], [], max(0, seconds))[0]
    except select.error as exc:  # Python 2.7 does not retry after a signal
        if exc.args[0] == errno.EINTR:
            return []
        raise


def _end(process, answered):
    """Leave no process and no pipe behind, without waiting for one that cannot be ended (state D).

    answered: it has ended by itself, and closed its pipes
    """
    if not answered:
        # A child that ended may have left a grandchild with the pipe open: it is in the same group.
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except EnvironmentError:
            pass  # all of them ended between the two lines
        patience = _monotonic() + 1
        while process.poll() is None and _monotonic() < patience:
            time.sleep(0.01)
    process.stdout.close()
    process.stderr.close()
