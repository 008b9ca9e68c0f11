# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""A manifest of Calico with the settings that a cluster has made locally (cluster_facts 5.5). Pure: documents in, documents out."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import copy
import json
import re

from ..module_utils._calico_releases import within

CONFIGS = ("calico-config", "canal-config")
# What some release of the official manifests has and another has not: it comes and goes with the manifest.
CONTAINERS = ("upgrade-ipam", "install-cni", "flexvol-driver", "mount-bpffs", "ebpf-bootstrap")
VOLUMES = (
    "bpffs", "cni-log-dir", "flexvol-driver-host", "nodeproc", "policysync", "sys-fs", "sys-kernel-security", "sysfs", "var-lib-calico", "var-run-calico",
)  # fmt: skip
# The plugins that these manifests chain: since and until which release (tags; #9950: Felix limits the bandwidth itself).
PLUGINS = {"calico": (None, None), "portmap": (None, None), "bandwidth": ((3, 12), (3, 30))}
CRITICAL = "scheduler.alpha.kubernetes.io/critical-pod"  # until 3.14; priorityClassName since
# Environment that is a setting of the cluster, whatever the manifest says.
SETTINGS = re.compile(
    r"^(FELIX_|CALICO_|BGP_|ETCD_|IP6?$|IP6?_AUTODETECTION_METHOD$|NODEIP$|AS$|CLUSTER_TYPE$|USE_POD_CIDR$|NO_DEFAULT_POOLS$"
    r"|KUBERNETES_SERVICE_(HOST|PORT)$|ENABLED_CONTROLLERS$|LOG_LEVEL$|TYPHA_|CNI_|FLANNELD_|SKIP_CNI_BINARIES$|UPDATE_CNI_BINARIES$)"
)
# Of a container and of a pod: settings of the cluster; what comes from the manifest; what the API server adds by itself.
CONTAINER_MANIFEST = (
    "name", "image", "command", "lifecycle", "livenessProbe", "readinessProbe", "startupProbe", "securityContext", "volumeMounts", "env", "envFrom",
    "resources", "imagePullPolicy", "terminationMessagePath", "terminationMessagePolicy",
)  # fmt: skip
POD_SETTINGS = ("affinity", "dnsConfig", "dnsPolicy", "hostAliases", "imagePullSecrets", "priorityClassName", "runtimeClassName", "schedulerName")
POD_DEFAULTS = {"dnsPolicy": "ClusterFirst", "schedulerName": "default-scheduler"}
POD_MANIFEST = (
    "containers", "initContainers", "volumes", "tolerations", "nodeSelector", "hostNetwork", "hostPID", "securityContext", "serviceAccount",
    "serviceAccountName", "restartPolicy", "terminationGracePeriodSeconds",
)  # fmt: skip
# What a probe asks of BIRD, which only runs where the backend wants it (node/filesystem/etc/rc.local); from 3.33 on with two dashes.
PROBES = ("livenessProbe", "readinessProbe")
BIRD = re.compile(r"^-+bird6?-(live|ready)$")
WITHOUT_BIRD = ("none", "vxlan")
# Programs of the official probes, by release; then what the API server takes where a probe says nothing. More is more patient.
PROBING = ("calico-node", "calico", "check-status", "calico-typha")
PATIENCE = {"failureThreshold": 3, "initialDelaySeconds": 0, "periodSeconds": 10, "timeoutSeconds": 1}
OFFICIAL = ("", "calico", "docker.io/calico", "quay.io/calico")
NAMES = ("node", "cni", "kube-controllers", "pod2daemon-flexvol", "typha", "webhooks", "calico")
# canal's other agent, which is not Calico's: its image has a place of its own, and its command is the same in all releases (tags).
FLANNEL = "kube-flannel"
OFFICIAL_FLANNEL = ("flannel", "docker.io/flannel", "flannelcni", "docker.io/flannelcni", "quay.io/coreos")
# What old manifests said where nobody had chosen; the second from 3.30 on (tags).
UNCHOSEN = {"ENABLED_CONTROLLERS": ("node", "node,loadbalancer")}
SETTINGS_OF_CONFIG = ("calico_backend", "canal_iface", "masquerade", "net-conf.json", "typha_service_name", "veth_mtu")


class Carried(object):
    """What was carried over, in sentences, and what cannot be: {name that calico_discard takes: sentence}."""

    def __init__(self, discard):
        self._discard = discard
        self.kept = []
        self.dropped = []
        self.lost = {}

    def keep(self, where, what):
        self.kept.append("%s: %s" % (where, what))

    def lose(self, name, sentence):
        if name in self._discard:
            self.dropped.append(sentence)
        else:
            self.lost[name] = sentence


