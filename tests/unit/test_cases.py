# -*- coding: utf-8 -*-
"""The stories that the collection grew from: what each shows goes in, the verdict comes out (docs/cases.md).

Texts are the stories' own, as far as they have any; what a screenshot or a single sentence told is put together from recordings.
Stories replayed by scan() go through the whole catalogue, so that it also shows what such a host is *not* accused of.
"""

from __future__ import absolute_import, division, print_function

import json
import os
import re

import clocks
import clusters
import felix_logs
import ipam
import loopbacks
import netfilter
import pki
import pods
import pytest
import recorded
import runtime_hosts
import tokens
from ansible_collections.nodemend.kubernetes.plugins.module_utils import _catalogue, _cluster_catalogue, _engine
from ansible_collections.nodemend.kubernetes.plugins.module_utils._facts import journal_phrases
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
JOURNAL = " ".join(journal_phrases.JOURNAL)
# Docker's own log, and the event of the pod: an event is what the kubelet logs as well.
OPEN_FILES = {
    "docker.service": [
        'time="2023-11-13T14:56:05.740830618+08:00" level=error msg="stream copy error: reading from a closed fifo"',
        'time="2023-11-13T14:56:05.752024358+08:00" level=error msg="Handler for POST'
        " /v1.41/containers/1622cfb1c90d926b867db7bcb0a86498ccad59db81223e861ac515ec75ed7c27/start returned error:"
        ' start failed: : fork/exec /usr/bin/containerd-shim-runc-v2: too many open files: unknown"',
    ],
    "kubelet.service": [
        'Failed to create pod sandbox: rpc error: code = Unknown desc = failed to start sandbox container for pod "xxx-v3falue7-6f59dd5766-npd2x":'
        " Error response from daemon: start failed: : pipe2: too many open files: unknown",
    ],
}
UNAUTHORIZED = (
    'Failed to create pod sandbox: rpc error: code = Unknown desc = [failed to set up sandbox container "xxx" network for pod "xxx":'
    ' networkPlugin cni failed to set up pod "xxx" network: connection is unauthorized: Unauthorized, failed to clean up sandbox container "xxx"'
    ' network for pod "xxx": networkPlugin cni failed to teardown pod "xxx" network: error getting ClusterInformation:'
    " connection is unauthorized: Unauthorized]"
)
CONN_REUSE_MODE = "can't set sysctl net/ipv4/vs/conn_reuse_mode, kernel version must be at least 4.1"
NODE_STATUSES = 'user "system:serviceaccount:kube-system:calico-node" cannot list resource "caliconodestatuses" in api group "crd.projectcalico.org"'
METRICS_SERVER = "panic: failed to create listener: failed to listen on 0.0.0.0:4443: listen tcp 0.0.0.0:4443: bind: address already in use"
CGROUP_V1 = "30 25 0:26 / /sys/fs/cgroup ro - tmpfs tmpfs ro,mode=755\n38 30 0:34 / /sys/fs/cgroup/hugetlb rw - cgroup cgroup rw,hugetlb\n"
LISTENS = (
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
    "   0: %s:115B 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 %d 1 0000000000000000 100 0 0 10 0\n"
)
# As flannel and k3s' kube-router write them (k3s#3117, to which the story leads).
LEAKED = (
    '-A FORWARD -s 10.42.0.0/16 -m comment --comment "flanneld forward" -j ACCEPT\n'
    '-A KUBE-ROUTER-INPUT -d 10.43.0.0/16 -m comment --comment "allow traffic to primary cluster IP range" -j RETURN\n'
)
# The rules of the Service that cannot be reached, as the story finds them; the rest of its 180,000 is a picture.
EOPX_REGISTER = """:KUBE-SERVICES - [0:0]
:KUBE-SVC-C4WILTTNV4XPAEEQ - [0:0]
:KUBE-SEP-ZBUGZHNZKU6FMQKM - [0:0]
:KUBE-MARK-MASQ - [0:0]
-A KUBE-SERVICES ! -s 10.42.0.0/16 -d 10.43.176.183/32 -p tcp -m comment --comment "default/eopx-register:8848tcp1-eopx-register cluster IP" \
-m tcp --dport 8848 -j KUBE-MARK-MASQ
-A KUBE-SERVICES -d 10.43.176.183/32 -p tcp -m comment --comment "default/eopx-register:8848tcp1-eopx-register cluster IP" \
-m tcp --dport 8848 -j KUBE-SVC-C4WILTTNV4XPAEEQ
-A KUBE-SVC-C4WILTTNV4XPAEEQ -m comment --comment "default/eopx-register:8848tcp1-eopx-register" -j KUBE-SEP-ZBUGZHNZKU6FMQKM
-A KUBE-SEP-ZBUGZHNZKU6FMQKM -s 10.42.1.94/32 -m comment --comment "default/eopx-register:8848tcp1-eopx-register" -j KUBE-MARK-MASQ
-A KUBE-SEP-ZBUGZHNZKU6FMQKM -p tcp -m comment --comment "default/eopx-register:8848tcp1-eopx-register" \
-m tcp -j DNAT --to-destination 10.42.1.94:8848
""".replace("\\\n", "")


