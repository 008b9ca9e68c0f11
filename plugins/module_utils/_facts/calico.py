# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""Fact: Calico on this node: the version that really runs here, its edition and its dataplane."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import json
import re

from .. import _version
from .._host import Unavailable
from .._source import reads, runs

CNI_BINARY = "/opt/cni/bin/calico"
# The only names ever kept of an environment that holds passwords of etcd.
FELIX = (
    "FELIX_BPFENABLED",
    "FELIX_CHAININSERTMODE",
    "FELIX_FEATUREDETECTOVERRIDE",
    "FELIX_IGNORELOOSERPF",
    "FELIX_IPTABLESBACKEND",
    "FELIX_IPTABLESFILTERALLOWACTION",
    "FELIX_NFTABLESMODE",
)
CONTAINERD = (
    "/run/containerd/io.containerd.runtime.v2.task/k8s.io/%s/config.json",
    "/run/k3s/containerd/io.containerd.runtime.v2.task/k8s.io/%s/config.json",
)
CRIO = (
    "/run/containers/storage/overlay-containers/%s/userdata/config.json",
    "/var/lib/containers/storage/overlay-containers/%s/userdata/config.json",
)
DOCKER = "/var/lib/docker/containers/%s/config.v2.json"
DOCKER_IMAGES = "/var/lib/docker/image"

SOURCES = tuple(
    [reads(path % "*", "the image of calico-node's container: one annotation, nothing else is kept", root=True) for path in CONTAINERD + CRIO]
    + [
        reads(DOCKER % "*", "the image of calico-node's container; nothing else is kept", root=True),
        reads(DOCKER_IMAGES, "Docker's storage drivers", root=True),
        reads(DOCKER_IMAGES + "/*/repositories.json", "the tag of an image that Kubernetes started by its digest", root=True),
        reads("/proc/[0-9]*/environ", "FELIX_ settings of backend, dataplane and offload; no other name is kept", root=True),
        reads(CNI_BINARY, "whether Calico's CNI plugin is installed"),
        runs(CNI_BINARY + " -v", "the version of the last install-cni run, where the image does not tell"),
    ]
)

_CONTAINER = re.compile(r"[0-9a-f]{64}")
_TAG_VERSION = re.compile(r"^v?(\d+)\.(\d+)(?:\.(\d+))?(.*)$")
# Between releases, and vendors' branches: no number that could be compared (cluster_facts 2.4).
_PRERELEASE = re.compile(r"^-0\.dev|^-(?:alpha|beta|rc|dev|pre)", re.IGNORECASE)


def parse_image(reference):
    """Return {edition, tag, version} of an image reference.

    edition  oss, enterprise or unknown; Enterprise counts its own 3.x and must never be compared with Calico's numbers
    version  "3.20.0", or None: a digest, latest, master, a pre-release

    docker.io/calico/node:v3.28.5, rancher/hardened-calico:v3.31.3-build20251210, quay.io/calico/node@sha256:...
    """
    name, unused, tag = _split(reference)
    edition = "oss"
    if "/cnx-node" in "/" + name or re.search(r"(^|/)tigera/", name):
        edition = "enterprise"
    match = _TAG_VERSION.match(tag or "")
    if not match or _PRERELEASE.match(match.group(4)):
        return {"edition": edition, "tag": tag, "version": None}
    return {"edition": edition, "tag": tag, "version": "%s.%s.%s" % (match.group(1), match.group(2), match.group(3) or "0")}


def _split(reference):
    name, unused, digest = reference.partition("@")
    head, slash, last = name.rpartition("/")
    last, unused, tag = last.partition(":")
    if not slash and last == "sha256":  # an image id
        return name, tag, None
    return head + slash + last, digest or None, tag or None


def parse_container(cgroup):
    """Return the container id in a cgroup path (cri-containerd-ID.scope, docker-ID.scope, crio-ID.scope, .../ID), or None."""
    found = _CONTAINER.findall(cgroup or "")
    return found[-1] if found else None


def _object(text):
    value = json.loads(text)
    if not isinstance(value, dict):
        raise ValueError("not a JSON object")
    return value


def parse_oci(text):
    """Return the image name in the annotations of a container's config.json, or None (containerd, cri-o)."""
    annotations = _object(text).get("annotations") or {}
    for name in ("io.kubernetes.cri.image-name", "io.kubernetes.cri-o.ImageName"):
        if annotations.get(name):
            return str(annotations[name])
    return None


def parse_docker(text):
    """Return (image as started, image id) of a config.v2.json; dockershim starts images by their id."""
    container = _object(text)
    return str((container.get("Config") or {}).get("Image") or ""), str(container.get("Image") or "")


def parse_repositories(text, identity):
    """Return the tagged name that Docker's repositories.json has for an image id, or None."""
    for names in (_object(text).get("Repositories") or {}).values():
        for name in sorted(names):
            if names[name] == identity and "@" not in name:
                return str(name)
    return None


