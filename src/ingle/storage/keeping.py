"""Writing for stores that have in memory, too, what is in the database."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection

from ingle.storage.database import Database
from ingle.storage.tasks import finish

T = TypeVar("T")
R = TypeVar("R")


async def write_then(
    database: Database,
    write: Callable[[AsyncConnection], Awaitable[T]],
    remember: Callable[[T], R],
) -> R:
    """Write to the database and, once that is committed, to memory.

    A caller that goes away at the wrong moment does not leave a commit that memory does not know
    of: the work is done to its end.

    Args:
        database: where to write.
        write: writes, as `Database.write` takes it.
        remember: does the same in memory; it gets what `write` returned.

    Returns:
        What `remember` returned.

    Raises:
        StorageError: it could not be written; memory is as it was.
    """

    async def both() -> R:
        return remember(await database.write(write))

    return await finish(both())


async def keep(
    database: Database,
    write: Callable[[AsyncConnection], Awaitable[Any]],
    remember: Callable[[], Any],
) -> None:
    """Write to the database and then to memory, as `write_then` does, where nothing is returned."""
    await write_then(database, write, lambda _: remember())
