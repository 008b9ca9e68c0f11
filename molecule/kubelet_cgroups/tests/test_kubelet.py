"""The kubelet after the role, and the cgroups that it missed."""

import pytest


@pytest.fixture(autouse=True)
def broken(host):
    if not host.file("/var/tmp/nodemend-lab-cgroup").exists:
        pytest.skip("this machine has no cgroup v1 for huge pages")


def test_it_has_run_on(host):
    answer = host.ansible("nodemend.kubernetes.node_condition_info", "conditions=hugetlb_cgroup_missing", check=False)
    assert answer["conditions"][0]["reason"] == "KubeletRuns"


def test_it_runs(host):
    assert host.service("kubelet").is_running
    assert host.process.get(comm="kubelet").args == "/usr/local/bin/kubelet infinity"


@pytest.mark.parametrize("name", ["besteffort", "burstable"])
def test_the_kernel_has_filled_the_cgroups(host, name):
    assert host.file("/sys/fs/cgroup/hugetlb/kubepods.slice/kubepods-%s.slice/hugetlb.2MB.limit_in_bytes" % name).exists
