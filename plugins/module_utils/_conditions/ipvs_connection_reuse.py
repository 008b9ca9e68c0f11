# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""IPVS hands a connection whose client port is used again to a server that is gone: kernels 4.1 to 5.8, and later ones where it is told to."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from .._condition import Condition, at_risk, not_applicable, ok, unknown
from .._facts.kernel_release import below, parse_floor

# kube-proxy's own bounds (cluster_facts 12.3): below the first the sysctl does not exist, unless a vendor has brought it there (CentOS 7.6 to
# 7.9), from the second on its default is right.
FIRST, FIXED = "4.1", "5.9"
# The second bound is new in 1.22, and was brought to 1.21.9 and 1.20.15 (kubernetes pull requests 102122, 107438 and 107437).
TURNED_OFF = (
    "The kernel %s could handle reused ports itself, but net.ipv4.vs.conn_reuse_mode is 0, which turns that off: a client that uses a port again is "
    "sent to the pod that it had before, by some kernels even where that is gone. kube-proxy sets 0 before 1.20.15, 1.21.9 and 1.22, and newer ones "
    "leave it as they find it; 1 is the kernel's default."
)


def evaluate(kube_proxy, kernel_release, ipvs_sysctls):
    if not kube_proxy["running"]:
        return not_applicable("NoKubeProxy", "No kube-proxy runs on this host.")
    if kube_proxy["mode"] is None:
        return unknown("ModeUnknown", "It cannot be told how kube-proxy programs Services.", kube_proxy=kube_proxy)
    if kube_proxy["mode"] != "ipvs":
        return not_applicable("NotIpvs", "kube-proxy runs in the mode %s." % kube_proxy["mode"], kube_proxy=kube_proxy)
    release = kernel_release["release"]
    evidence = {"kernel_release": kernel_release, "ipvs_sysctls": ipvs_sysctls, "kube_proxy": kube_proxy}
    old = below(kernel_release, parse_floor(FIRST))
    if old and ipvs_sysctls["conn_reuse_mode"] is None:
        return ok(
            "HarmlessMessage",
            "The kernel %s has no net.ipv4.vs.conn_reuse_mode; kube-proxy logs that it cannot set it, which does no harm." % release,
            **evidence
        )
    if not below(kernel_release, parse_floor(FIXED)):
        if ipvs_sysctls["conn_reuse_mode"] == 0:
            return at_risk("ReuseTurnedOff", TURNED_OFF % release, **evidence)
        return ok("KernelHandlesReuse", "The kernel %s handles reused ports itself." % release, **evidence)
    return at_risk(
        "ReuseNotHandled",
        "kube-proxy runs in the mode ipvs on the kernel %s (%s), where net.ipv4.vs.conn_reuse_mode is %s: %s."
        % (
            release,
            "below %s, but with the setting, which its vendor has brought to it" % FIRST if old else "from %s and below %s" % (FIRST, FIXED),
            _shown(ipvs_sysctls["conn_reuse_mode"]),
            _effect(ipvs_sysctls["conn_reuse_mode"]),
        ),
        **evidence
    )


def _shown(mode):
    return "not readable" if mode is None else str(mode)


def _effect(mode):
    gone = "with 0 a client that uses a port again reaches pods that are gone"
    slow = "with 1 such a connection is delayed by a second"
    return {0: gone, 1: slow}.get(mode, "%s, %s" % (gone, slow))


CONDITION = Condition(id="ipvs_connection_reuse", evaluate=evaluate)