def journal(**lines):
    """What journalctl answers: {unit without .service: [its lines]}."""
    entries = [
        {"_SYSTEMD_UNIT": unit.replace("_", "-") + ".service", "MESSAGE": line, "__REALTIME_TIMESTAMP": "%d000000" % (recorded.NOW - 60)}
        for unit, texts in sorted(lines.items())
        for line in texts
    ]
    return {JOURNAL: "".join(json.dumps(entry) + "\n" for entry in entries)}


def prepared(*lacks):
    """The files of a host that kubeadm would let join, but for these commands."""
    names = set(["conntrack", "crictl", "ebtables", "ethtool", "ip", "iptables", "mount", "nsenter", "socat", "tc", "touch"]) - set(lacks)
    files = dict(("/usr/sbin/" + name, "") for name in names)
    files.update(("/proc/sys/net/" + name, "1\n") for name in ("ipv4/ip_forward", "bridge/bridge-nf-call-iptables", "bridge/bridge-nf-call-ip6tables"))
    files["/proc/sys/net/ipv6/conf/default/forwarding"] = "0\n"
    return files


def scan(host, catalogue=_catalogue, lines=None, lacks=(), **options):
    """A whole scan with symptoms, as node_condition_info or cluster_condition_info runs it: ({condition: verdict}, {condition: phrases seen})."""
    for path, text in prepared(*lacks).items():
        if not os.path.lexists(host.root + path):
            host._write(path, text)
    host._commands = dict({"iptables --version": "iptables v1.8.7 (legacy)\n"}, **host._commands)
    host._commands.update(journal(**lines or {}))
    facts = recorded.facts_of(host, catalogue, **options)
    report = _engine.scan(facts, catalogue.CONDITIONS)
    if catalogue is _catalogue:
        _catalogue.add_symptoms(facts, report)
    try:
        assert facts.bugs == []
        assert recorded.undeclared(host, catalogue) == []
    finally:
        host.close()
    seen = {}
    for symptom in report.get("symptoms", {"found": []})["found"]:
        seen.setdefault(symptom["condition"], []).append(symptom["phrase"])
    return dict((verdict["condition"], verdict) for verdict in report["conditions"]), seen


def told(verdicts, *statuses):
    """{condition: reason} of the verdicts of these statuses."""
    return dict((name, verdict["reason"]) for name, verdict in verdicts.items() if verdict["status"] in statuses)


def test_000_pods_stay_in_creation_with_too_many_open_files():
    """dockershim; `cat /proc/999/limits` of containerd, whose unit has no LimitNOFILE."""
    containerd = dict(runtime_hosts.containerd(), **{"/proc/811/limits": LIMITS})
    dockerd = process(700, "dockerd", cgroup="/system.slice/docker.service", soft=1048576, hard=1048576)
    units = [runtime_hosts.unit("docker.service"), runtime_hosts.unit("containerd.service", LimitNOFILESoft="1024", LimitNOFILE="524288", KillMode="process")]
    host = runtime_hosts.host([process(900, "kubelet", words=("kubelet",)), dockerd, containerd], units)
    verdicts, seen = scan(host, lines=dict((unit.partition(".")[0], lines) for unit, lines in OPEN_FILES.items()))
    assert told(verdicts, "faulty") == {"runtime_nofile_low": "SoftLimitLow"}
    answer = verdicts["runtime_nofile_low"]
    assert answer["disruption"] == "restart"
    assert answer["message"] == "containerd.service (PID 811) may open 1024 files, fewer than 65536."
    assert seen == {"runtime_nofile_low": ["too many open files"] * 2}
    assert [(row["unit"], row["count"]) for row in answer["evidence"]["symptoms"]] == [("docker.service", 1), ("kubelet.service", 1)]


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
    verdicts, seen = scan(clocks.kept(files=files), lines={"kubelet": [UNAUTHORIZED]})
    assert told(verdicts, "faulty") == {"cni_token_expiring": "Expired"}
    assert tokens.MULTUS in verdicts["cni_token_expiring"]["message"] and "2023-12-20" in verdicts["cni_token_expiring"]["message"]
    assert list(seen) == ["cni_token_expiring"]


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
    verdicts, unused = scan(netfilter.node(nft=rules, files=calico))
    assert verdicts["calico_reject_bypassed"]["status"] == status
    assert list(told(verdicts, "faulty")) == (["calico_reject_bypassed"] if status == "faulty" else [])


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
    verdicts, unused = scan(host)
    assert (verdicts["kernel_below_minimum"]["status"], verdicts["kernel_below_minimum"]["reason"]) == (status, reason)
    assert told(verdicts, "faulty") == {}


