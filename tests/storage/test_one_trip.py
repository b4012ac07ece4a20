"""Statements go to SQLite's thread once, and tell what the adapter's own would."""

from pathlib import Path
from typing import Any

import aiosqlite
import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from ingle.storage import sqlite

Trips = list[str]


@pytest.fixture
def trips(monkeypatch: pytest.MonkeyPatch) -> Trips:
    """The functions that went to the threads of all connections."""
    seen: Trips = []
    execute: Any = aiosqlite.Connection._execute

    def counted(driver: aiosqlite.Connection, call: Any, *arguments: Any, **options: Any) -> Any:
        seen.append(getattr(call, "__name__", ""))
        return execute(driver, call, *arguments, **options)

    monkeypatch.setattr(aiosqlite.Connection, "_execute", counted)
    return seen


async def test_each_statement_takes_one_trip(tmp_path: Path, trips: Trips) -> None:
    engine = sqlite.writer(tmp_path / "db")
    async with engine.begin() as connection:
        await connection.execute(text("CREATE TABLE t (a INTEGER PRIMARY KEY, b TEXT UNIQUE)"))
        trips.clear()
        put = text("INSERT INTO t (b) VALUES (:b) RETURNING a, b")
        assert (await connection.execute(put, {"b": "x"})).all() == [(1, "x")]
        made = await connection.execute(
            text("INSERT INTO t (b) VALUES (:b)"), [{"b": "y"}, {"b": "z"}]
        )
        assert made.rowcount == 2
        found = await connection.execute(text("SELECT b AS name FROM t ORDER BY a"))
        assert list(found.keys()) == ["name"]
        assert found.scalars().all() == ["x", "y", "z"]
        changed = await connection.execute(text("UPDATE t SET b = b || '!' WHERE a > 1"))
        assert changed.rowcount == 2
        with pytest.raises(IntegrityError, match=r"UNIQUE constraint failed: t\.b"):
            await connection.execute(put, {"b": "x"})
        assert len(trips) == 5
    await engine.dispose()


async def test_transactions_and_savepoints_take_one_trip_at_their_end(
    tmp_path: Path, trips: Trips
) -> None:
    engine = sqlite.writer(tmp_path / "db")
    async with engine.begin() as connection:
        await connection.execute(text("CREATE TABLE t (a INTEGER)"))
    trips.clear()
    async with engine.begin() as connection:
        for number in range(3):
            async with connection.begin_nested():
                await connection.execute(text("INSERT INTO t VALUES (:a)"), {"a": number})
        savepoint = await connection.begin_nested()
        await connection.execute(text("INSERT INTO t VALUES (4)"))
        await savepoint.rollback()
        assert len(trips) == 5
    assert len(trips) == 6

    trips.clear()
    async with engine.connect() as connection, connection.begin():
        assert (await connection.execute(text("SELECT a FROM t"))).scalars().all() == [0, 1, 2]
    assert len(trips) == 2
    await engine.dispose()


async def test_what_was_never_begun_takes_no_trip(tmp_path: Path, trips: Trips) -> None:
    engine = sqlite.reader(tmp_path / "db", 1)
    async with engine.connect() as connection:
        await connection.execute(text("SELECT 1"))
    trips.clear()
    async with engine.connect() as connection, connection.begin():
        pass
    with pytest.raises(ZeroDivisionError):
        async with engine.connect() as connection, connection.begin():
            raise ZeroDivisionError
    assert trips == []
    await engine.dispose()
