# -*- coding: utf-8 -*-
"""Whatever kubectl prints, a scan of a cluster answers, as test_garbage.py demands of a host."""

from __future__ import absolute_import, division, print_function

from ansible_collections.nodemend.kubernetes.plugins.module_utils import _cluster_catalogue, _engine
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from recorded import RecordedHost, facts_of

__metaclass__ = type

WORDS = ["{", "}", "[", "]", "null", "0", '"items":', '"metadata":', "ok", "Error from server (Forbidden):", "Error from server", "(NotFound)"]
WORDS += ["Unable to connect to the server: ", "The connection to the server x was refused", "error: You must be logged in to the server", "\n", u"\u00e9"]
EMPTY = '{"items": [], "gitVersion": "v1.20.2"}'
TEXT = st.sampled_from([EMPTY, "[]", "{}", "null", '{"items": {}}']) | st.lists(st.sampled_from(WORDS), max_size=8).map(" ".join) | st.text(max_size=40)


@example([(0, EMPTY, EMPTY)] * 4)
@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(st.lists(st.tuples(st.sampled_from([0, 1]), TEXT, TEXT), min_size=4, max_size=4))
def test_a_scan_of_garbage_answers(answers):
    patterns = ("*/version", "*/readyz", "*get --raw /a*", "*config view*")
    commands = dict(zip(patterns, answers))
    host = RecordedHost(files={"/usr/bin/kubectl": u"", "/etc/kubernetes/admin.conf": u"x"}, commands=commands)
    try:
        facts = facts_of(host, _cluster_catalogue)
        report = _engine.scan(facts, _cluster_catalogue.CONDITIONS)
        assert facts.bugs == []
        for verdict in report["conditions"]:
            assert verdict["message"]
            assert verdict["reason"] != "InternalError", verdict["message"]
        for fact in _cluster_catalogue.FACTS:
            try:
                facts.get(fact)
            except Exception as exc:  # pylint: disable=broad-except
                assert exc.reason != "InternalError", exc.message
    finally:
        host.close()
