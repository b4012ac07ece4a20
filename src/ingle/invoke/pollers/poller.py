"""Takes messages out of one queue and runs one function with them.

Source: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html and its neighbours.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ingle.clock import Clock
from ingle.invoke.errors import ShuttingDown
from ingle.invoke.metrics import Metric, MetricSink
from ingle.invoke.pollers import records
from ingle.invoke.pollers.source import Received, Source
from ingle.invoke.pollers.target import Target
from ingle.wire.errors import ServiceError

_logger = logging.getLogger("ingle.pollers")

FIRST = 5
"""Batches that run at once at first."""
MORE = 5
"""By how many that grows each second, as long as all are busy and messages wait."""
MOST = 1250
"""And up to how many."""
OF_ONE = 10
"""Batches that one provisioned poller runs at once, at most."""
MORE_PROVISIONED = 16
"""By how many it grows each second where pollers are provisioned: 1,000 a minute."""
TOGETHER = 100
"""Messages that are received together for several batches."""
POLL_S = 20.0
_LOOK_S = 1.0
_CHECK_S = 5.0
_FIRST_PAUSE_S, _LAST_PAUSE_S = 0.2, 10.0
_FRESH_S = 0.1
"""What waited longer than this for its function is hidden anew, for the whole time of its run."""
_LONGEST_HIDDEN_S = 43_200.0


@dataclass(frozen=True, slots=True)
class Plan:
    """What a mapping asks for.

    Attributes:
        arn: the queue's.
        batch_size: how many messages an event has at most.
        window_s: how long is waited for as many, from the first one on.
        is_ordered: whether the queue keeps the order, which batches side by side would not.
        filters: a message must pass one of them, where there are some.
        reports: whether the function says which messages it failed on.
        most: how many batches may run at once, or None for as many as there are.
        pollers: the least and the most pollers that are provisioned, or None.
        hidden_s: how long nobody else receives what was received.
        retry_s: how long a batch that could not be run is tried again.
    """

    arn: str
    batch_size: int
    window_s: int
    is_ordered: bool
    filters: Sequence[Callable[[Mapping[str, Any]], bool]]
    reports: bool
    most: int | None
    hidden_s: float
    retry_s: float
    pollers: tuple[int, int] | None = None

    @property
    def limits(self) -> tuple[int, int, int]:
        """How many batches run at once at first, by how many that grows, and up to how many."""
        if self.pollers is not None:
            least, most = self.pollers
            return least * OF_ONE, MORE_PROVISIONED, most * OF_ONE
        return min(FIRST, self.most or FIRST), MORE, self.most or MOST


class Poller:
    """Polls one queue for one function.

    Args:
        plan: what is asked for.
        source: has the queue.
        target: the function.
        metrics: what takes measurements.
        clock: the time of day.
    """

    def __init__(
        self, plan: Plan, source: Source, target: Target, metrics: MetricSink, clock: Clock
    ) -> None:
        self._plan = plan
        self._source = source
        self._target = target
        self._metrics = metrics
        self._clock = clock
        self._batches: set[asyncio.Task[None]] = set()
        self._free: asyncio.Future[None] | None = None
        self._pause: asyncio.Task[None] | None = None
        self._first, self._more, self._most = plan.limits
        self._limit = self._first
        self._grown_s = clock.monotonic()
        self._checked_s: float | None = None
        self._task = asyncio.create_task(self._run(), name=f"poller of {plan.arn}")

    @property
    def running(self) -> int:
        """How many batches run."""
        return len(self._batches)

    def stop(self) -> None:
        """Receive no more; what runs goes on."""
        self._task.cancel()

    async def close(self) -> None:
        """Stop, and return once nothing runs any more."""
        await self._stopped()
        while self._batches:
            await asyncio.wait(list(self._batches))

    async def cut_off(self) -> None:
        """Stop, and end what runs; its messages come again."""
        await self._stopped()
        for each in self._batches:
            each.cancel()
        await asyncio.gather(*self._batches, return_exceptions=True)

    async def _stopped(self) -> None:
        self.stop()
        if self._pause is not None:
            self._pause.cancel()
        ending = [each for each in (self._task, self._pause) if each is not None]
        await asyncio.gather(*ending, return_exceptions=True)

    async def _run(self) -> None:
        pause_s = _FIRST_PAUSE_S
        while True:
            try:
                await self._room()
                await self._permission()
                batches = await self._gather()
            except asyncio.CancelledError:
                raise
            except Exception as error:
                _logger.warning("messages of %s are not received: %s", self._plan.arn, error)
                await self._clock.sleep(pause_s)
                pause_s = min(2 * pause_s, _LAST_PAUSE_S)
                continue
            pause_s = _FIRST_PAUSE_S
            for batch in batches:
                task = asyncio.create_task(self._process(batch), name="batch of messages")
                self._batches.add(task)
                task.add_done_callback(self._over)

    def _over(self, task: "asyncio.Task[None]") -> None:
        self._batches.discard(task)
        if self._free is not None and not self._free.done():
            self._free.set_result(None)

    async def _room(self) -> None:
        """Return once another batch may run; where messages wait for that, more may by and by."""
        while len(self._batches) >= self._limit:
            since_s = self._clock.monotonic() - self._grown_s
            if self._limit < self._most and since_s >= _LOOK_S:
                self._grown_s = self._clock.monotonic()
                if self._source.waiting(self._plan.arn):
                    self._limit = min(self._most, self._limit + self._more)
                    continue
            self._free = asyncio.get_running_loop().create_future()
            if self._pause is None or self._pause.done():
                self._pause = asyncio.create_task(self._clock.sleep(_LOOK_S))
            await asyncio.wait((self._free, self._pause), return_when=asyncio.FIRST_COMPLETED)
        if not self._batches:
            self._limit = self._first

    async def _permission(self) -> None:
        """Return once the function's role may receive and delete."""
        told = ""
        while True:
            now_s = self._clock.monotonic()
            if self._checked_s is not None and now_s - self._checked_s < _CHECK_S:
                return
            fault = self._target.fault()
            if not fault:
                self._checked_s = now_s
                return
            if fault != told:
                _logger.warning("messages of %s are not received: %s", self._plan.arn, fault)
                told = fault
            self._checked_s = None
            await self._clock.sleep(_CHECK_S)

    async def _gather(self) -> list[list[Received]]:
        """Receive a batch: as many as there are, or as come within the window.

        Where nothing has to be waited for, and the order does not matter, as many batches as may
        run are received together.
        """
        plan = self._plan
        if plan.is_ordered or plan.window_s:
            batch = await self._windowed()
            found = [batch] if batch else []
        else:
            room = self._limit - len(self._batches)
            most = max(plan.batch_size, min(plan.batch_size * room, TOGETHER))
            received = await self._source.receive(plan.arn, most, None, POLL_S)
            size = plan.batch_size
            found = [list(received[at : at + size]) for at in range(0, len(received), size)]
        self._count(Metric.POLLED_EVENT_COUNT, sum(map(len, found)))
        return found

    async def _windowed(self) -> list[Received]:
        plan = self._plan
        # The first ones wait for the last: their time must not be over before they are run.
        hidden_s = None
        if plan.window_s:
            hidden_s = min(plan.hidden_s + plan.window_s, _LONGEST_HIDDEN_S)
        batch = list(await self._source.receive(plan.arn, plan.batch_size, hidden_s, POLL_S))
        deadline = self._clock.monotonic() + plan.window_s
        while batch and len(batch) < plan.batch_size:
            left_s = deadline - self._clock.monotonic()
            if left_s <= 0 or sum(each.message.size for each in batch) >= records.EVENT_BYTES:
                break
            missing = plan.batch_size - len(batch)
            try:
                batch += await self._source.receive(plan.arn, missing, hidden_s, left_s)
            except ServiceError:
                break
        return batch

    async def _process(self, batch: list[Received]) -> None:
        received_at = self._clock.monotonic()
        if self._plan.window_s:
            # They were hidden for the window, too.
            received_at -= _FRESH_S
        try:
            kept = await self._sifted(batch)
            for chosen, payload in records.events(kept):
                if (
                    not await self._run_batch(chosen, payload, received_at)
                    and self._plan.is_ordered
                ):
                    break
        except ShuttingDown:
            return
        except Exception:
            # They are visible again when their time is over.
            _logger.exception("messages of %s could not be processed", self._plan.arn)

    async def _sifted(self, batch: list[Received]) -> list[tuple[Received, dict[str, Any]]]:
        """Choose what the function gets; what no filter lets through is deleted."""
        arn, filters = self._plan.arn, self._plan.filters
        kept: list[tuple[Received, dict[str, Any]]] = []
        dropped: list[Received] = []
        looping: list[Received] = []
        for each in batch:
            made = records.record(each, arn)
            if filters and not records.matches_any(made, filters):
                dropped.append(each)
            elif self._target.loops(each.message.trace):
                looping.append(each)
            else:
                kept.append((each, made))
        await self._delete(dropped)
        self._count(Metric.FILTERED_OUT_EVENT_COUNT, len(dropped))
        if looping:
            await self._source.discard(arn, looping)
            self._count(Metric.RECURSIVE_INVOCATIONS_DROPPED, len(looping))
        return kept

    async def _run_batch(self, chosen: list[Received], payload: bytes, received_at: float) -> bool:
        """Run the function with an event; return whether it took all of it."""
        trace = next((each.message.trace for each in chosen if each.message.trace), "")
        deadline = self._clock.monotonic() + self._plan.retry_s
        pause_s = _FIRST_PAUSE_S
        while True:
            # Else they would be received again, and run a second time, while they still run.
            if self._clock.monotonic() - received_at >= _FRESH_S:
                if not await self._source.hide(self._plan.arn, chosen):
                    return False
                received_at = self._clock.monotonic()
            try:
                self._count(Metric.INVOKED_EVENT_COUNT, len(chosen))
                answer = await self._target.run(payload, trace)
                break
            except ShuttingDown:
                raise
            except ServiceError as error:
                if self._clock.monotonic() + pause_s >= deadline:
                    _logger.warning("messages of %s could not be run: %s", self._plan.arn, error)
                    self._count(Metric.FAILED_INVOKE_EVENT_COUNT, len(chosen))
                    return False
            await self._clock.sleep(pause_s)
            pause_s = min(2 * pause_s, _LAST_PAUSE_S)
        ids = [each.message.message_id for each in chosen]
        wrong: frozenset[str] = frozenset()
        if answer.failed:
            wrong = frozenset(ids)
        elif self._plan.reports:
            wrong = records.failed(answer.payload, ids)
        self._count(Metric.FAILED_INVOKE_EVENT_COUNT, len(wrong))
        done = [each for each in chosen if each.message.message_id not in wrong]
        await self._delete(done)
        self._count(Metric.DELETED_EVENT_COUNT, len(done))
        return not wrong

    async def _delete(self, received: Sequence[Received]) -> None:
        if received:
            await self._source.delete(self._plan.arn, received)

    def _count(self, metric: Metric, count: int) -> None:
        if count:
            self._metrics.record(metric, self._target.function, count)
