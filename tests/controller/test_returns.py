"""What the info modules return of a host is what their documentation says, to the last key, on hosts that have something of everything."""

import os
import sys

import pytest
from conftest import ROOT
from test_completeness import documentation, stems

sys.path.append(os.path.join(ROOT, "tests", "unit"))
import clocks  # noqa: E402
import clusters  # noqa: E402
import felix_logs  # noqa: E402
import loopbacks  # noqa: E402
import netfilter  # noqa: E402
import pki  # noqa: E402
import recorded  # noqa: E402
import runtime_hosts  # noqa: E402

INFO = sorted(name for name in stems("plugins", "modules") if name.endswith("_info"))
TYPES = {"str": str, "int": int, "float": (int, float), "bool": bool, "list": list, "dict": dict, "raw": object}
# Dicts whose keys are names (of files, chains, settings ...): a sample shows some of them.
NAMED = {"chains", "env", "evidence", "felix", "forward", "handlers", "images", "kernels", "rules", "tables", "turns", "unavailable"}


def differences(value, told, path):
    """Yield where a value is not as its documentation says; null is right everywhere."""
    if value is None:
        return
    wanted = TYPES[told["type"]]
    if not isinstance(value, wanted) or wanted is int and isinstance(value, bool):
        yield "%s: %r is no %s" % (path, value, told["type"])
        return
    for item in value if isinstance(value, list) else [value]:
        if "contains" not in told:
            yield from unlike(item, told["sample"][:1] if isinstance(value, list) else [told["sample"]], path)
        elif set(item) != set(told["contains"]):
            yield "%s: %s" % (path, sorted(set(item) ^ set(told["contains"])))
        else:
            for key, inner in told["contains"].items():
                yield from differences(item[key], inner, "%s.%s" % (path, key))


def unlike(value, samples, path):
    """Yield where a value has other keys than its sample, if there is one."""
    if path.rpartition(".")[2] in NAMED or samples in ([], [None]) or value is None:
        return
    (sample,) = samples
    if isinstance(value, list) and isinstance(sample, list):
        for item in value:
            yield from unlike(item, sample[:1], path)
    elif isinstance(value, dict) and isinstance(sample, dict):
        if set(value) != set(sample):
            yield "%s: %s" % (path, sorted(set(value) ^ set(sample)))
        for key in set(value) & set(sample):
            yield from unlike(value[key], [sample[key]], "%s.%s" % (path, key))
    elif isinstance(value, (dict, list)) or isinstance(sample, (dict, list)):
        yield "%s: %r is not like %r" % (path, value, sample)


def leaves(told, path):
    for name, value in told.items():
        if "contains" in value:
            yield from leaves(value["contains"], path + [name])
        else:
            yield ".".join(path + [name]), value


@pytest.mark.parametrize("module", INFO)
def test_every_leaf_has_a_sample(module):
    assert [path for path, value in leaves(documentation(module)["RETURN"], []) if "sample" not in value] == []


CONF = '{"name": "k8s-pod-network", "plugins": [{"type": "calico"}, {"type": "portmap"}]}'
FIREWALL = "*nat\n:CNI-FORWARD - [0:0]\n-A CNI-FORWARD -s 10.88.0.3/32 -j ACCEPT\nCOMMIT\n"
OLD, NEW = "6.1.0-50-cloud-amd64", "6.12.95+deb12-cloud-amd64"
DISK = "27 1 254:1 / / rw,relatime - ext4 /dev/vda1 rw\n39 26 0:33 / /proc/sys/fs/binfmt_misc rw,relatime - binfmt_misc binfmt_misc rw\n"
QEMU = "enabled\ninterpreter /usr/bin/qemu-aarch64\nflags: OCF\noffset 0\nmagic 7f454c46\n"


def runtime():
    """containerd with a pod, as a unit."""
    pod = [runtime_hosts.shim(), runtime_hosts.pause(), runtime_hosts.process(2110, "coredns", parent=2100, nested=1, cgroup="/kubepods/pod1/" + "f" * 64)]
    return runtime_hosts.host([runtime_hosts.KUBELET, runtime_hosts.containerd(fds=3), *pod], [runtime_hosts.unit("containerd.service")])


def rules():
    """Rules of Kubernetes and of Calico in both backends, of copies and of a pod; flannel and fail2ban; a container with kube-proxy."""
    folder, answers = netfilter.systemd(kubelet=("active", "enabled"), fail2ban=("active", "enabled"))
    flannel, proxy = netfilter.process(950, "flanneld", ["/opt/bin/flanneld"]), netfilter.process(960, "kube-proxy", ["kube-proxy", "--proxy-mode=iptables"])
    own = {"/proc/%s/ns/%s" % (pid, kind): "%s:[1]" % kind for pid in ("self", 950, 960) for kind in ("net", "mnt")}
    return netfilter.node(
        nft=netfilter.rules("bookworm-nft-calico-3.23") + FIREWALL,
        nft6="*filter\n:FORWARD ACCEPT [0:0]\n" + "-A FORWARD -s fd00::1/128 -j DROP\n" * 3 + "COMMIT\n",
        legacy=netfilter.rules("bookworm-nft-kube"),
        files={**folder, **flannel, **proxy, "/etc/cni/net.d/10-calico.conflist": CONF},
        links={**netfilter.NFT_BINARIES, **own},
        commands=answers,
    )


