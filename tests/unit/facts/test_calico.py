# -*- coding: utf-8 -*-
from __future__ import absolute_import, division, print_function

import json

import pytest
from ansible_collections.nodemend.kubernetes.plugins.module_utils._facts.calico import parse_container, parse_image
from netfilter import CONTAINER, node, process
from recorded import TIMED_OUT, fact

__metaclass__ = type

NODE = process(960, "calico-node", ["calico-node", "-felix"])
CONTAINERD = "/run/containerd/io.containerd.runtime.v2.task/k8s.io/%s/config.json" % CONTAINER
IMAGE = "docker.io/calico/node:v3.15.1"


def oci(image, name="io.kubernetes.cri.image-name"):
    return json.dumps({"process": {"env": ["PASSWORD=s3cret"]}, "annotations": {name: image}})


@pytest.mark.parametrize(
    "reference, edition, version",
    [  # cluster_facts 2.4
        ("calico/node:v3.20.0", "oss", "3.20.0"),
        ("docker.io/calico/node:v3.28.5", "oss", "3.28.5"),
        ("registry.local:5000/calico/node:v3.15.1-amd64", "oss", "3.15.1"),
        ("dockerhub.kubekey.local/kubesphereio/node:v3.23.2", "oss", "3.23.2"),
        ("rancher/mirrored-calico-node:v3.27.3", "oss", "3.27.3"),
        ("rancher/hardened-calico:v3.31.3-build20251210", "oss", "3.31.3"),
        ("quay.io/calico/node:v3.20", "oss", "3.20.0"),
        ("quay.io/calico/node:v3.20.0@sha256:abc", "oss", "3.20.0"),
        ("quay.io/calico/node@sha256:abc", "oss", None),
        ("localhost:5000/calico/node", "oss", None),
        ("calico/node:latest", "oss", None),
        ("calico/node:master", "oss", None),
        ("calico/node:release-v3.33", "oss", None),
        ("calico/node:v3.26.0-0.dev-403-gf8c46d4273ba", "oss", None),
        ("quay.io/tigera/cnx-node:v3.19.1", "enterprise", "3.19.1"),
        ("quay.io/tigera/node:v3.20.1", "enterprise", "3.20.1"),
        ("sha256:0123", "oss", None),
    ],
)
def test_image(reference, edition, version):
    found = parse_image(reference)
    assert (found["edition"], found["version"]) == (edition, version)


@pytest.mark.parametrize(
    "path",
    [
        "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod1.slice/cri-containerd-%s.scope",
        "/kubepods/burstable/pod0e0e/%s",
        "/kubepods.slice/docker-%s.scope",
        "/kubepods.slice/crio-%s.scope",
    ],
)
def test_container(path):
    assert parse_container(path % CONTAINER) == CONTAINER


def test_no_container():
    assert parse_container("/system.slice/kubelet.service") is None
    assert parse_container(None) is None


@pytest.mark.parametrize(
    "files",
    [
        {CONTAINERD: oci(IMAGE)},
        {CONTAINERD.replace("/run/", "/run/k3s/", 1): oci(IMAGE)},
        {"/run/containers/storage/overlay-containers/%s/userdata/config.json" % CONTAINER: oci(IMAGE, "io.kubernetes.cri-o.ImageName")},
        {"/var/lib/docker/containers/%s/config.v2.json" % CONTAINER: json.dumps({"Config": {"Image": IMAGE, "Env": ["P=s3cret"]}})},
        # dockershim starts images by their id; the tag stands in Docker's own list.
        {
            "/var/lib/docker/containers/%s/config.v2.json" % CONTAINER: json.dumps({"Config": {"Image": "sha256:00ff"}, "Image": "sha256:00ff"}),
            "/var/lib/docker/image/overlay2/repositories.json": json.dumps(
                {"Repositories": {"calico/node": {"calico/node@sha256:d": "sha256:00ff", IMAGE: "sha256:00ff"}}}
            ),
        },
    ],
)
def test_version_of_the_running_container(files):
    found = fact("calico", node(files=dict(NODE, **files)))
    assert (found["image"], found["version"], found["version_source"], found["edition"]) == (IMAGE, "3.15.1", "image", "oss")
    assert "s3cret" not in repr(found)


