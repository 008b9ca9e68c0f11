"""The worker's token is new and good, its pod was recreated and no other; what must not be recreated is refused."""

import base64
import json
import os
import pathlib
import re
import subprocess
from functools import partial

import pytest
import yaml

HERE = pathlib.Path(__file__).resolve().parents[1]
FOLDER = "/etc/cni/net.d/"
NETWORK = FOLDER + "10-calico.conflist"
KUBECONFIG = FOLDER + "calico-kubeconfig"
IMAGE = "registry.lab/calico/node:v3.20.6"
PODS = ("pods", "--namespace=kube-system", "--selector=k8s-app=calico-node")
# Comes before Calico's where pods are listed, so that the role takes it for the writer; it tolerates nothing of its own.
CANAL = """
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: canal, namespace: default}
spec:
  selector: {matchLabels: {k8s-app: canal}}
  template:
    metadata: {labels: {k8s-app: canal}}
    spec:
      nodeSelector: {kubernetes.io/hostname: %s}
      terminationGracePeriodSeconds: 0
      containers: [{name: calico-node, image: %s, imagePullPolicy: Always, command: [sleep, '1000000']}]
"""
# May read nodes and nothing else.
READER = """
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: lab-reader}
rules: [{apiGroups: [''], resources: [nodes], verbs: [get, list]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: lab-reader}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: lab-reader}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: lab-reader}]
"""
CONTROLLER = {"kind": "ServiceAccount", "name": "daemon-set-controller", "namespace": "kube-system"}


@pytest.fixture(scope="module")
def inventory():
    return yaml.safe_load(pathlib.Path(os.environ["NODEMEND_INVENTORY"]).read_text(encoding="utf-8"))["molecule"]["children"]


@pytest.fixture(scope="module")
def broken(inventory):
    """The name of the worker whose token had expired."""
    return next(iter(inventory["workers"]["hosts"]))


@pytest.fixture
def role(broken):
    """Return a function that runs the role on the worker and returns what was printed."""

    def run(*arguments):
        command = ["ansible-playbook", "--inventory", os.environ["NODEMEND_INVENTORY"], str(HERE / "converge.yml"), "--limit", broken, *arguments]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    return run


@pytest.fixture
def refused(refusal, broken, node):
    """Return a function: the role refuses the worker with all of these words; no object, no pod, no file of the plugins changes."""

    def insist(*words, arguments=()):
        files = partial(node(broken).check_output, "sha256sum " + FOLDER + "*")
        refusal(HERE / "converge.yml", "--limit", broken, *arguments, words=words, same=[files])

    return insist


@pytest.fixture
def expired(node, broken):
    """Have the worker's token expired; return its text. The pod's own token comes back in the end."""

    def claims(seconds):
        text = json.dumps({"exp": seconds, "iat": seconds - 365 * 86400}).encode()
        return base64.urlsafe_b64encode(text).decode().rstrip("=")

    host = node(broken)
    good = host.check_output("cat " + KUBECONFIG)
    token = "aGVhZGVy.%s.s3cret-of-the-signature" % claims(int(host.check_output("date +%s")) - 3600)
    host.check_output("sed -i 's/token: .*/token: %s/' %s", token, KUBECONFIG)
    yield token
    if token in host.check_output("cat " + KUBECONFIG):
        host.check_output("printf %%s\\\\n %s >" + KUBECONFIG, good)


@pytest.fixture
def configured(node, broken):
    """Return a function that changes the worker's network configuration with sed; it is as before in the end."""
    host = node(broken)
    host.check_output("cp %s /run/lab/network", NETWORK)
    yield lambda expression: host.check_output("sed --in-place %s %s", expression, NETWORK)
    host.check_output("cp /run/lab/network %s", NETWORK)


@pytest.fixture
def canal(kubectl, broken, eventually):
    """Have a second DaemonSet on the worker whose pod could have written the token."""

    def pods():
        return kubectl.json("pods", "--namespace=default", "--selector=k8s-app=canal")["items"]

    def gone():
        return not pods()

    kubectl.apply(CANAL % (broken, IMAGE))
    eventually(pods)
    yield "daemonset/canal"
    kubectl("delete", "--namespace=default", "--ignore-not-found", "daemonset/canal")
    eventually(gone)


def token_of(host):
    return re.search(r"token: (\S+)", host.file(KUBECONFIG).content_string).group(1)


