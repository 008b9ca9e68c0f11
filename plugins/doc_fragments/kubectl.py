# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Options of the modules that change a cluster through kubectl."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type


class ModuleDocFragment(object):
    DOCUMENTATION = r"""
options:
  kubectl:
    description: The command; C(k3s kubectl) works too.
    type: str
    default: kubectl
  kubeconfig:
    description: Path of the kubeconfig on the host.
    type: path
    required: true
  request_timeout:
    description: Seconds that one request to the API server may take.
    type: int
    default: 30
"""
