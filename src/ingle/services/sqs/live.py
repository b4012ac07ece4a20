"""A queue as it runs: its line, who waits for messages, and what it takes no copies of."""

import asyncio
from collections import OrderedDict, deque

from ingle.services.sqs.fifo import FifoLine
from ingle.services.sqs.lines import Line, StandardLine
from ingle.services.sqs.model import Deduplication, Queue


class Counts:
    """What has happened in a queue since it was measured last.

    Attributes:
        sent: messages that were.
        sizes: of these, in bytes.
        copies: those that were not taken, because they were copies.
        received: messages that were.
        empty: how often nothing was received.
        deleted: messages that were.
        used_s: when something happened last, in seconds since the epoch.
        minute: when it was measured last how full the queue is, in minutes since the epoch.
    """

    __slots__ = (
        "copies",
        "deleted",
        "empty",
        "minute",
        "received",
        "sent",
        "sizes",
        "used_s",
    )

    def __init__(self) -> None:
        self.used_s = 0.0
        self.minute = 0
        self.clear()

    def clear(self) -> None:
        """Count anew."""
        self.sent = self.copies = self.received = self.empty = self.deleted = 0
        self.sizes: list[int] = []


class LiveQueue:
    """One queue, in memory.

    Attributes:
        queue: the queue as it is set.
        line: its messages.
        deleted: whether it is no more.
        purged_ms: when it was purged last, or None.
        counts: what has happened, for its metrics.
        attempts: by the id of an attempt to receive, until when it counts and the rows that it got.
    """

    def __init__(self, queue: Queue) -> None:
        self.queue = queue
        self.line: Line = FifoLine() if queue.is_fifo else StandardLine()
        self.deleted = False
        self.purged_ms: int | None = None
        self.counts = Counts()
        self.attempts: OrderedDict[str, tuple[int, list[int]]] = OrderedDict()
        self._waiting: deque[asyncio.Future[None]] = deque()
        # By scope and deduplication id, the earliest first: all are kept equally long.
        self._deduplications: OrderedDict[tuple[str, str], Deduplication] = OrderedDict()

    @property
    def awaited(self) -> bool:
        """Whether somebody waits for messages."""
        return bool(self._waiting)

    def wait(self) -> "asyncio.Future[None]":
        """Return what is done once there may be a message; `leave` must follow."""
        waiting: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(waiting)
        return waiting

    def leave(self, waiting: "asyncio.Future[None]") -> None:
        """Wait no more; who was woken in vain wakes the next."""
        if waiting in self._waiting:
            self._waiting.remove(waiting)

    def wake(self, count: int = 1) -> None:
        """Wake so many of those that wait."""
        while count > 0 and self._waiting:
            waiting = self._waiting.popleft()
            if not waiting.done():
                waiting.set_result(None)
                count -= 1

    def wake_all(self) -> None:
        """Wake everybody."""
        self.wake(len(self._waiting))

    def known(self, scope: str, deduplication: str, now_ms: int) -> Deduplication | None:
        """Find what a message with this deduplication id would be a copy of."""
        while self._deduplications:
            oldest = next(iter(self._deduplications.values()))
            if oldest.expires_ms > now_ms:
                break
            self._deduplications.popitem(last=False)
        return self._deduplications.get((scope, deduplication))

    def __contains__(self, deduplication: Deduplication) -> bool:
        """Whether no copies of this message are taken."""
        key = (deduplication.scope, deduplication.deduplication)
        return self._deduplications.get(key) is deduplication

    def remember(self, deduplication: Deduplication) -> None:
        """Take no copies of a message."""
        key = (deduplication.scope, deduplication.deduplication)
        self._deduplications.pop(key, None)
        self._deduplications[key] = deduplication

    def forget(self, deduplication: Deduplication) -> None:
        """Take copies again, for the message could not be kept."""
        key = (deduplication.scope, deduplication.deduplication)
        if self._deduplications.get(key) is deduplication:
            del self._deduplications[key]