def key(item):
    """Return (kind, namespace, name) of a document or an object."""
    return item["kind"], item["metadata"].get("namespace") or "", item["metadata"]["name"]


def same(document, other):
    """Return whether two documents are of the same object."""
    return key(document) == key(other)


def carry(documents, live, versions, discard=(), image_prefix=None):
    """Return (documents with the local settings of the live objects, Carried). versions: (that runs, that of the manifest)."""
    carried = Carried(discard)
    known = dict((key(item), item) for item in live)
    documents = copy.deepcopy(documents)
    prefix = image_prefix or _private_prefix(documents, known, carried)
    for document in documents:
        old = known.get(key(document))
        if document["kind"] in ("DaemonSet", "Deployment"):
            if old is not None:
                _workload(document, old, carried)
            for container in _containers(document):
                if container["name"] == FLANNEL:
                    container["image"] = _flannel(container["image"], old, carried)
                else:
                    container["image"] = _moved(container["image"], prefix)
        elif document["kind"] == "ConfigMap" and document["metadata"]["name"] in CONFIGS and old is not None:
            _config(document, old, versions, carried)
        elif document["kind"] == "ValidatingWebhookConfiguration":
            _webhooks(document, old, carried)
    for document in documents:
        if document["kind"] == "DaemonSet":
            _without_bird(document, documents, carried)
    if prefix:
        carried.keep("images", "from %s" % prefix)
    return documents, carried


def _containers(workload):
    spec = workload["spec"]["template"]["spec"]
    return (spec.get("initContainers") or []) + (spec.get("containers") or [])


def split_image(image):
    """Return (everything before the last slash, name, tag with its colon or digest with its sign)."""
    head, unused, last = image.rpartition("/")
    match = re.match(r"^([^:@]*)(.*)$", last)
    return head, match.group(1), match.group(2)


def _moved(image, prefix):
    """Return an official image from where the cluster has it; one that the operator has written another way stays."""
    head, name, tag = split_image(image)
    return "%s/%s%s" % (prefix, name, tag) if prefix and head in OFFICIAL else image


def _flannel(image, old, carried):
    """Return the manifest's image of flannel from where the cluster has flannel's."""
    live = next((container["image"] for container in (_containers(old) if old else []) if container["name"] == FLANNEL), image)
    head, name, unused = split_image(live)
    place, unused, tag = split_image(image)
    if head in OFFICIAL_FLANNEL or place not in OFFICIAL_FLANNEL:
        return image
    if name != "flannel":
        carried.lose("image/" + FLANNEL, "%s runs %s, whose name is not flannel's" % (FLANNEL, live))
        return image
    carried.keep("images", "%s's from %s" % (FLANNEL, head))
    return "%s/%s%s" % (head, name, tag)


def _private_prefix(documents, known, carried):
    """Return where the live images of Calico come from, None for the official places."""
    heads = set()
    for document in documents:
        old = known.get(key(document))
        if document["kind"] not in ("DaemonSet", "Deployment") or old is None:
            continue
        official = any(split_image(container["image"])[0] in OFFICIAL for container in _containers(document))
        for container in _containers(old):
            if container["name"] == FLANNEL:
                continue
            head, name, unused = split_image(container["image"])
            heads.add(head if head not in OFFICIAL else None)
            if head not in OFFICIAL and official and name not in NAMES:
                carried.lose("image/" + container["name"], "%s runs %s, whose name is not Calico's" % (container["name"], container["image"]))
    if len(heads) > 1:
        places = ", ".join(sorted(head or "the official place" for head in heads))
        carried.lose("image/prefix", "the images come from several places (%s); name one in calico_image_prefix" % places)
    return heads.pop() if len(heads) == 1 else None


def _workload(document, old, carried):
    name = document["metadata"]["name"]
    for field in ("updateStrategy", "replicas", "minReadySeconds"):
        if field in old["spec"] and old["spec"][field] != document["spec"].get(field) and (field in document["spec"] or field == "minReadySeconds"):
            document["spec"][field] = old["spec"][field]
            carried.keep(name, "%s %s" % (field, _text(old["spec"][field])))
    new_template, old_template = document["spec"]["template"], old["spec"]["template"]
    for field in ("labels", "annotations"):
        _labels(name, field, new_template.setdefault("metadata", {}), old_template.get("metadata") or {}, carried)
    _pod(name, new_template["spec"], old_template["spec"], carried)


