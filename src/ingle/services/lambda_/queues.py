"""Queues, as far as functions have to do with them: records of their events are delivered there.

Source: https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
"""

from collections.abc import Callable
from typing import Any, Protocol

from sqlalchemy.ext.asyncio import AsyncConnection

from ingle.invoke.events.destinations import Delivery, DeliveryFailed
from ingle.invoke.pollers.source import Source
from ingle.services import neighbours
from ingle.services.lambda_.errors import InvalidParameterValue
from ingle.services.lambda_.lookup import version_of
from ingle.services.lambda_.model import Function
from ingle.services.lambda_.roles import ExecutionRoles
from ingle.services.lambda_.store import LambdaStore
from ingle.wire.errors import ServiceError

SEND = "sqs:SendMessage"


class Queue(Protocol):
    """A queue: `ingle.services.sqs.model.Queue` is one."""

    @property
    def is_fifo(self) -> bool:
        """Whether it keeps the order."""

    @property
    def settings(self) -> Any:
        """What is set, `visibility_s` among it."""


class Queues(Source, neighbours.Queues, Protocol):
    """All queues: `for_services` of the SQS service is this."""

    def find(self, arn: str) -> Queue | None:
        """Find a queue; None where there is none."""
        ...


class QueueDeliverer:
    """Delivers records to queues: as messages.

    Args:
        store: knows which functions there are.
        queues: take the messages.
        roles: know what the role of the function may do that the record is about.
    """

    def __init__(self, store: LambdaStore, queues: Queues, roles: ExecutionRoles) -> None:
        self._store = store
        self._queues = queues
        self._roles = roles

    def check(self, function: Function, arn: str) -> None:
        """Check a queue that is to be told of a function's events.

        Raises:
            InvalidParameterValue: it is none, or a FIFO queue, or the function's role may not send
                there.
        """
        queue = self._queues.find(arn)
        if queue is None:
            raise InvalidParameterValue(f"The destination ARN {arn} is invalid.")
        if queue.is_fifo:
            raise InvalidParameterValue(
                f"The destination ARN {arn} is invalid: records go to standard queues only."
            )
        if self._roles.may_not(function, SEND, arn):
            raise InvalidParameterValue(
                "The function's execution role does not have permissions to call SendMessage on "
                f"{arn}"
            )

    async def deliver(
        self, connection: AsyncConnection, delivery: Delivery
    ) -> Callable[[], None] | None:
        """Make a message of a record.

        Raises:
            DeliveryFailed: there is no such queue any more, it takes no such message, or the role
                of the function may not send there.
        """
        function = version_of(self._store, delivery.key)
        sender = "lambda.amazonaws.com"
        if function is not None:
            fault = self._roles.may_not(function, SEND, delivery.arn)
            if fault:
                raise DeliveryFailed(fault)
            principal = self._roles.principal(function)
            sender = sender if principal is None else principal.unique_id
        message: dict[str, Any] = {"MessageBody": delivery.record.decode()}
        if delivery.attributes:
            message["MessageAttributes"] = {
                name: {"DataType": kind, "StringValue": value}
                for name, (kind, value) in delivery.attributes.items()
            }
        queue = self._queues.find(delivery.arn)
        if queue is not None and queue.is_fifo:
            raise DeliveryFailed(f"{delivery.arn} is a FIFO queue")
        try:
            return await self._queues.add(connection, sender, delivery.arn, message, delivery.trace)
        except ServiceError as error:
            raise DeliveryFailed(error.message) from error
