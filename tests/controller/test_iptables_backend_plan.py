"""What the role iptables_backend would do, worked out from what iptables_info returns."""

import copy

import pytest
from ansible_collections.nodemend.kubernetes.plugins.plugin_utils._iptables_backend import plan


def dump(rules=0, chains=0, hints=(), unavailable=None, family="KUBE", foreign=1, services=None, pods=(), host_ports=(), admin=(), behind=None):
    table = {"chains": {family: chains}, "rules": {family: rules}, "foreign": foreign}
    if services is None:
        services = rules if family == "KUBE" else 0
    return {
        "tables": {"filter": table},
        "hints": list(hints),
        "unavailable": unavailable,
        "incompatible": [],
        "forward_behind": behind,
        "services": services,
        "pods": None if pods is None else list(pods),
        "host_ports": None if host_ports is None else list(host_ports),
        "admin": None if admin is None else list(admin),
    }


def command(name, backend, choices=("legacy", "nft")):
    value = "/usr/sbin/%s-%s" % (name, backend)
    paths = ["/usr/sbin/%s-%s" % (name, choice) for choice in choices or ()]
    alternative = {"value": value, "status": "auto", "choices": paths, "leader": None} if choices else None
    return {"path": "/usr/sbin/" + name, "backend": backend, "alternative": alternative}


def found(status="faulty", host="nft", nft=None, legacy=None, choices=("legacy", "nft"), **facts):
    empty = dump()
    values = {
        "netfilter_backends": {"nft": True, "legacy_kernel": {"ipv4": True, "ipv6": True}},
        "iptables_dumps": {
            "nft": {"ipv4": nft or empty, "ipv6": empty},
            "legacy": {"ipv4": legacy or empty, "ipv6": empty},
        },
        "iptables_binaries": {
            "iptables": command("iptables", host, choices),
            "ip6tables": command("ip6tables", host, choices),
            "arptables": command("arptables", host, ("nft",)),
            "ebtables": None,
        },
        "iptables_callers": [],
        "host_network_agents": [],
        "cni_plugins": {"path": None, "plugins": []},
        "cni_pods": [],
        "kube_proxy": {"running": False, "pid": None, "mode": "iptables", "embedded": False},
        "kubelet": {"running": True, "enabled": True},
        "kubernetes_units": ["kubelet.service"],
        "rule_writers": [],
    }
    values.update(facts)
    return {"conditions": [{"status": status, "reason": "X", "message": "Told."}], "iptables": values}


SPLIT = {"nft": dump(9, 3, ["KUBE-KUBELET-CANARY"]), "legacy": dump(7, 2)}
AGENT = {"name": "kube-proxy", "pid": 5, "unit": None, "image": True, "backend": None, "decides": False}
CANARY = dump(0, 1, ["KUBE-KUBELET-CANARY"])
NO_KUBELET = {"kubelet": {"running": False, "enabled": False}, "kubernetes_units": []}
K3S = {
    "kubelet": NO_KUBELET["kubelet"],
    "kubernetes_units": ["k3s.service"],
    "kube_proxy": {"running": True, "pid": 9, "mode": "iptables", "embedded": True},
}


@pytest.mark.parametrize("status", ["ok", "not_applicable"])
def test_nothing_is_done_to_a_healthy_host(status):
    result = plan(found(status, "legacy", legacy=dump(9, 3)))
    assert not result["needed"] and not result["taken_over"]
    assert (result["stale"], result["restart"]) == ({"chains": 0, "rules": 0}, {"units": [], "agents": []})


@pytest.mark.parametrize(
    "facts, steps",
    [
        ({"host": "legacy", "nft": dump(9, 3)}, ["select the nft alternative of iptables, ip6tables, arptables", "restart kubelet.service"]),
        ({"host": "legacy", "nft": dump(9, 3), "choices": None}, ["select the nft alternative of arptables", "restart kubelet.service"]),
        ({"nft": dump(9, 3), "legacy": dump(0, 2)}, ["remove 2 chains and 0 rules of Kubernetes from legacy, once they stand still"]),
        (
            {"nft": dump(9, 3), "legacy": dump(7, 0)},
            ["restart kubelet.service", "remove 0 chains and 7 rules of Kubernetes from legacy, once they stand still"],
        ),
        ({"nft": dump(9, 3)}, []),
    ],
)
def test_each_reason_to_do_something_where_nft_is_asked_for(facts, steps):
    result = plan(found("ok", **facts), "nft")
    assert (result["needed"], result["steps"]) == (bool(steps), steps)


