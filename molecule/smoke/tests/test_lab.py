"""What every scenario takes for granted on a node of the lab."""


def test_systemd_has_booted(host):
    assert host.check_output("systemctl is-system-running") == "running"


def test_containerd_runs_as_a_service(host):
    assert host.service("containerd").is_running
    assert host.run("ctr version").rc == 0


def test_containerd_has_a_snapshotter_for_pods(host):
    plugins = host.check_output("ctr plugins ls")
    states = {line.split()[1]: line.split()[-1] for line in plugins.splitlines() if "snapshotter" in line}
    assert states["overlayfs"] == "ok"
    assert states["native"] == "ok"


def test_iptables_nft_takes_and_lists_a_rule(host):
    _takes_a_rule(host, "iptables-nft")


def test_iptables_legacy_takes_and_lists_a_rule(host):
    if not host.exists("iptables-legacy"):
        assert host.system_info.distribution == "rocky", "only EL ships no legacy iptables"
        return
    _takes_a_rule(host, "iptables-legacy")


def _takes_a_rule(host, command):
    chain = "LAB-SMOKE"
    assert host.run(f"{command} -w -N {chain}").rc == 0
    assert host.run(f"{command} -w -A {chain} -j RETURN").rc == 0
    assert f"-A {chain} -j RETURN" in host.check_output(f"{command} -w -S {chain}")
    host.run(f"{command} -w -F {chain}")
    host.run(f"{command} -w -X {chain}")


def test_no_process_may_exceed_the_lab_ceiling_unnoticed(host):
    """The hard limit of PID 1 is the ceiling that tests of limits have to reckon with; it must be readable."""
    assert "Max open files" in host.file("/proc/1/limits").content_string


def test_the_package_manager_is_real(host):
    if host.system_info.distribution == "rocky":
        assert "Key ID" in host.check_output("rpm --query --info lab-smoke")
        assert host.run("command -v dpkg apt-get").rc != 0
    else:
        assert host.package("iptables").is_installed


def test_the_modules_of_other_collections_work(host):
    assert host.file("/etc/sysctl.d/nodemend-smoke.conf").content_string == "net.ipv4.ip_forward=1\n"
    assert "NAME=" in host.check_output("gzip --decompress --stdout /etc/nodemend-smoke.gz")
    if host.system_info.distribution != "rocky":
        assert host.file("/etc/alternatives/nodemend-smoke").linked_to == "/usr/bin/env"
