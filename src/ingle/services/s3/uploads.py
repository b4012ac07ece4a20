"""Keeps multipart uploads that are under way, and their parts."""

from collections.abc import Sequence

from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from ingle.services.s3 import rows, tables
from ingle.services.s3.errors import NoSuchBucket, NoSuchUpload
from ingle.services.s3.model import Bucket, Content, Multipart
from ingle.services.s3.store import BucketStore
from ingle.storage.tasks import finish

_COLUMNS = tables.uploads.c
_PARTS = tables.contents.c
_AT_ONCE = 500


class UploadStore:
    """All multipart uploads.

    Args:
        buckets: where they are kept.
    """

    def __init__(self, buckets: BucketStore) -> None:
        self._database = buckets.database
        self._contents = buckets.contents

    async def add(self, upload: Multipart, bucket: Bucket) -> None:
        """Begin an upload."""
        values = {
            "id": upload.id,
            "bucket_id": upload.bucket_id,
            "key": upload.key.encode(),
            "initiated_ms": upload.initiated_ms,
            "algorithm": upload.algorithm,
            "checksum_type": upload.checksum_type,
            "initiator": upload.initiator,
            **rows.facts_values(upload.facts),
        }

        async def run(connection: AsyncConnection) -> None:
            await connection.execute(insert(tables.uploads).values(values))

        try:
            await self._database.write(run)
        except IntegrityError as error:  # the bucket went away meanwhile
            raise NoSuchBucket(BucketName=bucket.name) from error

    async def all(self, bucket: Bucket) -> list[Multipart]:
        """List those that are under way in a bucket."""

        async def run(connection: AsyncConnection) -> list[Multipart]:
            query = select(tables.uploads).where(_COLUMNS.bucket_id == bucket.id)
            return [rows.multipart(row) for row in await connection.execute(query)]

        return await self._database.read(run)

    async def existing(self, bucket: Bucket, key: str, upload_id: str) -> Multipart:
        """Find an upload.

        Raises:
            NoSuchUpload: there is none.
        """

        async def run(connection: AsyncConnection) -> Multipart | None:
            query = select(tables.uploads).where(
                _COLUMNS.id == upload_id,
                _COLUMNS.bucket_id == bucket.id,
                _COLUMNS.key == key.encode(),
            )
            row = (await connection.execute(query)).first()
            return None if row is None else rows.multipart(row)

        found = await self._database.read(run)
        if found is None:
            raise NoSuchUpload(UploadId=upload_id)
        return found

    async def parts(self, upload: Multipart, after: int = 0, most: int = -1) -> list[Content]:
        """List parts by number, `most` of those after a number."""
        return await self._database.read(lambda each: parts_of(each, upload, after, most))

    async def put_part(self, upload: Multipart, part: Content) -> None:
        """Add a part, in place of one with the same number.

        Raises:
            NoSuchUpload: it was completed or aborted.
        """

        async def run(connection: AsyncConnection) -> list[str]:
            same = (_PARTS.upload_id == upload.id) & (_PARTS.number == part.number)
            query = select(_PARTS.id).where(same, _PARTS.in_file)
            files = [row.id for row in await connection.execute(query)]
            await connection.execute(delete(tables.contents).where(same))
            values = {**rows.content_values(part), "upload_id": upload.id}
            await connection.execute(insert(tables.contents).values(values))
            return files

        async def put() -> None:
            try:
                self._contents.remove(await self._database.write(run))
            except Exception as error:
                if part.in_file:
                    self._contents.remove([part.id])
                if isinstance(error, IntegrityError):
                    raise NoSuchUpload(UploadId=upload.id) from error
                raise

        await finish(put())

    async def abort(self, upload: Multipart) -> None:
        """End an upload and delete its parts.

        Raises:
            NoSuchUpload: it was completed or aborted.
        """

        async def run(connection: AsyncConnection) -> list[str]:
            return await remove(connection, upload)

        async def end() -> None:
            self._contents.remove(await self._database.write(run))

        await finish(end())


async def parts_of(
    connection: AsyncConnection, upload: Multipart, after: int = 0, most: int = -1
) -> list[Content]:
    """List parts by number, `most` of those after a number; all where it is negative."""
    query = select(tables.contents).where(_PARTS.upload_id == upload.id, _PARTS.number > after)
    query = query.order_by(_PARTS.number)
    found = await connection.execute(query.limit(most) if most >= 0 else query)
    return [rows.content(row) for row in found]


async def give(
    connection: AsyncConnection, upload: Multipart, parts: Sequence[Content], number: int
) -> None:
    """Give parts to the version of this row."""
    ids = [each.id for each in parts]
    for start in range(0, len(ids), _AT_ONCE):
        await connection.execute(
            update(tables.contents)
            .where(_PARTS.id.in_(ids[start : start + _AT_ONCE]))
            .values(object_id=number, upload_id=None)
        )


async def remove(connection: AsyncConnection, upload: Multipart) -> list[str]:
    """End an upload; return the contents whose files nobody needs any more.

    Raises:
        NoSuchUpload: there is none.
    """
    query = select(_PARTS.id).where(_PARTS.upload_id == upload.id, _PARTS.in_file)
    files = [row.id for row in await connection.execute(query)]
    gone = await connection.execute(delete(tables.uploads).where(_COLUMNS.id == upload.id))
    if not gone.rowcount:
        raise NoSuchUpload(UploadId=upload.id)
    return files
