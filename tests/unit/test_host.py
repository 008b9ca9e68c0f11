# -*- coding: utf-8 -*-
"""The real Host on the real machine: commands that misbehave, links that lead out, files that may not be read."""
from __future__ import absolute_import, division, print_function

import errno
import io
import os
import signal
import socket
import ssl
import threading
import time

import pytest
from ansible_collections.nodemend.kubernetes.plugins.module_utils import _certificate, _host
from ansible_collections.nodemend.kubernetes.plugins.module_utils._host import Host, Unavailable

__metaclass__ = type


def reason_of(call, *args, **kwargs):
    with pytest.raises(Unavailable) as caught:
        call(*args, **kwargs)
    assert caught.value.message == str(caught.value)
    return caught.value.reason


def script(folder, text):
    path = str(folder.join("tool"))
    with io.open(path, "w") as stream:
        stream.write(u"#!/bin/sh\n" + text)
    os.chmod(path, 0o755)
    return path


def alive(pid):
    try:
        with io.open("/proc/%d/stat" % pid) as stream:
            return stream.read().rpartition(")")[2].split()[0] != "Z"
    except EnvironmentError:
        return False


def gone(pid):
    for unused in range(100):
        if not alive(pid):
            return True
        time.sleep(0.02)
    return False


# Commands


def test_run_returns_code_and_both_streams(tmpdir):
    tool = script(tmpdir, u"echo out $1; echo err >&2; exit 3\n")
    assert Host().run([tool, "a b"]) == (3, "out a b\n", "err\n")


def test_output_of_a_command_that_fails_says_what_it_said(tmpdir):
    tool = script(tmpdir, u"echo first >&2; echo 'last words' >&2; exit 4\n")
    with pytest.raises(Unavailable) as caught:
        Host().output([tool, "show"])
    assert caught.value.reason == "Unreadable"
    assert caught.value.message == "%s show: exit code 4: last words" % tool


@pytest.mark.parametrize(
    "text, told",
    [
        (u"echo 'on the wrong stream'; exit 1\n", "exit code 1: on the wrong stream"),
        (u"exit 1\n", "exit code 1: no message"),
        (u"printf 'x%.0s' $(seq 300); exit 1\n", "exit code 1: " + "x" * 200),
    ],
)
def test_what_a_command_that_fails_is_quoted_with(tmpdir, text, told):
    with pytest.raises(Unavailable) as caught:
        Host().output([script(tmpdir, text)])
    assert caught.value.message.endswith(told)


@pytest.mark.parametrize("words", ["Permission denied", "you must be root", "Operation not permitted"])
def test_a_command_that_wants_root_is_told_apart(tmpdir, monkeypatch, words):
    tool = script(tmpdir, u"echo 'tool: %s' >&2; exit 1\n" % words)
    monkeypatch.setattr(_host.os, "geteuid", lambda: 1000)
    assert reason_of(Host().output, [tool]) == "NeedsRoot"
    monkeypatch.setattr(_host.os, "geteuid", lambda: 0)
    assert reason_of(Host().output, [tool]) == "Unreadable"


def test_a_command_has_a_locale_a_path_and_no_input_of_the_callers(tmpdir, monkeypatch):
    monkeypatch.setenv("LANG", "zh_CN.UTF-8")
    monkeypatch.setenv("SECRET", "token")
    tool = script(tmpdir, u'echo "$LC_ALL|$LANG|$SECRET|$KUBERC|$PATH"; cat\n')
    locale, lang, secret, preferences, path = Host().output([tool]).strip().split("|")
    assert (locale, lang, secret, preferences) == ("C", "", "", "off")
    assert path.split(":") == list(_host.SEARCH_PATH)


def test_a_command_gets_neither_our_input_nor_our_files(tmpdir):
    readable, writable = os.pipe()
    os.write(writable, b"for us\n")
    if hasattr(os, "set_inheritable"):  # in Python 2.7 all of them are
        os.set_inheritable(writable, True)
    saved = os.dup(0)
    os.dup2(readable, 0)
    try:
        tool = script(tmpdir, u"head -n 1; [ ! -e /proc/self/fd/%d ] || echo leaked\n" % writable)
        assert Host().output([tool]) == ""
    finally:
        os.dup2(saved, 0)
        for descriptor in (saved, readable, writable):
            os.close(descriptor)


