# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""The ipset inside calico-node does not know what a newer one has put into the kernel: Felix fails again and again."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re

from .. import _calico_releases, _version
from .._condition import Condition, at_risk, faulty, not_applicable, ok, unknown

_ARCHITECTURES = ((r"aarch64|arm64", "arm64"), (r"ppc64|s390|riscv|armv7|i[36]86", None))


def evaluate(calico, calico_ipset, kube_proxy, kernel_release):
    if not calico["present"]:
        return not_applicable("NoCalico", "Calico does not run here.")
    if calico["dataplane"] is not None:
        return not_applicable("OtherDataplane", "Calico's %s dataplane does without ipset." % calico["dataplane"], calico=calico)
    seen, probe = calico_ipset, calico_ipset["probe"]
    predicted = disagreement(calico, kube_proxy, kernel_release["release"])
    evidence = {"calico": calico, "calico_ipset": seen, "kernel": kernel_release["release"], "matrix": predicted}
    if probe and probe["failed"]:
        what = "the set %s" % probe["set"] if probe["set"] else "the sets of this host"
        return faulty("CannotList", "calico-node's own ipset cannot list %s: %s." % (what, told(probe["failed"])), **evidence)
    if seen["recent"] and not probe:
        return faulty("FelixFails", "Felix cannot list a set, last %d s ago: %s." % (seen["age"], told(seen["error"])), **evidence)
    if probe:
        return ok("CanList", "calico-node's own ipset lists what it must.", **evidence)
    if predicted:
        return at_risk("VersionsDisagree", predicted, **evidence)
    if seen["error"]:
        return at_risk("FelixFailed", "Felix once could not list a set, and has not said so lately: %s." % told(seen["error"]), **evidence)
    if seen["log_unavailable"]:
        return unknown(seen["log_unavailable"]["reason"], seen["log_unavailable"]["message"], **evidence)
    return ok("NoError", "Nothing in calico-node's log or versions speaks of sets that it cannot list.", **evidence)


def told(error):
    """Return the error in short."""
    return "ipset %(ipset)s does not know revision %(revision)d of %(type)s" % error


def disagreement(calico, kube_proxy, release):
    """Return why the versions here are known to disagree, or None (cluster_facts 4.3); vendors' own images are not in it."""
    version, kernel = _version.parse(calico["version"]), _version.parse(release)
    if version is None or calico["edition"] == "enterprise" or rebuilt(calico["image"]):
        return None
    ipset = _calico_releases.bundled_ipset(version, architecture(release))
    if ipset is None or kube_proxy["mode"] != "ipvs" or _version.older(kernel, _calico_releases.IPSET_KERNEL[ipset]):
        return None
    # An ipset that is too old fails on whatever is listed; Felix since 3.27.1 lists its own sets only, which its own ipset made.
    if not _version.older(version, _calico_releases.LISTS_FOREIGN_UNTIL):
        return None
    return "Calico %s with its ipset %s lists the sets of kube-proxy, and on kernel %s that of Kubernetes %s and later writes some it does not know." % (
        calico["version"],
        _dotted(ipset),
        release,
        _dotted(_calico_releases.IPSET_PROXY[ipset]),
    )


def rebuilt(image):
    """Return whether a vendor has built this image anew, with an ipset of its own (rancher/hardened-calico, build suffixes)."""
    tag = (image or "").rpartition("/")[2].partition("@")[0].partition(":")[2]
    suffix = re.sub(r"^v?\d+(?:\.\d+)*", "", tag)
    return "hardened" in (image or "") or suffix not in ("", "-amd64", "-arm64")


def architecture(release):
    """Return amd64, arm64, or None for others, by the kernel's release; most that do not name it are amd64."""
    return next((name for pattern, name in _ARCHITECTURES if re.search(pattern, release)), "amd64")


def _dotted(version):
    return ".".join(str(part) for part in version)


CONDITION = Condition(
    id="calico_ipset_incompatible",
    evaluate=evaluate,
    role="nodemend.kubernetes.calico",
    remedy_scope="cluster",
    remediate_on="faulty",
    disruption="restart",
)