def _labels(name, field, new, old, carried):
    for label, value in sorted((old.get(field) or {}).items()):
        if label != CRITICAL and (new.get(field) or {}).get(label) != value:
            new.setdefault(field, {})[label] = value
            carried.keep(name, "%s %s=%s of its pods" % (field[:-1], label, value))


def _pod(name, new, old, carried):
    for field in POD_SETTINGS:
        if field in old and old[field] != new.get(field, POD_DEFAULTS.get(field)):
            new[field] = old[field]
            carried.keep(name, "%s %s" % (field, _text(old[field])))
    for field in sorted(set(old) - set(POD_SETTINGS) - set(POD_MANIFEST) - set(new)):
        carried.lose("%s/%s" % (name, field), "%s has %s: %s" % (name, field, _text(old[field])))
    for toleration in old.get("tolerations") or []:
        if toleration not in new.get("tolerations", []):
            new.setdefault("tolerations", []).append(toleration)
            carried.keep(name, "toleration %s" % _text(toleration))
    for label, value in sorted((old.get("nodeSelector") or {}).items()):
        if new.get("nodeSelector", {}).get(label) != value:
            new.setdefault("nodeSelector", {})[label] = value
            carried.keep(name, "nodeSelector %s=%s" % (label, value))
    if old.get("serviceAccountName") != new.get("serviceAccountName"):
        carried.lose("%s/serviceAccountName" % name, "%s runs as the account %s" % (name, old.get("serviceAccountName")))
    _volumes(name, new, old, carried)
    before = dict((item["name"], item) for item in _members(old))
    after = dict((item["name"], item) for item in _members(new))
    for container in sorted(set(before) - set(after)):
        if container not in CONTAINERS:
            carried.lose("%s/container/%s" % (name, container), "%s has the container %s" % (name, container))
    for container in sorted(set(before) & set(after)):
        _container(container, after[container], before[container], carried)


def _members(spec):
    return (spec.get("initContainers") or []) + (spec.get("containers") or [])


def _volumes(name, new, old, carried):
    after = dict((volume["name"], volume) for volume in new.get("volumes") or [])
    for volume in old.get("volumes") or []:
        kind = sorted(set(volume) - set(["name"]))
        where = "%s/volume/%s" % (name, volume["name"])
        other = after.get(volume["name"])
        if other is None:
            if volume["name"] not in VOLUMES:
                carried.lose(where, "%s mounts %s: %s" % (name, volume["name"], _text(volume.get(kind[0]) if kind else None)))
        elif kind != sorted(set(other) - set(["name"])):
            carried.lose(where, "%s has the volume %s as %s" % (name, volume["name"], ", ".join(kind)))
        elif kind == ["hostPath"] and volume["hostPath"]["path"] != other["hostPath"]["path"]:
            other["hostPath"]["path"] = volume["hostPath"]["path"]
            carried.keep(name, "volume %s at %s" % (volume["name"], volume["hostPath"]["path"]))
        elif kind == ["configMap"] and volume["configMap"].get("name") != other["configMap"].get("name"):
            carried.lose(where, "%s mounts %s from the ConfigMap %s" % (name, volume["name"], volume["configMap"].get("name")))
        elif kind == ["secret"] and volume["secret"].get("secretName") != other["secret"].get("secretName"):
            carried.lose(where, "%s mounts %s from the Secret %s" % (name, volume["name"], volume["secret"].get("secretName")))


def _container(name, new, old, carried):
    for field in sorted(set(old) - set(CONTAINER_MANIFEST) - set(new)):
        carried.lose("%s/%s" % (name, field), "%s has %s: %s" % (name, field, _text(old[field])))
    if name == FLANNEL and old.get("command") != new.get("command"):
        carried.lose("%s/command" % name, "%s has the command %s" % (name, _text(old.get("command"))))
    if (old.get("resources") or {}) != (new.get("resources") or {}):
        new["resources"] = old.get("resources") or {}
        carried.keep(name, "resources %s" % _text(new["resources"]))
    if old.get("imagePullPolicy", "IfNotPresent") != new.get("imagePullPolicy", "IfNotPresent"):
        new["imagePullPolicy"] = old["imagePullPolicy"]
        carried.keep(name, "imagePullPolicy %s" % old["imagePullPolicy"])
    for probe in PROBES:
        if probe in old and probe in new:
            _probe(name, probe, new[probe], old[probe], carried)
    for source in old.get("envFrom") or []:
        if source not in (new.get("envFrom") or []):
            carried.lose("%s/envFrom" % name, "%s takes its environment from %s" % (name, _text(source)))
    _environment(name, new, old, carried)


