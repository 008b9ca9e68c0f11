# -*- coding: utf-8 -*-
from __future__ import absolute_import, division, print_function

import pytest
from ansible_collections.nodemend.kubernetes.plugins.module_utils._facts.kube_proxy import parse_configuration, parse_k3s
from netfilter import K3S, NFT_BINARIES, k3s, node, process, rules
from recorded import TIMED_OUT, fact
from runtime_hosts import SHOW

__metaclass__ = type

# The mounted ConfigMap of kubeadm: a link to a link.
PROXY = process(900, "kube-proxy", ["/usr/local/bin/kube-proxy", "--config=/var/lib/kube-proxy/config.conf"])
LINKS = {
    "/proc/900/root/var/lib/kube-proxy/config.conf": "..data/config.conf",
    "/proc/900/root/var/lib/kube-proxy/..data": "..2026_11_20",
}
FILE = "/proc/900/root/var/lib/kube-proxy/..2026_11_20/config.conf"


@pytest.mark.parametrize(
    "text, mode",
    [
        ("kind: KubeProxyConfiguration\nmode: ipvs\n", "ipvs"),
        ('mode: ""\n', "iptables"),
        ('mode: "nftables" # new\n', "nftables"),
        ("ipvs:\n  mode: rr\n", "iptables"),
    ],
)
def test_configuration(text, mode):
    assert parse_configuration(text) == mode
    found = fact("kube_proxy", node(nft="", files=dict(PROXY, **{FILE: text}), links=LINKS))
    assert (found["mode"], found["source"], found["running"]) == (mode, "/var/lib/kube-proxy/config.conf", True)


@pytest.mark.parametrize(
    "arguments, mode",
    [
        (["kube-proxy", "--proxy-mode=ipvs"], "ipvs"),
        (["kube-proxy", "--proxy-mode", "nftables"], "nftables"),
        (["kube-proxy"], "iptables"),
        (["kube-proxy", "--proxy-mode=strange"], None),
    ],
)
def test_arguments(arguments, mode):
    assert fact("kube_proxy", node(files=process(900, "kube-proxy", arguments)))["mode"] == mode


def test_without_root():
    host = node(nft="", files=dict(PROXY, **{FILE: "mode: ipvs\n"}), links=LINKS, denied=["/proc/900/root/*"], root=False)
    found = fact("kube_proxy", host)
    assert found["running"] and found["mode"] is None


def test_told_by_rules():
    assert fact("kube_proxy", node(nft=rules("bookworm-nft-kube"), kubelet=False))["mode"] == "iptables"
    assert fact("kube_proxy", node(nft="", kubelet=False))["mode"] is None


IPVS = "*nat\n:KUBE-SERVICES - [0:0]\n-A KUBE-SERVICES -m set --match-set KUBE-CLUSTER-IP dst,dst -j ACCEPT\nCOMMIT\n"

KUBE = rules("bookworm-nft-kube")
# kube-proxy in the mode ipvs rewrites KUBE-SERVICES of nat and leaves that of filter as another mode has left it.
CHANGED = '*filter\n:KUBE-SERVICES - [0:0]\n-A KUBE-SERVICES -m comment --comment "a/b has no endpoints" -j REJECT\nCOMMIT\n' + IPVS


@pytest.mark.parametrize(
    "dumps, mode, source",
    [
        # A module is missing: before Kubernetes 1.26 it falls back (kubernetes issue 70304).
        (dict(nft=KUBE), "iptables", "rules"),
        (dict(legacy=KUBE), "iptables", "rules"),
        (dict(nft="", nft6=KUBE), "iptables", "rules"),
        # It does what it is told.
        (dict(nft=IPVS), "ipvs", "named"),
        (dict(nft=CHANGED), "ipvs", "named"),
        (dict(nft=IPVS, nft6=KUBE), "ipvs", "named"),
        (dict(nft=KUBE, legacy=IPVS), "ipvs", "named"),
        # Nothing says that it does not: it has not written yet, or not all could be read.
        (dict(), "ipvs", "named"),
        (dict(nft=""), "ipvs", "named"),
        (dict(nft="*filter\n:KUBE-SERVICES - [0:0]\nCOMMIT\n"), "ipvs", "named"),
        (dict(nft=KUBE, legacy="missing"), "ipvs", "named"),
        (dict(nft=KUBE, nft6=TIMED_OUT), "ipvs", "named"),
        (dict(nft=KUBE + "# Table `nat' is incompatible, use 'nft' tool.\n"), "ipvs", "named"),
    ],
)
def test_what_is_told_to_use_ipvs_and_falls_back(dumps, mode, source):
    own = process(900, "kube-proxy", ["kube-proxy", "--proxy-mode=ipvs"])
    for host, named in (
        (node(files=own, **dumps), "arguments"),
        (node(files=dict(PROXY, **{FILE: "mode: ipvs\n"}), links=dict(NFT_BINARIES, **LINKS), **dumps), "/var/lib/kube-proxy/config.conf"),
        (with_flags(["--kube-proxy-arg=proxy-mode=ipvs"], **dumps), "arguments"),
    ):
        found = fact("kube_proxy", host)
        assert (found["running"], found["mode"], found["source"]) == (True, mode, named if source == "named" else source)


