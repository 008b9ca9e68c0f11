"""The module calico_borrowed_pods against an API server that a script plays; molecule/cluster/calico_ipam has a real one."""

import copy
import json

import pytest
from ansible_collections.nodemend.kubernetes.plugins.module_utils import _calico_ipam
from ansible_collections.nodemend.kubernetes.plugins.module_utils._kubectl_module import KubectlFailed
from ansible_collections.nodemend.kubernetes.plugins.modules import calico_borrowed_pods

PROTECTED = "Error from server (TooManyRequests): Cannot evict pod as it would violate the pod's disruption budget."
ROUTES = [
    {
        "name": "worker1",
        "cluster": "aaaa",
        "addresses": ["10.0.0.11"],
        "blackholes": {"prefixes": [{"prefix": "192.168.0.0/26", "routes": []}], "policies": False},
        "blackholes_ipv6": {"prefixes": [{"prefix": "fd00:10:244::40/122", "routes": []}], "policies": False},
    }
]


class Server:
    """A cluster whose controllers make a new pod, with the next of some addresses, as soon as one is evicted."""

    def __init__(self, *pods, new=("192.168.0.64",), refuses=(), ready=True, pool="192.168.0.0/16"):
        self.pods = list(pods)
        self.new = list(new)
        self.refuses = list(refuses)
        self.evicted = []
        self.ready = ready
        self.pool = pool
        self.borrowed = {pod["status"]["podIP"]: pod["metadata"]["name"] for pod in pods}
        self.pools6, self.blocks6 = [], []

    def block(self, number, owner):
        allocations, attributes = [None] * 64, []
        for address, name in sorted(self.borrowed.items()):
            ordinal = int(address.split(".")[3]) - 64 * number
            if 0 <= ordinal < 64:
                allocations[ordinal] = len(attributes)
                attributes.append({"secondary": {"node": "worker2", "namespace": "shop", "pod": name, "timestamp": "2026-11-01 10:00:00 +0000 UTC"}})
        cidr = "192.168.0.%d/26" % (64 * number)
        return {"metadata": {"name": "x"}, "spec": {"cidr": cidr, "affinity": "host:" + owner, "allocations": allocations, "attributes": attributes}}

    def read(self, unused):
        nodes = [("worker1", "10.0.0.11"), ("worker2", "10.0.0.12")]
        return {
            "installation": {"present": True, "datastore": "kubernetes", "api_group": "crd.projectcalico.org"},
            "information": {"datastoreReady": self.ready},
            "config": {"strictAffinity": True, "autoAllocateBlocks": True},
            "pools": [{"metadata": {"name": "pool"}, "spec": {"cidr": self.pool}}] + self.pools6,
            "blocks": [self.block(0, "worker1"), self.block(1, "worker2")] + self.blocks6,
            "affinities": [],
            "reservations": [],
            "namespaces": [],
            "nodes": [{"metadata": {"name": name}, "status": {"addresses": [{"type": "InternalIP", "address": address}]}} for name, address in nodes],
        }

    def get(self, path):
        if path == "/api/v1":
            return {"resources": [{"name": "pods/eviction", "kind": "Eviction", "group": "policy", "version": "v1beta1"}]}
        name = path.rpartition("/")[2]
        if "/replicasets/" in path:
            return {"metadata": {"name": name, "uid": "set"}}
        assert path == "/api/v1/namespaces/shop/pods/" + name
        return next((copy.deepcopy(pod) for pod in self.pods if pod["metadata"]["name"] == name), None)

    def items(self, path):
        assert path == "/api/v1/namespaces/shop/pods"
        return copy.deepcopy(self.pods)

    def run(self, arguments, data):
        verb, raw, path, source = arguments
        eviction = json.loads(data)
        name = eviction["metadata"]["name"]
        assert (verb, raw, source) == ("create", "--raw", "--filename=-")
        assert path == "/api/v1/namespaces/shop/pods/%s/eviction" % name
        assert (eviction["apiVersion"], eviction["kind"]) == ("policy/v1beta1", "Eviction")
        assert eviction["deleteOptions"] == {"preconditions": {"uid": "uid-" + name}}
        if self.refuses:
            raise KubectlFailed(self.refuses.pop(0))
        self.evicted.append(name)
        self.pods = [pod for pod in self.pods if pod["metadata"]["name"] != name]
        self.borrowed = {address: holder for address, holder in self.borrowed.items() if holder != name}
        if self.new:
            address = self.new.pop(0)
            self.pods.append(pod(name + "-new", address))
            self.borrowed[address] = name + "-new"


