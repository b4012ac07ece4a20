"""Keeps schedules and their groups in the database, and all in memory as well."""

from collections.abc import Callable, Iterator
from typing import Any, Self

from sqlalchemy import and_, delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from ingle.services.scheduler import tables
from ingle.services.scheduler.model import DEFAULT, Group, GroupKey, Schedule, ScheduleKey
from ingle.storage.database import Database
from ingle.storage.keeping import keep
from ingle.storage.rows import delete_row, put_row

Also = Callable[[AsyncConnection], Any]


class SchedulerStore:
    """All schedules of all accounts and regions.

    Reading is from memory; a write is in memory once it is committed. Whoever changes something
    must see to it that nobody else changes the same meanwhile.

    Args:
        database: where everything is.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._groups: dict[GroupKey, Group] = {}
        self._schedules: dict[ScheduleKey, Schedule] = {}

    @classmethod
    async def open(cls, database: Database) -> Self:
        """Read what is there."""
        store = cls(database)

        async def run(connection: AsyncConnection) -> tuple[list[Any], list[Any]]:
            return (
                list(await connection.execute(select(tables.groups))),
                list(await connection.execute(select(tables.schedules))),
            )

        groups, schedules = await database.read(run)
        for row in groups:
            key = GroupKey(row.account_id, row.region, row.name)
            store._groups[key] = Group(key, row.tags, row.created_ms, row.token)
        for row in schedules:
            named = ScheduleKey(GroupKey(row.account_id, row.region, row.group), row.name)
            store._schedules[named] = Schedule(
                named,
                row.settings,
                row.created_ms,
                row.modified_ms,
                row.tick_ms,
                row.next_ms,
                row.token,
            )
        return store

    def group(self, key: GroupKey) -> Group | None:
        """Find a group; the default one is always there."""
        found = self._groups.get(key)
        return Group(key) if found is None and key.name == DEFAULT else found

    def groups(self, account_id: str, region: str) -> list[Group]:
        """List the groups of an account in a region, by name."""
        found = {
            key.name: each for key, each in self._groups.items() if key[:2] == (account_id, region)
        }
        found.setdefault(DEFAULT, Group(GroupKey(account_id, region, DEFAULT)))
        return [found[name] for name in sorted(found)]

    def get(self, key: ScheduleKey) -> Schedule | None:
        """Find a schedule."""
        return self._schedules.get(key)

    def all(self) -> Iterator[Schedule]:
        """Go through all schedules of all accounts and regions."""
        return iter(list(self._schedules.values()))

    async def put_group(self, group: Group) -> None:
        """Keep a group, in place of what was kept of it before."""
        values = {
            **group.key._asdict(),
            "tags": dict(group.tags),
            "created_ms": group.created_ms,
            "token": group.token,
        }

        def remember() -> None:
            self._groups[group.key] = group

        await keep(self._database, lambda c: put_row(c, tables.groups, values), remember)

    async def delete_group(self, key: GroupKey) -> None:
        """Keep a group no more, nor its schedules."""
        columns = tables.schedules.c
        inside = and_(
            columns.account_id == key.account_id,
            columns.region == key.region,
            columns.group == key.name,
        )

        async def run(connection: AsyncConnection) -> None:
            await connection.execute(delete(tables.schedules).where(inside))
            await delete_row(connection, tables.groups, key._asdict())

        def forget() -> None:
            self._groups.pop(key, None)
            for each in [each for each in self._schedules if each.group == key]:
                del self._schedules[each]

        await keep(self._database, run, forget)

    async def put(self, schedule: Schedule, also: Also | None = None) -> None:
        """Keep a schedule, in place of what was kept of it before.

        Args:
            schedule: the schedule.
            also: what is to be done in the same transaction.
        """
        values = {
            **_key(schedule.key),
            "settings": dict(schedule.settings),
            "created_ms": schedule.created_ms,
            "modified_ms": schedule.modified_ms,
            "tick_ms": schedule.tick_ms,
            "next_ms": schedule.next_ms,
            "token": schedule.token,
        }

        async def run(connection: AsyncConnection) -> None:
            await put_row(connection, tables.schedules, values)
            if also is not None:
                await also(connection)

        def remember() -> None:
            self._schedules[schedule.key] = schedule

        await keep(self._database, run, remember)

    async def delete(self, key: ScheduleKey, also: Also | None = None) -> None:
        """Keep a schedule no more; do something in the same transaction."""

        async def run(connection: AsyncConnection) -> None:
            await delete_row(connection, tables.schedules, _key(key))
            if also is not None:
                await also(connection)

        def forget() -> None:
            self._schedules.pop(key, None)

        await keep(self._database, run, forget)


def _key(key: ScheduleKey) -> dict[str, Any]:
    group = key.group
    return {
        "account_id": group.account_id,
        "region": group.region,
        "group": group.name,
        "name": key.name,
    }