def test_only_ipvs_is_left_for_another_mode():
    own = process(900, "kube-proxy", ["kube-proxy", "--proxy-mode=nftables"])
    assert fact("kube_proxy", node(nft=KUBE, files=own))["mode"] == "nftables"


def with_flags(flags, configuration="", drop_ins=None, parts=None, **more):
    files, commands = k3s(flags, drop_ins)
    files["/etc/rancher/k3s/config.yaml"] = configuration
    files.update(parts or {})
    return node(files=files, commands=commands, kubelet=False, **more)


@pytest.mark.parametrize(
    "configuration, flags, mode, running, bundled",
    [
        ("token: s3cret\n", [], "iptables", True, False),
        ("kube-proxy-arg:\n  - proxy-mode=ipvs\n", [], "ipvs", True, False),
        ('kube-proxy-arg: "proxy-mode=nftables"\nprefer-bundled-bin: true\n', [], "nftables", True, True),
        ("#kube-proxy-arg: proxy-mode=ipvs\n", ["--kube-proxy-arg=proxy-mode=nftables", "--prefer-bundled-bin"], "nftables", True, True),
        ("", ["--kube-proxy-arg", "proxy-mode=ipvs"], "ipvs", True, False),
        ("", ["--token", "s3cret", "--kube-proxy-arg=v=2", "--kube-proxy-arg=proxy-mode=ipvs"], "ipvs", True, False),
        ("", ["proxy-mode=ipvs", "--kube-proxy-arg"], "iptables", True, False),
        ("disable-kube-proxy: true\n", [], None, False, False),
        ("", ["--disable-kube-proxy"], None, False, False),
    ],
)
def test_k3s(configuration, flags, mode, running, bundled):
    found = fact("kube_proxy", with_flags(flags, configuration, nft=""))
    assert (found["mode"], found["running"], found["bundled"], found["embedded"]) == (mode, running, bundled, running)
    assert "s3cret" not in repr(found)


def test_a_drop_in_of_k3s_takes_the_unit_s_words_back():
    drop_ins = {"/etc/systemd/system/k3s.service.d/10-exec.conf": "[Service]\nExecStart=\nExecStart=/usr/local/bin/k3s server --docker\n"}
    found = fact("kube_proxy", with_flags(["--disable-kube-proxy"], drop_ins=drop_ins))
    assert (found["running"], found["foreign_runtime"]) == (True, True)


UNREAD = {"running": True, "embedded": True, "k3s": True, "mode": None, "source": None, "bundled": None, "foreign_runtime": None}
CONFIGURATION = "/etc/rancher/k3s/config.yaml"
PART = {CONFIGURATION + ".d/10-proxy.yaml": "kube-proxy-arg: proxy-mode=ipvs\n"}


@pytest.mark.parametrize(
    "host",
    [
        with_flags([], denied=[CONFIGURATION], root=False),  # 0600, as k3s wants it for its token
        with_flags([], parts=PART, denied=[CONFIGURATION + ".d/*"], root=False),
        with_flags([], parts=PART, denied=[CONFIGURATION + ".d"], root=False),
        with_flags(["--disable-kube-proxy"], denied=["*.service"], root=False),
        with_flags([], drop_ins={"/etc/systemd/system/k3s.service.d/10-exec.conf": ""}, denied=["*.service.d/*"], root=False),
        node(files=K3S, kubelet=False),  # no systemd: whatever started it, its words are not seen
        node(files=dict(K3S, **{"/run/systemd/system/.keep": ""}), commands={SHOW: TIMED_OUT}, kubelet=False),
    ],
    ids=["configuration", "part", "parts", "unit", "drop-in", "no systemd", "hung systemd"],
)
def test_what_of_k3s_could_not_be_read_is_no_default(host):
    found = fact("kube_proxy", host)
    assert dict((key, found[key]) for key in UNREAD) == UNREAD


