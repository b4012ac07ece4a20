"""PutObject, GetObject, HeadObject: whole objects in and out."""

import contextlib
from collections.abc import AsyncGenerator

from ingle.auth.authorizer import Authorizer
from ingle.clock import Clock
from ingle.services.s3 import conditions, facts
from ingle.services.s3.changes import Origin
from ingle.services.s3.checksums import Expected
from ingle.services.s3.errors import (
    AccessDenied,
    InvalidArgument,
    InvalidPartNumber,
    InvalidRequest,
    MethodNotAllowed,
    NoSuchKey,
    NoSuchVersion,
)
from ingle.services.s3.later import refuse_later
from ingle.services.s3.lifecycle.rules import expiration
from ingle.services.s3.model import ENABLED, Bucket, Version
from ingle.services.s3.names import bucket_of
from ingle.services.s3.ranges import parse_range
from ingle.services.s3.receiving import Receiver
from ingle.services.s3.store import BucketStore
from ingle.services.s3.versions import VersionStore, Whole, version_with
from ingle.wire.errors import ServiceError
from ingle.wire.service import CallContext, ServiceInput, ServiceOutput
from ingle.wire.uploads import Upload

_OVERRIDES = {
    "ResponseCacheControl": "CacheControl",
    "ResponseContentDisposition": "ContentDisposition",
    "ResponseContentEncoding": "ContentEncoding",
    "ResponseContentLanguage": "ContentLanguage",
    "ResponseContentType": "ContentType",
    "ResponseExpires": "Expires",
}


