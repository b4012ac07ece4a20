"""Wakes those who wait for messages, and takes away messages that are too old."""

import logging

from ingle.clock import Clock
from ingle.invoke.events.alarms import Alarms
from ingle.services.sqs.contents import Contents
from ingle.services.sqs.journal import Change, Journal
from ingle.services.sqs.limits import MEMORY
from ingle.services.sqs.live import LiveQueue
from ingle.services.sqs.store import SqsStore

_logger = logging.getLogger("ingle.sqs")


class Waking:
    """Knows when queues have to be looked at.

    Args:
        store: knows the queues.
        clock: the time of day.
    """

    def __init__(self, store: SqsStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._alarms: Alarms[int] = Alarms(clock, self._ring)

    def arrived(self, live: LiveQueue, count: int) -> None:
        """Be told that a queue has so many new messages, which may be delayed."""
        if live.awaited:
            live.wake(count)
            self.watch(live)

    def watch(self, live: LiveQueue) -> None:
        """Look at a queue when its next message is due."""
        due_ms = live.line.next_due_ms()
        if due_ms is not None:
            self._alarms.set(live.queue.id, due_ms)

    def wake_all(self) -> None:
        """Wake everybody who waits."""
        for live in self._store.all():
            live.wake_all()

    async def close(self) -> None:
        """Look at no queue any more."""
        await self._alarms.close()

    def _ring(self, queue_id: int) -> None:
        live = self._store.by_id(queue_id)
        if live is None or not live.awaited:
            return
        live.wake(max(1, live.line.look(int(self._clock.time() * 1000))))
        if live.awaited:
            self.watch(live)


async def sweep(store: SqsStore, journal: Journal, contents: Contents, clock: Clock) -> None:
    """Delete messages that are older than their queues keep them, for as long as this runs."""
    while True:
        await clock.sleep(MEMORY.sweep_s)
        for live in store.all():
            before_ms = int(clock.time() * 1000) - live.queue.settings.retention_s * 1000
            change = Change()
            for message in live.line.old(before_ms):
                live.line.remove(message)
                contents.drop(message)
                change.delete(message)
            if change.deleted:
                try:
                    await journal.write(change)
                except Exception:
                    # They are out of sight, and are found again after a restart.
                    _logger.exception("Messages that are too old could not be deleted")
