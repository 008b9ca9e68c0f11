"""What every scenario against the Kubernetes lab takes for granted."""

import base64
import datetime
import json
import os
import re
import subprocess

import pytest

CONTROL_PLANE = ["kube-apiserver", "kube-controller-manager", "kube-scheduler", "etcd"]
WORKERS = ["worker1", "worker2"]
NODES = ["control1", *WORKERS]
KUBEADM = """
/etc/kubernetes/admin.conf /etc/kubernetes/controller-manager.conf /etc/kubernetes/kubelet.conf /etc/kubernetes/scheduler.conf
/etc/kubernetes/manifests/etcd.yaml /etc/kubernetes/manifests/kube-apiserver.yaml
/etc/kubernetes/manifests/kube-controller-manager.yaml /etc/kubernetes/manifests/kube-scheduler.yaml
/etc/kubernetes/pki/apiserver.crt /etc/kubernetes/pki/apiserver-etcd-client.crt /etc/kubernetes/pki/apiserver-kubelet-client.crt
/etc/kubernetes/pki/ca.crt /etc/kubernetes/pki/ca.key /etc/kubernetes/pki/front-proxy-ca.crt /etc/kubernetes/pki/front-proxy-client.crt
/etc/kubernetes/pki/sa.key /etc/kubernetes/pki/etcd/ca.crt /etc/kubernetes/pki/etcd/healthcheck-client.crt
/etc/kubernetes/pki/etcd/peer.crt /etc/kubernetes/pki/etcd/server.crt
""".split()
WORKLOAD = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: lab-smoke}
spec:
  replicas: 3
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      terminationGracePeriodSeconds: 1
      containers:
        - name: web
          image: busybox:1.35
          command: [sh, -c, 'mkdir /www; hostname >/www/index.html; echo serving; exec httpd -f -p 8080 -h /www']
          readinessProbe: {httpGet: {path: /, port: 8080}, periodSeconds: 1}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: lab-smoke}
spec:
  selector: {app: web}
  ports: [{port: 80, protocol: TCP, targetPort: 8080}]
