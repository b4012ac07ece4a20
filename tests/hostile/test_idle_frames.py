"""Frames that mean nothing when they come must end the sandbox, and not be read for ever."""

import uuid

import pytest

from tests.e2e.conftest import eventually
from tests.e2e.processes import processes_with


@pytest.mark.parametrize("kind", ["READY", "SETUP_FAILED", "INIT_ERROR", "LISTENING"])
def test_frames_of_an_idle_sandbox_end_it(deploy_attacker, invoke, kind):
    name = deploy_attacker("channel", Timeout=2)
    mark = f"hostile-{uuid.uuid4().hex}"
    first, _ = invoke(name, ["flood", kind, mark])

    def is_replaced() -> bool:
        answer, response = invoke(name, "fine")
        return "FunctionError" not in response and answer != first

    eventually(is_replaced, "another sandbox serves", within_s=60)
    eventually(lambda: not processes_with(mark), "the first one is gone", within_s=60)