def test_000_conntrack_is_not_found_in_the_system_path():
    """kubeadm 1.23.15 on a host with neither conntrack nor socat: an error and a warning."""
    host = clocks.host()
    host._commands["kubeadm version -o short"] = "v1.23.15\n"
    verdicts, unused = scan(host, lacks=["conntrack", "socat"])
    assert told(verdicts, "faulty") == {"node_prerequisites_missing": "Missing"}
    answer = verdicts["node_prerequisites_missing"]
    assert answer["message"] == "kubeadm would not let this host join: conntrack is not installed."
    assert answer["evidence"]["warnings"] == ["socat"]


def test_001_kube_proxys_line_about_conn_reuse_mode_is_harmless():
    proxy = process(950, "kube-proxy", words=("kube-proxy", "--proxy-mode=ipvs"))
    host = clocks.host([proxy], files={"/proc/sys/kernel/osrelease": EL7 + "\n"})
    verdicts, seen = scan(host, lines={"kube_proxy": [CONN_REUSE_MODE]})
    answer = verdicts["ipvs_connection_reuse"]
    assert (answer["status"], answer["reason"]) == ("ok", "HarmlessMessage")
    assert seen == {"ipvs_connection_reuse": ["can't set sysctl net/ipv4/vs/conn_reuse_mode"]}
    assert told(verdicts, "faulty") == {}


def test_001_ipset_is_incompatible_after_the_new_kernel():
    line = felix_logs.LIST.replace("ipset v7.1: Kernel and userspace incompatible: settype hash:ip with revision 5 not supported by userspace.", IPSET)
    assert IPSET in line
    story = {"image": "calico/node:v3.20.0", "kernel": ELREPO, "mode": "ipvs"}
    verdicts, unused = scan(felix_logs.calico(log=felix_logs.cri(line), **story))
    assert told(verdicts, "faulty") == {"calico_ipset_incompatible": "FelixFails"}
    assert verdicts["calico_ipset_incompatible"]["message"] == "Felix cannot list a set, last 60 s ago: ipset 7.1 does not know revision 6 of hash:ip,port."
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
        verdicts, unused = scan(recorded.RecordedHost(files, links={"/proc/self/ns/pid": "pid:[4026531836]"}))
        assert verdicts["kernel_not_default"]["reason"] == reason


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
    # The node's journals have it where Docker writes there what pods say; the condition is the cluster's.
    assert list(scan(clocks.host(), lines={"docker": [NODE_STATUSES]})[1]) == ["calico_rbac_incomplete"]


def test_001_the_role_with_which_the_story_ends_still_lacks_a_verb():
    def ending(rules):
        others = [rule for rule in rules if rule.get("apiGroups") != ["crd.projectcalico.org"]]
        return others + [{"apiGroups": ["crd.projectcalico.org"], "resources": kinds.split(), "verbs": verbs.split()} for kinds, verbs in CALICO_KINDS]

    answer = judge("calico_rbac_incomplete", clusters.cluster(upgraded(ending)))
    assert (answer.status, answer.reason) == ("faulty", "RulesMissing")
    assert answer.message.endswith(" may not: update caliconodestatuses.crd.projectcalico.org.")


def test_000_vxlan_between_pods_fails_on_vmware():
    """`ethtool -K vxlan.calico tx-checksum-ip-generic off` is the story's first way out; before it both devices have the flag on."""
    devices, driver = "/sys/class/net/", "../../../../bus/pci/drivers/vmxnet3"
    files = {
        "/proc/sys/kernel/osrelease": "4.18.0-553.el8_10.x86_64\n",
        devices + "ens192/uevent": "INTERFACE=ens192\nIFINDEX=2\n",
        devices + "vxlan.calico/uevent": "DEVTYPE=vxlan\nINTERFACE=vxlan.calico\nIFINDEX=5\n",
    }
    links = {devices + "ens192/device/driver": driver, devices + "vxlan.calico/lower_ens192": "../ens192"}
    nic, tunnel = (recorded.recording("offload/%s.txt" % name).partition("\n")[2] for name in ("nic", "vxlan"))
    for flag, status, reason in (("on", "at_risk", "OffloadOn"), ("off", "ok", "TunnelOff")):
        host = clocks.host(files=files, links=links)
        host._commands["ethtool -k ens192"] = "Features for ens192:\n" + nic
        host._commands["ethtool -k vxlan.calico"] = "Features for vxlan.calico:\n" + re.sub(
            "tx-checksum-ip-generic: .*", "tx-checksum-ip-generic: " + flag, tunnel
        )
        answer = scan(host)[0]["vxlan_checksum_offload"]
        assert (answer["status"], answer["reason"]) == (status, reason), answer["message"]


