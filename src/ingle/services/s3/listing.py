"""ListObjects, ListObjectsV2, ListObjectVersions, ListMultipartUploads.

Sources: https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html and its neighbours.
"""

import base64
import binascii
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import quote_plus

from sqlalchemy import ColumnElement, Select, and_, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from ingle.services.s3 import rows, tables
from ingle.services.s3.errors import InvalidArgument
from ingle.services.s3.limits import PAGE
from ingle.services.s3.model import Bucket, Checksum, Multipart, Version
from ingle.services.s3.names import bucket_of, check_version_id
from ingle.services.s3.ownership import owner
from ingle.services.s3.store import BucketStore
from ingle.services.s3.walking import END, Entry, common_prefix, lower_bound, walk
from ingle.wire.service import CallContext, ServiceInput, ServiceOutput

_MOST = 2_147_483_647
_FEW = 16
"""How many rows are read at least, where common prefixes are looked for."""
_SPARSE = 4
_VERSIONS = tables.versions.c
_UPLOADS = tables.uploads.c


class Listing:
    """The operations that list what is in a bucket.

    Args:
        store: where buckets are kept.
    """

    def __init__(self, store: BucketStore) -> None:
        self._store = store
        self._database = store.database

    async def objects(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """List objects, from a marker on."""
        bucket = bucket_of(self._store, context, request)
        query = _Query(request)
        marker = request.get("Marker", "")
        found = await self._walk(bucket, query, _after_marker(marker.encode(), query))
        answer = query.answer(found, bucket)
        answer |= {"Marker": query.told(marker), "Name": bucket.name}
        if answer["IsTruncated"] and query.delimiter:
            answer["NextMarker"] = query.told(found[query.most - 1].name)
        return answer

    async def objects_v2(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """List objects, from a token on."""
        bucket = bucket_of(self._store, context, request)
        query = _Query(request)
        start = request.get("StartAfter", "")
        token = request.get("ContinuationToken")
        after = _after_marker(start.encode(), query) if token is None else _decoded(token)
        found = await self._walk(bucket, query, after)
        fetched = bool(request.get("FetchOwner"))
        answer = query.answer(found, bucket, with_owner=fetched)
        answer |= {"KeyCount": min(len(found), query.most), "Name": bucket.name}
        if token is not None:
            answer["ContinuationToken"] = token
        if start:
            answer["StartAfter"] = query.told(start)
        if answer["IsTruncated"]:
            last = found[query.most - 1]
            answer["NextContinuationToken"] = base64.b64encode(last.after).decode()
        return answer

    async def versions(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """List versions and delete markers, of each key the newest first."""
        bucket = bucket_of(self._store, context, request)
        query = _Query(request)
        key_marker = request.get("KeyMarker", "")
        version_marker = request.get("VersionIdMarker") or None
        if version_marker is not None and not key_marker:
            raise InvalidArgument(
                "A version-id marker cannot be specified without a key marker.",
                ArgumentName="version-id-marker",
                ArgumentValue=version_marker,
            )
        check_version_id(version_marker, "version-id-marker")

        async def run(connection: AsyncConnection) -> Sequence[Entry]:
            columns = _VERSIONS
            ordered = select(tables.versions).where(columns.bucket_id == bucket.id)
            ordered = ordered.order_by(columns.key, columns.id.desc())
            after, within = _after_marker(key_marker.encode(), query), None
            if version_marker is not None:
                number = await connection.scalar(
                    select(columns.id).where(
                        columns.bucket_id == bucket.id,
                        columns.key == key_marker.encode(),
                        columns.version_id == version_marker,
                    )
                )
                within = number
            return await _folded(
                connection, ordered, columns, query, after, within, columns.id.__lt__
            )

        found = await self._database.read(run)
        shown = found[: query.most]
        versions = [rows.version(each.row) for each in shown if each.row is not None]
        answer = query.frame(found)
        answer |= {
            "Name": bucket.name,
            "KeyMarker": query.told(key_marker),
            "VersionIdMarker": version_marker or "",
            "Versions": [_version(each, query, bucket) for each in versions if not each.is_marker],
            "DeleteMarkers": [_marker(each, query, bucket) for each in versions if each.is_marker],
        }
        if answer["IsTruncated"]:
            last = shown[-1]
            answer["NextKeyMarker"] = query.told(last.name)
            if last.row is not None:
                answer["NextVersionIdMarker"] = last.row.version_id
        return answer

    async def uploads(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """List multipart uploads that are under way."""
        bucket = bucket_of(self._store, context, request)
        query = _Query(request, "MaxUploads", "max-uploads")
        key_marker = request.get("KeyMarker", "")
        upload_marker = (request.get("UploadIdMarker") or None) if key_marker else None

        async def run(connection: AsyncConnection) -> Sequence[Entry]:
            columns = _UPLOADS
            ordered = select(tables.uploads).where(columns.bucket_id == bucket.id)
            ordered = ordered.order_by(columns.key, columns.id)
            after = _after_marker(key_marker.encode(), query)
            return await _folded(
                connection, ordered, columns, query, after, upload_marker, columns.id.__gt__
            )

        found = await self._database.read(run)
        shown = found[: query.most]
        uploads = [rows.multipart(each.row) for each in shown if each.row is not None]
        answer = query.frame(found)
        answer["MaxUploads"] = answer.pop("MaxKeys")
        answer |= {
            "Bucket": bucket.name,
            "KeyMarker": query.told(key_marker),
            "UploadIdMarker": upload_marker or "",
            "Uploads": [_upload(each, query, bucket) for each in uploads],
        }
        if answer["IsTruncated"]:
            last = shown[-1]
            answer["NextKeyMarker"] = query.told(last.name)
            if last.row is not None:
                answer["NextUploadIdMarker"] = last.row.id
        return answer

    async def _walk(self, bucket: Bucket, query: "_Query", after: bytes) -> Sequence[Entry]:
        if not query.most:
            return []

        async def run(connection: AsyncConnection) -> Sequence[Entry]:
            return await walk(
                connection, bucket.id, query.prefix, query.delimiter, after, query.most + 1
            )

        return await self._database.read(run)


class _Query:
    """What every listing is asked for.

    Attributes:
        prefix: how keys begin.
        delimiter: what ends a common prefix; empty for none.
        most: how many entries one answer has at most.
    """

    def __init__(
        self, request: ServiceInput, member: str = "MaxKeys", argument: str = "max-keys"
    ) -> None:
        wanted = request.get(member, PAGE.keys)
        if not 0 <= wanted <= _MOST:
            raise InvalidArgument(
                f"Argument {argument} must be an integer between 0 and {_MOST}",
                ArgumentName=argument,
                ArgumentValue=str(wanted),
            )
        encoding = request.get("EncodingType") or None
        if encoding not in (None, "url"):
            raise InvalidArgument(
                "Invalid Encoding Method specified in Request",
                ArgumentName="encoding-type",
                ArgumentValue=encoding,
            )
        self.most: int = min(wanted, PAGE.keys)
        self.prefix: bytes = request.get("Prefix", "").encode()
        self.delimiter: bytes = request.get("Delimiter", "").encode()
        self._encoded = encoding is not None

    def told(self, name: str | bytes) -> str:
        """Write a key as it was asked for."""
        told = name.decode() if isinstance(name, bytes) else name
        return quote_plus(told, safe="/*") if self._encoded else told

    def frame(self, found: Sequence[Entry]) -> ServiceOutput:
        """Write what all listings answer; `found` has one entry more where there are more."""
        answer: ServiceOutput = {
            "IsTruncated": len(found) > self.most,
            "MaxKeys": self.most,
            "Prefix": self.told(self.prefix),
            "CommonPrefixes": [
                {"Prefix": self.told(each.name)} for each in found[: self.most] if each.row is None
            ],
        }
        if self.delimiter:
            answer["Delimiter"] = self.told(self.delimiter)
        if self._encoded:
            answer["EncodingType"] = "url"
        return answer

    def answer(
        self, found: Sequence[Entry], bucket: Bucket, *, with_owner: bool = True
    ) -> ServiceOutput:
        """Write a listing of objects."""
        answer = self.frame(found)
        own = owner(bucket.account_id) if with_owner else None
        shown = found[: self.most]
        answer["Contents"] = [
            _object(each.row, self.told(each.name), own) for each in shown if each.row is not None
        ]
        return answer


def _object(row: Any, key: str, own: Mapping[str, str] | None) -> dict[str, Any]:
    found = {
        "Key": key,
        "LastModified": row.modified_ms // 1000,
        "ETag": f'"{row.etag}"',
        "Size": row.size,
        "StorageClass": row.storage_class,
    }
    if row.checksum is not None:
        checksum = Checksum.unpack(row.checksum)
        found["ChecksumAlgorithm"] = [checksum.algorithm]
        found["ChecksumType"] = checksum.type
    if own is not None:
        found["Owner"] = own
    return found


def _version(version: Version, query: _Query, bucket: Bucket) -> dict[str, Any]:
    found = {
        **_marker(version, query, bucket),
        "ETag": f'"{version.etag}"',
        "Size": version.size,
        "StorageClass": version.facts.storage_class,
    }
    if version.checksum is not None:
        found["ChecksumAlgorithm"] = [version.checksum.algorithm]
        found["ChecksumType"] = version.checksum.type
    return found


def _marker(version: Version, query: _Query, bucket: Bucket) -> dict[str, Any]:
    return {
        "Key": query.told(version.key),
        "VersionId": version.version_id,
        "IsLatest": version.is_latest,
        "LastModified": version.modified_ms // 1000,
        "Owner": owner(bucket.account_id),
    }


def _upload(upload: Multipart, query: _Query, bucket: Bucket) -> dict[str, Any]:
    own = owner(bucket.account_id)
    found: dict[str, Any] = {
        "Key": query.told(upload.key),
        "UploadId": upload.id,
        "Initiated": upload.initiated_ms / 1000,
        "StorageClass": upload.facts.storage_class,
        "Owner": own,
        "Initiator": {"ID": upload.initiator, "DisplayName": upload.initiator},
    }
    if upload.algorithm:
        found |= {"ChecksumAlgorithm": upload.algorithm, "ChecksumType": upload.checksum_type}
    return found


def _after_marker(marker: bytes, query: _Query) -> bytes:
    """After what to begin: a marker that is a common prefix stands for all that begins so."""
    folded = common_prefix(marker, query.prefix, query.delimiter)
    if folded == marker and marker.startswith(query.prefix):
        return marker + END
    return marker


def _decoded(token: str) -> bytes:
    try:
        return base64.b64decode(token, validate=True)
    except (binascii.Error, ValueError) as error:
        raise InvalidArgument(
            "The continuation token provided is incorrect", ArgumentName="continuation-token"
        ) from error


async def _folded(
    connection: AsyncConnection,
    ordered: Select[Any],
    columns: Any,
    query: _Query,
    after: bytes,
    within: Any,
    follows: Callable[[Any], ColumnElement[bool]],
) -> Sequence[Entry]:
    """List rows of which several may have the same key, and their common prefixes.

    Args:
        connection: reads.
        ordered: all rows of the bucket in their order.
        columns: of their table.
        query: what is asked for.
        after: after which key, or prefix and `END`, to begin.
        within: after which id of the key `after` to begin; None to begin behind that key.
        follows: says which ids come after another one of the same key.
    """
    found: list[Entry] = []
    wanted = query.most + 1 if query.most else 0
    most = wanted
    while len(found) < wanted:
        if within is None:
            begin = columns.key >= lower_bound(query.prefix, after)
        else:
            begin = columns.key >= max(query.prefix, after)
            begin = and_(begin, or_(columns.key > after, follows(within)))
        page = ordered.where(begin, columns.key < query.prefix + END).limit(most)
        fetched = (await connection.execute(page)).all()
        before = len(found)
        for row in fetched:
            if row.key < after and found and found[-1].row is None:
                continue  # the common prefix that was found last has it in it
            folded = common_prefix(row.key, query.prefix, query.delimiter)
            if folded is None:
                found.append(Entry(row.key, row))
                after, within = row.key, row.id
            else:
                found.append(Entry(folded))
                after, within = folded + END, None
        if len(fetched) < most:
            break
        # Where much begins alike, little is read before it is passed over.
        is_sparse = (len(found) - before) * _SPARSE < len(fetched)
        most = max(most // _SPARSE, _FEW) if is_sparse else min(most * _SPARSE, wanted)
    return found[:wanted]
