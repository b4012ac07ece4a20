"""CopyObject, and reading what is copied.

What was put as a whole is copied without copying its bytes: its file gets a second name.
Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from urllib.parse import unquote

from ingle.clock import Clock
from ingle.services.s3 import checksums, conditions, facts
from ingle.services.s3.checksums import Expected
from ingle.services.s3.errors import InvalidArgument, InvalidRequest
from ingle.services.s3.limits import OBJECT
from ingle.services.s3.model import ENABLED, Bucket, Content, Facts, Version
from ingle.services.s3.names import check_owner, check_version_id
from ingle.services.s3.objects import Objects, origin_of
from ingle.services.s3.ranges import parse_copied_range
from ingle.services.s3.receiving import Receiver
from ingle.services.s3.store import BucketStore
from ingle.services.s3.versions import VersionStore, Whole, version_with
from ingle.wire.service import CallContext, ServiceInput, ServiceOutput

_DIRECTIVES = (None, "COPY", "REPLACE")


@dataclass(frozen=True, slots=True)
class Source:
    """What is copied.

    Attributes:
        bucket: where it is.
        whole: what it is; its contents are to be released.
    """

    bucket: Bucket
    whole: Whole


class Copies:
    """Reads what is copied, and makes contents of it.

    Args:
        buckets: where objects are.
        versions: where they are kept.
        objects: checks that they can be read.
        receiver: takes in what has to be copied byte by byte.
        clock: tells when.
    """

    def __init__(
        self,
        buckets: BucketStore,
        versions: VersionStore,
        objects: Objects,
        receiver: Receiver,
        clock: Clock,
    ) -> None:
        self._buckets = buckets
        self._versions = versions
        self._objects = objects
        self._receiver = receiver
        self._clock = clock

    async def source(self, context: CallContext, request: ServiceInput) -> Source:
        """Find what a request copies; its contents stay until they are released."""
        name, key, version_id = parse_source(request["CopySource"])
        bucket = self._buckets.existing(name)
        check_owner(bucket, request.get("ExpectedSourceBucketOwner"))
        meant: ServiceInput = {"Key": key}
        if version_id is not None:
            check_version_id(version_id)
            meant["VersionId"] = version_id

        def check(found: Version | None) -> None:
            there = self._objects.check(found, context, meant, bucket)
            conditions.check_read(there, request, "CopySource")

        whole = await self._versions.whole(bucket, key, version_id, check)
        assert whole is not None, "what is not there was refused"
        return Source(bucket, whole)

    async def whole(self, source: Source, algorithm: str | None) -> Content:
        """Make a content of an object, and release it.

        Args:
            source: what is copied.
            algorithm: of the checksum that the copy is to have; None for the one there is.
        """
        version = source.whole.version
        try:
            if version.size > OBJECT.put_bytes:
                raise InvalidRequest(
                    "The specified copy source is larger than the maximum allowable size for a "
                    f"copy source: {OBJECT.put_bytes}"
                )
            return await self._content(source, algorithm, 0, version.size, 1)
        finally:
            self._buckets.contents.release(source.whole.contents)

    async def part(
        self, source: Source, copied: str | None, algorithm: str, number: int
    ) -> Content:
        """Make a part of an object or of a range of it, and release it."""
        size = source.whole.version.size
        try:
            start, end = (0, size) if copied is None else parse_copied_range(copied, size)
            return await self._content(source, algorithm, start, end, number)
        finally:
            self._buckets.contents.release(source.whole.contents)

    @staticmethod
    def version_of(source: Source) -> ServiceOutput:
        """Say which version was copied, where there are versions."""
        if not source.bucket.versioning:
            return {}
        return {"CopySourceVersionId": source.whole.version.version_id}

    async def _content(
        self, source: Source, algorithm: str | None, start: int, end: int, number: int
    ) -> Content:
        contents, store = source.whole.contents, self._buckets.contents
        version = source.whole.version
        own = None if version.checksum is None else version.checksum.algorithm
        wanted = algorithm or own or checksums.DEFAULT
        is_all = (start, end) == (0, version.size)
        if len(contents) == 1 and not version.parts and is_all and own == wanted:
            linked = await asyncio.to_thread(store.link, contents[0])
            return replace(linked, number=number, modified_ms=int(self._clock.time() * 1000))
        pieces: AsyncIterator[bytes] = store.read(contents, start, end)
        expected = Expected({}, {}, wanted)
        return await self._receiver.store(pieces, end - start, expected, number)


class Copying:
    """The operation that copies objects.

    Args:
        buckets: where they are.
        versions: where they are kept.
        copies: makes contents of other objects.
    """

    def __init__(self, buckets: BucketStore, versions: VersionStore, copies: Copies) -> None:
        self._buckets = buckets
        self._versions = versions
        self._copies = copies

    async def copy(
        self, context: CallContext, request: ServiceInput, bucket: Bucket
    ) -> ServiceOutput:
        """Make an object of another one."""
        key = request["Key"]
        for member in ("MetadataDirective", "TaggingDirective"):
            if request.get(member) not in _DIRECTIVES:
                raise InvalidArgument(
                    f"Unknown {member[:-9].lower()} directive.",
                    ArgumentName=f"x-amz-{member[:-9].lower()}-directive",
                    ArgumentValue=request[member],
                )
        wanted = facts.wanted_facts(request, bucket)
        source = await self._copies.source(context, request)
        _check_changes(source, bucket, request)
        told = _told(source.whole.version.facts, wanted, request)
        content = await self._copies.whole(source, request.get("ChecksumAlgorithm"))
        made = await self._versions.add(
            bucket,
            version_with(bucket, key, content, told),
            content,
            "ObjectCreated:Copy",
            origin_of(context),
            lambda found: conditions.check_write(found, request, key),
        )
        result = {"ETag": f'"{made.etag}"', "LastModified": made.modified_ms / 1000}
        if made.checksum is not None:
            result |= made.checksum.members
        answer: ServiceOutput = {
            "CopyObjectResult": result,
            "ServerSideEncryption": facts.ENCRYPTION,
            **self._copies.version_of(source),
        }
        if (self._buckets.get(bucket.name) or bucket).versioning == ENABLED:
            answer["VersionId"] = made.version_id
        return answer


def parse_source(text: str) -> tuple[str, str, str | None]:
    """Read `bucket/key`, percent-encoded, perhaps with `?versionId=…`.

    Returns:
        The bucket, the key, and the version's id or None.

    Raises:
        InvalidArgument: it is none.
    """
    path, question, query = text.partition("?versionId=")
    bucket, slash, key = unquote(path).removeprefix("/").partition("/")
    if not bucket or not key:
        raise InvalidArgument(
            "Invalid copy source object key"
            if slash
            else "Copy Source must mention the source bucket and key: sourcebucket/sourcekey",
            ArgumentName="x-amz-copy-source",
            ArgumentValue=text,
        )
    return bucket, key, query if question else None


def _check_changes(source: Source, bucket: Bucket, request: ServiceInput) -> None:
    """An object may be copied onto itself only to change what is told of it."""
    version = source.whole.version
    if (
        source.bucket.id == bucket.id
        and version.key == request["Key"]
        and version.is_latest
        and "?versionId=" not in request["CopySource"]
        and request.get("MetadataDirective") != "REPLACE"
        and not any(
            request.get(member)
            for member in ("StorageClass", "WebsiteRedirectLocation", "ServerSideEncryption")
        )
    ):
        raise InvalidRequest(
            "This copy request is illegal because it is trying to copy an object to itself "
            "without changing the object's metadata, storage class, website redirect location or "
            "encryption attributes."
        )


def _told(source: Facts, wanted: Facts, request: ServiceInput) -> Facts:
    """What is told of a copy."""
    replaced = request.get("MetadataDirective") == "REPLACE"
    headers = dict(wanted.headers if replaced else source.headers)
    redirect = wanted.headers.get("WebsiteRedirectLocation")
    headers.pop("WebsiteRedirectLocation", None)  # it is never copied
    if redirect is not None:
        headers["WebsiteRedirectLocation"] = redirect
    return Facts(
        headers,
        wanted.metadata if replaced else source.metadata,
        wanted.tags if request.get("TaggingDirective") == "REPLACE" else source.tags,
        wanted.storage_class,
    )
