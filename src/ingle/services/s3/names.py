"""Names of buckets and keys of objects: which there can be, and what a request means by them.

Sources: https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html,
https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html
"""

import ipaddress
import re

from ingle.services.s3.errors import (
    AccessDenied,
    InvalidArgument,
    InvalidBucketName,
    InvalidUri,
    KeyTooLong,
    PermanentRedirect,
)
from ingle.services.s3.limits import OBJECT
from ingle.services.s3.model import NULL, Bucket
from ingle.services.s3.store import BucketStore
from ingle.wire.service import CallContext, ServiceInput

_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", re.ASCII)
_VERSION = re.compile(r"[A-Za-z0-9_.-]{32}", re.ASCII)
_PREFIXES = ("xn--", "sthree-", "amzn-s3-demo-")
_SUFFIXES = ("-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3")
_BROKEN = re.compile(r"%(?![0-9A-Fa-f]{2})")
_REPLACED = "\ufffd"
_REPLACED_ENCODED = "%EF%BF%BD"


def check_bucket_name(name: str) -> None:
    """Check the name of a bucket that is to be made; raises InvalidBucketName."""
    if not may_be_bucket(name):
        raise InvalidBucketName(BucketName=name)


def may_be_bucket(name: str) -> bool:
    """Say whether a bucket can have a name."""
    return (
        _NAME.fullmatch(name) is not None
        and ".." not in name
        and not name.startswith(_PREFIXES)
        and not name.endswith(_SUFFIXES)
        and not _is_address(name)
    )


def bucket_of(store: BucketStore, context: CallContext, request: ServiceInput) -> Bucket:
    """Find the bucket that a request is about, and check what the request says of it and its key.

    Raises:
        NoSuchBucket: there is none.
        PermanentRedirect: it is in another region than the one that was signed for.
        AccessDenied: it is not whose the request says it is.
        KeyTooLong: no object can have this key.
        InvalidUri: likewise.
        InvalidArgument: no version can have this id.
    """
    bucket = store.existing(request["Bucket"])
    if context.identity.access_key_id and context.region != bucket.region:
        raise PermanentRedirect(
            f"The authorization header is malformed; the region '{context.region}' is wrong; "
            f"expecting '{bucket.region}'",
            headers={"x-amz-bucket-region": bucket.region},
            Region=bucket.region,
        )
    check_owner(bucket, request.get("ExpectedBucketOwner"))
    check_version_id(request.get("VersionId"))
    key = request.get("Key")
    if key is not None:
        check_key(key)
        path = context.request.path
        if _BROKEN.search(path) or (_REPLACED in key and _REPLACED_ENCODED not in path.upper()):
            raise InvalidUri(URI=context.request.path)
    return bucket


def check_owner(bucket: Bucket, expected: str | None) -> None:
    """Check that a bucket is of the account that a request expects; raises AccessDenied."""
    if expected is not None and expected != bucket.account_id:
        raise AccessDenied


def check_version_id(version_id: str | None, name: str = "versionId") -> None:
    """Check the id of a version, which need not be there.

    Args:
        version_id: the id; None for none.
        name: of the parameter that it is.

    Raises:
        InvalidArgument: no version can have it.
    """
    if version_id == "":
        raise InvalidArgument(
            "Version id cannot be the empty string", ArgumentName=name, ArgumentValue=""
        )
    if version_id is not None and not may_be_version(version_id):
        raise InvalidArgument(
            "Invalid version id specified", ArgumentName=name, ArgumentValue=version_id
        )


def may_be_version(version_id: str) -> bool:
    """Say whether a version can have an id."""
    return version_id == NULL or _VERSION.fullmatch(version_id) is not None


def check_key(key: str) -> None:
    """Check the length of an object's key; raises KeyTooLong."""
    size = len(key.encode(errors="surrogatepass"))
    if size > OBJECT.key_bytes:
        raise KeyTooLong(Size=size, MaxSizeAllowed=OBJECT.key_bytes)


def _is_address(name: str) -> bool:
    try:
        ipaddress.IPv4Address(name)
    except ValueError:
        return False
    return True
