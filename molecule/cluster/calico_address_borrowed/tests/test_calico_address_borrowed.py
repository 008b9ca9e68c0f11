"""The scan, as an operator runs it, beside what the routes of a block's node do to the address of a pod on another node."""

import ipaddress
import json
import os
import subprocess

import pytest

POD = ["pod", "web", "--namespace=lab-borrowed"]


@pytest.fixture
def verdict(tmp_path):
    """Return a function that scans and returns what was found."""

    def scan():
        path = tmp_path / "report.json"
        options = {"nodemend_report": str(path), "nodemend_become": False, "nodemend_conditions": ["calico_address_borrowed"]}
        command = ["ansible-playbook", "-i", os.environ["NODEMEND_INVENTORY"], "nodemend.kubernetes.scan", "-e", json.dumps(options)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        (cluster,) = json.loads(path.read_text())["clusters"]
        return cluster["scan"]["conditions"][0]

    return scan


@pytest.fixture
def address(kubectl):
    return kubectl.json(*POD)["status"]["podIP"]


@pytest.fixture
def block(kubectl, address):
    """A block of worker1 in which the address is booked for the pod on worker2."""
    network = ipaddress.ip_network(address + "/26", strict=False)
    ordinal = int(ipaddress.ip_address(address)) - int(network[0])
    holder = {"namespace": "lab-borrowed", "node": "worker2", "pod": "web", "timestamp": "2026-01-01 10:00:00.5 +0000 UTC"}
    spec = {
        "cidr": str(network),
        "affinity": "host:worker1",
        "allocations": [0 if number == ordinal else None for number in range(64)],
        "attributes": [{"handle_id": "lab", "secondary": holder}],
        "deleted": False,
    }
    item = {"apiVersion": "crd.projectcalico.org/v1", "kind": "IPAMBlock", "metadata": {"name": "lab-borrowed"}, "spec": spec}
    kubectl.apply(json.dumps(item))
    return str(network)


def test_only_what_the_blocks_node_drops_is_a_fault(kubectl, node, verdict, address, block):
    owner = node("worker1")

    def reached():
        return owner.run(f"timeout 5 bash -c '</dev/tcp/{address}/8080'").rc == 0

    assert reached()
    assert verdict()["reason"] == "Routed"

    owner.check_output(f"ip route add blackhole {block} proto 12")
    try:
        assert owner.run(f"ip route get {address}").rc == 2 and not reached()
        found = verdict()
        assert (found["status"], found["reason"]) == ("faulty", "Dropped")
        assert f"{address} (pod lab-borrowed/web on worker2) by {block} on worker1" in found["message"]

        # What calico-node has where it is sound: the address by the node that uses it.
        peer = kubectl.json("node", "worker2")["status"]["addresses"][0]["address"]
        owner.check_output(f"ip route add {address}/32 via {peer} proto 12")
        assert reached()
        assert verdict()["reason"] == "Routed"

        # Nobody misses an address whose pod is gone.
        owner.check_output(f"ip route del {address}/32")
        kubectl("delete", "--now", *POD)
        assert verdict()["reason"] == "Routed"
    finally:
        owner.run(f"ip route del {address}/32")
        owner.run(f"ip route del blackhole {block}")
