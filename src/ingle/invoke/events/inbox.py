"""Takes events in: many that come at once share one statement and one commit."""

import asyncio
from collections import deque

from sqlalchemy.ext.asyncio import AsyncConnection

from ingle.invoke.errors import ShuttingDown
from ingle.invoke.events.dispatcher import Dispatcher
from ingle.invoke.events.event import Event
from ingle.invoke.events.store import EventStore
from ingle.invoke.metrics import Metric, MetricSink
from ingle.storage.database import Database
from ingle.storage.gathering import Gathering

BATCH = 256
"""Events in one statement."""
BATCH_BYTES = 4 * 1024 * 1024
"""Payloads in one statement, unless a single one is larger."""
WAITING = 4096
"""Events that may wait to be written; the next caller waits for a place."""


class Inbox:
    """Writes events to disk.

    Args:
        database: where.
        store: how.
        dispatcher: runs those that were written.
        metrics: what takes the measurements.
    """

    def __init__(
        self,
        database: Database,
        store: EventStore,
        dispatcher: Dispatcher,
        metrics: MetricSink,
    ) -> None:
        self._database = database
        self._store = store
        self._dispatcher = dispatcher
        self._metrics = metrics
        self._waiting: deque[tuple[Event, asyncio.Future[None]]] = deque()
        self._places = asyncio.Semaphore(WAITING)
        self._writing: asyncio.Task[None] | None = None
        self._gathering = Gathering(self._waiting)
        self._closed = False

    async def accept(self, event: Event) -> None:
        """Return once an event is on disk. A caller that is cancelled does not know whether it is.

        Raises:
            ShuttingDown: the server is stopping.
            StorageError: it could not be written.
        """
        async with self._places:
            if self._closed:
                raise ShuttingDown("The server is shutting down; send the event again later.")
            written: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.append((event, written))
            self._gathering.came()
            if self._writing is None:
                self._writing = asyncio.create_task(self._write(), name="event inbox")
            await written

    def close(self) -> None:
        """Take no more."""
        self._closed = True

    async def finished(self) -> None:
        """Return once all that was taken is on disk, or its caller knows that it is not."""
        while self._writing is not None:
            await asyncio.wait([self._writing])

    async def _write(self) -> None:
        try:
            while self._waiting:
                await self._gathering.complete()
                batch = self._batch()
                self._gathering.taken(len(batch))
                if not batch:
                    continue
                added = [event for event, _ in batch]

                async def run(connection: AsyncConnection, added: list[Event] = added) -> None:
                    await self._store.insert(connection, added)

                self._dispatcher.announce(added)
                try:
                    await self._database.write(run)
                except Exception as error:
                    self._dispatcher.withdraw(added)
                    for _, written in batch:
                        if not written.done():
                            written.set_exception(error)
                    continue
                for _, written in batch:
                    if not written.done():
                        written.set_result(None)
                for event in added:
                    self._metrics.record(Metric.ASYNC_EVENTS_RECEIVED, event.function)
                self._dispatcher.accepted(added)
        finally:
            self._writing = None

    def _batch(self) -> list[tuple[Event, asyncio.Future[None]]]:
        """Take the next ones; those whose callers have gone are forgotten."""
        batch: list[tuple[Event, asyncio.Future[None]]] = []
        size = 0
        while self._waiting and len(batch) < BATCH:
            event, written = self._waiting[0]
            if not written.done():
                size += len(event.payload)
                if batch and size > BATCH_BYTES:
                    break
                batch.append((event, written))
            self._waiting.popleft()
        return batch
