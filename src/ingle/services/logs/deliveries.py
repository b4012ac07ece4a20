"""Hands events on to the destinations of subscription filters.

Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/SubscriptionFilters.html and
https://docs.aws.amazon.com/lambda/latest/dg/services-cloudwatchlogs.html
"""

import asyncio
import base64
import itertools
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Protocol

import orjson

from ingle.clock import Clock
from ingle.services.logs.documents import Delivery, control_message, data_messages, zipped
from ingle.services.logs.errors import InvalidParameter
from ingle.services.logs.model import GroupKey
from ingle.wire.errors import ServiceError

_logger = logging.getLogger(__name__)

Enqueue = Callable[[str, bytes, str, str], Awaitable[str]]
"""Accepts an event for a function: its ARN, the event, the ARN and the account of the source."""


class KinesisStreams(Protocol):
    """Brings events to streams of Kinesis."""

    async def check(self, key: GroupKey, destination: str, role: str) -> None:
        """Have a stream take a control message; raises InvalidParameter."""
        ...

    async def deliver(self, deliveries: Sequence[Delivery]) -> None:
        """Take events, which are on the disk when this returns."""
        ...


class LogDeliveries:
    """Hands events on: to functions through the queue of their asynchronous invocations.

    Args:
        enqueue: accepts an event for a function.
        clock: the time of day.

    Attributes:
        streams: brings events to streams of Kinesis; None where there is no Kinesis.
    """

    def __init__(self, enqueue: Enqueue, clock: Clock) -> None:
        self.streams: KinesisStreams | None = None
        self._enqueue = enqueue
        self._clock = clock
        self._numbers = itertools.count()
        # Destinations that could not be reached, so that each is complained about once.
        self._failing: set[tuple[GroupKey, str]] = set()

    async def check_function(self, key: GroupKey, destination: str) -> None:
        """Have a function take a control message.

        Raises:
            InvalidParameter: it is not there, or its policy does not let CloudWatch Logs in.
        """
        event = control_message("Lambda function", int(self._clock.time() * 1000))
        try:
            await self._hand_on(key, destination, _payload(event))
        except ServiceError as error:
            raise InvalidParameter(
                "Could not execute the lambda function. Make sure you have given CloudWatch Logs "
                f"permission to execute your function. ({error.message})"
            ) from error

    async def deliver(self, delivery: Delivery) -> None:
        """Hand events on to a function.

        They are on the disk when this returns, or lost, which is logged.
        """
        key = delivery.source.group
        payloads = (_payload(each) for each in data_messages(delivery, self._numbers))
        while (payload := await asyncio.to_thread(next, payloads, None)) is not None:
            try:
                await self._hand_on(key, delivery.destination, payload)
            except ServiceError as error:
                self._complain(delivery, error)
                return
            self._failing.discard((key, delivery.destination))

    async def deliver_to_streams(self, deliveries: Sequence[Delivery]) -> None:
        """Hand events on to streams of Kinesis.

        They are on the disk when this returns, or lost, which is logged.
        """
        if self.streams is not None:
            await self.streams.deliver(deliveries)
            return
        for delivery in deliveries:
            self._complain(delivery, "[services.kinesis] is not configured any more")

    def _complain(self, delivery: Delivery, fault: object) -> None:
        failing = (delivery.source.group, delivery.destination)
        if failing in self._failing:
            return
        self._failing.add(failing)
        _logger.warning(
            "events of the log group %s are not delivered to %s (%s): the subscription filter %s "
            "loses them until that is mended",
            delivery.source.group.name,
            delivery.destination,
            fault,
            delivery.filter_name,
        )

    async def _hand_on(self, key: GroupKey, destination: str, payload: bytes) -> None:
        await self._enqueue(destination, payload, f"{key.arn}:*", key.account_id)


def _payload(document: Mapping[str, Any]) -> bytes:
    return orjson.dumps({"awslogs": {"data": base64.b64encode(zipped(document)).decode()}})
