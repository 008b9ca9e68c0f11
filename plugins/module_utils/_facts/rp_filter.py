# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""Fact: the kernel's reverse path filter, and who among the network agents here cares."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from .._host import Unavailable
from .._source import reads

DIRECTORY = "/proc/sys/net/ipv4/conf"
ROUTES = "/proc/net/route"
AWS_SETTING = "AWS_VPC_K8S_CNI_CONFIGURE_RPFILTER"

SOURCES = (
    reads(DIRECTORY + "/*/rp_filter", "the filter of all interfaces and of the primary one"),
    reads(ROUTES, "the interface of the default route"),
    reads("/proc/[0-9]*/environ", "%s of the AWS VPC CNI; no other name is kept" % AWS_SETTING, root=True),
)


def parse_routes(text):
    """Return the interface of the default route with the lowest metric, or None."""
    found = []
    for line in text.splitlines()[1:]:
        words = line.split()
        if len(words) > 7 and words[1] == words[7] == "00000000" and words[6].isdigit():
            found.append((int(words[6]), words[0]))
    return min(found)[1] if found else None


def collect(host, processes):
    """Return {all, primary, effective, aws}.

    primary    interface of the default route, or None
    effective  what applies to it: the larger of its own value and that of all (Documentation/networking/ip-sysctl)
    aws        None without the AWS VPC CNI's agent, else {configures}: its setting as text, None where it does not have it
    """
    everywhere = _value(host, "all")
    if everywhere is None:
        raise Unavailable("Unreadable", "%s/all/rp_filter does not exist." % DIRECTORY)
    primary = parse_routes(host.read(ROUTES) or "")
    own = _value(host, primary) if primary else None
    agent = next((process for process in processes if process["name"] == "aws-k8s-agent" and (process["nested"] or 0) < 2), None)
    return {
        "all": everywhere,
        "primary": primary,
        "effective": everywhere if own is None else max(everywhere, own),
        "aws": None if agent is None else {"configures": _aws(host, agent["pid"])},
    }


def _value(host, interface):
    text = host.read("%s/%s/rp_filter" % (DIRECTORY, interface))
    return None if text is None else int(text)


def _aws(host, pid):
    for entry in (host.read("/proc/%d/environ" % pid) or "").split("\0"):
        name, unused, value = entry.partition("=")
        if name == AWS_SETTING:
            return value
    return None
