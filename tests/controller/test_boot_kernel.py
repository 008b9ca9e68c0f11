"""The module boot_kernel on a host that is a directory: what it writes, runs, tells, and what check mode leaves alone."""

import os
import shutil
import sys

import pytest
from conftest import ROOT
from test_completeness import documentation

sys.path.insert(0, os.path.join(ROOT, "tests", "unit"))

import test_boot as hosts  # noqa: E402
from ansible_collections.nodemend.kubernetes.plugins.modules import boot_kernel  # noqa: E402

OLD, NEW = hosts.OLD, hosts.NEW
# GRUB's own, where this machine has it; else what it does to the text, without the filling of the block.
EDITENV = shutil.which("grub-editenv") or shutil.which("grub2-editenv")


class Ended(Exception):
    pass


class Module:
    """What main() asks of AnsibleModule."""

    check_mode = False
    _diff = True
    params = {}

    def __init__(self, **unused):
        pass

    def exit_json(self, **result):
        raise Ended(result)

    def fail_json(self, **result):
        raise Ended(dict(result, failed=True))


class Host:
    """The recorded host, whose commands do to its directory what the real ones do to a disk."""

    def __init__(self, recorded):
        self.recorded = recorded
        self.ran = []
        self.broken = None

    def __getattr__(self, name):
        return getattr(self.recorded, name)

    def output(self, argv, timeout=None):
        self.ran.append(argv[0])
        if argv[0] == self.broken:
            raise boot_kernel.Unavailable("Unreadable", "%s: exit code 1: no" % argv[0])
        if argv[0] == "grub-editenv":
            self.edit(self.recorded._directory + argv[1], argv[2:])
        elif argv[0] == "update-grub":
            drop_in = self.recorded.read("/etc/default/grub.d/zz-nodemend-kernel.cfg")
            text = self.recorded.read("/boot/grub/grub.cfg")
            if drop_in and "GRUB_DEFAULT=saved" in drop_in:
                text = text.replace('set default="0"', 'set default="${saved_entry}"')
            self.recorded._write("/boot/grub/grub.cfg", text)
        return ""

    @staticmethod
    def edit(path, words):
        if EDITENV:
            assert os.spawnv(os.P_WAIT, EDITENV, [EDITENV, path, *words]) == 0
            return
        name, equals, value = words[1].partition("=")
        with open(path) as stream:
            lines = [line for line in stream if not line.startswith((name + "=", "##"))]
        with open(path, "w") as stream:
            stream.write("".join(lines) + ("%s=%s\n" % (name, value) if equals else "") + "####")


@pytest.fixture
def run(monkeypatch):
    recorded = hosts.debian()
    host = Host(recorded)
    monkeypatch.setattr(boot_kernel, "AnsibleModule", Module)
    monkeypatch.setattr(boot_kernel, "Host", lambda timeout: host)
    real = boot_kernel.take

    def take(where, step):
        # The product writes to the path itself; here it lies in the directory.
        real(where, step if step[0] == "run" else ("write", recorded._directory + step[1], step[2]))

    monkeypatch.setattr(boot_kernel, "take", take)

    def call(check=False, **params):
        monkeypatch.setattr(Module, "check_mode", check)
        monkeypatch.setattr(Module, "params", dict({"default": None, "next": None, "timeout": 5}, **params))
        with pytest.raises(Ended) as caught:
            boot_kernel.main()
        return caught.value.args[0]

    call.host = host
    yield call
    recorded.close()


def listing(directory):
    return {os.path.join(folder, name): open(os.path.join(folder, name), "rb").read() for folder, unused, names in os.walk(directory) for name in names}


def test_check_mode_then_the_change_then_nothing(run):
    before = listing(run.host._directory)
    told = run(check=True, default=OLD, next=NEW)
    assert told["changed"] and run.host.ran == [] and listing(run.host._directory) == before
    assert told["diff"]["before"] == "default: %s (not saved by name: another kernel may take its place)\nnext boot only: none\n" % NEW
    assert told["diff"]["after"] == "default: %s\nnext boot only: %s\n" % (OLD, NEW)

    done = run(default=OLD, next=NEW)
    assert done == told and (done["running"], done["default"], done["next"]) == (OLD, OLD, NEW)
    assert run.host.ran == ["grub-editenv", "update-grub", "grub-editenv"]
    assert run.host.read("/etc/default/grub.d/zz-nodemend-kernel.cfg").endswith("\nGRUB_DEFAULT=saved\n")

    again = run(default=OLD, next=NEW)
    assert again["changed"] is False and again["steps"] == [] and len(run.host.ran) == 3

    promoted = run(default="/boot/vmlinuz-" + NEW, next="")
    assert promoted["changed"] and (promoted["default"], promoted["next"]) == (NEW, None)
    assert run(default=NEW, next="")["changed"] is False


def test_it_goes_on_where_it_was_killed_before_the_menu_was_written(run):
    run.host.broken = "update-grub"
    told = run(default=OLD)
    assert told["failed"] and told["msg"] == "update-grub: exit code 1: no"
    run.host.broken = None
    assert run(default=OLD)["changed"] and run(default=OLD)["changed"] is False


def test_a_kernel_that_is_not_installed_is_accepted_in_check_mode_only(run):
    told = run(check=True, next="6.13.0-1-amd64")
    assert told["changed"] and told["next"] == "6.13.0-1-amd64"
    told = run(next="6.13.0-1-amd64")
    assert told["failed"] and told["msg"].startswith("Nothing was changed: 6.13.0-1-amd64 is not installed")
    assert run.host.ran == []


def test_a_default_that_does_not_take(run):
    run.host.recorded._write("/boot/grub/custom.cfg", 'set default="1>0"\n')
    told = run(default=OLD)
    assert told["failed"] and told["msg"] == "GRUB would start %s by default instead of %s." % (NEW, OLD)


def test_without_root(run):
    run.host.recorded._is_root = False
    assert "only root" in run(default=OLD)["msg"]


def test_an_empty_default(run):
    assert "only next may be empty" in run(default="")["msg"]


def test_what_it_returns_is_documented(run):
    assert set(run(check=True, next=NEW)) - {"changed", "diff"} == set(documentation("boot_kernel")["RETURN"])
