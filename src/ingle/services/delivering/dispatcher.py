"""Brings events to their targets, again where that fails, until they are given up."""

import asyncio
import heapq
import logging
import random
from collections.abc import Mapping, Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from ingle.clock import Clock
from ingle.services.alarm import LONGEST_S, Alarm
from ingle.services.delivering.dead_letters import DeadLetters
from ingle.services.delivering.limits import MEMORY, RETRY
from ingle.services.delivering.measuring import Measuring, Outcome
from ingle.services.delivering.model import (
    Delivery,
    DeliveryFailed,
    Done,
    NotYet,
    Sender,
    Shape,
)
from ingle.services.delivering.places import Places
from ingle.services.delivering.store import DeliveryStore
from ingle.storage.tasks import finish

_logger = logging.getLogger(__name__)


class Dispatcher:
    """Delivers what is on disk.

    Args:
        store: where that is.
        senders: bring events to targets, by the service in the target's ARN.
        shapes: make what targets get, by the service that brings it; else they get the event.
        dead_letters: take what is given up.
        measuring: counts what becomes of deliveries.
        clock: the time of day.
    """

    def __init__(
        self,
        store: DeliveryStore,
        senders: Mapping[str, Sender],
        shapes: Mapping[str, Shape],
        dead_letters: DeadLetters,
        measuring: Measuring,
        clock: Clock,
    ) -> None:
        self._store = store
        self._senders = senders
        self._shapes = shapes
        self._dead_letters = dead_letters
        self._measuring = measuring
        self._clock = clock
        self._alarm = Alarm(clock)
        # When each is due, and its row: of what lies on disk, no more than that is in memory.
        self._due: list[tuple[int, int]] = []
        self._kept: dict[int, Delivery] = {}
        self._kept_bytes = 0
        self._running: set[asyncio.Task[None]] = set()
        self._places = Places(MEMORY.failing, MEMORY.failing_targets)
        self._task: asyncio.Task[None] | None = None
        self._stopped = False

    async def start(self) -> None:
        """Take up what was not over before, and begin."""
        found = await self._store.due()
        # What was accepted meanwhile, `added` has told already.
        known = {row for _, row in self._due}
        self._due += [each for each in found if each[1] not in known]
        heapq.heapify(self._due)
        self._task = asyncio.create_task(self._run(), name="deliveries")

    async def deliver_promptly(self, connection: AsyncConnection, delivery: Delivery) -> bool:
        """Deliver within the transaction that would keep a delivery, where that can be.

        Returns:
            Whether it is over, once that is committed.
        """
        now_ms = self._now_ms()
        sender = self._senders.get(delivery.arn.split(":")[2])
        if (
            self._stopped
            or sender is None
            or not delivery.due_ms <= now_ms <= delivery.expires_ms
            or not sender.is_prompt(delivery)
        ):
            return False
        delivery.attempts = 1
        try:
            step = await sender.send(delivery, self._payload(delivery))
            delivery.done = await step(connection)
        except DeliveryFailed:
            # What is to become of it is decided with the next attempt.
            delivery.attempts = 0
            return False
        delivery.over = True
        return True

    def added(self, deliveries: Sequence[Delivery]) -> None:
        """Deliver what is on disk now, where it was not done already."""
        for each in deliveries:
            if each.over:
                self._measuring.count(each, Outcome.TAKEN)
                if each.done is not None:
                    each.done()
                continue
            heapq.heappush(self._due, (each.due_ms, each.id))
            if not self._full:
                self._kept[each.id] = each
                self._kept_bytes += len(each.event)
        self._alarm.ring()

    @property
    def crowded(self) -> bool:
        """Whether it is busy, and more wait than are kept in memory."""
        return len(self._running) >= MEMORY.at_once and self._full

    @property
    def _full(self) -> bool:
        return len(self._kept) >= MEMORY.kept or self._kept_bytes >= MEMORY.kept_bytes

    def stop(self) -> None:
        """Begin no more deliveries."""
        self._stopped = True
        self._alarm.ring()

    async def close(self) -> None:
        """Wait for what is under way, which is on disk all the same."""
        self.stop()
        if self._task is not None:
            await self._task
        if self._running:
            await asyncio.wait(self._running)

    async def _run(self) -> None:
        while not self._stopped:
            now_ms = self._now_ms()
            while self._due and self._due[0][0] <= now_ms and len(self._running) < MEMORY.at_once:
                task = asyncio.create_task(self._one(heapq.heappop(self._due)[1]))
                self._running.add(task)
                task.add_done_callback(self._ended)
            full = len(self._running) >= MEMORY.at_once
            wait_s = LONGEST_S
            if self._due and not full:
                wait_s = (self._due[0][0] - now_ms) / 1000
            await self._alarm.wait(wait_s)

    def _ended(self, task: "asyncio.Task[None]") -> None:
        self._running.discard(task)
        self._alarm.ring()

    async def _one(self, row: int) -> None:
        delivery: Delivery | None = None
        try:
            delivery = self._kept.pop(row, None)
            if delivery is None:
                delivery = await self._store.get(row)
            else:
                self._kept_bytes -= len(delivery.event)
            if delivery is not None and self._places.enter(delivery.arn, row):
                await self._in_its_place(delivery)
        except Exception:
            # The disk is full, for instance: what is on it is tried again.
            _logger.exception("delivery %d failed; it is tried again", row)
            due_ms = self._now_ms() + int(1000 * RETRY.longest_s)
            heapq.heappush(self._due, (due_ms, row))

    async def _in_its_place(self, delivery: Delivery) -> None:
        failed: bool | None = None
        try:
            failed = await self._attempt(delivery)
        finally:
            for row in self._places.leave(delivery.arn, failed):
                heapq.heappush(self._due, (self._now_ms(), row))

    async def _attempt(self, delivery: Delivery) -> bool | None:
        """Deliver; return whether the target failed, or None where it was not asked."""
        now_ms = self._now_ms()
        if now_ms > delivery.expires_ms:
            fault = DeliveryFailed("TIMEOUT", "The event is older than it may be.")
            await self._give_up(delivery, fault, "MaximumEventAgeInSeconds")
            return None
        delivery.attempts += 1
        try:
            await self._send(delivery)
            self._measuring.count(delivery, Outcome.TAKEN)
        except NotYet as error:
            delivery.attempts -= 1
            delivery.due_ms = now_ms + int(1000 * error.wait_s) + 1
            self.added([delivery])
            return None
        except DeliveryFailed as error:
            await self._failed(delivery, error)
            return error.again
        except Exception as error:
            _logger.exception("%s could not be sent to %s", delivery.source_arn, delivery.arn)
            await self._failed(
                delivery, DeliveryFailed("INTERNAL_ERROR", type(error).__name__, again=True)
            )
            return True
        return False

    async def _send(self, delivery: Delivery) -> None:
        service = delivery.arn.split(":")[2]
        sender = self._senders.get(service)
        if sender is None:
            raise DeliveryFailed("NO_RESOURCE", f"{delivery.arn} cannot be a target.")
        step = await sender.send(delivery, self._payload(delivery))

        async def run(connection: AsyncConnection) -> Done | None:
            done = await step(connection)
            await self._store.remove(connection, delivery)
            return done

        async def both() -> None:
            done = await self._store.database.write(run)
            if done is not None:
                done()

        await finish(both())

    def _payload(self, delivery: Delivery) -> bytes:
        shape = self._shapes.get(delivery.service)
        return delivery.event if shape is None else shape(delivery)

    async def _failed(self, delivery: Delivery, error: DeliveryFailed) -> None:
        if not error.again:
            await self._give_up(delivery, error, "")
            return
        if delivery.attempts > delivery.most_retries:
            await self._give_up(delivery, error, "MaximumRetryAttempts")
            return
        pause_s = min(RETRY.first_s * 2 ** min(delivery.attempts - 1, 20), RETRY.longest_s)
        # Many that failed together do not come back together.
        pause_s = max(pause_s * (1 + random.random() / 4), error.pause_s)  # noqa: S311
        due_ms = self._now_ms() + int(1000 * pause_s)
        if due_ms > delivery.expires_ms:
            await self._give_up(delivery, error, "MaximumEventAgeInSeconds")
            return
        delivery.due_ms = due_ms
        await self._store.postpone(delivery)
        self._measuring.count(delivery, Outcome.AGAIN)
        self.added([delivery])

    async def _give_up(self, delivery: Delivery, error: DeliveryFailed, exhausted: str) -> None:
        step = self._dead_letters.step(delivery, error, exhausted)

        async def run(connection: AsyncConnection) -> Done | None:
            done = None if step is None else await step(connection)
            await self._store.remove(connection, delivery)
            return done

        async def both() -> None:
            done = await self._store.database.write(run)
            self._measuring.count(delivery, Outcome.GIVEN_UP)
            if done is not None:
                done()
            if delivery.dead_letter is not None:
                sent = Outcome.NO_LETTER if done is None else Outcome.LETTER
                self._measuring.count(delivery, sent)

        await finish(both())

    def _now_ms(self) -> int:
        return int(self._clock.time() * 1000)
