"""Durable executions survive the server, also where it is killed in the middle."""

import random
import time
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.clocked import ClockedServer
from tests.e2e.conftest import DURABLE_ROLE, RUNTIME, zip_of
from tests.e2e.durable import Durable

EXECUTIONS, STEPS, KILLS = 8, 25, 6
FLOW = """
import time

def work(number):
    def run(step):
        print("ran", number)
        time.sleep(0.02)
        return number
    return run

@durable_execution
def handler(event, context):
    total = 0
    for number in range(event):
        total += context.step(work(number), name=f"s{number}")
        if number % 8 == 7:
            context.wait(Duration.from_seconds(1))
    return total
"""


@pytest.fixture
def durable(tmp_path: Path) -> Any:
    server = ClockedServer(tmp_path / "data")
    server.start()
    yield Durable(server)
    if server.running:
        server.kill()


def restarted(durable: Durable) -> Durable:
    """Kill the server, and start it again on the same folder."""
    durable.server.kill()
    durable.server.start()
    return Durable(durable.server)


def test_kill_9_at_any_moment_loses_no_checkpoint_and_repeats_none(durable: Durable) -> None:
    name = durable.create(FLOW)
    arns = [durable.start(name, STEPS) for _ in range(EXECUTIONS)]
    chance = random.Random(8)
    seen: dict[str, list[dict[str, Any]]] = {arn: [] for arn in arns}
    for _ in range(KILLS):
        time.sleep(chance.uniform(0.1, 0.9))
        for arn in chance.sample(arns, 3):
            seen[arn] = durable.history(arn)
        durable = restarted(durable)
    for arn in arns:
        assert durable.result(arn) == sum(range(STEPS))
        events = durable.history(arn)
        # What was told of before a kill is still so, and numbered without a gap.
        assert events[: len(seen[arn])] == seen[arn]
        assert [each["EventId"] for each in events] == list(range(1, len(events) + 1))
        ended = [each["Name"] for each in events if each["EventType"] == "StepSucceeded"]
        assert ended == [f"s{number}" for number in range(STEPS)]
        # A step was started again only where it was not checkpointed.
        told = [
            (each["EventType"], each["Name"])
            for each in events
            if each["EventType"].startswith("Step")
        ]
        for kind, step in told:
            if kind == "StepSucceeded":
                later = told[told.index((kind, step)) + 1 :]
                assert ("StepStarted", step) not in later


def waits_for(durable: Durable, arn: str, kind: str) -> dict[str, Any]:
    [details] = durable.happened(arn, kind)
    durable.rests(arn)
    return details


def test_waits_callbacks_and_children_go_on_after_a_kill(durable: Durable) -> None:
    inner = durable.create(FLOW.replace("Duration.from_seconds(1)", "Duration.from_seconds(600)"))
    outer = durable.create("""
@durable_execution
def handler(event, context):
    callback = context.create_callback(
        config=CallbackConfig(timeout=Duration.from_seconds(3600)))
    return [context.invoke(event, 9), callback.result()]
""")
    arn = durable.start(outer, inner)
    callback = waits_for(durable, arn, "CallbackStarted")["CallbackId"]
    child = waits_for(durable, arn, "ChainedInvokeStarted")["DurableExecutionArn"]
    durable.rests(child)
    durable = restarted(durable)
    durable.server.advance(601)
    assert durable.result(child) == 36
    durable = restarted(durable)
    durable.client.send_durable_execution_callback_success(CallbackId=callback, Result=b'"yes"')
    assert durable.result(arn) == [36, '"yes"']


def test_a_function_that_is_not_durable_is_invoked_again_after_a_kill(durable: Durable) -> None:
    plain = durable.client.create_function(
        FunctionName="slow",
        Role=DURABLE_ROLE,
        Runtime=RUNTIME,
        Handler="app.handler",
        Timeout=30,
        Code={"ZipFile": _slow()},
    )["FunctionName"]
    outer = durable.create(
        "@durable_execution\ndef handler(event, context):\n    return context.invoke(event, {})\n"
    )
    arn = durable.start(outer, plain)
    durable.rests(arn)
    durable = restarted(durable)
    assert durable.result(arn) == "slept"


def _slow() -> bytes:
    return zip_of(app="import time\ndef handler(e, c):\n    time.sleep(2)\n    return 'slept'\n")


def test_a_server_that_is_stopped_leaves_executions_to_the_next_start(durable: Durable) -> None:
    name = durable.create(FLOW)
    arn = durable.start(name, STEPS)
    durable.happened(arn, "StepSucceeded", 3)
    durable.server.stop()
    durable.server.start()
    durable = Durable(durable.server)
    assert durable.result(arn) == sum(range(STEPS))
    kinds = durable.kinds(arn)
    assert kinds.count("StepSucceeded") == STEPS
