# -*- coding: utf-8 -*-
from __future__ import absolute_import, division, print_function

import clusters
import pytest
from clusters import FORBIDDEN, answers, cluster, set_env, set_image
from recorded import judge

__metaclass__ = type


def on(kernel, image=None, version="v3.22.5", **environment):
    found = answers(version, kernel)
    if image:
        set_image(found, image)
    set_env(found, **environment)
    return found


def changed(**answered):
    found = on("3.10.0-1160.el7.x86_64", "calico/node:v3.30.0")
    found.update((getattr(clusters, name), answer) for name, answer in answered.items())
    return found


CASES = [
    (on("3.10.0-1160.el7.x86_64", "calico/node:v3.29.0"), "at_risk", "BelowDocumentedFloor"),
    (on("4.18.0-553-generic", "calico/node:v3.32.1"), "at_risk", "BelowDocumentedFloor"),
    (on("3.10.0-1160.el7.x86_64", FELIX_BPFENABLED="true"), "at_risk", "BelowDocumentedFloor"),
    (on("4.18.0-193.el8.x86_64", "calico/node:v3.31.0", FELIX_BPFENABLED="true"), "at_risk", "BelowDocumentedFloor"),
    (on("5.10.0-30-amd64", "calico/node:v3.31.0", FELIX_NFTABLESMODE="Enabled"), "at_risk", "BelowDocumentedFloor"),
    (on("5.4.0-150-generic", "calico/node:v3.27.3"), "at_risk", "KnownFault"),
    (on("4.18.0-553.el8_10.x86_64", "calico/node:v3.28.0"), "at_risk", "KnownFault"),
    (on("6.17.5-200.fc42.x86_64", "calico/node:v3.31.0", FELIX_BPFENABLED="true"), "at_risk", "KnownFault"),
    # calico#11379.
    (on("6.12.53-69.119.amzn2023.x86_64", "calico/node:v3.30.4", FELIX_BPFENABLED="true"), "at_risk", "KnownFault"),
    (on("6.12.46-66.121.amzn2023.x86_64", "calico/node:v3.30.4", FELIX_BPFENABLED="true"), "ok", "Documented"),
    (on("6.17.5-200.fc42.x86_64", "calico/node:v3.31.3", FELIX_BPFENABLED="true"), "ok", "Documented"),
    (on("6.17.5-200.fc42.x86_64", FELIX_BPFENABLED="true"), "ok", "Documented"),
    (on("3.10.0-1160.el7.x86_64"), "ok", "Documented"),
    (on("3.10.0-1160.el7.x86_64", "calico/node:v3.28.5"), "ok", "Documented"),
    (on("5.10.0-30-amd64", "calico/node:v3.32.1"), "ok", "Documented"),
    (on("5.15.0-91-generic", "calico/node:v3.27.3"), "ok", "Documented"),
    (on("6.17.5-200.fc42.x86_64"), "ok", "Documented"),
    # The image tells a wrong version; that is no matter of the kernel.
    (on("5.15.0-91-generic", "calico/node:v3.21.3"), "ok", "Documented"),
    # eBPF before 3.16 was a preview without a floor.
    (on("3.10.0-1160.el7.x86_64", version="v3.15.5", FELIX_BPFENABLED="true"), "ok", "Documented"),
    (on("4.18.0-553.el8_10.x86_64", "calico/node:v3.29.0"), "ok", "VendorKernel"),
    (on("5.4.0-216-generic", "calico/node:v3.29.0"), "ok", "VendorKernel"),
    (on("4.19.0-27-amd64", "calico/node:v3.32.1"), "ok", "VendorKernel"),
    (on("4.18.0-305.el8.x86_64", "calico/node:v3.31.0", FELIX_BPFENABLED="true"), "ok", "VendorKernel"),
    (on("5.15.0-91-generic", "calico/node:latest"), "unknown", "VersionUnknown"),
    (on("5.15.0-91-generic", "calico/node:v3.99.0"), "unknown", "VersionUnknown"),
    (on("5.15.0-91-generic", "quay.io/tigera/cnx-node:v3.19.1"), "unknown", "VersionUnknown"),
    (on("garbage"), "unknown", "VersionUnknown"),
    (changed(NODES=clusters.nodes(control1="5.15.0")), "unknown", "VersionUnknown"),
    (changed(PODS={"items": []}), "unknown", "VersionUnknown"),
    (changed(NODES=FORBIDDEN), "unknown", "Forbidden"),
    (changed(DAEMONSETS=clusters.REFUSED), "unknown", "ApiUnreachable"),
    (changed(DAEMONSETS={"items": []}), "not_applicable", "NoCalico"),
]


@pytest.mark.parametrize("found, status, reason", CASES)
def test_verdict(found, status, reason):
    verdict = judge("calico_kernel_incompatible", cluster(found))
    assert (verdict.status, verdict.reason) == (status, reason), verdict.message


def test_the_node_is_named():
    found = on("6.1.0-50-amd64", "calico/node:v3.30.0")
    found[clusters.NODES] = clusters.nodes(control1="6.1.0", worker1="6.1.0", worker2="4.15.0-20-generic")
    message = judge("calico_kernel_incompatible", cluster(found)).message
    assert message == "Calico 3.30.0 (iptables) on kernel 4.15.0-20-generic: the documents ask for 5.10. Nodes: worker2."


@pytest.mark.parametrize("others, named", [(0, ""), (1, " and 1 more"), (2, " and 2 more")])
def test_three_nodes_are_named(others, named):
    names = ["control1", "worker1", "worker2"] + ["worker%d" % (3 + number) for number in range(others)]
    found = on("5.15.0-91-generic", "calico/node:latest")
    found[clusters.NODES] = clusters.nodes(**dict.fromkeys(names, "5.15.0-91-generic"))
    (pod,) = [item for item in found[clusters.PODS]["items"] if item["spec"]["nodeName"] == "control1"]
    found[clusters.PODS]["items"] = [dict(pod, spec=dict(pod["spec"], nodeName=name)) for name in names]
    verdict = judge("calico_kernel_incompatible", cluster(found))
    assert verdict.message == "Calico's version or the kernel is not known on: control1, worker1, worker2%s." % named


def test_where_no_pod_runs_no_node_is_named():
    assert judge("calico_kernel_incompatible", cluster(changed(PODS={"items": []}))).message.endswith(" is not known on: any node.")
