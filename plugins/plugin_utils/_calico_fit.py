# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""Which Calico suits a cluster, and whether the installed one supports another kernel. Pure: _calico_releases.py has the data."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from ..module_utils import _calico_releases as releases
from ..module_utils import _version

# The images of amd64 and arm64 differ in a few releases only, and a scan does not tell which one a node takes.
ARCHITECTURE = "amd64"


def suited(kubernetes, kernels, dataplane="iptables"):
    """Return a sentence without its period: the releases whose documents name this Kubernetes and, for the dataplane, all these kernels."""
    served = _version.parse(kubernetes)
    if served is None:
        return "which one suits is not known, as the cluster's version could not be read"
    minors = [
        row.minor
        for row in releases.RELEASES
        if releases.kubernetes_tested(row.minor, served)
        and all(_above_floor(row.minor, kernel, dataplane) for kernel in kernels)
    ]
    told = "Kubernetes %s and kernels %s" % (kubernetes, ", ".join(sorted(set(kernels))))
    if not minors:
        return "no release of Calico is documented for %s" % told
    return "Calico's documents name %s for %s" % (", ".join("%d.%d" % minor for minor in minors), told)


def _above_floor(calico, kernel, dataplane):
    floor, numbers = releases.kernel_floor(calico, dataplane), _version.parse(kernel)
    return floor is None or numbers is None or not _version.older(numbers, floor) or bool(releases.kernel_exemption(calico, kernel, dataplane))


def unfit(seen, name, kernel, proxy_mode=None, coming=None):
    """Return why the Calico on a node does not support a kernel to come, or None where nothing known speaks against it.

    seen        "cluster" of cluster_condition_info
    name        the node's
    kernel      its numbers, or None where it is not known: then any newer one may come
    proxy_mode  kube-proxy's; None where it is not known: then it may be IPVS
    coming      the version that will be there then; None for the one that is in place
    """
    calico = seen.get("calico") or {}
    here = next((item for item in calico.get("nodes") or [] if item["node"] == name), None)
    told = coming or (here["version"] if here and here["edition"] == "oss" else None)
    version = _version.parse(told)
    if version is None:
        return None
    if calico.get("dataplane") == "iptables" and _lists_in_vain(version, kernel, seen.get("version"), proxy_mode):
        ipset = releases.bundled_ipset(version, ARCHITECTURE)
        return "Calico %s has ipset %s, which cannot list the sets that kube-proxy%s makes on kernels from %s on%s" % (
            told,
            _dotted(ipset),
            " in IPVS mode" if proxy_mode else ", where it runs in IPVS mode,",
            _dotted(releases.IPSET_KERNEL[ipset]),
            "" if kernel else ", and kernel_target_release does not say which one comes",
        )
    return _avoided(told, version, kernel, calico.get("dataplane"))


def _lists_in_vain(version, kernel, kubernetes, proxy_mode):
    """Felix lists the sets of others as well, with an ipset that does not know what newer kernels offer (cluster_facts 4.3)."""
    ipset = releases.bundled_ipset(version, ARCHITECTURE)
    if ipset not in releases.IPSET_KERNEL or not _version.older(version, releases.LISTS_FOREIGN_UNTIL):
        return False
    served = _version.parse(kubernetes)
    return (
        proxy_mode in (None, "ipvs")
        and (served is None or not _version.older(served, releases.IPSET_PROXY[ipset]))
        and (kernel is None or not _version.older(kernel, releases.IPSET_KERNEL[ipset]))
    )


def _avoided(told, version, kernel, dataplane):
    if kernel is None:
        return None
    rows = [row for row in releases.avoid(version, kernel, dataplane) if row.kernel_first is not None]
    return "Calico %s on the kernel %s: %s (%s)" % (told, _dotted(kernel), rows[0].why, rows[0].source) if rows else None


def _dotted(numbers):
    return ".".join(str(number) for number in numbers)
