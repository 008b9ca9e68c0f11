# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""Every condition and option of the scope "node", and every fact that its scan needs, imported by name.

The list is explicit because AnsiballZ ships to a host only what static imports reach. Adding a condition: its import,
its line in CONDITIONS, its name in the documented choices of node_condition_info; tests demand the rest. A fact that no scan
needs belongs into _subject_catalogue.py.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from . import _engine
from ._conditions import (
    admission_flags_conflict,
    apiserver_loopback_certificate_expiring,
    binfmt_fix_binary_missing,
    calico_ipset_incompatible,
    calico_reject_bypassed,
    certificate_authority_expiring,
    clock_unsynchronized,
    cni_token_expiring,
    conntrack_table_full,
    container_nofile_low,
    hugetlb_cgroup_missing,
    inotify_instances_exhausted,
    iptables_backend_mismatch,
    iptables_rule_check_broken,
    iptables_rules_duplicated,
    ipvs_connection_reuse,
    kernel_below_minimum,
    kernel_memory_leak,
    kernel_not_default,
    kubelet_certificate_expiring,
    kubernetes_certificate_expiring,
    node_prerequisites_missing,
    pid_exhaustion,
    port_conflict,
    rp_filter_strict,
    runtime_nofile_huge,
    runtime_nofile_low,
    vxlan_checksum_offload,
)
from ._facts import (
    addresses,
    admission_flags,
    apiserver_loopback,
    blackholes,
    blackholes_ipv6,
    boot_kernels,
    calico,
    calico_ipset,
    certificates,
    clock,
    cni_plugins,
    cni_tokens,
    conntrack,
    container_limits,
    emulators,
    grub_menu,
    host_network_agents,
    inotify_instances,
    installed_kernels,
    iptables_binaries,
    iptables_callers,
    iptables_check,
    iptables_dumps,
    ipvs_sysctls,
    journal_phrases,
    kernel_features,
    kernel_log,
    kernel_memory,
    kernel_ownership,
    kernel_release,
    kube_proxy,
    kubelet,
    kubelet_cgroups,
    needed_ports,
    netfilter_backends,
    node,
    node_identity,
    nofile_ceiling,
    os_release,
    pending_restores,
    persisted_rules,
    prerequisites,
    processes,
    rp_filter,
    runtimes,
    systemd_units,
    threads,
    tunnel_offload,
)
from ._host import Unavailable
from ._option import COMMON_OPTIONS, Option

CONDITIONS = tuple(
    module.CONDITION
    for module in (
        runtime_nofile_low,
        runtime_nofile_huge,
        container_nofile_low,
        inotify_instances_exhausted,
        pid_exhaustion,
        iptables_backend_mismatch,
        iptables_rules_duplicated,
        iptables_rule_check_broken,
        conntrack_table_full,
        rp_filter_strict,
        vxlan_checksum_offload,
        kernel_below_minimum,
        kernel_not_default,
        kernel_memory_leak,
        binfmt_fix_binary_missing,
        hugetlb_cgroup_missing,
        ipvs_connection_reuse,
        calico_reject_bypassed,
        calico_ipset_incompatible,
        cni_token_expiring,
        apiserver_loopback_certificate_expiring,
        kubernetes_certificate_expiring,
        kubelet_certificate_expiring,
        certificate_authority_expiring,
        clock_unsynchronized,
        admission_flags_conflict,
        node_prerequisites_missing,
        port_conflict,
    )
)

