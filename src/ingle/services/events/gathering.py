"""Writes events that come at the same time together: they share statements, and a commit."""

import asyncio

from sqlalchemy.ext.asyncio import AsyncConnection

from ingle.services.events.publishing import Published, Publishing
from ingle.storage.database import Database

_TOGETHER = 64
"""So many requests, each of which has up to ten events."""


class Gathering:
    """Keeps what is published.

    Args:
        publishing: writes and delivers it.
        database: where it is.
    """

    def __init__(self, publishing: Publishing, database: Database) -> None:
        self._publishing = publishing
        self._database = database
        # Each of a request that somebody waits for the answer of.
        self._waiting: list[tuple[Published, asyncio.Future[None]]] = []
        self._task: asyncio.Task[None] | None = None

    async def keep(self, published: Published) -> None:
        """Return once it is on disk. Who is cancelled does not know whether it is.

        Raises:
            StorageError: it could not be written.
        """
        written: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((published, written))
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run(), name="events put")
        await written

    async def close(self) -> None:
        """Wait until everything is written."""
        if self._task is not None:
            await self._task

    async def _run(self) -> None:
        while self._waiting:
            group, self._waiting = self._waiting[:_TOGETHER], self._waiting[_TOGETHER:]
            together = Published.nowhere()
            for published, _ in group:
                together.take(published)

            async def run(connection: AsyncConnection, together: Published = together) -> None:
                await self._publishing.add(connection, together)

            try:
                await self._database.write(run)
            except Exception as error:
                for _, written in group:
                    if not written.done():
                        written.set_exception(error)
                continue
            self._publishing.added(together)
            for _, written in group:
                if not written.done():
                    written.set_result(None)
