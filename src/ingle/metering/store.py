"""Keeps what was used in the database."""

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, NamedTuple

from sqlalchemy import Row as SqlRow
from sqlalchemy import bindparam, delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from ingle.metering import tables
from ingle.metering.adding import Adder
from ingle.metering.load import Load, LoadKey
from ingle.metering.standing import Kind, Standing, StandingKey
from ingle.metering.tables import PEAKS, SUMS
from ingle.metering.tally import Tally, UsageKey
from ingle.storage.database import Database

_DAY_S = 86_400
_REMOVE = delete(tables.standing).where(
    *(column == bindparam(f"key_{column.name}") for column in tables.standing.primary_key)
)


class Change(NamedTuple):
    """What becomes of something that is kept.

    Attributes:
        key: what it is.
        standing: how it is kept now, and how far it is charged; None where it is not any more.
        added: what is added to the usage: to which row, which column, how much.
    """

    key: StandingKey
    standing: Standing | None
    added: Sequence[tuple[UsageKey, str, int]]


@dataclass(slots=True)
class Row:
    """What is to be added to one row of usage.

    Attributes:
        sums: what is added, by column.
        peaks: what the columns are at least then.
    """

    sums: dict[str, int] = field(default_factory=dict)
    peaks: dict[str, int] = field(default_factory=dict)

    def add(self, sums: Mapping[str, int], peaks: Mapping[str, int]) -> None:
        """Have more to add."""
        for name, value in sums.items():
            self.sums[name] = self.sums.get(name, 0) + value
        for name, value in peaks.items():
            self.peaks[name] = max(self.peaks.get(name, 0), value)

    def count(self, tally: Tally) -> None:
        """The same, with what was counted of invocations."""
        self.add(tally.sums(), {"concurrency": tally.concurrency, "peak_mb": tally.peak_mb})


class MeteringStore:
    """What was used, by day.

    Args:
        database: where it is.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._usage = Adder(tables.usage, SUMS, PEAKS)
        self._load = Adder(tables.load, (), ("concurrency", "memory_mb", "cpu_ms"))

    async def add(self, rows: Mapping[UsageKey, Row]) -> None:
        """Add to the usage; all of it is on the disk then, or none.

        Raises:
            StorageError: it could not be written.
        """
        named = [(_named(key), row.sums | row.peaks) for key, row in rows.items()]
        if named:
            seen = await self._database.write(lambda connection: self._usage.add(connection, named))
            self._usage.remember(seen)

    async def add_load(self, loads: Mapping[LoadKey, Load]) -> None:
        """Take note of a minute's load, where it is the day's largest."""
        named = [
            ((key.account_id, key.region, _day(key.day)), dataclasses.asdict(load))
            for key, load in loads.items()
        ]
        if named:
            seen = await self._database.write(lambda connection: self._load.add(connection, named))
            self._load.remember(seen)

    async def standings(self) -> dict[StandingKey, Standing]:
        """Tell what was kept when it was written last."""

        async def run(connection: AsyncConnection) -> Sequence[SqlRow[Any]]:
            return (await connection.execute(select(tables.standing))).all()

        return {
            StandingKey(
                Kind(row.kind), row.account_id, row.region, row.function, row.version
            ): Standing(row.architecture, row.amount, row.since_ms, row.charged_ms)
            for row in await self._database.read(run)
        }

    async def charge(self, changes: Iterable[Change]) -> None:
        """Add what being kept cost, and take note of how far it is charged; all of it or nothing.

        Raises:
            StorageError: it could not be written.
        """

        changes = list(changes)
        rows: dict[tuple[str, ...], dict[str, int]] = {}
        for each in changes:
            for whose, column, value in each.added:
                row = rows.setdefault(_named(whose), {})
                row[column] = row.get(column, 0) + value
        removed = [
            {f"key_{name}": str(value) for name, value in each.key._asdict().items()}
            for each in changes
        ]
        kept = [
            {**each.key._asdict(), "kind": each.key.kind.value, **dataclasses.asdict(each.standing)}
            for each in changes
            if each.standing is not None
        ]

        async def run(connection: AsyncConnection) -> list[tuple[str, ...]]:
            seen = await self._usage.add(connection, rows.items())
            await connection.execute(_REMOVE, removed)
            if kept:
                await connection.execute(insert(tables.standing), kept)
            return seen

        if changes:
            self._usage.remember(await self._database.write(run))

    async def usage(
        self, account_id: str, region: str, first: date, last: date, function: str | None
    ) -> Sequence[SqlRow[Any]]:
        """Read the usage of an account in a region, from one day to another one."""
        table = tables.usage
        wanted = select(table).where(
            table.c.account_id == account_id,
            table.c.region == region,
            table.c.day.between(first.isoformat(), last.isoformat()),
        )
        if function is not None:
            wanted = wanted.where(table.c.function == function)

        async def run(connection: AsyncConnection) -> Sequence[SqlRow[Any]]:
            return (await connection.execute(wanted)).all()

        return await self._database.read(run)

    async def load(self, account_id: str, region: str, first: date, last: date) -> Load:
        """Read the largest load of an account in a region; without them, of the machine."""
        table = tables.load
        wanted = select(table).where(
            table.c.account_id == account_id,
            table.c.region == region,
            table.c.day.between(first.isoformat(), last.isoformat()),
        )

        async def run(connection: AsyncConnection) -> Sequence[SqlRow[Any]]:
            return (await connection.execute(wanted)).all()

        found = Load()
        for row in await self._database.read(run):
            found |= Load(row.concurrency, row.memory_mb, row.cpu_ms)
        return found


def _named(key: UsageKey) -> tuple[str, ...]:
    return (key.account_id, key.region, _day(key.day), key.function, key.version, key.architecture)


def _day(number: int) -> str:
    return datetime.fromtimestamp(number * _DAY_S, UTC).date().isoformat()