@pytest.mark.parametrize(
    "image, answer, version, source, edition",
    [
        (IMAGE, "v3.22.0\n", "3.15.1", "image", "oss"),
        (None, "v3.22.0\n", "3.22.0", "/opt/cni/bin/calico", "unknown"),
        ("quay.io/calico/node@sha256:abc", "v3.22.0\n", "3.22.0", "/opt/cni/bin/calico", "oss"),
        ("quay.io/tigera/cnx-node:v3.19.1", "v3.19.1\n", "3.19.1", "image", "enterprise"),
        ("quay.io/tigera/cnx-node:latest", "v3.19.1\n", None, None, "enterprise"),
        ("calico/node:latest", TIMED_OUT, None, None, "oss"),
        ("calico/node:latest", "garbage", None, None, "oss"),
        ("calico/node:latest", (1, "", "no"), None, None, "oss"),
    ],
)
def test_sources_in_order_of_trust(image, answer, version, source, edition):
    files = dict(NODE, **{"/opt/cni/bin/calico": ""})
    if image:
        files[CONTAINERD] = oci(image)
    found = fact("calico", node(files=files, commands={"/opt/cni/bin/calico -v": answer}))
    assert (found["version"], found["version_source"], found["edition"]) == (version, source, edition)
    assert (found["version_unavailable"] is None) == (version is not None)


def test_without_root():
    host = node(files=dict(NODE, **{CONTAINERD: oci(IMAGE)}), denied=["/run/containerd/*", "/proc/*/environ"], root=False)
    found = fact("calico", host)
    assert found["version_unavailable"]["reason"] == "NeedsRoot" and found["felix"] is None


@pytest.mark.parametrize("text", ["{", "[]", '{"annotations": {}}'])
def test_garbage(text):
    found = fact("calico", node(files=dict(NODE, **{CONTAINERD: text})))
    assert found["version"] is None and found["version_unavailable"]["reason"] == "Unreadable"


@pytest.mark.parametrize(
    "environment, dataplane",
    [
        ("FELIX_BPFENABLED=true", "bpf"),
        ("felix_bpfenabled=True", "bpf"),
        ("FELIX_BPFENABLED=false", None),
        ("FELIX_NFTABLESMODE=Enabled", "nftables"),
        ("FELIX_NFTABLESMODE=Auto", None),
        ("", None),
    ],
)
def test_dataplane(environment, dataplane):
    files = dict(NODE, **{"/proc/960/environ": "ETCD_PASSWORD=s3cret\0FELIX_ETCDKEYFILE=/calico-secrets\0" + environment + "\0"})
    found = fact("calico", node(files=files))
    assert found["dataplane"] == dataplane
    assert "s3cret" not in repr(found) and "calico-secrets" not in repr(found)


def test_presence():
    conflist = {"/etc/cni/net.d/10-calico.conflist": '{"plugins": [{"type": "calico"}]}'}
    assert fact("calico", node(files=conflist))["present"]
    assert fact("calico", node(files=process(960, "calico", ["calico", "component", "node", "run"])))["present"]
    assert not fact("calico", node(files=process(960, "calico", ["calico", "component", "typha"])))["present"]
    both = dict(process(960, "calico", ["calico", "component", "node", "run"]), **process(961, "calico", ["calico", "component", "felix"]))
    assert fact("calico", node(files=both))["pid"] == 961
    # A binary left behind, and calicoctl's shell, are no Calico that runs here.
    assert not fact("calico", node(files={"/opt/cni/bin/calico": ""}))["present"]
    assert not fact("calico", node(files=process(960, "calico", ["calico", "get", "nodes"])))["present"]
