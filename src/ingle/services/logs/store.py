"""Keeps log groups, streams and events in the database."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any, Self, TypeVar

from sqlalchemy import (
    ColumnElement,
    Row,
    bindparam,
    case,
    delete,
    func,
    insert,
    literal,
    select,
    tuple_,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from ingle.services.logs import tables
from ingle.services.logs.chunks import Chunk
from ingle.services.logs.model import Group, GroupKey, Stream, StreamKey
from ingle.services.logs.reading import Page, Selection, read_page
from ingle.storage.database import Database
from ingle.storage.tasks import finish

# How many rows one statement names; SQLite takes far more parameters, other databases do not.
_AT_ONCE = 500
# How many streams' rows are remembered; a stream lives as long as its sandbox.
_REMEMBERED = 20_000

T = TypeVar("T")

_Ids = tuple[int, int]
"""The rows of a stream and of its group."""


class LogsStore:
    """All log groups of all accounts and regions. `open` also reads their tags.

    Args:
        database: where they are kept.

    Attributes:
        changes: a number that grows with every change of tags.
    """

    def __init__(self, database: Database) -> None:
        self.changes = 0
        self._database = database
        self._ids: dict[StreamKey, _Ids] = {}
        # Of groups that have some.
        self._tags: dict[GroupKey, Mapping[str, str]] = {}

    @classmethod
    async def open(cls, database: Database) -> Self:
        """Read the tags of all groups."""
        store = cls(database)

        async def read(connection: AsyncConnection) -> list[Group]:
            return [_group(row) for row in await connection.execute(select(tables.groups))]

        for group in await database.read(read):
            store._tagged(group.key, group.tags)
        return store

    def tags(self, key: GroupKey) -> Mapping[str, str]:
        """Tell the tags of a group, from memory; none where there is no such group."""
        return self._tags.get(key, {})

    async def groups(self, account_id: str, region: str) -> list[Group]:
        """List the groups of an account in a region, by name."""
        columns = tables.groups.c

        async def run(connection: AsyncConnection) -> list[Group]:
            where = (columns.account_id == account_id) & (columns.region == region)
            statement = select(tables.groups).where(where).order_by(columns.name)
            return [_group(row) for row in await connection.execute(statement)]

        return await self._database.read(run)

    async def group(self, key: GroupKey) -> Group | None:
        """Find a group."""

        async def run(connection: AsyncConnection) -> Group | None:
            row = (await connection.execute(select(tables.groups).where(_is(key)))).first()
            return _group(row) if row is not None else None

        return await self._database.read(run)

    async def add_group(self, key: GroupKey, creation_ms: int, tags: Mapping[str, str]) -> bool:
        """Make a group; say whether there was none of that name."""

        async def run(connection: AsyncConnection) -> bool:
            if await _group_id(connection, key) is not None:
                return False
            await _add_group(connection, key, creation_ms, tags)
            return True

        return await finish(self._with_tags(run, key, tags))

    async def remove_group(self, key: GroupKey) -> bool:
        """Delete a group with all that is in it; say whether there was one."""

        async def run(connection: AsyncConnection) -> bool:
            return bool((await connection.execute(delete(tables.groups).where(_is(key)))).rowcount)

        return await finish(self._with_tags(run, key, {}))

    async def set_retention(self, group_id: int, days: int | None) -> None:
        """Say how long the events of a group are kept."""
        await self._update_group(group_id, {"retention_days": days})

    async def set_tags(self, group: Group, tags: Mapping[str, str]) -> None:
        """Give a group these tags instead of those that it has."""
        columns = tables.groups.c

        async def run(connection: AsyncConnection) -> bool:
            statement = update(tables.groups).where(columns.id == group.id)
            return bool((await connection.execute(statement.values(tags=dict(tags)))).rowcount)

        await finish(self._with_tags(run, group.key, tags))

    async def _with_tags(
        self,
        run: Callable[[AsyncConnection], Awaitable[bool]],
        key: GroupKey,
        tags: Mapping[str, str],
    ) -> bool:
        """Write something; if it is so, a group has these tags then."""
        changed = await self._database.write(run)
        if changed:
            self._tagged(key, tags)
        return changed

    def _tagged(self, key: GroupKey, tags: Mapping[str, str]) -> None:
        if tags == self.tags(key):
            return
        self.changes += 1
        if tags:
            self._tags[key] = dict(tags)
        else:
            self._tags.pop(key, None)

    async def expiring(self) -> list[Group]:
        """List the groups of all accounts and regions that do not keep their events for good."""

        async def run(connection: AsyncConnection) -> list[Group]:
            where = tables.groups.c.retention_days.is_not(None)
            return [
                _group(row) for row in await connection.execute(select(tables.groups).where(where))
            ]

        return await self._database.read(run)

    async def expire(self, group_id: int, before_ms: int, rows: int) -> bool:
        """Delete some rows of a group whose events are all before a time.

        Returns:
            Whether there may be more of them.
        """
        columns = tables.chunks.c

        async def run(connection: AsyncConnection) -> bool:
            where = (columns.group_id == group_id) & (columns.last_ms < before_ms)
            order = (columns.last_ms, columns.id)
            statement = select(columns.id, columns.bytes).where(where).order_by(*order).limit(rows)
            found = (await connection.execute(statement)).all()
            for some in _portions([row.id for row in found]):
                await connection.execute(delete(tables.chunks).where(columns.id.in_(some)))
            size = sum(row.bytes for row in found)
            await connection.execute(_GROW, [{"row": group_id, "more": -size}])
            return len(found) == rows

        return await self._database.write(run)

    async def chunk(self, chunk_id: int) -> tuple[Group, Stream, Row[Any]] | None:
        """Find a row of events by its number, with what it belongs to."""

        async def run(connection: AsyncConnection) -> tuple[Group, Stream, Row[Any]] | None:
            where = tables.chunks.c.id == chunk_id
            row = (await connection.execute(select(tables.chunks).where(where))).first()
            if row is None:
                return None
            group = await connection.execute(
                select(tables.groups).where(tables.groups.c.id == row.group_id)
            )
            stream = await connection.execute(
                select(tables.streams).where(tables.streams.c.id == row.stream_id)
            )
            return _group(group.one()), _stream(stream.one()), row

        return await self._database.read(run)

    async def _update_group(self, group_id: int, values: Mapping[str, Any]) -> None:
        statement = update(tables.groups).where(tables.groups.c.id == group_id).values(values)

        async def run(connection: AsyncConnection) -> None:
            await connection.execute(statement)

        await self._database.write(run)

    async def streams(
        self,
        group_id: int,
        *,
        prefix: str = "",
        by_time: bool = False,
        descending: bool = False,
        after: tuple[int, str] | None = None,
        limit: int,
    ) -> list[Stream]:
        """List streams of a group.

        Args:
            group_id: the group's row.
            prefix: how their names begin.
            by_time: order by the latest event and then the name, instead of the name alone; a
                stream without events counts as old as it is.
            descending: the other way round.
            after: the sort key (`stream_time`, name) after which to begin.
            limit: how many at most.
        """
        columns = tables.streams.c
        time = func.coalesce(columns.last_event_ms, columns.creation_ms)
        order: list[ColumnElement[Any]] = [time, columns.name] if by_time else [columns.name]
        statement = select(tables.streams).where(columns.group_id == group_id).limit(limit)
        if prefix:
            # LIKE would not mind upper and lower case in SQLite.
            begins = func.substr(columns.name, 1, len(prefix)) == prefix
            statement = statement.where(columns.name >= prefix, begins)
        if after is not None:
            bound = [literal(part) for part in (after if by_time else after[1:])]
            left, right = tuple_(*order), tuple_(*bound)
            statement = statement.where(left < right if descending else left > right)
        statement = statement.order_by(*(each.desc() if descending else each for each in order))

        async def run(connection: AsyncConnection) -> list[Stream]:
            return [_stream(row) for row in await connection.execute(statement)]

        return await self._database.read(run)

    async def stream(self, group_id: int, name: str) -> Stream | None:
        """Find a stream of a group."""
        return (await self.named_streams(group_id, [name])).get(name)

    async def named_streams(self, group_id: int, names: Sequence[str]) -> dict[str, Stream]:
        """Find those streams of a group that exist, by name."""
        columns = tables.streams.c

        async def run(connection: AsyncConnection) -> dict[str, Stream]:
            statement = select(tables.streams).where(
                columns.group_id == group_id, columns.name.in_(names)
            )
            return {row.name: _stream(row) for row in await connection.execute(statement)}

        return await self._database.read(run)

    async def stream_names(self, ids: Sequence[int]) -> dict[int, str]:
        """Say what the streams with these rows are called."""
        columns = tables.streams.c

        async def run(connection: AsyncConnection) -> dict[int, str]:
            found: dict[int, str] = {}
            for some in _portions(ids):
                statement = select(columns.id, columns.name).where(columns.id.in_(some))
                found |= {row.id: row.name for row in await connection.execute(statement)}
            return found

        return await self._database.read(run)

    async def add_stream(self, group_id: int, name: str, creation_ms: int) -> bool:
        """Make a stream; say whether there was none of that name."""

        async def run(connection: AsyncConnection) -> bool:
            if await _stream_id(connection, group_id, name) is not None:
                return False
            values = {"group_id": group_id, "name": name, "creation_ms": creation_ms}
            await connection.execute(insert(tables.streams).values(values))
            return True

        return await self._database.write(run)

    async def remove_stream(self, group_id: int, name: str) -> bool:
        """Delete a stream with its events; say whether there was one."""
        columns = tables.streams.c

        async def run(connection: AsyncConnection) -> bool:
            stream_id = await _stream_id(connection, group_id, name)
            if stream_id is None:
                return False
            size = select(func.coalesce(func.sum(tables.chunks.c.bytes), 0)).where(
                tables.chunks.c.stream_id == stream_id
            )
            await connection.execute(
                update(tables.groups)
                .where(tables.groups.c.id == group_id)
                .values(stored_bytes=tables.groups.c.stored_bytes - size.scalar_subquery())
            )
            await connection.execute(delete(tables.streams).where(columns.id == stream_id))
            return True

        return await self._database.write(run)

    async def append(self, batch: Mapping[StreamKey, Sequence[Chunk]], ingestion_ms: int) -> None:
        """Store events of any number of streams in one transaction, making what does not exist."""

        async def run(connection: AsyncConnection) -> dict[StreamKey, _Ids]:
            ids = await self._known(connection, batch)
            unknown = [key for key in batch if key not in ids]
            ids |= await _make(connection, unknown, ingestion_ms)
            await _insert(
                connection, [(ids[key], each) for key, each in batch.items()], ingestion_ms
            )
            return ids

        self._remember(await self._database.write(run))

    async def put(
        self, group_id: int, stream_id: int, chunks: Sequence[Chunk], ingestion_ms: int
    ) -> None:
        """Store events of one stream, which exists."""

        async def run(connection: AsyncConnection) -> None:
            await _insert(connection, [((stream_id, group_id), chunks)], ingestion_ms)

        await self._database.write(run)

    async def events(self, selection: Selection, limit: int) -> Page:
        """Read one page of events; see `read_page`."""
        return await read_page(self._database, selection, limit)

    async def _known(
        self, connection: AsyncConnection, batch: Mapping[StreamKey, Any]
    ) -> dict[StreamKey, _Ids]:
        """Look up the rows of these streams in memory, and drop those deleted since."""
        ids = {key: self._ids[key] for key in batch if key in self._ids}
        column = tables.streams.c.id
        there: set[int] = set()
        for some in _portions([stream_id for stream_id, _ in ids.values()]):
            there.update(await connection.scalars(select(column).where(column.in_(some))))
        return {key: each for key, each in ids.items() if each[0] in there}

    def _remember(self, ids: dict[StreamKey, _Ids]) -> None:
        if len(self._ids) + len(ids) > _REMEMBERED:
            self._ids = {}
        self._ids |= ids


def stream_time(stream: Stream) -> int:
    """Say how old a stream is where streams are ordered by their events."""
    return stream.creation_ms if stream.last_event_ms is None else stream.last_event_ms


def _portions(items: Sequence[T]) -> list[Sequence[T]]:
    return [items[start : start + _AT_ONCE] for start in range(0, len(items), _AT_ONCE)]


def _is(key: GroupKey) -> ColumnElement[bool]:
    columns = tables.groups.c
    return (
        (columns.account_id == key.account_id)
        & (columns.region == key.region)
        & (columns.name == key.name)
    )


def _group(row: Row[Any]) -> Group:
    key = GroupKey(row.account_id, row.region, row.name)
    return Group(row.id, key, row.creation_ms, row.stored_bytes, row.tags, row.retention_days)


def _stream(row: Row[Any]) -> Stream:
    return Stream(
        row.id,
        row.name,
        row.creation_ms,
        row.first_event_ms,
        row.last_event_ms,
        row.last_ingestion_ms,
    )


async def _group_id(connection: AsyncConnection, key: GroupKey) -> int | None:
    return await connection.scalar(select(tables.groups.c.id).where(_is(key)))


async def _stream_id(connection: AsyncConnection, group_id: int, name: str) -> int | None:
    return (await _stream_ids(connection, group_id, [name])).get(name)


async def _stream_ids(
    connection: AsyncConnection, group_id: int, names: Sequence[str]
) -> dict[str, int]:
    columns = tables.streams.c
    where = (columns.group_id == group_id) & columns.name.in_(names)
    rows = await connection.execute(select(columns.name, columns.id).where(where))
    return {row.name: row.id for row in rows}


async def _add_group(
    connection: AsyncConnection, key: GroupKey, creation_ms: int, tags: Mapping[str, str]
) -> int:
    values = key._asdict() | {"creation_ms": creation_ms, "stored_bytes": 0, "tags": dict(tags)}
    result = await connection.execute(insert(tables.groups).values(values))
    made: Any = result.inserted_primary_key
    return int(made.id)


async def _make(
    connection: AsyncConnection, keys: Iterable[StreamKey], creation_ms: int
) -> dict[StreamKey, _Ids]:
    """Find the rows of these streams, and make those of streams and groups that do not exist."""
    by_group: dict[GroupKey, list[str]] = {}
    for key in keys:
        by_group.setdefault(key.group, []).append(key.name)
    ids: dict[StreamKey, _Ids] = {}
    for group, names in by_group.items():
        group_id = await _group_id(connection, group)
        if group_id is None:
            group_id = await _add_group(connection, group, creation_ms, {})
        for some in _portions(names):
            found = await _stream_ids(connection, group_id, some)
            missing = [name for name in some if name not in found]
            if missing:
                values = {"group_id": group_id, "creation_ms": creation_ms}
                rows = [values | {"name": name} for name in missing]
                await connection.execute(insert(tables.streams), rows)
                found |= await _stream_ids(connection, group_id, missing)
            ids |= {
                StreamKey(group, name): (stream_id, group_id) for name, stream_id in found.items()
            }
    return ids


async def _insert(
    connection: AsyncConnection,
    batch: Sequence[tuple[_Ids, Sequence[Chunk]]],
    ingestion_ms: int,
) -> None:
    rows = [
        {
            "stream_id": stream_id,
            "group_id": group_id,
            "first_ms": chunk.first_ms,
            "last_ms": chunk.last_ms,
            "ingestion_ms": ingestion_ms,
            "bytes": chunk.size,
            "encoding": int(chunk.encoding),
            "data": chunk.data,
        }
        for (stream_id, group_id), chunks in batch
        for chunk in chunks
    ]
    if not rows:
        return
    await connection.execute(insert(tables.chunks), rows)
    sizes: dict[int, int] = {}
    spans = []
    for (stream_id, group_id), chunks in batch:
        sizes[group_id] = sizes.get(group_id, 0) + sum(chunk.size for chunk in chunks)
        spans.append(
            {
                "row": stream_id,
                "first": min(chunk.first_ms for chunk in chunks),
                "last": max(chunk.last_ms for chunk in chunks),
                "now": ingestion_ms,
            }
        )
    await connection.execute(_WIDEN, spans)
    await connection.execute(
        _GROW, [{"row": group_id, "more": size} for group_id, size in sizes.items()]
    )


def _extreme(column: ColumnElement[int], name: str, *, least: bool) -> ColumnElement[int]:
    new: ColumnElement[int] = bindparam(name)
    better = column > new if least else column < new
    return case((column.is_(None) | better, new), else_=column)


_WIDEN = (
    update(tables.streams)
    .where(tables.streams.c.id == bindparam("row"))
    .values(
        first_event_ms=_extreme(tables.streams.c.first_event_ms, "first", least=True),
        last_event_ms=_extreme(tables.streams.c.last_event_ms, "last", least=False),
        last_ingestion_ms=bindparam("now"),
    )
)
_GROW = (
    update(tables.groups)
    .where(tables.groups.c.id == bindparam("row"))
    .values(stored_bytes=tables.groups.c.stored_bytes + bindparam("more"))
)
