# -*- coding: utf-8 -*-
from __future__ import absolute_import, division, print_function

from ansible_collections.nodemend.kubernetes.plugins.module_utils._owners import belongs, controller

__metaclass__ = type

WATCHER = {"kind": "DaemonSet", "name": "watcher", "uid": "u-1"}
KEEPER = {"kind": "ReplicaSet", "name": "keeper", "uid": "u-2", "controller": True}


def owned(*references):
    return {"metadata": {"ownerReferences": list(references)}}


def test_the_controller_is_the_owner_that_says_so():
    assert controller(owned(WATCHER, KEEPER)) == KEEPER
    assert controller(owned(WATCHER, dict(KEEPER, controller=False))) is None
    assert controller({"metadata": {}}) is controller({"metadata": {"ownerReferences": None}}) is None


def test_whoever_is_named_owns_it():
    assert belongs(owned(KEEPER, WATCHER), {"metadata": {"uid": "u-1"}})
    assert not belongs(owned(KEEPER), {"metadata": {"uid": "u-1"}})
    assert not belongs({"metadata": {}}, {"metadata": {"uid": "u-1"}})
