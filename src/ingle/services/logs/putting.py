"""What PutLogEvents takes of a batch.

Source: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html.
"""

import itertools
from collections.abc import Sequence
from typing import Any

from ingle.services.logs.chunks import RawEvent, event_bytes
from ingle.services.logs.errors import InvalidParameter
from ingle.services.logs.limits import PUT


def accepted_events(
    events: Sequence[dict[str, Any]], now_ms: int, expired_ms: int = 0
) -> tuple[list[RawEvent], dict[str, int]]:
    """Check a batch, and sort out the events that are too old or too new.

    Args:
        events: the member logEvents.
        now_ms: the time.
        expired_ms: the log group does not keep what is before this time.

    Returns:
        The events to store, and the members of rejectedLogEventsInfo, empty if none is rejected.

    Raises:
        InvalidParameter: the batch is out of order, too large, or spans over 24 hours.
    """
    sizes = [event_bytes(event["message"]) for event in events]
    for size in sizes:
        if size > PUT.event_bytes:
            raise InvalidParameter(
                f"Log event too large: {size} bytes exceeds limit of {PUT.event_bytes}"
            )
    if sum(sizes) > PUT.batch_bytes:
        raise InvalidParameter(
            f"Upload too large: {sum(sizes)} bytes exceeds limit of {PUT.batch_bytes}"
        )
    times = [event["timestamp"] for event in events]
    if any(later < earlier for earlier, later in itertools.pairwise(times)):
        raise InvalidParameter(
            "Log events in a single PutLogEvents request must be in chronological order."
        )
    first, end = 0, len(events)
    while first < end and times[first] < now_ms - PUT.oldest_ms:
        first += 1
    while end > first and times[end - 1] > now_ms + PUT.newest_ms:
        end -= 1
    rejected = {}
    if first:
        rejected["tooOldLogEventEndIndex"] = first
    kept = first
    while first < end and times[first] < expired_ms:
        first += 1
    if first > kept:
        rejected["expiredLogEventEndIndex"] = first
    if end > first and times[end - 1] - times[first] > PUT.span_ms:
        raise InvalidParameter(
            "The batch of log events in a single PutLogEvents request cannot span more than 24 "
            "hours."
        )
    if end < len(events):
        rejected["tooNewLogEventStartIndex"] = end
    return [(event["timestamp"], event["message"]) for event in events[first:end]], rejected
