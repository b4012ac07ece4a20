"""Statements on the table `note`."""

from collections.abc import Awaitable, Callable

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from ingle.storage.database import Database

note = sa.table("note", sa.column("id", sa.Integer), sa.column("text", sa.String))


def insert(text: str, identity: int | None = None) -> Callable[[AsyncConnection], Awaitable[str]]:
    """Make a write that inserts a note and returns its text."""

    async def run(connection: AsyncConnection) -> str:
        await connection.execute(sa.insert(note).values(id=identity, text=text))
        return text

    return run


async def texts(database: Database) -> list[str]:
    """Read the texts of all notes, in the order of their ids."""

    async def run(connection: AsyncConnection) -> list[str]:
        return list(await connection.scalars(sa.select(note.c.text).order_by(note.c.id)))

    return await database.read(run)
