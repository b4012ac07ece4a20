"""Checks what is to be published, and makes a message of it.

Source: https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
"""

import hashlib
import re
import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import orjson

from ingle.services.sns import message_attributes
from ingle.services.sns.errors import BatchError, InvalidParameter
from ingle.services.sns.limits import MESSAGE
from ingle.services.sns.model import Draft, Topic

_ID = re.compile(r"[A-Za-z0-9!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~]{1,128}")
_SUBJECT = re.compile(r"[^\x00-\x1f\x7f]{1,100}")
_ENTRY_ID = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)


def draft(topic: Topic, request: Mapping[str, Any], now: float, trace: str) -> Draft:
    """Make a message.

    Args:
        topic: where it is published.
        request: the members of Publish, or of an entry of PublishBatch.
        now: the time, in seconds since the epoch.
        trace: the trace header that it came with, or "".

    Raises:
        InvalidParameter: it cannot be published so.
        InvalidParameterValue: one of its attributes cannot.
    """
    message: str = request["Message"]
    if not message:
        raise InvalidParameter("Empty message")
    attributes = request.get("MessageAttributes") or {}
    length = size(message, attributes)
    if length > MESSAGE.bytes:
        raise InvalidParameter("Message too long")
    message_attributes.check(attributes)
    subject: str | None = request.get("Subject")
    if subject is not None and not _SUBJECT.fullmatch(subject):
        raise InvalidParameter("Subject")
    texts = _texts(message, request.get("MessageStructure"))
    group, copy = _fifo_members(topic, request, message)
    return Draft(
        str(uuid.uuid4()),
        texts,
        subject,
        attributes,
        group,
        copy,
        timestamp(now),
        trace,
        length,
    )


def size(message: str, attributes: Mapping[str, Mapping[str, Any]]) -> int:
    """The size of a message as AWS counts it, in bytes: with its attributes."""
    return len(message.encode(errors="surrogatepass")) + sum(
        len(name.encode())
        + len(value["DataType"].encode())
        + len(value.get("BinaryValue") or (value.get("StringValue") or "").encode())
        for name, value in attributes.items()
    )


def timestamp(now: float) -> str:
    """Write a time, in seconds since the epoch, as AWS does in messages."""
    moment = datetime.fromtimestamp(now, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


def check_batch(entries: Sequence[Mapping[str, Any]]) -> None:
    """Check a batch as a whole.

    Raises:
        BatchError: it is none.
    """
    if not entries:
        raise BatchError("The batch request doesn't contain any entries.", code="EmptyBatchRequest")
    if len(entries) > MESSAGE.batch:
        raise BatchError(
            "The batch request contains more entries than permissible.",
            code="TooManyEntriesInBatchRequest",
        )
    ids = [each["Id"] for each in entries]
    for each in ids:
        if len(each) > MESSAGE.entry_id:
            raise BatchError(
                f"The Id of a batch entry in the batch request is too long: {each}",
                code="InvalidBatchEntryId",
            )
        if not _ENTRY_ID.fullmatch(each):
            raise BatchError(
                "The Id of a batch entry in the batch request contains an impermissible character: "
                f"{each}",
                code="InvalidBatchEntryId",
            )
    if len(set(ids)) < len(ids):
        raise BatchError(
            "Two or more batch entries in the request have the same Id.",
            code="BatchEntryIdsNotDistinct",
        )
    total = sum(size(each["Message"], each.get("MessageAttributes") or {}) for each in entries)
    if total > MESSAGE.bytes:
        raise BatchError(
            "The length of all the batch messages put together is more than the limit.",
            code="BatchRequestTooLong",
        )


def _texts(message: str, structure: str | None) -> Mapping[str, str]:
    if structure is None:
        return {"default": message}
    if structure != "json":
        raise InvalidParameter("MessageStructure")
    try:
        texts = orjson.loads(message)
    except orjson.JSONDecodeError:
        texts = None
    if not isinstance(texts, dict):
        raise InvalidParameter("Message Structure - JSON message body failed to parse")
    if not isinstance(texts.get("default"), str):
        raise InvalidParameter("Message Structure - No default entry in JSON message body")
    return {name: text for name, text in texts.items() if isinstance(text, str)}


def _fifo_members(
    topic: Topic, request: Mapping[str, Any], message: str
) -> tuple[str | None, str | None]:
    group, copy = request.get("MessageGroupId"), request.get("MessageDeduplicationId")
    for name, value in (("MessageGroupId", group), ("MessageDeduplicationId", copy)):
        if value is not None and not _ID.fullmatch(value):
            raise InvalidParameter(
                f"{name} Reason: it can only include alphanumeric and punctuation characters, 1 to "
                f"{MESSAGE.id} of them"
            )
    if not topic.is_fifo:
        if copy is not None:
            raise InvalidParameter(
                "MessageDeduplicationId Reason: The request includes MessageDeduplicationId "
                "parameter that is not valid for this topic type"
            )
        return group, None
    if group is None:
        raise InvalidParameter("The MessageGroupId parameter is required for FIFO topics")
    if copy is None and topic.by_content:
        copy = hashlib.sha256(message.encode(errors="surrogatepass")).hexdigest()
    if copy is None:
        raise InvalidParameter(
            "The topic should either have ContentBasedDeduplication enabled or "
            "MessageDeduplicationId provided explicitly"
        )
    return group, copy
