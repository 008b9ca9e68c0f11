# -*- coding: utf-8 -*-
"""What a unit starts, as systemd.syntax(7) and systemd.service(5) read it."""

from __future__ import absolute_import, division, print_function

import pytest
from ansible_collections.nodemend.kubernetes.plugins.module_utils._exec_start import command

__metaclass__ = type


@pytest.mark.parametrize(
    "texts, words",
    [
        ([], []),
        (["[Service]\nExecStartPre=/bin/true\n"], []),
        (
            ["ExecStart=/usr/local/bin/k3s \\\n    server \\\n\t'--docker' \\\n\t'--node-label=a=it'\\''s b' \\\n\n"],
            ["/usr/local/bin/k3s", "server", "--docker", "--node-label=a=it's b"],
        ),
        (["ExecStart=/bin/k3s \\\n# not this\n; nor this\nserver\n"], ["/bin/k3s", "server"]),
        (["#ExecStart=/bin/other\n ExecStart = /bin/k3s agent\n"], ["/bin/k3s", "agent"]),
        (["ExecStart=/bin/a b\n", "ExecStart=\nExecStart=/bin/c d\n", "LimitNOFILE=1\n"], ["/bin/c", "d"]),
        (["ExecStart=/bin/a\n", "ExecStart= \n"], []),
        (["ExecStart=/bin/a \\"], ["/bin/a"]),
        ([u"ExecStart=/bin/a --label=\u00e9t\u00e9\n"], ["/bin/a", u"--label=\u00e9t\u00e9"]),
        (["ExecStart=/bin/a 'open\n"], []),
    ],
)
def test_command(texts, words):
    assert command(texts) == words
