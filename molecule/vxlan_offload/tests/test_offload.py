"""The NIC's features after the role, and after the NIC went away and came back."""

import time

import pytest

TUNNEL = {"tx-udp_tnl-segmentation", "tx-udp_tnl-csum-segmentation"}


@pytest.fixture(autouse=True)
def tools(host):
    if not host.exists("ethtool"):
        pytest.skip("this node has neither ethtool nor udev: the role refused it")


def off(host, device):
    lines = host.check_output("ethtool -k %s", device).splitlines()
    return {name for name in TUNNEL if name + ": off" in lines}


def test_it_is_off_and_stays_so(host):
    assert off(host, "ens192") == TUNNEL
    assert "nodemend" not in host.check_output("systemctl list-timers --all --no-legend")


def test_other_nics_are_left_alone(host):
    assert off(host, "eth0") == set()


def test_a_recreated_nic_has_it_off_again(host):
    host.check_output("ip link del ens192 && ip link add ens192 type veth peer name lab-peer")
    for unused in range(50):
        if off(host, "ens192") == TUNNEL:
            break
        time.sleep(0.1)
    assert off(host, "ens192") == TUNNEL
    host.check_output("ip link add flannel.1 type vxlan id 1 dev ens192 dstport 8472")
