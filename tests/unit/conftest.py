# -*- coding: utf-8 -*-
"""Make `ansible_collections.nodemend.kubernetes...` importable straight from the checkout, without Ansible.

What runs on a managed node must run on its bare Python, 2.7 included. So these tests do too: the packages
between the checkout and the code are put together here, the way Ansible's own loader would find them.
"""
from __future__ import absolute_import, division, print_function

import os
import sys
import types

import hypothesis

__metaclass__ = type

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
COLLECTION = "ansible_collections.nodemend.kubernetes"


def _package(name, path):
    module = types.ModuleType(str(name))
    module.__path__ = path
    sys.modules[name] = module
    parent, _dot, child = name.rpartition(".")
    if parent:
        setattr(sys.modules[parent], child, module)


_package("ansible_collections", [])
_package("ansible_collections.nodemend", [])
_package(COLLECTION, [ROOT])
_package(COLLECTION + ".plugins", [os.path.join(ROOT, "plugins")])
# These folders have no __init__.py: Ansible needs none, Python 2.7 does.
for _name in ("module_utils", "plugin_utils"):
    _package("%s.plugins.%s" % (COLLECTION, _name), [os.path.join(ROOT, "plugins", _name)])

# A busy machine is not a failed test, and a checkout is no place for a database of examples. CI tries the same examples each
# time, since its answer is about the change; whoever runs the tests by hand goes on searching.
hypothesis.settings.register_profile("nodemend", deadline=None, database=None, derandomize=bool(os.environ.get("CI")))
hypothesis.settings.load_profile("nodemend")
