"""The operations on lifecycle configurations, and the rules that rules must keep.

Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketLifecycleConfiguration.html
"""

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from ingle.services.s3.checksums import check_document
from ingle.services.s3.errors import (
    InvalidArgument,
    InvalidRequest,
    MalformedXml,
    NoConfiguration,
    NotSupported,
)
from ingle.services.s3.facts import checked_tags
from ingle.services.s3.lifecycle.expiring import Expiry
from ingle.services.s3.limits import LIFECYCLE, OBJECT
from ingle.services.s3.names import bucket_of
from ingle.services.s3.store import BucketStore
from ingle.wire.service import CallContext, ServiceInput, ServiceOutput

_ACTIONS = ("Expiration", "NoncurrentVersionExpiration", "AbortIncompleteMultipartUpload")
_LATER = ("Transitions", "NoncurrentVersionTransitions")
_SIZES = ("all_storage_classes_128K", "varies_by_storage_class")
_DAY_S = 86_400
_NARROWING = ("Prefix", "Tag", "ObjectSizeGreaterThan", "ObjectSizeLessThan", "And")


class Lifecycles:
    """The operations.

    Args:
        store: where buckets are kept.
        expiry: is to look again when rules change.
    """

    def __init__(self, store: BucketStore, expiry: Expiry) -> None:
        self._store = store
        self._expiry = expiry

    async def put(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Set the rules of a bucket in place of those that it has."""
        bucket = bucket_of(self._store, context, request)
        check_document(context.request.body, context.request.headers)
        rules = request.get("LifecycleConfiguration", {}).get("Rules", ())
        size = request.get("TransitionDefaultMinimumObjectSize") or _SIZES[0]
        if size not in _SIZES:
            raise InvalidArgument(
                "The TransitionDefaultMinimumObjectSize specified is not valid",
                ArgumentName="x-amz-transition-default-minimum-object-size",
                ArgumentValue=size,
            )
        kept = {"Rules": checked_rules(rules), "TransitionDefaultMinimumObjectSize": size}
        await self._store.change(bucket, {"lifecycle": kept})
        self._expiry.wake()
        return {"TransitionDefaultMinimumObjectSize": size}

    async def get(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Give the rules of a bucket."""
        bucket = bucket_of(self._store, context, request)
        found: ServiceOutput | None = bucket.settings.get("lifecycle")
        if found is None:
            raise NoConfiguration(
                "NoSuchLifecycleConfiguration",
                "The lifecycle configuration does not exist",
                bucket.name,
            )
        return found

    async def delete(self, context: CallContext, request: ServiceInput) -> None:
        """Delete the rules of a bucket."""
        bucket = bucket_of(self._store, context, request)
        await self._store.change(bucket, {"lifecycle": None})


def checked_rules(rules: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Check rules that are to be set; return them, each with an id.

    Raises:
        MalformedXml: one lacks something, or has what excludes each other.
        InvalidArgument: one has a number, a date or an id that it cannot have.
        InvalidRequest: one says nothing, or of what it cannot.
        NotSupported: one moves objects to other storage classes.
    """
    if not 1 <= len(rules) <= LIFECYCLE.rules:
        raise MalformedXml
    named = [{**rule, "ID": rule.get("ID") or str(uuid.uuid4())} for rule in rules]
    if len({rule["ID"] for rule in named}) < len(named):
        raise InvalidArgument("Rule ID must be unique. Found same ID for more than one rule")
    for rule in named:
        _check_rule(rule)
    return named


def _check_rule(rule: Mapping[str, Any]) -> None:
    if len(rule["ID"]) > LIFECYCLE.id_characters:
        raise InvalidArgument(
            f"ID length should not exceed allowed limit of {LIFECYCLE.id_characters}"
        )
    if ("Filter" in rule) == ("Prefix" in rule):
        raise MalformedXml
    for member in _LATER:
        if rule.get(member):
            raise NotSupported(
                f"{member} is not supported by this version of Ingle, which has one storage class. "
                "Leave it out."
            )
    found = rule.get("Filter", {})
    if sum(name in found for name in _NARROWING) > 1:
        raise MalformedXml
    narrowing = found.get("And", found)
    if "And" in found and len(narrowing) < 2 and len(narrowing.get("Tags", ())) < 2:
        raise MalformedXml
    tags = [*narrowing.get("Tags", ()), *([found["Tag"]] if "Tag" in found else ())]
    checked_tags([(tag["Key"], tag["Value"]) for tag in tags], OBJECT.tags, "Object")
    sizes = [narrowing.get("ObjectSizeGreaterThan"), narrowing.get("ObjectSizeLessThan")]
    _check_sizes(*sizes)
    if not any(name in rule for name in _ACTIONS):
        raise InvalidRequest("At least one action needs to be specified in a rule")
    narrows = "Tags" if tags else "Object Size" if any(each is not None for each in sizes) else ""
    if narrows:
        for action, is_there in (
            ("AbortIncompleteMultipartUpload", "AbortIncompleteMultipartUpload" in rule),
            (
                "ExpiredObjectDeleteMarker",
                rule.get("Expiration", {}).get("ExpiredObjectDeleteMarker"),
            ),
        ):
            if is_there:
                raise InvalidRequest(f"{action} cannot be specified with {narrows}.")
    _check_expiration(rule)
    _check_noncurrent(rule)
    aborting = rule.get("AbortIncompleteMultipartUpload")
    if aborting is not None:
        _check_days(aborting, "DaysAfterInitiation", "AbortIncompleteMultipartUpload")


def _check_expiration(rule: Mapping[str, Any]) -> None:
    expiration = rule.get("Expiration")
    if expiration is None:
        return
    if sum(name in expiration for name in ("Date", "Days", "ExpiredObjectDeleteMarker")) != 1:
        raise MalformedXml
    if "Days" in expiration:
        _check_days(expiration, "Days", "Expiration")
    if expiration.get("Date", 0) % _DAY_S:
        raise InvalidArgument("'Date' must be at midnight GMT")


def _check_noncurrent(rule: Mapping[str, Any]) -> None:
    noncurrent = rule.get("NoncurrentVersionExpiration")
    if noncurrent is None:
        return
    _check_days(noncurrent, "NoncurrentDays", "NoncurrentVersionExpiration")
    newer = noncurrent.get("NewerNoncurrentVersions")
    if newer is not None and not 1 <= newer <= LIFECYCLE.newer_noncurrent_versions:
        raise InvalidArgument(
            "'NewerNoncurrentVersions' for NoncurrentVersionExpiration action must be a positive "
            f"integer and not greater than {LIFECYCLE.newer_noncurrent_versions}"
        )


def _check_days(action: Mapping[str, Any], member: str, name: str) -> None:
    days = action.get(member)
    if days is None:
        raise MalformedXml
    if days < 1:
        raise InvalidArgument(f"'{member}' for {name} action must be a positive integer")


def _check_sizes(larger: int | None, smaller: int | None) -> None:
    for name, size in (("ObjectSizeGreaterThan", larger), ("ObjectSizeLessThan", smaller)):
        if size is not None and not 0 <= size <= LIFECYCLE.object_bytes:
            raise InvalidRequest(
                f"'{name}' should be a value between 0 and {LIFECYCLE.object_bytes}"
            )
    if larger is not None and smaller is not None and smaller <= larger:
        raise InvalidRequest(
            "'ObjectSizeLessThan' has to be a value greater than 'ObjectSizeGreaterThan'"
        )
