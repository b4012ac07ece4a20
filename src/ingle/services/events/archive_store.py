"""Keeps archives with their events, and replays, in the database; all but events also in memory."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import and_, delete, func, insert, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from ingle.services.event_patterns import EventPattern
from ingle.services.events import tables
from ingle.services.events.model import (
    Archive,
    Archived,
    ArchiveKey,
    BusKey,
    Replay,
    ReplayKey,
)
from ingle.storage.database import Database
from ingle.storage.keeping import keep
from ingle.storage.rows import delete_row, put_row

Also = Callable[[AsyncConnection], Awaitable[None]]
_EVENTS = tables.archived.c


class Size(NamedTuple):
    """How much an archive holds."""

    events: int = 0
    size: int = 0


class ArchiveStore:
    """All archives and replays of all accounts and regions.

    Args:
        database: where they are.
    """

    def __init__(self, database: Database) -> None:
        self.database = database
        self._archives: dict[ArchiveKey, Archive] = {}
        # Which events they are for, by bus; None for all.
        self._patterns: dict[BusKey, dict[ArchiveKey, EventPattern | None]] = {}
        self._replays: dict[ReplayKey, Replay] = {}

    async def read(self) -> None:
        """Read what is there."""

        async def run(connection: AsyncConnection) -> tuple[list[Any], list[Any]]:
            return (
                list(await connection.execute(select(tables.archives))),
                list(await connection.execute(select(tables.replays))),
            )

        archives, replays = await self.database.read(run)
        for row in archives:
            self._remember(_archive(row))
        for row in replays:
            replay = _replay(row)
            self._replays[replay.key] = replay

    def find(self, key: ArchiveKey) -> Archive | None:
        """Find an archive."""
        return self._archives.get(key)

    def archives(self, account_id: str, region: str) -> list[Archive]:
        """List the archives of an account in a region, by name."""
        found = [each for each in self._archives.values() if each.key[:2] == (account_id, region)]
        return sorted(found, key=lambda each: each.key.name)

    def all_archives(self) -> list[Archive]:
        """List all archives of all accounts and regions."""
        return list(self._archives.values())

    def wanting(self, bus: BusKey, event: Mapping[str, Any]) -> list[ArchiveKey]:
        """Find the archives that keep an event of a bus; none keeps what is replayed."""
        patterns = self._patterns.get(bus)
        if not patterns or "replay-name" in event:
            return []
        return [
            key for key, pattern in patterns.items() if pattern is None or pattern.matches(event)
        ]

    def replay(self, key: ReplayKey) -> Replay | None:
        """Find a replay."""
        return self._replays.get(key)

    def replays(self, account_id: str, region: str) -> list[Replay]:
        """List the replays of an account in a region, by name."""
        found = [each for each in self._replays.values() if each.key[:2] == (account_id, region)]
        return sorted(found, key=lambda each: each.key.name)

    def all_replays(self) -> list[Replay]:
        """List all replays of all accounts and regions."""
        return list(self._replays.values())

    async def put(self, archive: Archive) -> None:
        """Keep an archive, in place of what was kept of it before."""
        values = {
            **archive.key._asdict(),
            "bus": archive.bus.name,
            "pattern": archive.pattern,
            "description": archive.description,
            "retention_days": archive.retention_days,
            "created_ms": archive.created_ms,
        }

        async def run(connection: AsyncConnection) -> None:
            await put_row(connection, tables.archives, values)

        await keep(self.database, run, lambda: self._remember(archive))

    async def delete(self, archive: Archive) -> None:
        """Delete an archive with its events."""

        async def run(connection: AsyncConnection) -> None:
            await delete_row(connection, tables.archives, archive.key._asdict())
            await connection.execute(delete(tables.archived).where(_inside(archive.key)))

        def forget() -> None:
            self._archives.pop(archive.key, None)
            self._patterns.get(archive.bus, {}).pop(archive.key, None)

        await keep(self.database, run, forget)

    async def insert(self, connection: AsyncConnection, events: Sequence[Archived]) -> None:
        """Add events to archives within a transaction."""
        if events:
            await connection.execute(
                insert(tables.archived),
                [
                    {
                        "account_id": each.archive.account_id,
                        "region": each.archive.region,
                        "archive": each.archive.name,
                        "time_ms": each.time_ms,
                        "added_ms": each.added_ms,
                        "event": each.event,
                    }
                    for each in events
                ],
            )

    async def sizes(self, account_id: str, region: str) -> dict[str, Size]:
        """Tell how much the archives of an account in a region hold, by name."""
        chosen = (
            select(_EVENTS.archive, func.count(), func.sum(func.length(_EVENTS.event)))
            .where(_EVENTS.account_id == account_id, _EVENTS.region == region)
            .group_by(_EVENTS.archive)
        )

        async def run(connection: AsyncConnection) -> dict[str, Size]:
            return {row[0]: Size(row[1], row[2]) for row in await connection.execute(chosen)}

        return await self.database.read(run)

    async def following(self, replay: Replay, limit: int) -> list[Archived]:
        """Read the next events of a replay, by when they happened."""
        chosen = (
            select(tables.archived)
            .where(
                _inside(replay.archive),
                _EVENTS.time_ms >= replay.start_ms,
                _EVENTS.time_ms <= replay.end_ms,
                or_(
                    _EVENTS.time_ms > replay.last_ms,
                    and_(_EVENTS.time_ms == replay.last_ms, _EVENTS.id > replay.last_id),
                ),
                # What comes meanwhile is not replayed.
                _EVENTS.added_ms <= replay.began_ms,
            )
            .order_by(_EVENTS.time_ms, _EVENTS.id)
            .limit(limit)
        )

        async def run(connection: AsyncConnection) -> list[Archived]:
            return [
                Archived(replay.archive, row.event, row.time_ms, row.added_ms, row.id)
                for row in await connection.execute(chosen)
            ]

        return await self.database.read(run)

    async def put_replay(self, replay: Replay, also: Also | None = None) -> None:
        """Keep a replay, in place of what was kept of it before.

        Args:
            replay: the replay.
            also: what is to be done in the same transaction.
        """
        values = {
            **replay.key._asdict(),
            "archive": replay.archive.name,
            "bus": replay.bus.name,
            "rules": list(replay.rules),
            **{name: getattr(replay, name) for name in _SAME},
        }

        async def run(connection: AsyncConnection) -> None:
            await put_row(connection, tables.replays, values)
            if also is not None:
                await also(connection)

        def remember() -> None:
            self._replays[replay.key] = replay

        await keep(self.database, run, remember)

    async def expire(self, archive: Archive, before_ms: int) -> None:
        """Delete the events of an archive that came before a time."""

        async def run(connection: AsyncConnection) -> None:
            old = and_(_inside(archive.key), _EVENTS.added_ms < before_ms)
            await connection.execute(delete(tables.archived).where(old))

        await self.database.write(run)

    async def forget_replays(self, before_ms: int) -> None:
        """Delete the replays that were over before a time."""
        old = [
            each.key
            for each in self._replays.values()
            if not each.active and each.ended_ms < before_ms
        ]

        async def run(connection: AsyncConnection) -> None:
            for key in old:
                await delete_row(connection, tables.replays, key._asdict())

        def forget() -> None:
            for key in old:
                self._replays.pop(key, None)

        if old:
            await keep(self.database, run, forget)

    def _remember(self, archive: Archive) -> None:
        self._archives[archive.key] = archive
        pattern = EventPattern(archive.pattern) if archive.pattern else None
        self._patterns.setdefault(archive.bus, {})[archive.key] = pattern


_SAME = (
    "description",
    "start_ms",
    "end_ms",
    "began_ms",
    "state",
    "reason",
    "ended_ms",
    "last_ms",
    "last_id",
)


def _inside(archive: ArchiveKey) -> Any:
    return and_(
        _EVENTS.account_id == archive.account_id,
        _EVENTS.region == archive.region,
        _EVENTS.archive == archive.name,
    )


def _archive(row: Any) -> Archive:
    return Archive(
        ArchiveKey(row.account_id, row.region, row.name),
        BusKey(row.account_id, row.region, row.bus),
        row.pattern,
        row.description,
        row.retention_days,
        row.created_ms,
    )


def _replay(row: Any) -> Replay:
    return Replay(
        ReplayKey(row.account_id, row.region, row.name),
        ArchiveKey(row.account_id, row.region, row.archive),
        BusKey(row.account_id, row.region, row.bus),
        tuple(row.rules),
        **{name: getattr(row, name) for name in _SAME},
    )
