# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from ansible_collections.nodemend.kubernetes.plugins.plugin_utils import _left_out
from ansible_collections.nodemend.kubernetes.plugins.plugin_utils._inert import inert, plain


def left_out(lines, packages):
    return inert(_left_out.left_out, plain(lines), plain(packages))


class FilterModule(object):
    def filters(self):
        return {"left_out": left_out}
