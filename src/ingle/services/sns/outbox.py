"""What goes to endpoints outside, by HTTP and by mail: kept until it was taken or given up.

Source: https://docs.aws.amazon.com/sns/latest/dg/sns-message-delivery-retries.html
"""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from ingle.clock import Clock
from ingle.invoke.events.alarms import Alarms
from ingle.services.sns import tables
from ingle.services.sns.envelopes import FAREWELL, NOTIFICATION
from ingle.services.sns.limits import OUTBOX
from ingle.services.sns.measurements import DELIVERED, Measurements
from ingle.services.sns.model import Subscription
from ingle.services.sns.neighbours import Effects
from ingle.services.sns.store import SnsStore
from ingle.storage.database import Database
from ingle.storage.errors import DatabaseClosed

_logger = logging.getLogger("ingle.sns")
_RATES = 1024
"""From so many on, those rates are forgotten that nothing was delivered at lately."""
_AGAIN_S = 5.0
"""When to try again what could not be read or written here."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """What is to be delivered once.

    Attributes:
        id: its row.
        message_id: the message's id.
        kind: `Notification`, `SubscriptionConfirmation` or `UnsubscribeConfirmation`.
        subject: the message's, or None.
        body: what is sent.
        attempts: how often that was tried.
    """

    id: int
    message_id: str
    kind: str
    subject: str | None
    body: str
    attempts: int


class NotDelivered(Exception):
    """An endpoint did not take something; the text says why.

    Attributes:
        final: whether it is of no use to try again.
    """

    def __init__(self, why: str, *, final: bool = False) -> None:
        super().__init__(why)
        self.final = final


class Sender(Protocol):
    """Delivers by one protocol."""

    async def send(self, subscription: Subscription, parcel: Parcel) -> None:
        """Deliver.

        Raises:
            NotDelivered: it was not taken.
        """
        ...


Abandon = Callable[[AsyncConnection, Subscription, Parcel, str, Effects], Awaitable[None]]


class Outbox:
    """Delivers what goes outside, a few things at a time, and repeats what failed.

    Args:
        database: where it is kept.
        store: knows the subscriptions.
        senders: deliver, by protocol.
        measured: counts.
        clock: the time of day.
    """

    def __init__(
        self,
        database: Database,
        store: SnsStore,
        senders: dict[str, Sender],
        measured: Measurements,
        clock: Clock,
    ) -> None:
        self._database = database
        self._store = store
        self._senders = senders
        self._measured = measured
        self._clock = clock
        self._alarms: Alarms[tuple[int, str]] = Alarms(clock, self._ring)
        self._waiting: dict[str, deque[int]] = {}
        self._running: dict[str, int] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._places = asyncio.Semaphore(OUTBOX.deliveries)
        # When the next delivery may be, of subscriptions that are delivered to at a rate.
        self._next_s: dict[str, float] = {}
        self._abandon: Abandon | None = None
        self._closed = False

    async def open(self, abandon: Abandon) -> None:
        """Go on with what was not delivered yet.

        Args:
            abandon: called in a transaction with what is given up.
        """
        self._abandon = abandon
        columns = tables.deliveries.c

        async def run(connection: AsyncConnection) -> Any:
            query = select(columns.id, columns.subscription_id, columns.due_ms)
            return list(await connection.execute(query.order_by(columns.id)))

        for row in await self._database.read(run):
            self._alarms.set((row.id, row.subscription_id), row.due_ms)

    async def add(
        self,
        connection: AsyncConnection,
        subscription: Subscription,
        message_id: str,
        kind: str,
        subject: str | None,
        body: str,
        effects: Effects,
    ) -> None:
        """Take something in, within a transaction."""
        values = {
            "subscription_id": subscription.id,
            "message_id": message_id,
            "kind": kind,
            "subject": subject,
            "body": body,
            "attempts": 0,
            "due_ms": int(self._clock.time() * 1000),
        }
        result = await connection.execute(insert(tables.deliveries).values(values))
        row: int = result.inserted_primary_key[0]  # type: ignore[index]
        effects.applied.append(lambda: self._ring((row, subscription.id)))

    async def close(self) -> None:
        """Deliver no more; what was not taken yet is on disk."""
        self._closed = True
        await self._alarms.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _ring(self, which: tuple[int, str]) -> None:
        row, subscription_id = which
        if self._closed:
            return
        self._waiting.setdefault(subscription_id, deque()).append(row)
        running = self._running.get(subscription_id, 0)
        if running < OUTBOX.per_subscription:
            self._running[subscription_id] = running + 1
            task = asyncio.create_task(self._work(subscription_id), name="topic deliveries")
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _work(self, subscription_id: str) -> None:
        """Deliver what waits for one subscription, one after the other."""
        waiting = self._waiting[subscription_id]
        try:
            while waiting:
                row = waiting.popleft()
                try:
                    await self._turn(subscription_id)
                    async with self._places:
                        await self._deliver(row, subscription_id)
                except DatabaseClosed:
                    return
                except Exception:
                    _logger.exception("delivery %d could not be read or written", row)
                    self._alarms.set(
                        (row, subscription_id), int((self._clock.time() + _AGAIN_S) * 1000)
                    )
        finally:
            self._running[subscription_id] -= 1
            if not self._running[subscription_id]:
                del self._running[subscription_id]
                self._waiting.pop(subscription_id, None)

    async def _turn(self, subscription_id: str) -> None:
        """Wait until a subscription may be delivered to, if its delivery policy has a rate."""
        subscription = self._store.subscription(subscription_id)
        rate = None if subscription is None else subscription.delivery.per_second
        if rate is None:
            return
        now_s = self._clock.monotonic()
        if len(self._next_s) >= _RATES:
            self._next_s = {key: next_s for key, next_s in self._next_s.items() if next_s > now_s}
        turn_s = max(now_s, self._next_s.get(subscription_id, 0.0))
        self._next_s[subscription_id] = turn_s + 1 / rate
        if turn_s > now_s:
            await self._clock.sleep(turn_s - now_s)

    async def _deliver(self, row: int, subscription_id: str) -> None:
        parcel = await self._read(row)
        if parcel is None:
            return
        subscription = self._store.subscription(subscription_id)
        if subscription is None or (subscription.ended and parcel.kind != FAREWELL):
            await self._finish(parcel, None, "")
            return
        try:
            await self._senders[subscription.protocol].send(subscription, parcel)
        except NotDelivered as error:
            attempts = parcel.attempts + 1
            delay_s = None if error.final else subscription.delivery.retries.delay_s(attempts)
            if delay_s is None:
                await self._finish(parcel, subscription, str(error))
            else:
                await self._later(parcel.id, subscription_id, attempts, delay_s)
            return
        if parcel.kind == NOTIFICATION:
            self._measured.count(subscription.topic, DELIVERED)
        await self._finish(parcel, None, "")

    async def _read(self, row: int) -> Parcel | None:
        columns = tables.deliveries.c

        async def run(connection: AsyncConnection) -> Any:
            query = select(
                columns.id,
                columns.message_id,
                columns.kind,
                columns.subject,
                columns.body,
                columns.attempts,
            )
            return (await connection.execute(query.where(columns.id == row))).first()

        found = await self._database.read(run)
        return None if found is None else Parcel(*found)

    async def _later(self, row: int, subscription_id: str, attempts: int, delay_s: float) -> None:
        due_ms = int((self._clock.time() + delay_s) * 1000)
        columns = tables.deliveries.c
        change = update(tables.deliveries).where(columns.id == row)

        async def run(connection: AsyncConnection) -> None:
            await connection.execute(change.values(attempts=attempts, due_ms=due_ms))

        await self._database.write(run)
        self._alarms.set((row, subscription_id), due_ms)

    async def _finish(self, parcel: Parcel, given_up: Subscription | None, why: str) -> None:
        """Forget what was taken, or give it up."""
        effects = Effects()
        chosen = tables.deliveries.c.id == parcel.id

        async def run(connection: AsyncConnection) -> None:
            await connection.execute(delete(tables.deliveries).where(chosen))
            if given_up is not None and parcel.kind == NOTIFICATION:
                assert self._abandon is not None
                await self._abandon(connection, given_up, parcel, why, effects)

        try:
            await self._database.write(run)
        except BaseException:
            effects.undo()
            raise
        effects.apply()
