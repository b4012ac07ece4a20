"""Adds to rows of numbers, many at a time, and makes those that are not there."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Table, bindparam, case, insert, update
from sqlalchemy.ext.asyncio import AsyncConnection

_MOST_KNOWN = 100_000


class Adder:
    """Adds to the rows of one table. Its statements are always the same, so made once.

    Args:
        table: the table; its primary key says which row.
        sums: the columns that are added up.
        peaks: those that have the largest value.
    """

    def __init__(self, table: Table, sums: Sequence[str], peaks: Sequence[str]) -> None:
        self._key = [column.name for column in table.primary_key]
        self._columns = (*sums, *peaks)
        self._insert = insert(table)
        added = {name: table.c[name] + bindparam(f"new_{name}") for name in sums}
        raised = {
            name: case(
                (table.c[name] < bindparam(f"new_{name}"), bindparam(f"new_{name}")),
                else_=table.c[name],
            )
            for name in peaks
        }
        this_row = [table.c[name] == bindparam(f"key_{name}") for name in self._key]
        self._update = update(table).where(*this_row).values(**added, **raised)
        # Rows that are there; most of what is added is to the same ones again and again.
        self._known: set[tuple[str, ...]] = set()

    async def add(
        self, connection: AsyncConnection, rows: Iterable[tuple[tuple[str, ...], Mapping[str, int]]]
    ) -> list[tuple[str, ...]]:
        """Add to rows, within a transaction.

        Args:
            connection: where the transaction is.
            rows: by their keys, each once, what is to be added, by column.

        Returns:
            What is `known` once the transaction was committed.
        """
        known, seen = [], []
        for key, values in rows:
            row: dict[str, Any] = {f"new_{name}": values.get(name, 0) for name in self._columns}
            row |= {f"key_{name}": value for name, value in zip(self._key, key, strict=True)}
            if key in self._known:
                known.append(row)
                continue
            seen.append(key)
            if not (await connection.execute(self._update, row)).rowcount:
                made: dict[str, Any] = dict(zip(self._key, key, strict=True))
                made |= {name: values.get(name, 0) for name in self._columns}
                await connection.execute(self._insert, made)
        if known:
            await connection.execute(self._update, known)
        return seen

    def remember(self, keys: Iterable[tuple[str, ...]]) -> None:
        """Take note that rows are there."""
        if len(self._known) > _MOST_KNOWN:
            self._known.clear()
        self._known.update(keys)