@pytest.mark.parametrize("number, reason", [(errno.EACCES, "NeedsRoot"), (errno.EPERM, "NeedsRoot"), (errno.ENOEXEC, "Unreadable")])
def test_a_command_that_may_not_be_started(monkeypatch, number, reason):
    def refuse(*unused, **unused_too):
        raise EnvironmentError(number, os.strerror(number))

    monkeypatch.setattr(_host.os, "geteuid", lambda: 1000)
    monkeypatch.setattr(_host.subprocess, "Popen", refuse)
    assert reason_of(Host().run, ["true"]) == reason


def test_no_time_is_left_to_wait_for_output():
    readable, writable = os.pipe()
    assert _host._wait_readable([readable], -1) == []
    os.close(readable)
    os.close(writable)


@pytest.mark.parametrize("number, found", [(errno.EINTR, []), (errno.EBADF, None)])
def test_only_a_signal_may_interrupt_the_wait_for_output(monkeypatch, number, found):
    def interrupt(*unused):
        raise _host.select.error(number, os.strerror(number))

    monkeypatch.setattr(_host.select, "select", interrupt)
    try:
        assert _host._wait_readable([0], 1) == found
    except _host.select.error:
        assert found is None


def test_a_command_that_is_nowhere():
    assert reason_of(Host().run, ["nodemend-no-such-command"]) == "CommandMissing"
    assert Host().which("nodemend-no-such-command") is None


def test_what_cannot_be_executed_is_no_command(tmpdir):
    plain = tmpdir.join("plain")
    plain.write("text")
    assert Host().which(str(plain)) is None
    assert Host().which(str(tmpdir)) is None
    broken = script(tmpdir, u"")
    with io.open(broken, "wb") as stream:
        stream.write(b"\x7fELF garbage")
    assert reason_of(Host().run, [broken]) == "Unreadable"


def test_a_child_that_ignores_term_is_ended_in_time(tmpdir):
    tool = script(tmpdir, u"trap '' TERM INT HUP\necho $$ >%s/pid\nwhile :; do sleep 0.1; done\n" % tmpdir)
    start = time.time()
    assert reason_of(Host(timeout=0.5).run, [tool]) == "TimedOut"
    assert time.time() - start < 3
    assert not os.path.exists("/proc/%s" % tmpdir.join("pid").read().strip())  # nor is a zombie left


def test_a_grandchild_that_keeps_the_pipe_open_is_ended_in_time(tmpdir):
    tool = script(tmpdir, u"sleep 1000 &\necho $! >%s/pid\necho started\nexit 0\n" % tmpdir)
    start = time.time()
    assert reason_of(Host(timeout=0.5).run, [tool]) == "TimedOut"
    assert time.time() - start < 3
    assert gone(int(tmpdir.join("pid").read()))


def test_a_child_that_closes_its_output_and_stays_is_ended_in_time(tmpdir):
    tool = script(tmpdir, u"echo $$ >%s/pid\nexec sleep 1000 >&- 2>&-\n" % tmpdir)
    assert reason_of(Host(timeout=0.5).run, [tool]) == "TimedOut"
    assert gone(int(tmpdir.join("pid").read()))


def test_a_child_that_never_stops_talking_is_ended_in_time(tmpdir, monkeypatch):
    tool = script(tmpdir, u"exec yes line\n")
    start = time.time()

    def consume(line):
        assert time.time() - start < 3

    # There is always something to read, however slow this machine is.
    monkeypatch.setattr(_host, "_wait_readable", lambda descriptors, seconds: sorted(descriptors)[:1])
    assert reason_of(Host(timeout=0.5).each_line, [tool], consume) == "TimedOut"


