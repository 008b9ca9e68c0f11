# -*- coding: utf-8 -*-
from __future__ import absolute_import, division, print_function

import clocks
from ansible_collections.nodemend.kubernetes.plugins.module_utils._facts.admission_flags import parse
from recorded import fact
from runtime_hosts import process

__metaclass__ = type


def test_of_the_process():
    server = process(600, "kube-apiserver", words=("kube-apiserver", "--enable-admission-plugins=NodeRestriction,PodNodeSelector", "--v=2"))
    assert fact("admission_flags", clocks.host([server])) == {"enable-admission-plugins": ["NodeRestriction", "PodNodeSelector"]}


def test_none_here():
    assert fact("admission_flags", clocks.host()) is None


def test_an_empty_value_is_none():
    assert parse("--enable-admission-plugins=") == {}


def test_quotes():
    assert parse("    - '--admission-control=A,B'\n") == {"admission-control": ["A", "B"]}


def test_two_items_of_a_list():
    items = ("kube-apiserver", "'--admission-control'", '"A,B"', "--v=2", "--disable-admission-plugins=", "--enable-admission-plugins", "C")
    assert parse("".join("    - %s\n" % item for item in items)) == {"admission-control": ["A", "B"], "enable-admission-plugins": ["C"]}
