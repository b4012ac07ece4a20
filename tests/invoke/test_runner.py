import json
from pathlib import Path
from typing import Any

import pytest

from ingle.invoke.errors import SandboxUnavailable, ShuttingDown, SnapStartFailed, TooManyRequests
from ingle.invoke.events.event import Event, Settings
from ingle.invoke.events.fate import Fate, Left, Outcome, Refused
from ingle.invoke.events.functions import Target
from ingle.invoke.events.runner import Runner
from ingle.invoke.invoker import InvocationResult
from ingle.invoke.metrics import Metric
from ingle.invoke.tracing import Tracer
from ingle.pool.spec import FunctionSpec
from ingle.wire.errors import ServiceError
from tests.services.clocks import ManualClock

KEY = ("000000000000", "us-east-1", "hello", "live")
ARN = "arn:aws:lambda:us-east-1:000000000000:function:hello"
REQUEST = "3f0e7ea8-1d2c-4e0e-9d38-5d3d6d1d9c1a"
SPEC = FunctionSpec(
    account_id=KEY[0],
    region=KEY[1],
    name=KEY[2],
    version="7",
    arn=f"{ARN}:7",
    runtime="python3.12",
    handler="app.handler",
    role="",
    memory_mb=128,
    timeout_s=3,
    environment={},
    ephemeral_mb=512,
    code_dir=Path("/"),
    log_group="",
    revision_id="",
)