def test_a_command_without_an_alternative_is_a_reason_of_its_own():
    healthy = found("ok", nft=dump(9, 3), rule_writers=None)  # which would be refused, if anything were to be done
    assert (plan(healthy, "nft")["needed"], plan(healthy, "nft")["refused"]) == (False, [])
    healthy["iptables"]["iptables_binaries"]["iptables"] = command("iptables", "legacy", None)
    assert plan(healthy, "nft")["needed"]


def test_what_is_at_risk_is_changed():
    # BinaryDiffers: also what a run leaves that was killed between the alternatives and the restart.
    assert plan(found("at_risk", legacy=dump(9, 3, ["KUBE-KUBELET-CANARY"])))["needed"]


def test_what_cannot_be_judged_is_refused():
    result = plan(found("unknown"))
    assert result["needed"] and "could not be judged: Told." in result["refused"][0]


def test_leftovers():
    result = plan(found(**SPLIT))
    assert result["needed"] and not result["refused"]
    assert result["stale"] == {"chains": 2, "rules": 7}
    assert (result["target"], result["leaving"], result["taken_over"]) == ("nft", "legacy", True)
    # Rules in both backends do not tell which half is alive, so whatever writes chooses again first.
    assert result["alternatives"] == [] and result["restart"] == {"units": ["kubelet.service"], "agents": []}
    assert result["steps"] == ["restart kubelet.service", "remove 2 chains and 7 rules of Kubernetes from legacy, once they stand still"]


@pytest.mark.parametrize("end", ["policy DROP", "-A FORWARD -j REJECT --reject-with icmp-host-prohibited"])
def test_what_would_stop_the_packets_of_pods(end):
    result = plan(found(nft=dump(9, 3, behind="policy DROP"), legacy=dump(7, 2, behind=end)))
    # To leave them there does no harm, so that only who removes them is refused.
    assert not result["refused"] and len(result["exposed"]) == 1
    assert "the legacy ipv4 filter FORWARD would stop the packets of pods: %s." % end in result["exposed"][0]
    assert plan(found(nft=dump(9, 3, behind=end), legacy=dump(7, 2)))["exposed"] == []


def test_wrong_command():
    result = plan(found(host="legacy", host_network_agents=[AGENT], **SPLIT))
    assert [(change["name"], change["path"]) for change in result["alternatives"]] == [
        ("iptables", "/usr/sbin/iptables-nft"),
        ("ip6tables", "/usr/sbin/ip6tables-nft"),
        ("arptables", "/usr/sbin/arptables-nft"),
    ]
    assert result["restart"] == {"units": ["kubelet.service"], "agents": [{"name": "kube-proxy", "pid": 5}]}
    assert len(result["steps"]) == 3


@pytest.mark.parametrize("host, target", [("legacy", "nft"), ("nft", "legacy")])
def test_every_command_that_is_an_alternative_is_switched(host, target):
    result = found("ok", host, nft=dump(9, 3))
    names = ["iptables", "ip6tables", "arptables", "ebtables"]
    result["iptables"]["iptables_binaries"] = {name: command(name, host) for name in names}
    changes = plan(result, target)["alternatives"]
    assert [(change["name"], change["value"], change["path"]) for change in changes] == [
        (name, "/usr/sbin/%s-%s" % (name, host), "/usr/sbin/%s-%s" % (name, target)) for name in names
    ]


