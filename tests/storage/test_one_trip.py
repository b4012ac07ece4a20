"""Statements go to SQLite's thread once, and tell what the adapter's own would."""

from pathlib import Path
from typing import Any

import aiosqlite
import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from ingle.storage import sqlite


async def test_each_statement_takes_one_trip(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = sqlite.writer(tmp_path / "db")
    trips: list[Any] = []
    execute = aiosqlite.Connection._execute

    def counted(driver: aiosqlite.Connection, call: Any, *arguments: Any) -> Any:
        trips.append(call)
        return execute(driver, call, *arguments)

    async with engine.begin() as connection:
        await connection.execute(text("CREATE TABLE t (a INTEGER PRIMARY KEY, b TEXT UNIQUE)"))
        monkeypatch.setattr(aiosqlite.Connection, "_execute", counted)
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