def test_the_api_server_takes_the_token(node, broken, kubectl):
    token = token_of(node(broken))
    server = kubectl("config", "view", "--minify", "--output=jsonpath={.clusters[0].cluster.server}")
    said = kubectl.run("--kubeconfig=/dev/null", "--server", server, "--insecure-skip-tls-verify", "--token", token, "get", "--raw", "/apis/apps/v1/namespaces")
    # It is known who asks; the account has no permissions.
    assert 'User "system:serviceaccount:kube-system:calico-node" cannot' in said.stderr


def test_a_scan_is_content(host):
    scan = host.ansible("nodemend.kubernetes.node_condition_info", "conditions=cni_token_expiring", check=False)
    assert scan["conditions"][0]["reason"] == "Valid"


def test_the_pod_of_the_worker_alone_was_recreated(host, broken):
    before = set(host.check_output("cat /run/lab/containers").split())
    now = set(host.check_output("sh /run/lab/list-containers").split())
    assert (now == before) is (host.check_output("hostname") != broken)


def test_no_token_and_no_environment_is_printed(role, expired, node, broken):
    said = role("-vvvv", "--diff")
    new = token_of(node(broken))
    assert new != expired and "holds a token of" in said
    for secret in [*expired.split("."), *new.split("."), "s3cret"]:
        assert secret not in said


def test_another_revision(refused, expired, kubectl, eventually):
    original = (HERE / "files" / "calico.yml").read_text(encoding="utf-8")

    def seen():
        daemonset = kubectl.json("daemonset", "--namespace=kube-system", "calico-node")
        return daemonset["status"]["observedGeneration"] == daemonset["metadata"]["generation"]

    kubectl.apply(original.replace("selector:", "updateStrategy: {type: OnDelete}\n      selector:", 1).replace("s3cret-of", "s3cret2-of"))
    try:
        eventually(seen)
        refused("is of revision", "(OnDelete): a new pod would be another version. Finish the roll-out first.")
    finally:
        kubectl.apply(original.replace("selector:", "updateStrategy: {type: OnDelete}\n      selector:", 1))
        kubectl.apply(original)
        eventually(seen)


def test_a_daemonset_that_is_gone(refused, expired, kubectl, eventually):
    def owners():
        return {owner["uid"] for pod in kubectl.json(*PODS)["items"] for owner in pod["metadata"].get("ownerReferences", [])}

    def alone():
        return not owners()

    def adopted():
        return owners() == {kubectl.json("daemonset", "--namespace=kube-system", "calico-node")["metadata"]["uid"]}

    before = sorted(pod["metadata"]["uid"] for pod in kubectl.json(*PODS)["items"])
    kubectl("delete", "--namespace=kube-system", "daemonset/calico-node", "--cascade=orphan")
    try:
        eventually(alone)
        refused("No pod of a DaemonSet that could write it runs on this node.")
    finally:
        kubectl.apply((HERE / "files" / "calico.yml").read_text(encoding="utf-8"))
        eventually(adopted)
    kubectl("rollout", "status", "--namespace=kube-system", "daemonset/calico-node", "--timeout=30s")
    assert sorted(pod["metadata"]["uid"] for pod in kubectl.json(*PODS)["items"]) == before


def test_an_image_that_is_pulled_at_each_start_and_a_daemonset_that_is_being_deleted(role, refused, expired, canal, kubectl):
    refused(f"Image {IMAGE} is pulled at each start (imagePullPolicy: Always).", "set cni_token_pull_ok to true")
    # Nothing else speaks against it.
    assert "Would delete pod default/canal-" in re.sub(r"\s+", " ", role("--check", "-e", "cni_token_pull_ok=true"))
    kubectl("patch", "--namespace=default", canal, "--type=merge", "--patch", '{"metadata": {"finalizers": ["lab.nodemend.io/held"]}}')
    try:
        kubectl("delete", "--namespace=default", canal, "--wait=false")
        refused("DaemonSet default/canal is not there any more: nothing would start the pod again.", arguments=["-e", "cni_token_pull_ok=true"])
    finally:
        kubectl("patch", "--namespace=default", canal, "--type=merge", "--patch", '{"metadata": {"finalizers": null}}')