def test_a_command_may_ask_for_more_time_than_the_default(tmpdir):
    tool = script(tmpdir, u"sleep 0.5; echo done\n")
    assert Host(timeout=0.1).output([tool], timeout=10) == "done\n"


def test_commands_are_found_where_sudo_does_not_look_and_the_hosts_own_first(rooted):
    for folder in ("var/lib/rancher/rke2/bin", "opt/bin", "usr/bin", "usr/local/bin", "usr/local/sbin"):
        script(rooted.join(folder).ensure(dir=True), u"")
        assert Host(root=str(rooted)).which("tool") == "/%s/tool" % folder


def test_the_budget_bounds_all_commands_together(tmpdir):
    tool = script(tmpdir, u"sleep 1000\n")
    host = Host(timeout=10, budget=0.4)
    start = time.time()
    assert reason_of(host.run, [tool]) == "TimedOut"
    assert reason_of(host.run, [tool], timeout=100) == "TimedOut"
    assert time.time() - start < 3
    with pytest.raises(Unavailable) as caught:
        host.run(["true"])
    assert "not started" in caught.value.message


def test_a_command_has_its_own_time_within_the_budget(tmpdir):
    start = time.time()
    assert reason_of(Host(timeout=0.3, budget=1000).run, [script(tmpdir, u"sleep 1000\n")]) == "TimedOut"
    assert time.time() - start < 3


def test_more_output_than_a_pipe_holds_on_both_streams(tmpdir):
    tool = script(tmpdir, u"head -c 300000 /dev/zero; head -c 300000 /dev/zero >&2\n")
    result = Host().run([tool])
    assert (len(result.out), len(result.err)) == (300000, 300000)


def test_each_line_cuts_lines_wherever_the_chunks_end(tmpdir):
    tool = script(tmpdir, u"printf 'one\\ntw'; sleep 0.1; printf 'o\\n\\nl\\303'; sleep 0.1; printf '\\251ast'\n")
    lines = []
    Host().each_line([tool], lines.append)
    assert lines == [u"one", u"two", u"", u"l\xe9ast"]


def test_each_line_of_a_command_that_fails(tmpdir):
    tool = script(tmpdir, u"echo line; echo why >&2; exit 1\n")
    lines = []
    with pytest.raises(Unavailable) as caught:
        Host().each_line([tool], lines.append)
    assert (lines, caught.value.reason) == ([u"line"], "Unreadable")
    assert caught.value.message.endswith("exit code 1: why")


def test_a_consumer_that_fails_leaves_no_process_behind(tmpdir):
    tool = script(tmpdir, u"echo $$ >%s/pid; echo line; sleep 1000\n" % tmpdir)

    def consume(line):
        raise ValueError(line)

    with pytest.raises(ValueError):
        Host().each_line([tool], consume)
    assert gone(int(tmpdir.join("pid").read()))


def test_bytes_that_are_no_text_do_not_break_it(tmpdir):
    tool = script(tmpdir, u"printf 'a\\377b'\n")
    assert Host().output([tool]) == u"a\ufffdb"


# Files, under a root: links are read as seen from inside


@pytest.fixture
def rooted(tmpdir):
    tmpdir.join("secret").write("outside")
    root = tmpdir.mkdir("root")
    root.mkdir("etc").join("name").write("inside")
    root.mkdir("lib").join("file").write("text")
    return root


def link(root, name, target):
    os.symlink(target, str(root.join(name)))


def test_nothing_has_a_name_with_a_null_byte(rooted):
    for host in (Host(root=str(rooted)), Host()):
        path = u"/lib/modules/\0/modules.builtin"  # as text from the host is in Python 2.7
        assert (host.read(path), host.listdir(path), host.readlink(path), host.exists(path)) == (None, None, None, False)


@pytest.mark.parametrize(
    "target", ["/etc/name", "etc/name", "../../../etc/name", "/lib/../etc/./name"]
)
def test_a_link_is_read_inside_the_root(rooted, target):
    link(rooted, "link", target)
    assert Host(root=str(rooted)).read("/link") == "inside"


