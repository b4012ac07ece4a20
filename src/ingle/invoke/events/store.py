"""Keeps events in the database."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, bindparam, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from ingle.invoke.events.event import BacklogKey, Event
from ingle.invoke.events.tables import events
from ingle.storage.database import Database

_OWN = ("request_id", "trace", "accepted_ms", "due_ms", "attempts", "id", "tenant_id")
_RETRY = (
    update(events)
    .where(events.c.id == bindparam("one"))
    .values(attempts=bindparam("failures"), due_ms=bindparam("due"))
)
_DELETE = delete(events).where(events.c.id == bindparam("one"))


@dataclass(frozen=True, slots=True)
class Page:
    """The beginning of a line, as it is on disk.

    Attributes:
        due: its first events that are due, in their order.
        more: whether others behind them may be due, too.
        next_ms: when the first is due of those that are not, if that was seen.
    """

    due: Sequence[Event]
    more: bool
    next_ms: int | None


class EventStore:
    """All events that wait or run.

    Methods that take a connection are for use within `Database.write`.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def insert(self, connection: AsyncConnection, added: Sequence[Event]) -> None:
        """Keep new events."""
        await connection.execute(insert(events), [_to_row(each) for each in added])

    async def remove(self, connection: AsyncConnection, ids: Sequence[int]) -> None:
        """Forget events."""
        await connection.execute(_DELETE, [{"one": each} for each in ids])

    async def postpone(self, connection: AsyncConnection, changed: Sequence[Event]) -> None:
        """Keep how often the function failed on events, and when they are due again."""
        values = [
            {"one": each.id, "failures": each.attempts, "due": each.due_ms} for each in changed
        ]
        await connection.execute(_RETRY, values)

    async def last_id(self) -> int:
        """Return the largest id of all events; 0 where there is none."""

        async def run(connection: AsyncConnection) -> int:
            return await connection.scalar(select(func.max(events.c.id))) or 0

        return await self._database.read(run)

    async def lines(self) -> list[BacklogKey]:
        """List for whom events wait."""
        columns = events.c
        key = (columns.account_id, columns.region, columns.name, columns.qualifier)

        async def run(connection: AsyncConnection) -> list[BacklogKey]:
            found = await connection.execute(select(*key).distinct())
            return [(row[0], row[1], row[2], row[3]) for row in found]

        return await self._database.read(run)

    async def page(
        self, key: BacklogKey, now_ms: int, skip: Collection[int], limit: int, most_bytes: int
    ) -> Page:
        """Read the beginning of a line.

        Args:
            key: whose.
            now_ms: what is due by then, in milliseconds since the epoch.
            skip: the ids of events to pass over.
            limit: how many at most.
            most_bytes: no more after payloads of so many bytes, but at least one.
        """

        async def run(connection: AsyncConnection) -> Page:
            heads = list(await connection.execute(_heads(key, limit + len(skip))))
            chosen: list[int] = []
            room = most_bytes
            for head in heads:
                if head.id in skip:
                    continue
                if head.due_ms > now_ms:
                    return Page(await _load(connection, key, chosen), False, head.due_ms)
                if len(chosen) == limit or (chosen and head.size > room):
                    return Page(await _load(connection, key, chosen), True, None)
                chosen.append(head.id)
                room -= head.size
            more = len(heads) == limit + len(skip)
            return Page(await _load(connection, key, chosen), more, None)

        return await self._database.read(run)


def _heads(key: BacklogKey, limit: int) -> Select[Any]:
    columns = events.c
    account_id, region, name, qualifier = key
    return (
        select(columns.id, columns.due_ms, columns.size)
        .where(
            columns.account_id == account_id,
            columns.region == region,
            columns.name == name,
            columns.qualifier == qualifier,
        )
        .order_by(columns.due_ms, columns.id)
        .limit(limit)
    )


async def _load(connection: AsyncConnection, key: BacklogKey, ids: Sequence[int]) -> list[Event]:
    if not ids:
        return []
    columns = events.c
    chosen = select(columns.payload, *(columns[each] for each in _OWN)).where(columns.id.in_(ids))
    rows = {row.id: row for row in await connection.execute(chosen)}
    return [
        Event(key, rows[each].payload, **{name: getattr(rows[each], name) for name in _OWN})
        for each in ids
    ]


def _to_row(event: Event) -> dict[str, Any]:
    account_id, region, name, qualifier = event.key
    return {
        "account_id": account_id,
        "region": region,
        "name": name,
        "qualifier": qualifier,
        "payload": event.payload,
        "size": len(event.payload),
    } | {each: getattr(event, each) for each in _OWN}
