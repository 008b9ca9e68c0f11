"""What the role calico would do with a manifest, and why it may not, worked out from a cluster's objects."""

import copy
import json
import os

import pytest
import yaml
from ansible_collections.nodemend.kubernetes.plugins.filter.calico_plan import options_of
from ansible_collections.nodemend.kubernetes.plugins.plugin_utils import (
    _calico_cluster,
    _calico_gates,
    _calico_manifest,
    _calico_plan,
    _calico_roles,
    _calico_rollback,
    _calico_rollout,
    _calico_source,
)
from conftest import ROOT

OFFICIAL = os.environ.get("NODEMEND_CALICO", os.path.join(ROOT, "..", "shared", "data", "calico"))
OWN = os.path.join(ROOT, "molecule", "cluster", "calico", "manifests")
VERSIONS = ("v3.15.5", "v3.20.6", "v3.22.5", "v3.24.5", "v3.26.4", "v3.28.5", "v3.32.1")
# Names that kubespray's roles define or read (github.com/kubernetes-sigs/kubespray at 46dbdd3), without the prefix calico_.
KUBESPRAY = """
advertise_cluster_ips advertise_service_external_ips advertise_service_loadbalancer_ips allow_ip_forwarding apiserver apiserver_cabundle apiserver_certs
apiserver_digest_checksum apiserver_enabled apiserver_image_repo apiserver_image_tag apiserver_manifest apiserver_secret apiserver_version backend
baremetal_nodename bgp_listen_port bpf_enabled bpf_log_level bpf_service_mode cert_dir cni cni_config cni_config_slurp cni_digest_checksum cni_image_repo
cni_image_tag cni_log_file_path cni_name cni_version conf conf_ipv6 crds crds_checksums crds_download_url ctl_version datastore defaults ds_nodeselector
endpoint_to_host_action feature_control feature_detect_override felix_chaininsertmode felix_floating_ips felix_log_severity_screen felix_mtu_iface_pattern
felix_prometheusgometricsenabled felix_prometheusmetricsenabled felix_prometheusmetricsport felix_prometheusprocessmetricsenabled felix_reporting_interval
group_id group_id_label healthhost ip6_auto_method ip_auto_method ipam_autoallocateblocks ipam_host_local ipam_maxblocksperhost ipam_strictaffinity
ipip_mode ipip_mode_ipv6 iptables_backend iptables_lock_timeout_secs ipv4pool_ipip ipv6 kube_controller_start kube_manifests kubeconfig_wait_timeout
loglevel min_version_required mtu network_backend nftable_mode no_global_as_num node node_cpu_limit node_cpu_requests node_digest_checksum node_extra_envs
node_ignorelooserpf node_image_repo node_image_tag node_livenessprobe_timeout node_manifests node_memory_limit node_memory_requests
node_readinessprobe_timeout node_startup_loglevel node_typha_manifest package_install peer_example policy policy_controller_cpu_limit
policy_controller_cpu_requests policy_controller_deployment_nodeselector policy_controller_log_level policy_controller_memory_limit
policy_controller_memory_requests policy_digest_checksum policy_image_repo policy_image_tag policy_version pool_blocksize pool_blocksize_ipv6 pool_cidr
pool_cidr_ipv6 pool_conf pool_ipv6_conf pool_name ready rr rr_id rr_id_label rr_label rr_node rr_node_patched typha typha_digest_checksum typha_image_repo
typha_image_tag typha_version usage_reporting use_default_route_src_ipaddr version version_on_server veth_mtu vxlan_mode vxlan_mode_ipv6 vxlan_port
vxlan_vni wireguard_enabled wireguard_packages wireguard_repo
""".split()


def text(version, folder=OWN, flavour="calico"):
    path = os.path.join(folder, "%s-%s.%s" % (flavour, version, "manifest" if folder == OWN else "yaml"))
    if folder != OWN and not os.path.isfile(path):
        pytest.skip("no official manifest %s (NODEMEND_CALICO)" % path)
    with open(path, encoding="utf-8") as stream:
        return stream.read()


def release(version):
    """The own manifest, as if it were of another version."""
    return text("v3.22.5").replace("v3.22.5", version)


FLANNEL = {"v3.15.5": "quay.io/coreos/flannel:v0.11.0", "v3.22.5": "docker.io/flannel/flannel:v0.21.3"}


def canal(version):
    """The own manifest as canal.yaml has it: another name, another configuration, no addresses of Calico's, and flannel."""
    documents = _calico_source.parse(text(version).replace("calico-config", "canal-config").replace('{"type": "calico-ipam"}', '{"type": "host-local"}'))
    for item in documents:
        if item["kind"] == "ConfigMap":
            del item["data"]["calico_backend"]
            item["data"].update(canal_iface="", masquerade="true", **{"net-conf.json": '{"Network": "10.244.0.0/16", "Backend": {"Type": "vxlan"}}'})
        elif item["kind"] == "DaemonSet":
            item["metadata"].update(name="canal", labels={"k8s-app": "canal"})
            item["spec"]["selector"]["matchLabels"] = item["spec"]["template"]["metadata"]["labels"] = {"k8s-app": "canal"}
            pod = item["spec"]["template"]["spec"]
            pod["serviceAccountName"] = "canal"
            pod["initContainers"] = [entry for entry in pod["initContainers"] if entry["name"] != "upgrade-ipam"]
            main = pod["containers"][0]
            main["env"] = [entry for entry in main["env"] if entry["name"] not in ("CALICO_NETWORKING_BACKEND", "IP")]
            main["env"] += [{"name": "CALICO_NETWORKING_BACKEND", "value": "none"}, {"name": "IP", "value": ""}]
            main["readinessProbe"] = {"httpGet": {"path": "/readiness", "port": 9099, "host": "localhost"}}
            reference = {"configMapKeyRef": {"name": "canal-config", "key": "canal_iface"}}
            flannel = {"name": "kube-flannel", "image": FLANNEL[version], "command": ["/opt/bin/flanneld", "--ip-masq", "--kube-subnet-mgr"]}
            pod["containers"].append(dict(flannel, env=[{"name": "FLANNELD_IFACE", "valueFrom": reference}]))
            pod["volumes"].append({"name": "flannel-cfg", "configMap": {"name": "canal-config"}})
    return yaml.safe_dump_all(documents)


def node(name, kernel="5.15.0", ready="True", control_plane=False, **more):
    labels = {"kubernetes.io/os": "linux"}
    labels.update({"node-role.kubernetes.io/control-plane": ""} if control_plane else {}, **more)
    status = {"nodeInfo": {"kernelVersion": kernel}, "conditions": [{"type": "Ready", "status": ready}]}
    return {"kind": "Node", "metadata": {"name": name, "labels": labels}, "status": status}


def cluster(manifest, server="v1.22.0", nodes=None, **objects):
    """A cluster in which a manifest was applied and every pod runs it."""
    documents = copy.deepcopy(_calico_source.parse(manifest))
    nodes = nodes or [node("a-control", control_plane=True), node("worker1"), node("worker2")]

    def of(kind):
        return [document for document in documents if document["kind"] == kind]

    pods = [
        {
            "kind": "Pod",
            "metadata": {"name": "calico-node-" + item["metadata"]["name"]},
            "spec": dict(of("DaemonSet")[0]["spec"]["template"]["spec"], nodeName=item["metadata"]["name"]),
        }
        for item in nodes
    ]
    found = {
        "daemonsets": of("DaemonSet"),
        "deployments": of("Deployment"),
        "configmaps": of("ConfigMap"),
        "clusterroles": of("ClusterRole"),
        "pods": pods,
        "nodes": nodes,
        "webhooks": of("ValidatingWebhookConfiguration"),
    }
    return {"version": server, "kubekey": False, "objects": dict(found, **objects)}


def agent(found):
    return found["objects"]["daemonsets"][0]


def container(workload, name="calico-node"):
    spec = workload["spec"]["template"]["spec"]
    return next(item for item in spec.get("initContainers", []) + spec["containers"] if item["name"] == name)


def plan(manifest, found, looked=None, **options):
    return _calico_plan.plan(manifest, found, options_of(dict({"backup": "/backup", "host": "control-1"}, **options)), looked)


def gates(result):
    return [item["gate"] for item in result["refused"]]


def configuration(result, name="calico-config"):
    return document(result, "ConfigMap", name)["data"]


def document(result, kind, name="calico-node", key="steady"):
    return next(item for item in result[key] if item["kind"] == kind and item["metadata"]["name"] == name)


