"""Keeps what was used in the database."""

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, NamedTuple

from sqlalchemy import Row as SqlRow
from sqlalchemy import Table, case, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from ingle.metering import tables
from ingle.metering.load import Load, LoadKey
from ingle.metering.standing import Kind, Standing, StandingKey
from ingle.metering.tables import PEAKS, SUMS
from ingle.metering.tally import Tally, UsageKey
from ingle.storage.database import Database

_DAY_S = 86_400
_COLUMNS = (*SUMS, *PEAKS)


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

    async def add(self, rows: Mapping[UsageKey, Row]) -> None:
        """Add to the usage; all of it is on the disk then, or none.

        Raises:
            StorageError: it could not be written.
        """

        async def run(connection: AsyncConnection) -> None:
            for key, row in rows.items():
                await _raise(connection, tables.usage, _whose(key), row.sums, row.peaks, _COLUMNS)

        if rows:
            await self._database.write(run)

    async def add_load(self, loads: Mapping[LoadKey, Load]) -> None:
        """Take note of a minute's load, where it is the day's largest."""

        async def run(connection: AsyncConnection) -> None:
            for key, load in loads.items():
                peaks = {
                    "concurrency": load.concurrency,
                    "memory_mb": load.memory_mb,
                    "cpu_ms": load.cpu_ms,
                }
                whose = {"account_id": key.account_id, "region": key.region, "day": _day(key.day)}
                await _raise(connection, tables.load, whose, {}, peaks, tuple(peaks))

        if loads:
            await self._database.write(run)

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

        async def run(connection: AsyncConnection) -> None:
            for key, standing, added in changes:
                for whose, column, value in added:
                    await _raise(
                        connection, tables.usage, _whose(whose), {column: value}, {}, _COLUMNS
                    )
                named = {**key._asdict(), "kind": key.kind.value}
                await connection.execute(
                    delete(tables.standing).where(*_equal(tables.standing, named))
                )
                if standing is not None:
                    row = named | dataclasses.asdict(standing)
                    await connection.execute(insert(tables.standing).values(row))

        await self._database.write(run)

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


async def _raise(
    connection: AsyncConnection,
    table: Table,
    whose: Mapping[str, str],
    sums: Mapping[str, int],
    peaks: Mapping[str, int],
    columns: tuple[str, ...],
) -> None:
    """Add to a row's columns, and raise others; make the row where there is none."""
    changed: dict[str, Any] = {name: table.c[name] + value for name, value in sums.items()}
    for name, value in peaks.items():
        changed[name] = case((table.c[name] < value, value), else_=table.c[name])
    found = await connection.execute(update(table).where(*_equal(table, whose)).values(**changed))
    if not found.rowcount:
        values = {**dict.fromkeys(columns, 0), **sums, **peaks}
        await connection.execute(insert(table).values(**whose, **values))


def _equal(table: Table, values: Mapping[str, str]) -> list[Any]:
    return [table.c[name] == value for name, value in values.items()]


def _whose(key: UsageKey) -> dict[str, str]:
    return {**key._asdict(), "day": _day(key.day)}


def _day(number: int) -> str:
    return datetime.fromtimestamp(number * _DAY_S, UTC).date().isoformat()
