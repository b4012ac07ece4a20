"""What is told of an object: read from the request that makes it, and written in answers."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from ingle.services.s3.errors import (
    InvalidArgument,
    InvalidStorageClass,
    InvalidTag,
    MetadataTooLarge,
    NotSupported,
)
from ingle.services.s3.later import refuse_later
from ingle.services.s3.lifecycle.rules import expiration
from ingle.services.s3.limits import OBJECT
from ingle.services.s3.model import Bucket, Facts, Version
from ingle.services.s3.ownership import check_acl
from ingle.wire.service import ServiceInput, ServiceOutput

HEADERS = (
    "CacheControl",
    "ContentDisposition",
    "ContentEncoding",
    "ContentLanguage",
    "ContentType",
    "Expires",
    "WebsiteRedirectLocation",
)
ENCRYPTION = "AES256"
DEFAULT_TYPE = "binary/octet-stream"

_ENCRYPTIONS = frozenset({ENCRYPTION, "aws:kms", "aws:kms:dsse", "aws:fsx"})

_CLASSES = frozenset(
    [
        "STANDARD",
        "REDUCED_REDUNDANCY",
        "STANDARD_IA",
        "ONEZONE_IA",
        "INTELLIGENT_TIERING",
        "GLACIER_IR",
    ]
)
_ARCHIVES = frozenset(["GLACIER", "DEEP_ARCHIVE", "OUTPOSTS", "SNOW", "EXPRESS_ONEZONE"])


def wanted_facts(request: ServiceInput, bucket: Bucket) -> Facts:
    """Read what is to be told of an object.

    Args:
        request: of PutObject, CopyObject or CreateMultipartUpload.
        bucket: the one that it is to be in.

    Raises:
        S3Error: something of it cannot be.
    """
    check_encryption(request)
    check_acl(request, bucket)
    headers = {name: request[name] for name in HEADERS if request.get(name) not in (None, "")}
    headers.setdefault("ContentType", DEFAULT_TYPE)
    metadata = request.get("Metadata", {})
    size = sum(len(name) + len(value.encode()) for name, value in metadata.items())
    if size > OBJECT.metadata_bytes:
        raise MetadataTooLarge(Size=size, MaxSizeAllowed=OBJECT.metadata_bytes)
    return Facts(headers, metadata, tags_of_header(request.get("Tagging")), storage_class(request))


def check_encryption(request: ServiceInput) -> None:
    """Check how an object is to be encrypted, and what else Ingle does not do yet.

    Raises:
        InvalidArgument: AWS has no such encryption.
        NotSupported: Ingle has not.
    """
    asked = request.get("ServerSideEncryption", ENCRYPTION)
    if asked not in _ENCRYPTIONS:
        raise InvalidArgument(
            "The encryption method specified is not supported",
            ArgumentName="x-amz-server-side-encryption",
            ArgumentValue=asked,
        )
    refuse_later(request, "object")


def storage_class(request: ServiceInput) -> str:
    """Read the storage class; raises InvalidStorageClass or NotSupported."""
    asked: str = request.get("StorageClass") or "STANDARD"
    if asked in _ARCHIVES:
        raise NotSupported(f"StorageClass {asked} is not supported by this version of Ingle.")
    if asked not in _CLASSES:
        raise InvalidStorageClass(StorageClassRequested=asked)
    return asked


def tags_of_header(text: str | None) -> dict[str, str]:
    """Read tags that are written as a query string.

    Raises:
        InvalidArgument: they are not.
        InvalidTag: one cannot be, or there are too many.
    """
    if not text:
        return {}
    try:
        pairs = parse_qsl(text, keep_blank_values=True, strict_parsing=True)
    except ValueError:
        # `a` for `a=`, which is right, is not strict; anything else is wrong.
        pairs = parse_qsl(text, keep_blank_values=True)
        if len(pairs) != len(text.split("&")):
            raise InvalidArgument(
                "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query "
                "parameters without tag name duplicates.",
                ArgumentName="x-amz-tagging",
                ArgumentValue=text,
            ) from None
    return checked_tags(pairs, OBJECT.tags, "Object")


def checked_tags(pairs: list[tuple[str, str]], most: int, what: str) -> dict[str, str]:
    """Check tags; raises InvalidTag.

    Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-tagging.html
    """
    if len(pairs) > most:
        raise InvalidTag(f"{what} tags cannot be greater than {most}")
    tags: dict[str, str] = {}
    for key, value in pairs:
        if not 1 <= len(key) <= 128:
            raise InvalidTag("The TagKey you have provided is invalid", TagKey=key)
        if len(value) > 256:
            raise InvalidTag("The TagValue you have provided is invalid", TagValue=value)
        if key.lower().startswith("aws:"):
            raise InvalidTag("System tags cannot be added/updated by requester", TagKey=key)
        if key in tags:
            raise InvalidTag("Cannot provide multiple Tags with the same key", TagKey=key)
        tags[key] = value
    return tags


def tag_set(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """Write tags as answers have them."""
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def tag_pairs(tagging: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Read tags as documents have them."""
    return [(tag["Key"], tag["Value"]) for tag in tagging.get("TagSet", ())]


def described(version: Version, bucket: Bucket) -> ServiceOutput:
    """Describe an object as GetObject and HeadObject do."""
    facts = version.facts
    answer: ServiceOutput = {
        "AcceptRanges": "bytes",
        "LastModified": version.modified_ms // 1000,
        "ContentLength": version.size,
        "ETag": f'"{version.etag}"',
        "ServerSideEncryption": ENCRYPTION,
        **facts.headers,
    }
    if facts.metadata:
        answer["Metadata"] = dict(facts.metadata)
    if facts.tags:
        answer["TagCount"] = len(facts.tags)
    if facts.storage_class != "STANDARD":
        answer["StorageClass"] = facts.storage_class
    answer |= expiration(version, bucket)
    if bucket.versioning:
        answer["VersionId"] = version.version_id
    return answer
