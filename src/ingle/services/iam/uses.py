"""When keys and roles were used last: noted in memory, written in batches."""

import logging
from collections.abc import Iterable
from typing import Any, NamedTuple

from sqlalchemy import Row, delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from ingle.clock import Clock
from ingle.services.iam import tables
from ingle.storage.database import Database
from ingle.storage.errors import StorageError

logger = logging.getLogger(__name__)

# AWS tells of a use within four hours.
WRITE_EVERY_S = 10.0


class Use(NamedTuple):
    """The last use of an access key or a role.

    Attributes:
        at_ms: when, in milliseconds since the epoch.
        service: for which service, by its signing name.
        region: where.
    """

    at_ms: int
    service: str
    region: str


class Uses:
    """All last uses, by the id of the access key or the unique id of the role.

    A crash loses those of the last seconds.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._uses: dict[str, Use] = {}
        self._unwritten: set[str] = set()

    async def load(self) -> None:
        """Read them all; to be called once, before anything else."""

        async def run(connection: AsyncConnection) -> list[Row[Any]]:
            return list(await connection.execute(select(tables.uses)))

        for row in await self._database.read(run):
            self._uses[row.used_id] = Use(row.at_ms, row.service, row.region)

    def get(self, used_id: str) -> Use | None:
        """Find the last use; None for never."""
        return self._uses.get(used_id)

    def note(self, used_id: str, service: str, region: str, at: float) -> None:
        """Take note of a use at a time in seconds since the epoch; may be called from threads."""
        self._uses[used_id] = Use(int(at * 1000), service, region)
        self._unwritten.add(used_id)

    async def delete(self, connection: AsyncConnection, used_ids: Iterable[str]) -> None:
        """Remove those of what is removed, within its transaction."""
        await connection.execute(delete(tables.uses).where(tables.uses.c.used_id.in_(used_ids)))

    def forget(self, used_ids: Iterable[str]) -> None:
        """Drop from memory what was deleted."""
        for each in used_ids:
            self._uses.pop(each, None)
            self._unwritten.discard(each)

    async def write(self) -> None:
        """Write those that are in memory only.

        Raises:
            StorageError: that failed; they are still in memory.
        """
        ids, self._unwritten = self._unwritten, set()
        rows = [
            {"used_id": each, **use._asdict()}
            for each in list(ids)  # one that is noted meanwhile, from a thread, adds to it
            if (use := self._uses.get(each)) is not None
        ]
        if not rows:
            return

        async def run(connection: AsyncConnection) -> None:
            await self.delete(connection, [row["used_id"] for row in rows])
            await connection.execute(insert(tables.uses), rows)

        try:
            await self._database.write(run)
        except StorageError:
            self._unwritten |= ids
            raise

    async def keep(self, clock: Clock) -> None:
        """Write them again and again; runs until it is cancelled."""
        while True:
            await clock.sleep(WRITE_EVERY_S)
            try:
                await self.write()
            except StorageError as error:
                logger.warning("last uses of keys and roles cannot be written: %s", error)