def followed(ip6, choices):
    """Fedora: ip6tables has no alternative of its own, it follows that of iptables."""
    result = found(host="legacy", **SPLIT)
    alternative = {"value": "/usr/sbin/ip6tables-legacy", "status": "auto", "choices": choices, "leader": "iptables"}
    result["iptables"]["iptables_binaries"]["ip6tables"] = dict(command("ip6tables", ip6), alternative=alternative)
    return plan(result)


def test_a_follower_is_selected_with_its_leader():
    result = followed("legacy", ["/usr/sbin/ip6tables-legacy", "/usr/sbin/ip6tables-nft"])
    assert [change["name"] for change in result["alternatives"]] == ["iptables", "arptables"]
    assert not result["refused"]


@pytest.mark.parametrize(
    "choices",
    [
        ["/usr/sbin/ip6tables-legacy", None],
        # It would come with another choice than the one that is selected.
        ["/usr/sbin/ip6tables-nft", "/usr/sbin/ip6tables-legacy"],
    ],
)
def test_a_follower_that_would_stay_is_refused(choices):
    said = followed("legacy", choices)["refused"]
    assert said == ["/usr/sbin/ip6tables speaks legacy and this system offers no alternative that speaks nft."]


@pytest.mark.parametrize("unit, units", [("kube-proxy.service", ["kube-proxy.service"]), ("mine.service", ["kube-proxy.service", "mine.service"])])
def test_an_agent_that_is_a_service_is_restarted_as_its_unit(unit, units):
    agent = dict(AGENT, unit=unit, image=False)
    result = plan(found(host="legacy", host_network_agents=[agent], kubernetes_units=["kube-proxy.service"], **SPLIT))
    assert result["restart"] == {"units": units, "agents": []}
    assert not result["refused"]


@pytest.mark.parametrize(
    "target, facts",
    [
        # k3s is its own kubelet and kube-proxy, there is no process of these names.
        (dump(), K3S),
        (CANARY, K3S),
        # The kubelet has crashed, or was disabled by hand: kube-proxy goes on.
        (dump(), {"kubelet": {"running": False, "enabled": True}, "kubernetes_units": []}),
        # It runs without a unit, started by hand.
        (dump(), {"kubelet": {"running": True, "enabled": False}, "kubernetes_units": []}),
        (dump(), dict(NO_KUBELET, host_network_agents=[AGENT])),
        (dump(), dict(NO_KUBELET, kubernetes_units=None)),
        (dump(), dict(NO_KUBELET, host_network_agents=None)),
        (dump(), dict(NO_KUBELET, kube_proxy={"running": True, "pid": 5, "mode": "iptables", "embedded": False})),
        # The kubelet alone has written to the target.
        (CANARY, {}),
        (dump(3, 3, services=0), {}),
    ],
)
def test_the_only_live_rules_are_no_leftovers(target, facts):
    result = plan(found(nft=target, legacy=dump(9, 3), **facts))
    assert not result["taken_over"]
    assert result["missing"] == ["kube-proxy has not written its ipv4 Services to nft."]
    assert not facts.get("kubernetes_units") or result["restart"]["units"] == facts["kubernetes_units"]


def test_each_ip_version_counts():
    result = found(nft=dump(9, 3), legacy=dump(9, 3))
    result["iptables"]["iptables_dumps"]["legacy"]["ipv6"] = dump(9, 3)
    assert plan(result)["missing"] == ["kube-proxy has not written its ipv6 Services to nft."]


@pytest.mark.parametrize(
    "family, facts, taken_over",
    [
        ("cali", {"host_network_agents": [dict(AGENT, name="calico-node")]}, False),
        # Its agent has crashed, or could not be seen.
        ("cali", {"cni_plugins": {"path": "x", "plugins": [{"type": "calico"}, {"type": "portmap"}]}}, False),
        ("cali", {"cni_plugins": None}, False),
        ("cali", {"cni_plugins": {"path": "x", "plugins": [{"type": "flannel"}]}}, True),
        ("cali", {}, True),
        ("cali", dict(K3S, cni_plugins={"path": "x", "plugins": [{"type": "flannel"}]}), True),
        ("FLANNEL", {"cni_plugins": {"path": "x", "plugins": [{"type": "flannel"}]}}, False),
        ("FLANNEL", K3S, False),
        ("FLANNEL", {}, True),
        # Of a pod that runs with a hostPort: only a new pod writes it again.
        ("CNI", {}, False),
        ("CNI", NO_KUBELET, True),
    ],
)
def test_the_network_takes_over_too(family, facts, taken_over):
    assert plan(found("at_risk", nft=dump(9, 3), legacy=dump(5, 5, family=family), **facts))["taken_over"] == taken_over