class World:
    """One function, which does what a test says, and those who look at it."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.chosen = Settings(on_success="arn:aws:x:::good", on_failure="arn:aws:x:::bad")
        self.found: Target | Exception = Target(SPEC, ARN, f"{ARN}:live", False, False)
        self.answer: InvocationResult | Exception = InvocationResult(b'"yes"', None, None)
        self.calls: list[dict[str, Any]] = []
        self.measured: list[Metric] = []

    def settings(self, _key: object) -> Settings:
        return self.chosen

    def qualified_arn(self, key: tuple[str, ...]) -> str:
        return f"{ARN}:{key[3]}"

    async def target(self, _key: object) -> Target:
        if isinstance(self.found, Exception):
            raise self.found
        return self.found

    async def invoke(self, spec: FunctionSpec, payload: bytes, **rest: Any) -> InvocationResult:
        self.calls.append({"spec": spec, "payload": payload, **rest})
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    def record(
        self, metric: Metric, _function: object, value: float = 1.0, _qualifier: str = ""
    ) -> None:
        self.measured.append(metric)

    async def run(self, event: Event, refusal: int | None = None) -> Fate:
        runner = Runner(self, self, self, self.clock, Tracer(self.clock))  # type: ignore[arg-type]
        return await runner.run(event, refusal)


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def event(world: World) -> Event:
    now_ms = int(world.clock.time() * 1000)
    return Event(KEY, b'{"a": 1}', REQUEST, "", now_ms, now_ms, id=1)


def told(fate: Fate) -> dict[str, Any]:
    """The record that a destination gets, which says that the event is over."""
    assert isinstance(fate, Outcome)
    assert fate.over
    [delivery] = fate.deliveries
    record: dict[str, Any] = json.loads(delivery.record)
    return record


async def test_an_event_runs_as_its_caller_sent_it(world: World, event: Event) -> None:
    await world.run(event)
    [call] = world.calls
    trace = call.pop("trace_id")
    assert trace.startswith("Root=1-")
    assert call == {
        "spec": SPEC,
        "payload": b'{"a": 1}',
        "request_id": REQUEST,
        "invoked_arn": f"{ARN}:live",
    }
    assert world.measured == [Metric.ASYNC_EVENT_AGE]


async def test_an_event_that_is_over_takes_no_more_memory_for_its_payload(
    world: World, event: Event
) -> None:
    await world.run(event)
    assert event.payload == b""


async def test_an_answer_that_is_no_json_is_told_as_a_text(world: World, event: Event) -> None:
    world.answer = InvocationResult(b"plain \xff", None, None)
    assert told(await world.run(event))["responsePayload"] == "plain \N{REPLACEMENT CHARACTER}"


async def test_a_failure_is_tried_again_with_its_number_kept(world: World, event: Event) -> None:
    world.answer = InvocationResult(b"{}", "Unhandled", None)
    fate = await world.run(event)
    assert isinstance(fate, Outcome)
    assert not fate.over
    assert (event.attempts, event.due_ms - event.accepted_ms) == (1, 60_000)
    assert Metric.ASYNC_EVENTS_DROPPED not in world.measured


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (TooManyRequests("ConcurrentInvocationLimitExceeded"), 429),
        (SandboxUnavailable("no"), 500),
        (ServiceError("no", code="ResourceConflictException", status=409), 409),
        (ServiceError("no", code="InvalidZipFileException", status=502), 502),
        (OSError("a defect"), 500),
    ],
)
async def test_what_is_not_the_function_s_fault_is_tried_again_without_being_counted(
    world: World, event: Event, error: Exception, status: int
) -> None:
    world.answer = error
    assert await world.run(event) == Refused(status)
    assert (event.attempts, event.payload) == (0, b'{"a": 1}')
    assert world.measured == []
    world.found = error
    assert await world.run(event) == Refused(status)


async def test_a_server_that_stops_leaves_its_events(world: World, event: Event) -> None:
    world.answer = ShuttingDown("bye")
    assert isinstance(await world.run(event), Left)


@pytest.mark.parametrize(
    ("error", "status"), [(SnapStartFailed(), 400), (ServiceError("gone", status=404), 404)]
)
async def test_errors_of_the_function_s_own_count_as_its_failures(
    world: World, event: Event, error: Exception, status: int
) -> None:
    world.chosen = Settings(retries=0, on_failure="arn:aws:x:::bad")
    world.answer = error
    record = told(await world.run(event))
    assert record["requestContext"]["condition"] == "RetriesExhausted"
    assert record["requestContext"]["approximateInvokeCount"] == 1
    assert record["responseContext"] == {"statusCode": status}
    assert "responsePayload" not in record


async def test_an_event_that_was_throttled_until_it_was_too_old_says_so(
    world: World, event: Event
) -> None:
    await world.clock.advance(world.chosen.age_s)
    record = told(await world.run(event, 429))
    assert record["requestContext"]["condition"] == "EventAgeExceeded"
    assert record["responseContext"] == {"statusCode": 429}
    assert world.measured == [Metric.ASYNC_EVENTS_DROPPED]
    assert world.calls == []


async def test_without_a_destination_nothing_is_told(world: World, event: Event) -> None:
    world.chosen = Settings()
    fate = await world.run(event)
    assert isinstance(fate, Outcome)
    assert (fate.over, list(fate.deliveries)) == (True, [])


async def test_a_destination_continues_the_chain(world: World, event: Event) -> None:
    event.trace = "Root=1-5759e988-bd862e3fe1be46a994272793;Lineage=1:0123abcd:3"
    fate = await world.run(event)
    assert isinstance(fate, Outcome)
    [delivery] = fate.deliveries
    assert delivery.trace == world.calls[0]["trace_id"]
    assert delivery.trace.startswith(event.trace.replace("1:0123abcd", "2:0123abcd"))


async def test_an_event_and_its_function_must_agree_about_tenants(
    world: World, event: Event
) -> None:
    world.found = Target(SPEC, ARN, f"{ARN}:live", False, False, isolated=True)
    assert isinstance(await world.run(event), Outcome)
    assert (world.calls, event.attempts) == ([], 1)
    event.tenant_id = "blue"
    await world.run(event)
    [call] = world.calls
    assert (call["spec"].tenant_id, call["spec"].revision_id) == ("blue", "/blue")
    world.found = Target(SPEC, ARN, f"{ARN}:live", False, False)
    await world.run(event)
    assert len(world.calls) == 1