class TestSettings:
    def test_nothing_of_a_plain_manifest_is_a_setting_but_what_it_chose(self):
        result = plan(text("v3.22.5"), cluster(text("v3.22.5")))
        assert not result["refused"] and not result["carried"]
        assert result["steady"] == _calico_source.parse(text("v3.22.5"))

    @pytest.mark.parametrize("version", VERSIONS[1:])
    def test_every_official_manifest_can_follow_the_oldest(self, version):
        found = cluster(text("v3.15.5", OFFICIAL), "v1.22.0")
        result = plan(text(version, OFFICIAL), found)
        assert [item for item in result["refused"] if item["gate"] == "settings"] == []
        assert set(result["carried"]) <= {"calico-config: veth_mtu 1440", "calico-node: FELIX_LOGSEVERITYSCREEN=info"}

    @pytest.mark.parametrize("old, carried", [("node", False), ("node,loadbalancer", False), ("node,policy", True)])
    def test_controllers_that_nobody_has_chosen(self, old, carried):
        found = cluster(text("v3.22.5"))
        container(found["objects"]["deployments"][0], "calico-kube-controllers")["env"] = [{"name": "ENABLED_CONTROLLERS", "value": old}]
        manifest = _calico_source.parse(text("v3.22.5"))
        deployment = next(item for item in manifest if item["kind"] == "Deployment")
        container(deployment, "calico-kube-controllers")["env"] = [{"name": "ENABLED_CONTROLLERS", "value": "node,to-come"}]
        result = plan(yaml.safe_dump_all(manifest), found)
        assert result["carried"] == (["calico-kube-controllers: ENABLED_CONTROLLERS=" + old] if carried else [])

    def test_settings_are_carried_over(self):
        found = cluster(text("v3.15.5"))
        spec = agent(found)["spec"]["template"]["spec"]
        main = container(agent(found))
        main["env"] += [
            {"name": "NODEIP", "valueFrom": {"fieldRef": {"apiVersion": "v1", "fieldPath": "status.hostIP"}}},
            {"name": "IP_AUTODETECTION_METHOD", "value": "can-reach=$(NODEIP)"},
            {"name": "CALICO_IPV4POOL_CIDR", "value": "10.99.0.0/16"},
        ]
        main["env"] = [dict(entry, value="eth1") if entry["name"] == "IP" else entry for entry in main["env"]]
        main["resources"] = {"limits": {"memory": "1Gi"}}
        spec["tolerations"].append({"key": "gpu", "operator": "Exists"})
        spec["nodeSelector"]["network"] = "calico"
        spec["imagePullSecrets"] = [{"name": "mirror"}]
        next(volume for volume in spec["volumes"] if volume["name"] == "flexvol-driver-host")["hostPath"]["path"] = (
            "/var/lib/kubelet/volumeplugins/nodeagent~uds"
        )
        agent(found)["spec"]["updateStrategy"]["rollingUpdate"]["maxUnavailable"] = 3
        found["objects"]["configmaps"][0]["data"]["veth_mtu"] = "8981"
        # "NODEIP" alone looks like KubeKey's.
        result = plan(text("v3.22.5"), found, accepted=["installation"])
        assert not result["refused"]
        new = document(result, "DaemonSet")
        after = container(new)
        names = [entry["name"] for entry in after["env"]]
        assert names.index("NODEIP") < names.index("IP_AUTODETECTION_METHOD")
        assert {entry["name"]: entry.get("value") for entry in after["env"]}["IP"] == "eth1"
        assert after["resources"] == {"limits": {"memory": "1Gi"}}
        assert after["lifecycle"] and after["image"] == "calico/node:v3.22.5"
        pod = new["spec"]["template"]["spec"]
        assert {"key": "gpu", "operator": "Exists"} in pod["tolerations"]
        assert pod["nodeSelector"] == {"kubernetes.io/os": "linux", "network": "calico"}
        assert (result["pull_secrets"], result["service_account"]) == (["mirror"], "calico-node")
        assert result["images"] == ["calico/" + name + ":v3.22.5" for name in ("cni", "kube-controllers", "node", "pod2daemon-flexvol")]
        assert "/var/lib/kubelet/volumeplugins/nodeagent~uds" in json.dumps(pod["volumes"])
        assert new["spec"]["updateStrategy"]["rollingUpdate"]["maxUnavailable"] == 3
        assert document(result, "ConfigMap", "calico-config")["data"]["veth_mtu"] == "8981"

    def test_the_cni_configuration_keeps_plugins_and_addresses(self):
        found = cluster(text("v3.15.5"))
        data = found["objects"]["configmaps"][0]["data"]
        data["cni_network_config"] = data["cni_network_config"].replace('{"type": "calico-ipam"}', '{"type": "host-local", "subnet": "usePodCidr"}')
        data["cni_network_config"] = data["cni_network_config"].replace('{"type": "portmap"', '{"type": "tuning", "sysctl": {}}, {"type": "portmap"')
        result = plan(text("v3.22.5"), found)
        new = document(result, "ConfigMap", "calico-config")["data"]["cni_network_config"]
        assert '"mtu": __CNI_MTU__' in new
        plugins = json.loads(new.replace("__CNI_MTU__", "0"))["plugins"]
        assert [plugin["type"] for plugin in plugins] == ["calico", "tuning", "portmap"]
        assert plugins[0]["ipam"] == {"type": "host-local", "subnet": "usePodCidr"}

    @pytest.mark.parametrize("folder", [OWN, OFFICIAL])
    @pytest.mark.parametrize("backend", ["vxlan", "none"])
    @pytest.mark.parametrize("edited", [True, False])
    def test_no_probe_asks_for_bird_where_the_backend_starts_none(self, folder, backend, edited):
        found = cluster(text("v3.15.5", folder))
        found["objects"]["configmaps"][0]["data"]["calico_backend"] = backend
        if edited:
            for probe in ("livenessProbe", "readinessProbe"):
                command = container(agent(found)).get(probe, {"exec": {"command": []}})["exec"]["command"]
                command[:] = [word for word in command if "bird" not in word]
        result = plan(text("v3.22.5", folder), found)
        assert not result["refused"] and "calico-node: readinessProbe without -bird-ready" in result["carried"]
        after = container(document(result, "DaemonSet"))
        assert after["readinessProbe"]["exec"]["command"] == ["/bin/calico-node", "-felix-ready"]
        assert after.get("livenessProbe", {"exec": {"command": ["/bin/calico-node", "-felix-live"]}})["exec"]["command"] == ["/bin/calico-node", "-felix-live"]
        assert document(result, "ConfigMap", "calico-config")["data"]["calico_backend"] == backend

    @pytest.mark.parametrize(
        "old, new, expected",
        [
            (["-felix-ready"], ["-felix-ready", "-bird-ready"], ["-felix-ready"]),
            (["-felix-ready"], ["--felix-ready", "--bird-ready"], ["--felix-ready"]),
            (["-bird-ready", "-felix-ready"], ["-felix-ready", "-bird-ready"], ["-felix-ready", "-bird-ready"]),
            (["-felix-ready", "-bird-ready"], ["--felix-ready", "--bird-ready"], ["--felix-ready", "--bird-ready"]),
            (["-felix-ready", "-bird6-ready"], ["-felix-ready", "-bird-ready"], ["-felix-ready", "-bird6-ready"]),
            (["-bird6-ready"], ["--felix-ready", "--bird-ready"], ["--felix-ready", "--bird6-ready"]),
        ],
    )
    def test_what_a_probe_asks_of_bird(self, old, new, expected):
        found = cluster(text("v3.15.5"))
        container(agent(found))["readinessProbe"]["exec"]["command"] = ["/bin/calico-node"] + old
        manifest = text("v3.22.5").replace("-felix-ready, -bird-ready", ", ".join(new))
        assert manifest.count(", ".join(new)) == 1
        result = plan(manifest, found)
        assert container(document(result, "DaemonSet"))["readinessProbe"]["exec"]["command"] == ["/bin/calico-node"] + expected
        assert len([item for item in result["carried"] if "Probe" in item]) == len(set(expected) ^ set(new))

    def test_a_probe_stays_as_patient_as_it_was(self):
        found = cluster(text("v3.15.5"))
        container(agent(found))["readinessProbe"].update(timeoutSeconds=30, periodSeconds=5, successThreshold=1)
        result = plan(text("v3.22.5"), found)
        probe = container(document(result, "DaemonSet"))["readinessProbe"]
        assert (probe["timeoutSeconds"], probe["periodSeconds"]) == (30, 10)
        assert [item for item in result["carried"] if "Probe" in item] == ["calico-node: timeoutSeconds of the readinessProbe 30"]

    @pytest.mark.parametrize(
        "prefix, image",
        [
            ("calico", "calico/node:v3.22.5"),
            ("docker.io/calico", "calico/node:v3.22.5"),
            ("quay.io/calico", "calico/node:v3.22.5"),
            ("registry.local:5000/mirror/calico", "registry.local:5000/mirror/calico/node:v3.22.5"),
        ],
    )
    def test_images_come_from_where_they_came(self, prefix, image):
        found = cluster(text("v3.15.5").replace("image: calico/", "image: %s/" % prefix))
        assert container(document(plan(text("v3.22.5"), found), "DaemonSet"))["image"] == image

    def test_images_that_the_manifest_names_elsewhere_stay(self):
        found = cluster(text("v3.15.5").replace("image: calico/", "image: old.example/calico/"))
        result = plan(text("v3.22.5").replace("image: calico/", "image: new.example/calico/"), found)
        assert not result["refused"] and result["images"][0] == "new.example/calico/cni:v3.22.5"

    def test_names_of_images_count_only_where_the_manifests_are_the_official_ones(self):
        found = cluster(text("v3.15.5"))
        container(found["objects"]["deployments"][0], "calico-kube-controllers")["image"] = "old.example/our-controllers:v3.15.5"
        lost = "image/calico-kube-controllers"
        assert lost in str(plan(text("v3.22.5"), found)["refused"])
        assert lost not in str(plan(text("v3.22.5").replace("image: calico/", "image: new.example/calico/"), found)["refused"])

    def test_what_the_api_server_and_old_releases_add_is_no_setting(self):
        found = cluster(text("v3.22.5"))
        controllers = found["objects"]["deployments"][0]
        for workload in (agent(found), controllers):
            workload["spec"]["template"]["spec"].update(dnsPolicy="ClusterFirst", schedulerName="default-scheduler")
            workload["spec"]["template"]["spec"]["containers"][0]["imagePullPolicy"] = "IfNotPresent"
            annotations = workload["spec"]["template"].setdefault("metadata", {}).setdefault("annotations", {})
            annotations["scheduler.alpha.kubernetes.io/critical-pod"] = ""
        assert controllers["spec"]["replicas"] == 1
        result = plan(text("v3.22.5").replace("  replicas: 1\n", ""), found)
        assert not result["refused"] and not result["carried"]
        assert "replicas" not in document(result, "Deployment", "calico-kube-controllers")["spec"]

    def test_the_version_of_the_cni_configuration_is_the_manifests(self):
        found = cluster(text("v3.22.5").replace('"cniVersion": "0.3.1"', '"cniVersion": "0.3.0"'))
        result = plan(text("v3.22.5"), found)
        assert not result["carried"] and '"0.3.1"' in configuration(result)["cni_network_config"]

    def test_a_plugin_of_the_manifests_author_is_no_loss(self):
        result = plan(text("v3.22.5").replace('"plugins": [', '"plugins": [{"type": "tuning"}, '), cluster(text("v3.22.5")))
        assert not result["refused"] and not result["carried"]

    def test_a_prefix_of_ones_own(self):
        result = plan(text("v3.22.5"), cluster(text("v3.15.5")), image_prefix="mirror.example/x")
        assert set(image.rpartition("/")[0] for image in result["images"]) == {"mirror.example/x"}

    @pytest.mark.parametrize(
        "change, name",
        [
            (lambda pod: pod["containers"].append({"name": "sidecar", "image": "x"}), "calico-node/container/sidecar"),
            (lambda pod: pod["containers"][0]["env"].append({"name": "MINE", "value": "1"}), "calico-node/env/MINE"),
            (lambda pod: pod["volumes"].append({"name": "mine", "emptyDir": {}}), "calico-node/volume/mine"),
            (lambda pod: pod["containers"][0].update(args=["x"]), "calico-node/args"),
            (lambda pod: pod["containers"][0]["readinessProbe"]["exec"].update(command=["sh", "-c", "true"]), "calico-node/readinessProbe"),
            (lambda pod: pod.update(serviceAccountName="mine"), "calico-node/serviceAccountName"),
            (lambda pod: pod.update(shareProcessNamespace=True), "calico-node/shareProcessNamespace"),
            (lambda pod: pod["initContainers"][0].update(image="registry.example/cni-of-mine:v3.15.5"), "image/prefix"),
        ],
    )
    def test_what_cannot_be_carried_is_named_and_may_be_given_up(self, change, name):
        found = cluster(text("v3.15.5"))
        change(agent(found)["spec"]["template"]["spec"])
        (refused,) = [item for item in plan(text("v3.22.5"), found)["refused"] if item["override"] == "calico_discard: [%s]" % name]
        assert refused["gate"] == "settings" and name in refused["message"]
        result = plan(text("v3.22.5"), found, discard=[name] + (["image/upgrade-ipam"] if name == "image/prefix" else []))
        assert not result["refused"] and result["dropped"]

    def test_a_volume_that_some_releases_have(self):
        found = cluster(text("v3.22.5"))
        # Of 3.31.7, and not of 3.31.6 or 3.32.1.
        securityfs = {"name": "sys-kernel-security", "hostPath": {"path": "/sys/kernel/security", "type": "DirectoryOrCreate"}}
        agent(found)["spec"]["template"]["spec"]["volumes"].append(securityfs)
        assert not plan(text("v3.22.5"), found)["refused"]

    def test_an_unknown_key_of_the_configuration(self):
        found = cluster(text("v3.15.5"))
        found["objects"]["configmaps"][0]["data"]["mine"] = "1"
        assert "calico-config/mine" in plan(text("v3.22.5"), found)["refused"][0]["message"]

    @pytest.mark.parametrize("new", ["masqAll", "snat", "both"])
    def test_changes_of_another_plugin_are_kept(self, new):
        found = cluster(text("v3.22.5"))
        data = found["objects"]["configmaps"][0]["data"]
        written = {"masqAll": '"masqAll": true, "snat": true', "snat": '"externalSetMarkChain": "X"', "both": '"snat": false'}[new]
        assert data["cni_network_config"].count('"snat": true') == 1
        data["cni_network_config"] = data["cni_network_config"].replace('"snat": true', written)
        result = plan(text("v3.22.5"), found)
        told = {"masqAll": "portmap's masqAll true", "snat": "portmap's externalSetMarkChain X, portmap without snat", "both": "portmap's snat false"}[new]
        assert not result["refused"] and result["carried"] == ["calico-config: CNI configuration: " + told]
        plugins = [json.loads(item["cni_network_config"].replace("__CNI_MTU__", "0"))["plugins"] for item in (data, configuration(result))]
        assert plugins[0] == plugins[1]

    BANDWIDTH = '}}, {"type": "bandwidth", "capabilities": {"bandwidth": true}}]}'

    @pytest.mark.parametrize(
        "old, new, live, manifest, expected",
        [
            # The official manifests have it from 3.12 to 3.29.
            ("v3.10.4", "v3.22.5", False, True, ["portmap", "bandwidth"]),
            ("v3.15.5", "v3.22.5", False, True, None),
            ("v3.22.5", "v3.30.1", True, False, ["portmap"]),
            ("v3.30.1", "v3.31.3", True, False, ["portmap", "bandwidth"]),
            ("v3.15.5", "v3.22.5", True, False, ["portmap", "bandwidth"]),
            ("v3.15.5", "v3.22.5", True, True, ["portmap", "bandwidth"]),
        ],
    )
    def test_a_plugin_that_comes_and_goes_with_releases(self, old, new, live, manifest, expected):
        texts = [release(version) for version in (old, new)]
        assert texts[0].count("}}]}") == 1
        texts = [item.replace("}}]}", self.BANDWIDTH) if has else item for item, has in zip(texts, (live, manifest))]
        result = plan(texts[1], cluster(texts[0], "v1.33.0" if new > "v3.3" else "v1.22.0"))
        settings = [item["message"] for item in result["refused"] if item["gate"] == "settings"]
        plugins = json.loads(configuration(result)["cni_network_config"].replace("__CNI_MTU__", "0"))["plugins"]
        assert [plugin["type"] for plugin in plugins[1:]] == (expected or ["portmap", "bandwidth"])
        assert settings == (
            [] if expected else ["Not carried over: the CNI configuration in calico-config has no plugin bandwidth. Write it into the manifest,"
                                 " or give it up with calico_discard: [calico-config/plugin/bandwidth]."]
        )  # fmt: skip
        if not expected:
            assert not plan(texts[1], cluster(texts[0]), discard=["calico-config/plugin/bandwidth"])["refused"]

    def test_a_plugin_that_the_manifest_has_too_is_not_there_twice(self):
        tuning = '"plugins": [{"type": "tuning", "mtu": 9000}, {"type": "tuning", "sysctl": {"a": "%s"}}, '
        found = cluster(text("v3.22.5").replace('"plugins": [', tuning % 1))
        result = plan(text("v3.22.5").replace('"plugins": [', tuning % 2), found)
        assert not result["refused"] and result["carried"] == ['calico-config: CNI configuration: tuning\'s sysctl {"a": "1"}']
        assert configuration(result)["cni_network_config"].count("tuning") == 2


