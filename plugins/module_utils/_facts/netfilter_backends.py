# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""Fact: which iptables backends the kernel has loaded, and whether it could load the legacy one."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from .._host import Unavailable
from .._source import reads

VERSIONS = ("ipv4", "ipv6")
NAMES = {"ipv4": "/proc/net/ip_tables_names", "ipv6": "/proc/net/ip6_tables_names"}
MODULES = {"ipv4": "ip_tables", "ipv6": "ip6_tables"}

SOURCES = (
    reads("/proc/net/ip_tables_names", "which legacy IPv4 tables are registered", root=True),
    reads("/proc/net/ip6_tables_names", "which legacy IPv6 tables are registered", root=True),
    reads("/proc/modules", "whether nf_tables is loaded"),
    reads("/proc/sys/kernel/osrelease", "where the running kernel's modules lie"),
    reads("/lib/modules/*/modules.builtin", "whether nf_tables and ip_tables are built in"),
    reads("/lib/modules/*/modules.dep", "whether ip_tables could be loaded"),
)


def parse_loaded(text):
    """Return the set of loaded modules from /proc/modules ("nf_tables 376832 501 nft_compat,..., Live 0x0")."""
    return set(line.split(" ", 1)[0] for line in text.splitlines() if line)


def parse_modules(text):
    """Return the names in modules.dep or modules.builtin: kernel/drivers/block/virtio_blk.ko.xz: ... is virtio_blk."""
    names = set()
    for line in text.splitlines():
        name = line.split(":", 1)[0].rpartition("/")[2].split(".ko", 1)[0]
        if name:
            names.add(normalised(name))
    return names


def normalised(name):
    """Return a module's name the way modprobe compares them: - and _ are the same."""
    return name.replace("-", "_")


def collect(host):
    """Return {legacy, unavailable, nft, legacy_kernel}.

    legacy         {ipv4, ipv6}: the registered tables, a list; None where ip_tables is not in the kernel
    unavailable    {ipv4, ipv6}: {reason, message} where the legacy tables could not be read, else None
    nft            whether nf_tables is in the kernel already, so that asking loads nothing; None where that cannot be told
    legacy_kernel  {ipv4, ipv6}: whether the running kernel has or could load ip_tables; None where that cannot be told
    """
    legacy, unavailable = {}, {}
    for version in VERSIONS:
        legacy[version], unavailable[version] = _tables(host, version)
    loaded = host.read("/proc/modules")
    directory = "/lib/modules/%s/" % (host.read("/proc/sys/kernel/osrelease") or "").strip()
    builtin = host.read(directory + "modules.builtin")
    loadable = host.read(directory + "modules.dep")
    legacy_kernel = {}
    for version in VERSIONS:
        if legacy[version] is not None or unavailable[version]:
            legacy_kernel[version] = True  # the file is there, so ip_tables is
        else:
            legacy_kernel[version] = _could_load(MODULES[version], loaded, builtin, loadable)
    return {
        "legacy": legacy,
        "unavailable": unavailable,
        "nft": _nft(loaded, builtin),
        "legacy_kernel": legacy_kernel,
    }


def _tables(host, version):
    try:
        text = host.read(NAMES[version])
    except Unavailable as exc:
        return None, {"reason": exc.reason, "message": exc.message}
    return (None if text is None else text.split()), None


def _nft(loaded, builtin):
    if loaded is None:
        return True  # a kernel without loadable modules: asking can load nothing
    if "nf_tables" in parse_loaded(loaded):
        return True
    return None if builtin is None else "nf_tables" in parse_modules(builtin)


def _could_load(module, loaded, builtin, loadable):
    """From Linux 6.17 on and on EL 10 legacy tables may be missing from the kernel altogether (node_facts 2.5)."""
    if loaded is None:
        return False  # without loadable modules what is not there never comes
    if builtin is None or loadable is None:
        return None
    return module in parse_modules(builtin) or module in parse_modules(loadable)
