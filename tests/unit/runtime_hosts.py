# -*- coding: utf-8 -*-
"""Recorded hosts with container runtimes, put together from real texts (recordings/runtime_limits) with other numbers."""
from __future__ import absolute_import, division, print_function

import re

import recorded

__metaclass__ = type

CONTAINER = "adc32359c6c9d11ad41d0f217b922f5c5ca669645948f9af0ad4154f391bce3a"
SHOW = "systemctl show --property=*"


def text(name):
    return recorded.recording("runtime_limits/" + name)


def v1(path):
    """/proc/PID/cgroup with cgroup v1 and the hybrid v2 mount."""
    lines = text("bookworm-containerd.cgroup").splitlines()
    return "\n".join(re.sub(r":/docker/\w+(/system.slice/containerd.service)?$", ":" + path, line) for line in lines) + "\n"


def v2(path):
    return "0::%s\n" % path


def process(pid, name, parent=1, cgroup="/", soft=1024, hard=1048576, nested=0, words=(), fds=None, form=v1):
    """Return the /proc files of one process."""
    stat = text("bookworm-containerd.stat").replace("153 (containerd) S 1 ", "%d (%s) S %d " % (pid, name, parent))
    levels = "\t".join(str(number) for number in [pid] + list(range(7, 7 + nested)))
    status = re.sub(r"NSpid:.*", "NSpid:\t" + levels, text("bookworm-containerd.status"))
    limits = re.sub(r"(Max open files +)\d+ +\d+ ", r"\g<1>%-20d %-20d " % (soft, hard), text("bookworm-low.limits"))
    folder = "/proc/%d/" % pid
    files = {
        folder + "stat": stat,
        folder + "status": status,
        folder + "limits": limits,
        folder + "cgroup": form(cgroup),
        folder + "cmdline": "\0".join(words or (name,)) + "\0",
    }
    for number in range(fds or 0):
        files[folder + "fd/%d" % number] = ""
    return files


def unit(name, **properties):
    """Return the block that systemctl show prints for a running unit: containerd's of Debian 12, with other values."""
    block = text("bookworm-low.systemctl-show.txt").split("\n\n")[0].replace("containerd.service", name)
    values = dict(
        {"LimitNOFILE": "1048576", "LimitNOFILESoft": "1048576", "DropInPaths": "", "ControlGroup": "/system.slice/" + name},
        **properties
    )
    for key, value in values.items():
        assert re.search("^%s=" % key, block, re.M), key
        block = re.sub(r"(?m)^%s=.*$" % key, lambda match, line="%s=%s" % (key, value): line, block)
    return block + "\n"


def host(processes=(), units=(), files=None, nr_open=1048576, pid1_hard=524288, capable=True, show=None, **more):
    """Return a RecordedHost that systemd runs; capable: PID 1 holds CAP_SYS_RESOURCE in the initial user namespace."""
    every = {
        "/run/systemd/system/.keep": "",
        "/proc/sys/fs/nr_open": "%d\n" % nr_open,
        "/proc/1/uid_map": text("pid1-in-docker.uid_map"),
        "/etc/systemd/system/multi-user.target.wants/.keep": "",
    }
    every.update(process(1, "systemd", parent=0, cgroup="/init.scope", soft=1024, hard=pid1_hard))
    capabilities = "000001ffffffffff" if capable else "00000000a80c25fb"
    every["/proc/1/status"] = re.sub(r"CapEff:\t\w+", "CapEff:\t" + capabilities, every["/proc/1/status"])
    for item in processes:
        every.update(item)
    every.update(files or {})
    answer = "\n".join(units) if show is None else show
    commands = dict({SHOW: answer}, **more.pop("commands", {}))
    return recorded.RecordedHost(files=every, commands=commands, **more)


KUBELET = process(900, "kubelet", cgroup="/system.slice/kubelet.service", words=(
    "/usr/bin/kubelet", "--config=/var/lib/kubelet/config.yaml", "--container-runtime-endpoint=unix:///run/containerd/containerd.sock",
))


def containerd(soft=1048576, hard=1048576, **more):
    return process(811, "containerd", cgroup="/system.slice/containerd.service", soft=soft, hard=hard, **more)


def shim(pid=2100, cgroup="/system.slice/containerd.service", **more):
    return process(pid, "containerd-shim", cgroup=cgroup, **more)


def pause(pid=2103, parent=2100, soft=1048576, **more):
    return process(pid, "pause", parent=parent, cgroup="/kubepods/besteffort/pod1/" + "e" * 64, soft=soft, nested=1, **more)
