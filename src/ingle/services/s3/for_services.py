"""Objects for other services of the server: code that they load, records that they write."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncConnection

from ingle.auth.authorizer import Authorizer
from ingle.services.s3 import checksums
from ingle.services.s3.changes import Origin
from ingle.services.s3.errors import (
    AccessDenied,
    EntityTooLarge,
    NoSuchKey,
    NoSuchVersion,
    PermanentRedirect,
)
from ingle.services.s3.model import Facts, Version
from ingle.services.s3.receiving import Receiver
from ingle.services.s3.store import BucketStore
from ingle.services.s3.versions import VersionStore, version_with
from ingle.wire.errors import ServiceError
from ingle.wire.service import CallContext

_LAMBDA = "lambda.amazonaws.com"


class ForServices:
    """Reads and writes objects.

    Args:
        buckets: where they are.
        versions: where they are kept.
        receiver: seals what is written.
        authorizer: says who may read what.
    """

    def __init__(
        self,
        buckets: BucketStore,
        versions: VersionStore,
        receiver: Receiver,
        authorizer: Authorizer,
    ) -> None:
        self._buckets = buckets
        self._versions = versions
        self._receiver = receiver
        self._authorizer = authorizer

    def has_bucket(self, name: str) -> bool:
        """Say whether there is a bucket."""
        return self._buckets.get(name) is not None

    async def read(
        self, context: CallContext, name: str, key: str, version_id: str | None, most: int
    ) -> bytes:
        """Read an object for somebody who calls another service, as far as they may.

        Args:
            context: their call.
            name: of the bucket.
            key: the object's.
            version_id: of which version; None for what the key means.
            most: how many bytes it may have.

        Raises:
            ServiceError: S3's, with its code and text; EntityTooLarge where it has more.
        """
        async with self._pieces(context, name, key, version_id, most) as pieces:
            return b"".join([piece async for piece in pieces])

    async def copy(
        self, context: CallContext | None, name: str, key: str, target: Path, most: int
    ) -> None:
        """Write an object to a new file.

        Args:
            context: the call of somebody who must be allowed to read it; None where the server
                reads again what somebody was let read.
            name: of the bucket.
            key: the object's.
            target: the file.
            most: how many bytes it may have.

        Raises:
            ServiceError: S3's, with its code and text; EntityTooLarge where it has more.
            OSError: the file cannot be written.
        """
        async with self._pieces(context, name, key, None, most) as pieces:
            with await asyncio.to_thread(target.open, "xb") as file:
                async for piece in pieces:
                    await asyncio.to_thread(file.write, piece)

    @asynccontextmanager
    async def _pieces(
        self, context: CallContext | None, name: str, key: str, version_id: str | None, most: int
    ) -> AsyncIterator[AsyncIterator[bytes]]:
        bucket = self._buckets.existing(name)
        if context is not None and bucket.region != context.region:
            error = PermanentRedirect(
                f"The bucket is in this region: {bucket.region}. Please use this region to retry "
                "the request"
            )
            error.error_code = "PermanentRedirect"
            raise error
        action = "s3:GetObject" if version_id is None else "s3:GetObjectVersion"
        self._check(context, action, f"{bucket.arn}/{key}")

        def check(found: Version | None) -> None:
            if found is None or found.is_marker:
                self._check(context, "s3:ListBucket", bucket.arn)
                raise NoSuchKey(Key=key) if version_id is None else NoSuchVersion(Key=key)
            if found.size > most:
                raise EntityTooLarge(MaxSizeAllowed=most)

        whole = await self._versions.whole(bucket, key, version_id, check)
        assert whole is not None, "what is not there was refused"
        contents = self._buckets.contents
        try:
            yield contents.read(whole.contents, 0, whole.version.size)
        finally:
            contents.release(whole.contents)

    async def write_within(
        self,
        connection: AsyncConnection,
        name: str,
        key: str,
        data: bytes,
        content_type: str,
    ) -> Callable[[], None]:
        """Store an object within a transaction of another service; it is kept in the database.

        Returns:
            What to do once that is committed.

        Raises:
            NoSuchBucket: there is no bucket of that name.
        """
        bucket = self._buckets.existing(name)
        origin = Origin(str(uuid.uuid4()), _LAMBDA, _LAMBDA, _LAMBDA)
        content = self._receiver.sealed(data, checksums.DEFAULT)
        version = version_with(bucket, key, content, Facts({"ContentType": content_type}))
        return await self._versions.add_within(
            connection, bucket, version, content, "ObjectCreated:Put", origin
        )

    def _check(self, context: CallContext | None, action: str, resource: str) -> None:
        if context is None:
            return
        try:
            self._authorizer.require(context, action, resource)
        except ServiceError as error:
            raise AccessDenied(error.message) from error
