"""Between the nouns of S3 and the rows of its tables."""

from typing import Any

from sqlalchemy import CursorResult, Row

from ingle.services.s3.model import Bucket, Checksum, Content, Facts, Multipart, Version


def primary_key(inserted: CursorResult[Any]) -> int:
    """Return the number of the row that was inserted."""
    key = inserted.inserted_primary_key
    assert key is not None, "a row was inserted"
    return int(key[0])


def bucket(row: Row[Any]) -> Bucket:
    """Read a bucket."""
    return Bucket(row.id, row.name, row.account_id, row.region, row.created_ms, row.settings)


def version(row: Row[Any]) -> Version:
    """Read a version of an object, or a delete marker."""
    return Version(
        row.id,
        row.bucket_id,
        row.key.decode(),
        row.version_id,
        row.is_latest,
        row.is_marker,
        row.modified_ms,
        row.size,
        row.etag,
        row.parts,
        _checksum(row.checksum),
        _facts(row),
    )


def multipart(row: Row[Any]) -> Multipart:
    """Read a multipart upload."""
    return Multipart(
        row.id,
        row.bucket_id,
        row.key.decode(),
        row.initiated_ms,
        row.algorithm,
        row.checksum_type,
        row.initiator,
        _facts(row),
    )


def content(row: Row[Any]) -> Content:
    """Read a content."""
    return Content(
        row.id,
        row.number,
        row.size,
        row.etag,
        _checksum(row.checksum),
        row.in_file,
        row.sealed,
        row.key_id,
        row.modified_ms,
    )


def content_values(content: Content) -> dict[str, Any]:
    """Write a content down, without what it belongs to."""
    return {
        "id": content.id,
        "number": content.number,
        "size": content.size,
        "etag": content.etag,
        "checksum": None if content.checksum is None else content.checksum.packed(),
        "in_file": content.in_file,
        "sealed": content.sealed,
        "key_id": content.key_id,
        "modified_ms": content.modified_ms,
    }


def facts_values(facts: Facts) -> dict[str, Any]:
    """Write down what is told of an object."""
    told: dict[str, Any] = {
        "headers": dict(facts.headers),
        "metadata": dict(facts.metadata),
        "tags": dict(facts.tags),
        "upload_id": facts.upload_id,
    }
    return {
        "storage_class": facts.storage_class,
        "facts": {name: value for name, value in told.items() if value},
    }


def _facts(row: Row[Any]) -> Facts:
    told = row.facts
    return Facts(
        told.get("headers", {}),
        told.get("metadata", {}),
        told.get("tags", {}),
        row.storage_class,
        told.get("upload_id", ""),
    )


def _checksum(text: str | None) -> Checksum | None:
    return None if text is None else Checksum.unpack(text)
