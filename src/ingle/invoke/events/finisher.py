"""Writes what becomes of events: many that end at about the same time share one commit."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from sqlalchemy.ext.asyncio import AsyncConnection

from ingle.clock import Clock
from ingle.invoke.events.destinations import Deliverers, Delivery, DeliveryFailed, service_of
from ingle.invoke.events.fate import Outcome
from ingle.invoke.events.store import EventStore
from ingle.invoke.metrics import Metric, MetricSink
from ingle.storage.database import Database

_logger = logging.getLogger(__name__)

BATCH = 256
"""Outcomes in one transaction."""
BACKLOG = 1024
"""Outcomes that may wait before no further events are run."""
GATHER_S = 0.02
"""How long outcomes gather: an event that is over runs again where the server is killed then."""
TRIES = 5
"""How often a record is delivered that could not be."""
_FIRST_RETRY_S = 0.2
_LAST_RETRY_S = 10.0
_FAILURES = {False: Metric.DESTINATION_DELIVERY_FAILURES, True: Metric.DEAD_LETTER_ERRORS}


@dataclass(slots=True)
class _Written:
    """What one transaction did.

    Attributes:
        done: the outcomes that are on disk.
        again: those of which records could not be delivered yet, and these.
        lost: those whose record never will be, and why.
        afterwards: what deliverers do once it is committed.
    """

    done: list[Outcome] = field(default_factory=list)
    again: list[tuple[Outcome, list[Delivery]]] = field(default_factory=list)
    lost: list[tuple[Delivery, str]] = field(default_factory=list)
    afterwards: list[Callable[[], None]] = field(default_factory=list)


class Finisher:
    """Removes events that are over, together with the delivery of their records.

    Args:
        database: where they are.
        store: how they are kept there.
        deliverers: deliver the records.
        metrics: what takes the measurements.
        clock: paces further attempts.
        written: is told of outcomes that are on disk.
    """

    def __init__(
        self,
        database: Database,
        store: EventStore,
        deliverers: Deliverers,
        metrics: MetricSink,
        clock: Clock,
        written: Callable[[Sequence[Outcome]], None],
    ) -> None:
        self._database = database
        self._store = store
        self._deliverers = deliverers
        self._metrics = metrics
        self._clock = clock
        self._told = written
        self._waiting: deque[Outcome] = deque()
        self._task: asyncio.Task[None] | None = None
        self._pause: asyncio.Task[None] | None = None
        self._closing = False

    @property
    def overloaded(self) -> bool:
        """Whether so much waits to be written that no further events should be run."""
        return len(self._waiting) >= BACKLOG

    def add(self, outcome: Outcome) -> None:
        """Write an outcome in the background."""
        self._waiting.append(outcome)
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name="event finisher")

    async def close(self) -> None:
        """Write what waits; what cannot be written stays on disk as it was, and runs again."""
        self._closing = True
        if self._pause is not None:
            self._pause.cancel()
        if self._task is not None:
            await asyncio.wait([self._task])

    async def _run(self) -> None:
        pause_s = _FIRST_RETRY_S
        try:
            while self._waiting:
                if len(self._waiting) < BATCH:
                    await self._sleep(GATHER_S)
                try:
                    again = await self._write()
                except Exception:
                    _logger.exception(
                        "What became of events could not be written; it is tried again in %.1f s",
                        pause_s,
                    )
                    again = True
                if not again:
                    pause_s = _FIRST_RETRY_S
                elif self._closing:
                    return
                else:
                    await self._sleep(pause_s)
                    pause_s = min(2 * pause_s, _LAST_RETRY_S)
        finally:
            self._task = None

    async def _sleep(self, seconds: float) -> None:
        """Wait, but not once this is closing."""
        if not self._closing:
            self._pause = asyncio.create_task(self._clock.sleep(seconds))
            await asyncio.wait([self._pause])

    async def _write(self) -> bool:
        """Write the next outcomes; return whether some of them must be written later."""
        batch = [self._waiting.popleft() for _ in range(min(len(self._waiting), BATCH))]
        try:
            written = await self._database.write(lambda connection: self._apply(connection, batch))
        except BaseException:
            self._waiting.extendleft(reversed(batch))
            raise
        for outcome, left in written.again:
            outcome.deliveries = left
            self._waiting.append(outcome)
        for delivery, reason in written.lost:
            metric = _FAILURES[delivery.is_dead_letter]
            self._metrics.record(metric, delivery.function)
            _logger.warning(
                "The record of an event of %s could not be delivered to %s: %s",
                ":".join(delivery.function),
                delivery.arn,
                reason,
            )
        for each in written.afterwards:
            each()
        self._told(written.done)
        return bool(written.again)

    async def _apply(self, connection: AsyncConnection, batch: Sequence[Outcome]) -> _Written:
        written = _Written()
        for outcome in batch:
            left = [
                delivery
                for delivery in outcome.deliveries
                if not await self._deliver(connection, outcome, delivery, written)
            ]
            if left:
                outcome.tries += 1
                written.again.append((outcome, left))
            else:
                written.done.append(outcome)
        over = [each.event.id for each in written.done if each.over]
        postponed = [each.event for each in written.done if not each.over]
        if over:
            await self._store.remove(connection, over)
        if postponed:
            await self._store.postpone(connection, postponed)
        return written

    async def _deliver(
        self, connection: AsyncConnection, outcome: Outcome, delivery: Delivery, written: _Written
    ) -> bool:
        """Deliver a record; return whether that is over."""
        savepoint = await connection.begin_nested()
        try:
            deliverer = self._deliverers.get(service_of(delivery.arn))
            if deliverer is None:
                raise DeliveryFailed("this version of Ingle cannot deliver there")
            afterwards = await deliverer.deliver(connection, delivery)
        except DeliveryFailed as error:
            await savepoint.rollback()
            written.lost.append((delivery, str(error)))
            return True
        except Exception as error:
            await savepoint.rollback()
            if outcome.tries + 1 < TRIES:
                return False
            written.lost.append((delivery, f"{error!r}, {TRIES} times"))
            return True
        await savepoint.commit()
        if afterwards is not None:
            written.afterwards.append(afterwards)
        return True