# Fact name: the module that collects it and declares what it touches.
FACTS = {
    "addresses": addresses,
    "admission_flags": admission_flags,
    "apiserver_loopback": apiserver_loopback,
    "blackholes": blackholes,
    "blackholes_ipv6": blackholes_ipv6,
    "boot_kernels": boot_kernels,
    "calico": calico,
    "calico_ipset": calico_ipset,
    "certificates": certificates,
    "clock": clock,
    "cni_plugins": cni_plugins,
    "cni_tokens": cni_tokens,
    "conntrack": conntrack,
    "container_limits": container_limits,
    "emulators": emulators,
    "grub_menu": grub_menu,
    "host_network_agents": host_network_agents,
    "inotify_instances": inotify_instances,
    "installed_kernels": installed_kernels,
    "iptables_binaries": iptables_binaries,
    "iptables_callers": iptables_callers,
    "iptables_check": iptables_check,
    "iptables_dumps": iptables_dumps,
    "ipvs_sysctls": ipvs_sysctls,
    "journal_phrases": journal_phrases,
    "kernel_features": kernel_features,
    "kernel_log": kernel_log,
    "kernel_memory": kernel_memory,
    "kernel_ownership": kernel_ownership,
    "kernel_release": kernel_release,
    "kube_proxy": kube_proxy,
    "kubelet": kubelet,
    "kubelet_cgroups": kubelet_cgroups,
    "needed_ports": needed_ports,
    "netfilter_backends": netfilter_backends,
    "node": node,
    "node_identity": node_identity,
    "nofile_ceiling": nofile_ceiling,
    "os_release": os_release,
    "pending_restores": pending_restores,
    "persisted_rules": persisted_rules,
    "prerequisites": prerequisites,
    "processes": processes,
    "rp_filter": rp_filter,
    "runtimes": runtimes,
    "systemd_units": systemd_units,
    "threads": threads,
    "tunnel_offload": tunnel_offload,
}

# Thresholds, by the names conditions and collectors ask for. The kernel's floor has no default here:
# a floor that the operator gave is policy, the built-in one is advice (docs/conditions/kernel_below_minimum.md).
THRESHOLDS = {
    "maximum_surplus_rules": Option("int", 50, 0),
    "minimum_nofile": Option("int", 65536, 1),
    "container_minimum_nofile": Option("int", None, 1),
    "minimum_kernel_version": Option("version", None, None),
    "certificate_expiry_days": Option("int", 30, 1),
    "expected_ports": Option("ports", None, None),
    "binfmt_platforms": Option("platforms", None, None),
}


def options_for(conditions):
    """Return {name: Option}: the common ones and the thresholds that these conditions or their facts ask for."""
    return dict(COMMON_OPTIONS, **_engine.thresholds_of(conditions, FACTS, THRESHOLDS))


def facts_of(host, options, now):
    """Return the Facts of a host: options and the clock are facts like any other.

    options  {name: value}, checked
    now      seconds since the epoch
    """
    return _engine.facts_of(FACTS, options, host=host, now=now)


def overview(facts):
    """Return what the scan has learnt of the host by the way, for the head of a summary; None where it asked for none of it.

    {kernel: release, runtimes: [names], cni: type of the first plugin, proxy_mode: kube-proxy's}
    """
    release = facts.seen("kernel_release") or {}
    plugins = (facts.seen("cni_plugins") or {}).get("plugins") or []
    return {
        "kernel": release.get("release"),
        "runtimes": [runtime["name"] for runtime in facts.seen("runtimes") or []],
        "cni": plugins[0]["type"] if plugins else None,
        "proxy_mode": (facts.seen("kube_proxy") or {}).get("mode"),
    }


def add_symptoms(facts, report):
    """Add to a scan's report what the journals say: under "symptoms", and in the evidence of the conditions it points to.

    It hints and proves nothing, so no status, reason or message depends on it.
    """
    report["symptoms"] = {"found": [], "lines": None, "complete": False, "unavailable": None}
    try:
        report["symptoms"].update(facts.get("journal_phrases"))
    except Unavailable as exc:
        report["symptoms"]["unavailable"] = {"reason": exc.reason, "message": exc.message}
    for verdict in report["conditions"]:
        seen = [symptom for symptom in report["symptoms"]["found"] if symptom["condition"] == verdict["condition"]]
        if seen:
            verdict["evidence"]["symptoms"] = seen