def test_000_harbor_has_the_port_of_metrics_server():
    """`netstat -anp`: docker-proxy has 4443 for Harbor's nginx. Only who expects metrics-server there can call that wrong."""
    files = {"/proc/net/tcp": LISTENS % ("0" * 8, 5000), "/proc/net/tcp6": LISTENS % ("0" * 32, 5001)}
    links = {"/proc/22372/fd/4": "socket:[5000]", "/proc/22378/fd/4": "socket:[5001]"}
    proxies = [process(22372, "docker-proxy"), process(22378, "docker-proxy")]
    assert told(scan(clocks.host(proxies, files=files, links=links))[0], "faulty") == {}
    # With Docker's log driver journald; else what a pod says is in no journal.
    verdicts, seen = scan(clocks.host(proxies, files=files, links=links), lines={"docker": [METRICS_SERVER]}, expected_ports=["4443=metrics-server"])
    assert told(verdicts, "faulty") == {"port_conflict": "HeldByOther"}
    assert verdicts["port_conflict"]["message"] == "Port 4443, which metrics-server needs, is held by docker-proxy (PID 22372)."
    assert seen == {"port_conflict": ["bind: address already in use"]}


def test_002_the_api_servers_certificate_for_itself_has_expired():
    """It has run for exactly a year; every certificate that is a file is valid. The story's logs are pictures."""
    host = loopbacks.host(days=365, files=pki.control_plane())
    verdicts, unused = scan(host)
    assert told(verdicts, "faulty") == {"apiserver_loopback_certificate_expiring": "Expired"}
    assert verdicts["kubernetes_certificate_expiring"]["status"] == "ok"
    assert verdicts["apiserver_loopback_certificate_expiring"]["role"].endswith("control_plane_certificates")


def test_002_thirty_thousand_kernel_stacks_are_no_number_of_pids():
    """KernelStack of a kernel since 4.8 is in KiB: 31130 threads have 498080 kB, of which an eighth would be twice as many. loadavg has the number."""
    files = {"/proc/loadavg": "0.06 0.09 0.05 7/31130 12345\n", "/proc/meminfo": "KernelStack:      498080 kB\n"}
    files.update({"/proc/sys/kernel/pid_max": "32768\n", "/proc/sys/kernel/threads-max": "193085\n"})
    verdicts, unused = scan(clocks.host(files=files))
    assert told(verdicts, "faulty") == {"pid_exhaustion": "Exhausted"}
    assert verdicts["pid_exhaustion"]["message"] == "31130 threads of 32768 that kernel.pid_max allows (95 %)."


def test_002_node_ports_of_the_aws_vpc_cni_need_a_loose_filter():
    """The agent's step 1, done by hand in old versions: rp_filter of the primary interface, eth0."""
    conf = "/proc/sys/net/ipv4/conf/"
    files = {conf + "all/rp_filter": "0\n", conf + "eth0/rp_filter": "1\n", "/proc/700/environ": "AWS_VPC_K8S_CNI_CONFIGURE_RPFILTER=false\0"}
    files["/proc/net/route"] = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\neth0\t00000000\t0100000A\t0003\t0\t0\t100\t00000000\n"
    verdicts, unused = scan(clocks.host([process(700, "aws-k8s-agent")], files=files))
    assert told(verdicts, "faulty") == {"rp_filter_strict": "StrictForAws"}


def test_002_both_kinds_of_admission_options():
    """1.18: the API server says so and ends; its unit has both."""
    unit = "[Service]\nExecStart=/opt/kube-apiserver --admission-control=LimitRanger --disable-admission-plugins=DefaultStorageClass\n"
    verdicts, unused = scan(clocks.host(files={"/etc/systemd/system/kube-apiserver.service": unit}))
    assert told(verdicts, "faulty") == {"admission_flags_conflict": "BothKinds"}