def pod(name, address, owner="ReplicaSet", phase="Running", **spec):
    owners = [{"kind": owner, "name": "web", "uid": "set", "controller": True}] if owner else []
    metadata = {"namespace": "shop", "name": name, "uid": "uid-" + name, "creationTimestamp": "2026-11-20T10:00:00Z", "ownerReferences": owners}
    return {"metadata": metadata, "spec": dict(spec, nodeName="worker2"), "status": {"phase": phase, "podIP": address}}


class Module:
    def __init__(self, check_mode=False, **params):
        self.check_mode = check_mode
        self.params = dict({"node_routes": ROUTES, "cluster": "aaaa", "evict": True, "delete_emptydir_data": False, "wait": 0}, **params)


@pytest.fixture
def recreate(monkeypatch):
    """Return a function that runs the module against a Server and returns its Recreation, and the Stopped that ended it."""

    def run(server, **params):
        monkeypatch.setattr(calico_borrowed_pods, "Kubectl", lambda module: server)
        monkeypatch.setattr(_calico_ipam, "read", server.read)
        monkeypatch.setattr(calico_borrowed_pods, "INTERVAL", 0)
        recreation = calico_borrowed_pods.Recreation(Module(**params))
        try:
            recreation.run()
        except calico_borrowed_pods.Stopped as exc:
            return recreation, str(exc)
        return recreation, None

    return run


def test_one_after_the_other_and_nobody_whose_address_is_well(recreate):
    server = Server(pod("one", "192.168.0.1"), pod("two", "192.168.0.2"), pod("well", "192.168.0.70"), new=["192.168.0.65", "192.168.0.66"])
    done, stopped = recreate(server)
    assert (server.evicted, stopped, done.left) == (["one", "two"], None, [])
    assert done.pods == ["shop/one", "shop/two"]
    assert done.replaced[0] == {"pod": "shop/one", "by": "shop/one-new", "node": "worker2", "address": "192.168.0.65"}


@pytest.mark.parametrize("params", [{"check_mode": True}, {"evict": False}])
def test_without_leave_it_only_names_them(recreate, params):
    server = Server(pod("one", "192.168.0.1"), pod("alone", "192.168.0.2", owner=None), ready=False)
    done, stopped = recreate(server, **params)
    assert (server.evicted, stopped, done.pods) == ([], None, ["shop/one"])
    assert done.left[0]["holder"] == "shop/alone" and "no controller" in done.left[0]["why"]


def test_who_is_left_and_why(recreate):
    server = Server(
        pod("alone", "192.168.0.1", owner=None),
        pod("job", "192.168.0.2", owner="Job"),
        pod("data", "192.168.0.3", volumes=[{"name": "x", "emptyDir": {}}]),
        pod("done", "192.168.0.4", phase="Succeeded"),
    )
    done, stopped = recreate(server)
    assert (server.evicted, stopped) == ([], None)
    assert [item["holder"] for item in done.left] == ["shop/alone", "shop/job", "shop/data"]
    done, stopped = recreate(server, delete_emptydir_data=True)
    assert server.evicted == ["data"]


def test_a_node_without_room_keeps_its_pod(recreate):
    server = Server(pod("one", "192.168.0.1"), pool="192.168.0.0/25")
    server.borrowed.update({"192.168.0.%d" % number: "x" for number in range(64, 128)})
    done, stopped = recreate(server)
    assert (server.evicted, stopped) == ([], None)
    assert "worker2 has no address of its own left" in done.left[0]["why"]


