"""What the stores of functions and of layers do alike."""

from collections.abc import Callable, Coroutine
from typing import Any

from sqlalchemy import Table
from sqlalchemy.ext.asyncio import AsyncConnection

from ingle.storage.database import Database
from ingle.storage.tasks import finish


async def keep(
    database: Database,
    write: Callable[[AsyncConnection], Coroutine[Any, Any, Any]],
    remember: Callable[[], Any],
) -> None:
    """Write to the database and, once that is committed, to memory.

    A caller that goes away at the wrong moment does not leave a commit that memory does not know
    of: the work is done to its end.
    """

    async def run() -> None:
        await database.write(write)
        remember()

    await finish(run())


def has_key(table: Table, key: tuple[str, str, str]) -> Any:
    """Make the condition that a row is of this account, region and name."""
    columns = table.c
    account_id, region, name = key
    return (columns.account_id == account_id) & (columns.region == region) & (columns.name == name)