class Objects:
    """The operations on whole objects.

    Args:
        buckets: where they are.
        versions: where they are kept.
        receiver: takes their bytes in.
        authorizer: says who may know that there is no such object.
        clock: tells when they were made.
    """

    def __init__(
        self,
        buckets: BucketStore,
        versions: VersionStore,
        receiver: Receiver,
        authorizer: Authorizer,
        clock: Clock,
    ) -> None:
        self._buckets = buckets
        self._versions = versions
        self._receiver = receiver
        self._authorizer = authorizer
        self._clock = clock

    async def put(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Store an object; it is on disk when this returns."""
        bucket = bucket_of(self._buckets, context, request)
        return await self.store(context, request, bucket, "ObjectCreated:Put")

    async def store(
        self,
        context: CallContext,
        request: ServiceInput,
        bucket: Bucket,
        name: str,
        bounds: tuple[int, int] | None = None,
    ) -> ServiceOutput:
        """Store an object in a bucket.

        Args:
            context: the call.
            request: what PutObject takes.
            bucket: where to.
            name: of the event.
            bounds: how many bytes it may have, where nothing says how many it has.
        """
        key = request["Key"]
        told = facts.wanted_facts(request, bucket)
        expected = Expected(request, context.request.headers)
        conditions.check_write(await self._conditional(request, bucket), request, key)
        content = await self._receiver.receive(upload_of(request), expected, bounds=bounds)
        made = await self._versions.add(
            bucket,
            version_with(bucket, key, content, told),
            content,
            name,
            origin_of(context),
            lambda found: conditions.check_write(found, request, key),
        )
        return made_answer(made, self._buckets.get(bucket.name) or bucket)

    async def get(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Give an object, or a part of it."""
        bucket = bucket_of(self._buckets, context, request)
        whole = await self._whole(context, request, bucket)
        try:
            answer, start, end = _described(whole, request, bucket)
        except BaseException:
            self._buckets.contents.release(whole.contents)
            raise

        pieces = self._pieces(whole, start, end)
        if end - start <= _AT_ONCE:
            answer["Body"] = b"".join([piece async for piece in pieces])
        else:
            answer["Body"] = pieces
        return answer

    async def head(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Describe an object."""
        bucket = bucket_of(self._buckets, context, request)
        whole = await self._whole(context, request, bucket)
        self._buckets.contents.release(whole.contents)
        answer, _, _ = _described(whole, request, bucket)
        return answer

    async def existing(
        self, context: CallContext, request: ServiceInput, bucket: Bucket
    ) -> Version:
        """Find the version that a request means.

        Raises:
            NoSuchKey: there is none.
            NoSuchVersion: there is no such version.
            MethodNotAllowed: it is a delete marker.
            AccessDenied: there is none, and the caller may not know.
        """
        key, version_id = request["Key"], request.get("VersionId")
        found = await self._versions.find(bucket, key, version_id)
        return self.check(found, context, request, bucket)

    async def _pieces(self, whole: Whole, start: int, end: int) -> AsyncGenerator[bytes, None]:
        contents = self._buckets.contents
        try:
            async with contextlib.aclosing(contents.read(whole.contents, start, end)) as read:
                async for piece in read:
                    yield piece
        finally:
            contents.release(whole.contents)

    async def _conditional(self, request: ServiceInput, bucket: Bucket) -> Version | None:
        """What a key means, where a condition is about it: to be refused before the body comes."""
        if "IfMatch" in request or "IfNoneMatch" in request:
            return await self._versions.find(bucket, request["Key"])
        return None

    async def _whole(self, context: CallContext, request: ServiceInput, bucket: Bucket) -> Whole:
        def check(found: Version | None) -> None:
            conditions.check_read(self.check(found, context, request, bucket), request)

        whole = await self._versions.whole(bucket, request["Key"], request.get("VersionId"), check)
        assert whole is not None, "what is not there was refused"
        return whole

    def check(
        self,
        found: Version | None,
        context: CallContext,
        request: ServiceInput,
        bucket: Bucket,
    ) -> Version:
        """Check that what was found can be read; raises what `existing` raises."""
        key, version_id = request["Key"], request.get("VersionId")
        if found is not None and not found.is_marker:
            return found
        if found is None or version_id is None:
            self._check_may_list(context, bucket)
        if found is None:
            if version_id is not None:
                raise NoSuchVersion(Key=key, VersionId=version_id)
            raise NoSuchKey(Key=key)
        headers = {"x-amz-delete-marker": "true", "x-amz-version-id": found.version_id}
        if version_id is None:
            raise NoSuchKey(headers=headers, Key=key)
        raise MethodNotAllowed(
            headers={**headers, "Allow": "DELETE"}, Method="GET", ResourceType="DeleteMarker"
        )

    def _check_may_list(self, context: CallContext, bucket: Bucket) -> None:
        """Who may not list a bucket is not told what is not in it."""
        try:
            self._authorizer.require_of(
                context.identity, context.request, "s3:ListBucket", bucket.arn
            )
        except ServiceError as error:
            raise AccessDenied from error


_AT_ONCE = 65_536
"""What is answered in one piece."""


def origin_of(context: CallContext) -> Origin:
    """Say whose request it is."""
    principal = context.identity.principal
    return Origin(
        context.request_id,
        principal.unique_id,
        context.request.client or "",
        principal.account_id or principal.unique_id,
    )


def made_answer(version: Version, bucket: Bucket) -> ServiceOutput:
    """Describe an object that was made, as PutObject does."""
    answer: ServiceOutput = {
        "ETag": f'"{version.etag}"',
        "ServerSideEncryption": facts.ENCRYPTION,
    }
    if version.checksum is not None:
        answer |= version.checksum.members
    answer |= expiration(version, bucket)
    if bucket.versioning == ENABLED:
        answer["VersionId"] = version.version_id
    return answer


def upload_of(request: ServiceInput) -> Upload:
    """Return the body of a request that stores something."""
    body = request.get("Body")
    if isinstance(body, Upload):
        return body
    raise InvalidRequest("The request has no body.")


def _described(
    whole: Whole, request: ServiceInput, bucket: Bucket
) -> tuple[ServiceOutput, int, int]:
    """Describe an object, and say from which byte up to which is read."""
    refuse_later(request, "object")
    version = whole.version
    answer = facts.described(version, bucket)
    for member, header in _OVERRIDES.items():
        if member in request:
            answer[header] = request[member]
    start, end = 0, version.size
    found = parse_range(request.get("Range"), version.size)
    number = request.get("PartNumber")
    if number is not None:
        if "Range" in request:
            raise InvalidRequest("Cannot specify both Range header and partNumber query parameter")
        found = _part(whole, number)
        if version.parts:
            answer["PartsCount"] = version.parts
    if found is not None:
        start, end = found
        answer["ContentLength"] = end - start
        answer["ContentRange"] = f"bytes {start}-{end - 1}/{version.size}"
    is_whole = end - start == version.size
    if request.get("ChecksumMode") == "ENABLED" and version.checksum is not None and is_whole:
        answer |= version.checksum.members
    return answer, start, end


def _part(whole: Whole, number: int) -> tuple[int, int]:
    if number < 1:
        raise InvalidArgument(
            "Part number must be an integer between 1 and 10000, inclusive",
            ArgumentName="partNumber",
            ArgumentValue=str(number),
        )
    start = 0
    for content in whole.contents:
        if content.number == number:
            return start, start + content.size
        start += content.size
    raise InvalidPartNumber(PartNumberRequested=number, ActualPartCount=max(1, whole.version.parts))