def test_002_evicted_pods_are_told_by_their_reason():
    """`grep Evicted` would delete the pod of that name, too, and `OutOfcpu` is no eviction."""
    items = [pods.evicted()] * 101 + [pods.failed(name="Evicted"), pods.failed(reason="OutOfcpu")]
    verdicts, unused = scan(ipam.ipam(answers={pods.FAILED: pods.listed(*items)}), _cluster_catalogue)
    assert told(verdicts, "faulty", "at_risk") == {"evicted_pods_accumulated": "Accumulated"}
    assert verdicts["evicted_pods_accumulated"]["message"].startswith("101 evicted pods are kept (at most 100)")


def test_003_the_kubelet_does_not_start_for_want_of_a_cgroup():
    """The story's whole log, for the condition's own look at it and for that at all journals."""
    story = recorded.recording("kubelet-hugetlb.journal.txt")
    files = {"/proc/self/mountinfo": CGROUP_V1, "/etc/systemd/system/kubelet.service": "", "/sys/fs/cgroup/hugetlb/kubepods.slice/.keep": ""}
    said = "".join("Nov 29 23:32:13 node1 kubelet[3830]: %s\n" % line for line in story.splitlines())
    commands = {"journalctl --unit=kubelet.service --boot --lines=200 --no-pager --output=short": said}
    host = runtime_hosts.host([], [runtime_hosts.unit("kubelet.service", ActiveState="failed")], files=files, commands=commands)
    verdicts, seen = scan(host, lines={"kubelet": story.splitlines()})
    assert told(verdicts, "faulty") == {"hugetlb_cgroup_missing": "CgroupMissing"}
    assert seen == {"hugetlb_cgroup_missing": ["failed to write 4611686018427387904 to hugetlb."]}


def test_003_an_address_of_a_block_of_a_on_b_is_dropped_by_a():
    """192.168.100.10 of 192.168.100.0/26: what a scan of A tells of its routes goes into the scan of the cluster."""
    node = recorded.facts_of(clocks.host(files={"/proc/net/fib_trie": recorded.recording("blackholes.fib_trie")}))
    blackholes = node.get("blackholes")
    assert "192.168.100.0/26" in [item["prefix"] for item in blackholes["prefixes"]]
    told_by_a = ipam.routes(blackholes=blackholes)
    borrowed = ipam.block(used={10: ipam.attribute("worker2")})
    verdicts, unused = scan(
        ipam.ipam(borrowed, answers=dict(ipam.pod("192.168.100.10"), **{pods.FAILED: pods.listed()})), _cluster_catalogue, node_routes=[told_by_a]
    )
    answer = verdicts["calico_address_borrowed"]
    assert (answer["status"], answer["reason"]) == ("faulty", "Dropped")
    assert "192.168.100.10 (pod shop/web on worker2) by 192.168.100.0/26 on worker1." in answer["message"]


def test_004_one_node_of_k3s_has_180000_rules():
    """The Service's own rules are as they must be, and the same few of flannel's and kube-router's stand there 180,000 times."""
    table = "*filter\n:KUBE-ROUTER-INPUT - [0:0]\n" + LEAKED * 90000 + "COMMIT\n"
    rules = "*nat\n" + EOPX_REGISTER + "COMMIT\n" + table
    agent = {"/proc/700/stat": "700 (k3s-agent) S 1 700 700 0 -1 4194560", "/proc/700/status": "NSpid:\t700\n"}
    agent.update({"/proc/700/cmdline": "/usr/local/bin/k3s agent\0", "/proc/700/cgroup": "0::/system.slice/k3s-agent.service\n"})
    verdicts, unused = scan(netfilter.node(nft=rules, files=agent, kubelet=False, version="1.8.4"))
    assert told(verdicts, "faulty") == {"iptables_rules_duplicated": "RulesDuplicated"}
    answer = verdicts["iptables_rules_duplicated"]
    assert answer["message"].startswith("179998 of 180005 nft ipv4 rules are copies: FLANNEL has 89999 in filter FORWARD; KUBE has 89999")
    # The cause may not be tried without a word; its version is one of those that are known for it.
    assert verdicts["iptables_rule_check_broken"]["reason"] == "ProbeNotAllowed"


def test_004_the_rules_of_that_node_cannot_be_listed():
    """`iptables -L` ends with an error on it, which the story shows as a picture; a dump that does not end is such a one."""
    host = netfilter.node(nft="", commands={"iptables-nft-save": recorded.TIMED_OUT})
    verdicts, unused = scan(host)
    assert verdicts["iptables_rules_duplicated"]["reason"] == "DumpTimedOut"
    assert told(verdicts, "faulty") == {}