POD = "0123456789abcdef" * 4
OTHER_POD = "fedcba9876543210" * 4


@pytest.mark.parametrize(
    "old, new, cni_pods, missing",
    [
        # A started before the backend changed and still runs, B after it.
        ([POD], [OTHER_POD], [{"id": POD, "running": True}], "CNI has ipv4 rules of 1 pods, which run or may run, in legacy only: 0123456789ab."),
        ([POD], [OTHER_POD], [{"id": POD, "running": None}], "in legacy only: 0123456789ab."),
        ([POD], [OTHER_POD], None, "in legacy only: 0123456789ab."),
        (["10.88.0.3/32"], [OTHER_POD], [{"id": "10.88.0.3/32", "running": None}], "in legacy only: 10.88.0.3/32."),
        (["fd00:10:244::1234/128"], [], [], "in legacy only: fd00:10:244::1234/128."),
        (list("abcdef"), [], [], "of 6 pods, which run or may run, in legacy only: a, b, c, d, e."),
        (None, [OTHER_POD], [], "too many pods with ipv4 rules of CNI plugins"),
        ([POD], None, [], "too many pods with ipv4 rules of CNI plugins"),
        ([POD], [OTHER_POD], [{"id": POD, "running": False}], None),
        ([POD], [OTHER_POD, POD], [{"id": POD, "running": True}], None),
        ([], [OTHER_POD], [], None),
    ],
)
def test_the_rules_of_a_running_pod_are_no_leftovers(old, new, cni_pods, missing):
    result = plan(found(nft=dump(3, 3, family="CNI", pods=new), legacy=dump(6, 6, family="CNI", pods=old), cni_pods=cni_pods))
    assert result["taken_over"] == (missing is None)
    assert missing is None or missing in result["missing"][0]


PORT, OTHER_PORT = "KUBE-HP-A7HWACIJNU4N3R5W", "KUBE-HP-5N7UH5JAXCVP5UJR"


@pytest.mark.parametrize(
    "old, new, missing",
    [
        # An ingress that survived the drain: CRI-O writes its host port again for a new sandbox only, whose chain has another name.
        ([PORT], [], "1 ipv4 host ports, of pods that run or may run, are in legacy only (%s): recreate these pods," % PORT),
        ([PORT], [OTHER_PORT], "are in legacy only (%s)" % PORT),
        (list("abcdef"), list("b"), "5 ipv4 host ports, of pods that run or may run, are in legacy only (a, c, d, e, f)"),
        (None, [PORT], "too many ipv4 host ports"),
        ([PORT], None, "too many ipv4 host ports"),
        ([PORT], [OTHER_PORT, PORT], None),
        ([], [OTHER_PORT], None),
    ],
)
def test_the_host_port_of_a_running_pod_is_no_leftover(old, new, missing):
    result = plan(found(nft=dump(9, 3, host_ports=new), legacy=dump(9, 3, host_ports=old)))
    assert (result["taken_over"], len(result["missing"])) == (missing is None, 0 if missing is None else 1)
    assert missing is None or missing in result["missing"][0]


RULE, OTHER_RULE = "-A CNI-ADMIN -s 203.0.113.0/24 -j DROP", "-A CNI-ADMIN -p udp -m udp --dport 53 -j ACCEPT"


