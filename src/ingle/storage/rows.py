"""Rows that are found by their primary keys."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Table, and_, delete, insert
from sqlalchemy.ext.asyncio import AsyncConnection


async def put_row(connection: AsyncConnection, table: Table, values: Mapping[str, Any]) -> None:
    """Write a row in place of the one that has the same primary key, if there is one."""
    await delete_row(
        connection, table, {column.name: values[column.name] for column in table.primary_key}
    )
    await connection.execute(insert(table).values(dict(values)))


async def delete_row(connection: AsyncConnection, table: Table, key: Mapping[str, Any]) -> None:
    """Delete the rows that have these values; of a primary key, that is one at most."""
    chosen = and_(*(table.c[name] == value for name, value in key.items()))
    await connection.execute(delete(table).where(chosen))
