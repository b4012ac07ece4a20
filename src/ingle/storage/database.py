"""The database, as the services see it: reads that run side by side, writes that share commits."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Self, TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from ingle.storage import schema, sqlite
from ingle.storage.errors import DatabaseClosed, SchemaTooNew
from ingle.storage.writer import Writer

__all__ = ["FILE_NAME", "READERS", "Database", "SchemaTooNew"]

T = TypeVar("T")

FILE_NAME = "ingle.db"
# Reads that run at once; each has a connection and a thread of its own.
READERS = 4


class Database:
    """One open database. Made by `open`, ended by `close`."""

    def __init__(self, path: Path, read_engine: AsyncEngine, write_engine: AsyncEngine) -> None:
        self._path = path
        self._read_engine = read_engine
        self._write_engine = write_engine
        self._writer = Writer(write_engine)
        self._closed = False

    @classmethod
    async def open(
        cls, folder: Path, *, readers: int = READERS, migrations: Path = schema.MIGRATIONS
    ) -> Self:
        """Open the database of a data folder, making or migrating it where needed.

        Args:
            folder: the data folder; the file in it is `ingle.db`.
            readers: how many reads can be under way at once.
            migrations: a folder of migrations in alembic's layout.

        Raises:
            SchemaTooNew: a newer Ingle wrote it; it is left as it is.
            MigrationFailed: a migration would have broken references; nothing was changed.
        """
        path = folder / FILE_NAME
        await asyncio.to_thread(_migrate, path, migrations)
        return cls(path, sqlite.reader(path, readers), sqlite.writer(path))

    async def read(self, run: Callable[[AsyncConnection], Awaitable[T]]) -> T:
        """Run a function on a connection that sees one unchanging state, and return its result.

        What was committed before the call is seen. The connection refuses to write.

        Raises:
            DatabaseClosed: the database was closed.
        """
        if self._closed:
            raise DatabaseClosed
        async with self._read_engine.connect() as connection, connection.begin():
            return await run(connection)

    async def write(self, run: Callable[[AsyncConnection], Awaitable[T]]) -> T:
        """Run a function in a transaction; return its result once that is on the disk.

        The function must only use the connection, and must not commit: the writes of others wait
        for it, and share its commit. If it raises, what it wrote is undone, and only that.
        A caller that is cancelled does not know whether its write happened.

        Raises:
            CommitFailed: the transaction was rolled back for a reason outside this function.
            DatabaseClosed: the database is closed or closing.
            WriterStopped: the writing task is gone.
            WriteWithinWrite: it is called within another write, which it would wait for.
        """
        return await self._writer.write(run)

    async def replace_for_good(
        self, run: Callable[[AsyncConnection], Awaitable[None]] | None
    ) -> bool:
        """Run a function as `write` does, then see that nothing it replaced stays in any file.

        That rewrites the database, which takes long where it is large; nothing else may use it
        meanwhile. Where this is interrupted, the next call takes it up again, also without a
        function.

        Returns:
            Whether the database was rewritten.

        Raises:
            CompactingFailed: another program has it open, or the disk is full.
        """
        if run is not None:

            async def run_and_mark(connection: AsyncConnection) -> None:
                await sqlite.mark_for_compacting(connection)
                await run(connection)

            await self.write(run_and_mark)
        return await asyncio.to_thread(sqlite.compact, self._path)

    async def close(self) -> None:
        """Finish the writes that wait, then close all connections; a second call does nothing."""
        if self._closed:
            return
        self._closed = True
        try:
            await self._writer.close()
        finally:
            await self._read_engine.dispose()
            await self._write_engine.dispose()


def _migrate(path: Path, migrations: Path) -> None:
    engine = sqlite.migrator(path)
    try:
        schema.migrate(engine, migrations, sqlite.check)
    finally:
        engine.dispose()
