"""The event that a function gets of messages of a queue, and what it answers of each.

Sources: https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html
https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
"""

import base64
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import orjson

from ingle.invoke.pollers.source import Received

EVENT_BYTES = 6 * 1024 * 1024
"""https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"""
_HEAD, _TAIL = b'{"Records":[', b"]}"
_FAILURES, _ID = "batchItemFailures", "itemIdentifier"


def record(received: Received, arn: str) -> dict[str, Any]:
    """Make the record of one message."""
    told = received.described
    made: dict[str, Any] = {
        "messageId": told["MessageId"],
        "receiptHandle": told["ReceiptHandle"],
        "body": told["Body"],
        "attributes": told["Attributes"],
        "messageAttributes": {
            name: _attribute(value) for name, value in told.get("MessageAttributes", {}).items()
        },
        "md5OfBody": told["MD5OfBody"],
    }
    if "MD5OfMessageAttributes" in told:
        made["md5OfMessageAttributes"] = told["MD5OfMessageAttributes"]
    made |= {
        "eventSource": "aws:sqs",
        "eventSourceARN": arn,
        "awsRegion": arn.split(":")[3],
    }
    return made


def matches_any(
    made: Mapping[str, Any], filters: Sequence[Callable[[Mapping[str, Any]], bool]]
) -> bool:
    """Say whether one of some filters lets a record through, which sees JSON in its body."""
    try:
        body = orjson.loads(made["body"])
    except orjson.JSONDecodeError:
        body = made["body"]
    # A number or a text alone is no JSON document to filters.
    seen = {**made, "body": body if isinstance(body, dict | list) else made["body"]}
    return any(matches(seen) for matches in filters)


def events(
    batch: Sequence[tuple[Received, Mapping[str, Any]]], most_bytes: int = EVENT_BYTES
) -> Iterator[tuple[list[Received], bytes]]:
    """Make events of records: one, unless they are too large for one.

    Yields:
        The messages of an event, and the event as JSON.
    """
    chosen: list[Received] = []
    parts: list[bytes] = []
    size = len(_HEAD) + len(_TAIL)
    for received, made in batch:
        part = orjson.dumps(made)
        if parts and size + len(part) + len(parts) > most_bytes:
            yield chosen, _HEAD + b",".join(parts) + _TAIL
            chosen, parts, size = [], [], len(_HEAD) + len(_TAIL)
        chosen.append(received)
        parts.append(part)
        size += len(part)
    if parts:
        yield chosen, _HEAD + b",".join(parts) + _TAIL


def failed(answer: bytes, ids: Sequence[str]) -> frozenset[str]:
    """Read which messages a function says that it failed on; all, where it says it wrongly.

    Args:
        answer: what it answered.
        ids: the ids of the messages that it was given.
    """
    everything = frozenset(ids)
    try:
        told = orjson.loads(answer) if answer.strip() else None
    except orjson.JSONDecodeError:
        return everything
    if told is None or told == "":
        return frozenset()
    if not isinstance(told, dict):
        return everything
    found = told.get(_FAILURES)
    if found is None:
        return frozenset()
    if not isinstance(found, list):
        return everything
    named = {each.get(_ID) if isinstance(each, dict) else None for each in found}
    return everything & named if named <= everything else everything


def _attribute(value: Mapping[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    if value.get("StringValue") is not None:
        made["stringValue"] = value["StringValue"]
    if value.get("BinaryValue") is not None:
        made["binaryValue"] = base64.b64encode(value["BinaryValue"]).decode("ascii")
    return made | {
        "stringListValues": [],
        "binaryListValues": [],
        "dataType": value["DataType"],
    }
