"""Records of events, as functions, queues and topics get them, and what EventBridge gets instead.

Sources: https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html,
https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html
"""

import base64
import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote_plus

import orjson

from ingle.services.s3.changes import Change
from ingle.services.s3.model import NULL, Bucket, Version
from ingle.services.s3.notifications.event_names import BRIDGED, record_version
from ingle.wire.protocols.rest_xml import host_id

_IDENTITIES = ("AIDA", "AROA", "ASIA", "AKIA")
_LAST = "FF"
"""After the number of an object in the sequencer of what is done to it later."""


def event_of(change: Change, rule_id: str, now: float) -> bytes:
    """Write the event that has the record of a change.

    Args:
        change: what happened.
        rule_id: by which rule it is told.
        now: the time, in seconds since the epoch.
    """
    bucket, origin = change.bucket, change.origin
    record = {
        "eventVersion": record_version(change.name),
        "eventSource": "aws:s3",
        "awsRegion": bucket.region,
        "eventTime": timestamp(now),
        "eventName": change.name,
        "userIdentity": {"principalId": _principal_id(origin.principal_id)},
        "requestParameters": {"sourceIPAddress": origin.source_ip},
        "responseElements": {
            "x-amz-request-id": origin.request_id,
            "x-amz-id-2": host_id(origin.request_id),
        },
        "s3": {
            "s3SchemaVersion": "1.0",
            "configurationId": rule_id,
            "bucket": {
                "name": bucket.name,
                "ownerIdentity": {"principalId": customer_id(bucket.account_id)},
                "arn": bucket.arn,
            },
            "object": _object(change),
        },
    }
    return orjson.dumps({"Records": [record]})


def test_event(bucket: Bucket, request_id: str, now: float) -> str:
    """Write what a queue or topic gets when it is made a destination."""
    return orjson.dumps(
        {
            "Service": "Amazon S3",
            "Event": "s3:TestEvent",
            "Time": timestamp(now),
            "Bucket": bucket.name,
            "RequestId": request_id,
            "HostId": host_id(request_id),
        }
    ).decode()


def bridged(change: Change) -> dict[str, Any] | None:
    """Make the entry that EventBridge gets; None where it is told nothing of such an event."""
    told = BRIDGED.get(change.name)
    if told is None:
        return None
    bucket, version, origin = change.bucket, change.version, change.origin
    found: dict[str, Any] = {"key": version.key}
    if change.name.startswith("ObjectCreated:"):
        found["size"] = version.size
    if _has_etag(change):
        found["etag"] = version.etag or _NOTHING_MD5
    if version.version_id != NULL:
        found["version-id"] = version.version_id
    if not change.name.startswith(("ObjectTagging:", "ObjectAcl:")):
        found["sequencer"] = sequencer(change)
    detail = {
        "version": "0",
        "bucket": {"name": bucket.name},
        "object": found,
        "request-id": origin.request_id,
        "requester": origin.requester,
        "source-ip-address": origin.source_ip,
    }
    detail |= {
        name: told[member]
        for name, member in (("reason", "reason"), ("deletion-type", "deletion"))
        if member in told
    }
    return {
        "Source": "aws.s3",
        "DetailType": told["type"],
        "Resources": [bucket.arn],
        "Detail": orjson.dumps(detail).decode(),
    }


def timestamp(now: float) -> str:
    """A time as records have it, in UTC, with milliseconds."""
    moment = datetime.fromtimestamp(now, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03}Z"


def sequencer(change: Change) -> str:
    """Hexadecimal digits that are greater, as text, for what happened to a key later."""
    number = f"{change.version.id:016X}"
    made = change.name.startswith("ObjectCreated:") or change.name.endswith("MarkerCreated")
    return number if made else number + _LAST


def customer_id(account_id: str) -> str:
    """The id by which records name an account; AWS draws it at random, here it follows from it."""
    digest = hashlib.sha256(f"customer {account_id}".encode()).digest()
    return "A" + base64.b32encode(digest).decode()[:13]


_NOTHING_MD5 = hashlib.md5(b"", usedforsecurity=False).hexdigest()


def _object(change: Change) -> Mapping[str, Any]:
    version: Version = change.version
    found: dict[str, Any] = {"key": quote_plus(version.key, safe="/")}
    if change.name.startswith("ObjectCreated:"):
        found["size"] = version.size
    if _has_etag(change):
        found["eTag"] = version.etag or _NOTHING_MD5
    if version.version_id != NULL:
        found["versionId"] = version.version_id
    found["sequencer"] = sequencer(change)
    return found


def _has_etag(change: Change) -> bool:
    return not change.name.endswith(":Delete") or change.name.startswith("ObjectTagging:")


def _principal_id(unique_id: str) -> str:
    """Name who made a request: an account by its customer id, identities with `AWS:`."""
    if unique_id.isdigit():
        return customer_id(unique_id)
    return f"AWS:{unique_id}" if unique_id.startswith(_IDENTITIES) else unique_id