@pytest.mark.parametrize("facts", [{}, NO_KUBELET])
@pytest.mark.parametrize(
    "old, new, missing",
    [
        ([OTHER_RULE, RULE], [OTHER_RULE], "in legacy only, which no program writes again: add them to nft, then delete them from legacy (%s)." % RULE),
        (None, [RULE], "then delete them from legacy."),
        ([RULE], None, "then delete them from legacy."),
        ([RULE], [OTHER_RULE, RULE], None),
        ([], [RULE], None),
    ],
)
def test_the_administrators_own_rules_are_no_leftovers(old, new, missing, facts):
    result = plan(found(nft=dict(SPLIT["nft"], admin=new), legacy=dict(SPLIT["legacy"], admin=old), **facts))
    assert (result["taken_over"], len(result["missing"])) == (missing is None, 0 if missing is None else 1)
    assert missing is None or missing in result["missing"][0]


def test_only_what_a_writer_writes_by_itself_is_unwritten():
    legacy = dict(dump(9, 3, host_ports=[PORT], admin=[RULE], pods=[POD]))
    legacy["tables"]["filter"]["rules"].update(cali=4, FLANNEL=3, CNI=2)
    agents = [dict(AGENT, name="canal"), dict(AGENT, backend="legacy")]
    result = plan(found(nft=dump(), legacy=legacy, host_network_agents=agents))
    assert result["unwritten"] == [
        "kube-proxy has not written its ipv4 Services to nft.",
        "FLANNEL has ipv4 rules in legacy and none in nft.",
        "cali has ipv4 rules in legacy and none in nft.",
        "kube-proxy (PID 5) speaks legacy.",
    ]
    told = result["missing"][4:]
    assert result["missing"][:4] == result["unwritten"] and len(told) == 4
    assert all(said in told[number] for number, said in enumerate(["CNI-ADMIN has", "CNI has ipv4 rules in legacy and none", "rules of 1 pods", "host ports"]))


def test_rules_of_pods_and_of_the_administrator_count_in_each_ip_version():
    result = found(**SPLIT)
    result["iptables"]["iptables_dumps"]["legacy"]["ipv6"] = dump(9, 3, services=0, host_ports=[PORT], admin=[RULE])
    admin, port = plan(result)["missing"]
    assert admin.startswith("CNI-ADMIN has ipv6 rules") and port.startswith("1 ipv6 host ports")


def test_no_pod_needs_its_rules_on_a_host_that_kubernetes_has_left():
    facts = dict(NO_KUBELET, nft=dump(3, 3, family="CNI"), legacy=dump(6, 6, family="CNI", pods=[POD], host_ports=[PORT]))
    assert plan(found(**facts))["taken_over"]


def test_a_kube_proxy_in_the_mode_nftables_has_taken_over():
    proxy = {"running": True, "pid": 5, "mode": "nftables", "embedded": False}
    assert plan(found(legacy=dump(9, 3), kube_proxy=proxy))["taken_over"]


def test_nobody_takes_over_on_a_host_that_kubernetes_has_left():
    result = plan(found(legacy=dump(9, 3), **NO_KUBELET))
    assert result["taken_over"] and result["restart"] == {"units": [], "agents": []} and not result["refused"]


def test_an_agent_that_still_speaks_the_old_backend_has_not_taken_over():
    result = plan(found(host_network_agents=[dict(AGENT, backend="legacy")], **SPLIT))
    assert result["missing"] == ["kube-proxy (PID 5) speaks legacy."]


@pytest.mark.parametrize("nft, legacy", [(SPLIT["nft"], SPLIT["legacy"]), (SPLIT["nft"], None)])
def test_an_image_with_a_wrapper_chooses_again(nft, legacy):
    agent = dict(AGENT, backend="legacy", decides=True)
    result = plan(found(nft=nft, legacy=legacy, host_network_agents=[agent]))
    assert result["needed"] and not result["refused"]
    # Until it has: what it writes goes to legacy.
    assert result["missing"] == ["kube-proxy (PID 5) speaks legacy."]
    assert result["restart"]["agents"] == [{"name": "kube-proxy", "pid": 5}]


def test_a_server_of_k3s_is_the_control_plane():
    result = plan(found(nft=dump(9, 3), legacy=dump(9, 3), **K3S))
    assert "restart k3s.service (control plane)" in result["steps"] and not result["refused"]


