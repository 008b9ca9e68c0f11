# -*- coding: utf-8 -*-
from __future__ import absolute_import, division, print_function

import json

import clocks
import pytest
import tokens
from ansible_collections.nodemend.kubernetes.plugins.module_utils._facts import cni_tokens
from ansible_collections.nodemend.kubernetes.plugins.module_utils._host import Unavailable
from recorded import NOW, fact
from tokens import CONFLIST, DAY, HOUR, MULTUS, PATH, kubeconfig, part, token

__metaclass__ = type

YEAR = 365 * DAY


def found(files, **more):
    return fact("cni_tokens", clocks.host(files=files, **more))


def test_a_token_of_a_year():
    assert found(tokens.files(token(100 * DAY, YEAR))) == [{
        "path": PATH,
        "iat": NOW - 100 * DAY,
        "exp": NOW + 265 * DAY,
        "life": YEAR,
        "age": 100 * DAY,
        "subject": "system:serviceaccount:kube-system:calico-node",
        "pod": "calico-node-x7kqv",
        "readable": True,
    }]


def test_a_token_of_a_secret_has_no_dates():
    (entry,) = found(tokens.files(token(**{"kubernetes.io": None})))
    assert (entry["iat"], entry["exp"], entry["life"], entry["pod"], entry["readable"]) == (None, None, None, None, True)


@pytest.mark.parametrize("form", ['token: "%s"', "token: '%s'", "token: %s  "])
def test_quotes(form):
    assert found(tokens.files(token(HOUR, DAY), form=form))[0]["life"] == DAY


def test_a_token_in_a_file_of_its_own():
    files = tokens.files("/run/cni/token", form="tokenFile: %s")
    assert found(files) == []
    files["/run/cni/token"] = token(HOUR, DAY) + "\n"
    assert found(files)[0]["life"] == DAY


def test_multus_and_what_it_delegates_to():
    files = {"/etc/cni/net.d/00-multus.conf": tokens.MULTUS_CONF, MULTUS: kubeconfig(token(HOUR, YEAR), 'token: "%s"'), PATH: kubeconfig(token(HOUR, DAY))}
    assert [(entry["path"], entry["life"]) for entry in found(files)] == [(PATH, DAY), (MULTUS, YEAR)]


def test_multus_that_names_its_default_network_by_file():
    multus = json.dumps({"type": "multus-shim", "clusterNetwork": "/etc/cni/net.d/10-calico.conflist"})
    files = dict(tokens.files(token(HOUR, DAY)), **{"/etc/cni/net.d/00-multus.conf": multus})
    assert [entry["path"] for entry in found(files)] == [PATH]


@pytest.mark.parametrize("directory", cni_tokens.DIRECTORIES)
def test_each_folder(directory):
    path = directory + "/calico-kubeconfig"
    assert found({directory + "/10-canal.conflist": CONFLIST.replace(PATH, path), path: kubeconfig(token(HOUR, DAY))})[0]["path"] == path


@pytest.mark.parametrize(
    "files",
    [
        {},
        {PATH: kubeconfig(token(HOUR, DAY))},  # left over: nothing names it
        {PATH: kubeconfig(token(HOUR, DAY)), "/etc/cni/net.d/10-flannel.conflist": tokens.FLANNEL},
        {PATH: kubeconfig(token(HOUR, DAY)), "/etc/cni/net.d/05-cilium.conflist": tokens.FLANNEL, "/etc/cni/net.d/10-calico.conflist": CONFLIST},
        {PATH: kubeconfig("x", "client-certificate: /etc/cni/%s.crt"), "/etc/cni/net.d/10-calico.conflist": CONFLIST},
        {"/etc/cni/net.d/10-calico.conflist": CONFLIST},
    ],
)
def test_no_token_in_use(files):
    assert found(files) == []


GARBAGE = ["s3cret", "s3cret.s3cret.s3cret", "a.%s.c" % part("s3cret"), "a.%s.c" % part("[1]"), "a.%s.c" % part('"s3cret"'), "..", u"s3cret.\u8282.x"]
GARBAGE += ["a.%s.c" % part({"exp": value}) for value in ("s3cret", [1], {}, -1, 1 << 50, float("nan"), float("inf"), "9" * 400)]


@pytest.mark.parametrize("text", GARBAGE)
def test_garbage_has_no_dates(text):
    (entry,) = found(tokens.files(text))
    assert (entry["readable"], entry["exp"]) == (False, None)
    assert "s3cret" not in repr(entry)


@pytest.mark.parametrize("text", ["{", "s3cret", "[]", '"s3cret"', "1"])
def test_a_configuration_that_is_none(text):
    with pytest.raises(Unavailable) as caught:
        found({"/etc/cni/net.d/10-calico.conflist": text})
    assert caught.value.reason == "Unreadable" and "s3cret" not in caught.value.message


def test_what_lies_behind_the_configuration_in_use_is_not_looked_at():
    files = tokens.files(token(HOUR, DAY))
    stray = "/etc/cni/net.d/99-old.conf"
    assert [entry["path"] for entry in found(dict(files, **{stray: "{"}))] == [PATH]
    assert [entry["path"] for entry in found(dict(files, **{stray: "{}"}), denied=[stray], root=False)] == [PATH]


def test_without_root():
    with pytest.raises(Unavailable) as caught:
        found(tokens.files(token(HOUR, DAY)), denied=[PATH], root=False)
    assert caught.value.reason == "NeedsRoot"
