"""What is in memory, too: written once it is committed, whoever goes away, or not at all."""

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.schema import Column, MetaData, Table
from sqlalchemy.types import Integer, String

from ingle.storage.database import Database
from ingle.storage.keeping import keep, write_then
from ingle.storage.rows import delete_row, put_row
from tests.services.cancelling import cancel_within_commit

from .notes import insert, texts

NOTE = Table("note", MetaData(), Column("id", Integer, primary_key=True), Column("text", String))


async def test_memory_gets_what_the_write_returned(database: Database) -> None:
    assert await write_then(database, insert("a"), str.upper) == "A"
    assert await texts(database) == ["a"]


async def test_memory_stays_as_it_is_where_nothing_was_written(database: Database) -> None:
    remembered: list[str] = []

    async def fail(connection: AsyncConnection) -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await keep(database, fail, lambda: remembered.append("a"))
    assert remembered == []


async def test_memory_has_what_is_committed_also_where_the_caller_goes_away(
    database: Database,
) -> None:
    remembered: list[str] = []
    await cancel_within_commit(
        database, keep(database, insert("a"), lambda: remembered.append("a"))
    )
    assert remembered == await texts(database) == ["a"]


async def test_a_row_takes_the_place_of_the_one_with_its_key(database: Database) -> None:
    for number, text in ((1, "a"), (2, "b"), (1, "c")):
        await database.write(
            lambda c, row={"id": number, "text": text}: put_row(c, NOTE, row)  # type: ignore[misc]
        )
    assert await texts(database) == ["c", "b"]


async def test_a_row_is_deleted_by_its_key_and_no_other(database: Database) -> None:
    await database.write(insert("a", 1))
    await database.write(insert("b", 2))
    await database.write(lambda c: delete_row(c, NOTE, {"id": 1}))
    assert await texts(database) == ["b"]