def test_a_run_that_was_killed_before_the_restart_is_completed():
    result = plan(found(legacy=dump(9, 3, ["KUBE-KUBELET-CANARY"])))
    assert result["alternatives"] == [] and result["restart"]["units"] == ["kubelet.service"]
    assert not result["taken_over"]


def test_foreign_rules_and_other_networks_are_no_leftovers():
    assert plan(found("at_risk", nft=dump(9, 3), legacy=dump(5, 5, family="WEAVE")))["stale"] == {"chains": 0, "rules": 0}


@pytest.mark.parametrize(
    "facts, said",
    [
        ({"choices": None, "host": "legacy"}, "offers no alternative that speaks nft"),
        ({"netfilter_backends": {"nft": False, "legacy_kernel": {"ipv4": True}}}, "has not loaded nf_tables"),
        ({"legacy": dump(unavailable={"reason": "CommandMissing", "message": "gone"})}, "legacy ipv4 rules could not be listed: gone"),
        ({"nft": dict(dump(), incompatible=["filter"])}, "nft ipv4 rules could not be listed: This iptables cannot read the tables filter"),
        ({"rule_writers": None}, "could not be read"),
        ({"rule_writers": [{"who": "ufw", "why": "on", "backend": "legacy", "flushes": False}], "host": "legacy"}, "ufw would be split"),
        (
            {"rule_writers": [{"who": "docker", "why": "on", "backend": None, "flushes": False}]},
            "docker would be split: on, and its rules are in legacy.",
        ),
        ({"rule_writers": [{"who": "nftables.service", "why": "x", "backend": "nft", "flushes": True}]}, "would empty all nft rules"),
        ({"kube_proxy": {"running": True, "pid": 6, "mode": None, "embedded": False}, "host_network_agents": [AGENT]}, "could not be told"),
        ({"kube_proxy": {"running": True, "pid": 6, "mode": None, "embedded": True}}, "The kube-proxy of this node could not be told."),
        ({"host_network_agents": [dict(AGENT, image=False)]}, "is neither a pod nor a service"),
        (dict(NO_KUBELET, host_network_agents=[AGENT]), "No kubelet runs that would start again: kube-proxy."),
        ({"host_network_agents": [dict(AGENT, backend="legacy")]}, "can only speak legacy"),
        ({"iptables_callers": [{"who": "calico-node", "why": "FELIX_IPTABLESBACKEND=legacy", "backend": "legacy"}]}, "is told to use legacy"),
    ],
)
def test_refusals(facts, said):
    facts = dict(copy.deepcopy(SPLIT), **facts)
    reasons = plan(found(**facts))["refused"]
    assert reasons and all(said in reason for reason in reasons)


@pytest.mark.parametrize(
    "facts",
    [
        {"iptables_callers": [{"who": "kubelet", "why": "x", "backend": "legacy"}, {"who": "calico-node", "why": "x", "backend": "nft"}]},
        # The kube-proxy is one of the agents, a unit, or part of a server that is down.
        {"kube_proxy": {"running": True, "pid": 5, "mode": None, "embedded": False}, "host_network_agents": [AGENT]},
        {"kube_proxy": {"running": True, "pid": 6, "mode": None, "embedded": False}, "kubernetes_units": ["kube-proxy.service"]},
        {"kube_proxy": {"running": False, "pid": None, "mode": None, "embedded": True}},
        # Something starts the agents again: their unit, the kubelet, k3s.
        {"host_network_agents": [AGENT, dict(AGENT, name="flanneld", unit="flanneld.service", image=False)]},
        {"host_network_agents": [AGENT], "kubernetes_units": []},
        dict(K3S, host_network_agents=[AGENT]),
    ],
)
def test_what_is_no_reason(facts):
    result = plan(found(**dict(copy.deepcopy(SPLIT), **facts)))
    assert result["needed"] and result["refused"] == []


