# -*- coding: utf-8 -*-
"""Lines of calico-node's log as issues show them, in the frames that the runtimes write (recordings/README.md)."""

from __future__ import absolute_import, division, print_function

import json
import time

from netfilter import CONTAINER, node, process
from recorded import NOW

__metaclass__ = type

# calico#4739, calico#9310, calico#10676
LIST = (
    "2021-07-13 09:49:37.513 [ERROR][4532] felix/ipsets.go 570: Bad return code from 'ipset list'. error=exit status 1 family=\"inet6\""
    ' stderr="ipset v7.1: Kernel and userspace incompatible: settype hash:ip with revision 5 not supported by userspace.\\n"'
)
FOREIGN = (
    "2024-10-05 07:57:10.041 [ERROR][6012] felix/ipsets.go 569: Bad return code from 'ipset list'. error=exit status 1 family=\"inet\""
    ' stderr="ipset v7.11: Kernel and userspace incompatible: settype hash:ip,port with revision 7 not supported by userspace.\\n"'
)
OWN = (
    "2025-07-15 08:54:52.832 [ERROR][546413] felix/ipsets.go 671: Bad return code from 'ipset list cali40this-host'. error=exit status 1"
    ' family="inet" stderr="ipset v7.11: Kernel and userspace incompatible: settype hash:ip with revision 6 not supported by userspace.\\n"'
)
QUIET = "2021-07-13 09:49:37.513 [INFO][4532] felix/ipsets.go 309: Finished IPSets update"
FOLDER = "/var/log/pods/kube-system_calico-node-x2x4z_5b1ab7a4-2c2d-4b52-9f2f-0f6a2d7f7a11/calico-node/"
CONFIG = "/run/containerd/io.containerd.runtime.v2.task/k8s.io/%s/config.json" % CONTAINER


def cri(line, age=60):
    """A line as containerd and cri-o write it, in the host's time zone (+08:00 here)."""
    stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(NOW - age + 8 * 3600))
    return "%s.123456789+08:00 stdout F %s\n" % (stamp, line)


def docker(line, age=60):
    """A line of Docker's json-file."""
    stamp = time.strftime("%Y-%m-%dT%H:%M:%S.123456789Z", time.gmtime(NOW - age))
    return json.dumps({"log": line + "\n", "stream": "stdout", "time": stamp}, sort_keys=True) + "\n"


def calico(image="docker.io/calico/node:v3.20.0", log=None, files=None, kernel="5.10.0-30-amd64", mode="iptables", **more):
    """Return a node with calico-node and kube-proxy in a mode; log is that of the running container."""
    tree = dict(
        process(960, "calico-node", ["calico-node", "-felix"]), **process(900, "kube-proxy", ["kube-proxy", "--proxy-mode=" + mode], container="f" * 64)
    )
    tree.update({CONFIG: json.dumps({"annotations": {"io.kubernetes.cri.image-name": image}}), "/proc/960/environ": ""})
    tree["/proc/sys/kernel/osrelease"] = kernel + "\n"
    tree["/var/log/pods/default_web-1_0/web/0.log"] = cri(LIST)
    if log is not None:
        tree[FOLDER + "0.log"] = log
    tree.update(files or {})
    return node(files=tree, **more)
