"""What kubeadm looks at, after the role, and the files that keep it."""


def value(host, name):
    return host.file("/proc/sys/" + name).content_string.strip()


def test_the_kernel_forwards_and_filters(host):
    assert value(host, "net/ipv4/ip_forward") == "1"
    assert value(host, "net/bridge/bridge-nf-call-iptables") == "1"
    assert value(host, "net/bridge/bridge-nf-call-ip6tables") == "1"


def test_the_binaries_are_there(host):
    for name in ("conntrack", "ethtool", "socat", "ip", "iptables", "mount", "nsenter", "tc"):
        assert host.exists(name), name


def test_the_files_are_read_at_boot(host):
    assert host.file("/etc/modules-load.d/zz-nodemend.conf").content_string == "overlay\nbr_netfilter\n"
    settings = host.file("/etc/sysctl.d/99-zz-nodemend-prerequisites.conf")
    assert settings.mode == 0o644
    assert sorted(settings.content_string.split()) == [
        "net.bridge.bridge-nf-call-ip6tables=1",
        "net.bridge.bridge-nf-call-iptables=1",
        "net.ipv4.conf.all.forwarding=1",
        "net.ipv4.ip_forward=1",
    ]
    assert host.run("sysctl --load %s", settings.path).rc == 0


# prepare.yml has files that are read earlier: one has the setting already, the next takes it back by its other name.
def test_the_kernel_forwards_after_the_next_boot_as_well(host):
    host.run_expect([0], "echo 0 >/proc/sys/net/ipv4/ip_forward && /lib/systemd/systemd-sysctl --prefix=net/ipv4/ip_forward --prefix=net/ipv4/conf/all")
    assert value(host, "net/ipv4/ip_forward") == "1"
