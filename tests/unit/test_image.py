# -*- coding: utf-8 -*-
from __future__ import absolute_import, division, print_function

import pytest
from ansible_collections.nodemend.kubernetes.plugins.module_utils._image import canonical

__metaclass__ = type


@pytest.mark.parametrize(
    "image, name",
    [
        ("busybox", "docker.io/library/busybox:latest"),
        ("library/busybox:1.35", "docker.io/library/busybox:1.35"),
        ("docker.io/busybox", "docker.io/library/busybox:latest"),
        ("index.docker.io/calico/node:v3.22.5", "docker.io/calico/node:v3.22.5"),
        ("calico/node:v3.22.5", "docker.io/calico/node:v3.22.5"),
        ("calico/node@sha256:0", "docker.io/calico/node@sha256:0"),
        ("quay.io/node", "quay.io/node:latest"),
        ("quay.io/calico/node:v3.22.5", "quay.io/calico/node:v3.22.5"),
        ("localhost/node", "localhost/node:latest"),
        ("registry:5000/node", "registry:5000/node:latest"),
    ],
)
def test_names_of_images(image, name):
    assert canonical(image) == name
    assert canonical(name) == name