"""


@pytest.fixture(scope="module")
def web(kubectl):
    """Three pods behind a Service."""
    kubectl("create", "namespace", "lab-smoke")
    try:
        kubectl.apply(WORKLOAD)
        kubectl("rollout", "status", "--namespace=lab-smoke", "deployment/web", "--timeout=120s")
        yield lambda: kubectl.json("pods", "--namespace=lab-smoke", "--selector=app=web")["items"]
    finally:
        kubectl("delete", "namespace", "lab-smoke")


def test_systemd_and_the_kubelet_run_on_every_node(host):
    assert host.check_output("systemctl is-system-running") == "running"
    assert host.service("kubelet").is_running
    assert host.service("kubelet").is_enabled
    assert host.service("containerd").is_running


def test_the_kubelet_has_a_certificate_of_its_node(host):
    subject = host.check_output("openssl x509 -noout -subject -in /var/lib/kubelet/pki/kubelet-client-current.pem")
    assert subject.endswith("O = system:nodes, CN = system:node:" + host.check_output("hostname"))


def test_a_control_plane_node_is_laid_out_as_kubeadm_does(host):
    if host.check_output("hostname") != "control1":
        assert not host.file("/etc/kubernetes/admin.conf").exists
        return
    assert [path for path in KUBEADM if not host.file(path).exists] == []


def test_sysctls_of_the_machine_cannot_be_changed_from_a_node(host):
    assert host.run("echo 1 >/proc/sys/vm/drop_caches").rc != 0


def test_every_node_is_ready(kubectl):
    nodes = kubectl.json("nodes")["items"]
    assert [node["metadata"]["name"] for node in nodes] == NODES
    for node in nodes:
        conditions = {condition["type"]: condition["status"] for condition in node["status"]["conditions"]}
        assert conditions["Ready"] == "True"
        assert node["status"]["nodeInfo"]["kubeletVersion"] == os.environ["LAB_KUBERNETES"]
        assert node["status"]["nodeInfo"]["containerRuntimeVersion"].startswith("containerd://")
    assert "node-role.kubernetes.io/control-plane" in nodes[0]["metadata"]["labels"]


def test_the_control_plane_runs_as_static_pods(kubectl):
    pods = {pod["metadata"]["name"]: pod for pod in kubectl.json("pods", "--namespace=kube-system")["items"]}
    for name in CONTROL_PLANE:
        assert pods[name + "-control1"]["status"]["phase"] == "Running"
    assert kubectl("get", "--raw", "/readyz") == "ok"


def test_pods_roll_out_and_reach_each_other_through_the_service(kubectl, web, eventually):
    pods = web()
    assert {pod["spec"]["nodeName"] for pod in pods} == set(WORKERS)
    assert _answers(kubectl, pods, [pod["status"]["podIP"] + ":8080" for pod in pods])
    service = kubectl.json("service", "--namespace=lab-smoke", "web")["spec"]["clusterIP"]
    # By chance one of three each time, so that twenty requests reach them all.
    eventually(lambda: _answers(kubectl, pods, [service] * 20, all_of_them=True))


def test_logs_are_read_through_the_kubelet(kubectl, web):
    assert kubectl("logs", "--namespace=lab-smoke", web()[0]["metadata"]["name"]) == "serving\n"


def test_a_drain_evicts_and_the_pods_come_back_elsewhere(kubectl, web):
    before = {pod["metadata"]["name"] for pod in web() if pod["spec"]["nodeName"] == "worker1"}
    assert before
    try:
        drained = kubectl("drain", "worker1", "--ignore-daemonsets", "--timeout=90s")
        assert all(f"pod/{name} evicted" in drained for name in before)
        kubectl("rollout", "status", "--namespace=lab-smoke", "deployment/web", "--timeout=120s")
        assert {pod["spec"]["nodeName"] for pod in web() if not pod["metadata"].get("deletionTimestamp")} == {"worker2"}
    finally:
        kubectl("uncordon", "worker1")


def test_a_node_that_lost_its_power_comes_back(kubectl, web, node, container, eventually):
    subprocess.run(["docker", "kill", container("worker2")], check=True, capture_output=True)
    subprocess.run(["docker", "start", container("worker2")], check=True, capture_output=True)
    booted = node("worker2").check_output("date +%s")

    def is_ready_again():
        conditions = kubectl.json("node", "worker2")["status"]["conditions"]
        ready = next(condition for condition in conditions if condition["type"] == "Ready")
        beat = datetime.datetime.strptime(ready["lastHeartbeatTime"] + "+0000", "%Y-%m-%dT%H:%M:%SZ%z")
        return ready["status"] == "True" and beat.timestamp() > int(booted)

    eventually(is_ready_again, seconds=120)

    def serves_on_both():
        pods = [pod for pod in web() if all(status["ready"] for status in pod["status"]["containerStatuses"])]
        return len(pods) == 3 and _answers(kubectl, pods, [pod["status"]["podIP"] + ":8080" for pod in pods])

    eventually(serves_on_both, seconds=120)


def test_calico_rolls_out_on_every_node(kubectl, web, manifest, node, eventually):
    kubectl.apply(manifest("v3.15.5"))
    kubectl("rollout", "status", "--namespace=kube-system", "daemonset/calico-node", "--timeout=180s")
    kubectl("rollout", "status", "--namespace=kube-system", "deployment/calico-kube-controllers", "--timeout=120s")
    pods = kubectl.json("pods", "--namespace=kube-system", "--selector=k8s-app=calico-node")["items"]
    assert sorted(pod["spec"]["nodeName"] for pod in pods) == NODES
    assert {status["image"] for pod in pods for status in pod["status"]["containerStatuses"]} == {"docker.io/calico/node:v3.15.5"}

    for name in NODES:
        network = json.loads(node(name).file("/etc/cni/net.d/10-calico.conflist").content_string)
        assert network["plugins"][0]["nodename"] == name
        claims = _claims(node(name).file("/etc/cni/net.d/calico-kubeconfig").content_string)
        assert claims["sub"] == "system:serviceaccount:kube-system:calico-node"
        assert claims["exp"] > claims["iat"]

    # The token is good, and the API answers under the address that pods know.
    command = "kubectl --kubeconfig /etc/cni/net.d/calico-kubeconfig --request-timeout 5s get nodes worker2 --output name"
    assert eventually(lambda: node("worker2").run(command).stdout) == "node/worker2\n"

    # New pods get their addresses through Calico's configuration.
    kubectl("rollout", "restart", "--namespace=lab-smoke", "deployment/web")
    kubectl("rollout", "status", "--namespace=lab-smoke", "deployment/web", "--timeout=120s")


def _answers(kubectl, pods, addresses, all_of_them=False):
    """Whether each pod gets a pod's own name from each address, and from all of them that of each pod."""
    names = {pod["metadata"]["name"] for pod in pods}
    # Not wget's own -T, with which Debian's static busybox crashes.
    script = "; ".join(f"timeout 5 wget -q -O - http://{address}/ || echo failed" for address in addresses)
    said = [kubectl.run("exec", "--namespace=lab-smoke", name, "--", "sh", "-c", script).stdout.split() for name in names]
    return all(len(words) == len(addresses) and set(words) <= names and (not all_of_them or set(words) == names) for words in said)


def _claims(kubeconfig):
    """What the token in a kubeconfig says of itself."""
    payload = re.search(r"token: [^.]*\.([^.]*)\.", kubeconfig).group(1)
    return json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
