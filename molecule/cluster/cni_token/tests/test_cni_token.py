"""The worker's token is new and good, its pod was recreated and no other; what must not be recreated is refused."""

import base64
import json
import os
import pathlib
import re
import subprocess

import pytest
import yaml

HERE = pathlib.Path(__file__).resolve().parents[1]
KUBECONFIG = "/etc/cni/net.d/calico-kubeconfig"
IMAGE = "registry.lab/calico/node:v3.20.6"
PODS = ("pods", "--namespace=kube-system", "--selector=k8s-app=calico-node")


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

    def run(*arguments, status=0):
        command = ["ansible-playbook", "--inventory", os.environ["NODEMEND_INVENTORY"], str(HERE / "converge.yml"), "--limit", broken, *arguments]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
        assert done.returncode == status, done.stdout + done.stderr
        return done.stdout + done.stderr

    return run


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


def token_of(host):
    return re.search(r"token: (\S+)", host.file(KUBECONFIG).content_string).group(1)


def pod_on(kubectl, name):
    found = kubectl.json(*PODS, "--field-selector=spec.nodeName=" + name)["items"]
    return next(pod for pod in found if "deletionTimestamp" not in pod["metadata"])


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
    now = set(host.check_output("ctr --namespace k8s.io containers list --quiet").split())
    assert (now == before) is (host.check_output("hostname") != broken)


def test_no_token_and_no_environment_is_printed(role, expired, node, broken):
    said = role("-vvvv", "--diff")
    new = token_of(node(broken))
    assert new != expired and "holds a token of" in said
    for secret in [*expired.split("."), *new.split("."), "s3cret"]:
        assert secret not in said


def test_another_revision(role, expired, broken, kubectl):
    before = pod_on(kubectl, broken)["metadata"]["uid"]
    original = (HERE / "files" / "calico.yml").read_text(encoding="utf-8")
    kubectl.apply(original.replace("selector:", "updateStrategy: {type: OnDelete}\n      selector:", 1).replace("s3cret-of", "s3cret2-of"))
    try:
        said = re.sub(r"\s+", " ", role(status=2))
        assert "(OnDelete): a new pod would be another version" in said or "has not seen that yet" in said
        assert pod_on(kubectl, broken)["metadata"]["uid"] == before
    finally:
        kubectl.apply(original.replace("selector:", "updateStrategy: {type: OnDelete}\n      selector:", 1))
        kubectl.apply(original)


def test_an_api_server_that_does_not_answer(role, expired, broken, node, kubectl):
    before = pod_on(kubectl, broken)["metadata"]["uid"]
    control = node("control1")
    control.check_output("sed 's/:6443/:6444/' /etc/kubernetes/admin.conf >/run/lab/deaf.conf")
    said = re.sub(r"\s+", " ", role("-e", "maintenance_kubeconfig=/run/lab/deaf.conf", status=2))
    assert "The API server was not reached, so nothing was done" in said
    assert pod_on(kubectl, broken)["metadata"]["uid"] == before


def test_a_batch_that_is_too_large(role, expired, broken, kubectl):
    assert "allows 0" in role("-e", "cni_token_max_batch=0", status=2)


def test_an_image_that_is_not_on_the_node(role, expired, node, broken, kubectl, eventually):
    def images():
        return [name for image in kubectl.json("node", broken)["status"]["images"] for name in image.get("names") or []]

    before = pod_on(kubectl, broken)["metadata"]["uid"]
    node(broken).check_output("ctr --namespace k8s.io images rm --sync " + IMAGE)
    try:
        eventually(lambda: IMAGE not in images())
        said = role(status=2)
        assert f"Image {IMAGE} is not among" in re.sub(r"\s+", " ", said)
        assert pod_on(kubectl, broken)["metadata"]["uid"] == before
    finally:
        # The kubelet sees it some time later; no test after this one needs that.
        node(broken).check_output("ctr --namespace k8s.io images tag docker.io/library/busybox:1.35 " + IMAGE)
