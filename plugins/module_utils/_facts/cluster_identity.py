# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""Fact: which cluster a kubeconfig leads to, told from the file alone: the API server may be down."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import base64
import os

from .._source import reads, runs
from .node_identity import fingerprint

SOURCES = (
    runs(
        "*kubectl --kubeconfig=* config view --minify --raw --output jsonpath=*",
        "the cluster's CA certificate; kubectl picks it, nothing else of the file is read",
    ),
    reads("*", "the CA certificate, where the kubeconfig names a file; of the kubeconfig one byte, to tell whether it may be read", root=True),
)


def collect(host, kubectl_client):
    """Return {id, kubeconfig, kubectl}.

    id       first 16 hexadecimal digits of the SHA-256 of the cluster's CA certificate, as node.cluster; None without a CA
    kubectl  the command that was found
    """
    data, path = kubectl_client.authority()
    text = None
    if data:
        try:
            text = base64.b64decode(data).decode("ascii", "replace")
        except (TypeError, ValueError):  # Python 2.7 raises TypeError
            text = None
    elif path:
        # As kubectl does: relative to the kubeconfig.
        text = host.read(os.path.join(os.path.dirname(kubectl_client.kubeconfig), path))
    return {
        "id": fingerprint(text) if text else None,
        "kubeconfig": kubectl_client.kubeconfig,
        "kubectl": kubectl_client.kubectl,
    }
