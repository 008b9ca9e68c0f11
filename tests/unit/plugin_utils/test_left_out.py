"""Which lines leave packages out; patterns as dnf.conf(5) and yum.conf(5) have them."""

import pytest
from ansible_collections.nodemend.kubernetes.plugins.plugin_utils._left_out import left_out


@pytest.mark.parametrize(
    "setting, matches",
    [
        ("exclude=kernel*", True),
        ("exclude = kernel", True),
        ("excludepkgs=docker-ce,kernel,kubelet", True),
        ("exclude=kubelet kernel-4.18*", True),
        ("exclude=kernel-[0-9]*", True),
        ("exclude=kernel.x86_64", True),
        ("exclude=*", True),
        ("exclude=k?rnel", True),
        ("exclude=kernel-devel kernel-headers", False),
        ("exclude=kernel-tools-4.18*", False),
        ("exclude=kube*", False),
        ("exclude=", False),
    ],
)
def test_what_leaves_the_kernel_out(setting, matches):
    line = "/etc/dnf/dnf.conf:7:" + setting
    assert left_out([line], ["kernel"]) == ([line] if matches else [])


def test_any_of_the_packages_counts_and_other_lines_do_not():
    lines = ["/etc/yum.conf:3:exclude=kernel-lt", "/etc/yum.repos.d/a.repo:9:exclude=nginx"]
    assert left_out(lines, ["kernel-lt", "kernel-lt-modules"]) == lines[:1]
