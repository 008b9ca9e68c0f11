"""What is said of units that a restart did not get ready. The failed results are those of ansible-core 2.21 and 2.16 (async_status, async_wrapper)."""

import pytest
from ansible_collections.nodemend.kubernetes.plugins.plugin_utils._restarts import told

STATUS = {"ActiveState": "activating", "SubState": "start"}
LATE = "a.service has not started within 4 s (a_timeout). It is activating (start)."


@pytest.mark.parametrize(
    "restart, status, sentence",
    [
        ({"failed": True, "msg": "async task did not complete within the requested time - 4s", "async_result": {"finished": 0}}, STATUS, LATE),
        ({"failed": True, "msg": "Timeout exceeded", "child_pid": 7}, STATUS, LATE),
        (
            {"failed": True, "msg": "Job for a.service failed because the control process exited with error code.\n"},
            {"ActiveState": "failed", "SubState": "failed"},
            "Job for a.service failed because the control process exited with error code. It is failed (failed).",
        ),
        ({"failed": True}, None, "a.service was not restarted. It is in an unknown state ()."),
    ],
)
def test_why_it_is_not_ready(restart, status, sentence):
    assert told([{"name": "a.service", "status": status, "item": restart}], 4, "a_timeout") == sentence


def test_each_unit_is_told():
    units = [{"name": name, "status": STATUS, "item": {"failed": True, "msg": "Timeout exceeded"}} for name in ("a.service", "b.service")]
    assert told(units, 4, "a_timeout") == LATE + " " + LATE.replace("a.service", "b.service")
