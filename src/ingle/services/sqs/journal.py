"""Writes what happens to messages: what comes at about the same time shares a commit."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import bindparam, delete, insert, update
from sqlalchemy.ext.asyncio import AsyncConnection

from ingle.clock import Clock
from ingle.services.sqs import tables
from ingle.services.sqs.limits import MEMORY
from ingle.services.sqs.message_attributes import dump
from ingle.services.sqs.model import Content, Deduplication, Message
from ingle.storage.database import Database
from ingle.storage.gathering import Gathering

BATCH = 256
"""Changes in one transaction."""
_FORGET_MS = 60_000
_AT_ONCE = 500
_CHANGING = (
    "queue_id",
    "sent_ms",
    "source",
    "place",
    "receives",
    "receives_before",
    "first_received_ms",
    "received_ms",
    "due_ms",
)

_INSERT = insert(tables.messages)
_INSERT_DEDUPLICATION = insert(tables.deduplications)
_UPDATE = (
    update(tables.messages)
    .where(tables.messages.c.id == bindparam("row"))
    .values({name: bindparam(f"new_{name}") for name in _CHANGING})
)


@dataclass(slots=True)
class Change:
    """What is to be written together.

    Attributes:
        sent: rows of new messages.
        changed: of messages that were received, hidden or moved, what they are now.
        deleted: the rows of messages that are no more.
        deduplications: rows of messages that no copies are taken of.
        applied: called once it is on disk, before whoever waits goes on.
        failed: called where it could not be written.
    """

    sent: list[dict[str, Any]] = field(default_factory=list)
    changed: list[dict[str, Any]] = field(default_factory=list)
    deleted: list[int] = field(default_factory=list)
    deduplications: list[dict[str, Any]] = field(default_factory=list)
    applied: Callable[[], None] | None = None
    failed: list[Callable[[], None]] = field(default_factory=list)

    def send(self, message: Message, content: Content, sealed: bytes | None = None) -> None:
        """Write a new message; encrypted, where what it says is given `sealed` too."""
        self.sent.append(
            {
                "id": message.id,
                "message_id": message.message_id,
                "body": content.body if sealed is None else "",
                "attributes": dump(content.attributes) if sealed is None else None,
                "sealed": sealed,
                "size": message.size,
                "sender": message.sender,
                "trace": message.trace,
                "message_group": message.group,
                "deduplication": message.deduplication,
                "sequence": message.sequence,
            }
            | {name: getattr(message, name) for name in _CHANGING}
        )

    def change(self, message: Message) -> None:
        """Write what a message is now."""
        self.changed.append(
            {"row": message.id} | {f"new_{name}": getattr(message, name) for name in _CHANGING}
        )

    def delete(self, message: Message) -> None:
        """Write that a message is no more."""
        self.deleted.append(message.id)

    def deduplicate(self, queue_id: int, deduplication: Deduplication) -> None:
        """Write that no copies of a message are taken."""
        self.deduplications.append({"queue_id": queue_id, **deduplication._asdict()})

    async def write(self, connection: AsyncConnection) -> None:
        """Write all of it on a connection."""
        if self.sent:
            await connection.execute(_INSERT, self.sent)
        if self.deduplications:
            await connection.execute(_INSERT_DEDUPLICATION, self.deduplications)
        if self.changed:
            await connection.execute(_UPDATE, self.changed)
        for start in range(0, len(self.deleted), _AT_ONCE):
            ids = self.deleted[start : start + _AT_ONCE]
            await connection.execute(delete(tables.messages).where(tables.messages.c.id.in_(ids)))


class Journal:
    """Writes changes in the order in which they come.

    Args:
        database: where.
        clock: tells which deduplications are over, which are forgotten by the way.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._waiting: deque[tuple[Change, asyncio.Future[None]]] = deque()
        self._places = asyncio.Semaphore(MEMORY.waiting)
        self._writing: asyncio.Task[None] | None = None
        self._gathering = Gathering(self._waiting)
        self._forget_ms = 0

    async def write(self, change: Change) -> None:
        """Return once a change is on disk.

        A caller that goes away does not take its change with it.

        Raises:
            StorageError: it could not be written.
        """
        async with self._places:
            await self.begin(change)

    def begin(self, change: Change) -> "asyncio.Future[None]":
        """Write a change in its turn; return what tells when it is on disk, or why it is not."""
        written: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((change, written))
        self._gathering.came()
        if self._writing is None:
            self._writing = asyncio.create_task(self._write(), name="sqs journal")
        return written

    async def close(self) -> None:
        """Write what waits."""
        while self._writing is not None:
            await asyncio.wait([self._writing])

    async def _write(self) -> None:
        try:
            while self._waiting:
                await self._gathering.complete()
                count = min(len(self._waiting), BATCH)
                batch = [self._waiting.popleft() for _ in range(count)]
                self._gathering.taken(count)
                try:
                    await self._database.write(self._merged([each for each, _ in batch]))
                except Exception as error:
                    for change, written in batch:
                        _settle(written, change.failed, error)
                    continue
                for change, written in batch:
                    _settle(written, [change.applied] if change.applied is not None else [], None)
        finally:
            self._writing = None

    def _merged(self, changes: Sequence[Change]) -> Callable[[AsyncConnection], Any]:
        merged = Change(
            [row for each in changes for row in each.sent],
            [row for each in changes for row in each.changed],
            [row for each in changes for row in each.deleted],
            [row for each in changes for row in each.deduplications],
        )
        now_ms = int(self._clock.time() * 1000)
        forget = bool(merged.deduplications) and now_ms >= self._forget_ms
        if forget:
            self._forget_ms = now_ms + _FORGET_MS

        async def run(connection: AsyncConnection) -> None:
            if forget:
                over = tables.deduplications.c.expires_ms <= now_ms
                await connection.execute(delete(tables.deduplications).where(over))
            await merged.write(connection)

        return run


def _settle(
    written: "asyncio.Future[None]", told: Sequence[Callable[[], None]], error: Exception | None
) -> None:
    """Tell memory, and then whoever waits, how a change came out."""
    try:
        for each in told:
            each()
    except Exception as failure:
        error = failure
    if written.done():
        return
    if error is None:
        written.set_result(None)
    else:
        written.set_exception(error)
        # Whoever waited may have gone.
        written.exception()