def test_a_daemonset_whose_controller_does_nothing(refused, expired, canal, kubectl, eventually):
    def may():
        told = kubectl.run("auth", "can-i", "update", "daemonsets", "--subresource=status", "--as=system:serviceaccount:kube-system:daemon-set-controller")
        return told.stdout.split()

    def mute():
        return may() == ["no"]

    def subjects(given):
        kubectl("patch", "clusterrolebinding", "system:controller:daemon-set-controller", "--type=merge", "--patch", json.dumps({"subjects": given}))

    subjects(None)
    try:
        eventually(mute)
        kubectl("delete", "controllerrevisions", "--namespace=default", "--selector=k8s-app=canal")
        refused("DaemonSet default/canal has no ControllerRevision", arguments=["-e", "cni_token_pull_ok=true"])
        kubectl("patch", "--namespace=default", canal, "--type=merge", "--patch", '{"spec": {"minReadySeconds": 1}}')
        refused("DaemonSet default/canal was just changed and its controller has not seen that yet", arguments=["-e", "cni_token_pull_ok=true"])
    finally:
        subjects([CONTROLLER])


def test_a_node_that_would_not_take_the_pod_back(refused, expired, canal, configured, broken, kubectl, eventually):
    def status():
        return kubectl.json("node", broken)

    def ready():
        return next(item["status"] for item in status()["status"]["conditions"] if item["type"] == "Ready") == "True"

    def tainted():
        return any(item["key"] == "node.kubernetes.io/not-ready" for item in status()["spec"].get("taints", []))

    def well():
        return ready() and "taints" not in status()["spec"]

    configured('s/"type": "bridge"/"typo": "bridge"/')
    kubectl("taint", "node", broken, "lab.nodemend.io/apart=yes:NoSchedule")
    try:
        eventually(tainted)
        refused(
            f"Node {broken} is not Ready: it would not start the new pod.",
            f"Node {broken} has the taint lab.nodemend.io/apart:NoSchedule, which the pod does not tolerate: it would not come back.",
            arguments=["-e", "cni_token_pull_ok=true"],
        )
    finally:
        configured('s/"typo": "bridge"/"type": "bridge"/')
        kubectl("taint", "node", broken, "lab.nodemend.io/apart-")
        eventually(well)


def test_a_file_of_an_unknown_writer(refused, expired, configured, node, broken):
    node(broken).check_output("cp %s %sother-kubeconfig", KUBECONFIG, FOLDER)
    configured('s#"plugins"#"lab": {"kubeconfig": "%sother-kubeconfig"}, "plugins"#' % FOLDER)
    try:
        refused("which pod writes other-kubeconfig is not known here (known: calico-kubeconfig, multus.kubeconfig)")
    finally:
        node(broken).check_output("rm %sother-kubeconfig", FOLDER)


def test_dates_that_cannot_be_read(refused, expired, node, broken):
    node(broken).check_output("sed -i 's/token: .*/token: s3cret-without-dates/' %s", KUBECONFIG)
    try:
        refused("Nothing was changed", f"{KUBECONFIG}: its token is no JWT with dates.")
    finally:
        node(broken).check_output("sed -i 's/token: .*/token: %s/' %s", expired, KUBECONFIG)


def test_an_api_server_that_does_not_answer(refused, expired, node):
    node("control1").check_output("sed 's/:6443/:6444/' /etc/kubernetes/admin.conf >/run/lab/deaf.conf")
    refused("The API server was not reached, or did not tell its nodes, so nothing was done", arguments=["-e", "maintenance_kubeconfig=/run/lab/deaf.conf"])


def test_an_api_server_that_tells_nothing_of_pods(refused, expired, node, kubectl):
    kubectl.apply(READER)
    node("control1").check_output("sed 's/^  user:$/&\\n    as: lab-reader/' /etc/kubernetes/admin.conf >/run/lab/reader.conf")
    try:
        refused(
            "Nothing was changed: without the API server no pod starts and no token is given. kubectl on control1 said:",
            'pods is forbidden: User "lab-reader" cannot list resource "pods"',
            arguments=["-e", "maintenance_kubeconfig=/run/lab/reader.conf"],
        )
    finally:
        kubectl("delete", "clusterrole/lab-reader", "clusterrolebinding/lab-reader")


def test_a_batch_that_is_too_large(refused, expired):
    refused("cni_token_max_batch allows 0", arguments=["-e", "cni_token_max_batch=0"])


def test_an_image_that_is_not_on_the_node(refused, expired, node, broken, kubectl, eventually):
    def images():
        return [name for image in kubectl.json("node", broken)["status"]["images"] for name in image.get("names") or []]

    def gone():
        return IMAGE not in images()

    node(broken).check_output("ctr --namespace k8s.io images rm --sync " + IMAGE)
    try:
        eventually(gone)
        refused(f"Image {IMAGE} is not among")
    finally:
        # The kubelet sees it some time later; no test after this one needs that.
        node(broken).check_output("ctr --namespace k8s.io images tag docker.io/library/busybox:1.35 " + IMAGE)
