# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""Fact: the API server: its version, and whether it is ready."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from .._host import Unavailable
from .._kubectl import asks

SOURCES = (
    asks("/version", "the API server's version"),
    asks("/readyz", "whether it is ready to serve"),
)


def collect(kubectl_client):
    """Return {version, ready, not_ready}.

    version    "v1.20.2"
    not_ready  what the server says where it is not ready, else None
    """
    version = kubectl_client.get("/version")
    if not isinstance(version, dict) or not version.get("gitVersion"):
        raise Unavailable("Unreadable", "/version: the answer is not that of an API server")
    not_ready = None
    try:
        kubectl_client.text("/readyz")  # a server before 1.16 has none: it has answered, which must do
    except Unavailable as exc:
        if exc.reason == "ApiUnreachable":
            raise
        not_ready = exc.message
    return {"version": str(version["gitVersion"]), "ready": not_ready is None, "not_ready": not_ready}
