# -*- coding: utf-8 -*-
"""The stories that the collection grew from: what each shows goes in, the verdict comes out (docs/cases.md).

Texts are the stories' own. Stories whose symptom stands in a condition's own table are replayed there.
"""

from __future__ import absolute_import, division, print_function

import json

import clocks
import clusters
import felix_logs
import netfilter
import pytest
import recorded
import runtime_hosts
import tokens
from recorded import judge
from runtime_hosts import process

__metaclass__ = type

LIMITS = """Limit Soft Limit Hard Limit Units
Max cpu time unlimited unlimited seconds
Max processes 319973 319973 processes
Max open files 1024 524288 files
"""
RULE = "-A PREROUTING -d 192.0.2.10/32 -p tcp -m tcp --dport 80 -j REDIRECT --to-ports 8080"
CLAIMS = {
    "aud": ["https://kubernetes.default.svc.cluster.local"],
    "exp": 1703086264,
    "iat": 1671550264,
    "nbf": 1671550264,
    "iss": "https://kubernetes.default.svc.cluster.local",
    "kubernetes.io": {
        "namespace": "kube-system",
        "pod": {"name": "xxx", "uid": "c7300d73-c716-4bbc-ad2b-80353d99073b"},
        "serviceaccount": {"name": "multus", "uid": "1600e098-6a86-4296-8410-2051d45651ce"},
        "warnafter": 1671553871,
    },
    "sub": "system:serviceaccount:kube-system:xxx",
}
REJECT = (
    '-A KUBE-SERVICES -d 10.96.52.101/32 -p tcp -m comment --comment "kube-system/grafana-service111: has no endpoints"'
    " -m tcp --dport 3000 -j REJECT --reject-with icmp-port-unreachable"
)
FORWARD = """-A cali-FORWARD -m comment --comment "cali:vjrMJCRpqwy5oRoX" -j MARK --set-xmark 0x0/0xe0000
-A cali-FORWARD -m comment --comment "cali:A_sPAO0mcxbT9mOV" -m mark --mark 0x0/0x10000 -j cali-from-hep-forward
-A cali-FORWARD -i cali+ -m comment --comment "cali:8ZoYfO5HKXWbB3pk" -j cali-from-wl-dispatch
-A cali-FORWARD -o cali+ -m comment --comment "cali:jdEuaPBe14V2hutn" -j cali-to-wl-dispatch
-A cali-FORWARD -m comment --comment "cali:12bc6HljsMKsmfr-" -j cali-to-hep-forward
"""
ACCEPT = (
    '-A cali-FORWARD -m comment --comment "cali:MH9kMp5aNICL-Olv" -m comment --comment "Policy explicitly accepted packet."'
    " -m mark --mark 0x10000/0x10000 -j ACCEPT\n"
)
CIDR_BLOCK = '-A cali-FORWARD -m comment --comment "cali:NOSxoaGx8OIstr1z" -j cali-cidr-block\n'
BINFMT = "113 39 0:45 / /proc/sys/fs/binfmt_misc rw,relatime shared:62 - binfmt_misc binfmt_misc rw\n"
QEMU = "enabled\ninterpreter /usr/bin/qemu-aarch64\nflags: POCF\noffset 0\nmagic 7f454c46\n"
EL7 = "3.10.0-1160.21.1.el7.x86_64"
ELREPO = "5.18.1-1.el7.elrepo.x86_64"
IPSET = "ipset v7.1: kernel and userspace incompatible: settype hash:ip,port with revision 6 not supported by userspace."
# The ClusterRole with which the story ends; what it says of Calico's own kinds.
CALICO_KINDS = [
    (
        "globalfelixconfigs felixconfigurations bgppeers globalbgpconfigs bgpconfigurations ippools ipamblocks globalnetworkpolicies globalnetworksets"
        " networkpolicies networksets clusterinformations hostendpoints blockaffinities caliconodestatuses ipreservations",
        "get list watch",
    ),
    ("ippools felixconfigurations clusterinformations", "create update"),
    ("bgpconfigurations bgppeers", "create update"),
    ("blockaffinities ipamblocks ipamhandles", "get list create update delete"),
    ("ipamconfigs", "get"),
    ("blockaffinities", "watch"),
]


