"""A stand-in for calicoctl, of which none can be had here. It is not Calico's program and prints nothing of it.

It has the words of the four commands that the role calico_ipam gives (calicoctl/commands/{ipam,datastore}_command.go), changes the same objects of the
real API server, and writes the fields of a report that `ipam release` goes by (check.go, release.go). So what a test with it proves is the order of
commands and the lock. /run/calicoctl-fails holds the word of the command that fails; "hangs" after it has it wait for ever instead.
"""

import json
import os
import subprocess
import sys
import time

LOG, FAILS = "/run/calicoctl-ran", "/run/calicoctl-fails"
INFORMATION = "clusterinformations.crd.projectcalico.org/default"
assert os.environ["DATASTORE_TYPE"] == "kubernetes"


def kubectl(*words, data=None):
    return subprocess.run(["kubectl", *words], input=data, capture_output=True, text=True, check=True).stdout  # KUBECONFIG is the caller's


def get(*words):
    return json.loads(kubectl("get", "--output=json", *words))


def patch(name, spec):
    kubectl("patch", name, "--type=merge", "--patch=" + json.dumps({"spec": spec}))


def check(path):
    pods = {(pod["metadata"]["namespace"], pod["metadata"]["name"], pod["status"].get("podIP")) for pod in get("pods", "--all-namespaces")["items"]}
    allocations = {}
    for block in get("ipamblocks.crd.projectcalico.org")["items"]:
        first = block["spec"]["cidr"].split("/")[0].split(".")
        for ordinal, index in enumerate(block["spec"]["allocations"]):
            if index is not None:
                own = block["spec"]["attributes"][index]["secondary"]
                address = ".".join(first[:3] + [str(int(first[3]) + ordinal)])
                used = (own["namespace"], own["pod"], address) in pods
                allocations[address] = [{"ip": address, "inUse": used, "owners": None}]
    information = get(INFORMATION)
    revision, guid = information["metadata"]["resourceVersion"], information["spec"]["clusterGUID"]
    with open(path, "w", encoding="utf-8") as stream:
        json.dump({"version": "stand-in", "clusterGUID": guid, "clusterInformationRevision": revision, "allocations": allocations}, stream)


def release(path):
    with open(path, encoding="utf-8") as stream:
        report = json.load(stream)
    information = get(INFORMATION)
    assert information["spec"]["datastoreReady"] is False, "not locked"
    assert report["clusterInformationRevision"] == information["metadata"]["resourceVersion"], "stale"
    leaked = {address for address, items in report["allocations"].items() if not items[0]["inUse"]}
    for block in get("ipamblocks.crd.projectcalico.org")["items"]:
        first = block["spec"]["cidr"].split("/")[0].split(".")
        left = [None if ".".join(first[:3] + [str(int(first[3]) + ordinal)]) in leaked else index for ordinal, index in enumerate(block["spec"]["allocations"])]
        patch("ipamblocks.crd.projectcalico.org/" + block["metadata"]["name"], {"allocations": left})


words = sys.argv[1:]
name = words[2] if words[0] == "datastore" else words[1]
with open(LOG, "a", encoding="utf-8") as log:
    log.write(name + "\n")
fails = open(FAILS, encoding="utf-8").read().split() if os.path.exists(FAILS) else [None]
if name == fails[0]:
    while fails[1:] == ["hangs"]:
        time.sleep(1)
    sys.exit("the lab wants " + name + " to fail")
if words[:2] == ["datastore", "migrate"] and name in ("lock", "unlock"):
    patch(INFORMATION, {"datastoreReady": name == "unlock"})
elif words[:3] == ["ipam", "check", "-o"]:
    check(words[3])
elif words[:2] == ["ipam", "release"] and words[2].startswith("--from-report="):
    release(words[2].partition("=")[2])
else:
    sys.exit("no such command: " + " ".join(words))
