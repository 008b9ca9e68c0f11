# -*- coding: utf-8 -*-
"""Whatever a host's files and commands say, a scan answers: no condition ever fails for want of sense in its input."""

from __future__ import absolute_import, division, print_function

import fnmatch

from ansible_collections.nodemend.kubernetes.plugins.module_utils import _catalogue, _engine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from recorded import RecordedHost, facts_of

__metaclass__ = type

# A process of each kind that collectors look into, so that their paths are walked.
NAMES = ("containerd", "dockerd", "crio", "kubelet", "k3s-server", "containerd-shim", "kube-proxy", "calico-node", "sh")
NAMES += ("kube-apiserver", "etcd", "chronyd", "systemd-timesyn")
PATHS = sorted(
    set(
        source.pattern
        for module in _catalogue.FACTS.values()
        for source in module.SOURCES
        if source.kind == "file" and not set("*[?") & set(source.pattern) and not source.pattern.endswith(("/proc", "/sys"))
    )
)
PATTERNS = set(source.pattern for module in _catalogue.FACTS.values() for source in module.SOURCES if source.kind == "command")
# A recorded host finds a command by its plain name.
COMMANDS = sorted(
    set(pattern.replace("*ip*tables", name) for pattern in PATTERNS for name in ("iptables", "ip6tables"))
)
# A host that makes sense; garbage replaces parts of it, so that what depends on the rest is reached as well.
SENSE = {
    "/proc/1/limits": u"Max open files            1024                 524288               files\n",
    "/proc/1/status": u"Name:\tsystemd\nCapEff:\t000001ffffffffff\n",
    "/proc/1/stat": u"1 (systemd) S 0 1",
    "/proc/sys/kernel/osrelease": u"6.1.0-50-amd64\n",
    "/proc/self/mountinfo": u"22 1 254:1 / / rw,relatime shared:1 - ext4 /dev/vda1 rw\n",
    "/run/systemd/system": u"",
    "/boot/grub/grub.cfg": u"menuentry 'Debian' --id gnulinux-simple {\n linux /boot/vmlinuz-6.1.0-50-amd64\n}\n",
    "/proc/net/ip_tables_names": u"filter\nnat\n",
    "/etc/cni/net.d/10-calico.conflist": u'{"plugins": [{"kubeconfig": "/etc/kubernetes/kubelet.conf"}]}',
}
# Text that looks like something is worse than noise.
WORDS = ["=", ":", "-A", "KUBE-SERVICES", "*filter", ":FORWARD", "Id=containerd.service", "CapEff:", "Max open files", "{", "}"]
WORDS += ["0", "1024", "18446744073709551615", "infinity", "-1", "set default=", "menuentry '", "-----BEGIN CERTIFICATE-----"]
WORDS += ["NSpid:", "0::/", "1:name=systemd:", "saved_entry=", "linux", "flags:", "NodeName", "\x00", "\n", "\n\n", "\t", "(", ")", u"\u00e9"]
WORDS += ["token: a.e30.c", "client-certificate-data: A"]
TEXT = st.lists(st.sampled_from(WORDS), max_size=12).map(" ".join) | st.text(max_size=40)


@st.composite
def hosts(draw):
    files = dict((path, text) for path, text in SENSE.items() if draw(st.integers(0, 9)))
    for path in draw(st.lists(st.sampled_from(PATHS), max_size=12, unique=True)):
        # A path may be another's folder: the longer one wins.
        if not any(other.startswith(path + "/") or path.startswith(other + "/") for other in files):
            files[path] = draw(TEXT)
    for pid, name in enumerate(draw(st.lists(st.sampled_from(NAMES), max_size=4)), 100):
        files["/proc/%d/stat" % pid] = u"%d (%s) S 1 %d" % (pid, name, pid)
        for item in ("cmdline", "cgroup", "status", "limits", "environ"):
            if draw(st.booleans()):
                files["/proc/%d/%s" % (pid, item)] = draw(TEXT)
    commands = dict((pattern, (draw(st.sampled_from([0, 1])), draw(TEXT), draw(TEXT))) for pattern in COMMANDS)
    return files, commands, draw(st.booleans())


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(hosts())
def test_a_scan_of_garbage_answers(recorded):
    files, commands, root = recorded
    host = RecordedHost(files=files, commands=commands, root=root)
    try:
        facts = facts_of(host)
        report = _engine.scan(facts, _catalogue.CONDITIONS)
        assert facts.bugs == []
        for verdict in report["conditions"]:
            assert verdict["message"]
            assert verdict["reason"] != "InternalError", verdict["message"]
    finally:
        host.close()


def test_the_garbage_reaches_what_collectors_read():
    assert len(PATHS) > 20
    assert any(fnmatch.fnmatchcase("systemctl show --property=Id -- a.service", pattern) for pattern in COMMANDS)
