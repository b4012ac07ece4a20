"""SQLite's driver with few trips to its thread: one for each statement that does something.

SQLAlchemy's adapter makes four of them: to open a cursor, execute, fetch all rows, and close it. A
trip costs more than most of our statements do, and the adapter holds all rows in memory anyway.
What marks where a transaction or savepoint begins or ends goes along with the next statement.
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
from sqlalchemy.util import await_only

from ingle.storage.many_rows import widened

_BEGIN = "BEGIN"
_MARKS = (_BEGIN, "SAVEPOINT ", "RELEASE SAVEPOINT ")


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


class OneTripConnection(AsyncAdapt_aiosqlite_connection):
    """A connection whose cursors take one trip."""

    __slots__ = ("_begun", "_marks")

    def __init__(self, dbapi: Any, connection: Any) -> None:
        super().__init__(dbapi, connection)
        self._marks: list[str] = []
        self._begun = False

    @property
    def has_lost_transaction(self) -> bool:
        """Whether SQLite ended, by itself, the transaction that it was told to begin."""
        driver: Any = self._connection
        return self._begun and not driver.in_transaction

    def mark(self, operation: str) -> None:
        """Send a statement that returns nothing along with the next one."""
        self._marks.append(operation)

    def take_marks(self) -> Sequence[str]:
        """Return what is to be sent before the next statement."""
        marks = self._marks
        if marks:
            self._marks = []
            self._begun = self._begun or marks[0].startswith(_BEGIN)
        return marks

    def commit(self) -> None:
        """End the transaction, unless SQLite was never told of it."""
        if self._begun:
            self._end(sqlite3.Connection.commit, self.take_marks())
        self._marks.clear()

    def rollback(self) -> None:
        """Undo the transaction, unless SQLite was never told of it."""
        self._marks.clear()
        if self._begun:
            self._end(sqlite3.Connection.rollback, ())

    def _end(self, call: Any, marks: Sequence[str]) -> None:
        driver: Any = self._connection
        if driver._connection is None:  # it was closed, and what it had begun with it
            return
        try:
            await_only(driver._execute(_end, driver._conn, marks, call))
        except Exception as error:
            self._handle_exception(error)
        self._begun = False


class OneTripCursor(AsyncAdapt_aiosqlite_cursor):
    """A cursor that is opened, read to its end and closed where it executes."""

    __slots__ = ()

    _adapt_connection: OneTripConnection

    def _make_new_cursor(self, connection: Any) -> Any:
        return _Executed()

    def _aenter_cursor(self, cursor: Any) -> Any:
        return cursor

    def close(self) -> None:
        """Forget the rows that were not fetched."""
        self._rows.clear()

    async def _execute_async(self, operation: Any, parameters: Any) -> Any:
        if not parameters and operation.startswith(_MARKS):
            self._adapt_connection.mark(operation)
            self._take(_Outcome())
        else:
            await self._run(_execute, operation, parameters or ())

    async def _executemany_async(self, operation: Any, seq_of_parameters: Any) -> Any:
        await self._run(_execute_many, operation, seq_of_parameters)

    async def _run(self, *call: Any) -> None:
        driver: Any = self._connection
        adapter = self._adapt_connection
        async with adapter._execute_mutex:
            marks = adapter.take_marks()
            self._take(await driver._execute(_run, driver._conn, marks, *call))

    def _take(self, outcome: _Outcome) -> None:
        executed: Any = self._cursor
        executed.outcome = outcome
        self._rows = collections.deque(outcome.rows)


OneTripConnection._cursor_cls = OneTripCursor


class OneTripDriver(AsyncAdapt_aiosqlite_dbapi):
    """The driver, to be given to `create_async_engine` as its `module`."""

    def __init__(self) -> None:
        super().__init__(aiosqlite, sqlite3)

    def connect(self, *arguments: Any, **options: Any) -> OneTripConnection:
        """Open a connection, as the adapter does, whose cursors take one trip."""
        connection = super().connect(*arguments, **options)
        return OneTripConnection(self, connection._connection)


def _run(
    connection: sqlite3.Connection, marks: Sequence[str], execute: Any, operation: str, values: Any
) -> _Outcome:
    cursor = connection.cursor()
    try:
        for mark in marks:
            cursor.execute(mark)
        outcome: _Outcome = execute(cursor, operation, values)
        return outcome
    finally:
        cursor.close()


def _execute(cursor: sqlite3.Cursor, operation: str, values: Any) -> _Outcome:
    cursor.execute(operation, values)
    rows = cursor.fetchall() if cursor.description else []
    return _Outcome(cursor.description, cursor.rowcount, cursor.lastrowid, rows)


def _execute_many(cursor: sqlite3.Cursor, operation: str, rows: Any) -> _Outcome:
    statements = widened(operation, rows)
    if statements is None:
        cursor.executemany(operation, rows)
        return _Outcome(None, cursor.rowcount)
    count = 0
    for statement, values in statements:
        cursor.execute(statement, values)
        count += cursor.rowcount
    return _Outcome(None, count)


def _end(connection: sqlite3.Connection, marks: Sequence[str], end: Any) -> None:
    for mark in marks:
        connection.execute(mark)
    end(connection)