def test_000_pods_stay_in_creation_with_too_many_open_files():
    """dockershim; `cat /proc/999/limits` of containerd, whose unit has no LimitNOFILE."""
    containerd = dict(runtime_hosts.containerd(), **{"/proc/811/limits": LIMITS})
    dockerd = process(700, "dockerd", cgroup="/system.slice/docker.service", soft=1048576, hard=1048576)
    units = [runtime_hosts.unit("docker.service"), runtime_hosts.unit("containerd.service", LimitNOFILESoft="1024", LimitNOFILE="524288", KillMode="process")]
    answer = judge("runtime_nofile_low", runtime_hosts.host([process(900, "kubelet", words=("kubelet",)), dockerd, containerd], units))
    assert (answer.status, answer.reason, answer.disruption) == ("faulty", "SoftLimitLow", "restart")
    assert answer.message == "containerd.service (PID 811) may open 1024 files, fewer than 65536."


def test_000_rules_of_a_container_do_not_work_on_red_hat_8():
    """The container's iptables 1.6.2 wrote into legacy tables, which iptables 1.8.4 of RHEL 8 neither shows nor can list."""
    legacy = {"nft": netfilter.rules("bookworm-nft-kube"), "legacy": "*nat\n%s\nCOMMIT\n" % RULE, "version": "1.8.4"}
    answer = judge("iptables_backend_mismatch", netfilter.node(commands={"iptables-legacy-save": "missing"}, **legacy))
    assert (answer.status, answer.reason) == ("unknown", "CommandMissing")
    # Where they can be listed, a program's own rules are no business of Kubernetes; its components' rules are.
    assert judge("iptables_backend_mismatch", netfilter.node(**legacy)).reason == "OneBackend"
    legacy["legacy"] = '*nat\n-A POSTROUTING -m comment --comment "kubernetes postrouting rules" -j KUBE-POSTROUTING\nCOMMIT\n'
    assert judge("iptables_backend_mismatch", netfilter.node(**legacy)).status == "faulty"


def test_000_connection_is_unauthorized_after_a_year():
    files = {"/etc/cni/net.d/00-multus.conf": tokens.MULTUS_CONF, tokens.PATH: tokens.kubeconfig(tokens.token(60, tokens.DAY))}
    files[tokens.MULTUS] = tokens.kubeconfig(tokens.token(**CLAIMS), 'token: "%s"')
    answer = judge("cni_token_expiring", clocks.kept(files=files))
    assert (answer.status, answer.reason) == ("faulty", "Expired")
    assert tokens.MULTUS in answer.message and "2023-12-20" in answer.message


@pytest.mark.parametrize("release, last, status", [("3.15", ACCEPT, "faulty"), ("3.23", CIDR_BLOCK, "ok")])
def test_000_a_firewall_sees_requests_to_a_service_without_endpoints(release, last, status):
    """Both chains of the story; the FORWARD chain around them is that of a Calico of their age."""
    lines = netfilter.rules("bookworm-nft-calico-" + release).splitlines(True)
    first = [number for number, line in enumerate(lines) if line.startswith("-A cali-FORWARD")][0]
    lines = [line for line in lines if not line.startswith(("-A cali-FORWARD", "-A KUBE-SERVICES"))]
    rules = "".join(lines[:first] + [FORWARD, last] + lines[first:]).replace("-A cali-FORWARD", REJECT + "\n-A cali-FORWARD", 1)
    calico = netfilter.process(960, "calico-node", ["calico-node", "-felix"])
    calico[felix_logs.CONFIG] = json.dumps({"annotations": {"io.kubernetes.cri.image-name": "calico/node:latest"}})
    calico["/proc/960/environ"] = ""
    assert judge("calico_reject_bypassed", netfilter.node(nft=rules, files=calico)).status == status


@pytest.mark.parametrize(
    "release, files, status, reason",
    [
        (EL7, {"/proc/self/mountinfo": BINFMT}, "at_risk", "BelowDefaultFloor"),
        ("4.9.241-37.el7.x86_64", {"/proc/self/mountinfo": BINFMT, "/proc/sys/fs/binfmt_misc/qemu-aarch64": QEMU}, "ok", "Sufficient"),
    ],
)
def test_000_emulators_cannot_be_registered(release, files, status, reason):
    """EL 7 refuses the flag F (`invalid argument`) and keeps no trace of it; the kernel to which the story upgrades has it."""
    host = recorded.RecordedHost(dict({"/proc/sys/kernel/osrelease": release + "\n"}, **files), links={"/proc/self/ns/pid": "pid:[4026531836]"})
    answer = judge("kernel_below_minimum", host)
    assert (answer.status, answer.reason) == (status, reason)


