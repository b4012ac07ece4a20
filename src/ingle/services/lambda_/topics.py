"""Topics, as far as functions have to do with them: records of their events are delivered there.

Source: https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
"""

from collections.abc import Callable
from typing import Any, Protocol

from sqlalchemy.ext.asyncio import AsyncConnection

from ingle.invoke.events.destinations import Delivery, DeliveryFailed
from ingle.services import neighbours
from ingle.services.lambda_.errors import InvalidParameterValue
from ingle.services.lambda_.model import Function
from ingle.services.lambda_.roles import ExecutionRoles
from ingle.services.lambda_.store import LambdaStore
from ingle.wire.errors import ServiceError

PUBLISH = "sns:Publish"


class Topic(Protocol):
    """A topic: `ingle.services.sns.model.Topic` is one."""

    @property
    def is_fifo(self) -> bool:
        """Whether it keeps the order."""


class Topics(neighbours.Topics, Protocol):
    """All topics: `for_services` of the SNS service is this."""

    def find(self, arn: str) -> Topic | None:
        """Find a topic; None where there is none."""
        ...


class TopicDeliverer:
    """Delivers records to topics: as messages.

    Args:
        store: knows which functions there are.
        topics: take the messages.
        roles: know what the role of the function may do that the record is about.
    """

    def __init__(self, store: LambdaStore, topics: Topics, roles: ExecutionRoles) -> None:
        self._store = store
        self._topics = topics
        self._roles = roles

    def check(self, function: Function, arn: str) -> None:
        """Check a topic that is to be told of a function's events.

        Raises:
            InvalidParameterValue: it is none, or a FIFO topic, or the function's role may not
                publish there.
        """
        topic = self._topics.find(arn)
        if topic is None:
            raise InvalidParameterValue(f"The destination ARN {arn} is invalid.")
        if topic.is_fifo:
            raise InvalidParameterValue(
                f"The destination ARN {arn} is invalid: records go to standard topics only."
            )
        if self._roles.may_not(function, PUBLISH, arn):
            raise InvalidParameterValue(
                f"The function's execution role does not have permissions to call Publish on {arn}"
            )

    async def deliver(
        self, connection: AsyncConnection, delivery: Delivery
    ) -> Callable[[], None] | None:
        """Make a message of a record.

        Raises:
            DeliveryFailed: there is no such topic any more, it takes no such message, or the role
                of the function may not publish there.
        """
        function = self._store.get(delivery.function)
        fault = "" if function is None else self._roles.may_not(function, PUBLISH, delivery.arn)
        if fault:
            raise DeliveryFailed(fault)
        topic = self._topics.find(delivery.arn)
        if topic is not None and topic.is_fifo:
            raise DeliveryFailed(f"{delivery.arn} is a FIFO topic")
        message: dict[str, Any] = {"Message": delivery.record.decode()}
        if delivery.attributes:
            message["MessageAttributes"] = {
                name: {"DataType": kind, "StringValue": value}
                for name, (kind, value) in delivery.attributes.items()
            }
        try:
            return await self._topics.add(connection, delivery.arn, message, delivery.trace)
        except ServiceError as error:
            raise DeliveryFailed(error.message) from error
