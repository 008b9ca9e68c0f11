# -*- coding: utf-8 -*-
from __future__ import absolute_import, division, print_function

import clusters
import pytest
from clusters import FORBIDDEN, answers, cluster, set_image
from recorded import judge

__metaclass__ = type


def changed(version="v3.22.5", **answered):
    found = answers(version)
    found.update((getattr(clusters, name), answer) for name, answer in answered.items())
    return found


def imaged(image, count=None, version="v3.22.5"):
    found = answers(version)
    set_image(found, image, count)
    return found


CASES = [
    (answers("v3.15.5"), {}, "faulty", "BelowMinimum"),
    (imaged("calico/node:v3.13.4"), {}, "faulty", "BelowMinimum"),
    (imaged("registry.local:5000/calico/node:v3.15.1-amd64"), {}, "faulty", "BelowMinimum"),
    (imaged("calico/node:v3.15.5", count=1), {}, "faulty", "BelowMinimum"),
    # One that is old proves it, whatever the others are.
    (imaged("calico/node:latest", count=2, version="v3.15.5"), {}, "faulty", "BelowMinimum"),
    (answers("v3.22.5"), {"minimum_calico_version": "3.26"}, "faulty", "BelowMinimum"),
    (answers("v3.22.5"), {}, "ok", "NotBelow"),
    (imaged("calico/node:v3.16.0"), {}, "ok", "NotBelow"),
    (imaged("quay.io/calico/node:v3.33.1"), {}, "ok", "NotBelow"),
    (answers("v3.15.5"), {"minimum_calico_version": "3.15"}, "ok", "NotBelow"),
    (imaged("rancher/hardened-calico:v3.31.3-build20251210"), {}, "ok", "NotBelow"),
    (imaged("quay.io/tigera/cnx-node:v3.1.1"), {}, "unknown", "Enterprise"),
    (imaged("calico/node:latest"), {}, "unknown", "VersionUnknown"),
    (imaged("calico/node:latest", count=1), {}, "unknown", "VersionUnknown"),
    (imaged("quay.io/calico/node@sha256:abc"), {}, "unknown", "VersionUnknown"),
    (changed(PODS={"items": []}), {}, "unknown", "NoPods"),
    (changed(DAEMONSETS=FORBIDDEN), {}, "unknown", "Forbidden"),
    (changed(DAEMONSETS=clusters.REFUSED), {}, "unknown", "ApiUnreachable"),
    (changed(DAEMONSETS={"items": []}), {}, "not_applicable", "NoCalico"),
]


@pytest.mark.parametrize("found, options, status, reason", CASES)
def test_verdict(found, options, status, reason):
    verdict = judge("calico_below_minimum", cluster(found), **options)
    assert (verdict.status, verdict.reason) == (status, reason), verdict.message


def test_mixed_versions_are_named():
    verdict = judge("calico_below_minimum", cluster(imaged("calico/node:v3.22.5", count=2, version="v3.15.5")))
    assert verdict.status == "faulty"
    found = [item["spec"]["nodeName"] for item in answers("v3.15.5")[clusters.PODS]["items"]]
    assert "3.15.5 on %s; 3.22.5 on " % found[2] in verdict.message


def test_an_unquoted_number_is_refused():
    with pytest.raises(ValueError, match="quote it"):
        judge("calico_below_minimum", cluster(), minimum_calico_version=3.2)
