"""What the destinations of subscription filters get: documents of events, as JSON in gzip.

Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/SubscriptionFilters.html
"""

import gzip
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from ingle.services.logs.chunks import RawEvent, event_bytes
from ingle.services.logs.model import StreamKey

# Compressed and in Base64 this is below what an event of a function may have, whatever it says.
_MOST_BYTES = 600_000


@dataclass(frozen=True, slots=True)
class Delivery:
    """Events of one stream for one destination.

    Attributes:
        source: where they come from.
        filter_name: which filter they passed.
        destination: the ARN of a function or of a stream of Kinesis.
        role: the ARN of the role that may bring them there; None for a function.
        at_random: whether they need not come to where others of their log stream come to.
        events: times and messages.
    """

    source: StreamKey
    filter_name: str
    destination: str
    role: str | None
    at_random: bool
    events: Sequence[RawEvent]


def control_message(destination: str, now_ms: int) -> dict[str, Any]:
    """Make the document with which the way to a destination is tried.

    Args:
        destination: what it is, for instance `Lambda function`.
        now_ms: the time.
    """
    text = f"CWL CONTROL MESSAGE: Checking health of destination {destination}."
    return {
        "messageType": "CONTROL_MESSAGE",
        "owner": "CloudwatchLogs",
        "logGroup": "",
        "logStream": "",
        "subscriptionFilters": [],
        "logEvents": [{"id": "", "timestamp": now_ms, "message": text}],
    }


def data_messages(delivery: Delivery, numbers: Iterator[int]) -> Iterator[dict[str, Any]]:
    """Make documents of events, none of which is too large.

    Args:
        delivery: the events.
        numbers: tell events of the same time apart.
    """
    source = delivery.source
    for events in _portions(delivery.events):
        yield {
            "messageType": "DATA_MESSAGE",
            "owner": source.group.account_id,
            "logGroup": source.group.name,
            "logStream": source.name,
            "subscriptionFilters": [delivery.filter_name],
            "logEvents": [
                {
                    "id": f"{timestamp:020d}{next(numbers):036d}",
                    "timestamp": timestamp,
                    "message": message.encode("utf-8", "replace").decode(),
                }
                for timestamp, message in events
            ],
        }


def zipped(document: Mapping[str, Any], level: int = 1) -> bytes:
    """Write a document as it goes out."""
    return gzip.compress(orjson.dumps(document), level, mtime=0)


def _portions(events: Sequence[RawEvent]) -> Iterator[Sequence[RawEvent]]:
    start, size = 0, 0
    for index, (_, message) in enumerate(events):
        more = event_bytes(message)
        if index > start and size + more > _MOST_BYTES:
            yield events[start:index]
            start, size = index, 0
        size += more
    if start < len(events):
        yield events[start:]