def dual_stack(address, pool6):
    """A Server with one pod of two addresses, of which worker1 drops the IPv6 one."""
    both = pod("one", address)
    both["status"]["podIPs"] = [{"ip": address}, {"ip": "fd00:10:244::45"}]
    server = Server(both)
    given = {"secondary": {"node": "worker2", "namespace": "shop", "pod": "one", "timestamp": "2026-11-01 10:00:00 +0000 UTC"}}
    spec = {"cidr": "fd00:10:244::40/122", "affinity": "host:worker1", "allocations": [None] * 5 + [0] + [None] * 58, "attributes": [given]}
    server.pools6, server.blocks6 = [{"metadata": {"name": "pool6"}, "spec": {"cidr": pool6}}], [{"metadata": {"name": "y"}, "spec": spec}]
    return server


def test_a_pod_whose_ipv6_address_is_dropped(recreate):
    server = dual_stack("192.168.0.70", "fd00:10:244::/120")
    done, stopped = recreate(server)
    assert (server.evicted, stopped, done.left) == (["one"], None, [])


def test_a_node_without_room_for_ipv6_keeps_a_pod_that_has_both(recreate):
    server = dual_stack("192.168.0.70", "fd00:10:244::40/122")
    done, stopped = recreate(server)
    assert (server.evicted, stopped) == ([], None)
    assert "worker2 has no address of its own left" in done.left[0]["why"]
    assert done.left[0]["address"] == "fd00:10:244::45"
    server = dual_stack("192.168.0.1", "fd00:10:244::40/122")
    server.pods[0]["status"]["podIPs"].pop()
    assert recreate(server)[0].pods == ["shop/one"]


def test_a_pod_whose_addresses_are_both_dropped_is_named_once(recreate):
    server = dual_stack("192.168.0.1", "fd00:10:244::/120")
    assert recreate(server, evict=False)[0].pods == ["shop/one"]
    recreate(server)
    assert server.evicted == ["one"]


def test_what_cannot_be_worked_out_keeps_its_pod(recreate):
    server = Server(pod("one", "192.168.0.1"), pool="nonsense")
    assert recreate(server)[0].left[0]["why"] == "whether its node has an address of its own left is not known"


def test_it_waits_for_a_disruption_budget(recreate):
    server = Server(pod("one", "192.168.0.1"), refuses=[PROTECTED])
    done, stopped = recreate(server, wait=60)
    assert (server.evicted, stopped) == (["one"], None)


def test_a_disruption_budget_has_the_last_word(recreate):
    server = Server(pod("one", "192.168.0.1"), pod("two", "192.168.0.2"), refuses=[PROTECTED] * 9)
    done, stopped = recreate(server)
    assert server.evicted == []
    assert "shop/one was not evicted" in stopped and "disruption budget" in stopped


@pytest.mark.parametrize("words", ["(NotFound): pods not found", "(Conflict): Precondition failed: UID in precondition: a, UID in object meta: b"])
def test_a_pod_that_is_gone_already_is_waited_for(recreate, words):
    server = Server(pod("one", "192.168.0.1"), refuses=["Error from server " + words])
    done, stopped = recreate(server)
    assert server.evicted == []
    assert "its controller has made no other" in stopped


def test_what_the_server_forbids_is_an_error(recreate):
    with pytest.raises(KubectlFailed):
        recreate(Server(pod("one", "192.168.0.1"), refuses=["Error from server (Forbidden): no"]))


def test_a_new_pod_that_borrows_again_stops_it(recreate):
    server = Server(pod("one", "192.168.0.1"), pod("two", "192.168.0.2"), new=["192.168.0.9", "192.168.0.65"])
    done, stopped = recreate(server)
    assert server.evicted == ["one"]
    assert "shop/one-new has borrowed again: 192.168.0.9 of 192.168.0.0/26, which worker1 drops" in stopped


def test_nothing_moves_while_the_datastore_is_locked(recreate):
    server = Server(pod("one", "192.168.0.1"), ready=False)
    done, stopped = recreate(server)
    assert server.evicted == []
    assert "is locked" in stopped


def test_an_address_that_somebody_else_has_by_now_is_nobodys(recreate):
    server = Server(pod("one", "192.168.0.1"))
    server.pods[0]["status"]["podIP"] = "192.168.0.70"
    done, stopped = recreate(server)
    assert (server.evicted, done.left, stopped) == ([], [], None)