def test_000_conntrack_is_not_found_in_the_system_path():
    """kubeadm 1.23.15 on a host with neither conntrack nor socat: an error and a warning."""
    files = dict(("/usr/sbin/" + name, "") for name in ("ebtables", "ethtool", "ip", "iptables", "mount", "nsenter", "tc", "touch"))
    files.update(("/proc/sys/net/" + name, "1\n") for name in ("ipv4/ip_forward", "bridge/bridge-nf-call-iptables", "bridge/bridge-nf-call-ip6tables"))
    files["/proc/sys/net/ipv6/conf/default/forwarding"] = "0\n"
    host = clocks.host(files=files)
    host._commands["kubeadm version -o short"] = "v1.23.15\n"
    answer = judge("node_prerequisites_missing", host)
    assert (answer.status, answer.reason) == ("faulty", "Missing")
    assert answer.message == "kubeadm would not let this host join: conntrack is not installed."
    assert answer.evidence["warnings"] == ["socat"]


def test_001_kube_proxys_line_about_conn_reuse_mode_is_harmless():
    proxy = process(950, "kube-proxy", words=("kube-proxy", "--proxy-mode=ipvs"))
    answer = judge("ipvs_connection_reuse", clocks.host([proxy], files={"/proc/sys/kernel/osrelease": EL7 + "\n"}))
    assert (answer.status, answer.reason) == ("ok", "HarmlessMessage")


def test_001_ipset_is_incompatible_after_the_new_kernel():
    line = felix_logs.LIST.replace("ipset v7.1: Kernel and userspace incompatible: settype hash:ip with revision 5 not supported by userspace.", IPSET)
    assert IPSET in line
    story = {"image": "calico/node:v3.20.0", "kernel": ELREPO, "mode": "ipvs"}
    answer = judge("calico_ipset_incompatible", felix_logs.calico(log=felix_logs.cri(line), **story))
    assert (answer.status, answer.reason) == ("faulty", "FelixFails")
    assert answer.message == "Felix cannot list a set, last 60 s ago: ipset 7.1 does not know revision 6 of hash:ip,port."
    # Before the line is in the log, and before anybody upgrades the kernel of the next node.
    assert judge("calico_ipset_incompatible", felix_logs.calico(**story)).reason == "VersionsDisagree"


def test_001_entry_0_is_another_kernel_after_the_next_update():
    """`grub2-set-default 0`; the menu is that of an EL 7 with a kernel of ELRepo."""
    menu = recorded.recording("centos7.grub.cfg").replace("5.4.278-1.el7.elrepo.x86_64", ELREPO)
    entry = menu[menu.index("menuentry 'CentOS Linux (" + ELREPO) : menu.index("menuentry 'CentOS Linux (3.10.0")]
    updated = menu.replace(entry, entry.replace(ELREPO, "5.18.2-1.el7.elrepo.x86_64") + entry)
    for text, reason in ((menu, "RunningIsNext"), (updated, "DefaultDiffers")):
        files = {"/proc/sys/kernel/osrelease": ELREPO + "\n", "/boot/grub2/grub.cfg": text, "/boot/grub2/grubenv": "saved_entry=0\n"}
        files["/boot/vmlinuz-" + ELREPO] = ""
        assert judge("kernel_not_default", recorded.RecordedHost(files, links={"/proc/self/ns/pid": "pid:[4026531836]"})).reason == reason


def role_of(found, rules):
    for item in found[clusters.CLUSTER_ROLES]["items"]:
        if item["metadata"]["name"] == "calico-node":
            item["rules"] = rules(item["rules"])
    return found


def upgraded(rules):
    """A cluster with the image to which the story upgrades, and this change of its ClusterRole."""
    found = role_of(clusters.answers("v3.22.5"), rules)
    clusters.set_image(found, "calico/node:v3.23.1")
    return found


def test_001_calico_may_not_list_caliconodestatuses_after_a_new_image_alone():
    (old,) = [item["rules"] for item in clusters.answers("v3.20.6")[clusters.CLUSTER_ROLES]["items"] if item["metadata"]["name"] == "calico-node"]
    answer = judge("calico_rbac_incomplete", clusters.cluster(upgraded(lambda unused: old)))
    assert (answer.status, answer.reason) == ("faulty", "RulesMissing")
    assert "list,update,watch caliconodestatuses.crd.projectcalico.org" in answer.message


def test_001_the_role_with_which_the_story_ends_still_lacks_a_verb():
    def ending(rules):
        others = [rule for rule in rules if rule.get("apiGroups") != ["crd.projectcalico.org"]]
        return others + [{"apiGroups": ["crd.projectcalico.org"], "resources": kinds.split(), "verbs": verbs.split()} for kinds, verbs in CALICO_KINDS]

    answer = judge("calico_rbac_incomplete", clusters.cluster(upgraded(ending)))
    assert (answer.status, answer.reason) == ("faulty", "RulesMissing")
    assert answer.message.endswith(" may not: update caliconodestatuses.crd.projectcalico.org.")