def parse_environment(text):
    """Return the FELIX settings that matter from /proc/PID/environ; Felix itself does not mind their case."""
    settings = {}
    for entry in text.split("\0"):
        name, unused, value = entry.partition("=")
        if name.upper() in FELIX:
            settings[name.upper()] = value
    return settings


def collect(host, processes, cni_plugins=None):
    """Return {present, pid, image, edition, version, version_source, version_unavailable, felix, dataplane}.

    present              calico-node runs here, or the runtime calls Calico's CNI plugin
    image                reference of calico-node's container, None where it cannot be told
    edition              oss, enterprise, unknown
    version              "3.15.1", or None: then version_unavailable is {reason, message}
    version_source       image, or the path of the CNI plugin (which is the version of the last install-cni run)
    felix                its settings of backend and dataplane, from the environment; None where only root may read them
    dataplane            bpf, nftables, or None where the environment does not say so (iptables is the default)
    """
    process = _process(processes)
    plugin = any(item["type"] == "calico" for item in (cni_plugins or {"plugins": []})["plugins"])
    calico = dict.fromkeys(
        ("pid", "image", "version", "version_source", "version_unavailable", "felix", "dataplane")
    )
    calico.update(present=process is not None or plugin, edition="unknown")
    if not calico["present"]:
        return calico
    unavailable = Unavailable("Unreadable", "No file of the container runtime names the image of calico-node.")
    if process is not None:
        calico["pid"] = process["pid"]
        calico["felix"] = _felix(host, process["pid"])
        calico["dataplane"] = dataplane(calico["felix"] or {})
        try:
            calico["image"] = _image(host, parse_container(process["cgroup"]))
        except Unavailable as exc:
            unavailable = exc
        except ValueError as exc:
            unavailable = Unavailable("Unreadable", "The container runtime's file on calico-node: %s" % exc)
    if calico["image"]:
        image = parse_image(calico["image"])
        calico.update(edition=image["edition"], version=image["version"], version_source="image")
        unavailable = Unavailable("Unreadable", "The image %s has no version in its tag." % calico["image"])
    if calico["version"] is None and calico["edition"] != "enterprise":
        version = _plugin_version(host)
        if version is not None:
            calico.update(version=version, version_source=CNI_BINARY)
    if calico["version"] is None:
        calico["version_source"] = None
        calico["version_unavailable"] = {"reason": unavailable.reason, "message": unavailable.message}
    return calico


def is_calico_node(process):
    """Return whether a watched process is calico-node's.

    From 3.33 on it is "calico component felix" and "calico component node ..." (cluster_facts 2.3; the run files of the services in
    projectcalico/calico, node/filesystem). Typha is such a component too, on the host's network, and none of calico-node's.
    """
    words = process["arguments"] or []
    if process["name"] == "calico" and "component" in words[:2]:
        return words[words.index("component") + 1 :][:1] in (["felix"], ["node"])
    return process["name"] == "calico-node"


def _process(processes):
    """Return calico-node's Felix, or another process of its container."""
    found = [
        process
        for process in processes
        if (process["nested"] or 0) < 2  # deeper it is another node's, in a container of this host (kind)
        if is_calico_node(process)
    ]
    found.sort(key=lambda process: (not set(["-felix", "felix"]) & set(process["arguments"] or []), process["pid"]))
    return found[0] if found else None


def dataplane(settings):
    """Return bpf or nftables where Felix's settings say so, else None."""
    if settings.get("FELIX_BPFENABLED", "").lower() in ("true", "1", "yes", "y", "t"):
        return "bpf"
    if settings.get("FELIX_NFTABLESMODE", "").lower() == "enabled":
        return "nftables"
    return None


def _felix(host, pid):
    try:
        return parse_environment(host.read("/proc/%d/environ" % pid) or "")
    except Unavailable:
        return None


def _image(host, container):
    if container is None:
        return None
    for path in CONTAINERD + CRIO:
        text = host.read(path % container)
        if text and parse_oci(text):
            return parse_oci(text)
    text = host.read(DOCKER % container)
    if not text:
        return None
    image, identity = parse_docker(text)
    if _split(image)[2]:
        return image
    for driver in host.listdir(DOCKER_IMAGES) or []:
        repositories = host.read("%s/%s/repositories.json" % (DOCKER_IMAGES, driver))
        tagged = parse_repositories(repositories, identity) if repositories else None
        if tagged:
            return tagged
    return image or None


def _plugin_version(host):
    """Return what /opt/cni/bin/calico -v prints, only the version itself ("v3.22.0"), or None."""
    if not host.exists(CNI_BINARY):
        return None
    try:
        text = host.output([CNI_BINARY, "-v"]).strip()
    except Unavailable:
        return None
    return parse_image("calico:" + text)["version"] if _version.parse(text) else None
