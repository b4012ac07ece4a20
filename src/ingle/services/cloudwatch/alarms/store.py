"""Keeps alarms: all of them in memory, and on the disk before anybody is told of a change."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Self

import orjson
from sqlalchemy import Row, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from ingle.services.cloudwatch.alarms.model import Alarm, Kind, Place, State, Suppression
from ingle.services.cloudwatch.alarms.tables import alarms
from ingle.storage.database import Database


class AlarmStore:
    """The alarms of all accounts and regions. Made by `open`.

    Args:
        database: where they are kept.

    Attributes:
        database: the same.
        changing: is held by whoever changes alarms.
        changes: a number that grows with every change of tags.
    """

    def __init__(self, database: Database) -> None:
        self.database = database
        self.changing = asyncio.Lock()
        self.changes = 0
        self._by_place: dict[Place, dict[str, Alarm]] = {}

    @classmethod
    async def open(cls, database: Database) -> Self:
        """Read all alarms."""
        store = cls(database)

        async def read(connection: AsyncConnection) -> list[Alarm]:
            return [_alarm(row) for row in await connection.execute(select(alarms))]

        for alarm in await database.read(read):
            store.keep(alarm)
        return store

    def get(self, place: Place, name: str) -> Alarm | None:
        """Find an alarm; None where there is none."""
        return self._by_place.get(place, {}).get(name)

    def of(self, place: Place) -> list[Alarm]:
        """List the alarms of an account in a region by their names."""
        return [alarm for _, alarm in sorted(self._by_place.get(place, {}).items())]

    def count(self, place: Place) -> int:
        """Count the alarms of an account in a region."""
        return len(self._by_place.get(place, ()))

    def all(self) -> Iterator[Alarm]:
        """All alarms, of all accounts and regions."""
        for several in self._by_place.values():
            yield from several.values()

    def keep(self, alarm: Alarm) -> None:
        """Take an alarm into memory, once it is on the disk."""
        known = self._by_place.setdefault(alarm.place, {})
        before = known.get(alarm.name)
        known[alarm.name] = alarm
        if alarm.tags != (before.tags if before is not None else {}):
            self.changes += 1

    def forget(self, alarm: Alarm) -> None:
        """Take an alarm out of memory, once it is off the disk."""
        self._by_place.get(alarm.place, {}).pop(alarm.name, None)
        self.changes += 1

    async def insert(self, connection: AsyncConnection, alarm: Alarm) -> Alarm:
        """Write a new alarm within a transaction; return it with its row."""
        made = insert(alarms).values(**_row(alarm)).returning(alarms.c.id)
        return replace(alarm, id=(await connection.execute(made)).scalar_one())

    async def update(self, connection: AsyncConnection, alarm: Alarm) -> None:
        """Write an alarm that changed within a transaction."""
        await connection.execute(
            update(alarms).where(alarms.c.id == alarm.id).values(**_row(alarm))
        )

    async def delete(self, connection: AsyncConnection, alarm: Alarm) -> None:
        """Delete an alarm within a transaction."""
        await connection.execute(delete(alarms).where(alarms.c.id == alarm.id))


def _row(alarm: Alarm) -> dict[str, Any]:
    state = alarm.state
    return {
        "account_id": alarm.account_id,
        "region": alarm.region,
        "name": alarm.name,
        "kind": alarm.kind,
        "settings": orjson.dumps(alarm.settings).decode(),
        "configured_ms": alarm.configured_ms,
        "tags": orjson.dumps(alarm.tags).decode(),
        "state": state.value,
        "reason": state.reason,
        "reason_data": state.data,
        "updated_ms": state.updated_ms,
        "changed_ms": state.changed_ms,
        "suppressed_by": state.suppression.by,
        "suppressed_until_ms": state.suppression.until_ms,
    }


def _alarm(row: "Row[Any]") -> Alarm:
    kind: Kind = row.kind
    return Alarm(
        row.id,
        row.account_id,
        row.region,
        row.name,
        kind,
        orjson.loads(row.settings),
        row.configured_ms,
        orjson.loads(row.tags),
        State(
            row.state,
            row.reason,
            row.reason_data,
            row.updated_ms,
            row.changed_ms,
            Suppression(row.suppressed_by, row.suppressed_until_ms),
        ),
    )
