"""Pollers, on a source and a function of the test's own."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from ingle.invoke.errors import TooManyRequests
from ingle.invoke.pollers.poller import FIRST, MORE, MORE_PROVISIONED, OF_ONE, Plan, Poller
from ingle.invoke.pollers.target import Answer
from ingle.observe.exposition import page
from ingle.observe.measurements import Measurements
from tests.services.clocks import ManualClock

ARN = "arn:aws:sqs:us-east-1:000000000000:q"


def message(number: int) -> Any:
    told = {
        "MessageId": str(number),
        "ReceiptHandle": "h",
        "Body": str(number),
        "MD5OfBody": "m",
        "Attributes": {},
    }
    known = SimpleNamespace(message_id=str(number), size=1, trace=f"t{number}")
    return SimpleNamespace(message=known, described=told)


class World:
    """A queue, and a function that a test holds back."""

    function = ("000000000000", "us-east-1", "f")

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.ready: list[Any] = []
        self.asked: list[int] = []
        self.deleted: list[str] = []
        self.discarded: list[str] = []
        self.hidden: list[list[str]] = []
        self.hidden_for: list[float | None] = []
        self.lost = False
        self.ran: list[bytes] = []
        self.errors: list[Exception] = []
        self.refusal = ""
        self.looping: set[str] = set()
        self.open = asyncio.Event()
        self.measurements = Measurements()
        self.poller: Poller

    def start(self, **settings: Any) -> None:
        plan = {
            "arn": ARN,
            "batch_size": 1,
            "window_s": 0,
            "is_ordered": False,
            "filters": (),
            "reports": False,
            "most": None,
            "hidden_s": 20,
            "retry_s": 10,
        } | settings
        self.poller = Poller(Plan(**plan), self, self, self.measurements, self.clock)

    async def receive(
        self, arn: str, count: int, hidden_s: float | None, wait_s: float
    ) -> Sequence[Any]:
        while not self.ready:
            await self.clock.sleep(0.01)
        self.asked.append(count)
        self.hidden_for.append(hidden_s)
        taken, self.ready = self.ready[:count], self.ready[count:]
        return taken

    async def delete(self, arn: str, received: Sequence[Any]) -> None:
        self.deleted += [each.message.message_id for each in received]

    async def hide(self, arn: str, received: Sequence[Any]) -> bool:
        self.hidden.append([each.message.message_id for each in received])
        return not self.lost

    async def discard(self, arn: str, received: Sequence[Any]) -> None:
        self.discarded += [each.message.message_id for each in received]

    def waiting(self, arn: str) -> int:
        return len(self.ready)

    def fault(self) -> str:
        return self.refusal

    def loops(self, trace: str) -> bool:
        return trace in self.looping

    async def run(self, payload: bytes, trace: str) -> Answer:
        if self.errors:
            raise self.errors.pop(0)
        self.ran.append(payload)
        await self.open.wait()
        return Answer(False, b"null")

    async def until(self, holds: Callable[[], bool]) -> None:
        """Let time pass until something is so."""
        for _ in range(20_000):
            if holds():
                return
            await self.clock.advance(0.01)
            await asyncio.sleep(0)
        raise AssertionError("it never was")

    async def rest(self, seconds: float) -> None:
        """Let some time pass."""
        until = self.clock.now + seconds
        await self.until(lambda: self.clock.now >= until)


@pytest.fixture
async def world() -> AsyncIterator[World]:
    made = World()
    yield made
    made.open.set()
    await made.poller.cut_off()


async def test_more_batches_run_at_once_as_long_as_messages_wait(world: World) -> None:
    world.ready = [message(each) for each in range(100)]
    world.start()
    await world.until(lambda: world.poller.running == FIRST)
    await world.rest(0.5)
    assert world.poller.running == FIRST
    await world.until(lambda: world.poller.running == FIRST + 2 * MORE)
    assert world.clock.now >= 2
    world.open.set()
    await world.until(lambda: len(world.deleted) == 100)


async def test_provisioned_pollers_bound_how_many_batches_run_at_once(world: World) -> None:
    world.ready = [message(each) for each in range(200)]
    world.start(pollers=(2, 4))
    await world.until(lambda: world.poller.running == 2 * OF_ONE)
    await world.until(lambda: world.poller.running == 2 * OF_ONE + MORE_PROVISIONED)
    await world.rest(5)
    assert world.poller.running == 4 * OF_ONE
    world.open.set()
    await world.until(lambda: len(world.deleted) == 200)


async def test_batches_are_received_together_and_of_a_fifo_queue_one_by_one(
    world: World,
) -> None:
    world.ready = [message(each) for each in range(100)]
    world.start(batch_size=10)
    await world.until(lambda: len(world.ran) == FIRST)
    assert world.asked == [50]
    assert [payload.count(b"messageId") for payload in world.ran] == [10] * FIRST
    await world.poller.cut_off()
    world.asked.clear()
    world.start(batch_size=10, is_ordered=True)
    await world.until(lambda: len(world.asked) == FIRST)
    assert world.asked == [10] * FIRST


async def test_never_more_than_the_maximum_concurrency_run_at_once(world: World) -> None:
    world.ready = [message(each) for each in range(30)]
    world.start(most=7)
    await world.rest(10)
    assert world.poller.running == 7


async def test_a_batch_that_is_throttled_is_tried_again_for_a_while(world: World) -> None:
    world.open.set()
    world.errors = [TooManyRequests("why") for _ in range(3)]
    world.ready = [message(1)]
    world.start()
    await world.until(lambda: world.deleted == ["1"])
    world.errors = [TooManyRequests("why") for _ in range(100)]
    world.ready = [message(2)]
    await world.rest(20)
    assert world.deleted == ["1"]
    assert (
        'failed_invoke_events_total{account="000000000000",region="us-east-1",function="f"} 1'
        in (page(world.measurements.families()).decode())
    )


async def test_nothing_is_received_while_the_role_may_not(world: World) -> None:
    world.open.set()
    world.refusal = "not allowed"
    world.ready = [message(1)]
    world.start()
    await world.rest(11)
    assert len(world.ready) == 1
    world.refusal = ""
    await world.until(lambda: world.deleted == ["1"])


async def test_messages_of_an_endless_loop_are_discarded(world: World) -> None:
    world.open.set()
    world.looping = {"t2"}
    world.ready = [message(1), message(2)]
    world.start(batch_size=10)
    await world.until(lambda: world.deleted == ["1"])
    assert world.discarded == ["2"]


async def test_what_runs_when_it_is_stopped_goes_on(world: World) -> None:
    world.ready = [message(1)]
    world.start()
    await world.until(lambda: world.poller.running == 1)
    closing = asyncio.create_task(world.poller.close())
    await asyncio.sleep(0)
    world.ready = [message(2)]
    world.open.set()
    await closing
    assert (world.deleted, len(world.ready)) == (["1"], 1)


async def test_what_waited_for_its_function_is_hidden_for_the_whole_run(world: World) -> None:
    world.ready = [message(1)]
    world.errors = [TooManyRequests("why")] * 2
    world.start()
    await world.until(lambda: len(world.ran) == 1)
    assert world.hidden == [["1"], ["1"]]
    world.open.set()
    await world.until(lambda: world.deleted == ["1"])


async def test_what_is_run_at_once_is_not_hidden_anew(world: World) -> None:
    world.ready = [message(1)]
    world.open.set()
    world.start()
    await world.until(lambda: world.deleted == ["1"])
    assert (world.hidden, world.hidden_for[0]) == ([], None)


async def test_what_somebody_else_received_meanwhile_is_not_run(world: World) -> None:
    world.ready = [message(1)]
    world.errors = [TooManyRequests("why")]
    world.lost = True
    world.start()
    await world.until(lambda: bool(world.hidden))
    await world.rest(1)
    assert (world.ran, world.deleted) == ([], [])


async def test_what_waits_for_a_window_is_hidden_so_much_longer(world: World) -> None:
    world.ready = [message(1)]
    world.open.set()
    world.start(batch_size=20, window_s=5)
    await world.until(lambda: bool(world.hidden_for))
    assert world.hidden_for == [25]
    world.ready = [message(each) for each in range(2, 21)]
    await world.until(lambda: len(world.deleted) == 20)
    assert len(world.hidden[0]) == 20
