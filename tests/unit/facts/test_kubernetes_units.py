# -*- coding: utf-8 -*-
from __future__ import absolute_import, division, print_function

from ansible_collections.nodemend.kubernetes.plugins.module_utils._facts.kubernetes_units import collect

__metaclass__ = type


def test_active_units_of_kubernetes():
    states = {"kubelet.service": "active", "kube-proxy.service": "inactive", "k3s.service": "activating", "docker.service": "active"}
    units = dict((name, {"ActiveState": state}) for name, state in states.items())
    assert collect(units) == ["k3s.service", "kubelet.service"]
    assert collect({}) == []
