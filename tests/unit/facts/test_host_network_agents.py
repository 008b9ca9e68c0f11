# -*- coding: utf-8 -*-
from __future__ import absolute_import, division, print_function

import pytest
from ansible_collections.nodemend.kubernetes.plugins.module_utils._host import Unavailable
from netfilter import NFT_BINARIES, node, process
from recorded import fact

__metaclass__ = type

FLANNEL = process(950, "flanneld", ["/opt/bin/flanneld", "--kube-subnet-mgr"])
ROOT = "/proc/950/root"
OWN = {
    "/proc/self/ns/net": "net:[4026531840]",
    "/proc/self/ns/mnt": "mnt:[4026531841]",
    "/proc/950/ns/net": "net:[4026531840]",
    "/proc/950/ns/mnt": "mnt:[4026532100]",
}


def agents(links, files=None, **more):
    return fact("host_network_agents", node(links=dict(OWN, **links), files=dict(FLANNEL, **(files or {})), **more))


@pytest.mark.parametrize(
    "links, target, backend",
    [
        # flannel before 2020, Alpine: one binary; its absolute links mean the container's own root.
        ({"/sbin/iptables": "/sbin/xtables-legacy-multi"}, "/sbin/xtables-legacy-multi", "legacy"),
        ({"/usr/sbin/iptables": "/etc/alternatives/iptables", "/etc/alternatives/iptables": "/usr/sbin/iptables-nft",
          "/usr/sbin/iptables-nft": "xtables-nft-multi"}, "/usr/sbin/xtables-nft-multi", "nft"),
        ({"/usr/sbin/iptables": "/etc/alternatives/iptables", "/etc/alternatives/iptables": "/usr/sbin/iptables-wrapper"},
         "/usr/sbin/iptables-wrapper", None),
    ],
)
def test_backend_of_the_image(links, target, backend):
    decides = backend is None
    found = agents(dict((ROOT + link, to) for link, to in links.items()), {ROOT + target: ""})
    assert found == [{"name": "flanneld", "pid": 950, "unit": None, "image": True, "path": target, "backend": backend, "decides": decides}]


@pytest.mark.parametrize("backend", ["legacy", "nft"])
@pytest.mark.parametrize(
    "links",
    [
        # Debian's alternatives, and the links that the wrapper itself makes where there are none (distroless, Alpine).
        {"/usr/sbin/iptables": "/etc/alternatives/iptables", "/etc/alternatives/iptables": "/usr/sbin/iptables-%s",
         "/usr/sbin/iptables-%s": "xtables-%s-multi"},
        {"/usr/sbin/iptables": "/usr/sbin/xtables-%s-multi"},
        {"/sbin": "usr/sbin", "/usr/sbin/iptables": "/usr/sbin/xtables-%s-multi"},
    ],
)
def test_a_wrapper_after_its_first_call(links, backend):
    target = "/usr/sbin/xtables-%s-multi" % backend
    chosen = dict((ROOT + link.replace("%s", backend), to.replace("%s", backend)) for link, to in links.items())
    wrapped = agents(chosen, {ROOT + target: "", ROOT + "/usr/sbin/iptables-wrapper": ""})[0]
    assert (wrapped["path"], wrapped["backend"], wrapped["decides"]) == (target, backend, True)
    # Both kinds of iptables without a wrapper: nothing in there chooses.
    other = "/usr/sbin/xtables-%s-multi" % ("nft" if backend == "legacy" else "legacy")
    assert not agents(chosen, {ROOT + target: "", ROOT + other: ""})[0]["decides"]


def test_the_host_s_own_wrapper_is_none_of_the_image_s():
    links = {ROOT + "/usr/sbin/iptables": "xtables-legacy-multi", ROOT + "/usr/sbin/iptables-wrapper": "/usr/local/bin/wrapper"}
    assert not agents(links, {ROOT + "/usr/sbin/xtables-legacy-multi": "", "/usr/local/bin/wrapper": ""})[0]["decides"]


def test_image_without_iptables():
    assert agents({})[0]["path"] is None


def test_without_an_image_it_calls_the_host_s_command():
    found = agents({"/proc/950/ns/mnt": "mnt:[4026531841]", ROOT + "/sbin/iptables": "xtables-legacy-multi"}, {ROOT + "/sbin/xtables-legacy-multi": ""})
    assert found == [{"name": "flanneld", "pid": 950, "unit": None, "image": False, "path": None, "backend": None, "decides": False}]


def test_felix_decides_by_itself():
    files = process(951, "calico-node", ["calico-node", "-felix"])
    files["/proc/951/root/usr/sbin/xtables-legacy-multi"] = ""
    links = {"/proc/951/ns/net": "net:[4026531840]", "/proc/951/ns/mnt": "mnt:[4026532101]", "/proc/951/root/usr/sbin/iptables": "xtables-legacy-multi"}
    found = [agent for agent in agents(links, files) if agent["name"] == "calico-node"]
    assert found[0]["backend"] is None and found[0]["decides"]


@pytest.mark.parametrize(
    "arguments, seen",
    [
        (["calico", "component", "felix"], ["calico-node"]),
        (["calico", "component", "node", "monitor-addresses"], ["calico-node"]),
        (["calico", "component", "typha"], []),
        (["calico", "component"], []),
        (["calico", "version"], []),
    ],
)
def test_calico_node_since_3_33(arguments, seen):
    found = agents({}, process(950, "calico", arguments))
    assert [agent["name"] for agent in found] == seen
    assert all(agent["decides"] and agent["backend"] is None for agent in found)


@pytest.mark.parametrize(
    "name, arguments",
    [("kube-proxy", ["kube-proxy"]), ("hyperkube", ["/hyperkube", "proxy"]), ("weaver", ["weaver"]), ("canal", ["canal"]),
     ("aws-k8s-agent", ["aws-k8s-agent"]), ("cilium-agent", ["cilium-agent"])],
)
def test_who_writes_rules(name, arguments):
    assert [agent["name"] for agent in agents({}, process(950, name, arguments))] == [name]


def test_the_kubelet_of_hyperkube_is_none():
    assert agents({}, process(950, "hyperkube", ["/hyperkube", "kubelet"])) == []


@pytest.mark.parametrize(
    "cgroup, pids, unit",
    [
        ("/system.slice/flanneld.service", "950", "flanneld.service"),
        # EL 7 counts a pod to the runtime's unit; this one shares the host's PID namespace.
        ("/system.slice/containerd.service/kubepods-pod1.slice:cri-containerd:%s" % ("0" * 64), "950", None),
        ("/system.slice/docker.service/x", "950\t1", None),
    ],
)
def test_a_service_of_the_host_has_a_unit(cgroup, pids, unit):
    files = {"/proc/950/cgroup": "0::%s\n" % cgroup, "/proc/950/status": "NSpid:\t%s\n" % pids}
    assert agents({}, files)[0]["unit"] == unit


def test_an_agent_of_another_network_namespace_is_not_this_host_s():
    assert agents({"/proc/950/ns/net": "net:[4026532000]"}) == []


def test_without_root():
    with pytest.raises(Unavailable) as caught:
        agents(NFT_BINARIES, denied=["/proc/9*/ns/net"], root=False)
    assert caught.value.reason == "NeedsRoot"
