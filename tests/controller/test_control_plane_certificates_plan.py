"""What the role control_plane_certificates would renew and restart, worked out from what was read; and why it may not."""

import copy

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.nodemend.kubernetes.plugins.filter.control_plane_certificates_plan import control_plane_certificates_plan as plan

PKI = "/etc/kubernetes/pki/"
LOOPBACK, LEAVES, AUTHORITIES = (
    "apiserver_loopback_certificate_expiring",
    "kubernetes_certificate_expiring",
    "certificate_authority_expiring",
)
STARTED = 1000000
PIDS = {"etcd": 11, "kube-apiserver": 12, "kube-controller-manager": 13, "kube-scheduler": 14}
FILES = {
    "/usr/bin/kubeadm": 1,
    **{"/etc/kubernetes/manifests/%s.yaml" % name: 1 for name in PIDS},
    **{PKI + name: 1 for name in ("ca.key", "front-proxy-ca.key", "etcd/ca.key", "apiserver.crt", "etcd/server.crt")},
    "/etc/kubernetes/scheduler.conf": 1,
}


def found(loopback="ok", due=(), dying=(), status=None, distribution="kubelet", units=None, running=True, **facts):
    """A control plane of kubeadm's; due and dying: files of certificates and authorities that are near their end."""
    verdicts = [(LOOPBACK, loopback, []), (LEAVES, status or ("at_risk" if due else "ok"), due), (AUTHORITIES, "at_risk" if dying else "ok", dying)]
    values = {
        "control_plane_processes": [{"name": name, "pid": pid, "started": STARTED, "unit": (units or {}).get(name)} for name, pid in PIDS.items()],
        "certificates": {"certificates": [{"path": path, "not_after": 5} for path in due], "unreadable": []},
        "node": {"distribution": distribution},
        "kubelet": {"running": running},
    }
    return {
        "conditions": [{"condition": name, "status": word, "message": name + " told.", "evidence": {"due": list(paths)}} for name, word, paths in verdicts],
        "control_plane": dict(values, **facts),
        "unavailable": {},
    }


def names(result):
    return [item["name"] for item in result["renew"]], [item["name"] for item in result["restart"]]


def without(*paths):
    return {path: time for path, time in FILES.items() if path not in paths}


def test_nothing_is_due():
    assert plan(found(), FILES, True) == {"needed": False, "refused": [], "renew": [], "restart": [], "steps": []}


@pytest.mark.parametrize("status", ["faulty", "at_risk"])
def test_the_loopback_certificate_needs_a_restart_and_nothing_else(status):
    result = plan(found(status), FILES)
    assert result["restart"] == [{"name": "kube-apiserver", "process": "kube-apiserver", "pid": 12, "unit": None}]
    assert (result["renew"], result["refused"], result["steps"]) == ([], [], ["restart kube-apiserver"])
    assert result["needed"]


@pytest.mark.parametrize(
    ("path", "name", "parts"),
    [
        (PKI + "apiserver.crt", "apiserver", ["kube-apiserver"]),
        (PKI + "front-proxy-client.crt", "front-proxy-client", ["kube-apiserver"]),
        (PKI + "etcd/peer.crt", "etcd-peer", ["etcd"]),
        (PKI + "etcd/healthcheck-client.crt", "etcd-healthcheck-client", []),
        ("/etc/kubernetes/scheduler.conf", "scheduler.conf", ["kube-scheduler"]),
        ("/etc/kubernetes/admin.conf", "admin.conf", []),
    ],
)
def test_each_certificate_and_what_reads_it(path, name, parts):
    result = plan(found(due=[path]), FILES, True)
    assert names(result) == ([name], parts) and result["refused"] == [] and result["needed"]
    assert result["renew"][0] == {"name": name, "path": path, "not_after": 5}


def test_nothing_is_renewed_that_nobody_asked_for():
    due = [PKI + "apiserver.crt", "/etc/kubernetes/scheduler.conf"]
    assert names(plan(found(due=due), FILES)) == ([], [])
    assert names(plan(found(due=due), FILES, ["scheduler.conf"])) == (["scheduler.conf"], ["kube-scheduler"])
    assert names(plan(found(due=due), FILES, "scheduler.conf, etcd-peer")) == (["scheduler.conf"], ["kube-scheduler"])
    assert names(plan(found(due=due), FILES, "yes")) == (["apiserver", "scheduler.conf"], ["kube-apiserver", "kube-scheduler"])


