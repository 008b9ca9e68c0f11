# -*- coding: utf-8 -*-
"""The two kinds of options for admission plugins, in arguments, manifests and units."""

from __future__ import absolute_import, division, print_function

import clocks
import pytest
import recorded
from runtime_hosts import process

__metaclass__ = type

OLD = "--admission-control=NamespaceLifecycle,LimitRanger,ServiceAccount"
NEW = "--enable-admission-plugins=NodeRestriction"
OFF = "--disable-admission-plugins=DefaultStorageClass"
FILE = "--admission-control-config-file=/etc/kubernetes/admission.yaml"
MANIFEST = "/etc/kubernetes/manifests/kube-apiserver.yaml"


def running(*words):
    return {"processes": [process(600, "kube-apiserver", words=("kube-apiserver",) + words)]}


def manifest(*lines):
    return {"files": {MANIFEST: "spec:\n  containers:\n  - command:\n    - kube-apiserver\n" + "".join("    %s\n" % line for line in lines)}}


TABLE = {
    "both": (running(OLD, NEW), "faulty", "BothKinds"),
    "the old one and one to disable": (running(OFF, OLD), "faulty", "BothKinds"),
    "both in a manifest: it is down because of them": (manifest("- " + OLD, "- " + NEW), "faulty", "BothKinds"),
    "an option and its value as two items": (manifest("- --admission-control", "- AlwaysAdmit", "- --v=2"), "at_risk", "DeprecatedFlag"),
    "both in a unit": (
        {"files": {"/etc/systemd/system/kube-apiserver.service": "[Service]\nExecStart=/opt/kube-apiserver \\\n  %s \\\n  %s\n" % (OLD, NEW)}},
        "faulty", "BothKinds"),
    "the old one alone": (running(OLD), "at_risk", "DeprecatedFlag"),
    "the old one as two words": (running("--admission-control", "AlwaysAdmit"), "at_risk", "DeprecatedFlag"),
    "kubeadm's": (running(NEW), "ok", "CurrentFlags"),
    "none at all": (running("--advertise-address=10.0.0.1"), "ok", "CurrentFlags"),
    "an option whose name only begins like it": (running(FILE, NEW), "ok", "CurrentFlags"),
    "the old one in a comment": (manifest("# - " + OLD, "- " + NEW), "ok", "CurrentFlags"),
    "what runs counts, not a manifest that was changed since": (
        dict(running(NEW), **manifest("- " + OLD, "- " + NEW)), "ok", "CurrentFlags"),
    "a worker": ({}, "not_applicable", "NoApiServer"),
    "an API server of another cluster in a container (kind)": (
        {"processes": [process(600, "kube-apiserver", words=("kube-apiserver", OLD, NEW), nested=2)]}, "not_applicable", "NoApiServer"),
    "a k3s server, which runs it within itself": (
        {"kubelet": False, "processes": [process(600, "k3s-server", nested=0)], "files": {"/etc/rancher/k3s/k3s.yaml": ""}}, "not_applicable", "InsideK3s"),
    "a k3s agent": ({"kubelet": False, "processes": [process(600, "k3s-agent", nested=0)]}, "not_applicable", "NoApiServer"),
    "no node": ({"kubelet": False}, "not_applicable", "NotANode"),
    "garbage": (manifest("\x00 --admission-control", "--"), "ok", "CurrentFlags"),
    "a manifest that only root may read": (
        dict(manifest("- " + NEW), denied=["/etc/kubernetes/manifests/*"], root=False), "unknown", "NeedsRoot"),
    "a unit that only root may read": (
        {"files": {"/etc/systemd/system/kube-apiserver.service": OLD}, "denied": ["/etc/systemd/*.service"], "root": False}, "unknown", "NeedsRoot"),
}


@pytest.mark.parametrize("name", sorted(TABLE))
def test_verdict(name):
    more, status, reason = TABLE[name]
    answer = recorded.judge("admission_flags_conflict", clocks.host(**more))
    assert (answer.status, answer.reason) == (status, reason), answer.message


def test_the_messages_name_the_options():
    both = recorded.judge("admission_flags_conflict", clocks.host(**running(OLD, NEW, OFF)))
    assert "--admission-control and --enable-admission-plugins and --disable-admission-plugins" in both.message
    old = recorded.judge("admission_flags_conflict", clocks.host(**running(OLD)))
    assert "only the 3 plugins" in old.message