def test_a_link_does_not_lead_out_of_the_root(rooted):
    link(rooted, "up", "../secret")
    link(rooted, "absolute", str(rooted.dirpath().join("secret")))
    link(rooted, "folder", "/..")
    host = Host(root=str(rooted))
    assert host.read("/up") is None
    assert host.read("/absolute") is None
    assert host.read("/folder/secret") is None
    assert host.read("/../secret") is None
    assert host.exists("/up") is False


def test_a_link_through_links(rooted):
    link(rooted, "usr", "/lib")
    link(rooted, "one", "/usr/file")
    host = Host(root=str(rooted))
    assert host.read("/one") == "text"
    assert host.readlink("/one") == "/usr/file"
    assert host.resolve("/one") == "/lib/file"
    assert host.listdir("/usr") == ["file"]


def test_links_in_a_circle(rooted):
    link(rooted, "a", "/b")
    link(rooted, "b", "/a")
    assert reason_of(Host(root=str(rooted)).read, "/a") == "Unreadable"


def test_as_many_links_as_the_kernel_follows(rooted):
    link(rooted, "0", "/etc/name")
    for number in range(1, 41):
        link(rooted, str(number), "/%d" % (number - 1))
    assert Host(root=str(rooted)).read("/39") == "inside"
    assert reason_of(Host(root=str(rooted)).read, "/40") == "Unreadable"


def test_a_link_that_may_not_be_read_is_not_taken_for_a_folder(rooted, monkeypatch):
    def refuse(path):
        raise EnvironmentError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(_host.os, "readlink", refuse)
    monkeypatch.setattr(_host.os, "geteuid", lambda: 1000)
    assert reason_of(Host(root=str(rooted)).resolve, "/etc/name") == "NeedsRoot"


def test_resolve_tidies_a_path(rooted):
    assert Host(root=str(rooted)).resolve("//etc/./nothing/../name/") == "/etc/name"


def test_resolve_inside_another_root(tmpdir):
    container = tmpdir.mkdir("container")
    container.mkdir("etc").mkdir("alternatives")
    container.mkdir("usr").join("tool").write("")
    os.symlink("/etc/alternatives/tool", str(container.join("usr", "link")))
    os.symlink("/usr/tool", str(container.join("etc", "alternatives", "tool")))
    assert Host().resolve("/usr/link", str(container)) == str(container.join("usr", "tool"))


def test_what_is_not_there_is_a_value(tmpdir):
    host = Host()
    path = str(tmpdir.join("nothing"))
    assert host.read(path) is None
    assert host.read_bytes(path) is None
    assert host.listdir(path) is None
    assert host.readlink(path) is None
    assert host.free_bytes(path) is None
    assert host.modified(path) is None
    assert host.changed(path) is None
    assert host.exists(path) is False
    tmpdir.join("file").write("x")
    assert host.read(str(tmpdir.join("file", "below"))) is None
    assert host.readlink(str(tmpdir.join("file"))) is None
    os.symlink("nothing", str(tmpdir.join("dangling")))
    assert host.exists(str(tmpdir.join("dangling"))) is False
    assert host.readlink(str(tmpdir.join("dangling"))) == "nothing"


def test_read_bytes_reads_a_part(tmpdir):
    tmpdir.join("file").write("0123456789")
    assert Host().read_bytes(str(tmpdir.join("file")), 3, 4) == b"3456"
    assert Host().read_bytes(str(tmpdir.join("file")), 100, 4) == b""


def test_a_folder_is_listed_in_order(tmpdir):
    for name in "cab":
        tmpdir.join(name).write("")
    assert Host().listdir(str(tmpdir)) == ["a", "b", "c"]


def test_what_a_link_leads_to_is_measured(tmpdir):
    tmpdir.join("file").write("x" * 1000)
    os.utime(str(tmpdir.join("file")), (1, 1700000000))
    os.symlink("file", str(tmpdir.join("link")))
    assert (Host().size(str(tmpdir.join("link"))), Host().modified(str(tmpdir.join("link")))) == (1000, 1700000000)


