"""Where records of asynchronous invocations can be delivered, and the delivery to functions.

Source: https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
"""

import re
import uuid
from collections.abc import Callable, Mapping
from functools import partial
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncConnection

from ingle.invoke.events.destinations import Deliverer, Delivery, DeliveryFailed, service_of
from ingle.invoke.events.queue import EventQueue
from ingle.services.lambda_.errors import InvalidParameterValue, ResourceNotFound
from ingle.services.lambda_.limits import INVOCATION
from ingle.services.lambda_.lookup import existing
from ingle.services.lambda_.model import Function
from ingle.services.lambda_.names import INVOKE, Reference
from ingle.services.lambda_.roles import ExecutionRoles
from ingle.services.lambda_.store import LambdaStore

_SENDS = {"sns": "sns:Publish", "sqs": "sqs:SendMessage"}
_FUNCTION = re.compile(
    r"arn:aws[a-zA-Z-]*:lambda:([^:]+):(\d{12}):function:([a-zA-Z0-9_-]+)(?::(.+))?", re.ASCII
)


class Destination(Deliverer, Protocol):
    """Delivers records to one AWS service, and knows where it can."""

    def check(self, function: Function, arn: str) -> None:
        """Check a destination of a function's events.

        Raises:
            InvalidParameterValue: it is not there, or the function's role may not send there.
        """
        ...


class Destinations:
    """Checks destinations when they are configured.

    Args:
        deliverers: know where can be delivered, by the service.
        roles: know what a function's role may do.
    """

    def __init__(self, deliverers: Mapping[str, Destination], roles: ExecutionRoles) -> None:
        self._deliverers = deliverers
        self._roles = roles

    def is_refused(self, function: Function, arn: str) -> bool:
        """Say whether a function's role may not send to a queue or a topic."""
        return bool(self._roles.may_not(function, _SENDS[service_of(arn)], arn))

    def check_one(self, function: Function, arn: str) -> None:
        """Check one destination, of a service that can be delivered to; as `check` does."""
        self._deliverers[service_of(arn)].check(function, arn)

    def check(self, function: Function, on_success: str | None, on_failure: str | None) -> None:
        """Check the destinations of a function's events, where there are some.

        Raises:
            InvalidParameterValue: one is none that AWS has; it is the function
                itself, or one that does not exist, or that the function's role may not invoke.
        """
        for arn in (on_success, on_failure):
            if arn is None:
                continue
            service = service_of(arn) if arn.startswith("arn:") else ""
            # Buckets are for failures only.
            if service not in self._deliverers or (service == "s3" and arn == on_success):
                raise InvalidParameterValue(
                    "The provided destination config DestinationConfig("
                    f"onSuccess={_shown('OnSuccess', on_success)}, "
                    f"onFailure={_shown('OnFailure', on_failure)}) is invalid."
                )
            self.check_one(function, arn)


class FunctionDeliverer:
    """Delivers records to functions: as events of theirs.

    Args:
        store: knows which functions there are.
        queue: takes the events.
        roles: know what the role of the function may do that the record is about.
    """

    def __init__(
        self,
        store: LambdaStore,
        queue: EventQueue,
        roles: ExecutionRoles,
    ) -> None:
        self._store = store
        self._queue = queue
        self._roles = roles

    def check(self, function: Function, arn: str) -> None:
        """Check a function that is to be told of another one's events.

        Raises:
            InvalidParameterValue: it does not exist, is the function itself, or one that its role
                may not invoke.
        """
        try:
            reference = function_reference(arn)
            existing(self._store, reference)
        except ResourceNotFound as error:
            raise InvalidParameterValue(f"The destination ARN {arn} is invalid.") from error
        if reference.key[:2] != function.key[:2]:
            raise InvalidParameterValue(
                f"The destination ARN {arn} is invalid: the function must be in the same account "
                "and region."
            )
        if reference.key == function.key:
            raise InvalidParameterValue(
                "You can't specify the function as a destination for itself."
            )
        if self._roles.may_not(function, INVOKE, arn):
            raise InvalidParameterValue(
                "The function execution role does not have permissions to call InvokeFunction on "
                f"{arn}"
            )

    async def deliver(
        self, connection: AsyncConnection, delivery: Delivery
    ) -> Callable[[], None] | None:
        """Make an event of a record.

        Raises:
            DeliveryFailed: there is no such function any more, its tenants are isolated, the role
                of the function that the record is about may not invoke it, or the record is too
                large.
        """
        try:
            reference = function_reference(delivery.arn)
            function = existing(self._store, reference)
        except ResourceNotFound as error:
            raise DeliveryFailed(error.message) from error
        if function.tenant_isolation is not None:
            raise DeliveryFailed(f"{delivery.arn} has tenant isolation, and a record has no tenant")
        self._check_role(delivery)
        if len(delivery.record) > INVOCATION.event_bytes:
            raise DeliveryFailed(
                f"the record has {len(delivery.record)} bytes, and an event "
                f"{INVOCATION.event_bytes} at most"
            )
        event = self._queue.prepared(
            (*reference.key, reference.qualifier or ""),
            delivery.record,
            request_id=str(uuid.uuid4()),
            trace=delivery.trace,
        )
        await self._queue.add_all(connection, [event])
        return partial(self._queue.added, [event])

    def _check_role(self, delivery: Delivery) -> None:
        account_id, region, name, qualifier = delivery.key
        try:
            about = existing(self._store, Reference(account_id, region, name, qualifier or None))
        except ResourceNotFound:
            return  # Whose function is gone, of that nobody knows the role.
        fault = self._roles.may_not(about, INVOKE, delivery.arn)
        if fault:
            raise DeliveryFailed(fault)


def function_reference(arn: str) -> Reference:
    """Read the ARN of a function, a version or an alias.

    Raises:
        ResourceNotFound: it is none.
    """
    match = _FUNCTION.fullmatch(arn)
    if match is None:
        raise ResourceNotFound(f"Function not found: {arn}")
    region, account, name, qualifier = match.groups()
    return Reference(account, region, name, qualifier)


def is_arn_of(service: str, arn: str) -> bool:
    """Say whether a text is an ARN of a service."""
    return arn.startswith("arn:") and arn.count(":") >= 5 and service_of(arn) == service


def _shown(member: str, arn: str | None) -> str:
    return f"{member}(destination={arn})" if arn else "null"
