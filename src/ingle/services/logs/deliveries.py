"""Hands events on to the destinations of subscription filters.

Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/SubscriptionFilters.html and
https://docs.aws.amazon.com/lambda/latest/dg/services-cloudwatchlogs.html
"""

import asyncio
import base64
import gzip
import logging
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import orjson

from ingle.services.logs.chunks import RawEvent, event_bytes
from ingle.services.logs.errors import InvalidParameter
from ingle.services.logs.model import GroupKey, StreamKey
from ingle.wire.errors import ServiceError

_logger = logging.getLogger(__name__)

Enqueue = Callable[[str, bytes, str, str], Awaitable[str]]
"""Accepts an event for a function: its ARN, the event, the ARN and the account of the source."""

# Compressed and in Base64 this is below what an event of a function may have, whatever it says.
_MOST_BYTES = 600_000
_CONTROL = "CWL CONTROL MESSAGE: Checking health of destination Lambda function."


@dataclass(frozen=True, slots=True)
class Delivery:
    """Events of one stream for one destination.

    Attributes:
        source: where they come from.
        filter_name: which filter they passed.
        destination: the ARN of a function.
        events: times and messages.
    """

    source: StreamKey
    filter_name: str
    destination: str
    events: Sequence[RawEvent]


class LogDeliveries:
    """Hands events on to functions, through the queue of their asynchronous invocations.

    Args:
        enqueue: accepts an event for a function.
    """

    def __init__(self, enqueue: Enqueue) -> None:
        self._enqueue = enqueue
        self._count = 0
        # Destinations that could not be reached, so that each is complained about once.
        self._failing: set[tuple[GroupKey, str]] = set()

    async def check_function(self, key: GroupKey, destination: str) -> None:
        """Have a function take a control message.

        Raises:
            InvalidParameter: it is not there, or its policy does not let CloudWatch Logs in.
        """
        event = {
            "messageType": "CONTROL_MESSAGE",
            "owner": "CloudwatchLogs",
            "logGroup": "",
            "logStream": "",
            "subscriptionFilters": [],
            "logEvents": [{"id": "", "timestamp": 0, "message": _CONTROL}],
        }
        try:
            await self._hand_on(key, destination, _payload(event))
        except ServiceError as error:
            raise InvalidParameter(
                "Could not execute the lambda function. Make sure you have given CloudWatch Logs "
                f"permission to execute your function. ({error.message})"
            ) from error

    async def deliver(self, delivery: Delivery) -> None:
        """Hand events on; they are on the disk when this returns, or lost, which is logged."""
        key = delivery.source.group
        failing = (key, delivery.destination)
        for events in _portions(delivery.events):
            first = self._count
            self._count += len(events)
            payload = await asyncio.to_thread(_data, delivery, events, first)
            try:
                await self._hand_on(key, delivery.destination, payload)
            except ServiceError as error:
                if failing not in self._failing:
                    self._failing.add(failing)
                    _logger.warning(
                        "events of the log group %s are not delivered to %s (%s): the subscription "
                        "filter %s loses them until that is mended",
                        key.name,
                        delivery.destination,
                        error,
                        delivery.filter_name,
                    )
                return
            self._failing.discard(failing)

    async def _hand_on(self, key: GroupKey, destination: str, payload: bytes) -> None:
        await self._enqueue(destination, payload, f"{key.arn}:*", key.account_id)


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


def _data(delivery: Delivery, events: Sequence[RawEvent], first: int) -> bytes:
    source = delivery.source
    return _payload(
        {
            "messageType": "DATA_MESSAGE",
            "owner": source.group.account_id,
            "logGroup": source.group.name,
            "logStream": source.name,
            "subscriptionFilters": [delivery.filter_name],
            "logEvents": [
                {
                    "id": f"{timestamp:020d}{first + index:036d}",
                    "timestamp": timestamp,
                    "message": message.encode("utf-8", "replace").decode(),
                }
                for index, (timestamp, message) in enumerate(events)
            ],
        }
    )


def _payload(event: Mapping[str, object]) -> bytes:
    data = base64.b64encode(gzip.compress(orjson.dumps(event), 1, mtime=0)).decode()
    return orjson.dumps({"awslogs": {"data": data}})
