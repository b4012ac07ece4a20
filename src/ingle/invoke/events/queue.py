"""The asynchronous queue as a whole: what it is made of, how it starts and ends."""

import os
from collections.abc import Sequence
from functools import partial

from sqlalchemy.ext.asyncio import AsyncConnection

from ingle.clock import Clock
from ingle.invoke.events.destinations import Deliverers
from ingle.invoke.events.dispatcher import Dispatcher
from ingle.invoke.events.event import BacklogKey, Event, go_on_after
from ingle.invoke.events.finisher import Finisher
from ingle.invoke.events.functions import Functions
from ingle.invoke.events.inbox import Inbox
from ingle.invoke.events.runner import Runner
from ingle.invoke.events.store import EventStore
from ingle.invoke.invoker import Invoker
from ingle.invoke.metrics import Metric, MetricSink
from ingle.invoke.tracing import Tracer
from ingle.storage.database import Database

STEADY_PER_PROCESSOR = 32
"""Events that run at the same time."""


class EventQueue:
    """Takes events, and runs them once they are on disk.

    Args:
        database: where they are kept.
        functions: knows what to run.
        invoker: runs it.
        deliverers: deliver the records of events that are over.
        metrics: what takes the measurements.
        clock: the time of day.
        tracer: makes trace headers.
        concurrency: how many invocations the invoker runs at once in an account and region; half
            of that is left to others.
    """

    def __init__(
        self,
        database: Database,
        functions: Functions,
        invoker: Invoker,
        deliverers: Deliverers,
        metrics: MetricSink,
        clock: Clock,
        tracer: Tracer,
        *,
        concurrency: int,
    ) -> None:
        self._store = EventStore(database)
        self._metrics = metrics
        self._clock = clock
        most = max(1, concurrency // 2)
        self._dispatcher = Dispatcher(
            self._store,
            Runner(functions, invoker, metrics, clock, tracer).run,
            partial(Finisher, database, self._store, deliverers, metrics, clock),
            clock,
            steady=min(most, STEADY_PER_PROCESSOR * (os.cpu_count() or 1)),
            most=most,
        )
        self._inbox = Inbox(database, self._store, self._dispatcher, metrics)

    async def prepare(self) -> None:
        """Have new events get larger ids than those on disk; before any is accepted."""
        go_on_after(await self._store.last_id())

    async def start(self) -> None:
        """Take up what was accepted before, and not finished."""
        await self._dispatcher.start()

    async def accept(
        self,
        key: BacklogKey,
        payload: bytes,
        *,
        request_id: str,
        trace: str,
        tenant_id: str = "",
    ) -> None:
        """Return once an event is on disk. A caller that is cancelled does not know whether it is.

        Args:
            key: whose it is.
            payload: JSON.
            request_id: 36 characters.
            trace: the value of `X-Amzn-Trace-Id`, or "".
            tenant_id: the tenant that it is for, or "".

        Raises:
            ShuttingDown: the server is stopping.
            StorageError: it could not be written.
        """
        event = self.prepared(key, payload, request_id=request_id, trace=trace)
        event.tenant_id = tenant_id
        await self._inbox.accept(event)

    def prepared(self, key: BacklogKey, payload: bytes, *, request_id: str, trace: str) -> Event:
        """Make an event for `add_all`."""
        now_ms = int(self._clock.time() * 1000)
        return Event(key, payload, request_id, trace, now_ms, now_ms)

    async def add_all(
        self, connection: AsyncConnection, events: Sequence[Event], *, announced: bool = False
    ) -> None:
        """Write events at once within a transaction; `added` must be told of them after its commit.

        Args:
            connection: the transaction's.
            events: made by `prepared`.
            announced: have them not read again from the disk; `lost` must then be told of them
                where there is no commit.
        """
        await self._store.insert(connection, events)
        if announced:
            self._dispatcher.announce(events)

    def lost(self, events: Sequence[Event]) -> None:
        """Forget events that were announced, and not committed."""
        self._dispatcher.withdraw(events)

    def added(self, events: Sequence[Event]) -> None:
        """Run events that `add_all` has written, now that they are committed."""
        for event in events:
            self._metrics.record(Metric.ASYNC_EVENTS_RECEIVED, event.function)
        self._dispatcher.accepted(events)

    async def stop(self) -> None:
        """Take no more, and run no more; what runs goes on."""
        self._inbox.close()
        self._dispatcher.stop()
        await self._inbox.finished()

    async def close(self) -> None:
        """Cut off what still runs, which will run again, and write what became of the rest."""
        await self.stop()
        await self._dispatcher.close()
