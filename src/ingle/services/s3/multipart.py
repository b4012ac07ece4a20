"""Multipart uploads: begin, parts, complete, abort, list.

Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html
"""

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from ingle.clock import Clock
from ingle.services.s3 import checksums, conditions, facts
from ingle.services.s3.checksums import Expected
from ingle.services.s3.copying import Copies
from ingle.services.s3.errors import (
    BadDigest,
    EntityTooLarge,
    EntityTooSmall,
    InvalidArgument,
    InvalidPart,
    InvalidPartOrder,
    InvalidRequest,
    MalformedXml,
    NoSuchUpload,
)
from ingle.services.s3.later import refuse_later
from ingle.services.s3.lifecycle.rules import abortion
from ingle.services.s3.limits import PAGE, UPLOAD
from ingle.services.s3.model import Bucket, Checksum, Content, Multipart, Version
from ingle.services.s3.names import bucket_of
from ingle.services.s3.objects import made_answer, origin_of, upload_of
from ingle.services.s3.ownership import owner
from ingle.services.s3.receiving import Receiver
from ingle.services.s3.store import BucketStore
from ingle.services.s3.uploads import UploadStore, give, parts_of, remove
from ingle.services.s3.versions import VersionStore, new_version
from ingle.wire.service import CallContext, ServiceInput, ServiceOutput


