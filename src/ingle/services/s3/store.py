"""Keeps buckets, in memory and in the database; opens what keeps their objects."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from ingle.services.s3 import rows, tables
from ingle.services.s3.contents import Contents, key_id
from ingle.services.s3.errors import BucketNotEmpty, NoSuchBucket
from ingle.services.s3.model import Bucket
from ingle.storage.database import Database
from ingle.storage.encryption import KeyRing
from ingle.storage.tasks import finish

_logger = logging.getLogger(__name__)

_AT_ONCE = 500
_PURPOSE = "objects"


class BucketStore:
    """All buckets of all accounts. Made by `open`.

    Args:
        database: where they are kept.
        contents: where the bytes of their objects are.
        buckets: those that there are.

    Attributes:
        changes: a number that grows with every change of a bucket.
        contents: the same.
        database: the same.
    """

    def __init__(
        self, database: Database, contents: Contents, buckets: Mapping[str, Bucket]
    ) -> None:
        self.changes = 0
        self.contents = contents
        self.database = database
        self._buckets = dict(buckets)

    @classmethod
    async def open(cls, database: Database, objects: Path, keys: KeyRing) -> Self:
        """Read the buckets, and clean up after a crash; nothing may be uploaded yet.

        What was encrypted with a key that is not the newest is encrypted anew.

        Args:
            database: where buckets are kept.
            objects: the folder for the bytes of objects.
            keys: the server's keys.
        """
        contents = Contents(objects, keys.box(_PURPOSE))
        await asyncio.to_thread(contents.prepare)

        async def run(connection: AsyncConnection) -> dict[str, Bucket]:
            found = await connection.execute(select(tables.buckets))
            return {row.name: rows.bucket(row) for row in found}

        store = cls(database, contents, await database.read(run))
        removed = await contents.sweep(store._known)
        if removed:
            _logger.info("removed %d files that no object has", removed)
        await store._seal_anew()
        return store

    def get(self, name: str) -> Bucket | None:
        """Find a bucket."""
        return self._buckets.get(name)

    def existing(self, name: str) -> Bucket:
        """Find a bucket.

        Raises:
            NoSuchBucket: there is none of that name.
        """
        bucket = self._buckets.get(name)
        if bucket is None:
            raise NoSuchBucket(BucketName=name)
        return bucket

    def list(self, account_id: str) -> list[Bucket]:
        """List the buckets of an account by name."""
        own = (each for each in self._buckets.values() if each.account_id == account_id)
        return sorted(own, key=lambda each: each.name)

    def all(self) -> Sequence[Bucket]:
        """List the buckets of all accounts."""
        return tuple(self._buckets.values())

    async def add(
        self,
        name: str,
        account_id: str,
        region: str,
        created_ms: int,
        settings: Mapping[str, Any],
    ) -> Bucket | None:
        """Make a bucket; None where there is one of that name."""
        values = {
            "name": name,
            "account_id": account_id,
            "region": region,
            "created_ms": created_ms,
            "settings": dict(settings),
        }

        async def run(connection: AsyncConnection) -> int:
            made = await connection.execute(insert(tables.buckets).values(values))
            return rows.primary_key(made)

        async def keep() -> Bucket | None:
            try:
                number = await self.database.write(run)
            except IntegrityError:
                return None
            bucket = Bucket(number, name, account_id, region, created_ms, settings)
            self._remember(bucket)
            return bucket

        return await finish(keep())

    async def change(self, bucket: Bucket, changes: Mapping[str, Any]) -> None:
        """Change settings of a bucket; None unsets one.

        Raises:
            NoSuchBucket: it was deleted.
        """
        columns = tables.buckets.c

        async def run(connection: AsyncConnection) -> Mapping[str, Any]:
            # What is there counts, not what the caller knows: another one may just have changed it.
            query = select(columns.settings).where(columns.id == bucket.id)
            stored = (await connection.execute(query)).scalar()
            if stored is None:
                raise NoSuchBucket(BucketName=bucket.name)
            settings = {**stored, **changes}
            settings = {name: value for name, value in settings.items() if value is not None}
            await connection.execute(
                update(tables.buckets).where(columns.id == bucket.id).values(settings=settings)
            )
            return settings

        async def keep() -> None:
            settings = await self.database.write(run)
            self._remember(
                Bucket(
                    bucket.id,
                    bucket.name,
                    bucket.account_id,
                    bucket.region,
                    bucket.created_ms,
                    settings,
                )
            )

        await finish(keep())

    async def remove(self, bucket: Bucket) -> None:
        """Delete a bucket, with its unfinished uploads.

        Raises:
            BucketNotEmpty: there are objects in it, or versions of them.
            NoSuchBucket: it was deleted.
        """
        columns, contents = tables.buckets.c, tables.contents.c

        async def run(connection: AsyncConnection) -> list[str]:
            full = select(tables.versions.c.id).where(tables.versions.c.bucket_id == bucket.id)
            if (await connection.execute(full.limit(1))).first() is not None:
                raise BucketNotEmpty(BucketName=bucket.name)
            uploads = select(tables.uploads.c.id).where(tables.uploads.c.bucket_id == bucket.id)
            files = select(contents.id).where(contents.upload_id.in_(uploads), contents.in_file)
            found = [row.id for row in await connection.execute(files)]
            gone = await connection.execute(delete(tables.buckets).where(columns.id == bucket.id))
            if not gone.rowcount:
                raise NoSuchBucket(BucketName=bucket.name)
            return found

        async def keep() -> None:
            files = await self.database.write(run)
            self._buckets.pop(bucket.name, None)
            self.changes += 1
            self.contents.remove(files)

        await finish(keep())

    def _remember(self, bucket: Bucket) -> None:
        self._buckets[bucket.name] = bucket
        self.changes += 1

    async def _known(self, ids: Sequence[str]) -> set[str]:
        columns = tables.contents.c

        async def run(connection: AsyncConnection) -> set[str]:
            query = select(columns.id).where(columns.id.in_(ids), columns.in_file)
            return {row.id for row in await connection.execute(query)}

        return await self.database.read(run)

    async def _seal_anew(self) -> None:
        """Encrypt with the newest key what an older one encrypted."""
        columns = tables.contents.c
        newest = key_id(self.contents.seal(b"", ""))
        older = (columns.key_id < newest) | (columns.key_id > newest)

        async def run(connection: AsyncConnection) -> int:
            query = select(tables.contents).where(older).limit(_AT_ONCE)
            found = (await connection.execute(query)).all()
            for each in map(rows.content, found):
                sealed = self.contents.seal(self.contents.open(each), each.id)
                await connection.execute(
                    update(tables.contents)
                    .where(columns.id == each.id)
                    .values(sealed=sealed, key_id=newest)
                )
            return len(found)

        while await self.database.write(run):
            pass