def test_what_the_rest_of_k3s_configuration_names_counts():
    flags = ["--kube-proxy-arg=proxy-mode=ipvs", "--prefer-bundled-bin"]
    found = fact("kube_proxy", with_flags(flags, denied=[CONFIGURATION], root=False))
    assert (found["mode"], found["source"], found["bundled"], found["foreign_runtime"]) == ("ipvs", "arguments", True, None)
    found = fact("kube_proxy", node(files=dict(K3S, **{CONFIGURATION: "disable-kube-proxy: true\n"}), kubelet=False))
    assert (found["running"], found["k3s"], found["bundled"]) == (False, True, None)


def test_a_kube_proxy_beside_k3s():
    files, commands = k3s(["--disable-kube-proxy", "--prefer-bundled-bin"])
    own = process(900, "kube-proxy", ["kube-proxy", "--proxy-mode=ipvs"])
    found = fact("kube_proxy", node(files=dict(files, **own), commands=commands, kubelet=False))
    assert (found["pid"], found["mode"], found["embedded"], found["k3s"], found["bundled"]) == (900, "ipvs", False, True, True)


def test_rules_decide_where_k3s_configuration_could_not_be_read():
    found = fact("kube_proxy", node(nft=IPVS, files=K3S, kubelet=False))
    assert (found["mode"], found["source"], found["bundled"]) == ("ipvs", "rules", None)


def test_a_mode_of_k3s_that_there_is_not():
    found = fact("kube_proxy", with_flags(["--kube-proxy-arg=proxy-mode=strange"], nft=""))
    assert (found["mode"], found["source"]) == (None, "arguments")


def test_rules_decide_before_a_default_of_k3s():
    found = fact("kube_proxy", with_flags([], nft=IPVS))
    assert (found["mode"], found["source"]) == ("ipvs", "rules")
    found = fact("kube_proxy", with_flags(["--kube-proxy-arg=proxy-mode=nftables"], nft=IPVS))
    assert (found["mode"], found["source"]) == ("nftables", "arguments")


@pytest.mark.parametrize(
    "dumps, mode, source",
    [
        (dict(nft="", legacy=IPVS), "ipvs", "rules"),
        # What a mode that was left has left behind, in a backend that nobody writes to any more.
        (dict(nft=rules("bookworm-nft-kube"), legacy=IPVS), "iptables", "default"),
        (dict(nft=IPVS, legacy6=rules("bookworm-nft-kube")), "iptables", "default"),
        # The canaries of a kubelet, or chains that were emptied, are no kube-proxy's.
        (dict(nft=IPVS, legacy="*filter\n:KUBE-SERVICES - [0:0]\nCOMMIT\n"), "ipvs", "rules"),
        (dict(nft=IPVS, nft6=rules("bookworm-nft-kube")), "ipvs", "rules"),
    ],
)
def test_rules_of_a_stale_backend_do_not_decide(dumps, mode, source):
    found = fact("kube_proxy", with_flags([], **dumps))
    assert (found["mode"], found["source"]) == (mode, source)


def test_without_a_default_rules_of_both_kinds_tell_nothing():
    found = fact("kube_proxy", node(nft=rules("bookworm-nft-kube"), legacy=IPVS, files=K3S, kubelet=False))
    assert (found["mode"], found["source"]) == (None, None)


def test_k3s_in_parts():
    assert fact("kube_proxy", with_flags([], parts=PART))["source"] == "/etc/rancher/k3s/config.yaml.d/10-proxy.yaml"


def test_keys_of_k3s():
    assert parse_k3s("") == {"mode": None, "disabled": None, "bundled": None, "foreign_runtime": None}


