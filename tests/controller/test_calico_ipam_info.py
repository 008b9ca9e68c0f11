"""The module calico_ipam_info, its questions to an API server and the filters of its role; molecule/cluster/calico_ipam has a real server."""

import json
from urllib.parse import parse_qs, urlsplit

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.nodemend.kubernetes.plugins.filter import calico_ipam as filters
from ansible_collections.nodemend.kubernetes.plugins.module_utils import _calico_ipam, _kubectl_module
from ansible_collections.nodemend.kubernetes.plugins.modules import calico_ipam_info

CALICO = "/apis/crd.projectcalico.org/v1/"
DEPLOYMENT = {
    "metadata": {"name": "calico-kube-controllers", "namespace": "kube-system", "labels": {"k8s-app": "calico-kube-controllers"}},
    "spec": {"replicas": 1, "template": {"spec": {"containers": [{"name": "x", "image": "calico/kube-controllers:v3.22.5"}]}}},
    "status": {},
}


def daemonset(datastore="kubernetes"):
    container = {"name": "calico-node", "image": "calico/node:v3.22.5", "env": [{"name": "DATASTORE_TYPE", "value": datastore}]}
    metadata = {"name": "calico-node", "namespace": "kube-system"}
    return {"metadata": metadata, "spec": {"template": {"spec": {"containers": [container]}}}, "status": {}}


def block(number, owner, user):
    attributes = [{"secondary": {"node": user, "namespace": "shop", "pod": "web"}}]
    spec = {"cidr": "10.0.0.%d/26" % (64 * number), "affinity": "host:" + owner, "allocations": [0] * 64, "attributes": attributes}
    return {"metadata": {"name": "x"}, "spec": spec}


class Module:
    """Answers as kubectl does, two objects a page. answers: {path: an object, a list of them, or what kubectl says}."""

    def __init__(self, **changes):
        self.params = {"kubectl": "/opt/k3s kubectl", "kubeconfig": "/admin.conf", "request_timeout": 9}
        self.answers = {
            "/apis/apps/v1/daemonsets": [daemonset()],
            "/apis/apps/v1/deployments": [DEPLOYMENT],
            "/api/v1/pods": [],
            "/api/v1/nodes": [{"metadata": {"name": name}} for name in ("a", "b", "c")],
            "/api/v1/namespaces": [{"metadata": {"name": "shop"}}],
            CALICO + "ipamblocks": [block(0, "a", "a"), block(1, "b", "a"), block(2, "b", "b")],
            CALICO + "blockaffinities": [],
            CALICO + "ippools": [{"metadata": {"name": "pool"}, "spec": {"cidr": "10.0.0.0/24"}}],
            CALICO + "clusterinformations/default": {"spec": {"datastoreReady": False}},
        }
        self.answers.update(changes)

    def run_command(self, argv, data=None, environ_update=None):
        assert argv[:6] == ["/opt/k3s", "kubectl", "--kubeconfig=/admin.conf", "--request-timeout=9s", "get", "--raw"]
        parts = urlsplit(argv[6])
        answer = self.answers.get(parts.path, "Error from server (NotFound): the server could not find the requested resource")
        if isinstance(answer, str):
            return 1, "", answer
        if isinstance(answer, list):
            first = int(parse_qs(parts.query).get("continue", ["0"])[0])
            more = str(first + 2) if first + 2 < len(answer) else ""
            answer = {"items": answer[first : first + 2], "metadata": {"continue": more}}
        return 0, json.dumps(answer), ""


def seen(**changes):
    return calico_ipam_info.result(_calico_ipam.read(_kubectl_module.Kubectl(Module(**changes))))


def test_what_it_tells():
    found = seen()
    assert found["refused"] == "" and found["config"] is None and found["strict_affinity"] is False
    assert found["strict_affinity_document"]["spec"] == {"strictAffinity": True, "autoAllocateBlocks": True}
    assert (found["borrowed"], found["owners"]) == (64, ["b"])
    assert found["datastore_locked"] is True
    assert found["kube_controllers"] == {"replicas": 1, "ready": 0}
    assert found["no_room"][0].startswith("IPv4: 3 nodes share 10.0.0.0/24, with 1 of 4 blocks free, and 2 nodes have no address of their own left: b (")


def test_the_setting_that_is_there():
    found = seen(**{CALICO + "ipamconfigs/default": {"spec": {"strictAffinity": True, "autoAllocateBlocks": False, "maxBlocksPerHost": 3}}})
    assert found["strict_affinity"] is True
    assert found["strict_affinity_document"]["spec"] == {"strictAffinity": True, "autoAllocateBlocks": False}
    assert "IPAMConfig forbids new ones" in found["no_room"][0]


@pytest.mark.parametrize(
    "changes, words",
    [
        ({"/apis/apps/v1/daemonsets": []}, "No Calico"),
        ({"/apis/apps/v1/daemonsets": [daemonset("etcdv3")]}, "calicoctl ipam configure --strictaffinity=true"),
        ({CALICO + "ipamblocks": []}, "another plugin gives pods theirs"),
    ],
)
def test_what_is_refused(changes, words):
    found = seen(**changes)
    assert words in found["refused"] and found["no_room"] == []
    assert set(found) == set(seen())


def test_no_pool_and_one_that_is_nonsense():
    assert seen(**{CALICO + "ippools": []})["no_room"] == ["There is no enabled pool from which nodes would get addresses."]
    assert "cannot be worked out" in seen(**{CALICO + "ippools": [{"metadata": {"name": "pool"}, "spec": {"cidr": "x"}}]})["no_room"][0]


def test_what_the_server_forbids_is_an_error_and_not_nothing():
    with pytest.raises(_kubectl_module.KubectlFailed):
        seen(**{CALICO + "ipamblocks": "Error from server (Forbidden): no"})


def test_the_filters():
    kept = [{"identity": ["IPAMConfig", "", "default"], "object": None}]
    plan = filters.calico_ipam_former(json.dumps(kept), {"strictAffinity": True, "autoAllocateBlocks": True})
    assert len(plan["absent"]) == 1
    for garbage in ("{", "[{}]", "3"):
        with pytest.raises(AnsibleFilterError):
            filters.calico_ipam_former(garbage, None)
    assert filters.calico_ipam_told({"holder": "{{ x }}", "address": "10.0.0.1", "why": "y"}) == "Left alone: {{ x }} (10.0.0.1): y."