def _probe(name, probe, new, old, carried):
    for field, default in sorted(PATIENCE.items()):
        if old.get(field, default) > new.get(field, default):
            new[field] = old[field]
            carried.keep(name, "%s of the %s %s" % (field, probe, old[field]))
    words = (old.get("exec") or {}).get("command") or []
    if not words:
        return
    if words[0].rpartition("/")[2] not in PROBING:
        carried.lose("%s/%s" % (name, probe), "%s has the %s %s" % (name, probe, _text(words)))
    elif new.get("exec"):
        _ask_bird(name, probe, new["exec"], [word for word in words if BIRD.match(word)], carried)


def _ask_bird(name, probe, new, wanted, carried):
    """Have a probe ask of BIRD what is wanted, no more and no less."""
    names = [word.lstrip("-") for word in wanted]
    dropped = [word for word in new["command"] if BIRD.match(word) and word.lstrip("-") not in names]
    asked = [word.lstrip("-") for word in new["command"]]
    dashes = "--" if any(word.startswith("--") for word in new["command"]) else "-"
    added = [dashes + word for word in names if word not in asked]
    new["command"] = [word for word in new["command"] if word not in dropped] + added
    for what, words in (("without", dropped), ("with", added)):
        for word in words:
            carried.keep(name, "%s %s %s" % (probe, what, word))


def _without_bird(daemonset, documents, carried):
    """Nothing answers for BIRD where the backend starts none: the pod would never be Ready, and be killed again and again."""
    for container in daemonset["spec"]["template"]["spec"]["containers"]:
        if _backend(container, daemonset, documents) not in WITHOUT_BIRD:
            continue
        for probe in PROBES:
            if (container.get(probe) or {}).get("exec"):
                _ask_bird(container["name"], probe, container[probe]["exec"], [], carried)


def _backend(container, daemonset, documents):
    entry = next((item for item in container.get("env") or [] if item["name"] == "CALICO_NETWORKING_BACKEND"), {})
    reference = (entry.get("valueFrom") or {}).get("configMapKeyRef")
    if reference is None:
        return entry.get("value")
    where = ("ConfigMap", daemonset["metadata"].get("namespace") or "", reference["name"])
    return next(((document.get("data") or {}).get(reference["key"]) for document in documents if key(document) == where), None)


def _environment(name, new, old, carried):
    after = dict((entry["name"], entry) for entry in new.get("env") or [])
    order = []
    for entry in old.get("env") or []:
        entry = _plain(entry)
        known = entry["name"] in after
        order.append(entry["name"])
        if known and (_plain(after[entry["name"]]) == entry or entry.get("value") in UNCHOSEN.get(entry["name"], ())):
            continue
        if not known and not SETTINGS.match(entry["name"]):
            carried.lose("%s/env/%s" % (name, entry["name"]), "%s has the environment %s" % (name, _setting(entry)))
            continue
        after[entry["name"]] = entry
        carried.keep(name, _setting(entry))
    if after:
        # $(NODEIP) in a value is only known after NODEIP: what was there keeps its order, what is new follows.
        rest = [entry["name"] for entry in new.get("env") or [] if entry["name"] not in order]
        new["env"] = [after[entry] for entry in order + rest if entry in after]


def _plain(entry):
    """Return an entry of env without what the API server adds: an empty value, the API version of a field."""
    entry = copy.deepcopy(entry)
    reference = (entry.get("valueFrom") or {}).get("fieldRef")
    if reference and reference.get("apiVersion") == "v1":
        del reference["apiVersion"]
    if "valueFrom" not in entry:
        entry["value"] = str(entry.get("value", ""))
    return entry


def _setting(entry):
    return "%s=%s" % (entry["name"], entry["value"]) if "value" in entry else "%s from %s" % (entry["name"], _text(entry["valueFrom"]))


def _webhooks(document, old, carried):
    """Keep the authority of the certificates, which the operator signs and official manifests leave empty: without it every policy would be refused."""
    name = document["metadata"]["name"]
    before = dict((webhook["name"], webhook) for webhook in (old or {}).get("webhooks") or [])
    for webhook in document.get("webhooks") or []:
        config, live = webhook.get("clientConfig") or {}, before.get(webhook["name"])
        if live is None:
            if webhook.get("failurePolicy") != "Ignore" and not config.get("caBundle"):
                sentence = "the caBundle of %s, which the manifest leaves empty: the API server would refuse what it is asked about" % webhook["name"]
                carried.lose("%s/caBundle" % name, sentence)
            continue
        authority = (live.get("clientConfig") or {}).get("caBundle")
        if authority and not config.get("caBundle"):
            config["caBundle"] = authority
            carried.keep(name, "caBundle of %s" % webhook["name"])
        # The default of admissionregistration.k8s.io/v1.
        if live.get("failurePolicy", "Fail") != webhook.get("failurePolicy", "Fail"):
            webhook["failurePolicy"] = live["failurePolicy"]
            carried.keep(name, "failurePolicy %s of %s" % (live["failurePolicy"], webhook["name"]))


