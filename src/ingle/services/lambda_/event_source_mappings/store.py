"""Keeps event source mappings in the database, and all in memory as well."""

from typing import Any

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from ingle.services.lambda_.event_source_mappings.model import EventSourceMapping
from ingle.services.lambda_.tables import event_source_mappings as table
from ingle.storage.database import Database
from ingle.storage.keeping import keep

_LISTS = ("filters", "metrics", "pollers")
_OWN = (
    "uuid",
    "qualifier",
    "source_arn",
    "enabled",
    "batch_size",
    "window_s",
    "filters",
    "reports",
    "most",
    "pollers",
    "metrics",
    "tags",
    "modified_ms",
)


class EventSourceMappingStore:
    """All mappings of all accounts and regions.

    Reading is from memory; a write is in memory once it is committed.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._mappings: dict[str, EventSourceMapping] = {}

    async def load(self) -> None:
        """Read them all; to be called once, before anything else."""

        async def run(connection: AsyncConnection) -> Any:
            return list(await connection.execute(select(table)))

        for row in await self._database.read(run):
            values = {name: getattr(row, name) for name in _OWN}
            for name in _LISTS:
                values[name] = None if values[name] is None else tuple(values[name])
            key = (row.account_id, row.region, row.name)
            self._mappings[row.uuid] = EventSourceMapping(key=key, **values)

    def get(self, uuid: str) -> EventSourceMapping | None:
        """Find one."""
        return self._mappings.get(uuid)

    def of_region(self, account_id: str, region: str) -> list[EventSourceMapping]:
        """List those of an account in a region, by id."""
        found = (each for each in self._mappings.values() if each.key[:2] == (account_id, region))
        return sorted(found, key=lambda each: each.uuid)

    def all(self) -> list[EventSourceMapping]:
        """List those of all accounts and regions."""
        return list(self._mappings.values())

    async def put(self, mapping: EventSourceMapping) -> None:
        """Keep one in place of the one with its id, if there is one."""
        account_id, region, name = mapping.key
        values = {each: getattr(mapping, each) for each in _OWN}
        values["tags"] = dict(mapping.tags)
        for each in _LISTS:
            values[each] = None if values[each] is None else [*values[each]]
        values |= {"account_id": account_id, "region": region, "name": name}

        async def run(connection: AsyncConnection) -> None:
            await connection.execute(delete(table).where(table.c.uuid == mapping.uuid))
            await connection.execute(insert(table).values(values))

        def remember() -> None:
            self._mappings[mapping.uuid] = mapping

        await keep(self._database, run, remember)

    async def remove(self, uuid: str) -> None:
        """Forget one."""

        async def run(connection: AsyncConnection) -> None:
            await connection.execute(delete(table).where(table.c.uuid == uuid))

        await keep(self._database, run, lambda: self._mappings.pop(uuid, None))