def test_free_bytes_are_those_that_anybody_may_use(monkeypatch):
    class Status(object):
        f_bavail, f_bfree, f_frsize, f_bsize = 3, 5, 4096, 8192

    monkeypatch.setattr(_host.os, "statvfs", lambda path: Status)
    assert Host().free_bytes("/boot") == 3 * 4096


@pytest.mark.parametrize("number", [errno.ENOENT, errno.ENOTDIR, errno.ESRCH, errno.ENODEV, errno.ENXIO, errno.EIO])
def test_what_is_gone_is_a_value_and_what_is_broken_is_not(monkeypatch, number):
    """A process that ends while it is looked at is ESRCH, a network device EINVAL or ENODEV."""

    def refuse(*unused):
        raise EnvironmentError(number, os.strerror(number))

    monkeypatch.setattr(_host.os, "open", refuse)
    if number != errno.EIO:
        assert Host().read("/proc/1/environ") is None
    else:
        with pytest.raises(Unavailable) as caught:
            Host().read("/proc/1/environ")
        assert (caught.value.reason, caught.value.message) == ("Unreadable", "/proc/1/environ: Input/output error")


def test_a_file_is_handed_on_line_by_line_up_to_a_limit(tmpdir, monkeypatch):
    monkeypatch.setattr(_host, "MAXIMUM_BYTES", 10)
    monkeypatch.setattr(_host, "CHUNK", 3)
    path, lines = tmpdir.join("file"), []
    path.write("one\ntwo\nxy")
    assert Host().each_line_of(str(path), lines.append) is True and lines == ["one", "two", "xy"]
    path.write("one\ntwo\n")
    del lines[:]
    assert Host().each_line_of(str(path), lines.append) is True and lines == ["one", "two"]
    path.write("x" * 11)
    assert reason_of(Host().each_line_of, str(path), lines.append) == "Unreadable"
    assert Host().each_line_of(str(tmpdir.join("nothing")), lines.append) is False and lines == ["one", "two"]


def test_a_file_that_goes_while_it_is_read_ends_there(tmpdir, monkeypatch):
    monkeypatch.setattr(_host, "CHUNK", 3)
    path, lines = tmpdir.join("file"), []
    path.write("one\ntwo\n")
    host = Host()
    assert host.exists(str(path))  # mountinfo has been read
    monkeypatch.setattr(host, "read_bytes", lambda path, offset, size: b"one" if offset == 0 else None)
    assert host.each_line_of(str(path), lines.append) is True and lines == ["one"]


def test_a_directory_is_no_file(tmpdir):
    assert reason_of(Host().read, str(tmpdir)) == "Unreadable"


def test_a_fifo_does_not_stop_the_scan(tmpdir):
    path = str(tmpdir.join("fifo"))
    os.mkfifo(path)
    writer = os.open(path, os.O_RDWR)  # with one, a read of it would wait for a line
    try:
        assert reason_of(Host().read, path) == "Unreadable"
    finally:
        os.close(writer)


def test_a_fifo_that_nobody_writes_to_does_not_stop_the_scan(tmpdir):
    path = str(tmpdir.join("fifo"))
    os.mkfifo(path)
    signal.alarm(10)  # to open it would wait for ever
    try:
        assert reason_of(Host().read, path) == "Unreadable"
    finally:
        signal.alarm(0)


def test_a_device_is_no_file():
    assert reason_of(Host().read, "/dev/zero") == "Unreadable"


@pytest.mark.parametrize("path, limit", [("/file", "MAXIMUM_BYTES"), ("/proc/900/root/file", "MAXIMUM_BYTES_OF_CONTAINER")])
def test_a_file_is_read_up_to_a_limit(tmpdir, monkeypatch, path, limit):
    monkeypatch.setattr(_host, limit, 200000)
    place = tmpdir.join(path)
    host = Host(root=str(tmpdir))
    place.write("x" * 200000, ensure=True)
    assert len(host.read(path)) == 200000
    place.write("x" * 200001)
    assert reason_of(host.read, path) == "Unreadable"
    assert host.read_bytes(path, 199999, 10) == b"xx"
    assert len(host.read_bytes(path, 0, 200001)) == 200000