def _config(document, old, versions, carried):
    config, data = document["metadata"]["name"], document.setdefault("data", {})
    for name, value in sorted((old.get("data") or {}).items()):
        if data.get(name) == value:
            continue
        if name == "cni_network_config" and name in data:
            data[name] = _network(data[name], value, config, versions, carried)
        elif name in SETTINGS_OF_CONFIG:
            data[name] = value
            carried.keep(config, "%s %s" % (name, value))
        else:
            carried.lose("%s/%s" % (config, name), "%s has %s" % (config, name))


def _network(new_text, old_text, config, versions, carried):
    """Return the CNI configuration of the manifest with what the cluster has added to its own or changed in it."""
    try:
        new, old = _parse(new_text), _parse(old_text)
        before, after = _numbered(old["plugins"]), _numbered(new["plugins"])
        own, target = before["calico", 0], after["calico", 0]
    except (KeyError, TypeError, ValueError):
        carried.lose("%s/cni_network_config" % config, "the CNI configuration in %s could not be understood" % config)
        return new_text
    changed = []
    for field, value in sorted(own.items()):
        if target.get(field) != value:
            target[field] = value
            changed.append("%s %s" % (field, _text(value)))
    for field in sorted(set(old) - set(["plugins"])):
        if new.get(field) != old[field] and field != "cniVersion":
            new[field] = old[field]
            changed.append("%s %s" % (field, _text(old[field])))
    for index, (place, plugin) in enumerate(before.items()):
        if plugin is own:
            continue
        if place in after:
            changed += _replaced(after[place], plugin)
        elif not _came_or_went(plugin["type"], versions[0], versions[1]):
            new["plugins"].insert(min(index, len(new["plugins"])), plugin)
            changed.append("plugin %s" % plugin["type"])
    for kind, unused in sorted(set(after) - set(before)):
        # Of another type it was written into the manifest by whoever wants it there.
        if kind in PLUGINS and not _came_or_went(kind, versions[1], versions[0]):
            carried.lose("%s/plugin/%s" % (config, kind), "the CNI configuration in %s has no plugin %s" % (config, kind))
    if not changed:
        return new_text
    carried.keep(config, "CNI configuration: %s" % ", ".join(changed))
    return re.sub(r'"(__[A-Z_]+__)!"', r"\1", json.dumps(new, indent=2, separators=(",", ": ")))


def _numbered(plugins):
    """Return {(type, how many of it stand before): plugin}, in their order."""
    found = {}
    for plugin in plugins:
        kind = plugin["type"]
        found[kind, len([place for place in found if place[0] == kind])] = plugin
    return found


def _replaced(new, old):
    """Make a plugin what the live one is, and return in words what differed; no release has ever changed another plugin than calico."""
    kind = old["type"]
    changed = ["%s's %s %s" % (kind, field, _text(value)) for field, value in sorted(old.items()) if new.get(field) != value]
    changed += ["%s without %s" % (kind, field) for field in sorted(set(new) - set(old))]
    new.clear()
    new.update(old)
    return changed


def _came_or_went(kind, has, lacks):
    """Return whether the official manifest of one version has a plugin and that of the other lacks it."""
    if kind not in PLUGINS:
        return False
    since, until = PLUGINS[kind]
    return within(has, since, until) and not within(lacks, since, until)


def allocation(documents, config):
    """Return the type of the plugin that allocates addresses by the CNI configuration in a ConfigMap, None where it does not tell."""
    data = next((item.get("data") or {} for item in documents if item["kind"] == "ConfigMap" and item["metadata"]["name"] == config), {})
    try:
        return _numbered(_parse(data["cni_network_config"])["plugins"])["calico", 0]["ipam"]["type"]
    except (KeyError, TypeError, ValueError):
        return None


def _parse(text):
    # __CNI_MTU__ stands without quotes until install-cni puts a number there.
    return json.loads(re.sub(r'(?<!")(__[A-Z_]+__)(?!")', r'"\1!"', text))


def _text(value):
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True)
