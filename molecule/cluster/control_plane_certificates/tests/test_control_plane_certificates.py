"""The API server runs with new certificates, nothing else was touched; a killed run was completed; what must not be done is refused."""

import datetime
import json
import os
import pathlib
import re
import subprocess

import pytest

HERE = pathlib.Path(__file__).resolve().parents[1]
CERTIFICATE = "/etc/kubernetes/pki/apiserver-kubelet-client.crt"
SUBJECT = "/O=system:masters/CN=kube-apiserver-kubelet-client"


@pytest.fixture(scope="module")
def control(node):
    return node("control1")


@pytest.fixture
def role():
    """Return a function that runs the role and returns what was printed."""

    def run(*arguments, status=0):
        command = ["ansible-playbook", "--inventory", os.environ["NODEMEND_INVENTORY"], str(HERE / "converge.yml"), *arguments]
        done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
        assert done.returncode == status, done.stdout + done.stderr
        return re.sub(r"\s+", " ", done.stdout + done.stderr)

    return run


@pytest.fixture
def host_state(control):
    """Return a function: the files and processes of the control plane, which no refusal touches."""

    def look():
        files = control.check_output("find /etc/kubernetes /var/lib/nodemend -type f -exec sha256sum {} + | sort")
        return files, [pid(control, name) for name in ("etcd", "kube-apiserver", "kube-controller", "kube-scheduler")]

    return look


@pytest.fixture
def refused(refusal, host_state):
    """Return a function: the role refuses with all of these words, and nothing changes in the cluster or on the host."""
    return lambda *words, arguments=(): refusal(HERE / "converge.yml", *arguments, words=words, same=[host_state])


@pytest.fixture
def short(control):
    """Have the CA sign the certificate for ten more days only."""
    control.check_output("sh /run/lab/near_its_end.sh sign %s /etc/kubernetes/pki/ca %s", CERTIFICATE, SUBJECT)


@pytest.fixture
def holder(kubectl):
    """Return a function that tells who holds the lock, after it has given it to somebody (an empty name: nobody) where a name is given."""

    def lease(name=None):
        if name is not None:
            now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.000000Z")
            spec = {"holderIdentity": name or None, "leaseDurationSeconds": 3600, "renewTime": now}
            kubectl("patch", "lease", "nodemend-maintenance", "--namespace=kube-system", "--type=merge", "--patch", json.dumps({"spec": spec}))
        return kubectl.json("lease", "nodemend-maintenance", "--namespace=kube-system")["spec"].get("holderIdentity")

    return lease


def pid(control, name="kube-apiserver"):
    return int(control.check_output("pgrep -x " + name))


def renewed(control):
    return control.run("openssl x509 -noout -checkend $((300 * 86400)) -in " + CERTIFICATE).rc == 0


def test_the_certificate_is_new_and_of_the_same_ca_and_name(control):
    assert renewed(control)
    control.check_output("openssl verify -CAfile /etc/kubernetes/pki/ca.crt " + CERTIFICATE)
    subject = control.check_output("openssl x509 -noout -subject -nameopt compat -in " + CERTIFICATE)
    assert subject == "subject=O = system:masters, CN = kube-apiserver-kubelet-client" or subject == "subject=" + SUBJECT


def test_the_api_server_was_restarted_and_shows_its_own_loopback_certificate(control, kubectl):
    shown = control.check_output(
        "openssl s_client -connect 127.0.0.1:6443 -servername apiserver-loopback-client </dev/null 2>/dev/null | openssl x509 -noout -subject"
    )
    started = int(re.search(r"apiserver-loopback-client@(\d+)", shown).group(1))
    assert started > int(control.check_output("stat -c %Y " + CERTIFICATE))
    assert kubectl("get", "--raw", "/readyz") == "ok"
    # The kubelet takes the new certificate.
    assert kubectl("logs", "--namespace=kube-system", "--tail=1", "etcd-control1")


def test_etcd_was_not_restarted(control):
    assert pid(control, "etcd") == int(control.check_output("cat /run/lab/etcd.pid"))


def test_the_backup_is_for_root_alone_and_holds_the_old_file(control):
    (folder,) = control.check_output("find /var/lib/nodemend -name control_plane_certificates").split()
    assert control.file(folder).mode == 0o700
    assert {control.file(folder + "/" + name).mode for name in ("kubernetes.tar.gz", "replaced.json")} == {0o600}
    kept = control.check_output("tar --extract --gzip --to-stdout --file %s/kubernetes.tar.gz kubernetes/pki/apiserver-kubelet-client.crt", folder)
    assert kept == control.check_output("cat /run/lab/short.crt")


