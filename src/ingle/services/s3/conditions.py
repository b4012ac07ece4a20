"""Conditional requests: what must hold of an object before it is read, replaced or deleted.

Sources: https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-requests.html,
https://www.rfc-editor.org/rfc/rfc9110#name-precedence-of-preconditions
"""

from collections.abc import Mapping
from typing import Any

from ingle.services.s3.errors import NoSuchKey, NotModified, NotSupported, PreconditionFailed
from ingle.services.s3.model import Version
from ingle.wire.timestamps import RFC822, format_timestamp


def check_read(version: Version, request: Mapping[str, Any], prefix: str = "") -> None:
    """Check the conditions of reading an object.

    Args:
        version: what is read.
        request: the operation's input.
        prefix: of the members' names, `CopySource` where the object is copied.

    Raises:
        PreconditionFailed: one does not hold.
        NotModified: the client has it already, and it is not copied.
    """
    match = request.get(f"{prefix}IfMatch")
    none_match = request.get(f"{prefix}IfNoneMatch")
    modified_s = version.modified_ms // 1000
    if match is not None:
        if not _names(match, version.etag):
            raise PreconditionFailed(Condition="If-Match")
    else:
        unmodified = request.get(f"{prefix}IfUnmodifiedSince")
        if unmodified is not None and modified_s > unmodified:
            raise PreconditionFailed(Condition="If-Unmodified-Since")
    if none_match is not None:
        if _names(none_match, version.etag):
            raise _unchanged(version, prefix, "If-None-Match")
    else:
        modified = request.get(f"{prefix}IfModifiedSince")
        if modified is not None and modified_s <= modified:
            raise _unchanged(version, prefix, "If-Modified-Since")


def check_write(version: Version | None, request: Mapping[str, Any], key: str) -> None:
    """Check the conditions of replacing or deleting what a key means.

    Args:
        version: what it means, if anything.
        request: the operation's input.
        key: the key.

    Raises:
        NoSuchKey: there is nothing, and the request says that it knows what there is.
        PreconditionFailed: a condition does not hold.
        NotSupported: S3 has no such condition.
    """
    there = version if version is not None and not version.is_marker else None
    none_match = request.get("IfNoneMatch")
    if none_match is not None:
        if none_match.strip() != "*":
            raise NotSupported(Header="If-None-Match")
        if there is not None:
            raise PreconditionFailed(Condition="If-None-Match")
    match = request.get("IfMatch")
    if match is not None:
        if there is None:
            raise NoSuchKey(Key=key)
        if not _names(match, there.etag):
            raise PreconditionFailed(Condition="If-Match")


def _names(header: str, etag: str) -> bool:
    tags = (each.strip().removeprefix("W/").strip('"') for each in header.split(","))
    return any(each in ("*", etag) for each in tags)


def _unchanged(version: Version, prefix: str, header: str) -> Exception:
    if prefix:
        return PreconditionFailed(Condition=f"x-amz-copy-source-{header.lower()}")
    headers = {
        "ETag": f'"{version.etag}"',
        "Last-Modified": format_timestamp(version.modified_ms // 1000, RFC822),
    }
    if "CacheControl" in version.facts.headers:
        headers["Cache-Control"] = version.facts.headers["CacheControl"]
    return NotModified(headers=headers)
