# -*- coding: utf-8 -*-
from __future__ import absolute_import, division, print_function

import pytest
from ansible_collections.nodemend.kubernetes.plugins.module_utils._option import (
    BadOption,
    Option,
    argument_spec,
    check_version,
    checked,
)

__metaclass__ = type

TABLE = {
    "minimum_nofile": Option("int", 65536, 1),
    "probes": Option("bool", False, None),
    "minimum_kernel_version": Option("version", None, None),
    "expected_ports": Option("ports", None, None),
}


def test_argument_spec_keeps_versions_as_they_were_written():
    assert argument_spec(TABLE) == {
        "minimum_nofile": {"type": "int", "default": 65536},
        "probes": {"type": "bool", "default": False},
        "minimum_kernel_version": {"type": "raw"},
        "expected_ports": {"type": "list", "elements": "str"},
    }


def test_defaults_are_filled_in():
    assert checked(TABLE, {"minimum_nofile": 1}) == {
        "minimum_nofile": 1,
        "probes": False,
        "minimum_kernel_version": None,
        "expected_ports": None,
    }


@pytest.mark.parametrize("entry", ["4443", "=nginx", "0=nginx", "65536=nginx", "4443=", "4443=a b", "04443=nginx", "x=nginx"])
def test_an_entry_of_another_form_is_refused(entry):
    with pytest.raises(BadOption) as caught:
        checked(TABLE, {"expected_ports": ["1=a", "65535=nginx", entry]})
    assert str(caught.value) == 'expected_ports: %r is not valid; give entries such as "4443=metrics-server".' % entry


@pytest.mark.parametrize("entry", ["arm64", "linux/aarch64", "windows/amd64", "linux/arm64/", ""])
def test_a_bad_platform_is_named(entry):
    table = {"binfmt_platforms": Option("platforms", None, None)}
    assert checked(table, {"binfmt_platforms": ["linux/arm/v7", "linux/s390x"]})["binfmt_platforms"] == ["linux/arm/v7", "linux/s390x"]
    with pytest.raises(BadOption) as caught:
        checked(table, {"binfmt_platforms": ["linux/arm64", entry]})
    assert str(caught.value) == 'binfmt_platforms: %r is not valid; give entries such as "linux/arm64".' % entry


@pytest.mark.parametrize("value", [0, -1])
def test_a_number_that_is_too_small_names_the_option_and_what_is_valid(value):
    with pytest.raises(BadOption) as caught:
        checked(TABLE, {"minimum_nofile": value})
    assert str(caught.value) == "minimum_nofile: %d is not valid; give a whole number from 1." % value


@pytest.mark.parametrize("value", [6.20, 5, True])
def test_an_unquoted_version_is_refused(value):
    with pytest.raises(BadOption) as caught:
        checked(TABLE, {"minimum_kernel_version": value})
    assert "minimum_kernel_version: %r is a number; quote it" % value in str(caught.value)


@pytest.mark.parametrize("value", ["latest", "", "el8"])
def test_what_is_no_version_is_refused(value):
    with pytest.raises(BadOption) as caught:
        check_version("minimum_kernel_version", value)
    assert "is not a version" in str(caught.value)


def test_a_version_keeps_its_text():
    assert check_version("minimum_kernel_version", " 4.20 ") == "4.20"