def test_files_of_the_kernel_do_not_tell_their_size():
    assert os.stat("/proc/self/status").st_size == 0
    assert Host().read("/proc/self/status").startswith("Name:")


# Automounts: a host whose mountinfo says so


AUTOMOUNT = "40 27 0:36 / %s rw,relatime shared:17 - autofs systemd-1 rw,fd=30,pgrp=1,timeout=120,direct\n"
MOUNT = "41 40 254:2 / %s rw,relatime shared:18 - vfat /dev/vda2 rw\n"


class MountedHost(Host):
    mountinfo = ""
    looks = 0

    def read(self, path):
        if path == "/proc/self/mountinfo":
            self.looks += 1
            return self.mountinfo
        return super(MountedHost, self).read(path)


@pytest.fixture
def mounted(tmpdir):
    """A folder that is an automount point, and a file in it as nobody may see it before it is mounted."""
    folder = tmpdir.mkdir("boot dir")
    folder.mkdir("bin")
    os.chmod(script(folder.join("bin"), u""), 0o755)
    folder.join("file").write("text")
    tmpdir.mkdir("boot dir2").join("file").write("another")
    host = MountedHost()
    host.mountinfo = AUTOMOUNT % str(folder).replace(" ", "\\040")
    return host, str(folder)


@pytest.mark.parametrize("name", ["read", "read_bytes", "listdir", "readlink", "exists", "modified", "changed", "free_bytes", "resolve"])
def test_an_automount_is_never_entered(mounted, name):
    host, folder = mounted
    for path in (folder, folder + "/file", folder + "/a/b"):
        with pytest.raises(Unavailable) as caught:
            getattr(host, name)(path)
        assert caught.value.reason == "Unreadable"
        assert caught.value.message == path + " lies below an automount that nobody has entered; looking would mount it"
    assert host.which(folder + "/bin/tool") is None
    assert host.read(folder + "2/file") == "another"
    assert host.looks == 1


def test_a_link_does_not_lead_into_an_automount(mounted, tmpdir):
    host, folder = mounted
    os.symlink("boot dir/file", str(tmpdir.join("link")))
    os.symlink("boot dir", str(tmpdir.join("folder")))
    for path in ("link", "folder", "folder/file"):
        assert reason_of(host.exists, str(tmpdir.join(path))) == "Unreadable"
    assert host.readlink(str(tmpdir.join("link"))) == "boot dir/file"


def test_what_an_automount_has_mounted_is_read(mounted):
    host, folder = mounted
    host.mountinfo += MOUNT % folder.replace(" ", "\\040")
    assert host.read(folder + "/file") == "text"
    assert (host.mounted(folder), host.mounted("/nothing")) == ("vfat", None)


def test_what_is_mounted_below_an_automount_is_read(mounted):
    host, folder = mounted
    host.mountinfo += MOUNT % (folder.replace(" ", "\\040") + "/bin")
    assert host.listdir(folder + "/bin") == ["tool"]
    assert reason_of(host.listdir, folder) == "Unreadable"


def test_links_of_the_kernels_own_file_systems_are_not_looked_at(mounted, monkeypatch):
    """None leads to an automount, and thousands of their files are read."""
    host, folder = mounted
    assert host.exists(folder + "2")
    monkeypatch.setattr(host, "resolve", None)
    assert host.exists("/proc/self/ns/net")


def test_where_no_link_can_lead_to_an_automount_none_is_followed_by_us(tmpdir, monkeypatch):
    """binfmt_misc's is on every host; thousands of files are read."""
    host = MountedHost()
    host.mountinfo = AUTOMOUNT % "/proc/sys/fs/binfmt_misc"
    tmpdir.join("file").write("text")
    monkeypatch.setattr(host, "resolve", None)
    assert host.read(str(tmpdir.join("file"))) == "text"
    assert reason_of(host.listdir, "/proc/sys/fs/binfmt_misc") == "Unreadable"