WEBHOOKS = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: calico-webhooks, namespace: kube-system}
spec:
  replicas: 1
  template:
    spec:
      serviceAccountName: calico-webhooks
      containers: [{name: calico-webhooks, image: "quay.io/calico/webhooks:v3.32.1"}]
      volumes: [{name: certs, secret: {secretName: calico-webhooks-tls}}]
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {name: calico-webhooks}
webhooks:
  - name: tiered-rbac.projectcalico.org
    clientConfig: {caBundle: "", service: {name: calico-webhooks, namespace: kube-system}}
    failurePolicy: Fail
"""


class TestWebhooks:
    """As in the manifests for native CustomResourceDefinitions, from 3.32 on; the operator signs the certificate."""

    def case(self, authority="", live="Zm9v", **changes):
        """(plan, what it makes of the webhook): of a manifest with this authority over a cluster with that one, None for none at all."""
        manifest = "%s\n---%s" % (text("v3.22.5"), WEBHOOKS.replace('caBundle: ""', 'caBundle: "%s"' % authority))
        found = cluster(manifest)
        (webhook,) = found["objects"]["webhooks"][0]["webhooks"]
        webhook["clientConfig"]["caBundle"] = live
        webhook.update(changes)
        if live is None:
            found["objects"]["webhooks"] = []
        result = plan(manifest, found)
        return result, document(result, "ValidatingWebhookConfiguration", "calico-webhooks")["webhooks"][0]

    def test_the_authority_stays(self):
        result, webhook = self.case()
        assert webhook["clientConfig"] == {"caBundle": "Zm9v", "service": {"name": "calico-webhooks", "namespace": "kube-system"}}
        assert not result["refused"] and result["carried"] == ["calico-webhooks: caBundle of tiered-rbac.projectcalico.org"]

    def test_one_that_the_manifest_names_is_put_in_place(self):
        result, webhook = self.case("YmFy")
        assert webhook["clientConfig"]["caBundle"] == "YmFy" and not result["carried"] and not result["refused"]

    def test_what_failures_mean_is_a_setting(self):
        result, webhook = self.case("YmFy", failurePolicy="Ignore")
        assert webhook["failurePolicy"] == "Ignore" and result["carried"] == ["calico-webhooks: failurePolicy Ignore of tiered-rbac.projectcalico.org"]

    @pytest.mark.parametrize("authority, live, refused", [("", None, True), ("YmFy", None, False), ("", "", False)])
    def test_a_new_one_without_authority_would_have_every_policy_refused(self, authority, live, refused):
        result, webhook = self.case(authority, live)
        assert gates(result) == ["settings"] * refused
        assert not refused or "calico_discard: [calico-webhooks/caBundle]" in result["refused"][0]["message"]

    def test_its_deployment_keeps_its_settings(self):
        manifest = "%s\n---%s" % (text("v3.22.5"), WEBHOOKS)
        found = cluster(manifest)
        webhooks = next(item for item in found["objects"]["deployments"] if item["metadata"]["name"] == "calico-webhooks")
        webhooks["spec"]["replicas"] = 2
        webhooks["spec"]["template"]["spec"]["volumes"][0]["secret"]["secretName"] = "own"
        for workload in found["objects"]["daemonsets"] + found["objects"]["deployments"]:
            spec = workload["spec"]["template"]["spec"]
            for item in spec.get("initContainers", []) + spec["containers"]:
                item["image"] = "mirror.example/calico/" + item["image"].rpartition("/")[2]
        result = plan(manifest, found)
        assert document(result, "Deployment", "calico-webhooks")["spec"]["replicas"] == 2
        (refused,) = result["refused"]
        assert "calico-webhooks mounts certs from the Secret own" in refused["message"]
        assert "mirror.example/calico/webhooks:v3.32.1" in result["images"]


class TestCanal:
    def test_nothing_of_a_plain_manifest_is_a_setting(self):
        result = plan(canal("v3.22.5"), cluster(canal("v3.15.5")))
        assert not result["refused"] and result["carried"] == ["canal-config: veth_mtu 1440", "calico-node: FELIX_LOGSEVERITYSCREEN=info"]
        assert [image for image in result["images"] if "flannel" in image] == ["docker.io/flannel/flannel:v0.21.3"]
        assert result["daemonset"]["name"] == "canal"

    @pytest.mark.parametrize("old, new", [("v3.24.5", "v3.26.4"), ("v3.25.2", "v3.28.5"), ("v3.26.4", "v3.28.5"), ("v3.28.5", "v3.32.1")])
    def test_the_official_manifests(self, old, new):
        found = cluster(text(old, OFFICIAL, "canal"), "v1.34.0")
        result = plan(text(new, OFFICIAL, "canal"), found)
        assert not result["refused"] and not result["carried"]
        self.alter(found)
        result = plan(text(new, OFFICIAL, "canal"), found)
        assert not result["refused"]
        self.check(result)

    def alter(self, found):
        self.net = '{"Network": "172.20.0.0/16", "Backend": {"Type": "host-gw"}}'
        data = found["objects"]["configmaps"][0]["data"]
        data.update(canal_iface="eth1", masquerade="false", veth_mtu="8981", **{"net-conf.json": self.net})
        # As the role reads it.
        found["objects"].update(canalconfigs=found["objects"]["configmaps"], configmaps=[])

    def check(self, result):
        data = configuration(result, "canal-config")
        assert (data["canal_iface"], data["masquerade"], data["veth_mtu"], data["net-conf.json"]) == ("eth1", "false", "8981", self.net)
        assert "canal-config: canal_iface eth1" in result["carried"] and "canal-config: net-conf.json " + self.net in result["carried"]
        assert data in [item["data"] for item in result["rollout"] if item["kind"] == "ConfigMap"]

    @pytest.mark.parametrize("prefix", [None, "mirror.example/calico"])
    def test_the_network_is_carried_over(self, prefix):
        found = cluster(canal("v3.15.5"))
        self.alter(found)
        result = plan(canal("v3.22.5"), found, image_prefix=prefix)
        assert not result["refused"]
        self.check(result)

    @pytest.mark.parametrize(
        "place, given, image",
        [
            ("docker.io/flannel", None, "docker.io/flannel/flannel:v0.21.3"),
            # Only canal.yaml of 3.25 has it from there.
            ("docker.io/flannelcni", None, "docker.io/flannel/flannel:v0.21.3"),
            ("flannelcni", None, "docker.io/flannel/flannel:v0.21.3"),
            ("mirror.example/flannel", None, "mirror.example/flannel/flannel:v0.21.3"),
            ("mirror.example/flannel", "own.example/flannel", "own.example/flannel/flannel:v0.21.3"),
        ],
    )
    @pytest.mark.parametrize("calico", ["docker.io/calico/", "mirror.example/calico/"])
    def test_flannel_comes_from_where_it_came(self, place, given, image, calico):
        found = cluster(canal("v3.15.5").replace("quay.io/coreos", place).replace("image: calico/", "image: " + calico))
        result = plan(canal("v3.22.5").replace("docker.io/flannel", given or "docker.io/flannel"), found)
        assert not result["refused"] and image in result["images"]
        private = calico.startswith("mirror")
        assert (calico if private else "calico/") + "node:v3.22.5" in result["images"]
        assert len([item for item in result["carried"] if item.startswith("images")]) == private + (image[:6] == "mirror")

    @pytest.mark.parametrize(
        "change, name",
        [
            (lambda pod: pod["containers"][1]["command"].append("--iface=eth1"), "kube-flannel/command"),
            (lambda pod: pod["containers"][1].update(image="mirror.example/rancher/mirrored-flannel:v0.15.1"), "image/kube-flannel"),
            (lambda pod: pod["volumes"][-1]["configMap"].update(name="mine"), "canal/volume/flannel-cfg"),
        ],
    )
    def test_what_of_flannel_cannot_be_carried(self, change, name):
        found = cluster(canal("v3.15.5"))
        change(agent(found)["spec"]["template"]["spec"])
        (refused,) = plan(canal("v3.22.5"), found)["refused"]
        assert refused["override"] == "calico_discard: [%s]" % name
        assert not plan(canal("v3.22.5"), found, discard=[name])["refused"]

    def test_its_environment_is_a_setting(self):
        found = cluster(canal("v3.22.5"))
        container(agent(found), "kube-flannel")["env"].append({"name": "FLANNELD_IFACE_REGEX", "value": "^eth"})
        result = plan(canal("v3.22.5"), found)
        assert not result["refused"] and result["carried"] == ["kube-flannel: FLANNELD_IFACE_REGEX=^eth"]


class TestRollout:
    def test_nothing_moves_by_itself_and_no_permission_is_taken_away(self):
        found = cluster(text("v3.15.5"))
        found["objects"]["clusterroles"][0]["rules"].append({"apiGroups": [""], "resources": ["old"], "verbs": ["get"]})
        result = plan(text("v3.22.5"), found)
        during = document(result, "DaemonSet", key="rollout")
        assert during["spec"]["updateStrategy"] == {"type": "OnDelete"}
        note = json.loads(during["metadata"]["annotations"][_calico_rollout.ROLLOUT])
        assert len(note.pop("before")) == 16
        assert note == {"backup": "/backup", "host": "control-1", "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 1}}}
        rules = document(result, "ClusterRole", key="rollout")["rules"]
        assert [rule["resources"] for rule in rules] == [["pods", "nodes", "namespaces"], ["old"], ["endpointslices"]]
        assert ["old"] not in [rule["resources"] for rule in document(result, "ClusterRole")["rules"]]
        assert "calico-kube-controllers" not in [item["metadata"]["name"] for item in result["rollout"] if item["kind"] == "Deployment"]
        (warning,) = [item for item in result["warnings"] if "ClusterRole" in item]
        assert warning.startswith("ClusterRole calico-node loses at the end what the manifest does not have: get old.")

    @pytest.mark.parametrize("flavour", ["calico", "calico-policy-only", "canal"])
    @pytest.mark.parametrize("old, new", [("v3.24.5", "v3.26.4"), ("v3.26.4", "v3.28.5"), ("v3.28.5", "v3.32.1")])
    def test_what_a_release_takes_away_is_no_operators_rule(self, flavour, old, new):
        found = cluster(text(old, OFFICIAL, flavour), "v1.34.0")
        assert not [item for item in plan(text(new, OFFICIAL, flavour), found)["warnings"] if "ClusterRole" in item]
        role = next(item for item in found["objects"]["clusterroles"] if item["metadata"]["name"] == "calico-node")
        role["rules"] += [
            {"apiGroups": [""], "resources": ["secrets"], "resourceNames": ["a"], "verbs": ["get", "list"]},
            {"apiGroups": [""], "resources": ["nodes"], "verbs": ["get"]},
            {"nonResourceURLs": ["/metrics"], "verbs": ["get"]},
        ]
        (warning,) = [item for item in plan(text(new, OFFICIAL, flavour), found)["warnings"] if "ClusterRole" in item]
        assert "does not have: get,list secrets of a; get /metrics. To keep it" in warning

    def test_rules_for_either_group_are_no_operators(self):
        own = "{apiGroups: [crd.projectcalico.org], resources: [%s], verbs: [get, list, watch]}"
        rules = [own % "ippools, ipamblocks, bgppeers", own.replace("crd.", "", 1) % "ippools, ipamblocks, bgppeers"]
        old = text("v3.22.5").replace("v3.22.5", "v3.32.1").replace("rules:\n", "rules:\n  - %s\n  - %s\n" % tuple(rules), 1)
        found = cluster(old, "v1.34.0")
        assert not [item for item in plan(text("v3.22.5").replace("v3.22.5", "v3.33.0"), found)["warnings"] if "ClusterRole" in item]

    def test_a_run_that_was_killed_is_gone_on_with(self):
        first = plan(text("v3.22.5"), cluster(text("v3.15.5")))
        found = cluster(text("v3.15.5"))
        found["objects"]["daemonsets"] = [document(first, "DaemonSet", key="rollout")]
        second = plan(text("v3.22.5"), found, backup="/another")
        assert second["begun"] and (second["backup"], second["host"]) == ("/backup", "control-1") and not second["warnings"]
        assert second["current"] == ["v3.15.5", "v3.22.5"]
        assert document(second, "DaemonSet")["spec"]["updateStrategy"]["type"] == "RollingUpdate"
        assert document(second, "DaemonSet", key="rollout") == document(first, "DaemonSet", key="rollout")

    def test_a_run_goes_on_on_another_host_and_says_who_keeps_what_was_there(self):
        first = plan(text("v3.22.5"), cluster(text("v3.15.5")))
        found = cluster(text("v3.15.5"))
        found["objects"]["daemonsets"] = [document(first, "DaemonSet", key="rollout")]
        second = plan(text("v3.22.5"), found, backup="/another", host="control-2")
        assert (second["backup"], second["host"]) == ("/backup", "control-1")
        (warning,) = second["warnings"]
        assert "begun on control-1" in warning and "there first, then on control-2" in warning
        assert document(second, "DaemonSet", key="rollout") == document(first, "DaemonSet", key="rollout")

    def test_images_are_pulled_by_the_account_that_is_there(self):
        found = cluster(text("v3.15.5"))
        agent(found)["spec"]["template"]["spec"]["serviceAccountName"] = "own"  # the manifest's comes with it, later
        assert plan(text("v3.22.5"), found)["service_account"] == "own"
        del agent(found)["spec"]["template"]["spec"]["serviceAccountName"]
        assert plan(text("v3.22.5"), found)["service_account"] == "default"

    def test_the_control_plane_is_last(self):
        assert plan(text("v3.22.5"), cluster(text("v3.15.5")))["nodes"] == ["worker1", "worker2", "a-control"]

    def test_rolled_back_leaves_definitions_alone(self):
        found = cluster(text("v3.22.5"))
        old = {item["kind"]: item for item in _calico_source.parse(text("v3.15.5")) if item["metadata"]["name"] == "calico-node"}
        kept = [
            {"identity": ["DaemonSet", "kube-system", "calico-node"], "apiVersion": "apps/v1", "object": old["DaemonSet"]},
            {"identity": ["ClusterRole", "", "calico-node"], "apiVersion": "rbac.authorization.k8s.io/v1", "object": old["ClusterRole"]},
            {"identity": ["CustomResourceDefinition", "", "x.crd.projectcalico.org"], "apiVersion": "apiextensions.k8s.io/v1", "object": {}},
            {"identity": ["CustomResourceDefinition", "", "y.crd.projectcalico.org"], "apiVersion": "apiextensions.k8s.io/v1", "object": None},
            {"identity": ["PodDisruptionBudget", "kube-system", "calico-kube-controllers"], "apiVersion": "policy/v1beta1", "object": None},
        ]
        result = _calico_rollback.rollback(json.dumps(kept), found, "/kept", "control-1")
        assert not result["refused"] and result["host"] == "control-1"
        assert result["steady"] == [old["DaemonSet"], old["ClusterRole"]]
        assert result["absent"] == [
            {"apiVersion": "policy/v1beta1", "kind": "PodDisruptionBudget", "metadata": {"name": "calico-kube-controllers", "namespace": "kube-system"}}
        ]
        assert document(result, "DaemonSet", key="rollout")["spec"]["updateStrategy"] == {"type": "OnDelete"}
        assert result["nodes"] == ["worker1", "worker2", "a-control"]

    def roll_back(self, found, written=None, host="control-1"):
        """Of what this host has kept at /kept when v3.15.5 was upgraded."""
        old = next(item for item in _calico_source.parse(text("v3.15.5")) if item["kind"] == "DaemonSet")
        kept = [{"identity": ["DaemonSet", "kube-system", "calico-node"], "apiVersion": "apps/v1", "object": old}]
        return _calico_rollback.rollback(json.dumps(kept), found, "/kept", host, written)

    def noted(self, version, **note):
        found = cluster(text(version) if version in ("v3.15.5", "v3.22.5") else release(version))
        agent(found)["metadata"]["annotations"] = {_calico_rollout.ROLLOUT: json.dumps(dict(note, updateStrategy={}))}
        return found

    @pytest.mark.parametrize("backup", ["/kept", "/theirs"])
    def test_what_another_host_has_begun_since_is_not_written_over(self, backup):
        (refused,) = self.roll_back(self.noted("v3.28.5", backup=backup, host="control-2"))["refused"]
        assert refused["gate"] == "begun_elsewhere"
        assert "begun on control-2" in refused["message"] and backup in refused["message"] and "there first, then on control-1" in refused["message"]

    @pytest.mark.parametrize("noted, told", [("localhost (laptop-a)", True), ("localhost (laptop-b)", False), ("localhost", False)])
    def test_localhost_is_many_machines(self, noted, told):
        found = self.noted("v3.22.5", backup="/kept", host=noted)
        assert bool(plan(text("v3.22.5"), found, host="localhost (laptop-b)")["warnings"]) is told
        assert bool(self.roll_back(found, host="localhost (laptop-b)")["refused"]) is told

    @pytest.mark.parametrize("version", ["v3.15.5", "v3.22.5"])
    def test_ones_own_half_done_work_is_put_back(self, version):
        # Of the upgrade, or of the roll-back, which may have come after the upgrade's end; an old note has no host.
        for note in ({"backup": "/kept", "host": "control-1"}, {"backup": "/kept"}):
            for written in (None, "calico/node:v3.22.5"):
                assert not self.roll_back(self.noted(version, **note), written)["refused"]

    @pytest.mark.parametrize(
        "written, live, refused",
        [
            ("calico/node:v3.22.5", "v3.22.5", False),
            ("calico/node:v3.22.5\n", "v3.22.5", False),
            ("calico/node:v3.22.5", "v3.28.5", True),
            # Put back, but killed before it could say so.
            ("calico/node:v3.22.5", "v3.15.5", False),
            # An upgrade that did not come to its end here, and folders of an older role.
            (None, "v3.28.5", False),
            ("", "v3.28.5", False),
        ],
    )
    def test_a_later_upgrade_of_another_host_is_put_back_first(self, written, live, refused):
        found = cluster(text(live) if live == "v3.15.5" else release(live))
        result = self.roll_back(found, written)["refused"]
        assert [item["gate"] for item in result] == (["upgraded_since"] if refused else [])
        if refused:
            message = "has left calico/node:v3.22.5, and the cluster has calico/node:v3.28.5: another came after it."
            assert message in result[0]["message"] and "/upgraded" in result[0]["message"]

    def test_the_end_of_an_upgrade_says_whose_it_was(self):
        result = plan(text("v3.22.5"), cluster(text("v3.15.5")))
        (before,) = [item for item in result["steady"] if item["kind"] == "DaemonSet"]
        assert _calico_rollout.upgrade(before) is None
        done = document(result, "DaemonSet", key="final")
        assert _calico_rollout.upgrade(done) == {"backup": "/backup", "host": "control-1"}
        assert [item for item in result["final"] if item["kind"] != "DaemonSet"] == [item for item in result["steady"] if item["kind"] != "DaemonSet"]
        # A second run changes nothing, whatever its own folder is; another that has something to do takes note of its own.
        found = cluster(text("v3.22.5"))
        agent(found)["metadata"]["annotations"] = done["metadata"]["annotations"]
        again = plan(text("v3.22.5"), found, backup="/later", host="control-2")
        assert document(again, "DaemonSet")["metadata"]["annotations"] == done["metadata"]["annotations"]
        assert _calico_rollout.upgrade(document(again, "DaemonSet", key="rollout")) == {"backup": "/backup", "host": "control-1"}
        assert _calico_rollout.upgrade(document(again, "DaemonSet", key="final")) == {"backup": "/later", "host": "control-2"}

    def test_an_upgrade_that_another_host_has_gone_on_with_is_still_the_firsts(self):
        found = self.noted("v3.22.5", backup="/first", host="control-1")
        done = document(plan(text("v3.22.5"), found, host="control-2"), "DaemonSet", key="final")
        assert _calico_rollout.upgrade(done) == {"backup": "/first", "host": "control-1"}

    @pytest.mark.parametrize(
        "left, kept, refused",
        [
            (("/kept", "control-1"), None, False),
            (("/theirs", "control-2"), None, True),
            (("/later", "control-1"), None, True),
            (("/kept", "control-2"), None, True),
            # What was there before this upgrade, which has not come to its end.
            (("/theirs", "control-2"), ("/theirs", "control-2"), False),
            (("/theirs", "control-2"), ("/older", "control-2"), True),
            (None, ("/older", "control-2"), False),
        ],
    )
    def test_a_later_upgrade_to_the_same_version_is_put_back_first(self, left, kept, refused):
        def said(note):
            return {_calico_rollout.UPGRADE: json.dumps(dict(zip(("backup", "host"), note)))} if note else {}

        found = cluster(text("v3.22.5"))
        agent(found)["metadata"]["annotations"] = said(left)
        old = next(item for item in _calico_source.parse(text("v3.15.5")) if item["kind"] == "DaemonSet")
        old["metadata"]["annotations"] = said(kept)
        entries = [{"identity": ["DaemonSet", "kube-system", "calico-node"], "apiVersion": "apps/v1", "object": old}]
        result = _calico_rollback.rollback(json.dumps(entries), found, "/kept", "control-1", "calico/node:v3.22.5")["refused"]
        assert [item["gate"] for item in result] == ["upgraded_since"] * refused
        assert not refused or "%s on %s" % left in result[0]["message"] and "calico-upgrade-" in result[0]["message"]
        # Roles alone are put back whatever came of the agents.
        role = [{"identity": ["ClusterRole", None, "calico-node"], "apiVersion": "rbac.authorization.k8s.io/v1", "object": None}]
        assert not _calico_rollback.rollback(json.dumps(role), found, "/kept", "control-1", None)["refused"]

    def test_what_a_later_roll_back_compares_with(self):
        result = plan(text("v3.22.5"), cluster(text("v3.15.5").replace("image: calico/", "image: mirror.example/calico/")))
        assert result["written"] == "mirror.example/calico/node:v3.22.5"

    def kept_by_who_went_on(self):
        """What a run keeps that goes on, on another host, after one that had renewed nodes."""
        first = plan(text("v3.22.5"), cluster(text("v3.15.5")))
        old = [item for item in _calico_source.parse(text("v3.15.5")) if item["kind"] == "Deployment"]
        half = [item for item in first["rollout"] if item["kind"] in ("DaemonSet", "ClusterRole")]
        return [{"identity": list(_calico_manifest.key(item)), "apiVersion": item["apiVersion"], "object": item} for item in half + old]

    # Gone on with to the same version or another; the roll-back there was killed: the old template, and nodes of both versions.
    @pytest.mark.parametrize("version, noted", [("v3.22.5", False), ("v3.28.5", False), ("v3.15.5", True)])
    def test_what_another_host_has_begun_is_put_back_there_first(self, version, noted):
        kept = self.kept_by_who_went_on()
        found = cluster(text(version) if version == "v3.15.5" else release(version))
        if noted:
            agent(found)["metadata"]["annotations"] = {_calico_rollout.ROLLOUT: json.dumps({"backup": "/kept", "host": "control-1", "updateStrategy": {}})}
        (refused,) = _calico_rollback.rollback(json.dumps(kept), found, "/here", "control-2")["refused"]
        assert "begun on control-1" in refused["message"] and "/backup" in refused["message"] and "there first, then on control-2" in refused["message"]

    def test_then_only_what_that_host_has_not_touched_is_put_back_here(self):
        kept = json.dumps(self.kept_by_who_went_on())
        result = _calico_rollback.rollback(kept, cluster(text("v3.15.5")), "/here", "control-2", "calico/node:v3.22.5")
        assert not result["refused"] and result["words"] == ["Deployment kube-system calico-kube-controllers"]
        assert (result["absent"], result["rollout"], result["nodes"]) == ([], [], [])


MARKS = {
    "helm": {"annotations": {"meta.helm.sh/release-name": "calico", "meta.helm.sh/release-namespace": "default"}},
    "rke2": {"annotations": {"meta.helm.sh/release-name": "rke2-canal", "meta.helm.sh/release-namespace": "kube-system"}},
    "k3s": {"annotations": {"objectset.rio.cattle.io/owner-gvk": "k3s.cattle.io/v1, Kind=Addon", "objectset.rio.cattle.io/owner-name": "calico"}},
    "Argo CD": {"annotations": {"argocd.argoproj.io/tracking-id": "x"}},
    "Flux": {"labels": {"kustomize.toolkit.fluxcd.io/name": "x"}},
    "the addon manager": {"labels": {"addonmanager.kubernetes.io/mode": "Reconcile"}},
    "kOps": {"labels": {"addon.kops.k8s.io/name": "networking.projectcalico.org", "app.kubernetes.io/managed-by": "kops"}},
    "k0s": {"labels": {"k0s.k0sproject.io/stack": "calico"}},
}


class TestGates:
    @pytest.mark.parametrize(
        "mark, instead",
        [("helm", "helm upgrade"), ("rke2", "upgrade RKE2"), ("k3s", "server/manifests")]
        + [(name, name) for name in ("Argo CD", "Flux", "the addon manager", "kOps", "k0s")],
    )
    def test_others_installations(self, mark, instead):
        found = cluster(text("v3.15.5"))
        agent(found)["metadata"].update(MARKS[mark])
        (refused,) = plan(text("v3.22.5"), found)["refused"]
        assert refused["gate"] == "installation" and instead in refused["message"] and refused["override"] is None

    @pytest.mark.parametrize("mark, instead", [("helm", "helm upgrade"), ("k3s", "server/manifests")])
    def test_kubekeys_file_beside_anothers_installation_opens_nothing(self, mark, instead):
        found = dict(cluster(text("v3.15.5")), kubekey=True)
        agent(found)["metadata"].update(MARKS[mark])
        (refused,) = plan(text("v3.22.5"), found, accepted="installation")["refused"]
        assert instead in refused["message"] and refused["override"] is None

    def test_the_operator(self):
        found = cluster(text("v3.15.5"), installations=[{"kind": "Installation", "metadata": {"name": "default"}, "spec": {}}])
        (refused,) = plan(text("v3.22.5"), found)["refused"]
        assert refused["gate"] == "installation" and "tigera-operator.yaml" in refused["message"]

    def test_one_of_the_operator_that_bears_no_label(self):
        found = cluster(text("v3.15.5"), installations=[{"kind": "Installation", "metadata": {"name": "default"}, "spec": {}}])
        found["objects"]["operators_daemonsets"] = found["objects"].pop("daemonsets")
        found["objects"]["daemonsets"] = []
        assert gates(plan(text("v3.22.5"), found)) == ["installation"]

    def test_etcd(self):
        found = cluster(text("v3.15.5"))
        container(agent(found))["env"] = [{"name": "ETCD_ENDPOINTS", "value": "https://10.0.0.1:2379"}]
        (refused,) = plan(text("v3.22.5"), found)["refused"]
        assert refused["gate"] == "installation" and "calico-etcd.yaml" in refused["message"]

    def test_kubespray(self):
        found = cluster(text("v3.15.5"))
        container(agent(found))["env"].append({"name": "CNI_NETWORK_CONFIG_FILE", "value": "/x"})
        (refused,) = plan(text("v3.22.5"), found)["refused"]
        assert "calico_version" in refused["message"]
        container(agent(found))["env"].append({"name": "DATASTORE_TYPE", "value": "etcdv3"})
        (refused,) = plan(text("v3.22.5"), found)["refused"]
        assert "calico_version" in refused["message"]

    @pytest.mark.parametrize("image", [True, False])
    def test_kubekey_may_be_accepted(self, image):
        found = cluster(text("v3.15.5").replace("calico/", "hub.example/kubesphereio/") if image else text("v3.15.5"))
        found["kubekey"] = not image
        (refused,) = plan(text("v3.22.5"), found)["refused"]
        assert "kk upgrade" in refused["message"] and refused["override"] == "calico_accepted_risks: [installation]"
        assert not plan(text("v3.22.5"), found, accepted="installation")["refused"]

    @pytest.mark.parametrize("number", [0, 2])
    def test_one_daemonset_is_expected(self, number):
        found = cluster(text("v3.15.5"))
        found["objects"]["daemonsets"] *= number
        assert gates(plan(text("v3.22.5"), found)) == ["not_installed"]

    @pytest.mark.parametrize(
        "image, gate",
        [
            ("quay.io/tigera/cnx-node:v3.19.1", "enterprise"),
            ("calico/node:latest", "version_unknown"),
            ("quay.io/calico/node@sha256:" + "0" * 64, "version_unknown"),
        ],
    )
    def test_versions_that_cannot_be_compared(self, image, gate):
        found = cluster(text("v3.15.5"))
        found["objects"]["pods"][1] = copy.deepcopy(found["objects"]["pods"][1])
        found["objects"]["pods"][1]["spec"]["containers"][0]["image"] = image
        assert gates(plan(text("v3.22.5"), found)) == [gate]

    @pytest.mark.parametrize(
        "change, gate",
        [
            (lambda manifest: manifest.replace("kind: DaemonSet\nmetadata: {name: calico-node", "kind: DaemonSet\nmetadata: {name: canal"), "flavour"),
            (lambda manifest: manifest.replace("namespace: kube-system", "namespace: calico-system"), "flavour"),
            (
                lambda manifest: manifest.replace(
                    "kind: Deployment\nmetadata: {name: calico-kube-controllers", "kind: Deployment\nmetadata: {name: calico-typha"
                ),
                "flavour",
            ),
            (lambda manifest: manifest.replace("value: kubernetes}", "value: etcdv3}"), "flavour"),
            (lambda manifest: manifest.replace("kind: DaemonSet", "kind: Installation"), "manifest_kind"),
            (lambda manifest: manifest.replace("node:v3.22.5", "node:master"), "manifest_version"),
            (lambda manifest: manifest + "---\n{apiVersion: v1, kind: Secret, metadata: {name: x}}\n", "manifest_secret"),
        ],
    )
    def test_manifests_of_another_kind(self, change, gate):
        assert gates(plan(change(text("v3.22.5")), cluster(text("v3.15.5")))) == [gate]

    @pytest.mark.parametrize(
        "old, new",
        [
            (("calico", "v3.26.4"), ("calico-bpf", "v3.28.5")),
            (("calico-typha", "v3.26.4"), ("calico-policy-only", "v3.28.5")),
            (("calico-policy-only", "v3.26.4"), ("calico-typha", "v3.28.5")),
            (("calico", "v3.26.4"), ("canal", "v3.28.5")),
            (("canal", "v3.26.4"), ("calico", "v3.28.5")),
            (("calico", "v3.26.4"), ("calico-typha", "v3.28.5")),
        ],
    )
    def test_another_official_flavour(self, old, new):
        manifest = text(new[1], OFFICIAL, new[0])
        assert gates(plan(manifest, cluster(text(old[1], OFFICIAL, old[0]), "v1.28.0"))) == ["flavour"]

    @pytest.mark.parametrize("flavour", ["calico", "calico-bpf", "calico-policy-only", "calico-typha", "calico-vxlan", "canal"])
    def test_the_same_official_flavour(self, flavour):
        found = cluster(text("v3.26.4", OFFICIAL, flavour), "v1.28.0")
        assert not plan(text("v3.28.5", OFFICIAL, flavour), found)["refused"]

    @pytest.mark.parametrize("live", ["crd.projectcalico.org", "projectcalico.org"])
    @pytest.mark.parametrize("brought", ["crd.projectcalico.org", "projectcalico.org"])
    def test_definitions_of_the_other_group(self, live, brought):
        old, new = (text("v3.22.5").replace("crd.projectcalico.org", group) for group in (live, brought))
        messages = [item["message"] for item in plan(new, dict(cluster(old), api_group=live))["refused"]]
        told = "The manifest has CustomResourceDefinitions of %s, and Calico keeps the cluster's objects in %s" % (brought, live)
        assert [message.partition(":")[0] for message in messages] == ([] if live == brought else [told])

    def test_the_official_manifests_of_either_group(self):
        live = [("calico", "crd.projectcalico.org"), ("calico-v3-crds", "projectcalico.org")]
        for flavour, group in live:
            found = dict(cluster(text("v3.32.1", OFFICIAL, flavour), "v1.34.0"), api_group=group)
            for other, unused in live:
                assert gates(plan(text("v3.32.1", OFFICIAL, other), found)) == ([] if other == flavour else ["flavour"])

    def test_who_allocates_addresses(self):
        def changed(version, container=True, plugin="calico-ipam"):
            manifest = text(version)
            manifest = manifest if container else manifest.replace("name: upgrade-ipam", "name: install-cni")
            return manifest.replace('{"type": "calico-ipam"}', json.dumps({"type": plugin, "subnet": "usePodCidr"}))

        # Only the container is deleted, by advice of its own comment; or only the addresses are another plugin's.
        for old, new in (({"container": False}, {}), ({}, {"container": False}), ({"plugin": "host-local"}, {})):
            assert not plan(changed("v3.22.5", **new), cluster(changed("v3.15.5", **old)))["refused"]
        other, deleted = {"container": False, "plugin": "host-local"}, {"container": False}
        for old, new in ((other, {}), ({}, other), (other, deleted), (deleted, other)):
            (refused,) = plan(changed("v3.22.5", **new), cluster(changed("v3.15.5", **old)))["refused"]
            assert refused["gate"] == "flavour" and refused["override"] is None and "host-local in the" in refused["message"]
        assert not plan(changed("v3.22.5", **other), cluster(changed("v3.15.5", **other)))["refused"]
        found = cluster(changed("v3.15.5", container=False), configmaps=[])
        assert "unknown in the cluster" in plan(text("v3.22.5"), found)["refused"][0]["message"]
        # Where neither has the container, what cannot be told is no difference.
        assert not plan(changed("v3.22.5", **other), cluster(changed("v3.15.5", **other), configmaps=[]))["refused"]

    @pytest.mark.parametrize(
        "live, felix, manifest, refused",
        [
            (None, {}, ("FELIX_BPFENABLED", "true"), "sets the dataplane bpf, and the cluster has iptables."),
            ("false", {"bpfEnabled": True}, ("FELIX_BPFENABLED", "true"), "sets the dataplane bpf, and the cluster has iptables."),
            (None, {"bpfEnabled": True}, ("FELIX_BPFENABLED", "false"), "sets the dataplane iptables, and the cluster has bpf."),
            (None, {}, ("FELIX_NFTABLESMODE", "Enabled"), "sets the dataplane nftables, and the cluster has iptables."),
            (None, {}, ("FELIX_BPFENABLED", "false"), None),
            (None, {}, ("FELIX_NFTABLESMODE", "Auto"), None),
            ("true", {}, ("FELIX_BPFENABLED", "true"), None),
            (None, {"bpfEnabled": True}, ("FELIX_BPFENABLED", "true"), None),
            (None, {"bpfEnabled": True}, None, None),
            ("true", {}, None, None),
        ],
    )
    def test_a_manifest_of_another_dataplane(self, live, felix, manifest, refused):
        new = text("v3.22.5")
        if manifest:
            new = new.replace("          env:\n", '          env:\n            - {name: %s, value: "%s"}\n' % manifest, 1)
            assert manifest[0] in new
        found = cluster(text("v3.15.5"), felixconfigurations=[{"metadata": {"name": "default"}, "spec": felix}])
        if live:
            container(agent(found))["env"].append({"name": "FELIX_BPFENABLED", "value": live})
        messages = [item["message"] for item in plan(new, found)["refused"]]
        assert [message for message in messages if "dataplane" in message] == (
            ["The manifest %s Take the manifest of the same flavour." % refused] if refused else []
        )

    @pytest.mark.parametrize("manifest", ["a: [", "- 1", "{apiVersion: v1, kind: Pod}"])
    def test_no_manifest_at_all(self, manifest):
        with pytest.raises(ValueError, match="The manifest "):
            plan(manifest, cluster(text("v3.15.5")))

    def test_a_manifest_of_enterprise(self):
        manifest = text("v3.22.5").replace("image: calico/node:v3.22.5", "image: quay.io/tigera/cnx-node:v3.22.5")
        assert gates(plan(manifest, cluster(text("v3.15.5")))) == ["manifest_version"]

    def test_the_version_asked_for(self):
        assert gates(plan(text("v3.22.5"), cluster(text("v3.15.5")), target_version="3.22.4")) == ["manifest_version"]
        assert not plan(text("v3.22.5"), cluster(text("v3.15.5")), target_version="v3.22.5")["refused"]

    @pytest.mark.parametrize(
        "old, new, server, expected",
        [
            ("v3.22.5", "v3.15.5", "v1.22.0", ["downgrade"]),
            ("v3.13.5", "v3.15.5", "v1.20.0", []),
            ("v3.15.5", "v3.14.2", "v1.20.0", ["downgrade"]),
            ("v3.13.5", "v3.14.2", "v1.22.0", ["kubernetes_api"]),
            ("v3.15.5", "v3.24.5", "v1.20.2", ["kubernetes_api"]),
            ("v3.15.5", "v3.22.5", "v1.25.0", ["kubernetes_api"]),
            ("v3.14.2", "v3.31.1", "v1.33.0", ["one_step"]),
            ("v3.15.5", "v3.31.1", "v1.33.0", []),
            ("v3.15.0", "v3.31.1", "v1.33.0", []),
            ("v3.20.6", "v3.33.0", "v1.36.0", []),
        ],
    )
    def test_versions_and_kubernetes(self, old, new, server, expected):
        assert gates(plan(release(new), cluster(release(old), server))) == expected

    def test_the_newest_of_several_versions_tells_a_downgrade(self):
        found = cluster(release("v3.15.5"))
        found["objects"]["pods"][0]["spec"] = dict(agent(cluster(release("v3.28.5")))["spec"]["template"]["spec"], nodeName="a-control")
        result = plan(text("v3.22.5"), found)
        assert gates(result) == ["downgrade"] and "v3.28.5 runs" in result["refused"][0]["message"]

    def test_what_was_not_tested_together_is_a_warning(self):
        assert "was tested with Kubernetes v1.21 to v1.23" in plan(text("v3.22.5"), cluster(text("v3.15.5"), "v1.20.2"))["warnings"][0]

    @pytest.mark.parametrize(
        "new, server, kernel, expected",
        [
            ("v3.29.1", "v1.30.0", "4.19.0", ["kernel_below_floor"]),
            ("v3.29.1", "v1.30.0", "4.18.0-553.el8_10.x86_64", []),
            ("v3.29.1", "v1.30.0", "5.10.0", []),
            ("v3.29.1", "v1.30.0", "5.4.0-216-generic", []),
            ("v3.29.1", "v1.30.0", "4.19.0-27-amd64", []),
            ("v3.29.1", "v1.30.0", "4.15.0-213-generic", ["kernel_below_floor"]),
            ("v3.27.3", "v1.28.0", "5.4.0", ["avoided_release"]),
            ("v3.27.4", "v1.28.0", "5.4.0", []),
            ("v3.28.0", "v1.28.0", "4.19.0", ["avoided_release"]),
        ],
    )
    def test_kernels(self, new, server, kernel, expected):
        found = cluster(release("v3.20.6"), server, [node("worker1", kernel)])
        result = plan(release(new), found)
        assert gates(result) == expected
        assert all("worker1 (%s)" % kernel in item["message"] for item in result["refused"])
        assert not plan(release(new), found, accepted=expected)["refused"]

    @pytest.mark.parametrize(
        "plane, kernel, low",
        [
            ("bpf", "4.18.0-305.el8.x86_64", False),
            ("bpf", "4.18.0-193.el8.x86_64", True),
            ("iptables", "4.18.0-193.el8.x86_64", False),
        ],
    )
    def test_kernels_that_vendors_have_for_a_dataplane(self, plane, kernel, low):
        refused = _calico_gates.kernels([{"name": "worker1", "kernel": kernel}], (3, 31, 1), plane, ())
        assert [item["gate"] for item in refused] == ["kernel_below_floor"] * low

    @pytest.mark.parametrize("old, interface, expected", [("v3.13.5", "*", ["host_endpoints"]), ("v3.13.5", "eth0", []), ("v3.14.2", "*", [])])
    def test_host_endpoints(self, old, interface, expected):
        endpoints = [{"metadata": {"name": "all"}, "spec": {"interfaceName": interface}}]
        result = plan(release("v3.15.5"), cluster(release(old), "v1.20.0", hostendpoints=endpoints))
        assert gates(result) == expected

    @pytest.mark.parametrize(
        "mode, override, kernel, new, expected",
        [
            ("Always", "", "5.15.0", "v3.28.2", ["vxlan_offload"]),
            ("CrossSubnet", "", "5.15.0", "v3.28.0", ["vxlan_offload"]),
            ("Never", "", "5.15.0", "v3.28.2", []),
            ("Always", "ChecksumOffloadBroken=true", "5.15.0", "v3.28.2", []),
            ("Always", "", "5.4.0", "v3.28.2", []),
            ("Always", "", "5.15.0", "v3.28.1", []),
        ],
    )
    def test_the_default_of_vxlan_that_flips(self, mode, override, kernel, new, expected):
        objects = {
            "ippools": [{"metadata": {"name": "default"}, "spec": {"vxlanMode": mode}}],
            "felixconfigurations": [{"metadata": {"name": "default"}, "spec": {"featureDetectOverride": override}}],
        }
        found = cluster(release("v3.26.4"), "v1.28.0", [node("worker1", kernel)], **objects)
        assert gates(plan(release(new), found)) == expected

    def test_the_aggregated_api_and_admin_policies(self):
        objects = {"apiservices": [{"metadata": {"name": "v3.projectcalico.org"}}], "adminpolicies": [{"metadata": {"name": "deny-all"}}]}
        found = cluster(release("v3.26.4"), "v1.35.0", **objects)
        assert gates(plan(release("v3.32.1"), found)) == ["resource_uids", "admin_policies"]

    def test_nodes_that_are_not_ready_are_left_out(self):
        found = cluster(text("v3.15.5"), nodes=[node("worker1"), node("worker2", ready="Unknown")])
        assert gates(plan(text("v3.22.5"), found)) == ["nodes_not_ready"]
        result = plan(text("v3.22.5"), found, accepted=["nodes_not_ready"])
        assert not result["refused"] and result["nodes"] == ["worker1"]

    @pytest.mark.parametrize(
        "labels, affinity, counts",
        [
            ({"kubernetes.io/os": "windows"}, None, False),
            ({}, None, True),
            ({"type": "virtual-kubelet"}, [{"key": "type", "operator": "NotIn", "values": ["virtual-kubelet"]}], False),
            ({"type": "bare"}, [{"key": "type", "operator": "NotIn", "values": ["virtual-kubelet"]}], True),
            ({"type": "bare"}, [{"key": "type", "operator": "In", "values": ["virtual-kubelet"]}], False),
            ({"type": "bare"}, [{"key": "type", "operator": "Exists"}, {"key": "other", "operator": "DoesNotExist"}], True),
            ({"type": "bare"}, [{"key": "type", "operator": "DoesNotExist"}], False),
            ({"size": "3"}, [{"key": "size", "operator": "Gt", "values": ["5"]}], True),
        ],
    )
    def test_nodes_that_can_have_no_agent_are_in_no_gate(self, labels, affinity, counts):
        found = cluster(text("v3.15.5"))
        if affinity:
            required = {"nodeSelectorTerms": [{"matchExpressions": affinity}]}
            pod = agent(found)["spec"]["template"]["spec"]
            pod["affinity"] = {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": required}}
        found["objects"]["nodes"] = found["objects"]["nodes"] + [node("other", "3.9.0", "Unknown", **labels)]
        looked = [{"node": item, "rules": [], "error": None} for item in ("a-control", "worker1", "worker2")]
        result = plan(text("v3.22.5"), found, looked)
        assert set(gates(result)) == ({"forward_rules", "kernel_below_floor", "nodes_not_ready"} if counts else set())
        assert ("3.9.0" in _calico_plan.suitable(found)) is counts

    def test_which_nodes_count(self):
        found = cluster(text("v3.15.5"))
        pod = agent(found)["spec"]["template"]["spec"]

        def names(*terms, **labels):
            required = {"nodeSelectorTerms": [{"matchExpressions": [dict(term, key="type")]} for term in terms]}
            pod["affinity"] = {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": required}}
            nodes = cluster(text("v3.15.5"))["objects"]["nodes"] + [node("other", **labels)]
            return [item["name"] for item in _calico_cluster.nodes_of(dict(found, objects=dict(found["objects"], nodes=nodes)), agent(found))]

        with_pods = ["a-control", "worker1", "worker2"]
        bare, edge = {"operator": "In", "values": ["bare"]}, {"operator": "In", "values": ["edge"]}
        # One of the terms suffices, and a node that has a pod counts though no term is met any more.
        assert names(bare, edge, type="edge") == with_pods + ["other"]
        assert names(bare, edge, type="none") == with_pods

    @pytest.mark.parametrize(
        "name, spec, plane",
        [
            ("default", {"bpfEnabled": True}, "bpf"),
            ("default", {"nftablesMode": "Enabled"}, "nftables"),
            ("default", {"nftablesMode": "Disabled"}, "iptables"),
            ("default", {"nftablesMode": "Auto"}, "iptables"),
            ("node.worker1", {"bpfEnabled": True}, "iptables"),
        ],
    )
    def test_which_dataplane_runs(self, name, spec, plane):
        found = cluster(text("v3.15.5"), felixconfigurations=[{"metadata": {"name": name}, "spec": spec}])
        assert _calico_cluster.dataplane(agent(found), found["objects"]) == plane

    def test_unknown_risks_are_refused_by_name(self):
        with pytest.raises(ValueError, match="calico_accepted_risks: all"):
            options_of({"accepted": "all"})


REJECT = "-A FORWARD -j REJECT --reject-with icmp-host-prohibited"


class TestForward:
    def looked(self, rules=(), missing=()):
        return [{"node": name, "rules": list(rules), "error": None} for name in ("a-control", "worker1", "worker2") if name not in missing]

    @pytest.mark.parametrize(
        "old, new, environment, look",
        [
            ("v3.15.5", "v3.16.0", {}, True),
            ("v3.13.5", "v3.15.5", {}, False),
            ("v3.16.0", "v3.22.5", {}, False),
            ("v3.15.5", "v3.22.5", {"name": "FELIX_BPFENABLED", "value": "true"}, False),
        ],
    )
    def test_only_where_the_accept_moves(self, old, new, environment, look):
        found = cluster(release(old), "v1.20.0")
        if environment:
            container(agent(found))["env"].append(environment)
        result = plan(release(new), found, self.looked([REJECT]))
        assert result["look"] is look
        assert gates(result) == (["forward_rules"] if look else [])

    def test_the_rule_is_in_the_message(self):
        (refused,) = plan(text("v3.22.5"), cluster(text("v3.15.5")), self.looked([REJECT]))["refused"]
        assert refused["message"].count("worker1: " + REJECT) == 1
        assert refused["override"] == "calico_accepted_risks: [forward_rules]"
        assert not plan(text("v3.22.5"), cluster(text("v3.15.5")), self.looked([REJECT]), accepted=["forward_rules"])["refused"]

    def test_a_node_that_nobody_could_look_at(self):
        (refused,) = plan(text("v3.22.5"), cluster(text("v3.15.5")), self.looked(missing=["worker2"]))["refused"]
        assert "worker2: no host of the inventory" in refused["message"]

    def test_a_node_whose_rules_could_not_be_read(self):
        looked = self.looked(missing=["worker2"]) + [{"node": "worker2", "rules": [REJECT], "error": "slow"}]
        (refused,) = plan(text("v3.22.5"), cluster(text("v3.15.5")), looked)["refused"]
        assert "worker2: slow" in refused["message"] and "worker2: " + REJECT in refused["message"]

    def dumps(self, **places):
        def dump(place):
            rules, ends, unavailable = places.get(place, ({}, [], None))
            tables = {"filter": {"rules": rules}}
            return {"tables": tables, "forward_ends": ends, "unavailable": unavailable and {"message": unavailable}, "incompatible": []}

        return {backend: {version: dump(backend + "_" + version) for version in ("ipv4", "ipv6")} for backend in ("legacy", "nft")}

    @pytest.mark.parametrize(
        "places, found, unread",
        [
            ({}, [], None),
            ({"nft_ipv4": ({"cali": 3}, [REJECT], None)}, ["nft ipv4: " + REJECT], None),
            ({"nft_ipv4": ({"cali": 3}, [], None), "nft_ipv6": ({}, [REJECT], None)}, ["nft ipv6: " + REJECT], None),
            # What stands in the other backend was met before the upgrade too.
            ({"nft_ipv4": ({"cali": 3}, [], None), "legacy_ipv4": ({"KUBE": 1}, [REJECT], None)}, [], None),
            ({"legacy_ipv4": ({}, [REJECT], None)}, ["legacy ipv4: " + REJECT], None),
            ({"nft_ipv4": ({}, [], "slow")}, [], "the nft ipv4 rules could not be listed: slow"),
        ],
    )
    def test_the_backend_that_calico_writes_to(self, places, found, unread):
        assert _calico_gates.ends_of(self.dumps(**places)) == (found, unread)

    @pytest.mark.parametrize("table, unread", [("filter", True), ("nat", False)])
    def test_a_table_that_iptables_leaves_out(self, table, unread):
        dumps = self.dumps(nft_ipv6=({"cali": 3}, [], None))
        dumps["nft"]["ipv4"].update(tables={}, incompatible=[table])
        sentence = "the nft ipv4 rules could not be listed: This iptables cannot read the tables filter: a newer one or nft itself has written them"
        assert _calico_gates.ends_of(dumps) == ([], sentence if unread else None)

    def test_hosts_are_matched_by_proof_not_by_name(self):
        cluster_ = {"id": "c1", "nodes": [{"name": "worker1", "addresses": ["10.0.0.1"]}]}
        node_ = {"name": "worker1", "cluster": "c1", "addresses": ["10.0.0.1"]}
        hosts = [{"item": "alpha", "node": node_}, {"item": "worker1", "node": dict(node_, cluster="c2")}, {"item": "dead", "unreachable": True}]
        rules = [{"item": "alpha", "iptables": {"iptables_dumps": self.dumps(nft_ipv4=({}, [REJECT], None))}}]
        assert _calico_gates.looked_at(hosts, rules, cluster_) == [{"node": "worker1", "rules": ["nft ipv4: " + REJECT], "error": None}]
        assert _calico_gates.looked_at(hosts, [{"item": "alpha", "msg": "no"}], cluster_) == [{"node": "worker1", "rules": [], "error": "no"}]


class TestRoles:
    def test_from_the_manifest_of_the_version_that_runs(self):
        found = cluster(text("v3.22.5"))
        own = {"apiGroups": [""], "resources": ["mine"], "verbs": ["get"]}
        found["objects"]["clusterroles"][0]["rules"] = [own]
        result = _calico_roles.rbac(text("v3.22.5"), found, options_of({}))
        assert [item["kind"] for item in result["documents"]] == ["ServiceAccount", "ClusterRole", "ClusterRole", "ClusterRoleBinding"]
        assert [rule["resources"][0] for rule in result["documents"][1]["rules"]] == ["mine", "pods", "endpointslices"]

    def test_a_manifest_of_another_version_leaves_it_to_the_table(self):
        found = cluster(text("v3.22.5"))
        of_table = _calico_roles.rbac("", found, options_of({}))
        assert of_table["documents"] and not of_table["warnings"]
        result = _calico_roles.rbac(text("v3.24.5"), found, options_of({}))
        told = "The manifest is of v3.24.5, and v3.22.5 runs: the roles are completed for v3.22.5, from the collection's table."
        assert result == dict(of_table, warnings=[told])

    def test_from_the_table(self):
        found = cluster(text("v3.22.5", OFFICIAL))
        assert _calico_roles.rbac("", found, options_of({}))["documents"] == []
        found["objects"]["clusterroles"] = cluster(text("v3.20.6", OFFICIAL))["objects"]["clusterroles"]
        result = _calico_roles.rbac("", found, options_of({}))
        (role,) = [item for item in result["documents"] if item["metadata"]["name"] == "calico-node"]
        assert {"apiGroups": ["crd.projectcalico.org"], "resources": ["caliconodestatuses"], "verbs": ["get", "list", "update", "watch"]} in role["rules"]
        found["objects"]["clusterroles"] = result["documents"]
        assert _calico_roles.rbac("", found, options_of({}))["documents"] == []

    def test_from_the_table_in_the_group_of_the_cluster(self):
        found = dict(cluster(text("v3.32.1", OFFICIAL, "calico-v3-crds"), "v1.34.0"), api_group="projectcalico.org")
        assert _calico_roles.rbac("", found, options_of({}))["documents"] == []
        next(role for role in found["objects"]["clusterroles"] if role["metadata"]["name"] == "calico-node")["rules"] = []
        (role,) = _calico_roles.rbac("", found, options_of({}))["documents"]
        groups = set(group for rule in role["rules"] for group in rule["apiGroups"])
        assert "projectcalico.org" in groups and "crd.projectcalico.org" not in groups

    @pytest.mark.parametrize("number", [0, None])
    def test_an_account_that_nothing_runs_under(self, number):
        found = cluster(text("v3.26.4", OFFICIAL), "v1.26.0")
        roles, deployments = found["objects"]["clusterroles"], found["objects"]["deployments"]
        found["objects"]["clusterroles"] = [dict(role, rules=[]) for role in roles if role["metadata"]["name"] != "calico-kube-controllers"]
        assert "ClusterRole calico-kube-controllers" in _calico_roles.rbac("", found, options_of({}))["refused"][0]["message"]
        deployments[0]["spec"]["replicas"] = number
        if number is None:
            deployments.clear()
        result = _calico_roles.rbac("", found, options_of({}))
        assert not result["refused"]
        assert [item["metadata"]["name"] for item in result["documents"]] == ["calico-node", "calico-cni-plugin"]

    def test_the_controllers_that_run_tell_what_is_needed(self):
        found = cluster(release("v3.31.0"), "v1.33.0")
        controllers = container(found["objects"]["deployments"][0], "calico-kube-controllers")
        for enabled, needs in (("node,loadbalancer", True), ("node", False)):
            controllers["env"] = [{"name": "ENABLED_CONTROLLERS", "value": enabled}]
            documents = _calico_roles.rbac("", found, options_of({}))["documents"]
            (role,) = [item for item in documents if item["metadata"]["name"] == "calico-kube-controllers"]
            assert any("services" in rule["resources"] for rule in role["rules"]) is needs

    def test_an_account_that_needs_nothing_of_ours(self):
        found = cluster(text("v3.22.5"))
        container(agent(found))["env"].append({"name": "CALICO_CNI_SERVICE_ACCOUNT", "value": "own"})
        assert not _calico_roles.rbac("", found, options_of({}))["refused"]

    def test_canals_plugin_has_the_agents_account(self):
        found = cluster(text("v3.26.4", OFFICIAL, "canal"), "v1.26.0")
        roles = [role for role in found["objects"]["clusterroles"] if role["metadata"]["name"] != "calico-cni-plugin"]
        found["objects"]["clusterroles"] = roles
        assert not _calico_roles.rbac("", found, options_of({}))["refused"]
        next(role for role in roles if role["metadata"]["name"] == "calico-node")["rules"] = []
        (document,) = _calico_roles.rbac("", found, options_of({}))["documents"]
        assert document["metadata"]["name"] == "calico-node"
        assert {"apiGroups": [""], "resources": ["serviceaccounts/token"], "verbs": ["create"], "resourceNames": ["canal"]} in document["rules"]

    def test_an_account_that_is_missing_needs_the_manifest(self):
        found = cluster(text("v3.26.4", OFFICIAL), "v1.26.0")
        roles = found["objects"]["clusterroles"]
        found["objects"]["clusterroles"] = [role for role in roles if role["metadata"]["name"] != "calico-cni-plugin"]
        (refused,) = _calico_roles.rbac("", found, options_of({}))["refused"]
        assert "calico_manifest of v3.26.4" in refused["message"]


def test_what_suits():
    told = "Calico's documents name 3.18, 3.19, 3.20, 3.21 for Kubernetes v1.20.2 and kernels 5.15.0"
    assert _calico_plan.suitable(cluster(text("v3.15.5"), "v1.20.2")) == told
    assert "3.27, 3.28 for" in _calico_plan.suitable(cluster(text("v3.15.5"), "v1.29.0", [node("a", "3.10.0-1160.el7")]))
    # 3.28.0 alone is to be avoided on this kernel.
    assert "3.27, 3.28, 3.29 for" in _calico_plan.suitable(cluster(text("v3.15.5"), "v1.29.0", [node("a", "4.18.0-553.el8_10.x86_64")]))
    assert "no release" in _calico_plan.suitable(cluster(text("v3.15.5"), "v1.99.0"))
    assert "could not be read" in _calico_plan.suitable(cluster(text("v3.15.5"), None))


def test_what_suits_the_dataplane_of_the_cluster():
    found = cluster(text("v3.15.5"), "v1.29.0", [node("a", "5.2.0")])
    assert "3.27, 3.28 for" in _calico_plan.suitable(found)
    container(agent(found))["env"].append({"name": "FELIX_BPFENABLED", "value": "true"})
    assert "no release" in _calico_plan.suitable(found)


def variables_of(role):
    with open(os.path.join(ROOT, "roles", role, "meta", "argument_specs.yml"), encoding="utf-8") as stream:
        return yaml.safe_load(stream)["argument_specs"]["main"]["options"]


def test_no_variable_is_one_of_kubesprays():
    options = variables_of("calico")
    assert len(KUBESPRAY) > 90
    assert not (set(options) | set(variables_of("calico_ipam"))) & {"calico_" + name for name in KUBESPRAY}
    assert tuple(options["calico_accepted_risks"]["choices"]) == _calico_gates.OVERRIDES