class Multiparts:
    """The operations on multipart uploads.

    Args:
        buckets: where they are.
        uploads: where those are kept that are under way.
        versions: where those are kept that are completed.
        receiver: takes parts in.
        copies: reads parts of other objects.
        clock: tells when they were begun.
    """

    def __init__(
        self,
        buckets: BucketStore,
        uploads: UploadStore,
        versions: VersionStore,
        receiver: Receiver,
        copies: Copies,
        clock: Clock,
    ) -> None:
        self._buckets = buckets
        self._uploads = uploads
        self._versions = versions
        self._receiver = receiver
        self._copies = copies
        self._clock = clock

    async def create(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Begin an upload."""
        bucket = bucket_of(self._buckets, context, request)
        told = facts.wanted_facts(request, bucket)
        algorithm, kind = request.get("ChecksumAlgorithm") or "", request.get("ChecksumType")
        if kind is not None and not algorithm:
            raise InvalidRequest(
                "The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm "
                "header."
            )
        if algorithm:
            kind = checksums.multipart_type(algorithm, kind)
        upload = Multipart(
            id=secrets.token_urlsafe(64),
            bucket_id=bucket.id,
            key=request["Key"],
            initiated_ms=int(self._clock.time() * 1000),
            algorithm=algorithm,
            checksum_type=kind or "",
            initiator=context.principal_arn,
            facts=told,
        )
        await self._uploads.add(upload, bucket)
        answer: ServiceOutput = {
            "Bucket": bucket.name,
            "Key": upload.key,
            "UploadId": upload.id,
            "ServerSideEncryption": facts.ENCRYPTION,
        }
        if algorithm:
            answer |= {"ChecksumAlgorithm": algorithm, "ChecksumType": kind}
        return answer | abortion(upload, bucket)

    async def put_part(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Store a part; it is on disk when this returns."""
        _, upload = await self._found(context, request)
        refuse_later(request, "object")
        number = _number(request)
        expected = Expected(request, context.request.headers, upload.algorithm or checksums.DEFAULT)
        if upload.algorithm and expected.algorithm != upload.algorithm:
            raise InvalidRequest(
                "Checksum Type mismatch occurred, expected checksum Type: "
                f"{upload.algorithm.lower()}, actual checksum Type: {expected.algorithm.lower()}"
            )
        part = await self._receiver.receive(upload_of(request), expected, number)
        await self._uploads.put_part(upload, part)
        return _part_answer(part)

    async def copy_part(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Make a part of an object, or of some of its bytes."""
        _, upload = await self._found(context, request)
        refuse_later(request, "object")
        number = _number(request)
        algorithm = upload.algorithm or checksums.DEFAULT
        source = await self._copies.source(context, request)
        part = await self._copies.part(source, request.get("CopySourceRange"), algorithm, number)
        await self._uploads.put_part(upload, part)
        answer = _part_answer(part)
        answer.pop("ServerSideEncryption")
        result = {**answer, "LastModified": part.modified_ms / 1000}
        return {
            "CopyPartResult": result,
            "ServerSideEncryption": facts.ENCRYPTION,
            **self._copies.version_of(source),
        }

    async def complete(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Make an object of parts; their bytes are not copied.

        Whoever did not get the answer may ask again, and gets it.
        """
        bucket = bucket_of(self._buckets, context, request)
        key, upload_id = request["Key"], request["UploadId"]
        try:
            upload = await self._uploads.existing(bucket, key, upload_id)
        except NoSuchUpload:
            before = await self._versions.made_of(bucket, key, upload_id)
            if before is None:
                raise
            return self._completed(context, bucket, before)
        wanted = request.get("MultipartUpload", {}).get("Parts", ())
        if not wanted:
            raise MalformedXml
        numbers = [each.get("PartNumber", 0) for each in wanted]
        if numbers != sorted(set(numbers)):
            raise InvalidPartOrder(UploadId=upload.id)
        parts = _chosen(await self._uploads.parts(upload), wanted, upload)
        checksum = _checked(upload, parts, request)
        version = new_version(
            bucket,
            key,
            int(self._clock.time() * 1000),
            sum(each.size for each in parts),
            _etag(parts),
            checksum,
            replace(upload.facts, upload_id=upload.id),
            len(parts),
        )
        files: list[str] = []

        async def keep(connection: AsyncConnection, number: int) -> None:
            now = {each.id for each in await parts_of(connection, upload)}
            if not now:
                files.extend(await remove(connection, upload))  # raises where it is over
            if any(each.id not in now for each in parts):
                raise InvalidPart(UploadId=upload.id)
            await give(connection, upload, parts, number)
            files.extend(await remove(connection, upload))

        made = await self._versions.put(
            bucket,
            key,
            version,
            keep,
            "ObjectCreated:CompleteMultipartUpload",
            origin_of(context),
            lambda found: conditions.check_write(found, request, key),
        )
        self._buckets.contents.remove(files)
        return self._completed(context, bucket, made)

    async def abort(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """End an upload, and delete its parts."""
        _, upload = await self._found(context, request)
        await self._uploads.abort(upload)
        return {}

    async def list_parts(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """List the parts that there are."""
        bucket, upload = await self._found(context, request)
        marker, most = request.get("PartNumberMarker", 0), request.get("MaxParts", PAGE.keys)
        if most < 0:
            raise InvalidArgument(
                "Argument max-parts must be an integer between 0 and 2147483647",
                ArgumentName="max-parts",
                ArgumentValue=str(most),
            )
        most = min(most, PAGE.keys)
        found = await self._uploads.parts(upload, marker, most + 1)
        page = found[:most]
        own = owner(bucket.account_id)
        answer: ServiceOutput = {
            "Bucket": bucket.name,
            "Key": upload.key,
            "UploadId": upload.id,
            "PartNumberMarker": marker,
            "NextPartNumberMarker": page[-1].number if page else 0,
            "MaxParts": most,
            "IsTruncated": len(found) > most,
            "Parts": [_part(each, upload) for each in page],
            "Initiator": {"ID": upload.initiator, "DisplayName": upload.initiator},
            "Owner": own,
            "StorageClass": upload.facts.storage_class,
        }
        if upload.algorithm:
            answer |= {"ChecksumAlgorithm": upload.algorithm, "ChecksumType": upload.checksum_type}
        return answer | abortion(upload, bucket)

    def _completed(self, context: CallContext, bucket: Bucket, made: Version) -> ServiceOutput:
        return {
            **made_answer(made, self._buckets.get(bucket.name) or bucket),
            "Location": f"{context.endpoint}{context.request.path}",
            "Bucket": bucket.name,
            "Key": made.key,
        }

    async def _found(self, context: CallContext, request: ServiceInput) -> tuple[Bucket, Multipart]:
        bucket = bucket_of(self._buckets, context, request)
        return bucket, await self._uploads.existing(bucket, request["Key"], request["UploadId"])


def _number(request: ServiceInput) -> int:
    number: int = request["PartNumber"]
    if not 1 <= number <= UPLOAD.parts:
        raise InvalidArgument(
            f"Part number must be an integer between 1 and {UPLOAD.parts}, inclusive",
            ArgumentName="partNumber",
            ArgumentValue=str(number),
        )
    return number


def _chosen(
    there: Sequence[Content], wanted: Sequence[Mapping[str, Any]], upload: Multipart
) -> list[Content]:
    """Find the parts that an object is to be made of."""
    by_number = {each.number: each for each in there}
    parts: list[Content] = []
    for each in wanted:
        number, etag = each.get("PartNumber"), each.get("ETag", "").strip('"')
        if number is None or not etag:
            raise MalformedXml
        part = by_number.get(number)
        if part is None or part.etag != etag or not _has_checksums(part, each):
            raise InvalidPart(UploadId=upload.id, PartNumber=number, ETag=etag)
        parts.append(part)
    for part in parts[:-1]:
        if part.size < UPLOAD.part_bytes:
            raise EntityTooSmall(
                ProposedSize=part.size,
                MinSizeAllowed=UPLOAD.part_bytes,
                PartNumber=part.number,
                ETag=part.etag,
            )
    size = sum(part.size for part in parts)
    if size > UPLOAD.object_bytes:
        raise EntityTooLarge(ProposedSize=size, MaxSizeAllowed=UPLOAD.object_bytes)
    return parts


def _has_checksums(part: Content, each: Mapping[str, Any]) -> bool:
    for name, value in each.items():
        algorithm = name.removeprefix("Checksum")
        if algorithm == name or part.checksum is None:
            continue
        if algorithm == part.checksum.algorithm and value != part.checksum.value:
            return False
    return True


def _checked(upload: Multipart, parts: Sequence[Content], request: ServiceInput) -> Checksum | None:
    """Compute the checksum of the object, and compare it with what the request says."""
    algorithm, kind = upload.algorithm, upload.checksum_type
    if not algorithm:
        first = parts[0].checksum
        algorithm = checksums.DEFAULT if first is None else first.algorithm
        is_crc = algorithm in ("CRC32", "CRC32C", "CRC64NVME")
        kind = checksums.FULL if is_crc else checksums.COMPOSITE
    asked = request.get("ChecksumType")
    if asked is not None and upload.algorithm and asked != kind:
        raise InvalidRequest(
            f"The upload was created using the {kind} checksum mode. The complete request must "
            "use the same checksum mode."
        )
    size = request.get("MpuObjectSize")
    if size is not None and size != sum(part.size for part in parts):
        raise InvalidRequest(
            "The provided 'x-amz-mp-object-size' header does not match what was computed."
        )
    checksum = checksums.combined(algorithm, kind, parts)
    stated = request.get(f"Checksum{algorithm}")
    # Of a composite one, clients leave out the number of parts, or do not.
    values = () if checksum is None else (checksum.value, checksum.value.partition("-")[0])
    if stated is not None and stated not in values:
        raise BadDigest(
            f"The {algorithm.lower()} you specified did not match the calculated checksum."
        )
    return checksum


def _etag(parts: Sequence[Content]) -> str:
    digests = b"".join(bytes.fromhex(part.etag) for part in parts)
    return f"{hashlib.md5(digests, usedforsecurity=False).hexdigest()}-{len(parts)}"


def _part_answer(part: Content) -> ServiceOutput:
    answer: ServiceOutput = {
        "ETag": f'"{part.etag}"',
        "ServerSideEncryption": facts.ENCRYPTION,
    }
    if part.checksum is not None:
        answer[f"Checksum{part.checksum.algorithm}"] = part.checksum.value
    return answer


def _part(part: Content, upload: Multipart) -> dict[str, Any]:
    found: dict[str, Any] = {
        "PartNumber": part.number,
        "LastModified": part.modified_ms / 1000,
        "ETag": f'"{part.etag}"',
        "Size": part.size,
    }
    if upload.algorithm and part.checksum is not None:
        found[f"Checksum{part.checksum.algorithm}"] = part.checksum.value
    return found