@pytest.mark.parametrize("text", ["", "garbage\n - \n1 2 3 4 5 - \n", u"1 2 3 / /\u8282 rw - autofs a rw\n"])
def test_a_mountinfo_that_makes_no_sense_hides_nothing(tmpdir, text):
    host = MountedHost()
    host.mountinfo = text
    tmpdir.join("file").write("text")
    assert host.read(str(tmpdir.join("file"))) == "text"
    assert host.exists(b"/proc/\xe8\x8a\x82".decode("utf-8") if str is not bytes else b"/proc/\xe8\x8a\x82") is False


def test_a_mountinfo_that_may_not_be_read_hides_nothing(tmpdir, monkeypatch):
    def refuse(path):
        raise Unavailable("NeedsRoot", path)

    host = Host()
    monkeypatch.setattr(host, "read", refuse)
    assert host.exists(str(tmpdir)) is True


@pytest.mark.parametrize("number", [errno.EACCES, errno.EPERM])
@pytest.mark.parametrize("user, reason", [(1000, "NeedsRoot"), (0, "Unreadable")])
def test_what_may_not_be_read(tmpdir, monkeypatch, number, user, reason):
    def refuse(*args, **kwargs):
        raise EnvironmentError(number, os.strerror(number))

    monkeypatch.setattr(_host.os, "geteuid", lambda: user)
    monkeypatch.setattr(_host.os, "open", refuse)
    assert reason_of(Host().read, "/proc/1/environ") == reason


def test_a_real_file_that_only_root_may_read(tmpdir):
    if os.geteuid() != 0:
        pytest.skip("needs root to become somebody else")
    path = tmpdir.join("file")
    path.write("secret")
    os.chmod(str(path), 0)
    readable, writable = os.pipe()
    child = os.fork()
    if child == 0:
        os.setuid(65534)
        try:
            Host().read(str(path))
            answer = b"read"
        except Unavailable as exc:
            answer = exc.reason.encode()
        os.write(writable, answer)
        os._exit(0)
    os.waitpid(child, 0)
    assert os.read(readable, 100) == b"NeedsRoot"
    os.close(readable)
    os.close(writable)


def serve_once(listener, answer):
    """Take one connection beside the test, have it answered, and close both."""

    def serve():
        connection = listener.accept()[0]
        try:
            answer(connection)
        except EnvironmentError:
            pass  # the client has gone
        finally:
            connection.close()
            listener.close()

    thread = threading.Thread(target=serve)
    thread.daemon = True
    thread.start()


def tls_server(tmpdir, answer):
    """Start a server that answers one connection; return its port. Skips where there is no openssl to make a certificate."""
    if Host().which("openssl") is None:
        pytest.skip("openssl is not installed: no TLS server of the test's own")
    both = str(tmpdir.join("both.pem"))
    key, certificate = str(tmpdir.join("key")), str(tmpdir.join("certificate"))
    words = "openssl req -x509 -newkey rsa:2048 -nodes -days 9 -subj /CN=apiserver-loopback-client@1".split()
    Host().output(words + ["-keyout", key, "-out", certificate], 60)
    with io.open(both, "w") as stream:
        stream.write(io.open(key).read() + io.open(certificate).read())
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(1)

    port = listener.getsockname()[1]
    serve_once(listener, lambda connection: answer(connection, both))
    return port


ASKED = []


def handshake(connection, both):
    context = ssl.SSLContext(getattr(ssl, "PROTOCOL_TLS_SERVER", ssl.PROTOCOL_SSLv23))
    context.load_cert_chain(both)
    context.set_servername_callback(lambda connection, name, unused: ASKED.append(name))
    assert context.wrap_socket(connection, server_side=True).recv(10) == b""  # nothing is sent


def test_the_certificate_of_a_server_that_expires_in_nine_days(tmpdir):
    der = Host().peer_certificate("127.0.0.1", tls_server(tmpdir, handshake), "apiserver-loopback-client")
    assert ASKED.pop() == "apiserver-loopback-client"
    found = _certificate.read(der)
    assert found["subject"] == "apiserver-loopback-client@1"
    assert 8 * 86400 < found["not_after"] - time.time() <= 9 * 86400


