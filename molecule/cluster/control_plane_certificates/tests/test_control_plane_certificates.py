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


def test_refused(control, role, short, holder):
    before = control.check_output("sha256sum " + CERTIFICATE), pid(control)
    assert "maintenance_api_outage_ok" in role("-e", "maintenance_api_outage_ok=false", status=2)
    assert holder() is None  # it was taken, by converge too, and given back
    holder("bastion/ben/1")
    try:
        assert "bastion/ben/1 holds the maintenance lock of this cluster" in role(status=2)
        assert holder() == "bastion/ben/1"
    finally:
        holder("")
    control.check_output("mv /etc/kubernetes/pki/ca.key /run/lab/ca.key")
    try:
        assert "/etc/kubernetes/pki/ca.key is not on this host (an external CA)" in role(status=2)
    finally:
        control.check_output("cp /run/lab/ca.key /etc/kubernetes/pki/ca.key && chmod 600 /etc/kubernetes/pki/ca.key")
    assert 'Give the play "serial: 1"' in role("-e", "lab_hosts=all lab_serial=100%", status=2)
    assert "Allow it with control_plane_certificates_drain_ok: true." in role("-e", "control_plane_certificates_drain_ok=false")
    assert (control.check_output("sha256sum " + CERTIFICATE), pid(control)) == before
