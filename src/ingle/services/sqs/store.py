"""Keeps queues in the database, and all in memory as well, together with the index of messages."""

import secrets
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Self

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from ingle.clock import Clock
from ingle.services.sqs import tables
from ingle.services.sqs.attributes import settings
from ingle.services.sqs.live import LiveQueue
from ingle.services.sqs.model import (
    Deduplication,
    Message,
    MoveStatus,
    MoveTask,
    Queue,
    QueueKey,
)
from ingle.services.sqs.sealing import Seals
from ingle.storage.database import Database
from ingle.storage.encryption import KeyRing
from ingle.storage.keeping import write_then

_SECRET_BYTES = 16
_AT_ONCE = 500
_LOADED = 5000
"""Rows that are read at once when a server starts."""
_RENAMED = {"group": "message_group"}
_INDEXED = (
    "id",
    "queue_id",
    "message_id",
    "size",
    "sender",
    "sent_ms",
    "trace",
    "group",
    "deduplication",
    "sequence",
    "source",
    "place",
    "receives",
    "receives_before",
    "first_received_ms",
    "received_ms",
    "due_ms",
)


class SqsStore:
    """All queues of all accounts and regions.

    Reading is from memory; a write is in memory once it is committed. Whoever changes a queue must
    see to it that nobody else changes the same one meanwhile.

    Args:
        database: where everything is.
        clock: the time of day.
        seals: encrypt what messages say.

    Attributes:
        seals: as it was given.
        changes: grows with every change of what decides who may use a queue: policies and tags.
        last_id: the latest place of a message when the server started.
    """

    def __init__(self, database: Database, clock: Clock, seals: Seals) -> None:
        self.seals = seals
        self.changes = 0
        self.last_id = 0
        self._database = database
        self._clock = clock
        self._by_key: dict[QueueKey, LiveQueue] = {}
        self._by_id: dict[int, LiveQueue] = {}

    @classmethod
    async def open(cls, database: Database, clock: Clock, keys: KeyRing) -> Self:
        """Read what is there; encrypt with the newest key what is not.

        Raises:
            SealBroken: what an older key encrypted cannot be decrypted.
            CompactingFailed: the database could not be rewritten.
        """
        seals = Seals(keys)
        await seals.renew(database)
        store = cls(database, clock, seals)
        await store._load_queues()
        await store._load_messages()
        await store._load_deduplications()
        return store

    def get(self, key: QueueKey) -> LiveQueue | None:
        """Find a queue."""
        return self._by_key.get(key)

    def by_id(self, queue_id: int) -> LiveQueue | None:
        """Find a queue by its row."""
        return self._by_id.get(queue_id)

    def all(self) -> Iterator[LiveQueue]:
        """Go through all queues of all accounts and regions."""
        return iter(list(self._by_key.values()))

    def of_region(self, account_id: str, region: str) -> list[Queue]:
        """List the queues of an account in a region, by name."""
        found = (each.queue for each in self._by_key.values())
        return sorted(
            (each for each in found if each.key[:2] == (account_id, region)),
            key=lambda each: each.key.name,
        )

    def sources(self, arn: str) -> list[Queue]:
        """List the queues whose dead letters go to a queue, by name."""
        found = (each.queue for each in self._by_key.values())
        chosen = (
            each
            for each in found
            if each.settings.redrive is not None and each.settings.redrive.target == arn
        )
        return sorted(chosen, key=lambda each: each.key.name)

    async def create(
        self, key: QueueKey, attributes: Mapping[str, str], tags: Mapping[str, str]
    ) -> Queue:
        """Make a queue."""
        now_ms = self._now_ms()
        values: dict[str, Any] = {
            **key._asdict(),
            "attributes": dict(attributes),
            "tags": dict(tags),
            "created_ms": now_ms,
            "modified_ms": now_ms,
            "secret": secrets.token_bytes(_SECRET_BYTES),
        }

        async def run(connection: AsyncConnection) -> int:
            result = await connection.execute(insert(tables.queues).values(values))
            row: int = result.inserted_primary_key[0]  # type: ignore[index]
            return row

        def remember(queue_id: int) -> Queue:
            queue = Queue(
                queue_id,
                key,
                attributes,
                tags,
                now_ms,
                now_ms,
                values["secret"],
                settings(attributes),
            )
            self._remember(LiveQueue(queue))
            return queue

        return await write_then(self._database, run, remember)

    async def set(
        self,
        live: LiveQueue,
        *,
        attributes: Mapping[str, str] | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> None:
        """Give a queue other attributes or tags."""
        queue = live.queue
        if attributes is not None:
            queue = replace(
                queue,
                attributes=attributes,
                settings=settings(attributes),
                modified_ms=self._now_ms(),
            )
        if tags is not None:
            queue = replace(queue, tags=tags)
        values = {
            "attributes": dict(queue.attributes),
            "tags": dict(queue.tags),
            "modified_ms": queue.modified_ms,
        }

        async def run(connection: AsyncConnection) -> None:
            chosen = tables.queues.c.id == queue.id
            await connection.execute(update(tables.queues).where(chosen).values(values))

        def remember(_: None) -> None:
            live.queue = queue
            self.changes += 1

        await write_then(self._database, run, remember)

    async def delete(self, live: LiveQueue) -> None:
        """Delete a queue with its messages."""
        queue_id, ids = live.queue.id, list(live.line.messages)

        async def run(connection: AsyncConnection) -> None:
            await connection.execute(delete(tables.queues).where(tables.queues.c.id == queue_id))
            await _delete_messages(connection, ids)
            columns = tables.deduplications.c
            await connection.execute(
                delete(tables.deduplications).where(columns.queue_id == queue_id)
            )

        def forget(_: None) -> None:
            live.deleted = True
            self._by_key.pop(live.queue.key, None)
            self._by_id.pop(queue_id, None)
            self.changes += 1
            live.wake_all()

        await write_then(self._database, run, forget)

    async def put_task(self, task: MoveTask) -> None:
        """Keep a task that moves messages, in place of what was kept of it before."""
        columns = tables.move_tasks.c
        values = {column.name: getattr(task, column.name) for column in columns}
        values["status"] = task.status.value

        async def run(connection: AsyncConnection) -> None:
            await connection.execute(delete(tables.move_tasks).where(columns.id == task.id))
            await connection.execute(insert(tables.move_tasks).values(values))

        await write_then(self._database, run, lambda _: None)

    async def forget_tasks(self, ids: list[str]) -> None:
        """Keep some tasks no more."""
        chosen = tables.move_tasks.c.id.in_(ids)

        async def run(connection: AsyncConnection) -> None:
            await connection.execute(delete(tables.move_tasks).where(chosen))

        await write_then(self._database, run, lambda _: None)

    async def tasks(self) -> list[MoveTask]:
        """Read the tasks that are kept, the earliest first."""

        async def run(connection: AsyncConnection) -> list[MoveTask]:
            order = select(tables.move_tasks).order_by(tables.move_tasks.c.started_ms)
            return [
                MoveTask(**{**row._mapping, "status": MoveStatus(row.status)})
                for row in await connection.execute(order)
            ]

        return await self._database.read(run)

    def _remember(self, live: LiveQueue) -> None:
        self._by_key[live.queue.key] = live
        self._by_id[live.queue.id] = live
        self.changes += 1

    async def _load_queues(self) -> None:
        async def run(connection: AsyncConnection) -> Any:
            return list(await connection.execute(select(tables.queues)))

        for row in await self._database.read(run):
            key = QueueKey(row.account_id, row.region, row.name)
            queue = Queue(
                row.id,
                key,
                row.attributes,
                row.tags,
                row.created_ms,
                row.modified_ms,
                row.secret,
                settings(row.attributes),
            )
            self._remember(LiveQueue(queue))

    async def _load_messages(self) -> None:
        """Index all messages; those of queues that are no more are deleted."""
        columns = [tables.messages.c[_RENAMED.get(name, name)] for name in _INDEXED]
        found: list[Message] = []
        while True:
            page = (
                select(*columns)
                .where(tables.messages.c.id > (found[-1].id if found else 0))
                .order_by(tables.messages.c.id)
                .limit(_LOADED)
            )

            async def read(connection: AsyncConnection, page: Any = page) -> Any:
                return list(await connection.execute(page))

            rows = await self._database.read(read)
            found += [Message(*row) for row in rows]
            if len(rows) < _LOADED:
                break
        now_ms, lost = self._now_ms(), []
        self.last_id = max((each.place for each in found), default=0)
        for message in sorted(found, key=lambda each: each.place):
            live = self._by_id.get(message.queue_id)
            if live is None:
                lost.append(message.id)
            else:
                live.line.add(message, now_ms)
        if lost:
            await self._database.write(lambda connection: _delete_messages(connection, lost))

    async def _load_deduplications(self) -> None:
        columns = tables.deduplications.c
        chosen = (
            select(tables.deduplications)
            .where(columns.expires_ms > self._now_ms())
            .order_by(columns.expires_ms, columns.id)
        )

        async def run(connection: AsyncConnection) -> Any:
            return list(await connection.execute(chosen))

        for row in await self._database.read(run):
            live = self._by_id.get(row.queue_id)
            if live is not None:
                live.remember(
                    Deduplication(
                        row.scope, row.deduplication, row.message_id, row.sequence, row.expires_ms
                    )
                )

    def _now_ms(self) -> int:
        return int(self._clock.time() * 1000)


async def _delete_messages(connection: AsyncConnection, ids: "list[int]") -> None:
    for start in range(0, len(ids), _AT_ONCE):
        chosen = tables.messages.c.id.in_(ids[start : start + _AT_ONCE])
        await connection.execute(delete(tables.messages).where(chosen))
