# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from ansible.errors import AnsibleFilterError
from ansible.module_utils.parsing.convert_bool import boolean
from ansible_collections.nodemend.kubernetes.plugins.plugin_utils._control_plane_certificates import NAMES, plan


def control_plane_certificates_plan(found, files, renew=False, state="present"):
    return plan(found, files, _names(renew), state)


def _names(renew):
    """Return True, False or a list of names; text from the command line may be any of them."""
    if isinstance(renew, list):
        names = renew
    else:
        try:
            return boolean(renew)
        except TypeError:
            names = [name.strip() for name in renew.split(",")]
    strange = sorted(set(str(name) for name in names) - set(NAMES))
    if strange:
        raise AnsibleFilterError(
            "control_plane_certificates_renew: %s is no certificate of kubeadm; give true, false or some of %s." % (", ".join(strange), ", ".join(NAMES))
        )
    return [str(name) for name in names]


class FilterModule(object):
    def filters(self):
        return {"control_plane_certificates_plan": control_plane_certificates_plan}