def test_a_wrong_name():
    with pytest.raises(AnsibleFilterError, match="control_plane_certificates_renew: scheduler is no certificate of kubeadm; .*scheduler.conf"):
        plan(found(), FILES, ["scheduler"])


def test_what_a_killed_run_has_renewed_is_restarted_by_the_next():
    newer = dict(FILES, **{PKI + "etcd/server.crt": STARTED + 60, PKI + "apiserver.crt": STARTED + 61})
    assert names(plan(found(), newer, True)) == ([], ["etcd", "kube-apiserver"])
    assert names(plan(found(), newer, ["apiserver"])) == ([], ["kube-apiserver"])
    assert names(plan(found(), newer)) == ([], [])


def test_a_component_that_has_started_in_the_second_of_its_file_has_read_it():
    newer = dict(FILES, **{PKI + "etcd/server.crt": STARTED + 1, PKI + "apiserver.crt": STARTED + 2})
    assert names(plan(found(), newer, True)) == ([], ["kube-apiserver"])


def test_a_roll_back_restarts_and_renews_nothing():
    newer = dict(FILES, **{PKI + "apiserver.crt": STARTED + 60})
    result = plan(found("at_risk", due=[PKI + "etcd/server.crt"]), newer, True, "rolled_back")
    assert names(result) == ([], ["kube-apiserver"]) and result["refused"] == []
    assert names(plan(found("at_risk"), FILES, True, "rolled_back")) == ([], [])


@pytest.mark.parametrize("case", [{"loopback": "unknown"}, {"status": "unknown"}])
def test_what_cannot_be_judged_matters_only_to_what_was_asked_for(case):
    assert plan(found(**case), FILES, True)["refused"]
    assert plan(found(**case), FILES, True, "rolled_back")["refused"] == []
    assert plan(found(**case), FILES, False)["refused"] == ([LOOPBACK + " told."] if "loopback" in case else [])


@pytest.mark.parametrize(
    ("case", "files", "reason"),
    [
        ({"due": [PKI + "apiserver.crt"]}, without("/usr/bin/kubeadm"), "no kubeadm"),
        ({"due": [PKI + "apiserver.crt"]}, without(PKI + "ca.key"), "external CA"),
        ({"due": [PKI + "front-proxy-client.crt"]}, without(PKI + "front-proxy-ca.key"), "front-proxy-ca.key is not on this host"),
        ({"due": [PKI + "apiserver.crt"], "dying": [PKI + "ca.crt"]}, FILES, "pki/ca.crt itself is near its end"),
        ({"due": ["/etc/ssl/etcd/ssl/member-n1.pem"]}, FILES, "kubespray's or KubeKey's playbooks"),
        ({"loopback": "unknown"}, FILES, LOOPBACK + " told."),
        ({"status": "unknown"}, FILES, LEAVES + " told."),
        ({"loopback": "faulty"}, without("/etc/kubernetes/manifests/kube-apiserver.yaml"), "neither as a static pod"),
        ({"loopback": "faulty", "running": False}, FILES, "The kubelet does not run"),
        ({"certificates": None}, FILES, "could not be read"),
    ],
)
def test_refused(case, files, reason):
    result = plan(found(**case), files, True)
    assert result["needed"] and any(reason in sentence for sentence in result["refused"]), result["refused"]


def test_an_external_authority_is_named_with_its_own_certificates():
    due = [PKI + "front-proxy-client.crt", PKI + "apiserver.crt"]
    (sentence,) = plan(found(due=due), without(PKI + "front-proxy-ca.key"), True)["refused"]
    assert sentence.endswith("who holds it renews front-proxy-client.")


def test_an_authority_that_signs_none_of_them_is_no_reason():
    assert plan(found(due=[PKI + "apiserver.crt"], dying=[PKI + "etcd/ca.crt"]), FILES, True)["refused"] == []


def test_what_is_not_kubeadms_does_not_matter_to_names():
    due = [PKI + "apiserver.crt", "/etc/ssl/etcd/ssl/member-n1.pem"]
    result = plan(found(due=due), FILES, ["apiserver"])
    assert names(result) == (["apiserver"], ["kube-apiserver"]) and result["refused"] == []


KUBESPRAY = {path.replace("/pki/", "/ssl/"): time for path, time in FILES.items()}