def kernels():
    """A Debian with two kernels, GRUB on a partition, UEFI and an emulator."""
    files = {
        "/proc/sys/kernel/osrelease": OLD + "\n",
        "/proc/self/mountinfo": DISK,
        "/etc/os-release": 'ID=debian\nVERSION_ID="12"\nNAME="Debian GNU/Linux"\n',
        "/boot/grub/grub.cfg": recorded.recording("debian12.grub.cfg"),
        "/boot/grub/grubenv": recorded.recording("debian12-new.grubenv"),
        "/sys/dev/block/254:1/partition": "1\n",
        "/proc/sys/fs/binfmt_misc/register": "",
        "/proc/sys/fs/binfmt_misc/status": "enabled\n",
        "/proc/sys/fs/binfmt_misc/qemu-aarch64": QEMU,
    }
    for release in (OLD, NEW):
        files.update({"/boot/vmlinuz-" + release: "", "/lib/modules/%s/modules.dep" % release: "", "/lib/modules/%s/modules.builtin" % release: ""})
    return recorded.RecordedHost(files)


def calico():
    return felix_logs.calico()


def apiserver():
    return loopbacks.host(shows="loopback-valid")


def certificates():
    return clocks.kept(pki.PROCESSES, pki.control_plane())


def etcd():
    answers = {"env ETCDCTL_API=3 * member list --write-out=json": "etcd/members-of-3.json", "env ETCDCTL_API=3 * endpoint health": "etcd/health-one-down.txt"}
    words = ("etcd", "--cert-file=/pki/server.crt", "--key-file=/pki/server.key", "--trusted-ca-file=/pki/ca.crt")
    commands = {command: (0, "", recorded.recording(name)) if "health" in name else recorded.recording(name) for command, name in answers.items()}
    return runtime_hosts.host([runtime_hosts.process(1501, "etcd", nested=1, words=words)], files={"/usr/bin/etcdctl": ""}, commands=commands)


def cluster():
    """Calico by a manifest, with a Typha, and an Installation of the operator."""
    found = clusters.answers()
    (controllers,) = found[clusters.DEPLOYMENTS]["items"]
    found[clusters.DEPLOYMENTS]["items"].append({**controllers, "metadata": {**controllers["metadata"], "labels": {"k8s-app": "calico-typha"}}})
    found[clusters.INSTALLATION] = {"spec": {"variant": "Calico"}, "status": {"calicoVersion": "v3.22.5"}}
    return clusters.cluster(found)


def routes():
    return recorded.RecordedHost(
        {"/proc/net/fib_trie": recorded.recording("blackholes.fib_trie"), "/proc/net/ipv6_route": recorded.recording("blackholes.ipv6_route")}
    )


# Where the facts of a module stand in its result, and a host for each fact.
RETURNED = {
    "runtime_limits_info": ("runtime_limits", {"runtimes": runtime, "runtime_units": runtime, "nofile_ceiling": runtime, "kubelet": runtime}),
    "iptables_info": (
        "iptables",
        dict.fromkeys(
            "netfilter_backends iptables_dumps iptables_binaries iptables_callers host_network_agents cni_plugins cni_pods kube_proxy kubelet"
            " kubernetes_units rule_writers".split(),
            rules,
        ),
    ),
    "kernel_info": (
        "kernel",
        dict.fromkeys(
            "kernel_release kernel_ownership os_release installed_kernels kernel_candidates boot_kernels grub_menu grub_environment secure_boot"
            " boot_medium kernel_features kernel_drivers".split(),
            kernels,
        ),
    ),
    # Its installation is that of cluster_condition_info, and its sample an extract.
    "calico_info": ("calico", {"calico": calico, "kube_proxy": rules}),
    "control_plane_info": (
        "control_plane",
        {"control_plane_processes": apiserver, "apiserver_loopback": apiserver, "certificates": certificates, "node": runtime, "kubelet": runtime},
    ),
    "etcd_info": ("etcd", {"etcd": etcd}),
    "cluster_condition_info": ("cluster", {"nodes": cluster, "calico": cluster}),
    "node_condition_info": ("node", {"blackholes": routes, "blackholes_ipv6": routes}),
}
# Facts that a result has under another name.
NAMES = {("cluster_condition_info", "nodes"): "cluster_nodes", ("cluster_condition_info", "calico"): "calico_installation"}
CASES = [(module, name) for module, (unused, hosts) in RETURNED.items() for name in hosts]


@pytest.mark.parametrize("module, name", CASES)
def test_a_fact_is_what_its_documentation_says(module, name):
    subject, hosts = RETURNED[module]
    value = recorded.fact(NAMES.get((module, name), name), hosts[name]())
    assert value, "nothing was compared"
    assert list(differences(value, documentation(module)["RETURN"][subject]["contains"][name], name)) == []


def test_symptoms_are_what_their_documentation_says():
    entry = '{"_SYSTEMD_UNIT": "kubelet.service", "MESSAGE": "too many open files", "__REALTIME_TIMESTAMP": "1795211520000000"}\n'
    value = recorded.fact("journal_phrases", recorded.RecordedHost(commands={"journalctl *": entry}))
    assert value["found"], "nothing was compared"
    told = documentation("node_condition_info")["RETURN"]["symptoms"]
    assert list(differences(dict(value, unavailable=None), told, "symptoms")) == []


@pytest.mark.parametrize("module", sorted(set(RETURNED) - {"calico_info", "cluster_condition_info", "node_condition_info"}))
def test_no_fact_is_left_out(module):
    subject, hosts = RETURNED[module]
    assert set(documentation(module)["RETURN"][subject]["contains"]) == set(hosts)