def test_an_agent_that_is_not_restarted_needs_nobody_to_start_it():
    result = plan(found(nft=dump(9, 3), host_network_agents=[dict(AGENT, image=False)]))
    assert result["needed"] and result["restart"]["agents"] == [] and result["refused"] == []


@pytest.mark.parametrize(
    "facts, unstarted",
    [
        ({}, [6]),
        (NO_KUBELET, [5, 6]),
        # It is started again and again, and does not come up.
        ({"kubelet": NO_KUBELET["kubelet"]}, [5, 6]),
        (K3S, [6]),
        ({"kubelet": NO_KUBELET["kubelet"], "kubernetes_units": ["rke2-agent.service"]}, [6]),
        ({"kubelet": NO_KUBELET["kubelet"], "kubernetes_units": None}, [5, 6]),
    ],
)
@pytest.mark.parametrize("status", ["faulty", "unknown"])
def test_what_nothing_would_start_again(facts, unstarted, status):
    agents = [AGENT, dict(AGENT, pid=6, image=False), dict(AGENT, pid=7, unit="flanneld.service", image=False)]
    result = plan(found(status, host_network_agents=agents, **dict(SPLIT, **facts)))
    assert [agent["pid"] for agent in result["unstarted"]] == unstarted
    assert all(agent in result["writers"]["agents"] for agent in result["unstarted"])
    assert any("No kubelet runs" in reason for reason in result["refused"]) == (unstarted == [5, 6] and status == "faulty")


def test_a_kernel_without_legacy_tables_is_no_reason_against_nft():
    assert not plan(found(netfilter_backends={"nft": True, "legacy_kernel": {"ipv4": None}}, **SPLIT))["refused"]


def test_a_firewall_on_the_target_is_no_reason():
    assert not plan(found(rule_writers=[{"who": "docker", "why": "on", "backend": "nft", "flushes": False}], **SPLIT))["refused"]


def test_a_firewall_of_nft_refuses_legacy():
    writer = {"who": "nftables.service", "why": "the unit is enabled", "backend": "nft", "flushes": True}
    assert plan(found("ok", nft=dump(9, 3), rule_writers=[writer]), "legacy")["refused"] == [
        "nftables.service would be split: the unit is enabled, and its rules are in nft."
    ]


def test_a_wrapper_decides_by_itself():
    result = found(**SPLIT)
    result["iptables"]["iptables_binaries"]["iptables"]["backend"] = None
    assert plan(result)["alternatives"] == []


@pytest.mark.parametrize(
    "facts, needed, refused",
    [
        ({}, True, False),
        ({"host": "legacy", "legacy": dump(9, 3), "nft": dump()}, False, False),
        ({"netfilter_backends": {"nft": False, "legacy_kernel": {"ipv4": True}}}, True, False),
        ({"netfilter_backends": {"nft": True, "legacy_kernel": {"ipv4": False}}}, True, True),
        ({"netfilter_backends": {"nft": True, "legacy_kernel": {"ipv4": None}}}, True, True),
        ({"choices": None}, True, True),
    ],
)
def test_legacy_only_where_it_exists(facts, needed, refused):
    facts = dict({"nft": dump(9, 3)}, **facts)
    result = plan(found("ok", **facts), "legacy")
    assert needed or (result["alternatives"], result["steps"]) == ([], [])
    assert (result["needed"], bool(result["refused"])) == (needed, refused)


def test_a_kube_proxy_that_is_in_no_process_or_unit_of_ours_is_not_left_behind():
    """MicroK8s, whose kubelite holds it."""
    kubelite = {"running": True, "pid": 960, "mode": "iptables", "embedded": False}
    result = plan(found(nft=dump(9, 3), legacy=dump(7, 2), kube_proxy=kubelite, host_network_agents=[AGENT], **NO_KUBELET))
    assert "The kube-proxy of this node could not be told." in result["refused"]
    # Nobody takes it for a host that Kubernetes has left.
    left = plan(found(nft=dump(9, 3, services=0), legacy=dump(7, 2), kube_proxy=kubelite, **NO_KUBELET))
    assert "kube-proxy has not written its ipv4 Services to nft." in left["missing"]