def test_a_scan_is_content(control):
    wanted = "conditions=apiserver_loopback_certificate_expiring,kubernetes_certificate_expiring"
    scan = control.ansible("nodemend.kubernetes.node_condition_info", wanted, check=False)
    assert [verdict["status"] for verdict in scan["conditions"]] == ["ok", "ok"]


def test_an_outage_that_is_not_allowed(refused, short, holder):
    refused("maintenance_api_outage_ok", arguments=["-e", "maintenance_api_outage_ok=false"])
    assert holder() is None  # it was taken, by converge too, and given back


def test_somebody_elses_lock(refused, short, holder):
    holder("bastion/ben/1")
    try:
        refused("bastion/ben/1 holds the maintenance lock of this cluster")
        assert holder() == "bastion/ben/1"
    finally:
        holder("")


def test_a_batch_that_is_too_large(refused, short):
    refused('the hosts of a cluster are stopped one at a time. Give the play "serial: 1"', arguments=["-e", "lab_hosts=all lab_serial=100%"])


def test_what_was_not_allowed_is_told(role, short, host_state):
    before = host_state()
    assert "Allow it with control_plane_certificates_drain_ok: true." in role("-e", "control_plane_certificates_drain_ok=false")
    assert host_state() == before


def test_a_way_back_to_what_has_expired(refused, control):
    (notes,) = control.check_output("find /var/lib/nodemend -name replaced.json").split()
    control.check_output('cp -p %s /run/lab/replaced.json && sed -i \'s/"not_after": [0-9]*/"not_after": 1000000000/\' %s', notes, notes)
    try:
        refused(f"What the role has replaced has expired: {CERTIFICATE}.", arguments=["-e", "control_plane_certificates_state=rolled_back"])
    finally:
        control.check_output("cp -p /run/lab/replaced.json %s", notes)


@pytest.fixture
def foreign(control, short):
    """Have the scheduler's kubeconfig name a certificate that kubeadm has not made, and that ends in ten days."""
    named = "s#client-certificate-data: .*#client-certificate: /run/lab/apiserver.crt#"
    control.check_output("cp %s /run/lab/apiserver.crt && cp -p /etc/kubernetes/scheduler.conf /run/lab/scheduler.conf", CERTIFICATE)
    control.check_output("sed -i %s /etc/kubernetes/scheduler.conf", named)
    yield
    control.check_output("cp -p /run/lab/scheduler.conf /etc/kubernetes/scheduler.conf")


@pytest.fixture
def kubeletless(control):
    """Have no kubelet; files that a test moves away from /etc/kubernetes to /run/lab/away are back before it starts again."""
    control.check_output("mkdir -p /run/lab/away && systemctl stop kubelet")
    yield lambda path: control.check_output("cd /etc/kubernetes && cp -a --parents %s /run/lab/away && rm %s", path, path)
    control.check_output("cp -a /run/lab/away/. /etc/kubernetes/ && rm -r /run/lab/away && systemctl start kubelet")


def test_what_cannot_be_done_here(role, host_state, control, foreign, kubeletless):
    def insist(*words, arguments=()):
        before = host_state()
        said = role(*arguments, status=2)
        assert [text for text in ("Refused, nothing was changed.", *words) if text not in said] == [], said
        assert host_state() == before

    # Not the fixture refused: the API server misses the kubelet after 40 s, and that shows in its objects.
    kubeletless("pki/ca.key")
    kubeletless("manifests/kube-apiserver.yaml")
    insist(
        "/etc/kubernetes/pki/ca.key is not on this host (an external CA): who holds it renews apiserver-kubelet-client.",
        "/run/lab/apiserver.crt: named in control_plane_certificates_renew, and not where kubeadm would renew it",
        "kube-apiserver runs neither as a static pod of /etc/kubernetes/manifests/ nor as a systemd unit",
        arguments=["-e", json.dumps({"control_plane_certificates_renew": ["apiserver", "apiserver-kubelet-client"]})],
    )
    control.check_output("cp -a /run/lab/away/. /etc/kubernetes/")
    kubeletless("pki/ca.crt")
    control.check_output("cp /run/lab/away/pki/ca.crt /etc/kubernetes/pki/ && sh /run/lab/near_its_end.sh authority /etc/kubernetes/pki/ca /CN=kubernetes")
    insist(
        "/etc/kubernetes/pki/ca.crt itself is near its end: first renew that, as apiserver-kubelet-client would end with it.",
        "/run/lab/apiserver.crt: not where kubeadm keeps its certificates",
        "The kubelet does not run, and nothing else would start kube-apiserver again.",
    )
