"""Brings events to functions, queues, topics and logs.

Source: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-targets.html
"""

import uuid
from typing import Any, Protocol

from sqlalchemy.ext.asyncio import AsyncConnection

from ingle.clock import Clock
from ingle.invoke.logs import LogSink
from ingle.services.delivering.model import Delivery, DeliveryFailed, Done, Step
from ingle.services.delivering.permission import NO_PERMISSIONS, Bringers, condition_keys
from ingle.services.neighbours import Functions, Queues, Topics
from ingle.wire.errors import ServiceError

_REFUSALS = frozenset(("AccessDenied", "AccessDeniedException", "AuthorizationError"))
_GONE = frozenset(
    (
        "ResourceNotFoundException",
        "QueueDoesNotExist",
        "InvalidParameterValue",
        "InvalidMessageContents",
        "MissingParameter",
        "InvalidParameter",
        "NotFound",
        "NotImplemented",
        "RequestTooLargeException",
        "ValidationException",
    )
)


class FlushedSink(LogSink, Protocol):
    """Takes log lines and writes them."""

    async def flush(self) -> None:
        """Write what is there."""


class FunctionSender:
    """Makes events of functions out of events.

    Args:
        functions: take them.
        bringers: know who brings them.
    """

    def __init__(self, functions: Functions, bringers: Bringers) -> None:
        self._functions = functions
        self._bringers = bringers

    def is_prompt(self, delivery: Delivery) -> bool:
        """All are."""
        return True

    async def send(self, delivery: Delivery, payload: bytes) -> Step:
        """Invoke a function with an event, asynchronously."""
        caller = self._bringers.of(delivery)

        async def step(connection: AsyncConnection) -> Done | None:
            try:
                return await self._functions.add(
                    connection,
                    caller,
                    condition_keys(delivery),
                    delivery.arn,
                    payload,
                    trace=delivery.trace,
                )
            except ServiceError as error:
                raise failed(error) from error

        return step


class QueueSender:
    """Makes messages of queues out of events.

    Args:
        queues: take them.
        bringers: know who brings them.
    """

    def __init__(self, queues: Queues, bringers: Bringers) -> None:
        self._queues = queues
        self._bringers = bringers

    def is_prompt(self, delivery: Delivery) -> bool:
        """Those to standard queues are."""
        return not _is_fifo(delivery)

    async def send(self, delivery: Delivery, payload: bytes) -> Step:
        """Send an event to a queue."""
        caller = self._bringers.of(delivery)
        message: dict[str, Any] = {"MessageBody": payload.decode()}
        keys = condition_keys(delivery)
        group = (delivery.target.get("SqsParameters") or {}).get("MessageGroupId")
        if group:  # whose it is, also in a standard queue
            message["MessageGroupId"] = group
        try:
            if _is_fifo(delivery):
                # It takes no copies, so that it may come a second time after a kill.
                await self._queues.send(
                    caller, delivery.arn, message, keys=keys, trace=delivery.trace
                )
                return _nothing
            self._queues.check_may_send(caller, delivery.arn, keys)
        except ServiceError as error:
            raise failed(error) from error

        async def step(connection: AsyncConnection) -> Done | None:
            sender = caller.unique_id or delivery.service
            try:
                return await self._queues.add(
                    connection, sender, delivery.arn, message, delivery.trace
                )
            except ServiceError as error:
                raise failed(error) from error

        return step


class TopicSender:
    """Makes messages of topics out of events.

    Args:
        topics: take them.
        bringers: know who brings them.
    """

    def __init__(self, topics: Topics, bringers: Bringers) -> None:
        self._topics = topics
        self._bringers = bringers

    def is_prompt(self, delivery: Delivery) -> bool:
        """Messages are signed, which takes its time."""
        return False

    async def send(self, delivery: Delivery, payload: bytes) -> Step:
        """Publish an event to a topic."""
        caller = self._bringers.of(delivery)
        try:
            self._topics.check_may_publish(caller, delivery.arn, condition_keys(delivery))
        except ServiceError as error:
            raise failed(error) from error
        message = {"Message": payload.decode()}

        async def step(connection: AsyncConnection) -> Done | None:
            try:
                return await self._topics.add(connection, delivery.arn, message, delivery.trace)
            except ServiceError as error:
                raise failed(error) from error

        return step


class LogSender:
    """Makes lines of log groups out of events.

    Args:
        sink: takes them.
        clock: says when they were written.
    """

    def __init__(self, sink: FlushedSink, clock: Clock) -> None:
        self._sink = sink
        self._clock = clock

    def is_prompt(self, delivery: Delivery) -> bool:
        """None is: the sink writes."""
        return False

    async def send(self, delivery: Delivery, payload: bytes) -> Step:
        """Write an event to a log group; it is on disk before the delivery is over."""
        parts = delivery.arn.split(":")
        appender = self._sink.appender(parts[4], parts[3], parts[6], str(uuid.uuid4()))
        appender.append(int(self._clock.time() * 1000), payload.decode())
        await self._sink.flush()
        return _nothing


def _is_fifo(delivery: Delivery) -> bool:
    return delivery.arn.endswith(".fifo")


async def _nothing(_: AsyncConnection) -> Done | None:
    return None


def failed(error: ServiceError) -> DeliveryFailed:
    """Say of a target's error whether it is worth trying again, as EventBridge tells it."""
    if error.error_code in _REFUSALS:
        return DeliveryFailed(NO_PERMISSIONS, error.message)
    if error.error_code in _GONE:
        return DeliveryFailed("NO_RESOURCE", error.message)
    return DeliveryFailed("SDK_CLIENT_ERROR", error.message, again=True)