@pytest.mark.parametrize(
    "configuration, flags, expected",
    [
        ("", [], False),
        ("", ["--docker"], True),
        ("", ["--container-runtime-endpoint", "unix:///run/cri-dockerd.sock"], True),
        ("docker: true\n", [], True),
        ("docker: false\n", [], False),
        ("container-runtime-endpoint: /run/containerd/containerd.sock\n", [], True),
        ("#container-runtime-endpoint: /run/x\ncontainer-runtime-endpoint:  # none\n", [], False),
    ],
)
def test_whose_runtime_k3s_uses(configuration, flags, expected):
    assert fact("kube_proxy", with_flags(flags, configuration, nft=""))["foreign_runtime"] is expected


def test_a_proxy_of_a_nested_node_is_not_this_host_s():
    files = process(900, "kube-proxy", ["kube-proxy", "--proxy-mode=ipvs"])
    files["/proc/900/status"] = "NSpid:\t900\t300\t1\n"
    assert not fact("kube_proxy", node(files=files))["running"]


HOST_NETWORK = {"/proc/self/ns/net": "net:[4026531840]", "/proc/950/ns/net": "net:[4026531840]", "/proc/900/ns/net": "net:[4026532000]"}


def test_any_pod_may_call_itself_kube_proxy():
    tenant = dict(PROXY, **{FILE: "mode: ipvs\n"})
    links = dict(LINKS, **HOST_NETWORK)
    assert not fact("kube_proxy", node(files=tenant, links=links))["running"]
    own = process(950, "kube-proxy", ["kube-proxy", "--proxy-mode=nftables"])
    found = fact("kube_proxy", node(files=dict(tenant, **own), links=links))
    assert (found["pid"], found["mode"]) == (950, "nftables")


@pytest.mark.parametrize("nspid, mode", [("900", "ipvs"), ("900\t1", None)])
def test_without_root_a_pod_proves_no_mode(nspid, mode):
    files = process(900, "kube-proxy", ["kube-proxy", "--proxy-mode=ipvs"])
    files["/proc/900/status"] = "NSpid:\t%s\n" % nspid
    found = fact("kube_proxy", node(files=files, links=HOST_NETWORK, denied=["/proc/900/ns/*"], root=False))
    assert (found["running"], found["pid"], found["mode"]) == (True, 900, mode)


def test_a_configuration_that_is_no_file():
    files = dict(PROXY, **{FILE + "/entry": ""})
    found = fact("kube_proxy", node(nft="", files=files, links=LINKS))
    assert (found["running"], found["mode"]) == (True, None)


ARGUMENTS = "/var/snap/microk8s/9044/args/kube-proxy"
IN_CONTAINER = process(960, "kubelite", ["/snap/microk8s/9044/kubelite", "--proxy-args-file=" + ARGUMENTS, "--start-control-plane=true"])
KUBELITE = dict(IN_CONTAINER, **{"/proc/960/status": "NSpid:\t960\n"})


@pytest.mark.parametrize(
    "text, mode, source",
    [
        (u"--cluster-cidr=10.1.0.0/16\n--profiling=false\n", "iptables", ARGUMENTS),
        (u"--cluster-cidr=10.1.0.0/16\n--proxy-mode=ipvs\n", "ipvs", ARGUMENTS),
        (u'--proxy-mode "strange"\n', None, ARGUMENTS),
        (None, None, None),
    ],
)
def test_kube_proxy_inside_the_kubelite_of_microk8s(text, mode, source):
    found = fact("kube_proxy", node(files=dict(KUBELITE, **({ARGUMENTS: text} if text else {})), kubelet=False))
    assert (found["running"], found["pid"], found["mode"], found["source"]) == (True, 960, mode, source)
    # It is not k3s, and calls the iptables of its snap.
    assert not found["k3s"] and not found["embedded"]


def test_what_only_root_may_read_of_microk8s():
    found = fact("kube_proxy", node(files=dict(KUBELITE, **{ARGUMENTS: u""}), kubelet=False, denied=["/var/snap/*"], root=False))
    assert found["running"] and (found["mode"], found["source"]) == (None, None)


def test_a_kubelite_in_a_container_is_another_nodes():
    assert not fact("kube_proxy", node(files=dict(IN_CONTAINER, **{ARGUMENTS: u"--x\n"}), kubelet=False))["running"]


def test_a_kube_proxy_of_its_own_wins_over_kubelite():
    assert fact("kube_proxy", node(files=dict(KUBELITE, **process(900, "kube-proxy", ["kube-proxy"])), kubelet=False))["pid"] == 900