@pytest.mark.parametrize("renew", [True, ["apiserver"]])
def test_kubespray_links_pki_to_ssl(renew):
    due = ["/etc/kubernetes/ssl/apiserver.crt"]
    files = dict(KUBESPRAY, **FILES, **{"/etc/kubernetes/ssl/ca.crt": 1, PKI + "ca.crt": 1})
    result = plan(found(due=due), files, renew)
    assert names(result) == (["apiserver"], ["kube-apiserver"]) and result["refused"] == []
    assert result["renew"] == [{"name": "apiserver", "path": due[0], "not_after": 5}]
    dying = plan(found(due=due, dying=["/etc/kubernetes/ssl/ca.crt"]), files, renew)
    assert "ca.crt itself is near its end" in dying["refused"][0]


@pytest.mark.parametrize("files", [KUBESPRAY, dict(FILES, **{"/etc/kubernetes/ssl/apiserver.crt": 2})])
@pytest.mark.parametrize("renew, reason", [(True, "playbooks"), (["apiserver"], "not where kubeadm would renew it"), (["scheduler.conf"], None)])
def test_what_is_due_elsewhere_is_never_passed_over_in_silence(files, renew, reason):
    result = plan(found(due=["/etc/kubernetes/ssl/apiserver.crt"]), files, renew)
    assert result["renew"] == [] and [reason in sentence for sentence in result["refused"]] == ([True] if reason else [])


def test_units():
    result = plan(found("at_risk", units={"kube-apiserver": "kube-apiserver.service"}, running=False), {})
    assert result["restart"] == [{"name": "kube-apiserver", "process": "kube-apiserver", "pid": 12, "unit": "kube-apiserver.service"}]
    assert result["refused"] == []


@pytest.mark.parametrize(
    ("distribution", "process", "unit", "case"),
    [
        ("k3s", "k3s", "k3s.service", {"loopback": "at_risk"}),
        ("k3s", "k3s", "k3s.service", {"due": ["/var/lib/rancher/k3s/server/tls/client-admin.crt"]}),
        ("rke2", "kube-apiserver", "rke2-server.service", {"due": ["/var/lib/rancher/rke2/server/tls/client-admin.crt"]}),
        ("rke2", "kube-apiserver", "rke2-server.service", {"loopback": "at_risk", "due": ["/var/lib/rancher/rke2/server/tls/client-admin.crt"]}),
    ],
)
def test_servers_renew_when_they_start(distribution, process, unit, case):
    processes = [{"name": process, "pid": 9, "started": STARTED, "unit": None}]
    result = plan(found(distribution=distribution, control_plane_processes=processes, **case), {}, True)
    assert result["restart"] == [{"name": unit, "process": process, "pid": 9, "unit": unit}]
    assert result["renew"] == [] and result["refused"] == []


@pytest.mark.parametrize("distribution", ["k3s", "rke2"])
@pytest.mark.parametrize(
    ("case", "renew"),
    [
        ({}, True),
        ({"due": ["/var/lib/rancher/k3s/server/tls/client-admin.crt"]}, False),
        ({"loopback": "at_risk", "control_plane_processes": []}, False),
        ({"due": ["/var/lib/rancher/k3s/server/tls/client-admin.crt"], "control_plane_processes": []}, True),
    ],
)
def test_a_server_that_has_nothing_to_renew_or_is_down_is_not_restarted(distribution, case, renew):
    assert plan(found(distribution=distribution, **case), {}, renew) == {"needed": False, "refused": [], "renew": [], "restart": [], "steps": []}


@pytest.mark.parametrize("renew", [True, False])
@pytest.mark.parametrize("running", [True, False])
def test_a_start_of_rke2_leaves_its_api_server_alone(renew, running):
    processes = [{"name": "kube-apiserver", "pid": 9, "started": STARTED, "unit": None}]
    result = plan(found("at_risk", distribution="rke2", control_plane_processes=processes, running=running), {}, renew)
    assert result["restart"] == [{"name": "kube-apiserver", "process": "kube-apiserver", "pid": 9, "unit": None}]
    assert bool(result["refused"]) is not running


def test_one_that_is_down_is_waited_for():
    case = found(due=[PKI + "apiserver-etcd-client.crt"])
    case["control_plane"]["control_plane_processes"] = copy.deepcopy(case["control_plane"]["control_plane_processes"])[:1]
    result = plan(case, FILES, True)
    assert result["restart"] == [{"name": "kube-apiserver", "process": "kube-apiserver", "pid": None, "unit": None}]
    assert result["steps"][-1] == "wait until the kubelet has started kube-apiserver"
