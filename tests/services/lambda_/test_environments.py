"""Environment variables in the database: encrypted, bound to their row, and renewed."""

import sqlite3
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from ingle.services.lambda_ import tables
from ingle.services.lambda_.store import LambdaStore
from ingle.storage.database import Database
from ingle.storage.encryption import KeyRing, KeyUnknown, ValueAltered
from tests.services.conftest import KEYS
from tests.services.lambda_.test_store import FUNCTION, PACKAGE

SECRET = "hunter2-" * 100
WITH = replace(FUNCTION, environment={"PASSWORD": SECRET, "LEER": "", "ü": "é\n"})
PUBLISHED = replace(WITH, version="1", tags={}, last_version=0, changed=False)
OLDER, NEWER = bytes(32), b"n" * 32
PATH = Path("secret.key")


async def filled(database: Database, keys: KeyRing = KEYS) -> LambdaStore:
    store = await LambdaStore.open(database, keys)
    await store.add_package(PACKAGE)
    await store.add(WITH, PUBLISHED)
    return store


async def stored(database: Database) -> list[Any]:
    async def run(connection: AsyncConnection) -> list[Any]:
        return [
            await connection.scalar(select(table.c.environment))
            for table in (tables.functions, tables.versions)
        ]

    return await database.read(run)


def store_in_the_clear(*variables: dict[str, str]) -> Callable[[AsyncConnection], Awaitable[None]]:
    """Make rows as an older Ingle did."""

    async def run(connection: AsyncConnection) -> None:
        for each in variables:
            for table in (tables.functions, tables.versions):
                await connection.execute(update(table).values(environment=each))

    return run


def holds_secret(folder: Path) -> bool:
    return any(
        b"hunter2" in entry.read_bytes() for entry in folder.glob("ingle.db*") if entry.is_file()
    )


async def test_variables_are_loaded_as_they_were_stored(database: Database) -> None:
    await filled(database)
    loaded = await LambdaStore.open(database, KEYS)
    assert loaded.versions(WITH.key) == [WITH, PUBLISHED]


async def test_no_file_of_the_database_holds_them(tmp_path: Path, database: Database) -> None:
    store = await filled(database)
    await store.replace(replace(WITH, environment={"PASSWORD": SECRET + "!"}))
    assert (tmp_path / "ingle.db-wal").stat().st_size > 0
    assert not holds_secret(tmp_path)
    assert all(isinstance(each, str) and "PASSWORD" not in each for each in await stored(database))


async def test_what_is_not_set_stays_null(database: Database) -> None:
    store = await LambdaStore.open(database, KEYS)
    await store.add_package(PACKAGE)
    await store.add(FUNCTION)
    assert await stored(database) == [None, None]
    empty = replace(FUNCTION, environment={})
    await store.replace(empty)
    assert (await LambdaStore.open(database, KEYS)).get(FUNCTION.key) == empty


async def test_variables_of_one_version_cannot_be_given_to_another(database: Database) -> None:
    await filled(database)
    of_function, _ = await stored(database)

    async def run(connection: AsyncConnection) -> None:
        await connection.execute(update(tables.versions).values(environment=of_function))

    await database.write(run)
    with pytest.raises(ValueAltered, match=rf"environment of {WITH.arn}:1 cannot be decrypted"):
        await LambdaStore.open(database, KEYS)


async def test_variables_of_one_function_cannot_be_given_to_another(database: Database) -> None:
    store = await filled(database)
    other = replace(FUNCTION, name="other", environment={"A": "b"})
    await store.add(other)

    async def run(connection: AsyncConnection) -> None:
        name = tables.functions.c.name
        mine = select(tables.functions.c.environment).where(name == WITH.name).scalar_subquery()
        await connection.execute(
            update(tables.functions).where(name == "other").values(environment=mine)
        )

    await database.write(run)
    with pytest.raises(ValueAltered, match=rf"environment of {other.arn}:\$LATEST"):
        await LambdaStore.open(database, KEYS)


@pytest.mark.parametrize("damage", ["", "AQ==", "no base64", "ü", 7, ["x"], True])
async def test_damaged_variables_are_told_of_by_name(database: Database, damage: Any) -> None:
    await filled(database)

    async def run(connection: AsyncConnection) -> None:
        await connection.execute(update(tables.functions).values(environment=damage))

    await database.write(run)
    with pytest.raises(ValueAltered, match=rf"environment of {WITH.arn}:\$LATEST"):
        await LambdaStore.open(database, KEYS)


async def test_another_key_is_refused_and_changes_nothing(database: Database) -> None:
    await filled(database)
    before = await stored(database)
    with pytest.raises(KeyUnknown, match=r"Restore the key file from the backup"):
        await LambdaStore.open(database, KeyRing([NEWER], PATH))
    assert await stored(database) == before
    assert (await LambdaStore.open(database, KEYS)).get(WITH.key) == WITH


async def test_what_an_older_ingle_stored_in_the_clear_is_encrypted_and_wiped(
    tmp_path: Path, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    await filled(database)
    # As if updated once before: the former value is still somewhere in the file.
    former = {"PASSWORD": "former " + SECRET}
    assert WITH.environment is not None
    await database.write(store_in_the_clear(former, dict(WITH.environment)))
    assert holds_secret(tmp_path)
    store = await LambdaStore.open(database, KEYS)
    assert store.versions(WITH.key) == [WITH, PUBLISHED]
    assert not holds_secret(tmp_path)
    assert "hunter2" not in caplog.text
    before = await stored(database)
    await LambdaStore.open(database, KEYS)
    assert await stored(database) == before


async def test_a_new_key_encrypts_everything_and_the_old_one_can_go(database: Database) -> None:
    await filled(database, KeyRing([OLDER], PATH))
    await LambdaStore.open(database, KeyRing([OLDER, NEWER], PATH))
    store = await LambdaStore.open(database, KeyRing([NEWER], PATH))
    assert store.versions(WITH.key) == [WITH, PUBLISHED]


async def test_the_database_is_not_touched_where_nothing_is_old(
    tmp_path: Path, database: Database
) -> None:
    await filled(database)
    with sqlite3.connect(tmp_path / "ingle.db") as reader:
        version = reader.execute("PRAGMA data_version").fetchone()
        await LambdaStore.open(database, KEYS)
        assert reader.execute("PRAGMA data_version").fetchone() == version
    reader.close()
