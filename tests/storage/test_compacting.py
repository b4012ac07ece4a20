"""Replacing rows so that nothing of the old ones stays in any file."""

import contextlib
import sqlite3
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from ingle.storage.database import Database
from ingle.storage.errors import CompactingFailed
from ingle.storage.sqlite import mark_for_compacting
from tests.storage.notes import insert, note, texts

SECRET = "in the clear " * 500


async def overwrite(connection: AsyncConnection) -> None:
    await connection.execute(sa.update(note).values(text="x"))


def holds_secret(folder: Path) -> bool:
    files = [entry for entry in folder.glob("ingle.db*") if entry.is_file()]
    assert files
    return any(b"in the clear" in entry.read_bytes() for entry in files)


async def test_what_is_replaced_for_good_is_in_no_file(tmp_path: Path, database: Database) -> None:
    await database.write(insert(SECRET))
    await database.write(insert("deleted " + SECRET, 7))
    await database.write(
        lambda connection: connection.execute(sa.delete(note).where(note.c.id == 7))
    )
    assert holds_secret(tmp_path)
    assert await database.replace_for_good(overwrite)
    assert await texts(database) == ["x"]
    assert not holds_secret(tmp_path)
    await database.write(insert("later"))
    assert await texts(database) == ["x", "later"]


async def test_what_was_replaced_long_ago_is_gone_too(tmp_path: Path, database: Database) -> None:
    with contextlib.closing(sqlite3.connect(tmp_path / "ingle.db", isolation_level=None)) as older:
        older.execute("PRAGMA secure_delete = OFF")  # some builds of SQLite wipe by themselves
        older.execute("INSERT INTO note VALUES (1, ?)", [SECRET])
        older.execute("DELETE FROM note")
        older.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert b"in the clear" in (tmp_path / "ingle.db").read_bytes()
    assert await database.replace_for_good(overwrite)
    assert not holds_secret(tmp_path)


async def test_a_plain_update_leaves_it_there(tmp_path: Path, database: Database) -> None:
    # Else the test above would show nothing.
    await database.write(insert(SECRET))
    await database.write(overwrite)
    assert holds_secret(tmp_path)


async def test_the_database_is_not_rewritten_without_need(database: Database) -> None:
    assert not await database.replace_for_good(None)
    assert await database.replace_for_good(overwrite)
    assert not await database.replace_for_good(None)


async def test_an_interrupted_rewrite_is_taken_up_again(tmp_path: Path, database: Database) -> None:
    await database.write(insert(SECRET))

    async def interrupted(connection: AsyncConnection) -> None:
        await mark_for_compacting(connection)
        await overwrite(connection)

    await database.write(interrupted)
    assert holds_secret(tmp_path)
    assert await database.replace_for_good(None)
    assert not holds_secret(tmp_path)


async def test_a_replacement_that_fails_changes_nothing(database: Database) -> None:
    await database.write(insert("kept"))

    async def failing(connection: AsyncConnection) -> None:
        await overwrite(connection)
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await database.replace_for_good(failing)
    assert await texts(database) == ["kept"]
    assert not await database.replace_for_good(None)


async def test_another_reader_is_told_of_and_the_next_try_succeeds(
    tmp_path: Path, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingle.storage.sqlite.BUSY_TIMEOUT_MS", 50)
    await database.write(insert(SECRET))
    with contextlib.closing(sqlite3.connect(tmp_path / "ingle.db")) as other:
        other.execute("BEGIN")
        other.execute("SELECT * FROM note").fetchall()
        with pytest.raises(CompactingFailed, match="another program reads it"):
            await database.replace_for_good(overwrite)
    assert await database.replace_for_good(None)
    assert not holds_secret(tmp_path)
