"""What the role has left, and the scan, as an operator runs it, beside what the routes of a block's node do to an address of a pod on another node."""

import ipaddress
import json
import os
import pathlib
import subprocess
import sys

import pytest

POD = ["pod", "alone", "--namespace=lab-borrowed"]
BLOCK = pathlib.Path(__file__).resolve().parents[1] / "files" / "block.py"


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
def evict(kubectl):
    """Return a function that asks for an eviction as the module does, and returns kubectl's answer."""

    def ask(name, uid):
        resources = json.loads(kubectl("get", "--raw", "/api/v1"))["resources"]
        eviction = next(item for item in resources if item["name"] == "pods/eviction")
        asked = {"apiVersion": f"{eviction['group']}/{eviction['version']}", "kind": "Eviction"}
        asked.update(metadata={"name": name, "namespace": "lab-borrowed"}, deleteOptions={"preconditions": {"uid": uid}})
        path = f"/api/v1/namespaces/lab-borrowed/pods/{name}/eviction"
        return kubectl.run("create", "--raw", path, "--filename=-", stdin=json.dumps(asked))

    return ask


def web(kubectl):
    (pod,) = kubectl.json("pods", "--namespace=lab-borrowed", "--selector=app=web")["items"]
    return pod


def reached(host, address):
    return host.run(f"timeout 5 bash -c '</dev/tcp/{address}/8080'").rc == 0


def test_the_new_pod_has_an_address_of_its_nodes_own_block_and_is_reached(kubectl, node):
    address = web(kubectl)["status"]["podIP"]
    (own,) = [block["spec"] for block in kubectl.json("ipamblocks")["items"] if block["spec"]["affinity"] == "host:worker2"]
    assert ipaddress.ip_address(address) in ipaddress.ip_network(own["cidr"])
    assert reached(node("worker1"), address)


def test_nobody_borrows_any_more_and_the_rest_of_the_setting_is_as_it_was(kubectl):
    assert kubectl.json("ipamconfigs", "default")["spec"] == {"strictAffinity": True, "autoAllocateBlocks": True, "maxBlocksPerHost": 0}


def test_what_was_replaced_is_kept_for_root(node):
    host = node("control1")
    (path,) = host.check_output("find /var/lib/nodemend -path '*/calico_ipam-*/before.json'").split()
    assert host.file(path).mode == 0o600
    (kept,) = json.loads(host.file(path).content_string)
    assert kept["object"]["spec"]["strictAffinity"] is False


def test_the_server_evicts_no_other_pod_of_the_same_name(kubectl, evict):
    """The words by which the module knows it."""
    name = web(kubectl)["metadata"]["name"]
    done = evict(name, "another")
    assert done.returncode != 0 and done.stderr.startswith("Error from server (Conflict)")
    assert web(kubectl)["metadata"]["name"] == name
    assert evict("nobody", "another").stderr.startswith("Error from server (NotFound)")


def test_only_what_the_blocks_node_drops_is_a_fault(kubectl, node, verdict):
    owner = node("worker1")
    address = kubectl.json(*POD)["status"]["podIP"]
    block = str(ipaddress.ip_network(address + "/26", strict=False))
    booked = subprocess.run([sys.executable, str(BLOCK), address, "worker1", f"{address}=alone"], capture_output=True, text=True, check=True).stdout

    # What the role has released by its eviction is still booked, as no Calico frees it here: nobody misses it.
    assert verdict()["reason"] == "Routed"
    name = block.replace(".", "-").replace("/", "-")
    before = kubectl.json("ipamblocks", name)["spec"]
    kubectl.apply(booked, "--force-conflicts")
    try:
        assert owner.run(f"ip route get {address}").rc == 2 and not reached(owner, address)
        found = verdict()
        assert (found["status"], found["reason"]) == ("faulty", "Dropped")
        assert f"{address} (pod lab-borrowed/alone on worker2) by {block} on worker1" in found["message"]

        # What calico-node has where it is sound: the address by the node that uses it.
        peer = kubectl.json("node", "worker2")["status"]["addresses"][0]["address"]
        owner.check_output(f"ip route add {address}/32 via {peer} proto 12")
        assert reached(owner, address)
        assert verdict()["reason"] == "Routed"
        owner.check_output(f"ip route del {address}/32")

        # Or no blackhole at all.
        owner.check_output(f"ip route del blackhole {block}")
        assert reached(owner, address)
        assert verdict()["reason"] == "Routed"
        owner.check_output(f"ip route add blackhole {block} proto 12")
    finally:
        owner.run(f"ip route del {address}/32")
        owner.run(f"ip route replace blackhole {block} proto 12")
        kubectl("patch", "ipamblocks", name, "--type=merge", "--patch=" + json.dumps({"spec": before}))
