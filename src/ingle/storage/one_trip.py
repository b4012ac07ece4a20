"""SQLite's driver with one trip to its thread for each statement.

SQLAlchemy's adapter makes four of them: to open a cursor, execute, fetch all rows, and close it. A
trip costs more than most of our statements do, and the adapter holds all rows in memory anyway.
"""

import collections
import sqlite3
from collections.abc import Sequence
from typing import Any, NamedTuple

import aiosqlite
from sqlalchemy.dialects.sqlite.aiosqlite import (
    AsyncAdapt_aiosqlite_connection,
    AsyncAdapt_aiosqlite_cursor,
    AsyncAdapt_aiosqlite_dbapi,
)


class _Outcome(NamedTuple):
    """What became of a statement."""

    description: Any = None
    rowcount: int = -1
    lastrowid: int | None = None
    rows: Sequence[Any] = ()


class _Executed:
    """What the adapter takes for a cursor of the driver's: a statement's outcome, with no cursor.

    Attributes:
        outcome: of the last statement.
        arraysize: how many rows are fetched where nobody says.
    """

    def __init__(self) -> None:
        self.outcome = _Outcome()
        self.arraysize = 1

    @property
    def description(self) -> Any:
        return self.outcome.description

    @property
    def rowcount(self) -> int:
        return self.outcome.rowcount

    @property
    def lastrowid(self) -> int | None:
        return self.outcome.lastrowid

    async def close(self) -> None:
        """There is nothing to close."""


class OneTripCursor(AsyncAdapt_aiosqlite_cursor):
    """A cursor that is opened, read to its end and closed where it executes."""

    __slots__ = ()

    def _make_new_cursor(self, connection: Any) -> Any:
        return _Executed()

    def _aenter_cursor(self, cursor: Any) -> Any:
        return cursor

    def close(self) -> None:
        """Forget the rows that were not fetched."""
        self._rows.clear()

    async def _execute_async(self, operation: Any, parameters: Any) -> Any:
        await self._run(sqlite3.Cursor.execute, operation, parameters or ())

    async def _executemany_async(self, operation: Any, seq_of_parameters: Any) -> Any:
        await self._run(sqlite3.Cursor.executemany, operation, seq_of_parameters)

    async def _run(self, *call: Any) -> None:
        driver: Any = self._connection
        async with self._adapt_connection._execute_mutex:
            outcome = await driver._execute(_run, driver._conn, *call)
        executed: Any = self._cursor
        executed.outcome = outcome
        self._rows = collections.deque(outcome.rows)


class OneTripConnection(AsyncAdapt_aiosqlite_connection):
    """A connection whose cursors take one trip."""

    __slots__ = ()

    _cursor_cls = OneTripCursor


class OneTripDriver(AsyncAdapt_aiosqlite_dbapi):
    """The driver, to be given to `create_async_engine` as its `module`."""

    def __init__(self) -> None:
        super().__init__(aiosqlite, sqlite3)

    def connect(self, *arguments: Any, **options: Any) -> OneTripConnection:
        """Open a connection, as the adapter does, whose cursors take one trip."""
        connection = super().connect(*arguments, **options)
        return OneTripConnection(self, connection._connection)


def _run(connection: sqlite3.Connection, execute: Any, operation: str, values: Any) -> _Outcome:
    cursor = connection.cursor()
    try:
        execute(cursor, operation, values)
        rows = cursor.fetchall() if cursor.description else []
        return _Outcome(cursor.description, cursor.rowcount, cursor.lastrowid, rows)
    finally:
        cursor.close()