@pytest.mark.parametrize(
    "answer, reason",
    [
        (lambda connection, both: time.sleep(2), "TimedOut"),
        (lambda connection, both: connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n"), "Unreadable"),
        (lambda connection, both: None, "Unreadable"),
    ],
    ids=["silence", "no TLS", "hangs up"],
)
def test_a_server_that_shows_no_certificate(tmpdir, answer, reason):
    port = tls_server(tmpdir, answer)
    start = time.time()
    assert reason_of(Host(timeout=1).peer_certificate, "127.0.0.1", port, "x") == reason
    assert time.time() - start < 5


def test_no_server():
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    listener.close()
    assert reason_of(Host().peer_certificate, "127.0.0.1", port, "x") == "Unreadable"
    assert reason_of(Host(budget=0).peer_certificate, "127.0.0.1", port, "x") == "TimedOut"


def http_server(tmpdir, answer):
    """Start a server on a Unix socket that takes one connection; return (its path, a list that what it is sent comes into)."""
    path = str(tmpdir.join("http.sock"))
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen(1)
    sent = []

    def hear_and_answer(connection):
        sent.append(connection.recv(4096))
        answer(connection)

    serve_once(listener, hear_and_answer)
    return path, sent


def test_the_answer_of_a_server_on_a_unix_socket(tmpdir):
    def answer(connection):
        connection.sendall(b"HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n{\"a\": ")
        time.sleep(0.05)
        connection.sendall(b"1}\n")

    path, sent = http_server(tmpdir, answer)
    assert Host().ask(path, "/info") == '{"a": 1}\n'
    assert sent == [b"GET /info HTTP/1.0\r\nHost: localhost\r\n\r\n"]


def dribble(connection):
    for unused in range(100):
        connection.sendall(b"HTTP/1.0 200 OK\r\n")
        time.sleep(0.1)


@pytest.mark.parametrize(
    "answer, reason, words",
    [
        (lambda connection: time.sleep(3), "TimedOut", "no answer within 1 s"),
        (dribble, "TimedOut", "no answer within 1 s"),
        (lambda connection: connection.sendall(b"HTTP/1.0 404 Not Found\r\n\r\n{}"), "Unreadable", "not answered with 200"),
        (lambda connection: connection.sendall(b"SSH-2.0 200 hello\r\n"), "Unreadable", "not answered with 200"),
        (lambda connection: None, "Unreadable", "not answered with 200"),
        (lambda connection: connection.sendall(b"HTTP/1.0 200 OK\r\n\r\n" + b"x" * 2 ** 21), "Unreadable", "more than the"),
    ],
    ids=["silence", "for ever", "404", "no HTTP", "hangs up", "too much"],
)
def test_a_server_on_a_unix_socket_that_does_not_answer(tmpdir, answer, reason, words):
    path = http_server(tmpdir, answer)[0]
    start = time.time()
    with pytest.raises(Unavailable) as caught:
        Host(timeout=1).ask(path, "/info", 5)
    assert (caught.value.reason, words in caught.value.message) == (reason, True), caught.value.message
    assert time.time() - start < 3


def test_no_server_on_a_unix_socket(tmpdir):
    assert reason_of(Host().ask, str(tmpdir.join("none.sock")), "/info") == "Unreadable"
    assert reason_of(Host().ask, str(tmpdir.join("x" * 200)), "/info") == "Unreadable"
    assert reason_of(Host(budget=0).ask, str(tmpdir.join("none.sock")), "/info") == "TimedOut"


def test_a_file_that_was_moved_into_its_place_has_changed_then(tmpdir):
    path = str(tmpdir.join("file"))
    tmpdir.join("file").write("x")
    os.utime(path, (1, 1700000000))
    assert Host().modified(path) == 1700000000
    assert abs(Host().changed(path) - time.time()) < 60
